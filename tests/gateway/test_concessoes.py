"""Leases under changes and losses: never more sessions than allowed, one login at a time, no task lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest

from services.gateway.dispatcher import Dispatcher
from services.gateway.pulsos import note_scraper
from services.gateway.store import Conn, Pool, cadastros
from services.gateway.store.controle import cancel_execucao, pause_execucao, resume_execucao
from services.gateway.store.credenciais import note_derrubada
from services.gateway.store.empresas import PADRAO, create_empresa
from shared.events import ScraperPulso, SessaoAberta
from tests.gateway.cadastro import Loja, add_credencial, add_loja, list_itens, open_base, submit
from tests.gateway.motor import Maestro, capturado, list_quadros


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_base(database_url) as aberta:
        yield aberta


@pytest.fixture
def dispatcher(pool: Pool) -> Dispatcher:
    return Dispatcher(pool, lambda: None)


async def beat(
    pool: Pool, ociosa_s: float = 0.0, *, parando: bool = False, scraper: str = "s1", capacidade: int = 8
) -> None:
    """The scraper says that it lives, and for how long each of its sessions has had nothing to do."""
    cercas = await pool.fetch("SELECT cerca FROM concessoes WHERE encerrada_em IS NULL AND scraper_id = $1", scraper)
    await note_scraper(
        pool,
        ScraperPulso(
            scraper_id=scraper,
            fila=f"scraper.{scraper}",
            capacidade=capacidade,
            ociosas_s={linha["cerca"]: ociosa_s for linha in cercas},
            parando=parando,
        ),
    )


async def count_vivas(pool: Pool) -> int:
    vivas: int = await pool.fetchval("SELECT count(*) FROM concessoes WHERE encerrada_em IS NULL")
    return vivas


async def count_mantidas(pool: Pool) -> int:
    """Leases that nobody asked back."""
    mantidas: int = await pool.fetchval(
        "SELECT count(*) FROM concessoes WHERE encerrada_em IS NULL AND revogada_em IS NULL"
    )
    return mantidas


async def open_sessoes(pool: Pool, dispatcher: Dispatcher, loja: Loja, quantas: int) -> None:
    await beat(pool)
    for _ in range(quantas):
        await dispatcher.tick()
        cerca = await pool.fetchval("SELECT max(cerca) FROM concessoes")
        await Maestro(pool).apply(SessaoAberta(cerca=cerca, credencial_id=loja.credencial_id, duracao_s=0.1))
    assert await count_vivas(pool) == quantas


async def test_a_second_session_logs_in_only_after_the_portal_accepted_the_first(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    """Or a wrong password would be posted once by each of them."""
    loja = await add_loja(pool, clientes=9, max_sessoes=3)
    await submit(pool, loja)
    await beat(pool)
    for _ in range(3):
        await dispatcher.tick()
    assert await count_vivas(pool) == 1
    await pool.execute("UPDATE concessoes SET aberta = true")
    for _ in range(3):
        await dispatcher.tick()
    assert await count_vivas(pool) == 2


async def test_a_capture_says_that_its_session_is_logged_in_where_that_news_was_lost(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    loja = await add_loja(pool, clientes=9, max_sessoes=2)
    automacao_id = await submit(pool, loja)
    maestro = Maestro(pool)
    cerca = await maestro.lease(loja)
    await maestro.apply(capturado(await maestro.send((await list_itens(pool, automacao_id))[0]["id"], cerca)))
    await beat(pool)
    await dispatcher.tick()
    assert await count_vivas(pool) == 2


async def test_a_limit_that_was_lowered_is_not_exceeded_through_the_slots_below_it(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    loja = await add_loja(pool, clientes=9, max_sessoes=3)
    await submit(pool, loja)
    await open_sessoes(pool, dispatcher, loja, 3)
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("UPDATE concessoes SET encerrada_em = now() WHERE slot = 0")
        await note_derrubada(conn, loja.credencial_id)
    await dispatcher.tick()
    assert await count_vivas(pool) == 2


async def test_sessions_above_a_lowered_limit_are_asked_back(pool: Pool, dispatcher: Dispatcher) -> None:
    loja = await add_loja(pool, clientes=9, max_sessoes=3)
    await submit(pool, loja)
    await open_sessoes(pool, dispatcher, loja, 3)
    await pool.execute("UPDATE credenciais_canopus SET max_sessoes = 1")
    await dispatcher.tick()
    assert await count_mantidas(pool) == 1


async def test_sessions_of_a_credential_that_was_switched_off_get_no_more_work(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    loja = await add_loja(pool, clientes=9)
    automacao_id = await submit(pool, loja)
    await open_sessoes(pool, dispatcher, loja, 1)
    outra = await add_credencial(pool, loja.id, "outro")
    async with pool.acquire() as conn:
        await cadastros.update_credencial(conn, loja.credencial_id, {"ativo": False})
    await pool.execute("UPDATE log_downloads_boletos SET status = 'pendente', despacho = NULL, cerca = NULL")
    await dispatcher.tick()
    cercas = {item["cerca"] for item in await list_itens(pool, automacao_id) if item["cerca"]}
    assert cercas == {await pool.fetchval("SELECT cerca FROM concessoes WHERE credencial_id = $1", outra)}


async def test_sessions_of_a_ponto_de_venda_whose_work_is_all_paused_are_asked_back(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    """A person may want the login meanwhile. Another job of the same ponto de venda goes on with them."""
    loja = await add_loja(pool, clientes=9, max_sessoes=2)
    pausada, outra = await submit(pool, loja, limite=5), await submit(pool, loja)
    await open_sessoes(pool, dispatcher, loja, 2)

    async def control(controle: Callable[[Conn, UUID, str], Awaitable[None]], automacao_id: UUID) -> int:
        async with pool.acquire() as conn, conn.transaction():
            await controle(conn, automacao_id, "ana")
        await dispatcher.tick()
        return await count_mantidas(pool)

    assert await control(pause_execucao, pausada) == 2
    assert await control(cancel_execucao, outra) == 0
    await pool.execute("UPDATE concessoes SET encerrada_em = now()")
    await pool.execute("UPDATE log_downloads_boletos SET despacho = NULL, cerca = NULL WHERE status = 'pendente'")
    assert await control(resume_execucao, pausada) == 1


async def test_a_session_that_was_asked_back_lives_as_long_as_it_has_a_contract_in_hand(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    """At a slow portal that may be minutes; cut off there, its boleto would be issued twice."""
    loja = await add_loja(pool, clientes=2, max_sessoes=2)
    await submit(pool, loja)
    await open_sessoes(pool, dispatcher, loja, 2)
    em_mao = await pool.fetchval(
        "UPDATE log_downloads_boletos SET status = 'processando' WHERE id ="
        " (SELECT min(id) FROM log_downloads_boletos WHERE cerca IS NOT NULL) RETURNING cerca"
    )
    await pool.execute("UPDATE concessoes SET revogada_em = now() - interval '3 minutes'")
    antes = await pool.fetchval("SELECT max(expira_em) FROM concessoes")
    await beat(pool)
    renovadas = await pool.fetch("SELECT cerca FROM concessoes WHERE expira_em > $1", antes)
    assert [linha["cerca"] for linha in renovadas] == [em_mao]


async def test_a_session_under_the_former_user_is_asked_back(pool: Pool, dispatcher: Dispatcher) -> None:
    """Contracts of the new ponto de venda must not be looked for with the old one's login."""
    loja = await add_loja(pool, clientes=9)
    nova = await add_loja(pool, "20.001", clientes=0)
    await submit(pool, loja)
    await open_sessoes(pool, dispatcher, loja, 1)
    async with pool.acquire() as conn:
        await cadastros.update_credencial(conn, loja.credencial_id, {"ponto_venda_id": nova.id, "usuario": "novo"})
    await dispatcher.tick()
    assert await count_mantidas(pool) == 0


