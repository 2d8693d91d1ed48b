"""The clock of the prediction: each night the log is handed to the previsor, by whichever gateway comes first."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from asyncpg import Record

from services.gateway.agendador import Relogio
from services.gateway.execucao import FUSO
from services.gateway.lacos import attempt, repeat
from services.gateway.riscos import VALIDADE
from services.gateway.store import Conn, Pool, previsao, read_agora
from services.gateway.store.empresas import list_ativas, restrict
from services.gateway.store.outbox import post
from shared.events import Juizo, PrevisaoTreinada, PrevisaoTreinar
from shared.files import FileStore
from shared.previsao import MINIMO_LINHAS

log = logging.getLogger(__name__)

HORA = 3
# Who asks again sooner gets the training that is under way.
PACIENCIA = timedelta(minutes=10)
# A night before the model would be too old to speak.
_VELHICE = VALIDADE - timedelta(days=1)


class Treinador:
    """Any number of gateways may run it: one asks at a time. on_commit: called after a training was asked for."""

    def __init__(
        self,
        pool: Pool,
        files: FileStore,
        on_commit: Callable[[], None],
        relogio: Relogio = read_agora,
        ritmo_s: float = 60.0,
    ) -> None:
        self._pool = pool
        self._files = files
        self._on_commit = on_commit
        self._relogio = relogio
        self._ritmo_s = ritmo_s

    async def run(self) -> None:
        await repeat(self.tick, self._ritmo_s, ja=False)

    async def tick(self) -> list[int]:
        """The trainings asked for: of each office, from its own log, one a night, or as soon as a gateway runs, where
        something new was tried or what was learned grows old. One whose log is not read holds up no other."""
        pedidos: list[int] = []

        async def ask(empresa_id: int) -> None:
            async with conn.transaction(), restrict(conn, empresa_id):
                treino_id = await self._ask_devido(conn, agora)
            if treino_id is not None:
                pedidos.append(treino_id)

        async with self._pool.acquire() as conn:
            agora = await self._relogio(conn)
            for empresa_id in await list_ativas(conn):
                await attempt(partial(ask, empresa_id))
        if pedidos:
            self._on_commit()
        return pedidos

    async def _ask_devido(self, conn: Conn, agora: datetime) -> int | None:
        if not await previsao.lock(conn):
            return None
        ultimo = await previsao.find_ultimo(conn)
        if ultimo:
            velha = agora - ultimo["pedido_em"] >= _VELHICE
            if not is_due(ultimo, agora) or not (velha or await previsao.has_novas(conn, ultimo["pedido_em"])):
                return None
        return await ask_treino(conn, self._files, agora)


def is_due(ultimo: Record, agora: datetime) -> bool:
    """Whether a night began since the last one was asked for, or the clock was moved back behind it."""
    noite = agora.astimezone(FUSO).replace(hour=HORA, minute=0, second=0, microsecond=0)
    if noite > agora:
        noite -= timedelta(days=1)
    return bool(ultimo["pedido_em"] < noite or ultimo["pedido_em"] > agora + timedelta(days=1))


async def ask_treino(conn: Conn, files: FileStore, agora: datetime) -> int | None:
    """None: nothing was tried yet. Of too little nobody is asked. In a transaction, under the lock."""
    dados, linhas = await previsao.read_historia(conn)
    if not linhas:
        return None
    treino_id = await previsao.insert_treino(conn, linhas, agora)
    if linhas < MINIMO_LINHAS:
        falhas = (await previsao.count_todas(conn)).falhas
        juizo = Juizo(motivo="poucas_linhas", linhas=linhas, falhas=falhas)
        await previsao.answer_treino(conn, PrevisaoTreinada(treino_id=treino_id, juizo=juizo))
        return treino_id
    historia = await files.put_interno("historias", dados)
    await post(conn, PrevisaoTreinar(treino_id=treino_id, historia=historia))
    return treino_id
