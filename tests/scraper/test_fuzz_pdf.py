"""PDFs out of order: each is the boleto that was asked for, or refused by a code of the table, soon.

What was read otherwise once lies in `corpus/`, and is tried again for ever.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cobaia import Cobaia, Fim
from tests.mutacao import mutate, mutate_bytes, mutate_fluxo, mutate_objetos
from tests.scraper.test_verification import slip
from tests.simulator.drawing import draw_boleto

LEITURA = "tests.scraper.leitura_hostil"
CORPUS = {arquivo.name: arquivo.read_bytes() for arquivo in sorted((Path(__file__).parent / "corpus").iterdir())}
assert CORPUS
MUTACOES = (mutate_bytes, mutate_objetos, mutate_objetos, mutate_fluxo, mutate_fluxo)
AMOSTRAS = [draw_boleto(slip(), modelo, 0) for modelo in ("ficha", "colunas", "linhas")]
RECUSAS = ("download.falhou", "documento.")
LIMITE_S = 5


def make_hostil(semente: int) -> bytes:
    return mutate(AMOSTRAS[semente % len(AMOSTRAS)], semente, MUTACOES)


def check_fim(fim: Fim, caso: str) -> None:
    assert fim.fim in ("certo", "recusado"), f"{caso}: {fim.fim}: {fim.texto}"
    assert fim.fim == "certo" or fim.texto.startswith(RECUSAS), f"{caso}: {fim.texto}"
    assert fim.s < LIMITE_S, f"{caso}: {fim.s} s"


async def test_a_pdf_out_of_order_is_the_right_one_or_refused_by_its_code() -> None:
    fins = []
    async with Cobaia(LEITURA) as cobaia:
        for amostra in AMOSTRAS:
            assert (await cobaia.read(amostra)).fim == "certo"
        for semente in range(200):
            fins.append(await cobaia.read(make_hostil(semente)))
            check_fim(fins[-1], f"seed {semente}")
        for nome, dados in CORPUS.items():
            check_fim(await cobaia.read(dados), nome)
    assert {fim.fim for fim in fins} == {"certo", "recusado"}
    # Refused for more than one reason: else nothing was tried.
    assert len({fim.texto.partition(" ")[0] for fim in fins if fim.fim == "recusado"}) > 3


@pytest.mark.completo
@pytest.mark.timeout(1800)
async def test_thousands_of_pdfs_out_of_order_leave_no_memory_behind() -> None:
    rss = []
    async with Cobaia(LEITURA) as cobaia:
        for semente in range(1000, 13_000):
            fim = await cobaia.read(make_hostil(semente))
            check_fim(fim, f"seed {semente}")
            rss.append(fim.rss)
    assert min(rss[-500:]) - min(rss[500:1000]) < 30 << 20
