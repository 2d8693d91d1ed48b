"""What the services may rely on, shown on both adapters: RabbitMQ itself and the in-process bus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from shared.bus import (
    Bus,
    BusError,
    BusOptions,
    DeadLetter,
    DeadLetterGone,
    Delivery,
    Message,
    NotNow,
    Queue,
    Reject,
    Unroutable,
)
from shared.bus.codec import encode
from shared.bus.memory import MemoryBus
from shared.bus.rabbitmq import RabbitMQBus
from shared.bus.topology import GATEWAY_MORTAS, NAMER_PEDIDOS, news_queue, scraper_queue
from shared.bus.trace import current_traceparent, traced
from tests.eventually import eventually
from tests.shared.bus_events import (
    OPTIONS,
    OUTRA,
    REGISTRY,
    SINAIS,
    TOPOLOGY,
    TRABALHO,
    Novidade,
    Pedido,
    Recorder,
    Segredo,
    SemFila,
    Sinal,
)

SCRAPER = scraper_queue("teste")


@pytest.fixture(params=["memory", "rabbitmq"])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def opened(adapter: str, request: pytest.FixtureRequest, options: BusOptions = OPTIONS) -> AsyncIterator[Bus]:
    if adapter == "memory":
        async with MemoryBus(REGISTRY, topology=TOPOLOGY, options=options) as memory:
            yield memory
    else:
        url = request.getfixturevalue("amqp_url")
        async with RabbitMQBus(url, REGISTRY, topology=TOPOLOGY, options=options) as rabbit:
            yield rabbit


@pytest.fixture
async def bus(adapter: str, request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    async with opened(adapter, request) as bus:
        yield bus


@pytest.fixture
async def other(adapter: str, bus: Bus, request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """Another process's bus; in one process it is the same."""
    if adapter == "memory":
        yield bus
    else:
        async with opened(adapter, request) as other:
            yield other


async def declare(bus: Bus, queue: Queue) -> None:
    """A durable queue stays when its first consumer has gone."""
    async with bus.consume(queue, Recorder()):
        pass


# --- publishing -------------------------------------------------------------------------------------------------------


async def test_a_published_event_waits_for_its_consumer_and_arrives_as_the_same_model(bus: Bus, other: Bus) -> None:
    await bus.publish(Pedido(n=7))
    handler = Recorder()
    async with other.consume(TRABALHO, handler):
        await eventually(lambda: handler.events)
    assert handler.events == [Pedido(n=7)]
    (delivery,) = handler.deliveries
    assert (delivery.rota, delivery.queue) == ("teste.pedido", "teste.trabalho")
    assert (delivery.redelivered, delivery.delivery_count) == (False, 0)
    assert len(delivery.message_id) == 32


async def test_what_nobody_takes_is_returned_to_the_sender(bus: Bus) -> None:
    with pytest.raises(Unroutable, match=r"teste\.sem_fila"):
        await bus.publish(SemFila())
    with pytest.raises(Unroutable, match=r"scraper\.ninguem"):
        await bus.publish(Pedido(n=1), queue="scraper.ninguem")


async def test_of_many_each_is_told_apart_and_the_rest_is_sent(bus: Bus) -> None:
    messages = [encode(Pedido(n=1)), encode(SemFila()), encode(Pedido(n=2), queue="longe"), encode(Pedido(n=3))]
    answers = await bus.publish_many(messages)
    assert [type(answer) for answer in answers] == [type(None), Unroutable, Unroutable, type(None)]
    handler = Recorder()
    async with bus.consume(TRABALHO, handler):
        await eventually(lambda: handler.numbers == [1, 3])


async def test_an_addressed_event_reaches_its_queue_alone(bus: Bus, other: Bus) -> None:
    routed, addressed = Recorder(), Recorder()
    async with bus.consume(TRABALHO, routed), other.consume(SCRAPER, addressed):
        await bus.publish(Pedido(n=1), queue=SCRAPER.name)
        await bus.publish(Pedido(n=2))
        await eventually(lambda: routed.events and addressed.events)
    assert addressed.numbers == [1] and routed.numbers == [2]


