"""Which services live: counted from their heartbeats."""

from __future__ import annotations

from datetime import timedelta

from services.gateway.store import Conn

_COUNT = "SELECT count(*) FROM servicos WHERE tipo = $1 AND NOT parando AND visto_em > now() - $2::interval"


async def count_servicos(conn: Conn, tipo: str, visto: timedelta) -> int:
    """How many of `scraper` or `namer` were seen within that time and are not stopping."""
    vivos: int = await conn.fetchval(_COUNT, tipo, visto)
    return vivos
