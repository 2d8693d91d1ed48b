"""The clock of the schedules: what is due is fired, by whichever gateway comes first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.gateway.agendamentos import fire, prepare
from services.gateway.store import Conn, Pool, agendamentos, read_agora

log = logging.getLogger(__name__)

Relogio: TypeAlias = Callable[[Conn], Awaitable[datetime]]


class Agendador:
    """Any number of gateways may run it: a firing holds the schedule's row. on_commit: called after one. relogio: the
    database's, which all of them share."""

    def __init__(
        self, pool: Pool, on_commit: Callable[[], None], relogio: Relogio = read_agora, ritmo_s: float = 2.0
    ) -> None:
        self._pool = pool
        self._on_commit = on_commit
        self._relogio = relogio
        self._ritmo_s = ritmo_s

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._ritmo_s)
            try:
                await self.tick()
            except Exception:  # edge: top of a background loop
                log.exception("agendador.round_failed")

    async def tick(self) -> list[UUID]:
        """The executions begun."""
        iniciadas = []
        async with self._pool.acquire() as conn:
            agora = await self._relogio(conn)
            devidos = await agendamentos.list_devidos(conn, agora)
            await prepare(devidos)
            for devido in devidos:
                try:
                    async with conn.transaction():
                        automacao_id = await fire(conn, devido["id"], agora)
                except Exception:  # edge: one schedule of many; the others still fire
                    log.exception("agendador.firing_failed", extra={"agendamento_id": devido["id"]})
                    continue
                if automacao_id is not None:
                    iniciadas.append(automacao_id)
        if iniciadas:
            self._on_commit()
        return iniciadas
