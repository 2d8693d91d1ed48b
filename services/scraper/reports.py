"""What the scraper reports: published with patience, evidence and refused PDFs kept first, everything masked."""

from __future__ import annotations

import asyncio
import logging

from services.scraper.attempt import Andamento
from services.scraper.portal.errors import DocumentoRecusado, Falha
from services.scraper.portal.evidence import Vista, look, mask_html, write_evidencia
from services.scraper.portal_session import SessaoPortal
from shared.bus import Bus, BusError
from shared.events import Arquivo, BoletoEtapa, BoletoFalhou, Evento, Tarefa
from shared.files import ArquivoFalhou, FileStore
from shared.outcomes import Etapa

log = logging.getLogger(__name__)

_TENTATIVAS = 3
_PAUSA_S = 1.0


class Relator:
    def __init__(self, bus: Bus, files: FileStore) -> None:
        self._bus = bus
        self._files = files
        # By dispatch: steps not told yet, with the search's time where one ended it; reports of steps on their way.
        self._passos: dict[int, list[tuple[Etapa, int | None]]] = {}
        self._a_caminho: dict[int, asyncio.Task[None]] = {}

    async def publish(self, evento: Evento) -> None:
        """A result, which its message waits for; its contract's steps go before it. Raises BusError when the bus stays
        away."""
        tarefa = getattr(evento, "tarefa", None)
        if isinstance(tarefa, Tarefa) and (caminho := self._a_caminho.get(tarefa.despacho)):
            await asyncio.wait([caminho])
        for tentativa in range(1, _TENTATIVAS + 1):
            try:
                return await self._bus.publish(evento)
            except BusError:
                if tentativa == _TENTATIVAS:
                    raise
                await asyncio.sleep(_PAUSA_S * tentativa)

    async def insist(self, evento: Evento) -> None:
        """What must not be lost while this process lives: until the bus takes it."""
        while True:
            try:
                return await self._bus.publish(evento)
            except BusError as erro:
                log.warning("%s not taken yet: %s", evento.rota, erro)
                await asyncio.sleep(_PAUSA_S)

    async def tell(self, evento: Evento) -> None:
        """Progress: the work does not wait for it, nor end without it."""
        try:
            await self._bus.publish(evento)
        except BusError as erro:
            log.warning("%s not told: %s", evento.rota, erro)

    def tell_etapa(self, tarefa: Tarefa, etapa: Etapa, busca_ms: int | None = None) -> None:
        """The portal does not wait for the bus: steps taken while a report is on its way go with the next one."""
        self._passos.setdefault(tarefa.despacho, []).append((etapa, busca_ms))
        if tarefa.despacho not in self._a_caminho:
            self._a_caminho[tarefa.despacho] = asyncio.create_task(self._tell_passos(tarefa))

    async def _tell_passos(self, tarefa: Tarefa) -> None:
        """Ends before the contract's result is published."""
        try:
            while passos := self._passos.pop(tarefa.despacho, None):
                *anteriores, etapa = (etapa for etapa, _ in passos)
                busca_ms = next((ms for _, ms in reversed(passos) if ms is not None), None)
                await self.tell(
                    BoletoEtapa(tarefa=tarefa, etapa=etapa, anteriores=tuple(anteriores), busca_ms=busca_ms)
                )
        finally:
            del self._a_caminho[tarefa.despacho]

    async def make_falha(
        self, portal: SessaoPortal, tarefa: Tarefa, andamento: Andamento, falha: Falha, vista: Vista | None = None
    ) -> BoletoFalhou:
        """vista: what stood open when the contract left the portal, where another one may have come since."""
        andamento.close()
        evidencia = await self.keep_evidencia(portal, falha, andamento.etapa, vista)
        quarentena = None
        if isinstance(falha, DocumentoRecusado) and falha.pdf is not None:
            quarentena = await self._keep_quarentena(falha.pdf)
        return BoletoFalhou(
            tarefa=tarefa,
            etapa=andamento.etapa,
            codigo=falha.codigo,
            mensagem=portal.mask(falha.mensagem),
            evidencia=evidencia,
            quarentena=quarentena,
            boleto=andamento.dados,
            duracoes_s=andamento.duracoes_s,
        )

    async def keep_evidencia(
        self, portal: SessaoPortal, falha: Falha, etapa: Etapa, vista: Vista | None = None
    ) -> tuple[Arquivo, ...]:
        """What could be kept: a store that fails must not hide the fault itself."""
        segredos = portal.segredos
        if vista is not None:
            foto = await portal.draw(mask_html(vista.pagina.html, segredos))
        elif portal.driver is not None:
            vista, foto = look(portal.driver), await portal.driver.screenshot(segredos)
        else:
            return ()
        partes = write_evidencia(vista, foto, segredos, etapa, falha)
        try:
            return tuple([await self._files.put_interno("evidencias", parte) for parte in partes])
        except ArquivoFalhou as erro:
            log.warning("evidence not kept: %s", erro)
            return ()

    async def _keep_quarentena(self, pdf: bytes) -> Arquivo | None:
        try:
            return await self._files.put_interno("quarentena", pdf)
        except ArquivoFalhou as erro:
            log.warning("refused pdf not kept: %s", erro)
            return None
