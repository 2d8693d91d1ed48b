"""The judge: whether a model takes more off the plain frequency's Brier score than chance would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from shared.events import Juizo, PontoCalibracao

Numeros = NDArray[np.float64]
Inteiros = NDArray[np.int64]

# One-sided, over whole days: tries of one day share its portal, so they are not many proofs. So strict because the
# question is asked again every day.
ACASO = 0.01
GANHO_MINIMO = 0.01
PONTOS = 10


@dataclass(frozen=True)
class Julgada:
    """Tries that a model never saw: what it told of each, what came, on which day, and the plain frequency."""

    risco: Numeros
    falhou: Numeros
    dias: Inteiros
    frequencia: float

    @property
    def diferenca(self) -> Numeros:
        """What the model's squared error is below the frequency's."""
        erros: Numeros = (self.frequencia - self.falhou) ** 2 - (self.risco - self.falhou) ** 2
        return erros


def judge(juizo: Juizo, partes: Sequence[Julgada]) -> Juizo:
    """A paired t test of what each day adds to the difference of the two scores; and on the latest part the model must
    be ahead too, since what held once may hold no more. `ganho` and `minimo` are shares of the frequency's score."""
    diferenca, dias, falhou, risco = (
        np.concatenate([getattr(parte, nome) for parte in partes]) for nome in ("diferenca", "dias", "falhou", "risco")
    )
    frequencia = np.concatenate([np.full(len(parte.falhou), parte.frequencia) for parte in partes])
    brier_frequencia = float(np.mean((frequencia - falhou) ** 2))
    por_dia = np.array([diferenca[dias == dia].sum() for dia in np.unique(dias)])
    erro = float(por_dia.std(ddof=1)) * len(por_dia) ** 0.5 / len(falhou) / brier_frequencia
    acaso = float(student.ppf(1 - ACASO, len(por_dia) - 1)) * erro
    ganho, minimo = float(diferenca.mean()) / brier_frequencia, max(GANHO_MINIMO, acaso)
    fala = ganho > minimo and float(partes[-1].diferenca.mean()) > 0
    return juizo.model_copy(
        update={
            "motivo": None if fala else "nao_supera",
            "frequencia": round(float(frequencia.mean()), 6),
            "brier": round(float(np.mean((risco - falhou) ** 2)), 6),
            "brier_frequencia": round(brier_frequencia, 6),
            "ganho": round(ganho, 6),
            "minimo": round(minimo, 6),
            "calibracao": _plot(risco, falhou),
        }
    )


def find_frequencia(antes: Sequence[Numeros], julgadas: Numeros) -> float:
    """The plain frequency of all that came before, or of its latest part: whichever does better, so that a model is not
    praised for having noticed that the level moved."""
    candidatas = [float(parte.mean()) for parte in antes]
    return min(candidatas, key=lambda frequencia: float(np.mean((frequencia - julgadas) ** 2)))


def _plot(risco: Numeros, falhou: Numeros) -> tuple[PontoCalibracao, ...]:
    """About as many tries in each point; equal risks stay together."""
    limites = np.unique(np.quantile(risco, np.linspace(0, 1, PONTOS + 1)[1:-1]))
    faixas = np.searchsorted(limites, risco)
    return tuple(
        PontoCalibracao(
            previsto=round(float(risco[faixas == faixa].mean()), 4),
            observado=round(float(falhou[faixas == faixa].mean()), 4),
            quantas=int((faixas == faixa).sum()),
        )
        for faixa in np.unique(faixas)
    )
