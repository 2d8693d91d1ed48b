"""The bus inside one process: the same promises as RabbitMQ's, kept until the process ends.

`canopus up` gives one instance to all three services. What is lost with the process is put back from the database.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count, takewhile
from types import TracebackType
from typing import Self

from pydantic import BaseModel

from shared.bus import (
    BusError,
    BusOptions,
    BusUnavailable,
    DeadLetter,
    DeadLetterGone,
    Delivery,
    Handler,
    Message,
    Queue,
    Registry,
    Unroutable,
)
from shared.bus.codec import Undecodable, decode, encode
from shared.bus.settlement import DELIVERED_TOO_OFTEN, Fate, Hands, Received, Verdict, settle
from shared.bus.topology import MORTAS, NEWS_PREFIX, TOPOLOGY, check_ttl


@dataclass(frozen=True)
class _Stored:
    message: Message
    place: int
    expires_at: float | None = None
    delivery_count: int = 0
    dead_letter: DeadLetter | None = None

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and time.monotonic() >= self.expires_at


class _Box:
    """One queue and its waiting messages."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.waiting: deque[_Stored] = deque()
        self.consumers = 0
        self.unused_since = time.monotonic()
        self._filled = asyncio.Event()
        self._places = count()

    @property
    def has_vanished(self) -> bool:
        expires_s = self.queue.expires_s
        return expires_s is not None and not self.consumers and time.monotonic() - self.unused_since >= expires_s

    def put(self, message: Message, dead_letter: DeadLetter | None = None) -> None:
        ttls = [ttl for ttl in (message.ttl_s, self.queue.message_ttl_s) if ttl is not None]
        expires_at = time.monotonic() + min(ttls) if ttls else None
        self.waiting.append(_Stored(message, next(self._places), expires_at, dead_letter=dead_letter))
        self._filled.set()

    def put_back(self, stored: _Stored) -> None:
        """To the place it had: before all that came later."""
        before = sum(1 for _ in takewhile(lambda other: other.place < stored.place, self.waiting))
        self.waiting.insert(before, replace(stored, delivery_count=stored.delivery_count + 1))
        self._filled.set()

    async def take(self) -> _Stored:
        while True:
            while self.waiting:
                stored = self.waiting.popleft()
                if not stored.is_expired:
                    return stored
            self._filled.clear()
            await self._filled.wait()


