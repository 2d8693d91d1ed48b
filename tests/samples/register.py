"""A register: pontos de venda, consultores, contracts, jobs, and what each contract of a job must end as."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.scenario import Cenario

MESES = (
    "JANEIRO", "FEVEREIRO", "MARÇO", "ABRIL", "MAIO", "JUNHO", "JULHO", "AGOSTO", "SETEMBRO", "OUTUBRO", "NOVEMBRO",
    "DEZEMBRO",
)  # fmt: skip


@dataclass(frozen=True)
class PontoVenda:
    """With the credential as it is typed into our system, which need not be the right one."""

    codigo: str
    nome: str
    empresa: str
    usuario: str
    senha: str
    max_sessoes: int = 1


@dataclass(frozen=True)
class Consultor:
    nome: str
    ponto_venda: str


@dataclass(frozen=True)
class Contrato:
    """A workbook row. `nome_planilha` carries the noise; `grupo` None where the row names no cota.

    situacao: the workbook's; a row that begins with CANCEL is imported inactive.
    """

    nome: str
    documento: str
    ponto_venda: str
    consultor: str
    grupo: str | None
    cota: str | None
    nome_planilha: str
    situacao: str = "Em dia"
    valor_credito: int = 50_000
    valor_parcela: float = 812.45

    @property
    def ativo(self) -> bool:
        return not self.situacao.upper().startswith("CANCEL")


@dataclass(frozen=True)
class Esperado:
    """What a contract must end as in one job. `arquivo` is relative to the store's root."""

    documento: str
    grupo: str | None
    cota: str | None
    status: str
    codigo: str | None = None
    arquivo: str | None = None
    motivo: str = ""


@dataclass(frozen=True)
class Trabalho:
    """One job: the body to post, and the outcome of every row it has."""

    corpo: dict[str, Any]
    esperados: tuple[Esperado, ...]

    def count_status(self) -> dict[str, int]:
        return dict(Counter(e.status for e in self.esperados))


@dataclass(frozen=True)
class Amostra:
    """A whole sample: what to register, what to import, what to submit, and the portal that goes with it."""

    pontos_venda: tuple[PontoVenda, ...]
    consultores: tuple[Consultor, ...]
    contratos: tuple[Contrato, ...]
    cenario: Cenario
    trabalhos: tuple[Trabalho, ...]
    mes: int
    ano: int
    layouts: dict[str, str] = field(default_factory=dict)

    def contratos_de(self, consultor: str) -> tuple[Contrato, ...]:
        return tuple(c for c in self.contratos if c.consultor == consultor)


def clean_nome(nome: str) -> str:
    """The name as a file carries it: accents kept, everything that is no letter or digit one underscore."""
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", nome)).strip("_")


def expected_arquivo(contrato: Contrato, contratos: tuple[Contrato, ...], mes: int) -> str:
    """`{consultor}/{NOME}_{MES}.pdf`, with grupo and cota where active contracts of the consultor share the name."""
    nome = clean_nome(contrato.nome)
    same = [c for c in contratos if c.consultor == contrato.consultor and c.ativo and clean_nome(c.nome) == nome]
    cota = f"_{int(contrato.grupo)}_{int(contrato.cota)}" if len(same) > 1 and contrato.grupo and contrato.cota else ""
    return f"{contrato.consultor}/{nome}{cota}_{MESES[mes - 1]}.pdf"
