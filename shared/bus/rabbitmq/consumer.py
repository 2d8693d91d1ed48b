"""One consumer: on a channel of its own, watched, consuming again after every loss until it is stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

from shared.bus import BusOptions, Handler, Queue, Registry
from shared.bus.rabbitmq.link import Link, Lost, backoff_s, broker_errors, declare
from shared.bus.rabbitmq.wire import to_dead_letter, to_received
from shared.bus.settlement import Fate, Hands, settle

log = logging.getLogger(__name__)

_CHANNEL_TIMEOUT_S = 10.0


class Consumer:
    """Invariant: at most `prefetch` handlers run, also while the messages of a lost channel are still in hand."""

    def __init__(
        self,
        queue: Queue,
        handler: Handler,
        prefetch: int,
        registry: Registry,
        options: BusOptions,
        link: Callable[[], Awaitable[Link]],
    ) -> None:
        self._queue = queue
        self._handler = handler
        self._prefetch = prefetch
        self._registry = registry
        self._options = options
        self._link = link
        self._hands = Hands(prefetch)
        self._stopping = False
        self._declared: AbstractQueue | None = None
        self._tag = ""
        self.started = asyncio.Event()
        self.is_alive = False
        self.last_problem = ""

    async def run(self) -> None:
        """Until cancelled; then the channel closes, and what is unsettled goes back to the queue."""
        attempt = 0
        while not self._stopping:
            link = await self._link()
            try:
                await self._consume(link)
            except Lost as perda:
                self.last_problem = str(perda)
                log.warning("consumer of %s lost: %s", self._queue.name, perda)
            attempt = 0 if self.is_alive else attempt + 1
            self.is_alive = False
            await asyncio.sleep(backoff_s(attempt, self._options))

    async def _consume(self, link: Link) -> None:
        async with broker_errors(_CHANNEL_TIMEOUT_S):
            channel = await link.connection.channel(publisher_confirms=False)
        try:
            async with broker_errors(_CHANNEL_TIMEOUT_S):
                await channel.set_qos(prefetch_count=self._prefetch)
                declared = await declare(channel, self._queue)
                ended = await self._listen_for_its_end(channel)
                self._tag = await declared.consume(partial(self._receive, link))
            self._declared = declared
            self.is_alive = True
            self.started.set()
            await self._watch(declared, ended)
        finally:
            self._declared = None
            with suppress(Lost):
                async with broker_errors(_CHANNEL_TIMEOUT_S):
                    await channel.close()

    async def _listen_for_its_end(self, channel: AbstractChannel) -> asyncio.Event:
        """Set when the channel closes, or when the broker cancels the consumer (its queue was deleted)."""
        ended = asyncio.Event()
        channel.close_callbacks.add(lambda *_: ended.set())
        (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(lambda _: ended.set())
        return ended

    async def _watch(self, declared: AbstractQueue, ended: asyncio.Event) -> None:
        """Return only by Lost: told of the end, or finding at the broker that nobody consumes the queue."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.watchdog_s):
                    await ended.wait()
            if self._stopping and not declared.channel.is_closed:
                await asyncio.Event().wait()  # `stop` cancelled the consumer and ends this task itself
            if ended.is_set():
                raise Lost("canal fechado ou consumo cancelado pelo RabbitMQ")
            async with broker_errors(_CHANNEL_TIMEOUT_S):
                seen = await declared.channel.declare_queue(self._queue.name, passive=True)
            if not seen.declaration_result.consumer_count:
                raise Lost("o RabbitMQ não conhece mais este consumidor")

    async def _receive(self, link: Link, message: AbstractIncomingMessage) -> None:
        await self._hands.free()
        if self._stopping:
            self._hands.release()  # unsettled: it goes back when the channel closes
        else:
            self._hands.start(partial(self._handle, link, message))

    async def _handle(self, link: Link, message: AbstractIncomingMessage) -> None:
        received = to_received(message, self._queue, self._registry)
        verdict = await settle(received, self._queue, self._handler, self._registry, self._options)
        try:
            match verdict.fate:
                case Fate.AGAIN:
                    await self._give_back(message)
                case Fate.DEAD:
                    await self._bury(link, message, verdict.motivo)
                case Fate.DONE | Fate.DROPPED:
                    await self._acknowledge(message)
        except Lost as perda:
            log.info("%s will be redelivered by %s: %s", message.type, self._queue.name, perda)

    async def _bury(self, link: Link, message: AbstractIncomingMessage, motivo: str) -> None:
        """Kept as a dead letter first, then acknowledged: in between it may double, never vanish."""
        try:
            await link.bury(to_dead_letter(message, self._queue, motivo))
        except Lost:
            await self._give_back(message)
        else:
            await self._acknowledge(message)

    async def _acknowledge(self, message: AbstractIncomingMessage) -> None:
        async with broker_errors(_CHANNEL_TIMEOUT_S):
            await message.ack()

    async def _give_back(self, message: AbstractIncomingMessage) -> None:
        """`reject` and not `nack`: from RabbitMQ 4.3 on only the former counts towards the delivery limit."""
        async with broker_errors(_CHANNEL_TIMEOUT_S):
            await message.reject(requeue=True)

    async def stop(self) -> None:
        """No new messages; the handlers in hand get their time. The task of `run` is cancelled afterwards."""
        self._stopping = True
        if self._declared is not None:
            with suppress(Lost):
                async with broker_errors(_CHANNEL_TIMEOUT_S):
                    await self._declared.cancel(self._tag)
        await self._hands.stop(self._options.stop_timeout_s)
