"""What was committed reaches the bus: in order, once the broker is there, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from services.gateway.outbox import Outbox
from services.gateway.store import Pool
from services.gateway.store.outbox import post
from shared.bus import BusError, BusUnavailable, Message, Unroutable
from shared.bus.memory import MemoryBus
from shared.bus.topology import news_queue, scraper_queue
from shared.events import EVENTOS, ExecucaoEvento, PlanilhaLer, PlanilhaLida, SessaoRevogada
from tests.eventually import eventually
from tests.gateway.cadastro import open_base
from tests.gateway.motor import arquivo


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_base(database_url) as aberta:
        yield aberta


async def left(pool: Pool) -> int:
    quantas: int = await pool.fetchval("SELECT count(*) FROM outbox")
    return quantas


async def test_messages_of_one_queue_keep_their_order(pool: Pool) -> None:
    fila = scraper_queue("s1")
    recebidas: list[int] = []

    async def handle(evento: SessaoRevogada, entrega: Any) -> None:
        recebidas.append(evento.cerca)

    async with MemoryBus(EVENTOS) as bus, bus.consume(fila, handle):
        async with pool.acquire() as conn:
            for cerca in range(450):
                await post(conn, SessaoRevogada(cerca=cerca), fila=fila.name, ttl_s=60)
        outboxes = [Outbox(pool, bus), Outbox(pool, bus)]
        while await left(pool):
            await asyncio.gather(*(outbox.publish_batch() for outbox in outboxes))
        await eventually(lambda: len(recebidas) >= 450)
    assert recebidas == list(range(450))


async def test_a_second_gateway_does_not_overtake_the_first(pool: Pool) -> None:
    """A task that comes before its lease would be dropped by its scraper."""
    fila = scraper_queue("s1")
    recebidas: list[int] = []

    async def handle(evento: SessaoRevogada, entrega: Any) -> None:
        recebidas.append(evento.cerca)

    class Lento(MemoryBus):
        async def publish_many(self, messages: Sequence[Message]) -> list[BusError | None]:
            lento.set()
            await ultrapassou.wait()
            return await super().publish_many(messages)

    lento, ultrapassou = asyncio.Event(), asyncio.Event()
    async with Lento(EVENTOS) as bus, bus.consume(fila, handle), pool.acquire() as conn:
        for cerca in range(201):
            await post(conn, SessaoRevogada(cerca=cerca), fila=fila.name, ttl_s=60)
        primeiro = asyncio.create_task(Outbox(pool, bus).publish_batch())
        await lento.wait()
        assert await Outbox(pool, bus).publish_batch() is False
        ultrapassou.set()
        assert await primeiro
        assert await left(pool) == 1


async def test_what_was_rolled_back_is_never_sent(pool: Pool) -> None:
    async with pool.acquire() as conn:
        with pytest.raises(RuntimeError):
            async with conn.transaction():
                await post(conn, ExecucaoEvento(automacao_id=uuid4(), seq=1))
                raise RuntimeError
    assert await left(pool) == 0


async def test_a_broker_that_is_away_loses_nothing(pool: Pool) -> None:
    recebidas: list[ExecucaoEvento] = []

    async def handle(evento: ExecucaoEvento, entrega: Any) -> None:
        recebidas.append(evento)

    bus = MemoryBus(EVENTOS)
    outbox = Outbox(pool, bus, ritmo_s=0.05)
    async with pool.acquire() as conn:
        await post(conn, ExecucaoEvento(automacao_id=uuid4(), seq=1))
    with pytest.raises(BusUnavailable):
        await outbox.publish_batch()
    assert await left(pool) == 1
    loop = asyncio.create_task(outbox.run())
    try:
        async with bus, bus.consume(news_queue("novas", ExecucaoEvento.rota), handle):
            await eventually(lambda: len(recebidas) == 1)
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    assert await left(pool) == 0


async def test_to_whoever_is_gone_nothing_is_kept_and_the_rest_goes_on(pool: Pool) -> None:
    async with MemoryBus(EVENTOS) as bus, pool.acquire() as conn:
        await post(conn, SessaoRevogada(cerca=1), fila="scraper.morto", ttl_s=60)
        await post(conn, PlanilhaLida(pedido_id=uuid4()), fila="gateway.ida.respostas")
        await post(conn, ExecucaoEvento(automacao_id=uuid4(), seq=1))
        await Outbox(pool, bus).publish_batch()
    assert await left(pool) == 0


async def test_work_whose_queue_is_not_there_yet_is_kept(pool: Pool) -> None:
    async with MemoryBus(EVENTOS, topology=()) as bus, pool.acquire() as conn:
        await post(conn, PlanilhaLer(pedido_id=uuid4(), responder_a="r", planilha=arquivo("p"), nome_arquivo="p.xlsx"))
        with pytest.raises(Unroutable):
            await Outbox(pool, bus).publish_batch()
    assert await left(pool) == 1


async def test_a_lease_that_waited_past_its_time_is_not_sent(pool: Pool) -> None:
    fila = scraper_queue("s1")
    recebidas: list[int] = []

    async def handle(evento: SessaoRevogada, entrega: Any) -> None:
        recebidas.append(evento.cerca)

    async with MemoryBus(EVENTOS) as bus, bus.consume(fila, handle), pool.acquire() as conn:
        await post(conn, SessaoRevogada(cerca=1), fila=fila.name, ttl_s=60)
        await conn.execute("UPDATE outbox SET criado_em = now() - interval '61 s'")
        await post(conn, SessaoRevogada(cerca=2), fila=fila.name, ttl_s=60)
        await Outbox(pool, bus).publish_batch()
        await eventually(lambda: recebidas == [2])