class MemoryBus:
    def __init__(
        self, registry: Registry, *, topology: tuple[Queue, ...] = TOPOLOGY, options: BusOptions | None = None
    ) -> None:
        self._registry = registry
        self._topology = topology
        self._options = options or BusOptions()
        self._boxes: dict[str, _Box] = {}
        self._consumers: set[asyncio.Task[None]] = set()
        self._open = False

    async def __aenter__(self) -> Self:
        for queue in (*self._topology, MORTAS):
            self._declare(queue)
        self._open = True
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open = False

    def is_alive(self) -> bool:
        return self._open and not any(consumer.done() for consumer in self._consumers)

    async def publish(self, event: BaseModel, *, queue: str | None = None, ttl_s: float | None = None) -> None:
        for erro in await self.publish_many([encode(event, queue=queue, ttl_s=ttl_s)]):
            if erro:
                raise erro

    async def publish_many(self, messages: Sequence[Message]) -> list[BusError | None]:
        answers = [self._route(message) for message in messages]
        await asyncio.sleep(0)  # a sender in a loop lets the consumers run, as one that waits for a socket does
        return answers

    def _route(self, message: Message) -> BusError | None:
        if not self._open:
            return BusUnavailable("o barramento está fechado")
        if message.ttl_s is not None:
            check_ttl(message.queue, self._topology)
        boxes = [box for box in self._living() if self._takes(box.queue, message)]
        for box in boxes:
            box.put(message)
        if boxes or (message.queue is None and message.rota.startswith(NEWS_PREFIX)):
            return None
        return Unroutable(f"nenhuma fila recebe {message.rota} ({message.queue or 'por rota'})")

    def _takes(self, queue: Queue, message: Message) -> bool:
        return queue.name == message.queue if message.queue is not None else message.rota in queue.routes

    def _living(self) -> list[_Box]:
        for name in [name for name, box in self._boxes.items() if box.has_vanished]:
            del self._boxes[name]
        return list(self._boxes.values())

    def _declare(self, queue: Queue) -> _Box:
        self._living()
        return self._boxes.setdefault(queue.name, _Box(queue))

    @asynccontextmanager
    async def consume(self, queue: Queue, handler: Handler, *, prefetch: int = 1) -> AsyncIterator[None]:
        box, hands = self._declare(queue), Hands(prefetch)
        box.consumers += 1
        consumer = asyncio.create_task(self._feed(box, handler, hands), name=f"consumer {queue.name}")
        self._consumers.add(consumer)
        try:
            yield
        finally:
            consumer.cancel()
            await asyncio.gather(consumer, return_exceptions=True)
            self._consumers.discard(consumer)
            await hands.stop(self._options.stop_timeout_s)
            box.consumers -= 1
            box.unused_since = time.monotonic()
            if queue.exclusive and not box.consumers:
                self._boxes.pop(queue.name, None)

    async def _feed(self, box: _Box, handler: Handler, hands: Hands) -> None:
        while True:
            await hands.free()
            try:
                stored = await box.take()
            except asyncio.CancelledError:
                hands.release()
                raise
            hands.start(partial(self._handle, box, handler, stored))

    async def _handle(self, box: _Box, handler: Handler, stored: _Stored) -> None:
        verdict = Verdict(Fate.AGAIN)  # what becomes of it when this task is cancelled
        try:
            verdict = await settle(_received(stored, box.queue), box.queue, handler, self._registry, self._options)
        finally:
            match verdict.fate:
                case Fate.AGAIN:
                    self._give_back(box, stored)
                case Fate.DEAD:
                    self._bury(stored.message, box.queue, verdict.motivo)
                case Fate.DONE | Fate.DROPPED:
                    pass

    def _give_back(self, box: _Box, stored: _Stored) -> None:
        """Handed out again, or, past the limit, what the broker would do."""
        if stored.delivery_count < box.queue.delivery_limit:
            box.put_back(stored)
        elif box.queue.broker_dead_letters:
            self._bury(stored.message, box.queue, DELIVERED_TOO_OFTEN)

    def _bury(self, message: Message, queue: Queue, motivo: str) -> None:
        try:
            evento = decode(self._registry, message.rota, message.corpo)
        except Undecodable:
            evento = None
        morta = DeadLetter(message.id, message.rota, motivo, queue.name, message.corpo, datetime.now(UTC), evento)
        for box in self._living():
            if box.queue.holds_dead_letters:
                box.put(message, morta)

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        return [s.dead_letter for s in self._boxes[MORTAS.name].waiting if s.dead_letter][:limit]

    async def requeue_dead_letter(self, id: str) -> None:
        stored = self._find(id)
        assert stored.dead_letter
        if erro := self._route(replace(stored.message, queue=stored.dead_letter.fila)):
            raise erro
        self._boxes[MORTAS.name].waiting.remove(stored)

    async def drop_dead_letter(self, id: str) -> None:
        self._boxes[MORTAS.name].waiting.remove(self._find(id))

    def _find(self, id: str) -> _Stored:
        for stored in self._boxes[MORTAS.name].waiting:
            if stored.dead_letter and stored.dead_letter.id == id:
                return stored
        raise DeadLetterGone(id)


def _received(stored: _Stored, queue: Queue) -> Received:
    message = stored.message
    delivery = Delivery(
        message_id=message.id,
        rota=message.rota,
        queue=queue.name,
        redelivered=stored.delivery_count > 0,
        delivery_count=stored.delivery_count,
        headers=message.headers,
    )
    return Received(delivery, message.corpo, message.ttl_s is not None, stored.dead_letter)
