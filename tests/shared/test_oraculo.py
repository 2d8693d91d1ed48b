"""The boleto codec beside the JavaScript library @brazilian-utils/brazilian-utils, on 20,000 lines valid and broken."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from shared.boleto import (
    JANELA_FUTURO_DIAS,
    JANELA_PASSADO_DIAS,
    LinhaDigitavel,
    LinhaInvalida,
    codigo_from_linha,
    linha_from_codigo,
    parse_linha,
)
from tests.shared.oraculo.vetores import PASTA, QUANTAS, Vetor, make_textos, read_textos, read_vetores


def read(vetor: Vetor) -> LinhaDigitavel | None:
    try:
        return parse_linha(vetor.linha, vetor.referencia)
    except LinhaInvalida:
        return None


def is_undecided(vetor: Vetor) -> bool:
    """Between the two windows the library takes the nearer date, and we take none."""
    if vetor.vencimento is None:
        return False
    dias = (vetor.vencimento - vetor.referencia).days
    return not -JANELA_PASSADO_DIAS <= dias <= JANELA_FUTURO_DIAS


def test_the_javascript_library_says_the_same_of_20000_lines() -> None:
    vetores = list(read_vetores())
    assert len(vetores) == QUANTAS
    lidas = [(vetor, read(vetor)) for vetor in vetores]
    assert not [vetor for vetor, lida in lidas if (lida is not None) != vetor.valida]
    validas = [(vetor, lida) for vetor, lida in lidas if lida is not None]
    assert 12_000 <= len(validas) < 13_000
    outras = [
        (vetor, lida)
        for vetor, lida in validas
        if (lida.banco or "", lida.valor, lida.codigo_barras[1] if lida.tipo == "arrecadacao" else "")
        != (vetor.banco, vetor.valor or None, vetor.segmento)
        or lida.vencimento != (None if is_undecided(vetor) else vetor.vencimento)
    ]
    assert not outras
    assert sum(is_undecided(vetor) for vetor, _ in validas) < 1_000
    for _, lida in validas[::10]:
        assert linha_from_codigo(codigo_from_linha(lida.linha)) == lida.linha


@pytest.mark.completo
@pytest.mark.skipif(shutil.which("npm") is None, reason="the library itself needs Node.js; its word is in the file")
def test_the_kept_answers_are_the_ones_that_the_library_gives() -> None:
    argumentos = ["ci", "--omit-lockfile-registry-resolved", "--no-fund", "--no-audit", "--loglevel=error"]
    subprocess.run(["npm", *argumentos], cwd=PASTA, timeout=120, check=True)
    assert make_textos() == read_textos()
