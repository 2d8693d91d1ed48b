"""The prediction of failures, as gateway and previsor share it: what a contract is judged by, and its risk.

Pure, and the same for learning and for use: of a contract only what was known before it was tried. Nothing here names
a person: no weight belongs to a contract.
"""

from __future__ import annotations

import heapq
from calendar import monthrange
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp
from zoneinfo import ZoneInfo

from shared.events import Historia, Modelo, TentativaPassada

FUSO = ZoneInfo("America/Sao_Paulo")
# Of a contract the last outcomes count, of the portal the last hour, of everything else this long.
MEMORIA = 5
JANELA = timedelta(hours=1)
MEMORIA_DIAS = 180
# A group is compared with all as if it had so many more tries that went as usual.
PESO_COMUM = 20
MINIMO_GRUPO = 10
COMECO_DIAS, FIM_DIAS = 5, 3
# With fewer tries nothing is learned.
MINIMO_LINHAS = 400
# A reason is told where it makes so many times the risk, or as many times less.
REALCE = 1.5
# What belongs to a contract, and not to the moment or its portal.
FATORES_CONTRATO = ("contrato", "grupo")


@dataclass(frozen=True)
class Contagem:
    falhas: int = 0
    total: int = 0

    @property
    def parte(self) -> float:
        return self.falhas / self.total if self.total else 0.0

    def add(self, falhou: bool, sinal: int = 1) -> Contagem:
        return Contagem(self.falhas + sinal * falhou, self.total + sinal)


@dataclass(frozen=True)
class Situacao:
    """What is known of a contract before it is tried. ultimas: its own outcomes (True: failed), the newest last;
    portal: of the last hour; grupo, todas: of all that is remembered."""

    em: datetime
    ponto_venda: int
    ultimas: Sequence[bool] = ()
    portal: Contagem = field(default_factory=Contagem)
    grupo: Contagem = field(default_factory=Contagem)
    todas: Contagem = field(default_factory=Contagem)


# --- factors ----------------------------------------------------------------------------------------------------------


def read_fatores(situacao: Situacao) -> dict[str, str]:
    """Each factor and its value, a word of a small set."""
    local = situacao.em.astimezone(FUSO)
    return {
        "hora": str(local.hour),
        "dia_semana": str(local.weekday()),
        "mes": _describe_mes(local),
        "ponto_venda": str(situacao.ponto_venda),
        "contrato": _describe_contrato(situacao.ultimas),
        "grupo": _describe_grupo(situacao.grupo, situacao.todas),
        "portal": _describe_portal(situacao.portal),
    }


def _describe_mes(local: datetime) -> str:
    restam = monthrange(local.year, local.month)[1] - local.day
    return "fim" if restam < FIM_DIAS else "comeco" if local.day <= COMECO_DIAS else "meio"


def _describe_contrato(ultimas: Sequence[bool]) -> str:
    if not ultimas:
        return "novo"
    if not ultimas[-1]:
        return "alguma" if any(ultimas) else "nenhuma"
    return "seguidas" if len(ultimas) > 1 and ultimas[-2] else "ultima"


def _describe_grupo(grupo: Contagem, todas: Contagem) -> str:
    if grupo.total < MINIMO_GRUPO or not todas.falhas:
        return "pouco"
    vezes = (grupo.falhas + PESO_COMUM * todas.parte) / (grupo.total + PESO_COMUM) / todas.parte
    return "muito_mais" if vezes > 2 else "mais" if vezes > 1.3 else "menos" if vezes < 0.7 else "igual"


def _describe_portal(portal: Contagem) -> str:
    if not portal.total:
        return "sem_noticia"
    if not portal.falhas:
        return "bem"
    return "mal" if portal.falhas > 1 and portal.parte > 0.2 else "algumas"


# --- the log, replayed ------------------------------------------------------------------------------------------------


