"""Submission: which contracts, which rows, which first events."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable

import pytest

from services.gateway.store import Pool
from services.gateway.store.execucoes import (
    SemClientes,
    SemCredencial,
    SemFalhas,
    cliente_row,
    contadores,
    execucao_dict,
    find_execucao,
    list_clientes,
    reprocess_execucao,
)
from services.gateway.store.recusas import PontoVendaInativo
from tests.gateway.cadastro import (
    add_boleto,
    add_cliente,
    add_loja,
    cpf_de,
    get_execucao,
    list_itens,
    open_base,
    submit,
)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_base(database_url) as aberta:
        yield aberta


async def test_every_active_contract_becomes_a_row_and_an_event(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=3)
    automacao_id = await submit(pool, loja)
    execucao = await find_execucao(pool, automacao_id)
    assert execucao is not None
    assert contadores(execucao)["pendente"] == execucao_dict(execucao)["total_clientes"] == 3
    eventos = [json.loads(e["corpo"]) for e in await pool.fetch("SELECT corpo FROM eventos ORDER BY seq")]
    assert [e["seq"] for e in eventos] == [1, 2, 3, 4]
    assert [e["evento"] for e in eventos] == ["execucao.status", *["cliente.etapa"] * 3]
    assert eventos[0]["cliente"] is None
    assert all(sum(e["contadores"].values()) == 3 and len(e["contadores"]) == 8 for e in eventos)
    assert eventos[1]["cliente"] == cliente_row((await list_clientes(pool, execucao["id"], limite=1))[0])
    assert cpf_de(1) not in json.dumps(eventos)


async def test_of_many_contracts_each_has_its_event_in_their_order(pool: Pool) -> None:
    automacao_id = await submit(pool, await add_loja(pool, clientes=1203))
    execucao = await get_execucao(pool, automacao_id)
    eventos = [json.loads(e["corpo"]) for e in await pool.fetch("SELECT corpo FROM eventos ORDER BY seq")]
    itens = await pool.fetch("SELECT id FROM log_downloads_boletos ORDER BY id")
    assert [e["seq"] for e in eventos] == list(range(1, 1205))
    assert [e["cliente"]["id"] for e in eventos[1:]] == [item["id"] for item in itens]
    assert {e["contadores"]["pendente"] for e in eventos} == {1203}
    assert (execucao["seq"], execucao["pendentes"]) == (1204, 1203)


async def test_whoever_asks_may_have_a_long_name(pool: Pool) -> None:
    """A person's name may take 100 characters, and `usuario_execucao` says more than the name."""
    usuario = f"pessoa 1 ({'N' * 100})"
    automacao_id = await submit(pool, await add_loja(pool, clientes=1), usuario=usuario)
    assert (await get_execucao(pool, automacao_id))["usuario_execucao"] == usuario


async def test_two_cotas_of_one_client_are_two_rows(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=1)
    await add_cliente(pool, loja.id, loja.consultor_id, 1, cota=77)
    itens = await list_itens(pool, await submit(pool, loja))
    assert {item["cota"] for item in itens} == {1, 77}


async def test_a_boleto_filed_before_is_ja_baixado_unless_forced(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=2)
    await add_boleto(pool, loja, 1)
    um, dois = await list_itens(pool, await submit(pool, loja))
    assert (um["status"], dois["status"]) == ("ja_baixado", "pendente")
    assert um["arquivo_nome"].startswith("CLIENTE_1_11_2026")
    assert {i["status"] for i in await list_itens(pool, await submit(pool, loja, forcar=True))} == {"pendente"}
    assert {i["status"] for i in await list_itens(pool, await submit(pool, loja, mes=12))} == {"pendente"}


async def test_an_execution_with_nothing_to_fetch_ends_at_once(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=1)
    await add_boleto(pool, loja, 1)
    execucao = await get_execucao(pool, await submit(pool, loja))
    assert execucao["status"] == "concluida"
    assert execucao["finalizado_em"]


async def test_cpfs_in_no_register_become_rows_and_the_limit_counts_them(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=2)
    itens = await list_itens(
        pool, await submit(pool, loja, cpfs=(cpf_de(2), cpf_de(99)), consultor_id=loja.consultor_id)
    )
    assert [(i["cpf"], i["cliente_final_id"] is None) for i in itens] == [(cpf_de(2), False), (cpf_de(99), True)]
    assert itens[1]["consultor_id"] == loja.consultor_id
    assert len(await list_itens(pool, await submit(pool, loja, cpfs=(cpf_de(2), cpf_de(99)), limite=1))) == 1
    assert cpf_de(2) not in str((await get_execucao(pool, itens[0]["automacao_id"]))["parametros"])


