"""Cases as data for pytest: each by its name; `make test` runs the quick ones, `make faults` all."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest
from _pytest.mark import ParameterSet

from tests.samples.builder import strip_accents


def casos(todos: Iterable[object], *, rapidos: Collection[str] = ()) -> list[ParameterSet]:
    """rapidos: the names of those that `make test` runs too. Of one name the last counts."""
    nomes = {_name(caso): caso for caso in todos}
    assert set(rapidos) <= set(nomes)
    return [
        pytest.param(caso, id=strip_accents(nome), marks=() if nome in rapidos else pytest.mark.faltas)
        for nome, caso in nomes.items()
    ]


def _name(caso: object) -> str:
    return ", ".join(caso) if isinstance(caso, tuple) else str(caso)
