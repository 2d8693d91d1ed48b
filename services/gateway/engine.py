"""The gateway's engine: projector, dispatcher, outbox, senders, sweeper, vigia, clocks: opened and closed as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.gateway.agendador import Agendador, Relogio
from services.gateway.dispatcher import Dispatcher, recover_all
from services.gateway.espelhador import Espelhador
from services.gateway.lentidao import Regras
from services.gateway.outbox import Outbox
from services.gateway.projector import Projector
from services.gateway.recuperador import Recuperador
from services.gateway.remessa import Remetente
from services.gateway.store import Pool, read_agora
from services.gateway.sweeper import Guarda, Sweeper
from services.gateway.treinador import Treinador
from services.gateway.vigia import Vigia
from shared.bus import Bus
from shared.files import FileStore


@dataclass(frozen=True)
class Engine:
    """What the doors need of the running engine."""

    dispatcher: Dispatcher
    outbox: Outbox
    remetentes: tuple[Remetente | Espelhador, ...] = ()

    def wake(self) -> None:
        """A commit left work to start or messages to send: they go now, not at the next poll."""
        self._wake_remessas()
        self.dispatcher.wake()

    def go_on(self) -> None:
        """The same after mere progress of contracts: their sessions may have the next ones."""
        self._wake_remessas()
        self.dispatcher.wake(progresso=True)

    def _wake_remessas(self) -> None:
        self.outbox.wake()
        for remetente in self.remetentes:
            remetente.wake()


@asynccontextmanager
async def open_engine(
    pool: Pool,
    bus: Bus,
    files: FileStore,
    *,
    guarda: Guarda | None = None,
    regras: Regras | None = None,
    remetentes: tuple[Remetente | Espelhador, ...] = (),
    relogio: Relogio = read_agora,
    alone: bool = False,
) -> AsyncIterator[Engine]:
    """alone: nothing else of this system runs yet (`canopus up`), so what anyone held is put back at once.
    remetentes: without them what other systems and people are told waits in the database. relogio: of schedules and
    automatic recovery."""
    outbox = Outbox(pool, bus)
    engine = Engine(Dispatcher(pool, outbox.wake), outbox, remetentes)
    sweeper = Sweeper(pool, files, outbox.wake, guarda or Guarda())
    vigia = Vigia(pool, engine.wake, regras or Regras())
    relogios = (Agendador(pool, engine.wake, relogio), Recuperador(pool, engine.wake, relogio))
    treinador = Treinador(pool, files, outbox.wake, relogio)
    if alone:
        async with pool.acquire() as conn, conn.transaction():
            await recover_all(conn)
    async with asyncio.TaskGroup() as group:
        todos = (outbox, engine.dispatcher, sweeper, vigia, *relogios, treinador, *remetentes)
        loops = [group.create_task(loop.run()) for loop in todos]
        # Closed before the loops are: what the last events committed may still be sent, or waits in the database.
        async with Projector(pool, bus, engine.wake, engine.go_on).run():
            yield engine
        for loop in loops:
            loop.cancel()
