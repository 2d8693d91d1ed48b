"""A process from start to end: signals ask it to stop, a bound ends what does not."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable

from shared.bus import BusUnavailable
from shared.settings import ConfiguracaoInvalida, stop_with

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)

# Looking for garbage among all that lives stops every thread, 0.2 s beside the rows of a large workbook: ten times
# rarer. What is young is looked at as often as ever.
_COLETAS = (700, 10, 100)

# Errors of which a person needs the one line, not the traceback.
_ONE_LINERS = (ConfiguracaoInvalida, BusUnavailable)


class Stop:
    """The wish to stop. Composition roots open everything, `await stop.wait()`, and leave their `async with`."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    def ask(self) -> None:
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    async def wait(self) -> None:
        await self._asked.wait()


Main = Callable[[Stop], Awaitable[int | None]]


def run(main: Main, *, grace_s: float = 30.0) -> int:
    """Run `main` to its end and return its exit code (None counts as 0).

    SIGTERM or SIGINT sets the Stop; a second signal, or `grace_s` after the first, cancels `main`: exit code 1.
    ConfiguracaoInvalida and BusUnavailable end the process with their one line.
    """
    gc.set_threshold(*_COLETAS)
    problem: BaseException
    try:
        return asyncio.run(_run(main, grace_s))
    except* _ONE_LINERS as grupo:
        problem = _first(grupo)
    # Outside the clause: what is raised inside it would come out wrapped in a group.
    stop_with(str(problem))
    return 1


def _first(grupo: BaseExceptionGroup[Exception]) -> BaseException:
    erro: BaseException = grupo
    while isinstance(erro, BaseExceptionGroup):
        erro = erro.exceptions[0]
    return erro


async def _run(main: Main, grace_s: float) -> int:
    stop, loop = Stop(), asyncio.get_running_loop()
    task = asyncio.ensure_future(main(stop))
    cut = False

    def cancel() -> None:
        nonlocal cut
        cut = True
        task.cancel()

    def on_signal(numero: signal.Signals) -> None:
        if stop.is_asked:
            log.warning("%s again: stopping at once", numero.name)
            cancel()
            return
        log.info("%s: stopping within %g s", numero.name, grace_s)
        stop.ask()
        loop.call_later(grace_s, cancel)

    for numero in SIGNALS:
        loop.add_signal_handler(numero, on_signal, numero)
    try:
        return await task or 0
    except asyncio.CancelledError:
        if not cut:
            raise
        log.error("stopped before everything was handed back")
        return 1
    finally:
        for numero in SIGNALS:
            loop.remove_signal_handler(numero)
