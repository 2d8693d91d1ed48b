"""Pure: which value of a laid-out page belongs to which label, by their places: beside it, below it, or above it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# A row down costs as much as this many columns aside. A value in the same row may stand at its other end; one that is
# this many rows away belongs to no label.
_CUSTO_LINHA = 12
_LONGE_LINHAS = 8
_LONGE_COLUNAS = 3 * _CUSTO_LINHA


@dataclass(frozen=True)
class Achado:
    """What stands in the text, where it begins: its row and its columns."""

    texto: str
    linha: int
    inicio: int
    fim: int


def find_achados(texto: str, padrao: re.Pattern[str]) -> list[Achado]:
    achados, linha, inicio_linha = [], 0, 0
    for m in padrao.finditer(texto):
        linha += texto.count("\n", inicio_linha, m.start())
        inicio_linha = texto.rfind("\n", 0, m.start()) + 1
        inicio = m.start() - inicio_linha
        achados.append(Achado(m[0], linha, inicio, inicio + len(m[0].split("\n")[0].rstrip())))
    return achados


def pair_valores(
    texto: str, rotulos: Mapping[str, re.Pattern[str]], valores: Sequence[Achado], *, abaixo: bool = False
) -> Iterator[tuple[str, Achado]]:
    """(name of the label, its value), as `pair_rotulos`."""
    return ((nome, valor) for nome, _, valor in pair_rotulos(texto, rotulos, valores, abaixo=abaixo))


def pair_rotulos(
    texto: str, rotulos: Mapping[str, re.Pattern[str]], valores: Sequence[Achado], *, abaixo: bool = False
) -> Iterator[tuple[str, Achado, Achado]]:
    """(name of the label, the label, its value): each value goes to its nearest label, each label keeps its nearest.

    `abaixo`: labels stand below their values, as captions do.
    """
    perto: dict[Achado, tuple[int, str, Achado]] = {}
    lugares = [(nome, rotulo) for nome, padrao in rotulos.items() for rotulo in find_achados(texto, padrao)]
    for valor in valores:
        custos = [
            (custo, nome, rotulo)
            for nome, rotulo in lugares
            if (custo := _measure(rotulo, valor, abaixo=abaixo)) is not None
        ]
        if custos:
            custo, nome, rotulo = min(custos, key=lambda opcao: opcao[0])
            if rotulo not in perto or custo < perto[rotulo][0]:
                perto[rotulo] = custo, nome, valor
    return ((nome, rotulo, valor) for rotulo, (_, nome, valor) in perto.items())


def is_abaixo(texto: str, rotulo: re.Pattern[str], valores: Sequence[Achado]) -> bool:
    """Whether this page writes its labels below their values: more values of a known shape have one right below them
    than have one before them, in their row or in the one above.
    """
    rotulos = find_achados(texto, rotulo)
    acima = sum(
        any(v.linha - r.linha <= 1 and _measure(r, v, abaixo=False) is not None for r in rotulos) for v in valores
    )
    logo_abaixo = sum(any(_measure(r, v, abaixo=True) == _CUSTO_LINHA for r in rotulos) for v in valores)
    return logo_abaixo > acima


def _measure(rotulo: Achado, valor: Achado, *, abaixo: bool) -> int | None:
    """How far apart; None where the label does not stand on the side where this page has its labels."""
    linhas = (rotulo.linha - valor.linha) if abaixo else (valor.linha - rotulo.linha)
    antes, depois = (valor, rotulo) if abaixo else (rotulo, valor)
    if not 0 <= linhas <= _LONGE_LINHAS or (linhas == 0 and antes.fim > depois.inicio):
        return None
    if linhas and rotulo.inicio >= valor.fim:
        return None
    return linhas * _CUSTO_LINHA + min(_LONGE_COLUNAS, max(0, rotulo.inicio - valor.fim, valor.inicio - rotulo.fim))
