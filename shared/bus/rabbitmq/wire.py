"""Our messages as AMQP ones, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, DeliveryMode, HeadersType

from shared.bus import DeadLetter, Delivery, Message, Queue, Registry
from shared.bus.codec import Undecodable, decode
from shared.bus.settlement import DELIVERED_TOO_OFTEN, Received
from shared.bus.topology import NEWS_PREFIX
from shared.bus.trace import TRACEPARENT

_MOTIVO, _FILA, _QUANDO = "x-motivo", "x-fila", "x-quando"

# The broker's own reasons (`x-first-death-reason`), for what never came back to a handler of ours.
_BROKER_REASONS = {
    "delivery_limit": DELIVERED_TOO_OFTEN,
    "expired": "venceu sem ser entregue",
    "maxlen": "a fila estava cheia",
    "rejected": "recusada",
}


def to_amqp(message: Message) -> aio_pika.Message:
    """News are worth nothing after a restart of the broker; all else is written to disk before it is confirmed."""
    is_news = message.queue is None and message.rota.startswith(NEWS_PREFIX)
    headers: HeadersType = dict(message.headers)
    return aio_pika.Message(
        message.corpo,
        headers=headers,
        type=message.rota,
        message_id=message.id,
        content_type="application/json",
        delivery_mode=DeliveryMode.NOT_PERSISTENT if is_news else DeliveryMode.PERSISTENT,
        expiration=message.ttl_s,
    )


def to_dead_letter(message: AbstractIncomingMessage, queue: Queue, motivo: str) -> aio_pika.Message:
    """The message as the dead-letter exchange gets it from us: with its reason, where and when."""
    headers: HeadersType = {
        **_texts(message.headers),
        _MOTIVO: motivo,
        _FILA: queue.name,
        _QUANDO: datetime.now(UTC).isoformat(),
    }
    return aio_pika.Message(
        message.body,
        headers=headers,
        type=message.type or "",
        message_id=message.message_id,
        content_type="application/json",
        delivery_mode=DeliveryMode.PERSISTENT,
    )


def revived(morta: DeadLetter, headers: HeadersType) -> Message:
    """A dead letter as a new message, in its old trace, for the queue it died in."""
    trace = {TRACEPARENT: str(headers[TRACEPARENT])} if TRACEPARENT in headers else {}
    return Message(morta.rota, morta.corpo, queue=morta.fila, headers=trace)


def read_dead_letter(message: AbstractIncomingMessage, registry: Registry) -> DeadLetter:
    headers, rota = message.headers, message.type or ""
    try:
        evento = decode(registry, rota, message.body)
    except Undecodable:
        evento = None
    razao = str(headers.get("x-first-death-reason", ""))
    return DeadLetter(
        id=message.message_id or "",
        rota=rota,
        motivo=str(headers.get(_MOTIVO) or _BROKER_REASONS.get(razao, razao)),
        fila=str(headers.get(_FILA) or headers.get("x-first-death-queue", "")),
        corpo=message.body,
        quando=_when(headers),
        evento=evento,
    )


def _when(headers: Mapping[str, object]) -> datetime:
    match headers.get(_QUANDO), headers.get("x-death"):
        case str(quando), _:
            return datetime.fromisoformat(quando)
        case _, [{"time": datetime() as quando}, *_]:
            return quando if quando.tzinfo else quando.replace(tzinfo=UTC)
        case _:
            return datetime.now(UTC)


def to_received(message: AbstractIncomingMessage, queue: Queue, registry: Registry) -> Received:
    delivery = Delivery(
        message_id=message.message_id or "",
        rota=message.type or "",
        queue=queue.name,
        redelivered=bool(message.redelivered),
        delivery_count=_delivery_count(message),
        headers=_texts(message.headers),
    )
    morta = read_dead_letter(message, registry) if queue.holds_dead_letters else None
    return Received(delivery, message.body, has_ttl=message.expiration is not None, dead_letter=morta)


def _delivery_count(message: AbstractIncomingMessage) -> int:
    """Quorum queues count; of a classic one we know only whether this is the first time."""
    match message.headers.get("x-delivery-count"):
        case int(contadas):
            return max(contadas, int(bool(message.redelivered)))
        case _:
            return int(bool(message.redelivered))


def _texts(headers: Mapping[str, object]) -> dict[str, str]:
    """Those that we or other senders wrote: not the broker's counters and tables."""
    return {nome: valor for nome, valor in headers.items() if isinstance(valor, str) and not nome.startswith("x-")}
