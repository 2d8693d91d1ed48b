"""The whole engine on a real database: stand-in scrapers and namer at the other ends of the bus."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.gateway.dispatcher import CALMA_S
from services.gateway.engine import Engine, open_engine
from services.gateway.store import Pool
from services.gateway.store.execucoes import cancel_execucao, pause_execucao, resume_execucao
from shared.bus.memory import MemoryBus
from shared.events import EVENTOS, BoletoSolicitado, Evento
from shared.files import FileStore
from tests.eventually import eventually
from tests.gateway.cadastro import (
    Loja,
    add_loja,
    get_execucao,
    list_itens,
    open_base,
    submit,
)
from tests.gateway.figurantes import ScraperFigurante, run_namer
from tests.gateway.motor import falhou, list_quadros


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_base(database_url) as aberta:
        yield aberta


@asynccontextmanager
async def running(
    pool: Pool, pasta: Path, *scrapers: ScraperFigurante, bus: MemoryBus, alone: bool = False, gateways: int = 1
) -> AsyncIterator[list[Engine]]:
    files = FileStore(f"file://{pasta}")
    async with AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(open_engine(pool, bus, files, alone=alone)) for _ in range(gateways)]
        await stack.enter_async_context(run_namer(bus))
        for scraper in scrapers:
            await stack.enter_async_context(scraper.run())

        async def all_seen() -> bool:
            return bool(
                await pool.fetchval("SELECT count(*) FROM servicos WHERE id = ANY ($1)", [s.id for s in scrapers])
                == len(scrapers)
            )

        await eventually(all_seen)
        yield engines


async def ended(pool: Pool, *execucoes: UUID, timeout_s: float = 30.0) -> None:
    async def check() -> bool:
        linhas = [await get_execucao(pool, id) for id in execucoes]
        return all(linha["finalizado_em"] is not None for linha in linhas)

    await eventually(check, timeout_s=timeout_s)


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    async with MemoryBus(EVENTOS) as aberto:
        yield aberto


async def test_two_jobs_run_to_their_end_over_two_scrapers_and_two_gateways(
    pool: Pool, bus: MemoryBus, tmp_path: Path
) -> None:
    lojas = [
        await add_loja(pool, "17.308", clientes=30, max_sessoes=2),
        await add_loja(pool, "20.001", clientes=20, base=100),
    ]
    scrapers = [ScraperFigurante(bus, "s1"), ScraperFigurante(bus, "s2")]
    async with running(pool, tmp_path, *scrapers, bus=bus, gateways=2):
        execucoes = [await submit(pool, loja) for loja in lojas]
        await ended(pool, *execucoes)
    for automacao_id, total in zip(execucoes, (30, 20), strict=True):
        assert (await get_execucao(pool, automacao_id))["processados_sucesso"] == total
        await list_quadros(pool, automacao_id)
    enviados = Counter(pedido.tarefa.item_id for scraper in scrapers for pedido in scraper.pedidos)
    assert sum(enviados.values()) <= 54, "a contract was sent twice for no reason"
    assert await pool.fetchval("SELECT count(*) FROM boletos") == 50
    assert await pool.fetchval("SELECT count(*) FROM log_downloads_boletos WHERE cerca IS NOT NULL") == 0


async def test_sessions_of_a_credential_stay_within_its_limit_across_scrapers(
    pool: Pool, bus: MemoryBus, tmp_path: Path
) -> None:
    loja = await add_loja(pool, clientes=12, max_sessoes=3)
    scrapers = [ScraperFigurante(bus, f"s{n}", capacidade=4, contrato_s=0.02) for n in (1, 2)]
    maximo = 0

    def count(pedido: BoletoSolicitado) -> Evento | None:
        nonlocal maximo
        maximo = max(maximo, sum(len(scraper.sessoes) for scraper in scrapers))
        return None

    for scraper in scrapers:
        scraper.desfecho = count
    async with running(pool, tmp_path, *scrapers, bus=bus):
        await ended(pool, await submit(pool, loja))
    assert maximo == 3
    assert all(scraper.pedidos for scraper in scrapers)
    vivas = await pool.fetch("SELECT slot FROM concessoes")
    assert {linha["slot"] for linha in vivas} <= {0, 1, 2}


async def test_a_lease_holds_at_most_two_tasks(pool: Pool, bus: MemoryBus, tmp_path: Path) -> None:
    loja = await add_loja(pool, clientes=10)
    scraper = ScraperFigurante(bus, contrato_s=0.02)
    async with running(pool, tmp_path, scraper, bus=bus):
        await ended(pool, await submit(pool, loja))
        assert max(sessao.maximo for sessao in scraper.sessoes.values()) == 2


async def _duration(
    pool: Pool, bus: MemoryBus, pasta: Path, pequena: Loja, grande: Loja | None, capacidade: int
) -> float:
    """Seconds from submission to the end of the small job, in time that the stand-ins make."""
    scraper = ScraperFigurante(bus, f"s{uuid4().hex[:6]}", capacidade=capacidade, login_s=0.4, contrato_s=0.3)
    async with running(pool, pasta, scraper, bus=bus):
        if grande:
            await submit(pool, grande)
            await eventually(lambda: len(scraper.sessoes) == capacidade and len(scraper.pedidos) > capacidade + 1)
        inicio = time.monotonic()
        await ended(pool, await submit(pool, pequena, forcar=True))
        return time.monotonic() - inicio


@pytest.mark.parametrize(
    ("capacidade", "sessoes"),
    [(1, 1), pytest.param(2, 2, marks=pytest.mark.completo), pytest.param(4, 4, marks=pytest.mark.completo)],
)
async def test_five_contracts_beside_five_hundred_end_within_twice_their_time_alone(
    pool: Pool, tmp_path: Path, capacidade: int, sessoes: int
) -> None:
    pequena = await add_loja(pool, "5", clientes=5, max_sessoes=sessoes)
    grande = await add_loja(pool, "500", clientes=500, max_sessoes=sessoes, base=1000)
    # A machine that is busy with something else may slow one of the two: the best of a few pairs is the rule's.
    for _ in range(3):
        async with MemoryBus(EVENTOS) as bus:
            sozinha_s = await _duration(pool, bus, tmp_path, pequena, None, capacidade)
        await pool.execute("UPDATE concessoes SET encerrada_em = now(); DELETE FROM servicos")
        async with MemoryBus(EVENTOS) as bus:
            junto_s = await _duration(pool, bus, tmp_path, pequena, grande, capacidade)
        if junto_s <= 2 * sozinha_s:
            break
        await pool.execute("UPDATE concessoes SET encerrada_em = now(); DELETE FROM servicos")
        for linha in await pool.fetch("SELECT automacao_id FROM execucoes_automacao WHERE finalizado_em IS NULL"):
            async with pool.acquire() as conn, conn.transaction():
                await cancel_execucao(conn, linha["automacao_id"], "teste")
    assert junto_s <= 2 * sozinha_s, f"alone {sozinha_s:.2f} s, shared {junto_s:.2f} s"


async def test_what_a_dead_scraper_held_goes_to_the_other_without_an_attempt_spent(
    pool: Pool, bus: MemoryBus, tmp_path: Path
) -> None:
    loja = await add_loja(pool, clientes=4)
    morre, vive = ScraperFigurante(bus, "s1", contrato_s=0.2), ScraperFigurante(bus, "s2")
    async with running(pool, tmp_path, morre, bus=bus) as (engine,):
        automacao_id = await submit(pool, loja)
        await eventually(lambda: len(morre.pedidos) == 2)
        morre.morto = True

        async def is_over() -> bool:
            """Its last pulse may still come, and renew; what ends later than it was seen to would be a renewal too."""
            await pool.execute("UPDATE servicos SET visto_em = now() - interval '1 min' WHERE id = 's1'")
            await pool.execute("UPDATE concessoes SET expira_em = '2000-01-01' WHERE encerrada_em IS NULL")
            engine.wake()
            return bool(await pool.fetchval("SELECT bool_and(encerrada_em IS NOT NULL) FROM concessoes"))

        await eventually(is_over)
        async with vive.run():
            engine.wake()
            await ended(pool, automacao_id)
    itens = await list_itens(pool, automacao_id)
    assert {item["status"] for item in itens} == {"sucesso"}
    assert {item["tentativas"] for item in itens} == {0}
    assert max(item["perdas"] for item in itens) == 1
    await list_quadros(pool, automacao_id)


async def test_a_late_capture_under_an_expired_lease_is_never_filed(pool: Pool, bus: MemoryBus, tmp_path: Path) -> None:
    loja = await add_loja(pool, clientes=1)
    velho = ScraperFigurante(bus, "s1", contrato_s=60.0)
    async with running(pool, tmp_path, velho, bus=bus) as (engine,):
        automacao_id = await submit(pool, loja)
        await eventually(lambda: len(velho.pedidos) == 1)
        await pool.execute("UPDATE concessoes SET encerrada_em = now() - interval '3 s'")

        async def returned() -> bool:
            engine.wake()
            return bool((await list_itens(pool, automacao_id))[0]["despacho"] != velho.pedidos[0].tarefa.despacho)

        # Just begun, it first lets in what waited for it.
        await eventually(returned, CALMA_S + 10)
        velho.contrato_s = 0.0
        await velho._fetch(velho.pedidos[0])
    assert await pool.fetchval("SELECT count(*) FROM boletos") == 0


async def test_a_second_identical_job_waits_and_ends_ja_baixado(pool: Pool, bus: MemoryBus, tmp_path: Path) -> None:
    loja = await add_loja(pool, clientes=6, max_sessoes=2)
    scraper = ScraperFigurante(bus, contrato_s=0.05)
    async with running(pool, tmp_path, scraper, bus=bus):
        um, dois = await submit(pool, loja), await submit(pool, loja)
        await ended(pool, um, dois)
    assert len(scraper.pedidos) == 6
    assert {item["status"] for item in await list_itens(pool, dois)} == {"ja_baixado"}
    await list_quadros(pool, dois)


async def test_a_second_job_fetches_itself_what_the_first_one_failed_to(
    pool: Pool, bus: MemoryBus, tmp_path: Path
) -> None:
    loja = await add_loja(pool, clientes=2)
    falhas = iter([True])

    def desfecho(pedido: BoletoSolicitado) -> Evento | None:
        return falhou(pedido.tarefa, "cliente.ambiguo") if next(falhas, False) else None

    async with running(pool, tmp_path, ScraperFigurante(bus, desfecho=desfecho), bus=bus):
        um, dois = await submit(pool, loja), await submit(pool, loja)
        await ended(pool, um, dois)
    assert Counter(item["status"] for item in await list_itens(pool, um)) == {"erro": 1, "sucesso": 1}
    assert Counter(item["status"] for item in await list_itens(pool, dois)) == {"sucesso": 1, "ja_baixado": 1}


async def test_executions_of_one_ponto_de_venda_take_turns(pool: Pool, bus: MemoryBus, tmp_path: Path) -> None:
    loja = await add_loja(pool, clientes=10)
    scraper = ScraperFigurante(bus)
    um, dois = await submit(pool, loja), await submit(pool, loja, mes=12)
    async with running(pool, tmp_path, scraper, bus=bus):
        await ended(pool, um, dois)
    primeiros = Counter(pedido.tarefa.automacao_id for pedido in scraper.pedidos[:10])
    # Not to the letter: which of two contracts in hand ends first is the scraper's.
    assert min(primeiros[um], primeiros[dois]) >= 4


async def test_an_open_breaker_lets_one_probe_out_and_its_success_all(
    pool: Pool, bus: MemoryBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.execucao.SONDAS_S", (0.5, 0.5))
    loja = await add_loja(pool, clientes=6, max_sessoes=2)
    fora_do_ar = True

    def desfecho(pedido: BoletoSolicitado) -> Evento | None:
        return falhou(pedido.tarefa, "portal.fora_do_ar.conexao") if fora_do_ar else None

    scraper = ScraperFigurante(bus, desfecho=desfecho)
    async with running(pool, tmp_path, scraper, bus=bus):
        automacao_id = await submit(pool, loja)

        async def is_open() -> bool:
            return bool(await pool.fetchval("SELECT aberturas >= 2 FROM portais"))

        await eventually(is_open)
        sondados = len(scraper.pedidos)
        # Four places at first, two filled again before the third failure, and one probe.
        assert sondados <= 7, "the queue did not pause"
        fora_do_ar = False
        await ended(pool, automacao_id)
    assert {item["status"] for item in await list_itens(pool, automacao_id)} == {"sucesso"}


async def test_a_test_of_a_credential_takes_a_lease_like_anyone_and_answers(
    pool: Pool, bus: MemoryBus, tmp_path: Path
) -> None:
    loja = await add_loja(pool, clientes=40)
    scraper = ScraperFigurante(bus, contrato_s=0.05)
    async with running(pool, tmp_path, scraper, bus=bus) as (engine,):
        automacao_id = await submit(pool, loja)
        await eventually(lambda: len(scraper.pedidos) > 2)
        pedido_id = await pool.fetchval(
            "INSERT INTO pedidos (tipo, credencial_id, ponto_venda_id) VALUES ('testar', $1, $2) RETURNING id",
            loja.credencial_id,
            loja.id,
        )
        engine.wake()

        async def answered() -> int | None:
            status: int | None = await pool.fetchval("SELECT status_http FROM pedidos WHERE id = $1", pedido_id)
            return status

        assert await eventually(answered) == 200
        assert scraper.abertas_ao_mesmo_tempo == 1, "the test went beyond the credential's limit"
        await ended(pool, automacao_id)


async def test_pause_stops_the_flow_and_resume_goes_on(pool: Pool, bus: MemoryBus, tmp_path: Path) -> None:
    loja = await add_loja(pool, clientes=20)
    scraper = ScraperFigurante(bus, contrato_s=0.03)
    async with running(pool, tmp_path, scraper, bus=bus) as (engine,):
        automacao_id = await submit(pool, loja)
        await eventually(lambda: len(scraper.pedidos) > 3)
        async with pool.acquire() as conn, conn.transaction():
            await pause_execucao(conn, automacao_id, "ana")

        async def at_rest() -> bool:
            return bool((await get_execucao(pool, automacao_id))["processando"] == 0)

        await eventually(at_rest)
        enviados = len(scraper.pedidos)
        for _ in range(3):
            await engine.dispatcher.tick()
        assert len(scraper.pedidos) == enviados
        async with pool.acquire() as conn, conn.transaction():
            await resume_execucao(conn, automacao_id, "ana")
        engine.wake()
        await ended(pool, automacao_id)
    assert {item["status"] for item in await list_itens(pool, automacao_id)} == {"sucesso"}
    await list_quadros(pool, automacao_id)


async def test_a_cancelled_execution_is_left_alone(pool: Pool, bus: MemoryBus, tmp_path: Path) -> None:
    loja = await add_loja(pool, clientes=20)
    scraper = ScraperFigurante(bus, contrato_s=0.03)
    async with running(pool, tmp_path, scraper, bus=bus) as (engine,):
        automacao_id = await submit(pool, loja)
        await eventually(lambda: len(scraper.pedidos) > 3)
        async with pool.acquire() as conn, conn.transaction():
            await cancel_execucao(conn, automacao_id, "ana")
        cancelada_em = datetime.now(UTC)
        await engine.dispatcher.tick()
        await ended(pool, automacao_id)
    # What was on its way to the scraper may have come since.
    assert all(pedido.em < cancelada_em for pedido in scraper.pedidos)
    assert (await get_execucao(pool, automacao_id))["cancelados"] >= 10


async def test_a_system_that_starts_alone_puts_everything_back_at_once(
    pool: Pool, bus: MemoryBus, tmp_path: Path
) -> None:
    loja = await add_loja(pool, clientes=3)
    async with MemoryBus(EVENTOS) as antigo:
        morto = ScraperFigurante(antigo, contrato_s=30.0)
        async with running(pool, tmp_path, morto, bus=antigo):
            automacao_id = await submit(pool, loja)
            await eventually(lambda: len(morto.pedidos) == 2)
    async with running(pool, tmp_path, ScraperFigurante(bus), bus=bus, alone=True):
        await ended(pool, automacao_id, timeout_s=10)
    itens = await list_itens(pool, automacao_id)
    assert {item["status"] for item in itens} == {"sucesso"}
    assert {item["perdas"] for item in itens} == {0}


async def test_a_scraper_hears_which_of_its_leases_live_on(pool: Pool, bus: MemoryBus, tmp_path: Path) -> None:
    loja = await add_loja(pool, clientes=1)
    scraper = ScraperFigurante(bus, contrato_s=30.0)
    async with running(pool, tmp_path, scraper, bus=bus):
        await submit(pool, loja)
        await eventually(lambda: any(resposta.cercas for resposta in scraper.renovadas))
        (cerca,) = scraper.sessoes
        await pool.execute("UPDATE concessoes SET encerrada_em = now() WHERE cerca = $1", cerca)
        antes = len(scraper.renovadas)
        # Meanwhile another lease may be granted: that one is named.
        await eventually(lambda: any(cerca not in resposta.cercas for resposta in scraper.renovadas[antes:]))
