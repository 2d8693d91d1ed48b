"""Works the contracts of one session off: login when needed, attempt, and what each fault leads to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from functools import partial
from typing import Literal

from services.scraper.attempt import conclude, fetch
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
from services.scraper.portal.evidence import Vista, look
from services.scraper.portal.flow import Emissao
from services.scraper.portal_session import SessaoPortal
from services.scraper.reports import Relator
from services.scraper.trabalho import Relato, Trabalho, finish, give_back
from services.scraper.verifier import Conferente
from shared.bus import BusError
from shared.events import (
    BoletoFalhou,
    BoletoJaBaixado,
    CredencialParada,
    CredencialTestada,
    SessaoAberta,
    SessaoConcedida,
)
from shared.files import FileStore
from shared.outcomes import Etapa

log = logging.getLogger(__name__)

Motivo = Literal["ociosa", "revogada", "parando", "derrubada", "limitada", "bloqueada", "parada", "teste", "erro"]

# Logins that one contract may cost, and how often the portal may ask it to slow down.
PERDAS_MAX, LIMITES_MAX = 5, 4
# How often, where there are other sessions beside this one: then there are to be fewer.
LIMITES_PARALELOS = 2
# So many lost sessions in so long, with no contract ended between them: somebody else uses this login.
DERRUBADAS, DERRUBADAS_S = 3, 300.0
PAUSAS_LIMITE_S = (0.5, 1.0, 2.0, 4.0)


class SessaoSuspeita(Exception):
    """The contract before got somebody else's document out of this session."""


class FimSessao(Exception):
    """The lease is given back, for this reason."""

    def __init__(self, motivo: Motivo) -> None:
        super().__init__(motivo)
        self.motivo: Motivo = motivo


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


