"""Workbooks of 10,000 and 100,000 rows: read by the namer's reader, and by pandas on openpyxl as the former system did.

Each reading is a process of its own. The time is from the bytes in memory to the clean rows: imports aside, our child
process included. The peak is of all processes of a reading together, imports included, in a reading of its own, since
looking at the memory takes time.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

from openpyxl import Workbook

from tests.benchmarks.medidas import Alvo, Linha, Plano, alternate
from tests.benchmarks.processos import start, watch_peak
from tests.namer.planilhas import make_cpf, mask
from tests.samples.workbooks import CABECALHO_GERAL

TITULO = "Leitura de planilhas"
TAMANHOS = (10_000, 100_000)
NOSSO, PAR = "tests.benchmarks.leitura", "tests.benchmarks.pares.pandas_openpyxl"
NOMES = ("ANA PAULA SOUZA LIMA", "JOÃO PEDRO D'ÁVILA", "MARIA DAS GRAÇAS NOGUEIRA", "JOSÉ CARLOS BITTENCOURT FILHO")
SITUACOES = ("NORMAL", "NORMAL", "NORMAL", "INADIMPLENTE", "CANCELADO")


TOPO = 13


def write_planilha(caminho: Path, linhas: int) -> None:
    """The consultores' own layout, columns A to W: a legend above, the header in row 13; `linhas` in all."""
    livro = Workbook(write_only=True)
    aba = livro.create_sheet("PLANILHA GERAL ")
    for _ in range(TOPO - 1):
        aba.append([None, None, None, None, None, "CONTEMPLADOS"])
    meses = [titulo for mes in range(6, 13) for titulo in (date(2025, mes, 1), "data pgtº")]
    aba.append([*CABECALHO_GERAL, *meses])
    for celulas in _make_linhas(linhas - TOPO):
        aba.append(celulas)
    livro.save(caminho)


def _make_linhas(quantas: int) -> Iterator[list[object]]:
    acaso = random.Random(quantas)
    for numero in range(quantas):
        cpf = make_cpf(numero)
        yield [
            mask(cpf) if numero % 2 else int(cpf),
            f"{6600 + numero % 90} {numero // 90 % 9999:04d}",
            acaso.choice(("OFERTADO 12.11", "CONTEMPLADO", None, None)),
            acaso.choice(("BOL SAL 03.11", "PAGO 10.11", None)),
            acaso.choice(SITUACOES),
            f"{acaso.choice(NOMES)} {numero % 977:03d} - 70%",
            17308,
            acaso.choice((80_000.0, 125_500.5, "#N/D")),
            round(acaso.uniform(300, 3000), 2),
            *(celula for mes in range(7) for celula in (f"{mes + 1}º parcela", 45950 + numero % 30)),
        ]


async def medir(plano: Plano) -> list[Linha]:
    with tempfile.TemporaryDirectory() as nome:
        pasta = Path(nome)
        return [linha for tamanho in TAMANHOS for linha in await _measure(plano, pasta, plano.scale(tamanho, 500))]


async def _measure(plano: Plano, pasta: Path, tamanho: int) -> list[Linha]:
    arquivo = pasta / f"{tamanho}.xlsx"
    await asyncio.to_thread(write_planilha, arquivo, tamanho)
    rotulo = f"{tamanho:,} linhas".replace(",", ".")
    modulos = (NOSSO, PAR)
    tempos = await alternate(plano, {m: partial(_time, pasta, m, arquivo, tamanho - TOPO) for m in modulos})
    picos = await alternate(plano, {m: partial(_peak, pasta, m, arquivo) for m in modulos})
    referencia = "pandas com openpyxl"
    return [
        Linha(f"{rotulo}: tempo", "s", tuple(tempos[NOSSO]), referencia, tuple(tempos[PAR]), Alvo("par/nosso", "≥", 5)),
        Linha(
            f"{rotulo}: pico de memória", "MB", tuple(picos[NOSSO]), referencia, tuple(picos[PAR]),
            Alvo("nosso/par", "≤", 1),
        ),
    ]  # fmt: skip


async def _time(pasta: Path, modulo: str, arquivo: Path, esperadas: int) -> float:
    async with start("-m", modulo, str(arquivo), log=pasta / "leitura.log") as leitura:
        segundos, lidas = (await leitura.read(300)).split()
    if int(lidas) != esperadas:
        raise RuntimeError(f"{modulo} leu {lidas} linhas de {esperadas}")
    return float(segundos)


async def _peak(pasta: Path, modulo: str, arquivo: Path) -> float:
    async with start("-m", modulo, str(arquivo), log=pasta / "leitura.log") as leitura:
        vigia = asyncio.create_task(watch_peak(leitura.pid))
        await leitura.read(300)
        await leitura.end()
        return await vigia
