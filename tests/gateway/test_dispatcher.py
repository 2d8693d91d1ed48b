"""Rounds of the dispatcher, one by one: leases, expiry, losses, credentials that serve no more."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from services.gateway import dispatcher as modulo
from services.gateway.dispatcher import Dispatcher
from services.gateway.pulsos import note_scraper
from services.gateway.store import Pool
from services.gateway.store.pedidos import Pedido, insert_pedido
from shared.events import CredencialTestada, ScraperPulso, SessaoEncerrada
from tests.gateway.cadastro import add_boleto, add_loja, get_execucao, list_itens, open_base, submit
from tests.gateway.motor import Maestro, list_quadros, parada


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_base(database_url) as aberta:
        yield aberta


@pytest.fixture
def dispatcher(pool: Pool) -> Dispatcher:
    return Dispatcher(pool, lambda: None)


def pulso(*cercas: int, capacidade: int = 2, **campos: Any) -> ScraperPulso:
    return ScraperPulso(
        scraper_id="s1", fila="scraper.s1", capacidade=capacidade, ociosas_s=dict.fromkeys(cercas, 0.0), **campos
    )


async def sent(pool: Pool) -> list[tuple[str, dict[str, Any]]]:
    """What the outbox holds for scrapers, taken out."""
    linhas = await pool.fetch("DELETE FROM outbox RETURNING id, rota, corpo")
    return [
        (linha["rota"], orjson.loads(linha["corpo"]))
        for linha in sorted(linhas, key=lambda linha: linha["id"])
        if not linha["rota"].startswith("novas.")
    ]


async def test_a_lease_goes_out_before_its_tasks_and_carries_the_ciphertext_alone(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    loja = await add_loja(pool, clientes=3)
    await add_boleto(pool, loja, 2, mes=10)
    await submit(pool, loja)
    await note_scraper(pool, pulso())
    await sent(pool)
    await dispatcher.tick()
    (concedida, lease), *tarefas = await sent(pool)
    assert (concedida, lease["senha_cifrada"], lease["ponto_venda"]) == ("sessao.concedida", "cifrada", "17.308")
    assert [rota for rota, _ in tarefas] == ["boleto.solicitado"] * 2
    assert {t["tarefa"]["cerca"] for _, t in tarefas} == {lease["cerca"]}
    assert tarefas[1][1]["ja_baixados"] == [{"grupo": 6650, "cota": 2, "ano": 2026, "mes": 10}]
    assert await dispatcher.tick()
    assert await sent(pool) == []


@pytest.mark.parametrize("motivo", ["parando", "calado"])
async def test_no_lease_goes_to_a_scraper_that_is_stopping_or_silent(
    pool: Pool, dispatcher: Dispatcher, motivo: str
) -> None:
    await submit(pool, await add_loja(pool))
    await note_scraper(pool, pulso(parando=motivo == "parando"))
    if motivo == "calado":
        await pool.execute("UPDATE servicos SET visto_em = now() - interval '16 s'")
    await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 0


async def test_a_lease_lives_as_long_as_its_holder_names_it(pool: Pool, dispatcher: Dispatcher) -> None:
    await submit(pool, await add_loja(pool))
    await note_scraper(pool, pulso())
    await dispatcher.tick()
    cerca = await pool.fetchval("SELECT cerca FROM concessoes")
    assert await note_scraper(pool, pulso(cerca, 999)) == [cerca]
    await pool.execute("UPDATE concessoes SET expira_em = now() - interval '1 ms'")
    await dispatcher.tick()
    assert await note_scraper(pool, pulso(cerca)) == []


async def test_a_slot_is_granted_again_only_when_its_lease_has_ended(pool: Pool, dispatcher: Dispatcher) -> None:
    await submit(pool, await add_loja(pool))
    await note_scraper(pool, pulso())
    for _ in range(3):
        await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 1
    await pool.execute("UPDATE concessoes SET revogada_em = now()")
    await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 1
    await pool.execute("UPDATE concessoes SET expira_em = now() - interval '1 s'")
    await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 2


async def test_a_contract_lost_with_its_consumer_again_and_again_ends(pool: Pool, dispatcher: Dispatcher) -> None:
    """A contract that kills its browser's process each time must not do so for ever."""
    automacao_id = await submit(pool, await add_loja(pool, clientes=1))
    for perdas in range(6):
        (item,) = await list_itens(pool, automacao_id)
        assert (item["status"], item["perdas"], item["tentativas"]) == ("pendente", perdas, 0)
        await note_scraper(pool, pulso())
        await dispatcher.tick()
        await pool.execute("UPDATE concessoes SET expira_em = now() - interval '3 s' WHERE encerrada_em IS NULL")
        await pool.execute("UPDATE servicos SET visto_em = now() - interval '1 hour'")
        await dispatcher.tick()
        await dispatcher.tick()
    (item,) = await list_itens(pool, automacao_id)
    assert (item["status"], item["codigo"]) == ("erro", "interno")
    assert (await get_execucao(pool, automacao_id))["status"] == "concluida_com_falhas"
    await list_quadros(pool, automacao_id)


