"""Pure: which ponto de venda gets the next session, and which gives one back so that none waits behind a long one.

Sessions go first to the office that has fewest, and in it to whoever has fewest: many pontos de venda weigh no more
than one. No office passes its own limit, or takes from another what is that one's fair share. Where the scrapers are
full, a ponto de venda below its share takes one from the one with most: at once when it has less work left (five
contracts do not wait for five hundred), else after the other has held it for a minute. Who just gave one back does not
take it back at once, or the two would only log in.
"""

from __future__ import annotations

from collections import Counter
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
    empresa: its office; limite: how many sessions that one may have in all.
    """

    id: int
    restantes: int
    vagas: int
    sessoes: list[Sessao] = field(default_factory=list)
    cedeu: bool = False
    novas: int = 0
    empresa: int = 1
    limite: int | None = None

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
    revogar = [sessao.cerca for sessao in _idle(pontos)]
    # What was asked back and is not given back yet will serve the first of them.
    a_caminho = len(revogar) + sum(1 for ponto in pontos for sessao in ponto.sessoes if sessao.revogada)
    prometidas = Counter(ponto.empresa for ponto in carentes[:a_caminho])
    for ponto in carentes[a_caminho:]:
        cedida = _yielded(ponto, pontos, capacidade, revogar, prometidas)
        if cedida is not None:
            revogar.append(cedida)
            prometidas[ponto.empresa] += 1
    return Partilha(conceder, revogar)


def _grant(pontos: Sequence[Ponto], livres: int) -> Iterator[int]:
    for _ in range(livres):
        podem = [p for p in pontos if p.vagas > 0 and p.tem < p.quer and _has_room(p, pontos)]
        ponto = min(podem, key=lambda p: (_count(p.empresa, pontos), p.ordem), default=None)
        if ponto is None:
            return
        ponto.novas += 1
        ponto.vagas -= 1
        yield ponto.id


def _claims(pontos: Sequence[Ponto], capacidade: int) -> list[Ponto]:
    """Who is below its fair share and could use more, once for each session it lacks; the neediest first, of each
    office in turn."""
    faltas = [
        (p.tem + n, p) for p in pontos if p.vagas > 0 for n in range(min(p.quer, _fair(p, pontos, capacidade)) - p.tem)
    ]
    teria = {p.empresa: _count(p.empresa, pontos) for p in pontos}
    vezes: list[tuple[int, Ponto]] = []
    for _, ponto in sorted(faltas, key=lambda falta: (falta[0], falta[1].ordem)):
        vezes.append((teria[ponto.empresa], ponto))
        teria[ponto.empresa] += 1
    return [ponto for _, ponto in sorted(vezes, key=lambda vez: vez[0])]


def _fair(ponto: Ponto, pontos: Iterable[Ponto], capacidade: int) -> int:
    """Its part of its office's part."""
    trabalham = sum(1 for p in pontos if p.empresa == ponto.empresa and p.restantes)
    return max(1, _fair_empresa(ponto, pontos, capacidade) // max(1, trabalham))


def _fair_empresa(ponto: Ponto, pontos: Iterable[Ponto], capacidade: int) -> int:
    justo = max(1, capacidade // max(1, len({p.empresa for p in pontos if p.restantes})))
    return justo if ponto.limite is None else min(justo, ponto.limite)


def _count(empresa: int, pontos: Iterable[Ponto]) -> int:
    return sum(p.tem for p in pontos if p.empresa == empresa)


def _has_room(ponto: Ponto, pontos: Iterable[Ponto]) -> bool:
    """Within its office's limit, with the sessions that are still to be given back."""
    return ponto.limite is None or ponto.limite > sum(
        len(p.sessoes) + p.novas for p in pontos if p.empresa == ponto.empresa
    )


def _idle(pontos: Sequence[Ponto]) -> Iterator[Sessao]:
    for ponto in pontos:
        yield from (s for s in ponto.sessoes if not s.revogada and s.ociosa_s > OCIOSA_S)


def _yielded(
    ponto: Ponto, pontos: Sequence[Ponto], capacidade: int, revogar: Sequence[int], prometidas: Counter[int]
) -> int | None:
    """The lease that another gives up for this one, if it may be asked for now. prometidas: those on their way, by the
    office that is to have them."""

    def held(dono: Ponto) -> list[Sessao]:
        return [s for s in dono.sessoes if not s.revogada and s.cerca not in revogar]

    def spares(dono: Ponto) -> bool:
        """One of the same office, what is above its own part; another's, what is above its office's."""
        if dono.empresa == ponto.empresa:
            return len(held(dono)) > (_fair(dono, pontos, capacidade) if ponto.tem else 0)
        dele = sum(len(held(p)) for p in pontos if p.empresa == dono.empresa)
        if not held(dono) or meu >= _fair_empresa(ponto, pontos, capacidade) or not _has_room(ponto, pontos):
            return False
        return not dono.restantes or dele > (_fair_empresa(dono, pontos, capacidade) if meu else 0)

    meu = prometidas[ponto.empresa] + sum(len(held(p)) + p.novas for p in pontos if p.empresa == ponto.empresa)
    donos = [p for p in pontos if p is not ponto and spares(p)]
    # Who has sessions and no work gives first, then who has most, then who has most left to do.
    dono = max(donos, key=lambda p: (not p.restantes, len(held(p)), p.restantes), default=None)
    if dono is None:
        return None
    sessao = max(held(dono), key=lambda s: (s.ociosa_s, s.ha_s))
    at_once = not dono.restantes or (ponto.restantes < dono.restantes and not ponto.cedeu)
    return sessao.cerca if at_once or sessao.ha_s >= POSSE_S else None
