"""What the portal remembers: sessions by cookie, who is logged in, the client open in each, what was issued."""

import asyncio
import secrets
import time
from collections import Counter, deque
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.boleto import Boleto
from tests.simulator.forms import Render, make_chave
from tests.simulator.knobs import Botoes
from tests.simulator.scenario import Cenario, Cliente, Cota, Credencial, Parcela


@dataclass(frozen=True)
class Linha:
    """A row of the billing grid."""

    cota: Cota
    parcela: Parcela


@dataclass
class Relatorio:
    """A report waiting to be printed, kept in the session."""

    boleto: Boleto
    cliente: Cliente
    cota: Cota
    botoes: Botoes
    com_defeito: bool
    pedidos: int = 0
    entregas: int = 0


@dataclass
class SessaoPortal:
    """One cookie jar. `cliente` and `cota` are who was opened last, whatever tab asked."""

    id: str
    chave: str = field(default_factory=make_chave)
    credencial: Credencial | None = None
    pendente: Credencial | None = None
    usuario: str | None = None  # who was in last, still known after the session ended
    bilhete: str = ""
    login_em: float = 0.0
    requisicoes: int = 0
    cliente: Cliente | None = None
    cota: Cota | None = None
    relatorio: Relatorio | None = None
    relatorios: dict[str, Relatorio] = field(default_factory=dict)
    renders: dict[str, deque[Render]] = field(default_factory=dict)
    derrubada: bool = False
    bloqueada: bool = False
    trava: asyncio.Lock = field(default_factory=asyncio.Lock)
    castigada_ate: float = 0.0
    ultimo_post: float = 0.0

    def keep(self, page: str, render: Render, limit: int) -> None:
        kept = self.renders.setdefault(page, deque())
        kept.append(render)
        while len(kept) > limit:
            kept.popleft()

    def take(self, page: str, chave: str, limit: int) -> Render | None:
        """The render a post came from. With one valid state, a post uses it up: posting it again is stale."""
        for render in self.renders.get(page, ()):
            if chave and render.chave == chave:
                if limit == 1:
                    self.renders[page].remove(render)
                return render
        return None

    def open_cota(self, cliente: Cliente | None, cota: Cota | None) -> None:
        self.cliente, self.cota = cliente, cota


@dataclass
class Portal:
    """The whole state of one simulator."""

    cenario: Cenario
    botoes: Botoes
    inicio: float = field(default_factory=time.monotonic)
    sessoes: dict[str, SessaoPortal] = field(default_factory=dict)
    recusas: Counter[str] = field(default_factory=Counter)
    usos: Counter[tuple[str, str]] = field(default_factory=Counter)
    emitidos: list[dict[str, Any]] = field(default_factory=list)
    por_cliente: dict[str, dict[str, Any]] = field(default_factory=dict)
    guiches: dict[int, asyncio.Semaphore] = field(default_factory=dict)

    def find_guiche(self, lugares: int) -> AbstractAsyncContextManager[None]:
        """Where requests wait in line, `lugares` of them served at a time; 0: nobody waits."""
        return self.guiches.setdefault(lugares, asyncio.Semaphore(lugares)) if lugares else nullcontext()

    def new_sessao(self) -> SessaoPortal:
        sessao = SessaoPortal(secrets.token_urlsafe(18))
        self.sessoes[sessao.id] = sessao
        return sessao

    def botoes_de(self, cliente: Cliente | None) -> Botoes:
        """The knobs as this client meets them."""
        if cliente is None:
            return self.botoes
        knobs = self.botoes.merge(cliente.botoes)
        turned = self.por_cliente.get(cliente.cpf)
        return knobs.change(turned) if turned else knobs

    def scope(self, cliente: Cliente | None, group: str) -> str:
        """Whose count a fault is spent from: the client's own if the client has that group of knobs, else all's."""
        if cliente is None:
            return ""
        stated = cliente.botoes.model_fields_set | self.por_cliente.get(cliente.cpf, {}).keys()
        return cliente.cpf if group in stated else ""

    def spend(self, scope: str, knob: str, limit: int) -> bool:
        """Whether a counted fault still strikes: `limit` times per scope, -1 always."""
        if limit == -1:
            return True
        if self.usos[scope, knob] >= limit:
            return False
        self.usos[scope, knob] += 1
        return True

    def find_credencial(self, usuario: str) -> Credencial | None:
        """By the user as typed; padded to 10 digits where the portal wants it so, and then never unpadded."""
        padded = self.botoes.login.completar_zeros
        for credencial in self.cenario.credenciais:
            if usuario == (credencial.usuario.zfill(10) if padded else credencial.usuario):
                return credencial
        return None

    def enter(self, sessao: SessaoPortal, credencial: Credencial) -> None:
        """Logs in; the oldest sessions over the credential's limit are kicked out."""
        alive = [s for s in self.sessoes.values() if s.credencial == credencial and s is not sessao]
        alive.sort(key=lambda s: s.login_em)
        for old in alive[: max(0, len(alive) - credencial.max_sessoes + 1)]:
            self.leave(old)
            old.derrubada = True
        sessao.credencial, sessao.login_em = credencial, time.monotonic()
        sessao.usuario = credencial.usuario
        sessao.bilhete, sessao.requisicoes, sessao.derrubada = secrets.token_hex(24), 0, False
        sessao.chave = make_chave()
        sessao.open_cota(None, None)

    def leave(self, sessao: SessaoPortal) -> None:
        sessao.credencial, sessao.bilhete = None, ""
        sessao.renders.clear()
        sessao.relatorios.clear()
        sessao.relatorio = None

    def clientes_de(self, sessao: SessaoPortal) -> list[Cliente]:
        assert sessao.credencial is not None
        return [c for c in self.cenario.clientes if c.ponto_venda == sessao.credencial.ponto_venda]
