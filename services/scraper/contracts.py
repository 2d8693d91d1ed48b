"""Works the contracts of one session off: login when needed, attempt, and what each fault leads to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from services.scraper.attempt import Andamento, attempt
from services.scraper.portal.browser.chromium import ChromiumAusente
from services.scraper.portal.errors import (
    DocumentoRecusado,
    Falha,
    LoginParado,
    NavegadorCaiu,
    PortalBloqueado,
    PortalLimite,
    SessaoPerdida,
)
from services.scraper.portal_session import SessaoPortal
from services.scraper.reports import Relator
from shared.bus import BusError
from shared.events import (
    BoletoCapturado,
    BoletoDevolvido,
    BoletoFalhou,
    BoletoJaBaixado,
    BoletoSolicitado,
    CredencialParada,
    CredencialTestada,
    SessaoAberta,
    SessaoConcedida,
)
from shared.files import FileStore
from shared.outcomes import Etapa

log = logging.getLogger(__name__)

Motivo = Literal["ociosa", "revogada", "parando", "derrubada", "bloqueada", "parada", "teste", "erro"]
Devolucao = Literal["sessao", "cancelada", "pausada", "parando"]
Relato = BoletoCapturado | BoletoJaBaixado | BoletoFalhou

# Logins that one contract may cost, and how often the portal may ask it to slow down.
PERDAS_MAX, LIMITES_MAX = 5, 4
# So many lost sessions in so long, with no contract ended between them: somebody else uses this login.
DERRUBADAS, DERRUBADAS_S = 3, 300.0
PAUSAS_LIMITE_S = (0.5, 1.0, 2.0, 4.0)


class FimSessao(Exception):
    """The lease is given back, for this reason."""

    def __init__(self, motivo: Motivo) -> None:
        super().__init__(motivo)
        self.motivo: Motivo = motivo


@dataclass(eq=False)
class Trabalho:
    """A contract in this session's hands. `fim` is done once its report is published: then its message is settled."""

    solicitado: BoletoSolicitado
    fim: asyncio.Future[Relato | None]
    andamento: Andamento = field(default_factory=Andamento)
    abandono: Devolucao | None = None
    perdas: int = 0
    limites: int = 0


class Porta:
    """The login of one credential, as far as this process knows it: its sessions log in one after another, and none of
    them after the portal has refused one."""

    def __init__(self) -> None:
        self.trava = asyncio.Lock()
        self.so_navegador = False  # the firewall has blocked requests without a browser
        self._ultima = self._recusada_ate = 0

    def note_concessao(self, cerca: int) -> None:
        self._ultima = max(self._ultima, cerca)

    def close(self) -> None:
        """To all leases that there are; one granted later comes from a person who acted."""
        self._recusada_ate = self._ultima

    def is_closed(self, cerca: int) -> bool:
        return cerca <= self._recusada_ate


async def finish(relator: Relator, trabalho: Trabalho, relato: Relato) -> None:
    await relator.publish(relato)
    if not trabalho.fim.done():
        trabalho.fim.set_result(relato)


async def give_back(relator: Relator, trabalho: Trabalho, motivo: Devolucao) -> None:
    """Published first, then settled; where the bus is away the message stays unsettled, and comes again."""
    if trabalho.fim.done():
        return
    try:
        await relator.publish(BoletoDevolvido(tarefa=trabalho.solicitado.tarefa, motivo=motivo))
    except BusError as erro:
        if not trabalho.fim.done():
            trabalho.fim.set_exception(erro)
        return
    if not trabalho.fim.done():
        trabalho.fim.set_result(None)


