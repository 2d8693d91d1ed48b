"""PDFs out of order: each is the boleto that was asked for, or refused by a code of the table, soon.

What was read otherwise once lies in `corpus/`, and is tried again for ever.
"""

from __future__ import annotations

from dataclasses import replace
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
LIMITE_S, IMAGENS_S = 5, 60


def make_hostil(semente: int) -> bytes:
    return mutate(AMOSTRAS[semente % len(AMOSTRAS)], semente, MUTACOES)


async def check(cobaia: Cobaia, dados: bytes, caso: str) -> Fim:
    """As verifier.py: pictures are looked at in a process of their own, which goes with the document."""
    fim = await cobaia.read(dados)
    assert fim.s < LIMITE_S, f"{caso}: {fim.s} s"
    if fim.fim == "ilegivel":
        async with Cobaia(LEITURA, "imagens", limite_s=IMAGENS_S) as outra:
            fim = replace(await outra.read(dados), rss=fim.rss)
    assert fim.fim in ("certo", "recusado"), f"{caso}: {fim.fim}: {fim.texto}"
    assert fim.fim == "certo" or fim.texto.startswith(RECUSAS), f"{caso}: {fim.texto}"
    return fim


async def test_a_pdf_out_of_order_is_the_right_one_or_refused_by_its_code() -> None:
    async with Cobaia(LEITURA) as cobaia:
        for amostra in AMOSTRAS:
            assert (await cobaia.read(amostra)).fim == "certo"
        fins = [await check(cobaia, make_hostil(semente), f"seed {semente}") for semente in range(200)]
        for nome, dados in CORPUS.items():
            await check(cobaia, dados, nome)
    assert {fim.fim for fim in fins} == {"certo", "recusado"}
    # Refused for more than one reason: else nothing was tried.
    assert len({fim.texto.partition(" ")[0] for fim in fins if fim.fim == "recusado"}) > 3


@pytest.mark.completo
@pytest.mark.timeout(1800)
async def test_thousands_of_pdfs_out_of_order_leave_no_memory_behind() -> None:
    rss = []
    async with Cobaia(LEITURA) as cobaia:
        for semente in range(1000, 13_000):
            rss.append((await check(cobaia, make_hostil(semente), f"seed {semente}")).rss)
    assert min(rss[-500:]) - min(rss[500:1000]) < 30 << 20
