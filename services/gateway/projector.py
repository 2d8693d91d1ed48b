"""Events in → database: each report about a contract changes its row once, in one transaction with what it tells.

A report counts only for the dispatch in force: what is late, repeated or out of order changes nothing. Reports of one
execution are taken one after another (a lock in the process, the row lock beyond it); executions run side by side.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import takewhile

import asyncpg

from services.gateway import falhas, pulsos, relatos, sessoes
from services.gateway.lote import Progresso, apply_lote
from services.gateway.store import Conn, Pool
from services.gateway.store.credenciais import end_unserved
from services.gateway.store.diario import ExecucaoAusente
from services.gateway.store.previsao import answer_treino
from shared.bus import Bus, DeadLetter, Delivery, NotNow
from shared.bus.topology import GATEWAY_EVENTOS, GATEWAY_MORTAS, GATEWAY_SINAIS
from shared.events import (
    BoletoDevolvido,
    BoletoFalhou,
    BoletoJaBaixado,
    CredencialParada,
    CredencialPassoDado,
    CredencialTestada,
    Evento,
    NamerPulso,
    PrevisaoTreinada,
    ScraperPulso,
    SessaoAberta,
    SessaoEncerrada,
    Tarefa,
)

log = logging.getLogger(__name__)

PREFETCH = 64
_FILAS = 32

# The database is away or in a knot: the event is not at fault and is handled again.
AUSENCIAS = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


class Projector:
    """on_commit: called after every change that may have left something to send or freed something to start;
    on_progresso: instead of it after one that was no more than progress of contracts.
    """

    def __init__(self, pool: Pool, bus: Bus, on_commit: Callable[[], None], on_progresso: Callable[[], None]) -> None:
        self._pool = pool
        self._bus = bus
        self._on_commit = on_commit
        self._on_progresso = on_progresso
        # Striped: events of one execution share a line, so they keep their order.
        self._filas = [_Fila() for _ in range(_FILAS)]

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for fila, handler, prefetch in (
                (GATEWAY_EVENTOS, self.handle, PREFETCH),
                (GATEWAY_SINAIS, self.handle_pulso, 8),
                (GATEWAY_MORTAS, self.handle_morta, 1),
            ):
                await stack.enter_async_context(self._bus.consume(fila, handler, prefetch=prefetch))
            yield

    async def handle(self, evento: Evento, entrega: Delivery) -> None:
        """Bus handler of `gateway.eventos`. Raises NotNow while the database is away."""
        fila, vez = self._filas[_fila_of(evento)], _Vez(evento)
        fila.vezes.append(vez)
        try:
            async with fila.trava:
                if not vez.feita:
                    await self._advance(fila)
        finally:
            if not vez.feita:
                fila.vezes.remove(vez)

    async def _advance(self, fila: _Fila) -> None:
        """Commit the first in the line, together with what waits right behind it of the same execution.

        They leave the line when they are committed: until then each is its own handler's to try again.
        """
        lote = fila.take()
        progressos = [vez.evento for vez in lote if isinstance(vez.evento, Progresso)]
        try:
            if progressos:
                await self._commit(lambda conn: apply_lote(conn, progressos), self._on_progresso)
            else:
                await self._commit(lambda conn: apply(conn, lote[0].evento), self._on_commit)
        except NotNow:
            raise
        except Exception:  # edge: bus consumer; of a lot, whoever is at fault fails alone
            if len(lote) == 1:
                raise
            log.warning("projector.lot_failed", extra={"quantos": len(lote)}, exc_info=True)
            for vez in lote:
                vez.sozinha = True
            return await self._advance(fila)
        for vez in lote:
            vez.feita = True
        # One whose handler was cancelled meanwhile has left already.
        while fila.vezes and fila.vezes[0].feita:
            fila.vezes.popleft()

    async def handle_pulso(self, evento: Evento, entrega: Delivery) -> None:
        match evento:
            case ScraperPulso():
                with _translated():
                    renovada = await pulsos.note_scraper(self._pool, evento)
                # Straight to the bus: an answer that waits in the outbox would be too late to be true.
                await pulsos.answer(self._bus, evento, renovada)
            case NamerPulso():
                with _translated():
                    await pulsos.note_namer(self._pool, evento)

    async def handle_morta(self, morta: DeadLetter, entrega: Delivery) -> None:
        """A task, or a report about it, that could not be handled: its contract ends as `erro` `interno`."""
        tarefa = getattr(morta.evento, "tarefa", None)
        if not isinstance(tarefa, Tarefa):
            log.warning("projector.dead_letter", extra={"rota": morta.rota, "motivo": morta.motivo})
            return
        async with self._filas[_fila_of_tarefa(tarefa)].trava:
            await self._commit(lambda conn: relatos.bury(conn, tarefa, morta.motivo), self._on_commit)

    async def _commit(self, change: Callable[[Conn], Awaitable[int | None]], done: Callable[[], None]) -> None:
        with _translated():
            try:
                async with self._pool.acquire() as conn, conn.transaction():
                    parado = await change(conn)
            except ExecucaoAusente:
                log.warning("projector.unknown_execution")
                return
            if parado is not None:
                await end_unserved(self._pool, parado)
        done()


@dataclass(eq=False)
class _Vez:
    """A report in its line. sozinha: a lot with it failed, so that whoever is at fault fails alone."""

    evento: Evento
    feita: bool = False
    sozinha: bool = False


class _Fila:
    """Reports in the order they came; who holds `trava` commits the first (asyncio's locks are fair)."""

    def __init__(self) -> None:
        self.vezes: deque[_Vez] = deque()
        self.trava = asyncio.Lock()

    def take(self) -> list[_Vez]:
        """The first, and those that may be committed together with it."""
        primeira, *demais = self.vezes
        if not isinstance(primeira.evento, Progresso) or primeira.sozinha:
            return [primeira]
        automacao_id = primeira.evento.tarefa.automacao_id

        def fits(vez: _Vez) -> bool:
            mesma = isinstance(vez.evento, Progresso) and vez.evento.tarefa.automacao_id == automacao_id
            return mesma and not vez.sozinha

        return [primeira, *takewhile(fits, demais)]


async def apply(conn: Conn, evento: Evento) -> int | None:
    """Change what the event says, in the caller's transaction.

    Returns a ponto de venda whose credential stopped: its waiting rows are ended in transactions of their own.
    """
    match evento:
        case BoletoJaBaixado():
            await relatos.have(conn, evento)
        case BoletoDevolvido():
            await relatos.give_back(conn, evento)
        case BoletoFalhou():
            return await falhas.fail(conn, evento)
        case SessaoAberta():
            await sessoes.note_aberta(conn, evento)
        case SessaoEncerrada():
            return await sessoes.end(conn, evento)
        case CredencialParada():
            return await sessoes.stop(conn, evento)
        case CredencialPassoDado():
            await sessoes.note_passos(conn, evento)
        case CredencialTestada():
            return await sessoes.answer_teste(conn, evento)
        case PrevisaoTreinada():
            await answer_treino(conn, evento)
        case _:
            log.warning("projector.unknown_event", extra={"rota": evento.rota})
    return None


class _translated:
    """The bus's word for "the world is at fault, not the message"."""

    def __enter__(self) -> None: ...

    def __exit__(self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: object) -> None:
        if isinstance(erro, AUSENCIAS):
            raise NotNow(f"banco de dados indisponível: {type(erro).__name__}") from erro


def _fila_of(evento: Evento) -> int:
    tarefa = getattr(evento, "tarefa", None)
    if isinstance(tarefa, Tarefa):
        return _fila_of_tarefa(tarefa)
    cerca: int = getattr(evento, "cerca", 0)
    return cerca % _FILAS


def _fila_of_tarefa(tarefa: Tarefa) -> int:
    return tarefa.automacao_id.int % _FILAS