async def test_a_job_whose_credential_is_stopped_already_is_blocked_and_says_why(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    loja = await add_loja(pool)
    await pool.execute("UPDATE credenciais_canopus SET parada_codigo = 'login.bloqueado', parada_em = now()")
    automacao_id = await submit(pool, loja)
    await note_scraper(pool, pulso())
    await dispatcher.tick()
    execucao = await get_execucao(pool, automacao_id)
    assert (execucao["status"], execucao["codigo"], execucao["processados_erro"]) == ("bloqueada", "login.bloqueado", 3)
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 0


async def test_a_credential_removed_under_a_job_blocks_it(pool: Pool, dispatcher: Dispatcher) -> None:
    automacao_id = await submit(pool, await add_loja(pool))
    await pool.execute("DELETE FROM credenciais_canopus")
    await dispatcher.tick()
    execucao = await get_execucao(pool, automacao_id)
    assert (execucao["status"], execucao["codigo"]) == ("bloqueada", "login")


async def test_a_boleto_filed_meanwhile_ends_the_row_that_waited(pool: Pool, dispatcher: Dispatcher) -> None:
    loja = await add_loja(pool, clientes=2)
    um, dois = await submit(pool, loja), await submit(pool, loja)
    await note_scraper(pool, pulso())
    await dispatcher.tick()
    await add_boleto(pool, loja, 1)
    item, _ = await list_itens(pool, um)
    await pool.execute("UPDATE log_downloads_boletos SET status = 'sucesso', cerca = NULL WHERE id = $1", item["id"])
    await dispatcher.tick()
    assert [i["status"] for i in await list_itens(pool, dois)] == ["ja_baixado", "pendente"]


async def test_a_credential_that_waits_after_a_bad_end_is_left_alone(pool: Pool, dispatcher: Dispatcher) -> None:
    await submit(pool, await add_loja(pool))
    await pool.execute("UPDATE credenciais_canopus SET espera_ate = now() + interval '5 s'")
    await note_scraper(pool, pulso())
    await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 0
    await pool.execute("UPDATE credenciais_canopus SET espera_ate = now() - interval '1 s'")
    await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 1


async def test_a_test_that_waited_posts_no_password_that_was_refused_meanwhile(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    loja, maestro = await add_loja(pool), Maestro(pool)
    await submit(pool, loja)
    await note_scraper(pool, pulso())
    await dispatcher.tick()
    cerca = await pool.fetchval("SELECT cerca FROM concessoes")
    pedido = Pedido("testar", {}, loja.id, "ana", credencial_id=loja.credencial_id)
    async with pool.acquire() as conn:
        await insert_pedido(conn, pedido)
    await dispatcher.tick()
    await maestro.apply(parada(loja, cerca))
    await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 1
    resposta = await pool.fetchrow("SELECT status_http, resposta FROM pedidos WHERE id = $1", pedido.id)
    assert resposta and (resposta["status_http"], resposta["resposta"]["codigo"]) == (409, "credencial.recusada")


async def test_a_slot_is_not_free_before_the_portals_verdict_is_known(pool: Pool, dispatcher: Dispatcher) -> None:
    """The news of the end may be heeded by one gateway while another still has the refusal in hand."""
    loja, maestro = await add_loja(pool), Maestro(pool)
    await submit(pool, loja)
    await note_scraper(pool, pulso())
    await dispatcher.tick()
    cerca = await pool.fetchval("SELECT cerca FROM concessoes")
    fim = SessaoEncerrada(cerca=cerca, credencial_id=loja.credencial_id, motivo="parada")
    await maestro.apply(fim)
    await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 1
    await maestro.apply(parada(loja, cerca, "login.bloqueado"))
    assert await pool.fetchval("SELECT encerrada_em FROM concessoes") is not None
    # The same of a test.
    pedido = Pedido("testar", {}, loja.id, "ana", credencial_id=loja.credencial_id)
    async with pool.acquire() as conn:
        await insert_pedido(conn, pedido)
    await dispatcher.tick()
    cerca = await pool.fetchval("SELECT cerca FROM concessoes WHERE pedido_id = $1", pedido.id)
    fim = SessaoEncerrada(cerca=cerca, credencial_id=loja.credencial_id, motivo="teste")
    await maestro.apply(fim)
    assert await pool.fetchval("SELECT encerrada_em FROM concessoes WHERE cerca = $1", cerca) is None
    testada = CredencialTestada(
        cerca=cerca, credencial_id=loja.credencial_id, pedido_id=pedido.id, ok=False, codigo="login.recusado",
        mensagem="Recusou.", passos=(),
    )  # fmt: skip
    await maestro.apply(testada)
    assert await pool.fetchval("SELECT encerrada_em FROM concessoes WHERE cerca = $1", cerca) is not None
    await dispatcher.tick()
    assert await pool.fetchval("SELECT count(*) FROM concessoes") == 2


async def test_what_waited_for_the_database_comes_in_before_anything_is_taken_back(
    pool: Pool, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that waits for a database that was away is tried again within seconds of its return."""
    loja = await add_loja(pool, clientes=1)
    automacao_id = await submit(pool, loja)
    await note_scraper(pool, pulso())
    await dispatcher.tick()
    antes = [linha["despacho"] for linha in await list_itens(pool, automacao_id)]
    await pool.execute("UPDATE concessoes SET expira_em = now() - interval '10 s'")
    relogio = SimpleNamespace(adiante=40.0)
    monkeypatch.setattr(modulo, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + relogio.adiante))
    for _ in range(2):
        await dispatcher.tick()
    assert [linha["despacho"] for linha in await list_itens(pool, automacao_id)] == antes != [None]
    relogio.adiante += modulo.CALMA_S + 1
    dispatcher._ultima_s = time.monotonic() + relogio.adiante
    for _ in range(2):
        await dispatcher.tick()
    (item,) = await list_itens(pool, automacao_id)
    assert item["perdas"] == 1


async def test_an_execution_that_was_blocked_while_its_credential_was_put_right_goes_on(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    loja = await add_loja(pool)
    await pool.execute("UPDATE credenciais_canopus SET parada_codigo = 'login.bloqueado', parada_em = now()")
    automacao_id = await submit(pool, loja)
    await note_scraper(pool, pulso())
    await dispatcher.tick()
    assert (await get_execucao(pool, automacao_id))["status"] == "bloqueada"
    # As of one that the correction did not see: it was blocked after it was looked for.
    await pool.execute("UPDATE credenciais_canopus SET parada_codigo = NULL")
    await dispatcher.tick()
    assert (await get_execucao(pool, automacao_id))["status"] == "na_fila"
    assert {item["status"] for item in await list_itens(pool, automacao_id)} == {"pendente"}
    await list_quadros(pool, automacao_id)


async def test_an_answer_of_the_portals_proves_a_login_whose_news_was_lost(pool: Pool, dispatcher: Dispatcher) -> None:
    loja, maestro = await add_loja(pool, clientes=1), Maestro(pool)
    (item,) = await list_itens(pool, await submit(pool, loja))
    cerca = await maestro.lease(loja)
    await maestro.fail(item["id"], cerca, "boleto.inexistente")
    assert await pool.fetchval("SELECT aberta FROM concessoes WHERE cerca = $1", cerca)