async def test_every_exclusive_queue_gets_every_news_and_it_is_fine_if_none_is_there(bus: Bus, other: Bus) -> None:
    await bus.publish(Novidade(n=0))
    one, two, deaf = Recorder(), Recorder(), Recorder()
    async with (
        bus.consume(news_queue("gateway.um", "novas.teste"), one),
        other.consume(news_queue("gateway.dois", "novas.teste"), two),
        other.consume(news_queue("gateway.surda"), deaf),
    ):
        for n in range(1, 6):
            await bus.publish(Novidade(n=n))
        await eventually(lambda: len(one.events) == len(two.events) == 5)
    assert one.numbers == two.numbers == [1, 2, 3, 4, 5]
    assert not deaf.events
    await bus.publish(Novidade(n=6))


async def test_an_exclusive_queue_takes_replies_and_goes_with_its_consumer(bus: Bus, other: Bus) -> None:
    replies = news_queue("gateway.um.respostas")
    handler = Recorder()
    async with bus.consume(replies, handler):
        await other.publish(Pedido(n=1), queue=replies.name)
        await eventually(lambda: handler.events)

    async def refusal() -> BusError | None:
        (answer,) = await other.publish_many([encode(Pedido(n=2), queue=replies.name)])
        return answer

    # Over RabbitMQ it goes with the connection: the process that asked has ended.
    if isinstance(bus, RabbitMQBus):
        await bus.__aexit__(None, None, None)
    assert isinstance(await eventually(refusal), Unroutable)


# --- consuming --------------------------------------------------------------------------------------------------------


async def test_no_more_handlers_run_at_once_than_the_prefetch(bus: Bus) -> None:
    handler, sentinel = Recorder(), Recorder()
    handler.gate.clear()
    async with bus.consume(TRABALHO, handler, prefetch=3), bus.consume(SCRAPER, sentinel):
        await bus.publish_many([encode(Pedido(n=n)) for n in range(12)])
        await eventually(lambda: handler.in_hand == 3)
        await bus.publish(Pedido(n=99), queue=SCRAPER.name)
        await eventually(lambda: sentinel.events)
        assert handler.in_hand == 3
        handler.gate.set()
        await eventually(lambda: len(handler.done) == 12)
    assert handler.most_in_hand == 3


async def test_two_thousand_messages_arrive_in_their_order_with_a_prefetch_of_one(bus: Bus) -> None:
    handler = Recorder()
    async with bus.consume(TRABALHO, handler, prefetch=1):
        for n in range(0, 2000, 200):
            assert not any(await bus.publish_many([encode(Pedido(n=n + m)) for m in range(200)]))
        await eventually(lambda: len(handler.done) >= 2000, timeout_s=30)
    assert handler.done == list(range(2000))


async def test_two_consumers_share_a_work_queue(bus: Bus, other: Bus) -> None:
    one, two = Recorder(), Recorder()
    one.gate.clear()
    two.gate.clear()
    async with bus.consume(TRABALHO, one), other.consume(TRABALHO, two):
        await bus.publish_many([encode(Pedido(n=n)) for n in range(2)])
        await eventually(lambda: one.in_hand == two.in_hand == 1)
        one.gate.set()
        two.gate.set()
        await eventually(lambda: len(one.done + two.done) == 2)
    assert sorted(one.numbers + two.numbers) == [0, 1]


async def test_what_a_lost_consumer_had_in_hand_is_delivered_again(bus: Bus, other: Bus) -> None:
    stuck, heir = Recorder(), Recorder()
    stuck.gate.clear()

    async def consume() -> None:
        async with other.consume(TRABALHO, stuck):
            await asyncio.Event().wait()

    consumer = asyncio.create_task(consume())
    await bus.publish(Pedido(n=1))
    await eventually(lambda: stuck.in_hand)
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)
    async with bus.consume(TRABALHO, heir):
        await eventually(lambda: heir.events)
    assert heir.numbers == [1]
    assert (heir.deliveries[0].redelivered, heir.deliveries[0].delivery_count) == (True, 1)
    assert not stuck.done


async def test_a_stop_lets_the_handler_in_hand_end_and_leaves_the_rest_in_the_queue(bus: Bus) -> None:
    handler, heir = Recorder(), Recorder()
    handler.gate.clear()
    await bus.publish_many([encode(Pedido(n=n)) for n in range(3)])
    async with bus.consume(TRABALHO, handler):
        await eventually(lambda: handler.in_hand)
        asyncio.get_running_loop().call_later(0.1, handler.gate.set)
    assert handler.done == [0]
    async with bus.consume(TRABALHO, heir):
        await eventually(lambda: len(heir.done) == 2)
    assert [(d.redelivered, e.n) for d, e in zip(heir.deliveries, heir.events, strict=True)] == [(False, 1), (False, 2)]


