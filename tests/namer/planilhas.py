"""Workbooks for tests, made on the spot: the two layouts, and a seeded source of documents whose digits close."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from openpyxl import Workbook

CABECALHO_GERAL = (
    "CPF", " G/C", "LANCE ", "BOLETOS", "SITUAÇÃO", "Concorciado", "  P.V", "Valor", "PARC.", "1º parcela", "data pgtº",
)  # fmt: skip


def make_cpf(semente: int) -> str:
    sorteio = Random(semente)
    return close_cpf("".join(str(sorteio.randrange(10)) for _ in range(9)))


def close_cpf(base: str) -> str:
    numeros = [int(digito) for digito in base]
    for _ in range(2):
        soma = sum(n * peso for n, peso in zip(numeros, range(len(numeros) + 1, 1, -1), strict=True))
        numeros.append(0 if soma % 11 < 2 else 11 - soma % 11)
    return "".join(map(str, numeros))


def mask(cpf: str) -> str:
    return f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"


def save(livro: Workbook) -> bytes:
    saida = io.BytesIO()
    livro.save(saida)
    return saida.getvalue()


def make_generica(cabecalho: Sequence[Any], linhas: Iterable[Sequence[Any]], titulo: str = "Planilha1") -> bytes:
    """A sheet whose header is its first row."""
    livro = Workbook(write_only=True)
    aba = livro.create_sheet(titulo)
    for linha in (cabecalho, *linhas):
        aba.append(list(linha))
    return save(livro)


def make_geral(linhas: Iterable[Sequence[Any]]) -> bytes:
    """The consultores' own sheet: legend above, header in row 13, other sheets with headers of their own behind it."""
    livro = Workbook()
    aba = livro.worksheets[0]
    aba.title = "PLANILHA GERAL "
    aba["F2"] = "PLANILHA ATUALIZADA: 01/11/2026"
    aba["F4"], aba["F6"] = "CONTEMPLADOS", "INADIMPLENTES"
    aba["C12"], aba["J12"] = "NOVEMBRO", "Parcelas"
    for coluna, nome in enumerate(CABECALHO_GERAL, 1):
        aba.cell(13, coluna, nome)
    for numero, linha in enumerate(linhas, 14):
        for coluna, valor in enumerate(linha, 1):
            aba.cell(numero, coluna, valor)
    livro.create_sheet("CONTROLE DE VENDAS ").append(["DATA", "CONSORCIADO", "VALOR"])
    cancelados = livro.create_sheet("CANCELADO")
    cancelados.append(["CPF", "G/C", "Concorciado", "PONTO VENDA", "Valor"])
    cancelados.append([make_cpf(999), "6650 0999", "PESSOA CANCELADA", 17308, 1000])
    return save(livro)
