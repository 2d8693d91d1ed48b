"""The bus over RabbitMQ: confirmed, mandatory publishing, and consumers that come back after every loss."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from aio_pika.abc import AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import PublishError
from pydantic import BaseModel
from yarl import URL

from shared.bus import (
    BusError,
    BusOptions,
    BusUnavailable,
    DeadLetter,
    DeadLetterGone,
    Handler,
    Message,
    Queue,
    Registry,
    Unroutable,
)
from shared.bus.codec import encode
from shared.bus.rabbitmq.consumer import Consumer
from shared.bus.rabbitmq.link import Link, Lost, Refused, backoff_s, broker_errors
from shared.bus.rabbitmq.wire import read_dead_letter, revived
from shared.bus.topology import MORTAS, TOPOLOGY, check_ttl

log = logging.getLogger(__name__)

# Confirms awaited at once: more gains nothing, and bounds what a lost connection leaves in doubt.
_BATCH = 500


class RabbitMQBus:
    """One connection for one process. `name` is what the broker's tools show."""

    def __init__(
        self,
        url: str,
        registry: Registry,
        *,
        name: str = "canopus",
        topology: tuple[Queue, ...] = TOPOLOGY,
        options: BusOptions | None = None,
    ) -> None:
        self._options = options or BusOptions()
        self._url = _with_heartbeat(URL(url), self._options.heartbeat_s)
        self._registry = registry
        self._name = name
        self._topology = topology
        self._current: Link | None = None
        self._up = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._consumers: set[Consumer] = set()
        self._reading_dead = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Raises BusUnavailable, in one pt-BR line without the password."""
        self._connected(await self._first_link())
        self._keeper = asyncio.create_task(self._keep_connected(), name="bus connection")
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self._up.clear()
        if self._current:
            await self._current.close()

    def is_alive(self) -> bool:
        return self._is_connected and all(consumer.is_alive for consumer in self._consumers)

    @property
    def _is_connected(self) -> bool:
        return self._up.is_set() and self._current is not None and not self._current.lost.is_set()

    # --- the connection ----------------------------------------------------------------------------------------------

    async def _first_link(self) -> Link:
        deadline = asyncio.get_running_loop().time() + self._options.connect_timeout_s
        attempt = 0
        while True:
            try:
                return await self._open_link()
            except Lost as perda:
                pause_s = backoff_s(attempt, self._options)
                if isinstance(perda, Refused) or asyncio.get_running_loop().time() + pause_s > deadline:
                    raise BusUnavailable(f"RabbitMQ em {self._place}: {perda}. Confira CANOPUS_AMQP_URL.") from perda
            attempt += 1
            await asyncio.sleep(pause_s)

    @property
    def _place(self) -> str:
        return f"{self._url.host}:{self._url.port}{self._url.path}"

    async def _open_link(self) -> Link:
        return await Link.open(self._url, self._name, self._topology, self._options)

    def _connected(self, link: Link) -> None:
        self._current = link
        self._up.set()

    async def _keep_connected(self) -> None:
        attempt = 0
        while True:
            if self._current:
                await self._current.lost.wait()
                self._up.clear()
                log.warning("connection to RabbitMQ at %s lost", self._place)
                await self._current.close()
                self._current = None
            await asyncio.sleep(backoff_s(attempt, self._options))
            try:
                self._connected(await self._open_link())
            except Lost as perda:
                attempt += 1
                log.warning("RabbitMQ at %s: %s", self._place, perda)
            else:
                attempt = 0
                log.info("connected again to RabbitMQ at %s", self._place)

    async def _link(self) -> Link:
        """The living connection, waited for."""
        while True:
            await self._up.wait()
            if self._current and not self._current.lost.is_set():
                return self._current
            await asyncio.sleep(0.01)  # lost a moment ago: the keeper has not run yet

    # --- publishing --------------------------------------------------------------------------------------------------

    async def publish(self, event: BaseModel, *, queue: str | None = None, ttl_s: float | None = None) -> None:
        for erro in await self.publish_many([encode(event, queue=queue, ttl_s=ttl_s)]):
            if erro:
                raise erro

    async def publish_many(self, messages: Sequence[Message]) -> list[BusError | None]:
        for message in messages:
            if message.ttl_s is not None:
                check_ttl(message.queue, self._topology)
        deadline = asyncio.get_running_loop().time() + self._options.publish_timeout_s
        answers: list[BusError | None] = []
        for start in range(0, len(messages), _BATCH):
            batch = messages[start : start + _BATCH]
            answers += await asyncio.gather(*(self._send(message, deadline) for message in batch))
        return answers

    async def _send(self, message: Message, deadline: float) -> BusError | None:
        """Confirmed, or tried again on the next connection until the deadline: it may then arrive twice."""
        link, motivo = None, "sem conexão"
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    link = await self._link()
                    try:
                        await link.publish(message)
                        return None
                    except PublishError:
                        return Unroutable(f"nenhuma fila recebe {message.rota} ({message.queue or 'por rota'})")
                    except Lost as perda:
                        motivo = str(perda)
                    await asyncio.sleep(backoff_s(0, self._options))
        except TimeoutError:
            if link is not None and not link.lost.is_set():
                motivo = f"sem resposta em {self._options.publish_timeout_s:g} s"
                link.drop_if_silent()
            return BusUnavailable(f"RabbitMQ em {self._place} não confirmou {message.rota}: {motivo}")

    # --- consuming ---------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def consume(self, queue: Queue, handler: Handler, *, prefetch: int = 1) -> AsyncIterator[None]:
        consumer = Consumer(queue, handler, prefetch, self._registry, self._options, self._link)
        task = asyncio.create_task(consumer.run(), name=f"consumer {queue.name}")
        try:
            await self._wait_started(queue, consumer)
            self._consumers.add(consumer)
            yield
        finally:
            self._consumers.discard(consumer)
            try:
                await consumer.stop()
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _wait_started(self, queue: Queue, consumer: Consumer) -> None:
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                await consumer.started.wait()
        except TimeoutError:
            raise BusUnavailable(f"RabbitMQ em {self._place}: fila {queue.name}: {consumer.last_problem}") from None

    # --- dead letters ------------------------------------------------------------------------------------------------
    # Reading takes them in hand, unacknowledged, and closing the channel puts them back in their order. Two processes
    # that read at the same moment may each see a part.

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        async with self._dead_queue() as queue:
            return [read_dead_letter(message, self._registry) async for message in _taken(queue, limit)]

    async def requeue_dead_letter(self, id: str) -> None:
        async with self._dead_queue() as queue:
            message = await _find(queue, id)
            morta = read_dead_letter(message, self._registry)
            (erro,) = await self.publish_many([revived(morta, message.headers)])
            if erro:
                raise erro
            await message.ack()

    async def drop_dead_letter(self, id: str) -> None:
        async with self._dead_queue() as queue:
            await (await _find(queue, id)).ack()

    @asynccontextmanager
    async def _dead_queue(self) -> AsyncIterator[AbstractQueue]:
        timeout_s = self._options.publish_timeout_s
        try:
            async with self._reading_dead, broker_errors(2 * timeout_s):
                link = await self._link()
                channel = await link.connection.channel(publisher_confirms=False)
                try:
                    yield await channel.get_queue(MORTAS.name, ensure=False)
                finally:
                    await channel.close()
        except Lost as perda:
            raise BusUnavailable(f"RabbitMQ em {self._place}: {perda}") from perda


def _with_heartbeat(url: URL, heartbeat_s: int) -> URL:
    return url if "heartbeat" in url.query else url.update_query(heartbeat=heartbeat_s)


async def _taken(queue: AbstractQueue, limit: int | None = None) -> AsyncIterator[AbstractIncomingMessage]:
    taken = 0
    while (limit is None or taken < limit) and (message := await queue.get(fail=False)):
        taken += 1
        yield message


async def _find(queue: AbstractQueue, id: str) -> AbstractIncomingMessage:
    async for message in _taken(queue):
        if message.message_id == id:
            return message
    raise DeadLetterGone(id)
