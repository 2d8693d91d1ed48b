"""The scraper at work: leases and tasks come to its own queue, each lease has a session that works them off."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
from collections import OrderedDict
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Literal, Self, TypeVar
from uuid import UUID, uuid4

from services.scraper.contracts import Porta
from services.scraper.drivers import Drivers
from services.scraper.leases import Pulsos
from services.scraper.portal.browser.chromium import ChromiumAusente
from services.scraper.portal.browser.launch import Navegador
from services.scraper.portal_session import SessaoPortal
from services.scraper.reports import Relator
from services.scraper.sessions import Sessao
from services.scraper.settings import ScraperSettings
from services.scraper.trabalho import Relato
from services.scraper.verifier import Conferente
from shared.bus import Bus, BusError, Delivery, Reject
from shared.bus.topology import news_queue, scraper_queue
from shared.crypto import Chaveiro
from shared.events import (
    BoletoDevolvido,
    BoletoSolicitado,
    Evento,
    ExecucaoRevogada,
    ScraperPulso,
    SessaoConcedida,
    SessaoEncerrada,
    SessaoRenovada,
    SessaoRevogada,
)
from shared.files import FileStore
from shared.settings import ConfiguracaoInvalida

log = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")

# One in hand and two waiting per lease; the rest of the prefetch is for the messages about leases, which must never
# wait behind tasks.
POR_SESSAO, FOLGA = 3, 32
_LEMBRADOS = 256


class Scraper:
    """`async with Scraper(bus, files, chaveiro, settings)`: works while the context is open.

    Leaving it ends the contracts in hand, or hands them back after `parada_s`, and gives the leases back.
    """

    def __init__(self, bus: Bus, files: FileStore, chaveiro: Chaveiro, settings: ScraperSettings) -> None:
        self._bus = bus
        self._files = files
        self._chaveiro = chaveiro
        self._settings = settings
        self._relator = Relator(bus, files)
        self._drivers = Drivers(settings.driver, Navegador(settings.chromium, headless=settings.headless))
        self._conferente = Conferente()
        self._pulsos = Pulsos()
        self._sessoes: dict[int, Sessao] = {}
        self._portas: dict[int, Porta] = {}
        self._tarefas: set[asyncio.Task[None]] = set()
        self._mudou = asyncio.Event()
        self._parando = False
        # What becomes of each dispatch, from its acceptance on; executions called back, up to which dispatch.
        self._aceitas: OrderedDict[int, asyncio.Future[Relato | None]] = OrderedDict()
        self._revogadas: OrderedDict[UUID, ExecucaoRevogada] = OrderedDict()
        self._pilha = AsyncExitStack()
        self.scraper_id = f"{platform.node()}-{os.getpid()}-{uuid4().hex[:6]}"
        self._fila = scraper_queue(self.scraper_id)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as pilha:
            try:
                await pilha.enter_async_context(self._drivers)
            except ChromiumAusente as erro:
                raise ConfiguracaoInvalida(str(erro)) from erro
            await pilha.enter_async_context(self._conferente)
            self._grupo = await pilha.enter_async_context(asyncio.TaskGroup())
            novas = news_queue(f"{self._fila.name}.novas", ExecucaoRevogada.rota)
            prefetch = self._settings.sessoes_por_scraper * POR_SESSAO + FOLGA
            await pilha.enter_async_context(self._bus.consume(novas, self._handle_revogada, prefetch=4))
            await pilha.enter_async_context(self._bus.consume(self._fila, self._handle, prefetch=prefetch))
            pulsos = self._grupo.create_task(self._send_pulsos(), name="pulsos")
            pilha.callback(pulsos.cancel)
            pilha.push_async_callback(self._stop)
            self._pilha = pilha.pop_all()
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._pilha.aclose()

    async def _handle(self, evento: Evento, _: Delivery) -> None:
        """Leases are noted before anything is awaited: a task that comes right after its lease finds it."""
        match evento:
            case SessaoConcedida():
                await self._begin(evento)
            case SessaoRenovada():
                self._renew(evento)
            case SessaoRevogada():
                if sessao := self._sessoes.get(evento.cerca):
                    sessao.end("revogada")
            case BoletoSolicitado():
                await self._accept(evento)
            case _:
                raise Reject(f"o scraper não trata {evento.rota}")

    async def _begin(self, concessao: SessaoConcedida) -> None:
        if concessao.cerca in self._sessoes:
            return
        if self._parando or len(self._sessoes) >= self._settings.sessoes_por_scraper:
            motivo: Literal["parando", "ociosa"] = "parando" if self._parando else "ociosa"
            await self._relator.publish(
                SessaoEncerrada(cerca=concessao.cerca, credencial_id=concessao.credencial_id, motivo=motivo)
            )
            return
        portal = SessaoPortal(concessao, self._drivers, self._chaveiro, self._settings.ritmo_ms)
        porta = self._portas.setdefault(concessao.credencial_id, Porta())
        sessao = Sessao(concessao, portal, self._relator, self._conferente, self._files, porta)
        self._sessoes[concessao.cerca] = sessao
        tarefa = self._grupo.create_task(self._run(sessao), name=f"sessao {concessao.cerca}")
        self._tarefas.add(tarefa)
        tarefa.add_done_callback(self._tarefas.discard)
        self._mudou.set()

    async def _run(self, sessao: Sessao) -> None:
        try:
            await sessao.run()
        except BusError as erro:
            # What was not reported is not acknowledged either: its messages come again when the bus does.
            log.error("session ended unreported: %s", erro)
        finally:
            self._sessoes.pop(sessao.concessao.cerca, None)
            self._mudou.set()

    def _renew(self, renovada: SessaoRenovada) -> None:
        vivas, perdidas = self._pulsos.answer(renovada.pulso_id, renovada.cercas, renovada.validade_s)
        for cerca, limite in vivas.items():
            if sessao := self._sessoes.get(cerca):
                sessao.renew(limite)
        for cerca in perdidas:
            if sessao := self._sessoes.get(cerca):
                sessao.lose()

    async def _accept(self, solicitado: BoletoSolicitado) -> None:
        """Returns, and so acknowledges, when the task's report is published.

        Invariant: nothing is awaited between the look for a report and the acceptance, so that a task that comes again
        just as its report is taken finds either its session or the report.
        """
        tarefa = solicitado.tarefa
        aceita = self._aceitas.get(tarefa.despacho)
        if relato := _relato_of(aceita):
            await self._relator.publish(relato)
            return
        if aceita is not None and not aceita.done():
            # Still in hand: also of a session that ends, and of an execution that was called back meanwhile.
            await asyncio.shield(aceita)
            return
        revogada = self._revogadas.get(tarefa.automacao_id)
        sessao = self._sessoes.get(tarefa.cerca)
        if revogada is not None and tarefa.despacho <= revogada.ate_despacho:
            await self._relator.publish(BoletoDevolvido(tarefa=tarefa, motivo=revogada.motivo))
        elif sessao is None or sessao.is_over:
            await self._relator.publish(BoletoDevolvido(tarefa=tarefa, motivo="sessao"))
        else:
            fim = sessao.accept(solicitado)
            _remember(self._aceitas, tarefa.despacho, fim)
            await asyncio.shield(fim)

    async def _handle_revogada(self, revogada: ExecucaoRevogada, _: Delivery) -> None:
        _remember(self._revogadas, revogada.automacao_id, revogada)
        for sessao in list(self._sessoes.values()):
            await sessao.revoke_execucao(revogada.automacao_id, revogada.ate_despacho, revogada.motivo)

    async def _send_pulsos(self) -> None:
        """At once, then every few seconds, and whenever a lease came or went."""
        while True:
            self._mudou.clear()
            await self._send_pulso()
            try:
                async with asyncio.timeout(self._settings.pulso_s):
                    await self._mudou.wait()
            except TimeoutError:
                continue

    async def _send_pulso(self) -> None:
        pulso = ScraperPulso(
            scraper_id=self.scraper_id,
            fila=self._fila.name,
            capacidade=self._settings.sessoes_por_scraper,
            ociosas_s={cerca: sessao.ociosa_s for cerca, sessao in self._sessoes.items()},
            parando=self._parando,
        )
        # Noted before it is sent: validity counts from here (leases.py).
        self._pulsos.note_sent(pulso.id, asyncio.get_running_loop().time(), pulso.ociosas_s.keys())
        await self._relator.tell(pulso)

    async def _stop(self) -> None:
        """Invariant: every lease is given back, or its time is over, before the queue is left."""
        self._parando = True
        self._mudou.set()
        for sessao in list(self._sessoes.values()):
            sessao.end("parando")
        if self._tarefas:
            await asyncio.wait(set(self._tarefas), timeout=self._settings.parada_s)
        for sessao in list(self._sessoes.values()):
            sessao.cut()
        if self._tarefas:
            await asyncio.wait(set(self._tarefas), timeout=self._settings.parada_s / 2)
        for tarefa in list(self._tarefas):
            tarefa.cancel()
        await self._send_pulso()


def _relato_of(fim: asyncio.Future[Relato | None] | None) -> Relato | None:
    """The report, where it was published."""
    if fim is None or not fim.done() or fim.cancelled() or fim.exception() is not None:
        return None
    return fim.result()


def _remember(memoria: OrderedDict[K, V], chave: K, valor: V) -> None:
    memoria[chave] = valor
    while len(memoria) > _LEMBRADOS:
        memoria.popitem(last=False)