async def test_a_task_lost_with_the_brokers_queues_is_sent_again(pool: Pool, dispatcher: Dispatcher) -> None:
    loja = await add_loja(pool, clientes=1)
    automacao_id = await submit(pool, loja)
    await open_sessoes(pool, dispatcher, loja, 1)
    (antes,) = await list_itens(pool, automacao_id)
    await pool.execute("UPDATE log_downloads_boletos SET enviado_em = now() - interval '61 s'")
    await beat(pool, ociosa_s=59.0)
    await dispatcher.tick()
    assert (await list_itens(pool, automacao_id))[0]["despacho"] == antes["despacho"]
    await beat(pool, ociosa_s=61.0)
    await dispatcher.tick()
    (depois,) = await list_itens(pool, automacao_id)
    assert (depois["despacho"] != antes["despacho"], depois["perdas"]) == (True, 1)
    await list_quadros(pool, automacao_id)


@pytest.mark.parametrize("motivo", ["parando", "calado"])
async def test_no_task_goes_to_a_scraper_that_is_stopping_or_silent(
    pool: Pool, dispatcher: Dispatcher, motivo: str
) -> None:
    loja = await add_loja(pool, clientes=9, max_sessoes=2)
    automacao_id = await submit(pool, loja)
    await open_sessoes(pool, dispatcher, loja, 1)
    await pool.execute("UPDATE log_downloads_boletos SET despacho = NULL, cerca = NULL")
    await beat(pool, parando=motivo == "parando")
    if motivo == "calado":
        await pool.execute("UPDATE servicos SET visto_em = now() - interval '16 s'")
    await dispatcher.tick()
    assert {item["cerca"] for item in await list_itens(pool, automacao_id)} == {None}


