"""Passwords are hashed a few at a time, and a crowd is told to come back."""

from __future__ import annotations

import asyncio

import pytest

from services.gateway import senhas
from services.gateway.errors import ApiError
from services.gateway.senhas import ESPERA_MAXIMA, PARALELAS, hash_senha, verify_senha


async def test_a_password_is_known_by_its_hash_and_nobody_has_none() -> None:
    guardada = await hash_senha("uma senha comprida")
    assert await verify_senha("uma senha comprida", guardada)
    assert not await verify_senha("outra senha comprida", guardada)
    assert not await verify_senha("uma senha comprida", None)


async def test_past_those_who_may_wait_the_next_is_told_to_come_back() -> None:
    cabem = PARALELAS + ESPERA_MAXIMA
    todas = [asyncio.create_task(hash_senha("uma senha comprida")) for _ in range(cabem + 3)]
    respostas = await asyncio.gather(*todas, return_exceptions=True)
    recusas = [r for r in respostas if isinstance(r, ApiError)]
    assert [(r.status, "Retry-After" in r.headers) for r in recusas] == [(503, True)] * 3
    # The places are free again, whatever became of who held them.
    desistente = asyncio.create_task(hash_senha("uma senha comprida"))
    await asyncio.sleep(0)
    desistente.cancel()
    with pytest.raises(asyncio.CancelledError):
        await desistente
    assert senhas.count_esperas() == 0


def test_one_process_may_use_it_on_a_loop_after_another() -> None:
    for _ in range(2):
        asyncio.run(_crowd())


async def _crowd() -> None:
    await asyncio.gather(*(hash_senha("uma senha comprida") for _ in range(4)))
