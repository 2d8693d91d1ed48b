"""A lease on one session of a credential: its time, its queue of contracts, and its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from typing import Literal
from uuid import UUID

from services.scraper.contracts import FimSessao, Motivo, Oficina, Porta
from services.scraper.leases import MARGEM_S
from services.scraper.portal.browser.chromium import ChromiumAusente
from services.scraper.portal.errors import Falha
from services.scraper.portal.walk import walk
from services.scraper.portal_session import SessaoPortal
from services.scraper.reports import Relator
from services.scraper.trabalho import Devolucao, Relato, Trabalho, give_back
from services.scraper.verifier import Conferente
from shared.bus import BusError
from shared.events import (
    BoletoSolicitado,
    CredencialPassoDado,
    CredencialTestada,
    PassoTeste,
    SessaoConcedida,
    SessaoEncerrada,
)
from shared.files import FileStore
from shared.outcomes import Etapa

log = logging.getLogger(__name__)


class Sessao:
    """Invariants: the portal is touched only until the lease's limit; one contract at a time; what was not begun is
    handed back before the lease is."""

    def __init__(
        self,
        concessao: SessaoConcedida,
        portal: SessaoPortal,
        relator: Relator,
        conferente: Conferente,
        files: FileStore,
        porta: Porta,
    ) -> None:
        porta.note_concessao(concessao.cerca)
        self.concessao = concessao
        self._portal = portal
        self._relator = relator
        self._oficina = Oficina(concessao, portal, relator, conferente, files, porta)
        self._fila: deque[Trabalho] = deque()
        self._em_mao: Trabalho | None = None
        self._sinal = asyncio.Event()
        self._confirmada = asyncio.Event()
        self._limite = asyncio.get_running_loop().time() + concessao.validade_s - MARGEM_S
        self._prazo: asyncio.Timeout | None = None
        self._usada_em = time.monotonic()
        self.is_over = False  # takes no contract any more

    # --- told by the worker -------------------------------------------------------------------------------------------

    @property
    def ociosa_s(self) -> float:
        busy = self._em_casa or self.concessao.pedido_id is not None
        return 0.0 if busy else round(time.monotonic() - self._usada_em, 3)

    @property
    def _em_casa(self) -> list[Trabalho]:
        """Every contract that has no report yet."""
        em_andamento = (self._oficina.em_conferencia, self._em_mao)
        return [*(t for t in em_andamento if t is not None), *self._fila]

    def accept(self, solicitado: BoletoSolicitado) -> asyncio.Future[Relato | None]:
        """Queue a contract. The same dispatch twice is the same work."""
        for trabalho in self._em_casa:
            if trabalho.solicitado.tarefa == solicitado.tarefa:
                return trabalho.fim
        trabalho = Trabalho(solicitado, asyncio.get_running_loop().create_future())
        self._fila.append(trabalho)
        self._sinal.set()
        return trabalho.fim

    def renew(self, limite: float) -> None:
        """`limite`: until when the portal may be touched, on the loop's clock. The answer to an older pulse that comes
        late takes nothing back."""
        self._set_limite(max(self._limite, limite))

    def lose(self) -> None:
        """The lease is gone: leave the portal now."""
        self._set_limite(asyncio.get_running_loop().time())

    def _set_limite(self, limite: float) -> None:
        self._limite = limite
        self._confirmada.set()
        if self._prazo is not None and not self._prazo.expired():
            self._prazo.reschedule(limite)

    def end(self, motivo: Motivo) -> None:
        """Finish the contract in hand, hand the rest back, give the lease back."""
        self._oficina.fechar = self._oficina.fechar or motivo
        self._sinal.set()
        self._confirmada.set()

    def cut(self) -> None:
        """The contract in hand has had its time: hand it back as well."""
        if self._em_mao is not None:
            self._em_mao.abandono = "parando"
            self._oficina.cut()

    async def revoke_execucao(
        self, automacao_id: UUID, ate_despacho: int, motivo: Literal["cancelada", "pausada"]
    ) -> None:
        """Hand back what waits; a cancelled contract in hand is left where the portal was not asked to issue yet."""
        deles = [t for t in self._fila if _belongs(t, automacao_id, ate_despacho)]
        for trabalho in deles:
            self._fila.remove(trabalho)
        for trabalho in deles:
            await give_back(self._relator, trabalho, motivo)
        em_mao = self._em_mao
        if motivo == "cancelada" and em_mao and _belongs(em_mao, automacao_id, ate_despacho):
            if em_mao.andamento.emitido:
                return
            em_mao.abandono = motivo
            self._oficina.cut()
            if em_mao.andamento.etapa.ordem <= Etapa.AUTENTICANDO.ordem:
                # A login in hand goes on without it: its answer must not be missed, nor the password posted again.
                await give_back(self._relator, em_mao, motivo)

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
            self.is_over, self._prazo = True, None
            if motivo in (None, "parada"):
                await self._portal.close()
            with suppress(BusError):  # its message comes again
                await self._oficina.settle()
        if self._oficina.veredito is not None:
            # Before the contracts and the slot are free again, and however long it takes.
            await self._relator.insist(self._oficina.veredito)
        await self._return_all("parando" if motivo == "parando" else "sessao")
        await self._leave()
        if motivo is not None:
            concessao = self.concessao
            encerrada = SessaoEncerrada(cerca=concessao.cerca, credencial_id=concessao.credencial_id, motivo=motivo)
            await self._relator.publish(encerrada)

    async def _leave(self) -> None:
        """The portal, with no contract waiting for it, and while the lease holds."""
        if asyncio.get_running_loop().time() >= self._limite:
            return await self._portal.close()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._limite) as self._prazo:
                await self._portal.leave()
        self._prazo = None

    async def _work(self) -> Motivo:
        await self._confirmada.wait()
        if self.concessao.pedido_id is not None and self._oficina.fechar is None:
            return await self._test(self.concessao.pedido_id)
        while self._oficina.fechar is None:
            if not self._fila:
                self._sinal.clear()
                await self._sinal.wait()
                continue
            self._em_mao = self._fila.popleft()
            try:
                await self._oficina.serve(self._em_mao)
            except FimSessao as fim:
                return fim.motivo
            self._em_mao, self._usada_em = None, time.monotonic()
        return self._oficina.fechar

    async def _return_all(self, motivo: Devolucao) -> None:
        em_mao, self._em_mao = self._em_mao, None
        restantes = ([em_mao] if em_mao else []) + list(self._fila)
        self._fila.clear()
        for trabalho in restantes:
            await give_back(self._relator, trabalho, trabalho.abandono or motivo)

    # --- a lease for testing the credential ---------------------------------------------------------------------------

    async def _test(self, pedido_id: UUID) -> Motivo:
        passos: list[PassoTeste] = []
        falha: Falha | None = None
        try:
            aberta = await self._portal.open()
            async for passo, motivo in walk(aberta, self._portal.acesso):
                falha = motivo
                passos.append(passo.model_copy(update={"detalhe": self._portal.mask(passo.detalhe)}))
                await self._relator.tell(
                    CredencialPassoDado(cerca=self.concessao.cerca, pedido_id=pedido_id, passos=tuple(passos))
                )
        except Falha as erro:
            falha = erro
        except ChromiumAusente as erro:
            falha = Falha("navegador.caiu", str(erro))
        mensagem = "O login funcionou e a busca abriu." if falha is None else self._portal.mask(falha.mensagem)
        self._oficina.veredito = CredencialTestada(
            cerca=self.concessao.cerca,
            credencial_id=self.concessao.credencial_id,
            pedido_id=pedido_id,
            ok=falha is None,
            codigo=falha.codigo if falha else None,
            mensagem=mensagem,
            passos=tuple(passos),
        )
        return "teste"


def _belongs(trabalho: Trabalho, automacao_id: UUID, ate_despacho: int) -> bool:
    tarefa = trabalho.solicitado.tarefa
    return tarefa.automacao_id == automacao_id and tarefa.despacho <= ate_despacho
