"""Before a job starts: the same counts that the submission will find, and nothing written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, list_itens, submit
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
