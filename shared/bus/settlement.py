"""What becomes of a message in hand: one rule for both adapters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto

from pydantic import BaseModel

from shared.bus import BusOptions, DeadLetter, Delivery, Handler, NotNow, Queue, Registry, Reject
from shared.bus.codec import Undecodable, decode
from shared.bus.trace import TRACEPARENT, traced
from shared.contrato import mask_documentos

log = logging.getLogger(__name__)

# The reason for what never came back to a handler of ours: its consumers ended with it in hand, time and again.
DELIVERED_TOO_OFTEN = "entregue vezes demais: quem a recebia parou sem terminar"

_MOTIVO_MAX = 500


class Fate(Enum):
    DONE = auto()
    AGAIN = auto()
    DEAD = auto()
    DROPPED = auto()


@dataclass(frozen=True)
class Verdict:
    fate: Fate
    motivo: str = ""


@dataclass(frozen=True)
class Received:
    """A delivery with its raw body. has_ttl: it carries a TTL of its own, so it is never kept as a dead letter."""

    delivery: Delivery
    corpo: bytes
    has_ttl: bool = False
    dead_letter: DeadLetter | None = None


async def settle(
    received: Received, queue: Queue, handler: Handler, registry: Registry, options: BusOptions
) -> Verdict:
    """Decode, call the handler, decide. Raises nothing but CancelledError: then the message is still unsettled."""
    verdict = await _judge(received, queue, handler, registry, options)
    if verdict.fate is Fate.DEAD and (received.has_ttl or not queue.dead_letters):
        verdict = Verdict(Fate.DROPPED, verdict.motivo)
    if verdict.fate in (Fate.DEAD, Fate.DROPPED):
        entrega = received.delivery
        log.error("message %s: %s from %s: %s", verdict.fate.name.lower(), entrega.rota, queue.name, verdict.motivo)
    return verdict


async def _judge(
    received: Received, queue: Queue, handler: Handler, registry: Registry, options: BusOptions
) -> Verdict:
    delivery = received.delivery
    try:
        event = received.dead_letter or decode(registry, delivery.rota, received.corpo)
    except Undecodable as erro:
        return Verdict(Fate.DEAD, str(erro))
    with traced(delivery.headers.get(TRACEPARENT)):
        try:
            await _call(handler, event, delivery, options)
        except Reject as recusa:
            return Verdict(Fate.DEAD, _text(recusa.motivo))
        except Exception as erro:  # edge: bus consumer
            log.exception("handler of %s failed on delivery %d", delivery.rota, delivery.delivery_count + 1)
            if delivery.delivery_count >= queue.delivery_limit:
                return Verdict(Fate.DEAD, _text(f"{type(erro).__name__}: {erro}"))
            await asyncio.sleep(pause_s(delivery.delivery_count, options))
            return Verdict(Fate.AGAIN)
    return Verdict(Fate.DONE)


async def _call(handler: Handler, event: BaseModel | DeadLetter, delivery: Delivery, options: BusOptions) -> None:
    tries = 0
    while True:
        try:
            return await handler(event, delivery)
        except NotNow as motivo:
            log.warning("%s waits: %s", delivery.rota, motivo)
            await asyncio.sleep(pause_s(tries, options))
            tries += 1


def pause_s(tries: int, options: BusOptions) -> float:
    return min(options.pause_first_s * 2.0 ** min(tries, 30), options.pause_most_s)


def _text(motivo: str) -> str:
    return mask_documentos(motivo)[:_MOTIVO_MAX]


class Hands:
    """The handlers of one consumer at work: at most `prefetch`, also across a reconnection; waited for at its end."""

    def __init__(self, prefetch: int) -> None:
        self._slots = asyncio.Semaphore(prefetch)
        self._tasks: set[asyncio.Task[None]] = set()

    async def free(self) -> None:
        """Wait until a slot is free, and hold it for the `start` that follows."""
        await self._slots.acquire()

    def release(self) -> None:
        """Give back the slot that `free` took, nothing having been started."""
        self._slots.release()

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        await work()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()
        if not task.cancelled() and (erro := task.exception()):
            log.error("settling a message failed", exc_info=erro)

    async def stop(self, timeout_s: float) -> None:
        """Let the handlers end; cancel those that take longer."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
