"""Portals that misbehave: a case says how and what comes of it; a table of the bench is laid for each portal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from services.gateway.execucao import SEGUIDOS, raiz_codigo
from shared.outcomes import ESPERA_VARIACAO, ESPERAS_S, TENTATIVAS_TECNICAS, Classe, find_desfecho
from tests.crm import match_linha
from tests.faults.bancada import Bancada, open_outra
from tests.faults.invariantes import check_trabalhos
from tests.flow.rodada import Execucao, finish
from tests.samples.builder import Construtor
from tests.samples.register import Amostra, Consultor, PontoVenda
from tests.simulator import Botoes
from tests.socket_client import Quadro

Grupos = dict[str, dict[str, Any]]

SENHA = "Modelo#31000"
# What is met by so many contracts in a row is taken for everyone's: fewer of each share a portal.
FAMILIAS = ("portal.fora_do_ar", "portal.mudou", "documento.divergente")
POR_MESA = 12
# A portal that gets well by itself does so this long after it failed first: the breaker has opened, and probed.
TEMPO_S = 25.0
# Long enough for another login, were there to be one: the dispatcher's rounds are a second apart.
CALMA_S = 3.0
FIM_S = 420.0


@dataclass(frozen=True, eq=False)
class Caso:
    """What the portal does, and what comes of it. ref: of portal.md, §3 by its row.

    cliente: knobs of one client alone, at a portal shared with others; pessoa: what else is odd about the client.
    portal: knobs of a portal of its own, for all its contracts; credencial: what the portal has on its login; senha:
    what was registered with us.
    codigos: with which its contracts end, each with one of them (None: success). falha: what those that succeed met
    before. tentativas: how many of each contract's failed, at least and at most.
    para: with which code the credential stops; entradas: logins posted until then, and none after. conserto: what then
    puts it right, and everything that waited goes on by itself to `codigos`. logins: accepted ones in all, at least and
    at most; recusas: those not let in.
    """

    ref: str
    cliente: Grupos = field(default_factory=dict)
    pessoa: Callable[[Construtor], dict[str, Any]] = lambda c: {}
    portal: Grupos = field(default_factory=dict)
    credencial: dict[str, Any] = field(default_factory=dict)
    senha: str = SENHA
    contratos: int = 0  # 0: one at a shared portal, two at a portal of its own
    sessoes: int = 1
    codigos: tuple[str | None, ...] = (None,)
    falha: str = ""
    tentativas: tuple[int, int] = (0, 0)
    para: str | None = None
    entradas: int | None = None
    conserto: Literal["", "credencial", "portal", "tempo"] = ""
    logins: tuple[int, int] | None = None
    recusas: int = 0
    derruba: bool = False
    confere: Callable[[Bancada], None] = lambda bancada: None
    drivers: tuple[str, ...] = ("http",)

    def __str__(self) -> str:
        return f"{self.ref} {self.cliente or self.portal or self.credencial or 'cliente'}"

    @property
    def is_alone(self) -> bool:
        return bool(self.portal or self.credencial or self.senha != SENHA)

    @property
    def quantos(self) -> int:
        return self.contratos or 1 + self.is_alone

    @property
    def familia(self) -> str:
        return raiz_codigo(self.codigos[0] or self.falha)


class Mesa:
    """The cases of one portal, with their clients, and how they come to their end."""

    def __init__(self, numero: int, casos: Sequence[Caso], sessoes: int) -> None:
        self.casos = casos
        self._primeiro = casos[0]
        self._pv = str(31_000 + numero)
        sessoes = self._primeiro.sessoes if self._primeiro.is_alone else sessoes
        consultor = f"MESA {numero}"
        c = Construtor(
            31_000 + numero,
            (PontoVenda(self._pv, consultor, "credms", self._pv, self._primeiro.senha, sessoes),),
            (Consultor(consultor, self._pv),),
            self._primeiro.portal,
            senhas_do_portal={self._pv: SENHA},
        )
        feitos = {caso: [_add(c, consultor, caso) for _ in range(caso.quantos)] for caso in casos}
        self._esperados = {caso: [c.make_esperado(feito) for feito in feitos[caso]] for caso in casos}
        amostra = c.make_amostra((c.make_trabalho(self._pv),), {consultor: "geral"})
        self._amostra = replace(amostra, cenario=_change_credencial(amostra, self._primeiro.credencial))

    def __str__(self) -> str:
        return "; ".join(str(caso) for caso in self.casos)

    async def run(self, base: Bancada, vez: asyncio.Semaphore) -> Bancada:
        """vez: so many are laid at a time. Raises AssertionError."""
        caso = self._primeiro
        async with contextlib.AsyncExitStack() as pilha:
            async with vez:
                bancada = await pilha.enter_async_context(open_outra(base, self._amostra))
            bancada.recusas, bancada.derruba = caso.recusas, caso.derruba
            await bancada.submit()
            if caso.para is not None:
                await self._see_parada(bancada, caso.para)
            elif caso.conserto == "tempo":
                await bancada.wait_quadro(_is_falha, 180)
                await asyncio.sleep(TEMPO_S)
            await self._mend(bancada)
            await bancada.finish(FIM_S)
            self._check(bancada, await finish(bancada.cliente, bancada.ids[0]))
            await check_trabalhos(bancada)
            return bancada

    async def _see_parada(self, bancada: Bancada, codigo: str) -> None:
        """The credential has stopped, a person is told of it, and nothing is posted any more."""
        quadro = await bancada.wait_quadro(_is_bloqueada, 180)
        assert quadro["codigo"] == codigo, f"blocked by {quadro['codigo']}"
        dados = await bancada.call("GET", f"execucoes/{bancada.ids[0]}")
        assert (dados["execucao"]["codigo"], bool(dados["execucao"]["mensagem_atual"])) == (codigo, True)
        linhas = (await bancada.call("GET", f"execucoes/{bancada.ids[0]}/clientes"))["clientes"]
        parados = [linha for linha in linhas if linha["status"] == "erro"]
        # One may have come to a child of it before the credential stopped.
        assert parados and all(f"{linha['codigo']}.".startswith(f"{codigo}.") for linha in parados)
        assert all(linha["mensagem"] for linha in parados)
        entradas = count_logins(bancada, "POST")
        assert self._primeiro.entradas in (None, entradas), f"{entradas} logins posted"
        tocados = count_logins(bancada)
        await asyncio.sleep(CALMA_S)
        assert count_logins(bancada) == tocados, "the login page was asked for after the credential had stopped"

    async def _mend(self, bancada: Bancada) -> None:
        match self._primeiro.conserto:
            case "credencial":
                todas = (await bancada.call("GET", "credenciais", params={"limite": "500"}))["credenciais"]
                id = next(k["id"] for k in todas if k["ponto_venda"] == self._pv)
                await bancada.call("PATCH", f"credenciais/{id}", json={"senha": SENHA})
            case "portal" | "tempo":
                bancada.portal.portal.cenario = _change_credencial(bancada.amostra, {"situacao": "ativa"})
                bancada.portal.turn(None, **_undo(self._primeiro.portal))
                if self._primeiro.para is not None:
                    await bancada.call("POST", f"execucoes/{bancada.ids[0]}/retomar")

    def _check(self, bancada: Bancada, execucao: Execucao) -> None:
        linhas, achados = list(execucao.linhas), []
        for caso in self.casos:
            faltas: set[str] = set()
            for esperado in self._esperados[caso]:
                linha = match_linha(linhas, esperado)
                assert linha is not None, f"{caso}: no row"
                assert linha["codigo"] in caso.codigos, f"{caso}: {linha}"
                menos, mais = caso.tentativas
                # What `auto` did not understand over requests it tries in the browser, in the same attempt.
                assert (menos if bancada.arranjo.driver != "auto" else 0) <= linha["tentativas"] <= mais, (
                    f"{caso}: {linha}"
                )
                if caso.falha:
                    faltas |= {evento["codigo"] for evento in list_deles(bancada, linha["id"]) if evento["codigo"]}
                assert linha["evidencias"] or not _leaves_evidencia(linha), f"{caso}: no evidence"
                if menos == TENTATIVAS_TECNICAS:
                    check_esperas(list_esperas_s(list_deles(bancada, linha["id"])))
                achados.append(esperado)
                if linha["codigo"] != esperado.codigo:  # another of its codes
                    como = {nome: linha[nome] for nome in ("status", "codigo", "arquivo")}
                    achados[-1] = replace(esperado, **como)
            if caso.falha:
                assert caso.falha in map(raiz_codigo, faltas), f"{caso}: nobody met it: {faltas}"
        (trabalho,) = bancada.amostra.trabalhos
        bancada.amostra = replace(bancada.amostra, trabalhos=(replace(trabalho, esperados=tuple(achados)),))
        if self._primeiro.logins is not None:
            menos, mais = self._primeiro.logins
            assert menos <= bancada.portal.log.count("login.ok") <= mais, bancada.portal.sessoes()
        self._primeiro.confere(bancada)


def lay(casos: Iterable[Caso], sessoes: int) -> list[Mesa]:
    """sessoes: at a shared portal. Together are the cases of single clients that do nothing to one another."""
    sozinhos: list[list[Caso]] = []
    juntos: list[list[Caso]] = []
    for caso in casos:
        if caso.is_alone:
            sozinhos.append([caso])
        elif cabe := next((mesa for mesa in juntos if _fits(caso, mesa)), None):
            cabe.append(caso)
        else:
            juntos.append([caso])
    return [Mesa(numero, mesa, sessoes) for numero, mesa in enumerate(juntos + sozinhos, start=1)]


def _fits(caso: Caso, mesa: Sequence[Caso]) -> bool:
    iguais = sum(outro.familia == caso.familia for outro in mesa)
    return len(mesa) < POR_MESA and (caso.familia not in FAMILIAS or iguais < SEGUIDOS - 1)


def _add(c: Construtor, consultor: str, caso: Caso) -> Any:
    codigo = caso.codigos[0]
    status = find_desfecho(codigo).status if codigo else "sucesso"
    return c.add(consultor, str(status), codigo, botoes=caso.cliente, **caso.pessoa(c))


def _change_credencial(amostra: Amostra, campos: dict[str, Any]) -> Any:
    (credencial,) = amostra.cenario.credenciais
    return amostra.cenario.model_copy(update={"credenciais": (credencial.model_copy(update=campos),)})


def _leaves_evidencia(linha: dict[str, Any]) -> bool:
    """It failed at the portal, and not only for the want of a session."""
    return bool(linha["codigo"] and linha["tentativas"]) and find_desfecho(linha["codigo"]).classe is not Classe.SESSAO


def _undo(grupos: Grupos) -> Grupos:
    bons = Botoes()
    return {grupo: {nome: getattr(getattr(bons, grupo), nome) for nome in nomes} for grupo, nomes in grupos.items()}


def _is_falha(quadro: Quadro) -> bool:
    return quadro["tipo"] == "evento" and quadro["status"] == "pendente" and bool(quadro["codigo"])


def _is_bloqueada(quadro: Quadro) -> bool:
    return (quadro["tipo"], quadro.get("evento"), quadro.get("status")) == ("evento", "execucao.status", "bloqueada")


def count_logins(bancada: Bancada, *metodos: str) -> int:
    """Requests to the login page, blocked ones too; those whose connection was reset leave no trace."""
    return sum(e["pagina"] == "login" and (not metodos or e["metodo"] in metodos) for e in bancada.portal.registro)


def list_deles(bancada: Bancada, item_id: int) -> list[Quadro]:
    """The events of one contract."""
    eventos = bancada.ouvintes[0].visao.eventos
    return [evento for evento in eventos if evento["cliente"] and evento["cliente"]["id"] == item_id]


def list_esperas_s(deles: Sequence[Quadro]) -> list[float]:
    """From each failed attempt of a contract to the first step of the next one."""
    return [
        (datetime.fromisoformat(depois["em"]) - datetime.fromisoformat(antes["em"])).total_seconds()
        for antes, depois in pairwise(deles)
        if antes["status"] == "pendente" and antes["codigo"]
    ]


def check_esperas(esperas_s: Sequence[float]) -> None:
    """No attempt comes before its pause is over, which grows; a machine under load may be later, never earlier."""
    assert len(esperas_s) == len(ESPERAS_S) - 1
    folga_s = 0.25  # what is told of a failure is told a moment after its pause began
    for espera_s, base_s in zip(esperas_s, ESPERAS_S[1:], strict=True):
        assert espera_s >= base_s * (1 - ESPERA_VARIACAO) - folga_s, f"pauses: {esperas_s}"


def check_sondas(bancada: Bancada) -> None:
    """Once the breaker is open the portal is asked by one contract at a time, and less and less often."""
    falhas = sorted(
        entrada["t"] for entrada in bancada.portal.registro if str(entrada.get("resultado")).startswith("falha.")
    )
    # What was on its way when the third contract failed comes to its end; the first probe is due after 5 s, then 10.
    sondas = [t for t in falhas if t > falhas[SEGUIDOS - 1] + 4]
    assert len(sondas) > 1 and all(depois - antes >= 9 for antes, depois in pairwise(sondas)), f"probes: {falhas}"
