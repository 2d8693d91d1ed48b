"""Workbooks out of order: each is read or refused in words that a person can act on, soon, and leaves nothing behind.

What was read otherwise once lies in `corpus/`, and is tried again for ever.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cobaia import Cobaia, Fim
from tests.mutacao import mutate, mutate_bytes, mutate_partes, mutate_xml
from tests.namer.xls import make_xls
from tests.samples.contratos import cem_contratos
from tests.samples.noise import Ruido
from tests.samples.workbooks import write_planilhas

LEITURA = "tests.namer.leitura_hostil"
CORPUS = {arquivo.name: arquivo.read_bytes() for arquivo in sorted((Path(__file__).parent / "corpus").iterdir())}
assert CORPUS
XLSX = (mutate_bytes, mutate_partes, mutate_partes, mutate_xml, mutate_xml, mutate_xml)
# What a read may come to. The last two are what the reading child's bounds make of a sheet that claims all memory.
FINS = {"lida", "recusada", "memoria", "morreu"}
LIMITE_S = 5


def make_amostras(pasta: Path) -> list[bytes]:
    """Both layouts with all their noise, small; and the old format."""
    planilhas = write_planilhas(cem_contratos(quantos=12), pasta, Ruido.all()).values()
    velha = make_xls(
        [["CPF", "G/C", "NOME"], ["529.982.247-25", "6650 0007", "ANA LIMA - 70%"], [39053344705.0, None, "RUI"]]
    )
    return [*(planilha.caminho.read_bytes() for planilha in planilhas), velha]


def make_hostil(amostras: list[bytes], semente: int) -> bytes:
    amostra = amostras[semente % len(amostras)]
    return mutate(amostra, semente, XLSX if amostra.startswith(b"PK") else (mutate_bytes,))


def check_fim(fim: Fim, caso: str) -> None:
    assert fim.fim in FINS, f"{caso}: {fim.fim}: {fim.texto}"
    assert fim.s < LIMITE_S, f"{caso}: {fim.s} s"
    if fim.fim == "recusada":
        assert "nvie" in fim.texto, f"{caso}: {fim.texto}"


async def test_a_workbook_out_of_order_is_read_or_refused_in_portuguese(tmp_path: Path) -> None:
    amostras, fins = make_amostras(tmp_path), []
    async with Cobaia(LEITURA) as cobaia:
        for amostra in amostras:
            assert (await cobaia.read(amostra)).fim == "lida"
        for semente in range(120):
            fins.append(await cobaia.read(make_hostil(amostras, semente)))
            check_fim(fins[-1], f"seed {semente}")
        for nome, dados in CORPUS.items():
            check_fim(await cobaia.read(dados), nome)
    # Some got through, some did not: else nothing was tried.
    assert {"lida", "recusada"} <= {fim.fim for fim in fins}


@pytest.mark.completo
@pytest.mark.timeout(1800)
async def test_thousands_of_workbooks_out_of_order_leave_no_memory_behind(tmp_path: Path) -> None:
    amostras = make_amostras(tmp_path)
    rss: list[int] = []
    async with Cobaia(LEITURA) as cobaia:
        for semente in range(1000, 9000):
            fim = await cobaia.read(make_hostil(amostras, semente))
            check_fim(fim, f"seed {semente}")
            rss = [] if fim.fim == "morreu" else [*rss, fim.rss]
    assert len(rss) < 3000 or min(rss[-500:]) - min(rss[500:1000]) < 30 << 20
