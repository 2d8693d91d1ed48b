"""Publishes what was committed: in the order of the commits' rows, until the broker has confirmed each.

One gateway at a time publishes (an advisory lock), so that a lease reaches its scraper before the tasks under it.
"""

from __future__ import annotations

import asyncio
import logging

from asyncpg import Record

from services.gateway.lacos import Despertador
from services.gateway.store import Pool, load_sql
from shared.bus import Bus, BusError, Message, Unroutable
from shared.bus.topology import TOPOLOGY

log = logging.getLogger(__name__)
SQL = load_sql("outbox")

LOTE = 200
# Queues that every service declares: what is for them waits until they are there.
DURAVEIS = frozenset(fila.name for fila in TOPOLOGY)
# Between attempts while the broker is away; doubled up to the last.
PAUSA_S, PAUSA_MAX_S = 0.2, 5.0


class Outbox:
    def __init__(self, pool: Pool, bus: Bus, ritmo_s: float = 0.5) -> None:
        self._pool = pool
        self._bus = bus
        self._ritmo_s = ritmo_s
        self._despertador = Despertador()

    def wake(self) -> None:
        """Something was committed."""
        self._despertador.wake()

    async def run(self) -> None:
        pausa_s = PAUSA_S
        while True:
            try:
                # What is committed meanwhile wakes it again.
                while await self._publish() == LOTE:
                    pass
                pausa_s = PAUSA_S
            except BusError as erro:
                log.warning("outbox.bus_unavailable", extra={"erro": str(erro), "pausa_s": pausa_s})
                await asyncio.sleep(pausa_s)
                pausa_s = min(pausa_s * 2, PAUSA_MAX_S)
                continue
            except Exception:  # edge: top of a background loop
                log.exception("outbox.failed")
                await asyncio.sleep(pausa_s)
            await self._despertador.sleep(self._ritmo_s)

    async def publish_batch(self) -> bool:
        """Publish the oldest rows; False: nothing was waiting. Raises BusError when one must be sent again later."""
        return bool(await self._publish())

    async def _publish(self) -> int:
        async with self._pool.acquire() as conn, conn.transaction():
            linhas = await conn.fetch(SQL["take_mensagens"], LOTE)
            if not linhas:
                return 0
            vivas = [linha for linha in linhas if not linha["vencida"]]
            respostas = await self._bus.publish_many([_message(linha) for linha in vivas])
            adiados = [linha["id"] for linha, erro in zip(vivas, respostas, strict=True) if _stays(linha, erro)]
            await conn.execute(SQL["delete_mensagens"], [linha["id"] for linha in linhas if linha["id"] not in adiados])
        if adiados:
            raise next(erro for erro in respostas if erro is not None)
        return len(linhas)


def _message(linha: Record) -> Message:
    return Message(linha["rota"], linha["corpo"].encode(), queue=linha["fila"], ttl_s=linha["ttl_s"])


def _stays(linha: Record, erro: BusError | None) -> bool:
    """Whether a message is kept. To a scraper or a replica that is gone there is nothing to say."""
    if erro is None:
        return False
    if isinstance(erro, Unroutable) and linha["fila"] is not None and linha["fila"] not in DURAVEIS:
        log.info("outbox.addressee_gone", extra={"fila": linha["fila"], "rota": linha["rota"]})
        return False
    return True
