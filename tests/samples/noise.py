"""The noise of real workbooks: what people type, row by row, and the count of what an import must make of it."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from tests.samples.register import Contrato


@dataclass(frozen=True)
class Ruido:
    """What is wrong with the file. Faults of single rows strike every third row or so, chosen by the seed."""

    cpf_numerico: bool = False
    cpf_float: bool = False
    cpf_sujo: bool = False
    pv_com_ponto: bool = False
    linhas_vazias: bool = False
    cabecalho_repetido: bool = False
    erros_nd: bool = False
    mescladas: bool = False
    percentual: bool = False
    sem_cpf: bool = False
    cpf_invalido: bool = False
    pv_desconhecido: bool = False
    semente: int = 7

    @classmethod
    def all(cls) -> "Ruido":
        return cls(*[True] * 12)


@dataclass
class Planilha:
    """A written workbook and what importing it must report. Rows are numbered as in the file, from 1."""

    caminho: Path
    aba: str
    total: int = 0
    importados: int = 0
    inativos: int = 0
    ignorados: list[int] = field(default_factory=list)
    erros: list[int] = field(default_factory=list)
    linhas: dict[int, Contrato] = field(default_factory=dict)

    def note(self, row: int, contrato: Contrato) -> None:
        self.total += 1
        self.importados += 1
        self.inativos += not contrato.ativo
        self.linhas[row] = contrato


class Escritor:
    """Puts rows into one sheet, one after another, and keeps count."""

    def __init__(self, sheet: Worksheet, ruido: Ruido, planilha: Planilha, row: int) -> None:
        self.sheet, self.ruido, self.planilha, self.row = sheet, ruido, planilha, row
        self.random = Random(ruido.semente)

    def write(self, values: tuple[Any, ...]) -> int:
        for column, value in enumerate(values, 1):
            if value is not None:
                self.sheet.cell(self.row, column, value)
        self.row += 1
        return self.row - 1

    def often(self, wanted: bool) -> bool:
        return wanted and self.random.random() < 0.35

    def cpf(self, documento: str) -> Any:
        """A CPF as people type it: masked, with spaces, or as a number that lost its zeros."""
        if len(documento) == 14:
            d = documento
            return f"{d[:2]}.{d[2:5]}.{d[5:8]}/{d[8:12]}-{d[12:]}"
        if self.often(self.ruido.cpf_numerico):
            return int(documento)
        if self.often(self.ruido.cpf_float):
            return self.random.choice((float(documento), f"{int(documento):.10E}"))
        text = f"{documento[:3]}.{documento[3:6]}.{documento[6:9]}-{documento[9:]}"
        return (
            self.random.choice((" ", "\t", "")) + text + self.random.choice((" ", "")) if self.ruido.cpf_sujo else text
        )

    def pv(self, codigo: str) -> Any:
        return f"{codigo[:-3]}.{codigo[-3:]}" if self.often(self.ruido.pv_com_ponto) else int(codigo)

    def add_gaps(self, header: tuple[Any, ...]) -> None:
        """Between two clients: a blank row, or the header once more."""
        if self.often(self.ruido.linhas_vazias):
            self.row += 1
        if self.often(self.ruido.cabecalho_repetido):
            self.write(header)
