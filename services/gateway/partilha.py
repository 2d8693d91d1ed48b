"""Pure: which ponto de venda gets the next session, and which gives one back so that none waits behind a long one.

Sessions go first to whoever has fewest. Where the scrapers are full, a ponto de venda below its fair share takes one
from the one with most: at once when it has less work left (five contracts do not wait for five hundred), else after
the other has held it for a minute. Who just gave one back does not take it back at once, or the two would only log in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

POSSE_S = 60.0
OCIOSA_S = 60.0


@dataclass(frozen=True)
class Sessao:
    """A live lease. ha_s: since it was granted; ociosa_s: since it last worked."""

    cerca: int
    ha_s: float = 0.0
    ociosa_s: float = 0.0
    revogada: bool = False


@dataclass
class Ponto:
    """A ponto de venda with work or sessions. restantes: contracts that still need a session.

    vagas: how many more sessions its credentials allow now; cedeu: it gave a session back under pressure a moment ago.
    """

    id: int
    restantes: int
    vagas: int
    sessoes: list[Sessao] = field(default_factory=list)
    cedeu: bool = False
    novas: int = 0

    @property
    def tem(self) -> int:
        return self.novas + sum(1 for sessao in self.sessoes if not sessao.revogada)

    @property
    def quer(self) -> int:
        """How many sessions its work can use."""
        return min(self.restantes, self.tem + self.vagas)

    @property
    def ordem(self) -> tuple[int, bool, int, int]:
        return self.tem, self.cedeu, self.restantes, self.id


@dataclass(frozen=True)
class Partilha:
    """conceder: pontos de venda, in order, one session each; revogar: leases to ask back."""

    conceder: list[int]
    revogar: list[int]


def divide_sessoes(pontos: Sequence[Ponto], livres: int, capacidade: int) -> Partilha:
    """livres: sessions that the scrapers could open now; capacidade: in all. Changes the Pontos it is given."""
    conceder = list(_grant(pontos, livres))
    carentes = _claims(pontos, capacidade)
    # What was asked back and is not given back yet will serve the first of them.
    a_caminho = sum(1 for ponto in pontos for sessao in ponto.sessoes if sessao.revogada)
    revogar = [sessao.cerca for sessao in _idle(pontos)]
    for ponto in carentes[a_caminho + len(revogar) :]:
        cedida = _yielded(ponto, pontos, capacidade, revogar)
        if cedida is not None:
            revogar.append(cedida)
    return Partilha(conceder, revogar)


def _grant(pontos: Sequence[Ponto], livres: int) -> Iterator[int]:
    for _ in range(livres):
        ponto = min((p for p in pontos if p.vagas > 0 and p.tem < p.quer), key=lambda p: p.ordem, default=None)
        if ponto is None:
            return
        ponto.novas += 1
        ponto.vagas -= 1
        yield ponto.id


def _claims(pontos: Sequence[Ponto], capacidade: int) -> list[Ponto]:
    """Who is below its fair share and could use more, once for each session it lacks; the neediest first."""
    justo = _fair(pontos, capacidade)
    faltas = [(p.tem + n, p) for p in pontos if p.vagas > 0 for n in range(min(p.quer, justo) - p.tem)]
    return [p for _, p in sorted(faltas, key=lambda falta: (falta[0], falta[1].ordem))]


def _fair(pontos: Iterable[Ponto], capacidade: int) -> int:
    return max(1, capacidade // max(1, sum(1 for p in pontos if p.restantes)))


def _idle(pontos: Sequence[Ponto]) -> Iterator[Sessao]:
    for ponto in pontos:
        yield from (s for s in ponto.sessoes if not s.revogada and s.ociosa_s > OCIOSA_S)


def _yielded(ponto: Ponto, pontos: Sequence[Ponto], capacidade: int, revogar: Sequence[int]) -> int | None:
    """The lease that another gives up for this one, if it may be asked for now."""
    justo = _fair(pontos, capacidade)

    def held(dono: Ponto) -> list[Sessao]:
        return [s for s in dono.sessoes if not s.revogada and s.cerca not in revogar]

    donos = [p for p in pontos if p is not ponto and len(held(p)) > (justo if ponto.tem else 0)]
    # Who has sessions and no work gives first, then who has most, then who has most left to do.
    dono = max(donos, key=lambda p: (not p.restantes, len(held(p)), p.restantes), default=None)
    if dono is None:
        return None
    sessao = max(held(dono), key=lambda s: (s.ociosa_s, s.ha_s))
    at_once = not dono.restantes or (ponto.restantes < dono.restantes and not ponto.cedeu)
    return sessao.cerca if at_once or sessao.ha_s >= POSSE_S else None