async def test_a_stop_gives_back_in_order_what_does_not_end_in_time(bus: Bus) -> None:
    handler, heir = Recorder(), Recorder()
    handler.gate.clear()
    await bus.publish_many([encode(Pedido(n=n)) for n in range(4)])
    started = time.monotonic()
    async with bus.consume(TRABALHO, handler, prefetch=3):
        await eventually(lambda: handler.in_hand == 3)
    assert time.monotonic() - started < 5
    assert not handler.done and not handler.in_hand
    async with bus.consume(TRABALHO, heir):
        await eventually(lambda: len(heir.done) == 4)
    assert heir.done == [0, 1, 2, 3]


async def test_a_failed_message_comes_again_and_does_not_stop_the_others(bus: Bus) -> None:
    def once(event: Any, delivery: Delivery) -> Exception | None:
        return ValueError("stumbled") if event.n == 1 and delivery.delivery_count < 2 else None

    handler = Recorder(once)
    async with bus.consume(TRABALHO, handler):
        await bus.publish_many([encode(Pedido(n=n)) for n in range(3)])
        await eventually(lambda: sorted(handler.done) == [0, 1, 2])
    counts = [d.delivery_count for d, e in zip(handler.deliveries, handler.events, strict=True) if e.n == 1]
    assert counts == [0, 1, 2]
    assert await bus.dead_letters() == []


async def test_a_message_for_which_it_is_not_the_time_waits_in_hand_and_spends_nothing(bus: Bus) -> None:
    waited = iter(range(10))
    handler = Recorder(lambda event, delivery: NotNow("database away") if next(waited) < 8 else None)
    async with bus.consume(TRABALHO, handler):
        await bus.publish(Pedido(n=1))
        await eventually(lambda: handler.done == [1])
    assert {d.delivery_count for d in handler.deliveries} == {0}
    assert await bus.dead_letters() == []


async def test_the_trace_follows_the_work_from_message_to_message(bus: Bus) -> None:
    seen: list[str | None] = []

    async def forward(event: Any, delivery: Delivery) -> None:
        seen.append(current_traceparent())
        if event.n < 3:
            await bus.publish(Pedido(n=event.n + 1))

    async with bus.consume(TRABALHO, forward):
        with traced() as trace:
            await bus.publish(Pedido(n=1))
        await eventually(lambda: len(seen) == 3)
        await bus.publish(Pedido(n=3))
        await eventually(lambda: len(seen) == 4)
    assert seen[:3] == [trace] * 3
    assert seen[3] not in (None, trace)
    assert current_traceparent() is None


async def test_the_bus_is_alive_while_it_is_open(bus: Bus) -> None:
    async with bus.consume(TRABALHO, Recorder()):
        assert bus.is_alive()
    await bus.__aexit__(None, None, None)  # type: ignore[attr-defined]
    assert not bus.is_alive()


# --- dead letters -----------------------------------------------------------------------------------------------------


async def dead(bus: Bus, quantas: int = 1) -> list[DeadLetter]:
    async def found() -> list[DeadLetter]:
        mortas = await bus.dead_letters()
        return mortas if len(mortas) >= quantas else []

    return await eventually(found)


async def test_a_rejected_message_is_kept_with_its_reason(bus: Bus) -> None:
    async with bus.consume(TRABALHO, Recorder(lambda event, delivery: Reject("sem contrato 123.456.789-01"))):
        await bus.publish(Pedido(n=5))
        (morta,) = await dead(bus)
    assert (morta.rota, morta.fila, morta.motivo) == (
        "teste.pedido",
        "teste.trabalho",
        "sem contrato ***.456.789-**",
    )
    assert morta.evento == Pedido(n=5)
    assert Pedido.model_validate_json(morta.corpo) == Pedido(n=5)
    assert abs(morta.quando.timestamp() - time.time()) < 60


