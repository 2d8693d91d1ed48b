"""What only a broker can do to us: refuse, cut, restart, forget a consumer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from shared.bus import BusUnavailable, Delivery, Message, Reject
from shared.bus.codec import encode
from shared.bus.rabbitmq import RabbitMQBus
from shared.bus.topology import TOPOLOGY as THE_TOPOLOGY
from shared.bus.topology import news_queue, reply_queue, scraper_queue
from tests.eventually import eventually
from tests.servers.process import free_port
from tests.servers.rabbitmq import RabbitMQ
from tests.shared.bus_events import OPTIONS, REGISTRY, TOPOLOGY, TRABALHO, Novidade, Pedido, Recorder

EACH = "[{} || Pid <- rabbit_networking:connections()], ok"
CUT_ALL = EACH.format('rabbit_networking:close_connection(Pid, "cut by a test")')


@pytest.fixture
async def bus(amqp_url: str) -> AsyncIterator[RabbitMQBus]:
    async with RabbitMQBus(amqp_url, REGISTRY, topology=TOPOLOGY, options=OPTIONS) as bus:
        yield bus


async def cut(rabbitmq: RabbitMQ) -> None:
    """Every connection is closed by the broker, as an operator or a dying proxy would."""
    await asyncio.to_thread(rabbitmq._call, CUT_ALL)


async def test_after_a_power_cut_durable_messages_and_consumers_are_back(
    bus: RabbitMQBus, amqp_url: str, rabbitmq: RabbitMQ
) -> None:
    """aio-pika's robust connection was seen to come back without consumers: messages lay there, all looked healthy."""
    async with bus.consume(TRABALHO, Recorder(lambda event, delivery: Reject("não"))):
        await bus.publish(Pedido(n=-1))
        await eventually(bus.dead_letters)
    handler, heard = Recorder(), Recorder()
    handler.gate.clear()
    async with (
        bus.consume(TRABALHO, handler, prefetch=2),
        bus.consume(news_queue("gateway.um", "novas.teste"), heard),
        RabbitMQBus(amqp_url, REGISTRY, topology=TOPOLOGY, options=replace(OPTIONS, publish_timeout_s=0.5)) as hasty,
    ):
        await bus.publish_many([encode(Pedido(n=n)) for n in range(5)])
        await eventually(lambda: handler.in_hand == 2)

        await asyncio.to_thread(rabbitmq.kill)
        await eventually(lambda: not bus.is_alive())
        started = time.monotonic()
        with pytest.raises(BusUnavailable, match=r"127\.0\.0\.1"):
            await hasty.publish(Pedido(n=99))
        assert time.monotonic() - started < 2
        handler.gate.set()  # what was in hand ends while its acknowledgement can reach nobody
        await eventually(lambda: len(handler.done) == 2)
        # The broker takes longer to start than a publisher waits.
        await asyncio.to_thread(rabbitmq.start)

        await eventually(bus.is_alive, timeout_s=20)
        await eventually(lambda: set(handler.done) == {0, 1, 2, 3, 4}, timeout_s=20)
        again = [delivery for delivery in handler.deliveries if delivery.redelivered]
        assert len(again) == 2
        await bus.publish(Novidade(n=1))
        await eventually(lambda: heard.numbers == [1])
        assert [morta.evento for morta in await bus.dead_letters()] == [Pedido(n=-1)]


async def test_a_power_cut_just_after_a_scraper_has_come_leaves_no_queue_that_holds_up_the_others(
    amqp_url: str, rabbitmq: RabbitMQ
) -> None:
    """A quorum queue that young comes back without a leader: who publishes to it is not heard of any more."""
    own, handler = scraper_queue("recem-chegado"), Recorder()
    # No topology: its quorum queues would be as young.
    async with RabbitMQBus(amqp_url, REGISTRY, topology=(), options=OPTIONS) as bus, bus.consume(own, handler):
        await asyncio.to_thread(rabbitmq.flush)
        await asyncio.to_thread(rabbitmq.kill)
        await asyncio.to_thread(rabbitmq.start)
        await eventually(bus.is_alive, timeout_s=20)
        await bus.publish(Pedido(n=1), queue=own.name)
        await eventually(lambda: handler.done == [1], timeout_s=20)


async def test_a_connection_on_which_nothing_is_confirmed_gives_way_to_another(
    amqp_url: str, rabbitmq: RabbitMQ
) -> None:
    """The broker may stop reading one connection, for as long as it likes, and go on writing to it."""
    handler, options = Recorder(), replace(OPTIONS, publish_timeout_s=0.5)
    async with (
        RabbitMQBus(amqp_url, REGISTRY, topology=TOPOLOGY, options=options) as bus,
        bus.consume(TRABALHO, handler, prefetch=10),
    ):
        await bus.publish(Pedido(n=1))
        await asyncio.to_thread(rabbitmq._call, EACH.format("sys:suspend(Pid)"))
        try:
            with pytest.raises(BusUnavailable, match=r"sem resposta em 0\.5 s"):
                await bus.publish(Pedido(n=2))
            await eventually(bus.is_alive)
            await bus.publish(Pedido(n=3))
        finally:
            await asyncio.to_thread(rabbitmq._call, EACH.format("sys:resume(Pid)"))
        # Where the broker had given it to the consumer of the old connection, it is given back only now.
        await eventually(lambda: 3 in handler.numbers)


