"""Heartbeats: which services live, and which leases live on with them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from services.gateway.store import Pool, load_sql
from shared.bus import Bus, BusError
from shared.events import NamerPulso, ScraperPulso, SessaoRenovada

SQL = load_sql("concessoes")
log = logging.getLogger(__name__)

# How long a lease lives past its last renewal, and past its granting.
VALIDADE_S = 30.0
# The answer to a pulse is worth nothing once the lease could have ended.
RESPOSTA_TTL_S = 20.0


async def note_scraper(pool: Pool, pulso: ScraperPulso) -> Sequence[int]:
    """The scraper lives; returns which of the leases it named live on. Unknown and expired ones are left out."""
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute(SQL["note_scraper"], pulso.scraper_id, pulso.fila, pulso.capacidade, pulso.parando)
        cercas, ociosas_s = list(pulso.ociosas_s), list(pulso.ociosas_s.values())
        vivas = await conn.fetch(SQL["renew"], pulso.scraper_id, cercas, ociosas_s, VALIDADE_S)
    return [linha["cerca"] for linha in vivas]


async def note_namer(pool: Pool, pulso: NamerPulso) -> None:
    async with pool.acquire() as conn:
        await conn.execute(SQL["note_namer"], pulso.namer_id)


async def answer(bus: Bus, pulso: ScraperPulso, cercas: Sequence[int]) -> None:
    resposta = SessaoRenovada(pulso_id=pulso.id, cercas=tuple(cercas), validade_s=VALIDADE_S)
    try:
        await bus.publish(resposta, queue=pulso.fila, ttl_s=RESPOSTA_TTL_S)
    except BusError as erro:
        # The next pulse comes in five seconds; a scraper that hears nothing stops by itself in time.
        log.warning("pulsos.unanswered", extra={"scraper": pulso.scraper_id, "erro": str(erro)})
