"""Background loops: an error of one round is logged, and the next one comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Despertador:
    """Lets a loop sleep for a while, or until it is woken; being woken while it works counts too."""

    def __init__(self) -> None:
        self._evento = asyncio.Event()

    def wake(self) -> None:
        self._evento.set()

    async def sleep(self, ate_s: float) -> None:
        # Not wait_for: on Python 3.11 it swallows a cancellation that comes together with the wake-up.
        with suppress(TimeoutError):
            async with asyncio.timeout(ate_s):
                await self._evento.wait()
        self._evento.clear()


async def repeat(fazer: Callable[[], Awaitable[object]], pausa_s: float, *, ja: bool = True) -> None:
    """ja: at once for the first time, and not after a pause."""
    if not ja:
        await asyncio.sleep(pausa_s)
    while True:
        await attempt(fazer)
        await asyncio.sleep(pausa_s)


async def attempt(fazer: Callable[[], Awaitable[object]]) -> None:
    try:
        await fazer()
    except Exception:  # edge: top of a background loop
        log.exception("round_failed")


async def share_out(
    take: Callable[[], Awaitable[Iterable[T]]],
    work: Callable[[T], Coroutine[Any, Any, None]],
    despertador: Despertador,
    *,
    olhada_s: float,
    pausa_s: float,
) -> None:
    """What `take` gives is worked at side by side. olhada_s: from one look to the next where nobody wakes it. pausa_s:
    between two looks, however often somebody does."""
    async with asyncio.TaskGroup() as grupo:

        async def look() -> None:
            for tomado in await take():
                grupo.create_task(work(tomado))

        while True:
            await attempt(look)
            await asyncio.sleep(pausa_s)
            await despertador.sleep(olhada_s)
