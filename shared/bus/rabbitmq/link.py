"""One connection to the broker for as long as it lives; the bus opens another when it is lost.

aio-pika's own robust connection is not used: it is known to come back without consumers. Here nothing is restored,
everything is declared and consumed anew.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractQueue, ExchangeType
from aio_pika.exceptions import AuthenticationError, ProbableAuthenticationError, PublishError
from yarl import URL

from shared.bus import BusError, BusOptions, Message, Queue
from shared.bus.rabbitmq.wire import to_amqp
from shared.bus.topology import EXCHANGE, EXCHANGE_DEAD, EXCHANGE_NEWS, MORTAS, exchange_of

log = logging.getLogger(__name__)


class Lost(Exception):
    """The broker, the connection or the channel failed: what was under way may or may not have happened."""


class Refused(Lost):
    """The broker does not accept our user or password: trying again is no use."""


@asynccontextmanager
async def broker_errors(timeout_s: float) -> AsyncIterator[None]:
    """Around calls of the client library alone: every way in which they fail becomes Lost; PublishError passes."""
    task = asyncio.current_task()
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except (PublishError, Lost, BusError):
        raise
    except (AuthenticationError, ProbableAuthenticationError) as erro:
        raise Refused("usuário ou senha recusados") from erro
    except TimeoutError as erro:
        raise Lost(f"sem resposta em {timeout_s:g} s") from erro
    except asyncio.CancelledError as erro:
        # A closing connection cancels the library's own futures: only when nobody cancelled *us* is it that.
        if task is None or task.cancelling():
            raise
        raise Lost("conexão fechada") from erro
    except Exception as erro:  # edge: the library rejects what waits on a closing channel with any exception
        raise Lost(f"{type(erro).__name__}: {erro}" if str(erro) else type(erro).__name__) from erro


class Link:
    """A connection, its publishing channel and the declared topology. `lost` is set when either channel dies."""

    def __init__(self, connection: AbstractConnection, channel: AbstractChannel, options: BusOptions) -> None:
        self.connection = connection
        self.lost = asyncio.Event()
        self._channel = channel
        self._timeout_s = options.publish_timeout_s
        self._loop = asyncio.get_running_loop()
        self._answered = self._loop.time()
        self._exchanges: dict[str, AbstractExchange] = {}
        connection.close_callbacks.add(self._on_close)
        channel.close_callbacks.add(self._on_close)

    def _on_close(self, *_: object) -> None:
        self.lost.set()

    @classmethod
    async def open(cls, url: URL, name: str, topology: tuple[Queue, ...], options: BusOptions) -> Link:
        """Raises Lost, Refused."""
        timeout_s = options.publish_timeout_s
        async with broker_errors(timeout_s):
            connection = await aio_pika.connect(url, client_properties={"connection_name": name})
        async with AsyncExitStack() as undo:
            undo.push_async_callback(_close, connection, timeout_s)
            async with broker_errors(timeout_s):
                channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
                link = cls(connection, channel, options)
                await link._declare_topology(topology)
            undo.pop_all()
        return link

    async def _declare_topology(self, topology: tuple[Queue, ...]) -> None:
        for name, kind in (
            (EXCHANGE, ExchangeType.DIRECT),
            (EXCHANGE_NEWS, ExchangeType.DIRECT),
            (EXCHANGE_DEAD, ExchangeType.FANOUT),
        ):
            self._exchanges[name] = await self._channel.declare_exchange(name, kind, durable=True)
        for queue in (*topology, MORTAS):
            await declare(self._channel, queue)

    async def publish(self, message: Message) -> None:
        """Raises PublishError (no queue takes it) and Lost (not confirmed)."""
        amqp = to_amqp(message)
        async with broker_errors(self._timeout_s):
            if message.queue is not None:
                await self._channel.default_exchange.publish(amqp, message.queue, mandatory=True)
            else:
                name = exchange_of(message.rota)
                await self._exchanges[name].publish(amqp, message.rota, mandatory=name != EXCHANGE_NEWS)
            self._answered = self._loop.time()

    def drop_if_silent(self) -> None:
        """For who waited for a confirm as long as one may take. Where there was none of any message, the broker has
        stopped reading this connection, perhaps for good, whatever it still sends: another one takes its place."""
        if self._loop.time() - self._answered >= self._timeout_s:
            self.lost.set()

    async def bury(self, amqp: aio_pika.Message) -> None:
        """Hand a dead letter to the dead-letter exchange. Raises Lost."""
        try:
            async with broker_errors(self._timeout_s):
                await self._exchanges[EXCHANGE_DEAD].publish(amqp, "", mandatory=True)
        except PublishError as erro:
            raise Lost("nenhuma fila de mortas") from erro

    async def close(self) -> None:
        await _close(self.connection, self._timeout_s)


async def _close(connection: AbstractConnection, timeout_s: float) -> None:
    """A connection that cannot even be closed is gone all the same."""
    with suppress(Lost):
        async with broker_errors(min(timeout_s, 5.0)):
            await connection.close()


async def declare(channel: AbstractChannel, queue: Queue) -> AbstractQueue:
    """The queue and its bindings. Safe to repeat with the same definition."""
    declared = await channel.declare_queue(
        queue.name, durable=not queue.exclusive, exclusive=queue.exclusive, arguments=_arguments(queue)
    )
    if queue.holds_dead_letters:
        await declared.bind(EXCHANGE_DEAD, "")
    for rota in queue.routes:
        await declared.bind(exchange_of(rota), rota)
    return declared


def _arguments(queue: Queue) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if queue.quorum and not queue.exclusive:
        arguments |= {"x-queue-type": "quorum", "x-delivery-limit": queue.delivery_limit}
    if queue.broker_dead_letters and not queue.exclusive:
        arguments["x-dead-letter-exchange"] = EXCHANGE_DEAD
    if queue.message_ttl_s is not None:
        arguments["x-message-ttl"] = round(queue.message_ttl_s * 1000)
    if queue.expires_s is not None:
        arguments["x-expires"] = round(queue.expires_s * 1000)
    return arguments


def backoff_s(attempt: int, options: BusOptions) -> float:
    """Doubling, with jitter, so that services cut off together do not come back together."""
    longest = min(options.reconnect_first_s * 2.0 ** min(attempt, 30), options.reconnect_most_s)
    return random.uniform(longest / 2, longest)
