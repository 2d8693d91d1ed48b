"""Pure: whether a portal that got slow is only queueing what more sessions ask of it, so that fewer get as much done.

Told from how long it took over searches, the step that every contract has, and how many sessions were at work. What a
reduction does is measured too: one that costs work is taken back, since then the portal is slow for everyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from statistics import median

from services.gateway.execucao import REDUCAO_S

# Below this a search is quick whatever it was before: a session spends more on the pace of its posts (1 s).
PISO_MS = 300
# So many times the best: half of the time goes by in a queue. Less is what pages and hours of the day differ by.
FATOR = 2.0
# Where single searches differ tenfold, the median of fewer is noise that costs a tenth of the work; and of each
# session's the first was still under way when the others were taken off.
AMOSTRAS, AMOSTRAS_POR_SESSAO = 20, 5
# Sessions log in one after another, so there are few of fewer sessions. Luck with three costs a trial, and no more.
AMOSTRAS_ANTES = 3
# A quarter of a session is not worth another one; and what takes off less than a quarter of them cannot be told from
# noise when it is judged.
QUARTO = 0.25
# Of the searches a second that there were before: a reduction that leaves less than this is never worth it.
VAZAO = 0.75


@dataclass(frozen=True)
class Regras:
    """In seconds. memoria_s: what was longer ago says nothing of now; trecho_s: a stretch of time, of which the best is
    looked for; reducao_s: how long there are fewer sessions; ritmo_s: between two looks. How many searches it takes to
    tell anything of so many sessions: `count_amostras`."""

    memoria_s: float = 3600.0
    trecho_s: float = 600.0
    reducao_s: float = REDUCAO_S
    ritmo_s: float = 5.0
    amostras: int = AMOSTRAS
    amostras_por_sessao: int = AMOSTRAS_POR_SESSAO

    def count_amostras(self, sessoes: int) -> int:
        return max(self.amostras, self.amostras_por_sessao * sessoes)


@dataclass(frozen=True)
class Medida:
    """A search: how long ago it ended, sessions of its credential at work then, what the portal took over it."""

    ha_s: float
    sessoes: int
    ms: int


@dataclass(frozen=True)
class Reducao:
    """From so many sessions, which made so many searches a second, to so many."""

    de: int
    vazao: float
    para: int


def decide_reducao(medidas: Sequence[Medida], regras: Regras) -> Reducao | None:
    """medidas: the latest first."""
    if not medidas or (sessoes := medidas[0].sessoes) < 2:
        return None
    recentes = [m for m in medidas if m.sessoes == sessoes][: regras.count_amostras(sessoes)]
    if len(recentes) < regras.count_amostras(sessoes):
        return None
    ms, melhor_ms = median(m.ms for m in recentes), _find_melhor_ms(medidas, sessoes, regras)
    if ms < PISO_MS or ms < FATOR * melhor_ms:
        return None
    vazao = _measure_vazao([m for m in medidas if m.ha_s <= recentes[-1].ha_s])
    # Little's law: so many sessions stand in the portal's queue at any time; the others do all the work. A pause among
    # these searches makes it less, and the portal after it is another one.
    na_fila = vazao * (ms - melhor_ms) / 1000
    para = max(1, ceil(sessoes - na_fila - QUARTO))
    return Reducao(sessoes, vazao, para) if para <= sessoes * (1 - QUARTO) else None


def is_useless(reducao: Reducao, medidas: Sequence[Medida], regras: Regras) -> bool:
    """Whether the first searches since the reduction show that it costs work. medidas: since then, the latest first.

    Where there was a queue as much is done as before; where there was none, as much less as there are sessions fewer.
    """
    amostras = regras.count_amostras(reducao.para)
    primeiras = [m for m in medidas if m.sessoes <= reducao.para][-amostras:]
    if len(primeiras) < amostras:
        return False
    return _measure_vazao(primeiras) < reducao.vazao * max(VAZAO, (1 + reducao.para / reducao.de) / 2)


def _find_melhor_ms(medidas: Sequence[Medida], sessoes: int, regras: Regras) -> float:
    """The best median of a stretch of time, with as many sessions or fewer."""
    medianas = [float("inf")]
    for _, trecho in groupby(medidas, key=lambda m: int(m.ha_s // regras.trecho_s)):
        deles = [m for m in trecho if m.sessoes <= sessoes]
        for ate in {m.sessoes for m in deles}:
            amostras = [m.ms for m in deles if m.sessoes <= ate]
            if len(amostras) >= (AMOSTRAS_ANTES if ate < sessoes else regras.count_amostras(sessoes)):
                medianas.append(median(amostras))
    return min(medianas)


def _measure_vazao(medidas: Sequence[Medida]) -> float:
    """Searches a second, from the first to the last of these; the latest first."""
    return (len(medidas) - 1) / max(0.001, medidas[-1].ha_s - medidas[0].ha_s)