# --- offices ----------------------------------------------------------------------------------------------------------


async def add_filial(pool: Pool, max_sessoes: int | None = None) -> int:
    async with pool.acquire() as conn:
        return await create_empresa(conn, "filial", "Filial", max_sessoes)


async def ask_teste(pool: Pool, credencial_id: int) -> None:
    await pool.execute("INSERT INTO pedidos (tipo, credencial_id) VALUES ('testar', $1)", credencial_id)


async def enter(pool: Pool, dispatcher: Dispatcher, rodadas: int = 4) -> int:
    """Whatever may log in does; how many sessions there are then."""
    for _ in range(rodadas):
        await dispatcher.tick()
        await pool.execute("UPDATE concessoes SET aberta = true")
    return await count_vivas(pool)


async def test_a_test_is_one_of_the_sessions_that_its_office_may_have(pool: Pool, dispatcher: Dispatcher) -> None:
    filial = await add_filial(pool, 2)
    loja = await add_loja(pool, clientes=9, max_sessoes=4, empresa_id=filial)
    testada = await add_loja(pool, "20.001", clientes=0, empresa_id=filial)
    await submit(pool, loja)
    await ask_teste(pool, testada.credencial_id)
    await beat(pool)
    assert await enter(pool, dispatcher) == 2
    # Another one comes when a session of the office was given back, and not before.
    await pool.execute("UPDATE concessoes SET encerrada_em = now() WHERE pedido_id IS NOT NULL")
    await pool.execute("UPDATE pedidos SET respondido_em = now()")
    assert await enter(pool, dispatcher) == 2
    await ask_teste(pool, testada.credencial_id)
    assert await enter(pool, dispatcher) == 2
    assert await count_mantidas(pool) == 1
    await pool.execute("UPDATE concessoes SET encerrada_em = now() WHERE revogada_em IS NOT NULL")
    assert await enter(pool, dispatcher) == 2
    assert await pool.fetchval(
        "SELECT count(*) FROM concessoes WHERE encerrada_em IS NULL AND pedido_id IS NOT NULL"
    ) == 1  # fmt: skip


async def test_a_session_whose_holder_fell_silent_is_still_one_of_its_offices(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    loja = await add_loja(pool, clientes=9, max_sessoes=4, empresa_id=await add_filial(pool, 2))
    await submit(pool, loja)
    await beat(pool)
    assert await enter(pool, dispatcher) == 2
    await pool.execute("UPDATE servicos SET visto_em = now() - interval '16 s'")
    await beat(pool, scraper="s2")
    assert await enter(pool, dispatcher) == 2


@pytest.mark.parametrize("tem", [True, False])
async def test_a_test_takes_a_session_of_its_own_office_else_of_the_one_with_most(
    pool: Pool, dispatcher: Dispatcher, tem: bool
) -> None:
    filial = await add_filial(pool)
    async with pool.acquire() as conn:
        terceira = await create_empresa(conn, "terceira", "Terceira", None)
    grande, unica = await add_loja(pool, clientes=9, max_sessoes=2), await add_loja(pool, "2", empresa_id=filial)
    testada = await add_loja(pool, "20.001", clientes=0, empresa_id=PADRAO if tem else terceira)
    for loja in (grande, unica):
        await submit(pool, loja)
    maestro = Maestro(pool)
    cercas = [await maestro.lease(grande), await maestro.lease(grande, 1)]
    await maestro.lease(unica)
    await beat(pool, capacidade=3)
    await pool.execute("UPDATE concessoes SET aberta = true, ociosa_desde = now()")
    # The other's has had nothing to do for longest.
    await pool.execute("UPDATE concessoes SET ociosa_desde = now() - interval '30 s' WHERE cerca <> ALL ($1)", cercas)
    await ask_teste(pool, testada.credencial_id)
    await dispatcher.tick()
    [revogada] = await pool.fetch("SELECT cerca FROM concessoes WHERE revogada_em IS NOT NULL")
    assert revogada["cerca"] in cercas


async def test_two_tests_of_an_office_that_may_have_one_session_take_none_of_anothers(
    pool: Pool, dispatcher: Dispatcher
) -> None:
    filial = await add_filial(pool, 1)
    await submit(pool, await add_loja(pool, clientes=9))
    await beat(pool)
    assert await enter(pool, dispatcher) == 1
    for codigo in ("2", "3"):
        await ask_teste(pool, (await add_loja(pool, codigo, clientes=0, empresa_id=filial)).credencial_id)
    assert await enter(pool, dispatcher) == 2
    assert await count_mantidas(pool) == 2