class Oficina:
    """Serves one contract at a time at the portal; the one before may still be under verification. Raises FimSessao
    where the session cannot go on.

    Invariant: the portal is not asked to issue before the document that it issued last is known to be the right one.
    """

    def __init__(
        self,
        concessao: SessaoConcedida,
        portal: SessaoPortal,
        relator: Relator,
        conferente: Conferente,
        files: FileStore,
        porta: Porta,
    ) -> None:
        self._concessao = concessao
        self._portal = portal
        self._porta = porta
        self._relator = relator
        self._conferente = conferente
        self._files = files
        # What the portal said of the credential. It outlives the lease: lost, it would let the password go out again.
        self.veredito: CredencialParada | CredencialTestada | None = None
        # Why the lease is to be given back, where it is: then no contract is worth another login.
        self.fechar: Motivo | None = None
        self._corte: asyncio.Timeout | None = None
        self._derrubadas: deque[float] = deque(maxlen=DERRUBADAS)
        self.em_conferencia: Trabalho | None = None
        self._conferencia: asyncio.Task[None] | None = None
        self._suspeita = False
        self._busca_desde_s = 0.0

    async def settle(self) -> None:
        """Until the contract under verification, if any, has its report. Raises BusError."""
        if self._conferencia is not None:
            await asyncio.shield(self._conferencia)

    def cut(self) -> None:
        """Leave the contract in hand now, unless a login is in hand or its report is being written."""
        if self._corte is not None and not self._corte.expired():
            self._corte.reschedule(asyncio.get_running_loop().time())

    async def serve(self, trabalho: Trabalho) -> None:
        """Until the contract has left the portal: a lost session or a pace too fast begins it again."""
        while not trabalho.fim.done():
            try:
                await self._enter(trabalho)
                if trabalho.abandono is not None:
                    return await give_back(self._relator, trabalho, trabalho.abandono)
                resultado = await self._try(trabalho)
                if isinstance(resultado, Emissao):
                    return self._begin_conferencia(trabalho, resultado)
                relato: Relato = resultado
            except FimSessao:
                raise
            except SessaoSuspeita:
                continue
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

    def _begin_conferencia(self, trabalho: Trabalho, emissao: Emissao) -> None:
        assert self.em_conferencia is None and self._portal.driver is not None
        self.em_conferencia, vista = trabalho, look(self._portal.driver)
        self._conferencia = asyncio.create_task(self._conclude(trabalho, emissao, vista), name="conferencia")

    async def _conclude(self, trabalho: Trabalho, emissao: Emissao, vista: Vista) -> None:
        """Raises BusError, which its message gets as well."""
        tarefa, andamento = trabalho.solicitado.tarefa, trabalho.andamento
        relato: Relato
        try:
            tell = partial(self._tell, trabalho)
            relato = await conclude(emissao, self._conferente, self._files, trabalho.solicitado, andamento, tell)
        except Falha as falha:
            self._suspeita = _is_mixed_up(falha)
            relato = await self._relator.make_falha(self._portal, tarefa, andamento, falha, vista)
        except Exception as erro:  # edge: top of a task
            log.exception("verification failed", extra={"item_id": tarefa.item_id})
            interna = Falha("interno", f"Erro inesperado: {type(erro).__name__}.")
            relato = await self._relator.make_falha(self._portal, tarefa, andamento, interna, vista)
        self._derrubadas.clear()
        try:
            await finish(self._relator, trabalho, relato)
        except BusError as erro:
            if not trabalho.fim.done():
                trabalho.fim.set_exception(erro)
            raise
        finally:
            self.em_conferencia = None

    async def _enter(self, trabalho: Trabalho) -> None:
        if self._suspeita:
            await self._portal.leave()
            self._suspeita = False
        if self._portal.is_open:
            await self._portal.renew_if_old()
            return
        if self.fechar is not None:
            raise FimSessao(self.fechar)
        await self._tell(trabalho, Etapa.AUTENTICANDO)
        concessao = self._concessao
        async with self._porta.trava:
            if self.fechar is not None or self._porta.is_closed(concessao.cerca):
                raise FimSessao(self.fechar or "revogada")
            duracao_s = await self._portal.log_in(so_navegador=self._porta.so_navegador)
        await self._relator.tell(
            SessaoAberta(cerca=concessao.cerca, credencial_id=concessao.credencial_id, duracao_s=duracao_s)
        )

    async def _try(self, trabalho: Trabalho) -> Emissao | BoletoJaBaixado:
        """Invariant: the cut reaches the contract only in here, so never a login, and never after its report."""
        try:
            async with asyncio.timeout(None) as self._corte:
                return await fetch(self._portal.passos, trabalho.solicitado, partial(self._tell, trabalho))
        finally:
            self._corte = None
            self._portal.note_contrato()

    async def _tell(self, trabalho: Trabalho, etapa: Etapa) -> None:
        if etapa is Etapa.BAIXANDO:
            await self.settle()
            if self._suspeita:
                raise SessaoSuspeita
        trabalho.andamento.enter(etapa)
        busca_ms = None
        if etapa is Etapa.BUSCANDO:
            self._busca_desde_s = self._portal.portal_s
        elif etapa is Etapa.EMITINDO:
            busca_ms = round((self._portal.portal_s - self._busca_desde_s) * 1000)
        self._relator.tell_etapa(trabalho.solicitado.tarefa, etapa, busca_ms)

    async def _begin_again(
        self, trabalho: Trabalho, falha: SessaoPerdida | PortalLimite | PortalBloqueado | LoginParado
    ) -> None:
        """Raises FimSessao where this session cannot go on."""
        authenticating = trabalho.andamento.etapa is Etapa.AUTENTICANDO and not self._portal.is_logada
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
                if trabalho.limites >= LIMITES_PARALELOS and self._concessao.sessoes > 1:
                    raise FimSessao("limitada")
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
        broken = isinstance(falha, NavegadorCaiu) or falha.codigo == "interno"
        if _is_mixed_up(falha) or broken or not self._portal.is_logada:
            await self._portal.leave()
        return relato


def _is_mixed_up(falha: Falha) -> bool:
    """Somebody else's document, or page: the session that showed it is not trusted again."""
    return isinstance(falha, DocumentoRecusado) and falha.codigo.startswith("documento.divergente")
