"""The frame of the benchmarks: order, ratios, verdicts, and what is shown of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.benchmarks import relato
from tests.benchmarks.escala_scrapers import measure_vazao
from tests.benchmarks.graficos import draw
from tests.benchmarks.medidas import Alvo, Linha, Plano, alternate, percentil

MAIS_RAPIDO = Linha("leitura", "s", (1.0, 4.0, 2.0), "pandas", (6.0, 20.0, 8.0), Alvo("par/nosso", "≥", 5))
LENTO = Linha("até o 202", "s", (1.2, 1.1, 1.3), alvo=Alvo("nosso", "≤", 1.0))


async def test_each_form_runs_once_a_round_and_the_order_turns_around() -> None:
    feitos: list[str] = []

    async def run(nome: str) -> int:
        feitos.append(nome)
        return len(feitos)

    obtidos = await alternate(Plano(3), {nome: partial(run, nome) for nome in ("nosso", "par")})
    assert feitos == ["nosso", "par", "par", "nosso", "nosso", "par"]
    assert obtidos == {"nosso": [1, 4, 5], "par": [2, 3, 6]}


def test_a_ratio_is_the_median_of_the_rounds_own() -> None:
    assert MAIS_RAPIDO.obtido == 5.0
    assert MAIS_RAPIDO.cumprido is True
    assert LENTO.obtido == 1.2
    assert LENTO.cumprido is False
    assert Linha("sem alvo", "s", (1.0,)).cumprido is None


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentil([3.0, 1.0, 2.0], parte) for parte in (0.0, 0.5, 0.99)] == [1.0, 2.0, 3.0]


def test_a_session_counts_from_its_first_contract_on() -> None:
    assert measure_vazao([("a", 0.0, 5.0), ("a", 5.0, 10.0), ("b", 5.0, 10.0)]) == 2 / 10 + 1 / 5


def test_a_table_says_what_was_got_and_whether_it_was_wanted() -> None:
    tabela = relato.format_tabela("Leitura", [MAIS_RAPIDO, LENTO])
    assert "2,00 s [1,00–4,00]" in tabela
    assert "5,00×  ≥ 5,00×   ✓" in tabela
    assert "≤ 1,00 s  ✗" in tabela


def test_what_was_saved_is_read_again_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relato, "PASTA", tmp_path)
    _, linhas = relato.load(relato.save("leitura", "Leitura", [MAIS_RAPIDO, LENTO], Plano(3)))
    assert linhas == [MAIS_RAPIDO, LENTO]
    desenho = ElementTree.fromstring(draw("Leitura & mais", "3 rodadas", linhas))
    textos = [texto.text for texto in desenho.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Leitura & mais", "leitura", "5,00× (alvo ≥ 5,00×) ✓"} <= set(textos)
