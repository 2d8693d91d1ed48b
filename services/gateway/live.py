"""Committed events to sockets: every replica hears the news, reads the table and sends each event once, in order.

The bus message is only a wake-up. A `Canal` keeps, per execution, the last event handed out; woken, it reads the
table from there on. News may be late, doubled or lost: heads are also looked at every second.

Invariants: a canal hands out its events without a gap, in order; a subscription goes live only in a step of the loop
in which the canal is not ahead of it, so nothing falls between what it read itself and what it hears.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

import asyncpg

from services.gateway.lacos import Despertador, attempt
from services.gateway.store import Pool
from services.gateway.store.cabecas import Estado, list_cabecas, list_cabecas_vivas
from services.gateway.store.execucoes import list_eventos
from shared.bus import Bus, Delivery
from shared.bus.topology import news_queue
from shared.events import ExecucaoEvento

log = logging.getLogger(__name__)

PAGINA = 500
# Closing code of a socket whose key or session holds no more, or never did.
SEM_ACESSO = 4401


@dataclass(frozen=True)
class LiveOptions:
    """Times in seconds. fila_maxima: frames that wait for a reader before it is closed as too slow."""

    fila_maxima: int = 5000
    pulso_s: float = 15.0
    olhada_s: float = 1.0
    olhada_geral_s: float = 15.0
    autenticacao_s: float = 10.0
    espera_leitor_s: float = 30.0
    sockets_maximo: int = 2000
    assinaturas_maximo: int = 500


@dataclass(eq=False)
class Canal:
    """One execution that somebody listens to. seq: its last event handed out; viva: it has not ended, as last seen."""

    execucao_id: int
    automacao_id: UUID
    empresa_id: int
    ponto_venda_id: int
    seq: int
    viva: bool = True
    ouvintes: set[Ouvinte] = field(default_factory=set)
    lendo: bool = False
    de_novo: bool = False


class Ouvinte(Protocol):
    """A socket. Returns at once, whatever becomes of the frame. chave_id: of the key or session that listens."""

    @property
    def chave_id(self) -> int: ...

    @property
    def empresa_id(self) -> int: ...

    def hear(self, canal: Canal, seq: int, quadro: bytes) -> None: ...

    def flush(self) -> None:
        """What was heard may go: nothing more comes in this step of the loop."""

    def close(self, codigo: int, motivo: str) -> None: ...


class Novidade:
    """News of one execution, for a request that waits."""

    def __init__(self) -> None:
        self._evento = asyncio.Event()

    def tell(self) -> None:
        self._evento.set()

    async def wait(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._evento.wait()


class Live:
    """`async with Live(pool, bus, replica_id)`: hears and hands out while the context is open."""

    def __init__(self, pool: Pool, bus: Bus, replica_id: str, options: LiveOptions | None = None) -> None:
        self.options = options or LiveOptions()
        self.sockets: set[Ouvinte] = set()
        self.is_closing = False
        self._pool = pool
        self._bus = bus
        self._fila = news_queue(f"gateway.{replica_id}.novas", ExecucaoEvento.rota)
        self._canais: dict[UUID, Canal] = {}
        self._gerais: set[Ouvinte] = set()
        self._maior_id = 0
        self._esperas: dict[UUID, set[Novidade]] = {}
        self._despertador = Despertador()
        self._grupo = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._grupo.__aenter__()
        self._laco = self._grupo.create_task(self._run(), name="live")
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close_sockets()
        self._laco.cancel()
        await self._grupo.__aexit__(None, None, None)

    def close_sockets(self) -> None:
        """The process stops: readers come back with their cursors, here or elsewhere; held requests are answered."""
        self.is_closing = True
        for espera in [espera for esperas in self._esperas.values() for espera in esperas]:
            espera.tell()
        for socket in tuple(self.sockets):
            socket.close(1001, "o servidor está parando")

    def close_chaves(self, chaves: Collection[int]) -> None:
        """These sessions have ended: their sockets here end now; other replicas find out at their next pulse."""
        for socket in tuple(self.sockets):
            if socket.chave_id in chaves:
                socket.close(SEM_ACESSO, "a sessão terminou")

    # --- who listens --------------------------------------------------------------------------------------------------

    def attach(self, ouvinte: Ouvinte, estado: Estado) -> Canal:
        """What comes after the head that `estado` saw is handed out; what lies before it the listener reads itself."""
        canal = self._canais.get(estado.automacao_id)
        if canal is None:
            # With listeners to all, what has no canal yet came after the last look: all of it is news to them.
            seq = 0 if self._gerais else estado.cabeca
            canal = Canal(estado.execucao_id, estado.automacao_id, estado.empresa_id, estado.ponto_venda_id, seq)
            self._canais[estado.automacao_id] = canal
        canal.ouvintes.add(ouvinte)
        self._wake(canal)
        return canal

    def detach(self, ouvinte: Ouvinte, canal: Canal) -> None:
        canal.ouvintes.discard(ouvinte)
        if not canal.ouvintes and not self._gerais:
            self._canais.pop(canal.automacao_id, None)

    async def attach_geral(self, ouvinte: Ouvinte) -> None:
        """Every execution from now on, those that are created later included."""
        async with self._pool.acquire() as conn:
            for linha in await list_cabecas(conn):
                self._add_canal(linha, linha["seq"])
        self._gerais.add(ouvinte)

    def detach_geral(self, ouvinte: Ouvinte) -> None:
        self._gerais.discard(ouvinte)
        if not self._gerais:
            self._canais = {id: canal for id, canal in self._canais.items() if canal.ouvintes}

    def _add_canal(self, linha: asyncpg.Record, seq: int) -> Canal:
        self._maior_id = max(self._maior_id, linha["id"])
        novo = Canal(
            linha["id"], linha["automacao_id"], linha["empresa_id"], linha["ponto_venda_id"], seq, linha["viva"]
        )
        return self._canais.setdefault(novo.automacao_id, novo)

    def list_canais(self) -> list[Canal]:
        return list(self._canais.values())

    @contextmanager
    def listen(self, automacao_id: UUID) -> Iterator[Novidade]:
        """News of one execution from here on, for a request that is held."""
        novidade = Novidade()
        self._esperas.setdefault(automacao_id, set()).add(novidade)
        try:
            yield novidade
        finally:
            self._esperas[automacao_id].discard(novidade)
            if not self._esperas[automacao_id]:
                del self._esperas[automacao_id]

    # --- what comes ---------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        async with self._bus.consume(self._fila, self._hear, prefetch=100):
            ultima_geral = time.monotonic()
            while True:
                await self._despertador.sleep(self.options.olhada_s)
                geral = time.monotonic() - ultima_geral >= self.options.olhada_geral_s
                if geral:
                    ultima_geral = time.monotonic()
                await attempt(partial(self.look, geral=geral))

    async def _hear(self, evento: ExecucaoEvento, _: Delivery) -> None:
        for espera in self._esperas.get(evento.automacao_id, ()):
            espera.tell()
        canal = self._canais.get(evento.automacao_id)
        if canal is not None:
            if evento.seq > canal.seq:
                self._wake(canal)
        elif self._gerais:
            # Unknown, so created after the last look: the next one finds it.
            self._despertador.wake()

    async def look(self, *, geral: bool = False) -> None:
        """Compare heads with the table. geral: also of executions that ended long ago."""
        if not self._canais and not self._gerais:
            return
        async with self._pool.acquire() as conn:
            if self._gerais and geral:
                linhas = await list_cabecas(conn)
            else:
                ids = [canal.execucao_id for canal in self._canais.values() if canal.ouvintes]
                linhas = await list_cabecas_vivas(conn, ids, self._maior_id if self._gerais else None)
        for linha in linhas:
            canal = self._canais.get(linha["automacao_id"])
            if canal is None and self._gerais:
                # An execution that came after the last look: all its events are news.
                canal = self._add_canal(linha, 0)
            if canal is None:
                continue
            canal.viva = linha["viva"]
            if linha["seq"] > canal.seq:
                self._wake(canal)

    def _wake(self, canal: Canal) -> None:
        if canal.lendo:
            canal.de_novo = True
            return
        canal.lendo = True
        self._grupo.create_task(self._pump(canal))

    async def _pump(self, canal: Canal) -> None:
        """Hand out what the table has beyond the canal, page by page; one at a time per canal."""
        try:
            mais = True
            while mais:
                canal.de_novo = False
                async with self._pool.acquire() as conn:
                    linhas = await list_eventos(conn, canal.execucao_id, canal.seq, PAGINA)
                self._hand_out(canal, [(linha["seq"], linha["corpo"].encode()) for linha in linhas])
                mais = len(linhas) == PAGINA or canal.de_novo
        except Exception:  # edge: a task of its own; the next look wakes the canal again
            log.exception("live.pump_failed")
        finally:
            canal.lendo = False

    def _hand_out(self, canal: Canal, eventos: Sequence[tuple[int, bytes]]) -> None:
        """Each listener gets all of them at once, so that they leave in one piece."""
        if eventos:
            canal.seq = eventos[-1][0]
        for ouvinte in canal.ouvintes | self._gerais:
            for seq, quadro in eventos:
                ouvinte.hear(canal, seq, quadro)
            ouvinte.flush()
