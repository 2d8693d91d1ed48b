"""Who uses this database: many gateways over RabbitMQ, or one system with its bus inside itself, never both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.gateway.store import Conn
from shared.settings import ConfiguracaoInvalida

log = logging.getLogger(__name__)

# Held by each running gateway: shared, or exclusive by one whose bus nobody else hears.
_TRAVA = 0x43414E50
_TENTA = {True: "SELECT pg_try_advisory_lock($1)", False: "SELECT pg_try_advisory_lock_shared($1)"}
_OCUPADO = "CANOPUS_DATABASE_URL: outro sistema já usa este banco; encerre-o antes."
_OLHADA_S, _PAUSA_S, _LIMITE_S = 5.0, 0.2, 30.0
_AUSENCIAS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class OutroSistema(ConfiguracaoInvalida):
    """Another system runs on this database. Two with buses of their own would take each other's work back."""


@asynccontextmanager
async def hold_presenca(
    database_url: str, *, alone: bool, espera_s: float = 10.0, olhada_s: float = _OLHADA_S
) -> AsyncIterator[None]:
    """Raises OutroSistema when it is still taken after `espera_s`: one that was killed lets go within moments.

    The lock goes with its connection: every `olhada_s` it is looked for, and taken again after a cut.
    """
    conn = await _take(database_url, alone, espera_s)
    async with asyncio.TaskGroup() as grupo:
        guarda = grupo.create_task(_keep(conn, database_url, alone, espera_s, olhada_s), name="presença")
        try:
            yield
        finally:
            guarda.cancel()


async def claim_presenca(conn: Conn) -> None:
    """Nothing else of this system may run while this connection lives. Raises OutroSistema at once."""
    if not await conn.fetchval(_TENTA[True], _TRAVA, timeout=_LIMITE_S):
        raise OutroSistema(_OCUPADO)


async def _keep(conn: asyncpg.Connection, database_url: str, alone: bool, espera_s: float, olhada_s: float) -> None:
    """Raises OutroSistema where another system came in between."""
    try:
        while True:
            try:
                await conn.execute("SELECT 1", timeout=_LIMITE_S)
                await asyncio.sleep(olhada_s)
            except _AUSENCIAS as erro:
                log.warning("presenca.connection_lost", extra={"erro": type(erro).__name__})
                conn.terminate()
                conn = await _retake(database_url, alone, espera_s)
    finally:
        conn.terminate()


async def _retake(database_url: str, alone: bool, espera_s: float) -> asyncpg.Connection:
    while True:
        try:
            return await _take(database_url, alone, espera_s)
        except _AUSENCIAS:
            await asyncio.sleep(1.0)


async def _take(database_url: str, alone: bool, espera_s: float) -> asyncpg.Connection:
    conn = await asyncpg.connect(database_url, timeout=_LIMITE_S)
    tomada = False
    try:
        limite = asyncio.get_running_loop().time() + espera_s
        while not await conn.fetchval(_TENTA[alone], _TRAVA, timeout=_LIMITE_S):
            if asyncio.get_running_loop().time() >= limite:
                raise OutroSistema(_OCUPADO)
            await asyncio.sleep(_PAUSA_S)
        tomada = True
        return conn
    finally:
        if not tomada:
            conn.terminate()