class _Memoria:
    """All that is known at one moment of the replay."""

    def __init__(self) -> None:
        self._contratos: dict[int, deque[bool]] = {}
        self._grupos: dict[tuple[int, int | None], Contagem] = {}
        self._todas = Contagem()
        self._horas: dict[int, deque[tuple[datetime, bool]]] = {}
        self._portais: dict[int, Contagem] = {}

    def note(self, feita: TentativaPassada) -> None:
        self._contratos.setdefault(feita.contrato, deque(maxlen=MEMORIA)).append(feita.falhou)
        grupo = (feita.portal, feita.grupo)
        self._grupos[grupo] = self._grupos.get(grupo, Contagem()).add(feita.falhou)
        self._todas = self._todas.add(feita.falhou)
        self._horas.setdefault(feita.portal, deque()).append((feita.fim, feita.falhou))
        self._portais[feita.portal] = self._portais.get(feita.portal, Contagem()).add(feita.falhou)

    def describe(self, tentativa: TentativaPassada) -> Situacao:
        hora = self._horas.get(tentativa.portal, deque())
        while hora and hora[0][0] <= tentativa.inicio - JANELA:
            _, falhou = hora.popleft()
            self._portais[tentativa.portal] = self._portais[tentativa.portal].add(falhou, -1)
        grupo = self._grupos.get((tentativa.portal, tentativa.grupo)) if tentativa.grupo is not None else None
        return Situacao(
            tentativa.inicio,
            tentativa.ponto_venda,
            tuple(self._contratos.get(tentativa.contrato, ())),
            self._portais.get(tentativa.portal, Contagem()),
            grupo or Contagem(),
            self._todas,
        )


def replay(historia: Historia) -> Iterator[Situacao]:
    """What was known before each try, in their order: of another only where its outcome was there when this began."""
    memoria = _Memoria()
    abertas: list[tuple[datetime, int, TentativaPassada]] = []
    for ordem, tentativa in enumerate(historia.tentativas):
        while abertas and abertas[0][0] <= tentativa.inicio:
            memoria.note(heapq.heappop(abertas)[2])
        yield memoria.describe(tentativa)
        heapq.heappush(abertas, (tentativa.fim, ordem, tentativa))


# --- risk and reasons -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Razao:
    """A factor's value, and how many times the risk it makes of what it would be without."""

    fator: str
    valor: str
    vezes: float


def score(modelo: Modelo, fatores: Mapping[str, str]) -> float:
    """The risk, 0 to 1. Of factors that are not there the usual is taken."""
    return _calibrate(modelo, modelo.intercepto + sum(_weigh(modelo, *par) for par in fatores.items()))


def list_razoes(modelo: Modelo, fatores: Mapping[str, str], ao_menos: float = REALCE) -> list[Razao]:
    """What raises this risk, or lowers it, by `ao_menos` or more: the strongest first."""
    risco = score(modelo, fatores)
    razoes = [
        Razao(fator, valor, risco / score(modelo, {nome: v for nome, v in fatores.items() if nome != fator}))
        for fator, valor in fatores.items()
    ]
    return _sort_fortes(razoes, ao_menos)


def list_efeitos(modelo: Modelo, ao_menos: float = REALCE) -> list[Razao]:
    """What raises or lowers a risk by `ao_menos`, all else as usual: the strongest first."""
    usual = score(modelo, {})
    todas = [
        Razao(fator, valor, score(modelo, {fator: valor}) / usual)
        for fator, pesos in modelo.pesos.items()
        for valor in pesos
    ]
    return _sort_fortes(todas, ao_menos)


def _sort_fortes(razoes: list[Razao], ao_menos: float) -> list[Razao]:
    fortes = [razao for razao in razoes if not 1 / ao_menos < razao.vezes < ao_menos]
    return sorted(fortes, key=lambda razao: -max(razao.vezes, 1 / razao.vezes))


def _weigh(modelo: Modelo, fator: str, valor: str) -> float:
    return modelo.pesos.get(fator, {}).get(valor, 0.0)


def _calibrate(modelo: Modelo, z: float) -> float:
    inclinacao, base = modelo.calibracao
    return 1 / (1 + exp(-max(-30.0, min(30.0, inclinacao * z + base))))
