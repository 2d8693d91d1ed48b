"""Before a job starts: the same counts that the submission will find, and nothing written."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway.store import Pool
from services.gateway.store.submissao import preview_execucao
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import HOJE, Loja, add_boleto, add_loja, list_itens, nova, submit
from tests.gateway.motor import Maestro

PREVIA = "previa-downloads-ponto-venda"


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


async def test_what_is_there_what_failed_and_what_is_left(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=4)
    corpo = {"ponto_venda": "17308", "mes": 11, "ano": 2026}
    antes = (await balcao.call("POST", PREVIA, corpo)).data
    assert antes == {"total_clientes": 4, "ja_baixados": 0, "com_erro": 0, "a_baixar": 4, "mes": 11, "ano": 2026}
    id = await submit(balcao.pool, loja, mes=11)
    maestro, itens = Maestro(balcao.pool), await list_itens(balcao.pool, id)
    cerca = await maestro.lease(loja)
    await maestro.succeed(itens[0]["id"], cerca)
    await maestro.fail(itens[1]["id"], cerca, "cliente.ambiguo")
    depois = (await balcao.call("POST", PREVIA, corpo)).data
    assert (depois["ja_baixados"], depois["com_erro"], depois["a_baixar"]) == (1, 1, 3)
    forcado = (await balcao.call("POST", PREVIA, corpo | {"forcar": True})).data
    assert (forcado["ja_baixados"], forcado["a_baixar"]) == (0, 4)
    sem_mes = (await balcao.call("POST", PREVIA, {"ponto_venda": "17308"})).data
    assert (sem_mes["ja_baixados"], sem_mes["mes"]) == (None, None)
    assert await balcao.pool.fetchval("SELECT count(*) FROM execucoes_automacao") == 1
    assert (await balcao.call("POST", PREVIA, {"ponto_venda": "99999"})).status == 404


async def compare(pool: Pool, loja: Loja, **campos: Any) -> dict[str, int]:
    """What the preview says, once the submission has found the same."""
    async with pool.acquire() as conn:
        previa = await preview_execucao(conn, nova(loja, **campos), HOJE)
    itens = await list_itens(pool, await submit(pool, loja, **campos))
    contagem = Counter(item["status"] for item in itens)
    assert (previa["total_clientes"], previa["ja_baixados"]) == (len(itens), contagem["ja_baixado"])
    assert previa["a_baixar"] == contagem["pendente"]
    assert previa["com_erro"] <= previa["a_baixar"]
    return {campo: previa[campo] for campo in ("total_clientes", "ja_baixados", "com_erro", "a_baixar")}


async def test_the_submission_finds_what_the_preview_said(balcao: Balcao) -> None:
    pool = balcao.pool
    loja = await add_loja(pool, clientes=5)
    ids = [linha["id"] for linha in await pool.fetch("SELECT id FROM clientes_finais ORDER BY id")]
    # A boleto of the same CPF: of a contract whose cota the register does not know, and of another client's.
    await pool.execute(
        "UPDATE clientes_finais SET grupo_consorcio = NULL, cota_consorcio = NULL WHERE id <= $1", ids[1]
    )
    for numero, dono in ((1, ids[0]), (2, ids[4]), (3, ids[2])):
        boleto = await add_boleto(pool, loja, numero)
        await pool.execute("UPDATE boletos SET cliente_final_id = $2 WHERE id = $1", boleto, dono)
    # Its digits do not close: refused before any browser.
    await pool.execute("UPDATE clientes_finais SET cpf = '11111111111' WHERE id = $1", ids[3])
    assert await compare(pool, loja) == {"total_clientes": 5, "ja_baixados": 2, "com_erro": 0, "a_baixar": 2}
    forcada = await compare(pool, loja, forcar=True)
    assert forcada == {"total_clientes": 5, "ja_baixados": 0, "com_erro": 0, "a_baixar": 4}


async def test_what_failed_when_it_was_forced_is_told_where_it_is_forced_again(balcao: Balcao) -> None:
    pool = balcao.pool
    loja = await add_loja(pool, clientes=2)
    await add_boleto(pool, loja, 1)
    maestro, itens = Maestro(pool), await list_itens(pool, await submit(pool, loja, forcar=True))
    await maestro.fail(itens[0]["id"], await maestro.lease(loja), "cliente.ambiguo")
    assert (await compare(pool, loja, forcar=True))["com_erro"] == 1
    assert (await compare(pool, loja))["com_erro"] == 0


@pytest.mark.completo
async def test_a_preview_over_years_of_work_is_quick(balcao: Balcao) -> None:
    pool = balcao.pool
    loja = await add_loja(pool, clientes=2000)
    automacao_id = await submit(pool, loja)
    await pool.execute(
        "INSERT INTO log_downloads_boletos (execucao_id, automacao_id, ponto_venda_id, cpf, grupo, cota,"
        " mes_referencia, ano_referencia, status, finalizado_em)"
        " SELECT i.execucao_id, $1, i.ponto_venda_id, i.cpf, i.grupo, i.cota,"
        " 1 + n % 12, 2010 + n / 12, 'sucesso', now() - n * interval '30 days'"
        " FROM log_downloads_boletos i, generate_series(1, 100) AS n",
        automacao_id,
        timeout=100,
    )
    await pool.execute("VACUUM ANALYZE log_downloads_boletos", timeout=100)
    inicio = time.perf_counter()
    assert (await balcao.call("POST", PREVIA, {"ponto_venda": "17308", "mes": 11, "ano": 2026})).status == 200
    assert time.perf_counter() - inicio < 5


async def test_a_contract_is_shown_with_its_attempts_and_the_table_says_what_they_mean(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=1)
    id = await submit(balcao.pool, loja)
    [item] = await list_itens(balcao.pool, id)
    maestro = Maestro(balcao.pool)
    await maestro.fail(item["id"], await maestro.lease(loja), "portal.fora_do_ar.http_5xx")
    detalhe = (await balcao.call("GET", f"execucoes/{id}/clientes/{item['id']}")).data
    assert [(t["tentativa"], t["codigo"]) for t in detalhe["historico"]] == [(1, "portal.fora_do_ar.http_5xx")]
    assert "*" in detalhe["cpf"]
    assert (await balcao.call("GET", f"execucoes/{id}/clientes/999999")).status == 404
    tabela = {d["codigo"]: d for d in (await balcao.call("GET", "desfechos")).data["desfechos"]}
    assert tabela["login.recusado"]["classe"] == "pessoa" and tabela["portal.fora_do_ar.http_5xx"]["texto"]
