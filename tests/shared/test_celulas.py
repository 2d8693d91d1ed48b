"""No text becomes a formula in a spreadsheet, and the others stay as they are."""

from __future__ import annotations

import pytest

from shared.celulas import quote_formula

RODARIAM = ["=1+1", "+1", "-1", "@SOMA(A1)", "\t=1", "\r=1", "\n=1", "\tx", " =1", "\u00a0=1", "\x00=1", "\ufeff=1"]


@pytest.mark.parametrize("texto", [*RODARIAM, "＝1", "＋1", "－1", "＠A1"])
def test_what_would_run_is_quoted(texto: str) -> None:
    assert quote_formula(texto) == f"'{texto}"


@pytest.mark.parametrize("texto", ["", "ANA = BIA", "50%", "'=1"])
def test_what_is_text_stays_as_it_is(texto: str) -> None:
    assert quote_formula(texto) == texto
