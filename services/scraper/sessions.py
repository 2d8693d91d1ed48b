"""A leased session of a credential and the one worker that uses it: login, contracts one by one, and its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import Literal
from uuid import UUID

from services.scraper.attempt import Andamento, attempt
from services.scraper.leases import MARGEM_S
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
from services.scraper.portal.walk import walk
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
    PassoTeste,
    SessaoAberta,
    SessaoConcedida,
    SessaoEncerrada,
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


class Sessao:
    """Invariants: the portal is touched only until the lease's limit; one contract at a time; what was not begun is
    handed back before the lease is."""

    def __init__(self, concessao: SessaoConcedida, portal: SessaoPortal, relator: Relator, files: FileStore) -> None:
        self.concessao = concessao
        self._portal = portal
        self._relator = relator
        self._files = files
        self._fila: deque[Trabalho] = deque()
        self._em_mao: Trabalho | None = None
        self._sinal = asyncio.Event()
        self._confirmada = asyncio.Event()
        self._limite = asyncio.get_running_loop().time() + concessao.validade_s - MARGEM_S
        self._prazo: asyncio.Timeout | None = None
        self._corte: asyncio.Timeout | None = None
        self._fechar: Motivo | None = None
        self._derrubadas: deque[float] = deque(maxlen=DERRUBADAS)
        self._usada_em = time.monotonic()

    # --- told by the worker -------------------------------------------------------------------------------------------

    @property
    def ociosa_s(self) -> float:
        busy = self._em_mao is not None or self._fila or self.concessao.pedido_id is not None
        return 0.0 if busy else round(time.monotonic() - self._usada_em, 3)

    def accept(self, solicitado: BoletoSolicitado) -> asyncio.Future[Relato | None]:
        """Queue a contract. The same dispatch twice is the same work."""
        em_casa = [self._em_mao, *self._fila] if self._em_mao else [*self._fila]
        for trabalho in em_casa:
            if trabalho.solicitado.tarefa == solicitado.tarefa:
                return trabalho.fim
        trabalho = Trabalho(solicitado, asyncio.get_running_loop().create_future())
        self._fila.append(trabalho)
        self._sinal.set()
        return trabalho.fim

    def renew(self, limite: float) -> None:
        """`limite`: until when the portal may be touched, on the loop's clock."""
        self._limite = limite
        self._confirmada.set()
        if self._prazo is not None and not self._prazo.expired():
            self._prazo.reschedule(limite)

    def lose(self) -> None:
        """The lease is gone: leave the portal now."""
        self.renew(asyncio.get_running_loop().time())

    def end(self, motivo: Motivo) -> None:
        """Finish the contract in hand, hand the rest back, give the lease back."""
        self._fechar = self._fechar or motivo
        self._sinal.set()
        self._confirmada.set()

    def cut(self) -> None:
        """The contract in hand has had its time: hand it back as well."""
        if self._em_mao is not None:
            self._em_mao.abandono = "parando"
            self._cut_now()

    async def revoke_execucao(
        self, automacao_id: UUID, ate_despacho: int, motivo: Literal["cancelada", "pausada"]
    ) -> None:
        """Hand back what waits; a cancelled contract in hand is left where the portal was not asked to issue yet."""
        deles = [t for t in self._fila if _belongs(t, automacao_id, ate_despacho)]
        for trabalho in deles:
            self._fila.remove(trabalho)
        for trabalho in deles:
            await self._return(trabalho, motivo)
        em_mao = self._em_mao
        if motivo == "cancelada" and em_mao and _belongs(em_mao, automacao_id, ate_despacho):
            if em_mao.andamento.emitido:
                return
            em_mao.abandono = motivo
            self._cut_now()
            if em_mao.andamento.etapa.ordem <= Etapa.AUTENTICANDO.ordem:
                # A login in hand goes on without it: its answer must not be missed, nor the password posted again.
                await self._return(em_mao, motivo)

    def _cut_now(self) -> None:
        if self._corte is not None and not self._corte.expired():
            self._corte.reschedule(asyncio.get_running_loop().time())

    # --- the worker's own loop ----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until the lease ends, whoever ends it."""
        motivo: Motivo | None = None
        try:
            async with asyncio.timeout_at(self._limite) as self._prazo:
                motivo = await self._work()
        except TimeoutError:
            log.warning("lease lost", extra={"cerca": self.concessao.cerca})
        except Exception:  # edge: top of a session's loop
            log.exception("session failed", extra={"cerca": self.concessao.cerca})
            motivo = "erro"
        finally:
            self._prazo = None
            await self._portal.close()
        await self._return_all("parando" if motivo == "parando" else "sessao")
        if motivo is not None:
            concessao = self.concessao
            encerrada = SessaoEncerrada(cerca=concessao.cerca, credencial_id=concessao.credencial_id, motivo=motivo)
            await self._relator.publish(encerrada)

    async def _work(self) -> Motivo:
        await self._confirmada.wait()
        if self.concessao.pedido_id is not None and self._fechar is None:
            return await self._test(self.concessao.pedido_id)
        while self._fechar is None:
            if not self._fila:
                self._sinal.clear()
                await self._sinal.wait()
                continue
            self._em_mao = self._fila.popleft()
            try:
                await self._serve(self._em_mao)
            except FimSessao as fim:
                return fim.motivo
            self._em_mao, self._usada_em = None, time.monotonic()
        return self._fechar

    async def _serve(self, trabalho: Trabalho) -> None:
        """Until the contract has its report: a lost session or a pace too fast begins it again."""
        while not trabalho.fim.done():
            try:
                await self._enter(trabalho)
                if trabalho.abandono is not None:
                    return await self._return(trabalho, trabalho.abandono)
                relato = await self._try(trabalho)
            except (SessaoPerdida, PortalLimite, PortalBloqueado, LoginParado) as falha:
                await self._begin_again(trabalho, falha)
                continue
            except Falha as falha:
                relato = await self._fail(trabalho, falha)
            except ChromiumAusente as erro:
                relato = await self._fail(trabalho, Falha("navegador.caiu", str(erro)))
            except Exception as erro:  # edge: top of a session's loop
                if trabalho.abandono is not None:
                    return await self._return(trabalho, trabalho.abandono)
                log.exception("contract failed", extra={"item_id": trabalho.solicitado.tarefa.item_id})
                relato = await self._fail(trabalho, Falha("interno", f"Erro inesperado: {type(erro).__name__}."))
            self._derrubadas.clear()
            await self._finish(trabalho, relato)

    async def _enter(self, trabalho: Trabalho) -> None:
        if self._portal.is_open:
            await self._portal.renew_if_old()
            return
        await self._tell(trabalho, Etapa.AUTENTICANDO)
        duracao_s = await self._portal.log_in()
        concessao = self.concessao
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
        log.info("%s at %s", falha.codigo, trabalho.andamento.etapa, extra={"cerca": self.concessao.cerca})
        match falha:
            case LoginParado():
                raise await self._stop_credencial(falha, trabalho.andamento.etapa)
            case PortalBloqueado() if authenticating:
                raise await self._stop_credencial(falha, trabalho.andamento.etapa)
            case PortalBloqueado():
                raise FimSessao("bloqueada")
            case SessaoPerdida():
                await self._portal.close()
                await self._note_perda(trabalho, falha)
            case PortalLimite():
                trabalho.limites += 1
                if trabalho.limites > LIMITES_MAX:
                    await self._finish(
                        trabalho, await self._fail(trabalho, Falha("portal.fora_do_ar.http_5xx", falha.mensagem))
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
            await self._finish(trabalho, await self._fail(trabalho, falha))

    async def _stop_credencial(self, falha: Falha, etapa: Etapa) -> FimSessao:
        evidencia = await self._relator.keep_evidencia(self._portal, falha, etapa)
        await self._relator.publish(
            CredencialParada(
                cerca=self.concessao.cerca,
                credencial_id=self.concessao.credencial_id,
                codigo=falha.codigo,
                mensagem=self._portal.mask(falha.mensagem),
                evidencia=evidencia,
            )
        )
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

    async def _finish(self, trabalho: Trabalho, relato: Relato) -> None:
        await self._relator.publish(relato)
        if not trabalho.fim.done():
            trabalho.fim.set_result(relato)

    async def _return(self, trabalho: Trabalho, motivo: Devolucao) -> None:
        """Published first, then settled; where the bus is away the message stays unsettled, and comes again."""
        if trabalho.fim.done():
            return
        try:
            await self._relator.publish(BoletoDevolvido(tarefa=trabalho.solicitado.tarefa, motivo=motivo))
        except BusError as erro:
            if not trabalho.fim.done():
                trabalho.fim.set_exception(erro)
            return
        if not trabalho.fim.done():
            trabalho.fim.set_result(None)

    async def _return_all(self, motivo: Devolucao) -> None:
        em_mao, self._em_mao = self._em_mao, None
        restantes = ([em_mao] if em_mao else []) + list(self._fila)
        self._fila.clear()
        for trabalho in restantes:
            await self._return(trabalho, trabalho.abandono or motivo)

    # --- a lease for testing the credential ---------------------------------------------------------------------------

    async def _test(self, pedido_id: UUID) -> Motivo:
        passos: list[PassoTeste] = []
        falha: Falha | None = None
        try:
            aberta = await self._portal.open()
            async for passo, motivo in walk(aberta, self._portal.acesso):
                falha = motivo
                passos.append(passo.model_copy(update={"detalhe": self._portal.mask(passo.detalhe)}))
        except Falha as erro:
            falha = erro
        except ChromiumAusente as erro:
            falha = Falha("navegador.caiu", str(erro))
        mensagem = "O login funcionou e a busca abriu." if falha is None else self._portal.mask(falha.mensagem)
        await self._relator.publish(
            CredencialTestada(
                cerca=self.concessao.cerca,
                credencial_id=self.concessao.credencial_id,
                pedido_id=pedido_id,
                ok=falha is None,
                codigo=falha.codigo if falha else None,
                mensagem=mensagem,
                passos=tuple(passos),
            )
        )
        return "teste"


def _belongs(trabalho: Trabalho, automacao_id: UUID, ate_despacho: int) -> bool:
    tarefa = trabalho.solicitado.tarefa
    return tarefa.automacao_id == automacao_id and tarefa.despacho <= ate_despacho