async def test_publishers_wait_through_a_short_loss(bus: RabbitMQBus, rabbitmq: RabbitMQ) -> None:
    handler = Recorder()
    async with bus.consume(TRABALHO, handler, prefetch=10):
        for volta in range(5):
            sending = asyncio.create_task(bus.publish_many([encode(Pedido(n=volta * 100 + n)) for n in range(100)]))
            await cut(rabbitmq)
            assert not any(await sending)
        await eventually(lambda: set(handler.done) == set(range(500)))


async def test_two_thousand_messages_all_arrive_over_a_connection_that_is_cut_again_and_again(
    bus: RabbitMQBus, rabbitmq: RabbitMQ
) -> None:
    first: list[int] = []

    async def note(event: Pedido, delivery: Delivery) -> None:
        if event.n not in seen:
            seen.add(event.n)
            first.append(event.n)

    def has_passed(n: int) -> bool:
        return len(seen) > n

    seen: set[int] = set()
    assert not any(await bus.publish_many([encode(Pedido(n=n)) for n in range(2000)]))
    async with bus.consume(TRABALHO, note, prefetch=1):
        for marca in (200, 700, 1200):
            await eventually(partial(has_passed, marca), timeout_s=30)
            await cut(rabbitmq)
        await eventually(lambda: len(seen) == 2000, timeout_s=30)
    assert first == list(range(2000))


async def test_a_consumer_that_the_broker_forgot_is_found_by_the_watchdog(bus: RabbitMQBus) -> None:
    handler = Recorder()
    async with bus.consume(TRABALHO, handler):
        (consumer,) = bus._consumers
        assert consumer._declared and consumer._tag
        await consumer._declared.cancel(consumer._tag, nowait=True)  # no answer, so nothing on our side knows
        await bus.publish(Pedido(n=1))
        await eventually(lambda: handler.done == [1])
        assert bus.is_alive()


async def test_a_consumer_whose_queue_is_deleted_declares_it_again(bus: RabbitMQBus) -> None:
    handler = Recorder()
    own = scraper_queue("apagada")
    async with bus.consume(own, handler):
        channel = await bus._current.connection.channel()  # type: ignore[union-attr]
        await channel.queue_delete(own.name)

        async def sent() -> list[Message]:
            message = encode(Pedido(n=1), queue=own.name)
            return [] if any(await bus.publish_many([message])) else [message]

        await eventually(sent)
        await eventually(lambda: handler.done)


async def test_a_broker_that_is_not_there_is_told_in_one_line_without_the_password() -> None:
    port = free_port()
    options = replace(OPTIONS, connect_timeout_s=0.3)
    with pytest.raises(BusUnavailable) as erro:
        async with RabbitMQBus(f"amqp://canopus:s3gr3d0@127.0.0.1:{port}/", REGISTRY, options=options):
            pass
    assert f"127.0.0.1:{port}" in str(erro.value) and "CANOPUS_AMQP_URL" in str(erro.value)
    assert "s3gr3d0" not in str(erro.value) and "\n" not in str(erro.value)


async def test_a_wrong_password_is_told_at_once(rabbitmq: RabbitMQ) -> None:
    started = time.monotonic()
    with pytest.raises(BusUnavailable, match="senha recusad"):
        async with RabbitMQBus(f"amqp://guest:errada@127.0.0.1:{rabbitmq.port}/", REGISTRY, options=OPTIONS):
            pass
    assert time.monotonic() - started < 5


async def test_a_broker_that_starts_later_is_waited_for(amqp_url: str, rabbitmq: RabbitMQ) -> None:
    """Behind a port that opens only after the service has started."""
    port = free_port()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", rabbitmq.port)
        await asyncio.gather(pump(reader, here), pump(there, writer), return_exceptions=True)

    url = amqp_url.replace(f":{rabbitmq.port}/", f":{port}/")
    late = RabbitMQBus(url, REGISTRY, topology=TOPOLOGY, options=OPTIONS)
    opening = asyncio.create_task(late.__aenter__())
    await asyncio.wait({opening}, timeout=0.3)
    assert not opening.done()
    async with await asyncio.start_server(forward, "127.0.0.1", port):
        await opening
        await late.publish(Pedido(n=1))
        await late.__aexit__(None, None, None)


async def test_a_queue_defined_otherwise_at_the_broker_is_told_by_its_name(bus: RabbitMQBus, amqp_url: str) -> None:
    other = replace(TRABALHO, delivery_limit=99)
    options = replace(OPTIONS, connect_timeout_s=0.5)
    with pytest.raises(BusUnavailable, match=r"teste\.trabalho"):
        async with RabbitMQBus(amqp_url, REGISTRY, topology=(other,), options=options):
            pass


async def test_the_whole_topology_is_accepted_and_declared_twice(amqp_url: str) -> None:
    for _ in range(2):
        async with (
            RabbitMQBus(amqp_url, REGISTRY, options=OPTIONS) as bus,
            bus.consume(scraper_queue("a"), Recorder()),
            bus.consume(reply_queue("b"), Recorder()),
        ):
            for queue in THE_TOPOLOGY:
                async with bus.consume(queue, Recorder()):
                    assert bus.is_alive()
