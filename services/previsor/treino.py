"""Learns the risk of a technical failure from the office's own log.

The log is walked forward: at each cut a model learns on what lies before, is calibrated on the last part of that, and
is judged on the days up to the next cut, which it never saw. The last of them is the one that is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from services.previsor.julgamento import Inteiros, Julgada, Numeros, find_frequencia, judge
from shared.events import Historia, Juizo, Modelo
from shared.previsao import FUSO, MINIMO_LINHAS, read_fatores, replay

Colunas = Sequence[tuple[str, str]]
Fatores = Sequence[Mapping[str, str]]

# Shares of the tries: where calibrating begins, where judging does, where it ends.
CORTES = ((0.28, 0.4, 0.6), (0.45, 0.6, 0.8), (0.6, 0.8, 1.0))
# Failures, and as many tries without, that it takes to learn, to calibrate, to judge.
MINIMO_FALHAS = (20, 8, 8)
# Judged days are what the test counts.
MINIMO_DIAS = 8
# An hour in which less was tried has no risk of its own to show.
MINIMO_HORA = 20
_FORCA = 0.5


@dataclass(frozen=True)
class Aprendido:
    """pesos: by factor and value, centred on how often each value came. calibracao: slope and intercept."""

    pesos: dict[tuple[str, str], float]
    intercepto: float
    calibracao: tuple[float, float]

    def weigh(self, fatores: Fatores) -> Numeros:
        return np.array([self.intercepto + sum(self.pesos.get(par, 0.0) for par in f.items()) for f in fatores])

    def rate(self, z: Numeros) -> Numeros:
        risco: Numeros = 1 / (1 + np.exp(-np.clip(self.calibracao[0] * z + self.calibracao[1], -30, 30)))
        return risco


def train(historia: Historia) -> tuple[Juizo, Modelo | None]:
    """The model only where it may speak."""
    falhou = np.array([tentativa.falhou for tentativa in historia.tentativas], dtype=np.float64)
    dias = np.array([tentativa.inicio.astimezone(FUSO).toordinal() for tentativa in historia.tentativas])
    juizo = Juizo(motivo="poucas_linhas", linhas=len(falhou), falhas=int(falhou.sum()))
    if len(falhou) < MINIMO_LINHAS:
        return juizo, None
    # Between days: a day is on one side of a cut.
    lugares = [
        [int(np.searchsorted(dias, dias[int(c * len(dias))])) if c < 1 else len(dias) for c in corte]
        for corte in CORTES
    ]
    juizo = _describe(juizo, lugares, dias)
    if juizo.dias < MINIMO_DIAS or any(min(np.diff([0, *corte])) == 0 for corte in lugares):
        return juizo.model_copy(update={"motivo": "poucos_dias"}), None
    if any(_are_few(falhou, corte) for corte in lugares):
        return juizo.model_copy(update={"motivo": "poucas_falhas"}), None
    fatores = [read_fatores(situacao) for situacao in replay(historia)]
    julgadas: list[Julgada] = []
    for calibrar, julgar, fim in lugares:
        aprendido = learn(fatores[:julgar], falhou[:julgar], calibrar)
        risco = aprendido.rate(aprendido.weigh(fatores[julgar:fim]))
        frequencia = find_frequencia((falhou[:julgar], falhou[calibrar:julgar]), falhou[julgar:fim])
        julgadas.append(Julgada(risco, falhou[julgar:fim], dias[julgar:fim], frequencia))
    juizo = judge(juizo, julgadas)
    return juizo, None if juizo.motivo else _make_modelo(aprendido, fatores, calibrar)


def learn(fatores: Fatores, falhou: Numeros, calibrar: int) -> Aprendido:
    """From the tries before `calibrar`; calibrated (Platt) on the others, since on other days than those it learned
    from a score says less than it seemed to."""
    colunas = sorted({par for linha in fatores[:calibrar] for par in linha.items()})
    matriz = _encode(fatores[:calibrar], colunas)
    regressao = LogisticRegression(C=_FORCA, max_iter=1000).fit(matriz, falhou[:calibrar])
    pesos, meio = _centre(colunas, regressao.coef_[0], matriz.mean(axis=0))
    aprendido = Aprendido(pesos, float(regressao.intercept_[0]) + meio, (1.0, 0.0))
    z = aprendido.weigh(fatores[calibrar:])
    platt = LogisticRegression(C=1e6).fit(z.reshape(-1, 1), falhou[calibrar:])
    return Aprendido(pesos, aprendido.intercepto, (float(platt.coef_[0][0]), float(platt.intercept_[0])))


def _describe(juizo: Juizo, lugares: Sequence[Sequence[int]], dias: Inteiros) -> Juizo:
    (_, primeiro, _), (calibrar, julgar, fim) = lugares[0], lugares[-1]
    partes = {"aprendidas": calibrar, "calibradas": julgar - calibrar, "julgadas": fim - primeiro}
    return juizo.model_copy(update={**partes, "dias": len(np.unique(dias[primeiro:]))})


def _are_few(falhou: Numeros, corte: Sequence[int]) -> bool:
    partes = np.split(falhou[: corte[-1]], corte[:-1])
    return any(min(p.sum(), len(p) - p.sum()) < minimo for p, minimo in zip(partes, MINIMO_FALHAS, strict=True))


def _encode(fatores: Fatores, colunas: Colunas) -> Numeros:
    lugares = {par: lugar for lugar, par in enumerate(colunas)}
    matriz = np.zeros((len(fatores), len(colunas)))
    for numero, linha in enumerate(fatores):
        matriz[numero, [lugares[par] for par in linha.items()]] = 1.0
    return matriz


def _centre(colunas: Colunas, pesos: Numeros, frequencias: Numeros) -> tuple[dict[tuple[str, str], float], float]:
    """The weights with each factor's mean taken off, and what was taken off in all: 0 is the usual."""
    meios: dict[str, float] = {}
    for (fator, _), peso, frequencia in zip(colunas, pesos, frequencias, strict=True):
        meios[fator] = meios.get(fator, 0.0) + float(peso * frequencia)
    centrados = {(f, v): float(peso) - meios[f] for (f, v), peso in zip(colunas, pesos, strict=True)}
    return centrados, sum(meios.values())


def _make_modelo(aprendido: Aprendido, fatores: Fatores, desde: int) -> Modelo:
    """With what the tries since `desde` risked, on the whole and, all else being as it was, at each hour."""
    pesos: dict[str, dict[str, float]] = {}
    for (fator, valor), peso in aprendido.pesos.items():
        pesos.setdefault(fator, {})[valor] = round(peso, 6)
    recentes = fatores[desde:]
    z, donos = aprendido.weigh(recentes), np.array([int(linha["ponto_venda"]) for linha in recentes])
    vezes = Counter(linha["hora"] for linha in fatores)
    horas = {h: peso for h, peso in pesos["hora"].items() if vezes[h] >= MINIMO_HORA}
    resto = z - np.array([pesos["hora"].get(linha["hora"], 0.0) for linha in recentes])

    def average(quais: Numeros) -> float:
        return round(float(aprendido.rate(quais).mean()), 4)

    return Modelo(
        intercepto=round(aprendido.intercepto, 6),
        pesos=pesos,
        calibracao=aprendido.calibracao,
        horas={
            int(dono): tuple(
                average(resto[donos == dono] + horas[str(h)]) if str(h) in horas else None for h in range(24)
            )
            for dono in np.unique(donos)
        },
        medias={int(dono): average(z[donos == dono]) for dono in np.unique(donos)},
    )
