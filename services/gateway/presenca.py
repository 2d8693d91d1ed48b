"""Who uses this database: many gateways over RabbitMQ, or one system with its bus inside itself, never both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.settings import ConfiguracaoInvalida

# Held by each running gateway: shared, or exclusive by one whose bus nobody else hears.
_TRAVA = 0x43414E50
_TENTA = {True: "SELECT pg_try_advisory_lock($1)", False: "SELECT pg_try_advisory_lock_shared($1)"}


class OutroSistema(ConfiguracaoInvalida):
    """Another system runs on this database. Two with buses of their own would take each other's work back."""


@asynccontextmanager
async def hold_presenca(database_url: str, *, alone: bool, espera_s: float = 10.0) -> AsyncIterator[None]:
    """Raises OutroSistema when it is still taken after `espera_s`: one that was killed lets go within moments."""
    conn = await asyncpg.connect(database_url, timeout=30)
    try:
        limite = asyncio.get_running_loop().time() + espera_s
        while not await conn.fetchval(_TENTA[alone], _TRAVA):
            if asyncio.get_running_loop().time() >= limite:
                raise OutroSistema("CANOPUS_DATABASE_URL: outro sistema já usa este banco; encerre-o antes.")
            await asyncio.sleep(0.2)
        yield
    finally:
        await conn.close(timeout=10)
