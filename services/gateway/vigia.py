"""Watches how long the portal takes: a credential whose sessions only queue there has fewer of them for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from services.gateway.lacos import repeat
from services.gateway.lentidao import PISO_MS, Medida, Reducao, Regras, decide_reducao, is_useless
from services.gateway.store import Conn, Pool, load_sql

log = logging.getLogger(__name__)
SQL = load_sql("medidas")


async def note_buscas(conn: Conn, buscas: Sequence[tuple[int, int]]) -> None:
    """What the portal took over searches, (lease, ms), each under one of the sessions that are at work now."""
    if buscas:
        await conn.execute(SQL["note_buscas"], [cerca for cerca, _ in buscas], [ms for _, ms in buscas])


class Vigia:
    """Any number of gateways may run it: a decision holds the credential's row. on_commit: called after a change."""

    def __init__(self, pool: Pool, on_commit: Callable[[], None], regras: Regras) -> None:
        self._pool = pool
        self._on_commit = on_commit
        self._regras = regras

    async def run(self) -> None:
        await repeat(self.look, self._regras.ritmo_s, ja=False)

    async def look(self) -> None:
        async with self._pool.acquire() as conn:
            await conn.execute(SQL["delete_velhas"], self._regras.memoria_s)
            mudou = False
            for lenta in await conn.fetch(SQL["list_lentas"], float(PISO_MS), self._regras.trecho_s):
                async with conn.transaction():
                    mudou |= await self._adapt(conn, lenta["credencial_id"])
        if mudou:
            self._on_commit()

    async def _adapt(self, conn: Conn, credencial_id: int) -> bool:
        regras = self._regras
        credencial = await conn.fetchrow(SQL["lock_lenta"], credencial_id, regras.reducao_s)
        # One that the portal kicked or slowed down has fewer sessions already: what that does is not known yet.
        if credencial is None or (credencial["reduzida"] and not credencial["lenta"]):
            return False
        linhas = await conn.fetch(SQL["list_medidas"], credencial_id, regras.memoria_s)
        medidas = [Medida(**linha) for linha in linhas]
        if credencial["reduzida"]:
            reducao = Reducao(credencial["lenta_sessoes"], credencial["lenta_vazao"], credencial["sessoes_reduzidas"])
            if not is_useless(reducao, [m for m in medidas if m.ha_s < credencial["ha_s"]], regras):
                return False
            await conn.execute(SQL["restore_lenta"], credencial_id)
            # What it was like before is no measure any more: as it is now is what the portal can do.
            await conn.execute(SQL["forget_medidas"], credencial_id)
            log.info("portal slow for everyone: sessions as before", extra={"credencial_id": credencial_id})
            return True
        nova = decide_reducao(medidas, regras)
        if nova is None:
            return False
        await conn.execute(SQL["reduce_lenta"], credencial_id, nova.para, nova.de, nova.vazao, regras.reducao_s)
        log.info(
            "portal slow: fewer sessions",
            extra={"credencial_id": credencial_id, "de": nova.de, "para": nova.para},
        )
        return True