async def test_inactive_contracts_are_left_out(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=2)
    await pool.execute("UPDATE clientes_finais SET ativo = false WHERE cpf = $1", cpf_de(1))
    assert [i["cpf"] for i in await list_itens(pool, await submit(pool, loja))] == [cpf_de(2)]


async def test_a_cpf_with_wrong_digits_is_refused_before_any_browser(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=1)
    await pool.execute("UPDATE clientes_finais SET cpf = '11111111111'")
    automacao_id = await submit(pool, loja)
    (item,) = await list_itens(pool, automacao_id)
    assert (item["status"], item["codigo"]) == ("erro", "cliente.cpf_invalido")
    assert (await get_execucao(pool, automacao_id))["status"] == "concluida_com_falhas"


async def test_without_credential_or_clients_nothing_is_written(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=0)
    with pytest.raises(SemClientes):
        await submit(pool, loja)
    await pool.execute("UPDATE credenciais_canopus SET ativo = false")
    with pytest.raises(SemCredencial):
        await submit(pool, loja)
    assert await pool.fetchval("SELECT count(*) FROM execucoes_automacao") == 0


async def test_a_month_without_a_year_is_the_nearest_one(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=1)
    for mes, ano in ((11, 2026), (5, 2026), (4, 2027), (1, 2027)):
        (item,) = await list_itens(pool, await submit(pool, loja, mes=mes))
        assert (item["mes_referencia"], item["ano_referencia"]) == (mes, ano)
    (item,) = await list_itens(pool, await submit(pool, loja, mes=None, ano=2025))
    assert (item["mes_referencia"], item["ano_referencia"]) == (None, 2025)


async def test_reprocessing_takes_the_failed_rows_by_cause(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=3)
    primeira = await submit(pool, loja)
    um, dois, _ = await list_itens(pool, primeira)
    muda = "UPDATE log_downloads_boletos SET status = 'erro', codigo = $2 WHERE id = $1"
    await pool.execute(muda, um["id"], "portal.fora_do_ar.http_5xx")
    await pool.execute(muda, dois["id"], "cliente.ambiguo")

    async def reprocess(**filtro: object) -> list[str]:
        async with pool.acquire() as conn, conn.transaction():
            campos = {"status": None, "codigos": None, "clientes": None, **filtro}
            nova = await reprocess_execucao(conn, primeira, usuario="teste", **campos)  # type: ignore[arg-type]
        execucao = await find_execucao(pool, nova)
        assert execucao is not None
        assert (execucao["tipo"], execucao["origem"]) == ("reprocessamento", primeira)
        return [item["cpf"] for item in await list_itens(pool, nova)]

    assert await reprocess() == [cpf_de(1), cpf_de(2)]
    assert await reprocess(codigos=["portal"]) == [cpf_de(1)]
    assert await reprocess(clientes=[dois["id"]]) == [cpf_de(2)]
    with pytest.raises(SemFalhas):
        await reprocess(status=["sucesso"])
    await pool.execute("UPDATE pontos_venda SET ativo = false")
    with pytest.raises(PontoVendaInativo):
        await reprocess()
    with pytest.raises(PontoVendaInativo):
        await submit(pool, loja)
    assert await pool.fetchval("SELECT count(*) FROM execucoes_automacao") == 4


async def test_ten_thousand_contracts_are_submitted_in_one_go(
    pool: Pool, record_property: Callable[[str, object], None]
) -> None:
    loja = await add_loja(pool, clientes=0)
    await pool.executemany(
        "INSERT INTO clientes_finais (nome_completo, cpf, grupo_consorcio, cota_consorcio, ponto_venda_id)"
        " VALUES ('CLIENTE', $1, 1, 1, $2)",
        [(cpf_de(numero), loja.id) for numero in range(10_000)],
    )
    inicio = time.perf_counter()
    automacao_id = await submit(pool, loja)
    record_property("submission_s", round(time.perf_counter() - inicio, 3))
    assert (await get_execucao(pool, automacao_id))["seq"] == 10_001
