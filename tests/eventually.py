"""Waiting in tests: for a condition, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(check: Callable[[], Awaitable[T]], timeout_s: float = ..., step_s: float = ...) -> T: ...
@overload
async def eventually(check: Callable[[], T], timeout_s: float = ..., step_s: float = ...) -> T: ...
async def eventually(check: Callable[[], object], timeout_s: float = 30.0, step_s: float = 0.02) -> object:
    """Call `check` until it returns something true, and return that.

    An AssertionError inside it counts as "not yet". Past `timeout_s` the last of them, or the last value, is told.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        ultimo: object
        try:
            resposta = check()
            valor = await asyncio.wait_for(resposta, timeout_s) if isinstance(resposta, Awaitable) else resposta
            if valor:
                return valor
            ultimo = valor
        except (AssertionError, TimeoutError) as erro:
            ultimo = erro
        if time.monotonic() >= deadline:
            raise AssertionError(f"not true within {timeout_s} s; last: {ultimo!r}")
        await asyncio.sleep(step_s)
