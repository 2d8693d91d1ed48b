"""A figure beside its floor or peer: values of several runs, what is wanted of them, and whether it was met."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypeVar

T = TypeVar("T")

# What a reach is about: our own value, or how many times it is the other's, or the other's is ours.
Grandeza = Literal["nosso", "nosso/par", "par/nosso"]


@dataclass(frozen=True)
class Plano:
    """How a measure runs. rapido: small and once, to see that it works; its figures say nothing."""

    rodadas: int = 5
    rapido: bool = False

    def scale(self, inteiro: int, rapido: int) -> int:
        return rapido if self.rapido else inteiro


@dataclass(frozen=True)
class Alvo:
    grandeza: Grandeza
    sinal: Literal["≥", "≤"]
    limite: float

    def is_met(self, valor: float) -> bool:
        return valor >= self.limite if self.sinal == "≥" else valor <= self.limite


@dataclass(frozen=True)
class Linha:
    """nosso, par: one value a round, in the order of the rounds. referencia: who `par` is."""

    medida: str
    unidade: str
    nosso: tuple[float, ...]
    referencia: str = ""
    par: tuple[float, ...] = ()
    alvo: Alvo | None = None

    @property
    def mediana(self) -> float:
        return median(self.nosso)

    @property
    def mediana_par(self) -> float | None:
        return median(self.par) if self.par else None

    @property
    def obtido(self) -> float | None:
        """Of what the reach is about: the median of the rounds' own ratios, so that what slows a round slows both."""
        if self.alvo is None:
            return None
        if self.alvo.grandeza == "nosso":
            return self.mediana
        pares = list(zip(self.nosso, self.par, strict=True))
        if self.alvo.grandeza == "nosso/par":
            return median(nosso / par for nosso, par in pares)
        return median(par / nosso for nosso, par in pares)

    @property
    def cumprido(self) -> bool | None:
        return None if self.alvo is None or self.obtido is None else self.alvo.is_met(self.obtido)


async def alternate(plano: Plano, formas: Mapping[str, Callable[[], Awaitable[T]]]) -> dict[str, list[T]]:
    """Each form once a round, back to back, the order turned around every round."""
    obtidos: dict[str, list[T]] = {nome: [] for nome in formas}
    for rodada in range(plano.rodadas):
        nomes = list(formas)[:: 1 if rodada % 2 == 0 else -1]
        for nome in nomes:
            obtidos[nome].append(await formas[nome]())
    return obtidos


def percentil(valores: list[float], parte: float) -> float:
    """`parte` of 1, nearest rank."""
    ordenados = sorted(valores)
    return ordenados[min(len(ordenados) - 1, int(parte * len(ordenados)))]
