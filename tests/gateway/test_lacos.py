"""Background loops: an error ends none of them, a wake-up is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest

from services.gateway.lacos import Despertador, repeat, share_out

# Longer than any of these tests: what comes sooner was woken.
NUNCA_S = 600.0


@asynccontextmanager
async def running(laco: Callable[[], Coroutine[object, object, None]]) -> AsyncIterator[None]:
    tarefa = asyncio.create_task(laco())
    try:
        yield
    finally:
        tarefa.cancel()
        with pytest.raises(asyncio.CancelledError):
            await tarefa


async def test_an_error_is_logged_and_the_next_round_comes(caplog: pytest.LogCaptureFixture) -> None:
    rodadas, bastam = 0, asyncio.Event()

    async def work() -> None:
        nonlocal rodadas
        rodadas += 1
        if rodadas < 3:
            raise ValueError("desta vez não")
        bastam.set()

    async with running(lambda: repeat(work, 0.001)):
        await bastam.wait()
    assert [registro.message for registro in caplog.records] == ["round_failed"] * 2
    assert "desta vez não" in caplog.text


async def test_a_wake_up_that_comes_during_a_look_brings_another(caplog: pytest.LogCaptureFixture) -> None:
    despertador, feitos, todos = Despertador(), list[int](), asyncio.Event()
    filas: list[list[int] | Exception] = [[1, 2], ValueError("banco fora"), [3]]

    async def take() -> list[int]:
        fila = filas.pop(0) if filas else []
        if filas:
            despertador.wake()
        await asyncio.sleep(0)
        if isinstance(fila, Exception):
            raise fila
        return fila

    async def work(um: int) -> None:
        feitos.append(um)
        if um == 3:
            todos.set()

    async with running(lambda: share_out(take, work, despertador, olhada_s=NUNCA_S, pausa_s=0.001)):
        await todos.wait()
    assert feitos == [1, 2, 3]
    assert "banco fora" in caplog.text


async def test_who_sleeps_wakes_by_itself_and_a_wake_up_counts_once() -> None:
    despertador = Despertador()
    await despertador.sleep(0.001)
    despertador.wake()
    await despertador.sleep(NUNCA_S)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await despertador.sleep(NUNCA_S)
