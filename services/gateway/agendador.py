"""The clock of the schedules: what is due is fired, by whichever gateway comes first."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from asyncpg import Record

from services.gateway.agendamentos import fire, prepare, replan
from services.gateway.lacos import repeat
from services.gateway.store import Conn, Pool, agendamentos, read_agora
from services.gateway.store.empresas import restrict

log = logging.getLogger(__name__)

T = TypeVar("T")
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
        self._revisto = False

    async def run(self) -> None:
        await repeat(self._go_on, self._ritmo_s, ja=False)

    async def _go_on(self) -> None:
        if self._revisto:
            await self.tick()
        else:
            await self.review()
            self._revisto = True

    async def review(self) -> None:
        """What lies ahead is planned anew, once at the start."""
        async with self._pool.acquire() as conn:
            agora = await self._relogio(conn)
            await _each(conn, await agendamentos.list_planejados(conn, agora), lambda id: replan(conn, id, agora))

    async def tick(self) -> list[UUID]:
        """The executions begun."""
        async with self._pool.acquire() as conn:
            agora = await self._relogio(conn)
            feitos = await _each(conn, await agendamentos.list_devidos(conn, agora), lambda id: fire(conn, id, agora))
        iniciadas = [automacao_id for automacao_id in feitos if automacao_id is not None]
        if iniciadas:
            self._on_commit()
        return iniciadas


async def _each(conn: Conn, linhas: Sequence[Record], fazer: Callable[[int], Awaitable[T]]) -> list[T]:
    """Each schedule in a transaction of its own, which sees its office alone."""
    await prepare(linhas)
    feitos = []
    for linha in linhas:
        try:
            async with conn.transaction(), restrict(conn, linha["empresa_id"]):
                feitos.append(await fazer(linha["id"]))
        except Exception:  # edge: one schedule of many; the others still fire
            log.exception("agendador.schedule_failed", extra={"agendamento_id": linha["id"]})
    return feitos