class Oficina:
    """Serves one contract at a time. Raises FimSessao where the session cannot go on."""

    def __init__(
        self, concessao: SessaoConcedida, portal: SessaoPortal, relator: Relator, files: FileStore, porta: Porta
    ) -> None:
        self._concessao = concessao
        self._portal = portal
        self._porta = porta
        self._relator = relator
        self._files = files
        # What the portal said of the credential. It outlives the lease: lost, it would let the password go out again.
        self.veredito: CredencialParada | CredencialTestada | None = None
        self._corte: asyncio.Timeout | None = None
        self._derrubadas: deque[float] = deque(maxlen=DERRUBADAS)

    def cut(self) -> None:
        """Leave the contract in hand now, unless a login is in hand or its report is being written."""
        if self._corte is not None and not self._corte.expired():
            self._corte.reschedule(asyncio.get_running_loop().time())

    async def serve(self, trabalho: Trabalho) -> None:
        """Until the contract has its report: a lost session or a pace too fast begins it again."""
        while not trabalho.fim.done():
            try:
                await self._enter(trabalho)
                if trabalho.abandono is not None:
                    return await give_back(self._relator, trabalho, trabalho.abandono)
                relato = await self._try(trabalho)
            except FimSessao:
                raise
            except (SessaoPerdida, PortalLimite, PortalBloqueado, LoginParado) as falha:
                await self._begin_again(trabalho, falha)
                continue
            except Falha as falha:
                relato = await self._fail(trabalho, falha)
            except ChromiumAusente as erro:
                relato = await self._fail(trabalho, Falha("navegador.caiu", str(erro)))
            except Exception as erro:  # edge: top of a session's loop
                if trabalho.abandono is not None:
                    return await give_back(self._relator, trabalho, trabalho.abandono)
                log.exception("contract failed", extra={"item_id": trabalho.solicitado.tarefa.item_id})
                relato = await self._fail(trabalho, Falha("interno", f"Erro inesperado: {type(erro).__name__}."))
            self._derrubadas.clear()
            await finish(self._relator, trabalho, relato)

    async def _enter(self, trabalho: Trabalho) -> None:
        if self._portal.is_open:
            await self._portal.renew_if_old()
            return
        await self._tell(trabalho, Etapa.AUTENTICANDO)
        concessao = self._concessao
        async with self._porta.trava:
            if self._porta.is_closed(concessao.cerca):
                raise FimSessao("revogada")
            duracao_s = await self._portal.log_in(so_navegador=self._porta.so_navegador)
        await self._relator.tell(
            SessaoAberta(cerca=concessao.cerca, credencial_id=concessao.credencial_id, duracao_s=duracao_s)
        )

    async def _try(self, trabalho: Trabalho) -> Relato:
        """Invariant: the cut reaches the contract only in here, so never a login, and never after its report."""
        try:
            async with asyncio.timeout(None) as self._corte:
                passos = self._portal.passos
                tell = partial(self._tell, trabalho)
                return await attempt(passos, self._files, trabalho.solicitado, trabalho.andamento, tell)
        finally:
            self._corte = None
            self._portal.note_contrato()

    async def _tell(self, trabalho: Trabalho, etapa: Etapa) -> None:
        trabalho.andamento.enter(etapa)
        await self._relator.tell_etapa(trabalho.solicitado.tarefa, etapa)

    async def _begin_again(
        self, trabalho: Trabalho, falha: SessaoPerdida | PortalLimite | PortalBloqueado | LoginParado
    ) -> None:
        """Raises FimSessao where this session cannot go on."""
        authenticating = trabalho.andamento.etapa is Etapa.AUTENTICANDO
        log.info("%s at %s", falha.codigo, trabalho.andamento.etapa, extra={"cerca": self._concessao.cerca})
        match falha:
            case LoginParado():
                raise await self._stop_credencial(falha, trabalho.andamento.etapa)
            case PortalBloqueado() if authenticating:
                raise await self._stop_credencial(falha, trabalho.andamento.etapa)
            case PortalBloqueado():
                self._porta.so_navegador = True
                raise FimSessao("bloqueada")
            case SessaoPerdida():
                await self._portal.close()
                await self._note_perda(trabalho, falha)
            case PortalLimite():
                trabalho.limites += 1
                if trabalho.limites > LIMITES_MAX:
                    await finish(
                        self._relator,
                        trabalho,
                        await self._fail(trabalho, Falha("portal.fora_do_ar.http_5xx", falha.mensagem)),
                    )
                else:
                    await asyncio.sleep(PAUSAS_LIMITE_S[trabalho.limites - 1])

    async def _note_perda(self, trabalho: Trabalho, falha: SessaoPerdida) -> None:
        trabalho.perdas += 1
        agora = time.monotonic()
        self._derrubadas.append(agora)
        if len(self._derrubadas) == DERRUBADAS and agora - self._derrubadas[0] <= DERRUBADAS_S:
            raise FimSessao("derrubada")
        if trabalho.perdas >= PERDAS_MAX:
            await finish(self._relator, trabalho, await self._fail(trabalho, falha))

    async def _stop_credencial(self, falha: Falha, etapa: Etapa) -> FimSessao:
        # Before anything is awaited: others may wait for their login.
        self._porta.close()
        parada = CredencialParada(
            cerca=self._concessao.cerca,
            credencial_id=self._concessao.credencial_id,
            codigo=falha.codigo,
            mensagem=self._portal.mask(falha.mensagem),
        )
        self.veredito = parada
        evidencia = await self._relator.keep_evidencia(self._portal, falha, etapa)
        self.veredito = parada.model_copy(update={"evidencia": evidencia})
        return FimSessao("parada")

    async def _fail(self, trabalho: Trabalho, falha: Falha) -> BoletoFalhou:
        """The report, with its evidence; a session that may be mixed up, or never began, is thrown away."""
        andamento = trabalho.andamento
        relato = await self._relator.make_falha(self._portal, trabalho.solicitado.tarefa, andamento, falha)
        mixed_up = isinstance(falha, DocumentoRecusado) and falha.codigo.startswith("documento.divergente")
        broken = isinstance(falha, NavegadorCaiu) or falha.codigo == "interno"
        if mixed_up or broken or andamento.etapa is Etapa.AUTENTICANDO:
            await self._portal.close()
        return relato
