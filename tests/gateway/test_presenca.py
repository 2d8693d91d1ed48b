"""One system per database: the lock that says so outlives a cut of its connection, or its holder stops."""

from __future__ import annotations

import asyncpg
import pytest

from services.gateway.presenca import OutroSistema, hold_presenca
from tests.eventually import eventually

CORTAR = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
TITULAR = "SELECT coalesce(max(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND granted"


async def test_many_gateways_share_a_database_and_one_alone_does_not(database_url: str) -> None:
    async with hold_presenca(database_url, alone=False), hold_presenca(database_url, alone=False):
        with pytest.raises(OutroSistema):
            async with hold_presenca(database_url, alone=True, espera_s=0.3):
                raise AssertionError("it started")
    async with hold_presenca(database_url, alone=True):
        with pytest.raises(OutroSistema):
            async with hold_presenca(database_url, alone=False, espera_s=0.3):
                raise AssertionError("it started")


async def test_the_lock_is_taken_again_after_a_cut(database_url: str) -> None:
    conn = await asyncpg.connect(database_url)
    async with hold_presenca(database_url, alone=True, olhada_s=0.05):
        antes = await conn.fetchval(TITULAR)
        await conn.execute(CORTAR)
        await eventually(lambda: _is_held_anew(conn, antes))
        with pytest.raises(OutroSistema):
            async with hold_presenca(database_url, alone=True, espera_s=0.1):
                raise AssertionError("it started")
    await eventually(lambda: _is_free(conn))
    await conn.close()


async def test_who_finds_another_system_there_after_a_cut_stops(database_url: str) -> None:
    conn = await asyncpg.connect(database_url)
    with pytest.raises(ExceptionGroup) as erro:
        async with hold_presenca(database_url, alone=True, espera_s=0.2, olhada_s=0.3):
            await conn.execute(CORTAR)
            async with hold_presenca(database_url, alone=True):
                await eventually(lambda: False, timeout_s=5)
    assert erro.group_contains(OutroSistema)
    await conn.close()


async def _is_held_anew(conn: asyncpg.Connection, antes: int) -> bool:
    return await conn.fetchval(TITULAR) not in (0, antes)


async def _is_free(conn: asyncpg.Connection) -> bool:
    return bool(await conn.fetchval(TITULAR) == 0)