async def test_poison_is_dead_lettered_at_the_delivery_limit(bus: Bus) -> None:
    def poisoned(event: Any, delivery: Delivery) -> Exception | None:
        return ValueError("indigestível") if event.n == 1 else None

    handler = Recorder(poisoned)
    async with bus.consume(TRABALHO, handler, prefetch=2):
        await bus.publish_many([encode(Pedido(n=n)) for n in range(3)])
        (morta,) = await dead(bus)
        await eventually(lambda: sorted(handler.done) == [0, 2])
    assert morta.motivo == "ValueError: indigestível"
    assert handler.numbers.count(1) == TRABALHO.delivery_limit + 1


async def test_a_message_that_ends_its_consumers_is_dead_lettered_too(bus: Bus) -> None:
    """A crash leaves no exception behind: the queue itself counts."""
    await bus.publish(Pedido(n=1))

    async def crash() -> None:
        handler = Recorder()
        handler.gate.clear()
        async with bus.consume(TRABALHO, handler):
            await eventually(lambda: handler.in_hand)

    for _ in range(TRABALHO.delivery_limit + 1):
        await crash()
    (morta,) = await dead(bus)
    assert (morta.rota, morta.fila, morta.evento) == ("teste.pedido", "teste.trabalho", Pedido(n=1))
    assert morta.motivo == "entregue vezes demais: quem a recebia parou sem terminar"


@pytest.mark.parametrize(
    ("rota", "corpo", "motivo"),
    [
        ("teste.inventada", b"{}", "rota desconhecida: teste.inventada"),
        ("teste.pedido", b'{"versao": 2, "n": 1}', "versão desconhecida"),
        ("teste.pedido", b'{"versao": 1, "n": "52998224725x"}', "corpo inválido: n (int_parsing)"),
        ("teste.pedido", b'{"versao": 1}', "corpo inválido: n (missing)"),
        ("teste.pedido", b"\xff\x00 no JSON", "corpo inválido: JSON (json_invalid)"),
    ],
)
async def test_what_cannot_be_read_is_dead_lettered_and_the_next_is_handled(
    bus: Bus, rota: str, corpo: bytes, motivo: str
) -> None:
    handler = Recorder()
    async with bus.consume(TRABALHO, handler):
        assert await bus.publish_many([Message(rota, corpo, queue=TRABALHO.name)]) == [None]
        await bus.publish(Pedido(n=2))
        await eventually(lambda: handler.done == [2])
        (morta,) = await dead(bus)
    assert (morta.motivo, morta.rota, morta.corpo, morta.evento) == (motivo, rota, corpo, None)


async def test_the_gateway_hears_each_dead_letter_and_people_still_find_it(bus: Bus) -> None:
    heard = Recorder()
    async with (
        bus.consume(TRABALHO, Recorder(lambda event, delivery: Reject(f"não {event.n}"))),
        bus.consume(GATEWAY_MORTAS, heard),
    ):
        await bus.publish_many([encode(Pedido(n=n)) for n in range(2)])
        await eventually(lambda: len(heard.events) == 2)
    mortas = await dead(bus, 2)
    assert [(m.motivo, m.evento) for m in heard.events] == [("não 0", Pedido(n=0)), ("não 1", Pedido(n=1))]
    assert [(m.id, m.motivo, m.fila) for m in mortas] == [(m.id, m.motivo, m.fila) for m in heard.events]


async def test_listing_dead_letters_changes_nothing(bus: Bus) -> None:
    async with bus.consume(TRABALHO, Recorder(lambda event, delivery: Reject("não"))):
        await bus.publish_many([encode(Pedido(n=n)) for n in range(5)])
        todas = await dead(bus, 5)
    for _ in range(30):
        assert await bus.dead_letters() == todas
    assert await bus.dead_letters(limit=2) == todas[:2]
    assert [m.evento for m in todas] == [Pedido(n=n) for n in range(5)]


async def test_a_dead_letter_is_requeued_where_it_died_or_dropped(bus: Bus) -> None:
    async with bus.consume(TRABALHO, Recorder(lambda event, delivery: Reject("não"))):
        with traced() as trace:
            await bus.publish_many([encode(Pedido(n=n)) for n in range(3)])
        primeira, segunda, terceira = await dead(bus, 3)
    await bus.requeue_dead_letter(segunda.id)
    await bus.drop_dead_letter(primeira.id)
    assert [m.id for m in await bus.dead_letters()] == [terceira.id]
    handler = Recorder()
    async with bus.consume(TRABALHO, handler):
        await eventually(lambda: handler.done == [1])
    assert handler.deliveries[0].delivery_count == 0
    assert handler.deliveries[0].headers["traceparent"] == trace
    with pytest.raises(DeadLetterGone):
        await bus.requeue_dead_letter(segunda.id)
    with pytest.raises(DeadLetterGone):
        await bus.drop_dead_letter("nenhuma")


