"""Sweeps: naming tasks without an answer are sent again; what has outlived its time is removed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services.gateway.concessoes import VISTO_S
from services.gateway.lacos import repeat
from services.gateway.store import Pool, load_sql
from services.gateway.store.controle import remind
from services.gateway.store.nomeacao import resend_late
from services.gateway.store.pedidos import is_servico_alive
from shared.files import ArquivoFalhou, FileStore, caminho_lugar
from shared.sobras import Sobra

log = logging.getLogger(__name__)
SQL = load_sql("limpeza")
CONCESSOES = load_sql("concessoes")

# A naming that was asked for and not answered by then is asked for again.
NOMEACAO_S = 60.0
LEMBRETE_S = 3.0


@dataclass(frozen=True)
class Guarda:
    """How long things are kept; None: for ever. Captures whose result never came go after a day. sobras: temporary
    files of writes that were broken off."""

    eventos_dias: int = 7
    boletos_dias: int | None = None
    idempotencia_dias: int = 7
    sessoes_dias: int = 7
    entregas_dias: int = 30
    disparos_dias: int = 365
    evidencias: timedelta = timedelta(days=30)
    capturas: timedelta = timedelta(days=1)
    historias: timedelta = timedelta(days=1)
    sobras: timedelta = timedelta(minutes=10)


class Sweeper:
    """relogio: monotonic seconds."""

    def __init__(
        self,
        pool: Pool,
        files: FileStore,
        on_commit: Callable[[], None],
        guarda: Guarda,
        *,
        ritmo_s: float = 1.0,
        relogio: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._files = files
        self._on_commit = on_commit
        self._guarda = guarda
        self._ritmo_s = ritmo_s
        self._relogio = relogio
        self._sobras: dict[Sobra, float] = {}

    async def run(self, limpeza_s: float = 3600.0) -> None:
        """Apart, so that a slow store holds no name back."""
        async with asyncio.TaskGroup() as grupo:
            grupo.create_task(repeat(self.resend, self._ritmo_s))
            grupo.create_task(repeat(self.remind, LEMBRETE_S))
            grupo.create_task(repeat(self.clean, limpeza_s))
            grupo.create_task(repeat(self.sweep_sobras, self._guarda.sobras.total_seconds()))

    async def resend(self) -> int:
        """Without a namer the first question still waits in its queue: more of them would only pile up there."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await is_servico_alive(conn, "namer", VISTO_S):
                return 0
            reenviados = await resend_late(conn, NOMEACAO_S)
        if reenviados:
            self._on_commit()
        return reenviados

    async def remind(self) -> None:
        """What scrapers were told, once more where they have not done it."""
        async with self._pool.acquire() as conn, conn.transaction():
            lembrados = await remind(conn)
        if lembrados:
            self._on_commit()

    async def clean(self) -> None:
        async with self._pool.acquire() as conn:
            await conn.execute(SQL["delete_eventos"], self._guarda.eventos_dias)
            await conn.execute(SQL["delete_bilhetes"])
            await conn.execute(SQL["delete_sessoes"], self._guarda.sessoes_dias)
            await conn.execute(SQL["delete_idempotencia"], self._guarda.idempotencia_dias)
            await conn.execute(SQL["delete_entregas"], self._guarda.entregas_dias)
            await conn.execute(SQL["delete_disparos"], self._guarda.disparos_dias)
            await conn.execute(SQL["delete_avisos"], self._guarda.entregas_dias)
            await conn.execute(SQL["delete_servicos"])
            await conn.execute(CONCESSOES["delete_velhas"])
            em_uso = {linha["caminho"] for linha in await conn.fetch(SQL["list_em_uso"])}
        try:
            await self._files.sweep("capturas", self._guarda.capturas, em_uso)
            await self._files.sweep("historias", self._guarda.historias)
            await self._files.sweep("sem_nome", self._guarda.evidencias, em_uso)
            await self._files.sweep("quarentena", self._guarda.evidencias)
            await self._files.sweep("evidencias", self._guarda.evidencias)
            if self._guarda.boletos_dias is not None:
                while await self._drop_boleto(self._guarda.boletos_dias):
                    pass
        except ArquivoFalhou as erro:
            log.warning("sweeper.store_unavailable", extra={"erro": str(erro)})

    async def sweep_sobras(self) -> int:
        """Those that have lain here as they are for long enough, as we saw it: by their dates, a clock that was moved
        would take a write under way for an old one. Returns how many went.

        Among people's files only what was to be ours: a place is claimed before a file is put there.
        """
        agora, achadas = self._relogio(), await self._files.list_sobras()
        self._sobras = {sobra: self._sobras.get(sobra, agora) for sobra in achadas}
        quantas = 0
        for sobra, desde in self._sobras.items():
            if agora - desde < self._guarda.sobras.total_seconds():
                continue
            try:
                if sobra.is_interna or await self._files.exists(caminho_lugar(sobra.destino)):
                    await self._files.drop_sobra(sobra)
                    quantas += 1
            except ArquivoFalhou as erro:
                log.warning("sweeper.leftover_kept", extra={"caminho": sobra.caminho, "erro": str(erro)})
        return quantas

    async def _drop_boleto(self, dias: int) -> bool:
        """The oldest one past its time: its file, the claim of its place and its row. False: there is none.

        Its contract is not at work, and a new job on it would take longer to come to a name than this takes."""
        async with self._pool.acquire() as conn, conn.transaction():
            boleto = await conn.fetchrow(SQL["take_boleto_velho"], dias)
            if boleto is None:
                return False
            await self._files.delete(boleto["arquivo_caminho"])
            await self._files.delete(caminho_lugar(boleto["arquivo_caminho"]))
            await conn.execute(SQL["delete_boleto"], boleto["id"])
        return True
