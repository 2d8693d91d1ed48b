"""The bus, as the services see it: typed messages out, typed messages in, at least once, each settled or dead-lettered.

Two adapters keep this promise, shown by one test suite: `rabbitmq.RabbitMQBus` and `memory.MemoryBus`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from pydantic import BaseModel

from shared.bus.topology import Queue

__all__ = [
    "Bus",
    "BusError",
    "BusOptions",
    "BusUnavailable",
    "DeadLetter",
    "DeadLetterGone",
    "Delivery",
    "Handler",
    "Message",
    "NotNow",
    "Queue",
    "Registry",
    "Reject",
    "Unroutable",
]

# rota → the model of its messages: shared.events.EVENTOS.
Registry = Mapping[str, type[BaseModel]]


class BusError(Exception):
    """A message was not taken over by the bus: it is still the sender's."""


class Unroutable(BusError):
    """No queue takes the message: the addressed queue is gone, or nobody has declared one for its route."""


class BusUnavailable(BusError):
    """The broker did not answer, or did not confirm, within the time set. Sending again later is safe."""


class DeadLetterGone(BusError):
    """No dead letter has this id any more."""


class Reject(Exception):
    """Raised by a handler: this message can never be handled. It is dead-lettered with `motivo` (pt-BR, no CPF)."""

    def __init__(self, motivo: str) -> None:
        super().__init__(motivo)
        self.motivo = motivo


class NotNow(Exception):
    """Raised by a handler: the world is at fault (database away), not the message.

    The message stays in hand and the handler is called again after a growing pause. It spends none of the
    deliveries that poison is allowed, and holds back its prefetch slot: that is the back-pressure.
    """


@dataclass(frozen=True)
class Message:
    """An encoded message, as an outbox keeps it. `codec.encode(event)` makes one.

    queue: straight to this queue; None: by its route. ttl_s: dropped, never dead-lettered, when older than that;
    only for queues that do not dead-letter at the broker (a scraper's own, an exclusive one).
    id: of this sending, unique; the event's own id is in the body.
    """

    rota: str
    corpo: bytes
    queue: str | None = None
    ttl_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Delivery:
    """What the bus knows of a message in hand. delivery_count: how often it was handed out before this time."""

    message_id: str
    rota: str
    queue: str
    redelivered: bool
    delivery_count: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeadLetter:
    """A message that could not be handled. evento: None where the body cannot be read. fila: where it died."""

    id: str
    rota: str
    motivo: str
    fila: str
    corpo: bytes
    quando: datetime
    evento: BaseModel | None = None


# (event, delivery): the event is the model of its route, or a DeadLetter from a queue that holds those.
# Returning acknowledges; Reject and NotNow are above; any other exception hands the message back, after a short
# pause, until the queue's delivery limit dead-letters it.
Handler = Callable[[Any, Delivery], Awaitable[None]]


@dataclass(frozen=True)
class BusOptions:
    """Times in seconds.

    connect_timeout_s: to the first connection. publish_timeout_s: to the broker's confirm, reconnecting included.
    stop_timeout_s: for the handlers in hand when a consumer stops. pause_*: before a failed message is handed back.
    reconnect_*: between attempts, with jitter. watchdog_s: how often each consumer is looked for at the broker.
    """

    connect_timeout_s: float = 30.0
    publish_timeout_s: float = 10.0
    stop_timeout_s: float = 20.0
    pause_first_s: float = 0.05
    pause_most_s: float = 5.0
    reconnect_first_s: float = 0.2
    reconnect_most_s: float = 5.0
    watchdog_s: float = 10.0
    heartbeat_s: int = 20


class Bus(Protocol):
    """Opened and closed by its composition root: `async with RabbitMQBus(...) as bus`."""

    async def publish(self, event: BaseModel, *, queue: str | None = None, ttl_s: float | None = None) -> None:
        """Send one event and wait for the broker's confirm. Raises Unroutable, BusUnavailable.

        Routes under `novas.` go to whoever listens, and nobody listening is fine.
        """

    async def publish_many(self, messages: Sequence[Message]) -> list[BusError | None]:
        """Send all, confirms gathered; the answer has, in their order, None for sent or why not."""

    def consume(self, queue: Queue, handler: Handler, *, prefetch: int = 1) -> AbstractAsyncContextManager[None]:
        """Declare the queue and handle its messages, up to `prefetch` at once, while the context is open.

        Leaving it stops gracefully: no new messages, the handlers in hand get `stop_timeout_s`, the rest goes back.
        """

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """The oldest first; they stay where they are."""

    async def requeue_dead_letter(self, id: str) -> None:
        """Back to the queue it died in, as new. Raises DeadLetterGone, or Unroutable when that queue is gone."""

    async def drop_dead_letter(self, id: str) -> None:
        """Remove it for good. Raises DeadLetterGone."""

    def is_alive(self) -> bool:
        """Connected, and every consumer is consuming."""