async def test_a_dead_letter_whose_queue_is_gone_stays(bus: Bus) -> None:
    replies = replace(news_queue("gateway.um.respostas"), dead_letters=True)
    async with bus.consume(replies, Recorder(lambda event, delivery: Reject("não"))):
        await bus.publish(Pedido(n=1), queue=replies.name)
        (morta,) = await dead(bus)
    if isinstance(bus, RabbitMQBus):  # its queue went with the connection
        await bus._current.close()  # type: ignore[union-attr]
        await eventually(bus.is_alive)
    with pytest.raises(Unroutable):
        await bus.requeue_dead_letter(morta.id)
    assert [m.id for m in await bus.dead_letters()] == [morta.id]


# --- what must not be kept --------------------------------------------------------------------------------------------


async def test_a_message_past_its_own_ttl_is_neither_delivered_nor_kept(bus: Bus) -> None:
    await declare(bus, SCRAPER)
    await bus.publish(Segredo(n=1), queue=SCRAPER.name, ttl_s=0.05)
    await bus.publish(Pedido(n=2), queue=SCRAPER.name)
    passed = time.monotonic() + 0.2
    await eventually(lambda: time.monotonic() > passed)
    handler = Recorder()
    async with bus.consume(SCRAPER, handler):
        await bus.publish(Segredo(n=3), queue=SCRAPER.name, ttl_s=60)
        await eventually(lambda: len(handler.done) == 2)
    assert handler.done == [2, 3]
    assert await bus.dead_letters() == []


async def test_a_message_with_a_ttl_is_dropped_where_another_would_be_kept(bus: Bus) -> None:
    def refuse(event: Any, delivery: Delivery) -> Exception:
        return Reject("não") if event.n % 2 else ValueError("defeito")

    handler = Recorder(refuse)
    unreadable = Message("teste.segredo", b"{", queue=SCRAPER.name, ttl_s=60)
    async with bus.consume(SCRAPER, handler):
        await bus.publish(Segredo(n=1), queue=SCRAPER.name, ttl_s=60)
        await bus.publish(Segredo(n=2), queue=SCRAPER.name, ttl_s=60)
        assert await bus.publish_many([unreadable]) == [None]
        await eventually(lambda: handler.numbers.count(2) == SCRAPER.delivery_limit + 1)
        await bus.publish(Pedido(n=3), queue=SCRAPER.name)
        mortas = await dead(bus)
    assert [m.evento for m in mortas] == [Pedido(n=3)]


async def test_old_heartbeats_vanish_and_refused_ones_are_not_kept(bus: Bus) -> None:
    await bus.publish(Sinal(n=1))
    passed = time.monotonic() + 0.4
    await eventually(lambda: time.monotonic() > passed)
    handler = Recorder(lambda event, delivery: Reject("não"))
    async with bus.consume(SINAIS, handler):
        await bus.publish(Sinal(n=2))
        await eventually(lambda: handler.events)
        await declare(bus, OUTRA)
    assert handler.numbers == [2]
    assert await bus.dead_letters() == []


@pytest.mark.parametrize("queue", [None, NAMER_PEDIDOS.name])
async def test_a_ttl_where_the_broker_dead_letters_is_refused_before_it_is_sent(bus: Bus, queue: str | None) -> None:
    with pytest.raises(ValueError, match="TTL"):
        await bus.publish(Segredo(n=1), queue=queue, ttl_s=60)


async def test_a_durable_queue_vanishes_when_its_owner_stays_away(bus: Bus) -> None:
    own = replace(SCRAPER, name="scraper.breve", expires_s=0.3)
    await declare(bus, own)
    await bus.publish(Pedido(n=1), queue=own.name)

    async def refusal() -> BusError | None:
        (answer,) = await bus.publish_many([encode(Pedido(n=2), queue=own.name)])
        return answer

    assert isinstance(await eventually(refusal), Unroutable)
