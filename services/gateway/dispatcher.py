"""What may start now: expired leases are taken back, sessions are shared out, tasks are let out.

Any number of gateways may run it: a round holds an advisory lock, and waits for no row while it does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from services.gateway.concessoes import allot_sessoes
from services.gateway.execucao import PERDAS_MAXIMAS, hoje
from services.gateway.lacos import Despertador, attempt
from services.gateway.prazos import Prazos, Viva
from services.gateway.relatos import lose, put_back
from services.gateway.store import Conn, Pool, load_sql
from services.gateway.store.controle import unblock_served
from services.gateway.store.credenciais import end_unserved
from services.gateway.store.diario import open_diario
from services.gateway.store.nomeacao import resend_late
from services.gateway.tarefas import Rodada, Turnos, allot_tarefas, end_prontos

log = logging.getLogger(__name__)
SQL = load_sql("despacho")
CONCESSOES = load_sql("concessoes")

# What the holder of an ended lease still had to say about its contracts has arrived by then.
GRACA_S = 2.0
# Without a whole round for so long the database, or this process, was away; then what waited for it comes in first,
# each report within the bus's longest pause.
AUSENCIA_S, CALMA_S = 5.0, 8.0
# A session that has been idle this long does not work at what was sent to it: the task, or its report, was lost with
# the broker's queues.
PERDIDA_S = 60.0
# Commits come in bursts: rounds are no closer together than this.
FOLGA_S = 0.02
# Between two whole rounds, those that mere progress wakes only let out tasks under the leases that there are.
INTEIRA_S = 0.2


class Dispatcher:
    """on_commit: called after a round, which may have left something to send."""

    def __init__(self, pool: Pool, on_commit: Callable[[], None], ritmo_s: float = 1.0) -> None:
        self._pool = pool
        self._on_commit = on_commit
        self._ritmo_s = ritmo_s
        self._turnos = Turnos()
        self._prazos = Prazos(time.monotonic)
        self._despertador = Despertador()
        self._inteira = True
        self._ultima_s = time.monotonic()
        self._calma_ate_s = 0.0

    def wake(self, *, progresso: bool = False) -> None:
        """Something changed that may let more begin; progresso: no more than the next tasks under the same leases."""
        self._inteira |= not progresso
        self._despertador.wake()

    async def run(self) -> None:
        relogio = asyncio.get_running_loop().time
        proxima = relogio()
        self._calma_ate_s = time.monotonic() + CALMA_S
        while True:
            inteira, self._inteira = self._inteira or relogio() >= proxima, False
            await attempt(partial(self.tick, inteira=inteira))
            if inteira:
                proxima = relogio() + INTEIRA_S
            await asyncio.sleep(FOLGA_S)
            # What woke a smaller round may have needed a whole one.
            await self._despertador.sleep(self._ritmo_s if inteira else max(0.0, proxima - relogio()))

    async def tick(self, *, inteira: bool = True) -> Rodada:
        async with self._pool.acquire() as conn:
            agora_s = time.monotonic()
            if agora_s - self._ultima_s > AUSENCIA_S:
                self._calma_ate_s = agora_s + CALMA_S
            calma = agora_s < self._calma_ate_s
            if inteira and not calma:
                await self._return_orphans(conn)
            async with conn.transaction():
                await conn.execute(SQL["lock"])
                if inteira and not calma:
                    await self._end_vencidas(conn)
                if inteira:
                    await allot_sessoes(conn)
                rodada = await allot_tarefas(conn, self._turnos, hoje(datetime.now(UTC)))
            for execucao_id, prontos in sorted(rodada.prontos.items()):
                async with conn.transaction():
                    await end_prontos(conn, execucao_id, prontos)
            sem_credencial, servidas = list[int](), list[int]()
            if inteira:
                sem_credencial = [linha["ponto_venda_id"] for linha in await conn.fetch(SQL["list_sem_credencial"])]
                servidas = [linha["id"] for linha in await conn.fetch(SQL["list_servidas"])]
                self._ultima_s = time.monotonic()
        for ponto_venda_id in sem_credencial:
            await end_unserved(self._pool, ponto_venda_id)
        for execucao_id in servidas:
            await unblock_served(self._pool, execucao_id)
        if rodada.prontos:
            self.wake()
        self._on_commit()
        return rodada

    async def _end_vencidas(self, conn: Conn) -> None:
        vencidas = self._prazos.list_vencidas([Viva(**viva) for viva in await conn.fetch(CONCESSOES["list_prazos"])])
        if vencidas:
            await conn.execute(CONCESSOES["end_vencidas"], list(vencidas), list(vencidas.values()))

    async def _return_orphans(self, conn: Conn) -> None:
        for grupo in await conn.fetch(CONCESSOES["list_orfaos"], GRACA_S, PERDIDA_S):
            async with conn.transaction(), open_diario(conn, grupo["execucao_id"]) as diario:
                for item in await conn.fetch(CONCESSOES["lock_orfaos"], grupo["ids"], grupo["cercas"]):
                    if item["perdas"] >= PERDAS_MAXIMAS and not diario.has_ended:
                        await lose(diario, item)
                    else:
                        await put_back(diario, item, perda=True)


async def recover_all(conn: Conn) -> None:
    """At the start of a system that runs alone (`canopus up`): whoever held anything is gone. In a transaction."""
    await conn.execute(CONCESSOES["end_all"])
    await conn.execute(CONCESSOES["forget_servicos"])
    await conn.execute(CONCESSOES["drop_mensagens"])
    for grupo in await conn.fetch(CONCESSOES["list_orfaos"], 0.0, 0.0):
        async with open_diario(conn, grupo["execucao_id"]) as diario:
            for item in await conn.fetch(CONCESSOES["lock_orfaos"], grupo["ids"], grupo["cercas"]):
                await put_back(diario, item)
    await resend_late(conn, 0.0)
