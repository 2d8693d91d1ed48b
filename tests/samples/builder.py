"""Builds a sample case by case: a client in the portal, its row in a workbook, and the outcome both must lead to."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.samples.people import Pessoas
from tests.samples.register import Amostra, Consultor, Contrato, Esperado, PontoVenda, Trabalho, expected_arquivo
from tests.simulator.dates import month_after, today
from tests.simulator.scenario import parse_cenario

_SUFIXOS = (
    " 70%",
    " - 70%",
    "- 70%",
    " -70%",
    " 70 %",
    " 50%",
    "",
    "",
    " IMOVEL 70%",
    " 70% MEGAZAP",
    "  50% ",
    " (AMIGA)",
)


@dataclass
class Caso:
    """One contract on its way into the sample; `contrato` None for a client that no workbook has."""

    documento: str
    grupo: str | None
    cota: str | None
    status: str
    codigo: str | None
    contrato: Contrato | None
    ponto_venda: str
    motivo: str


@dataclass
class Construtor:
    """Collects cases; `make_amostra` turns them into a register, a scenario and jobs."""

    semente: int
    pontos_venda: tuple[PontoVenda, ...]
    consultores: tuple[Consultor, ...]
    botoes: dict[str, Any] = field(default_factory=dict)
    senhas_do_portal: dict[str, str] = field(default_factory=dict)
    casos: list[Caso] = field(default_factory=list)
    clientes: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pessoas = Pessoas(self.semente)
        self.random = Random(self.semente)
        hoje = today()
        proximo = month_after(hoje, 1, 1)
        self.mes, self.ano = proximo.month, proximo.year

    def parcelas(self, *, meses: Sequence[int] = (1,), **proxima: Any) -> list[dict[str, Any]]:
        """Rows of a grid: one per month from today's, `proxima` changing the next month's."""
        rows = []
        for mes in meses:
            valor = f"{self.random.randrange(45_000, 390_000) / 100:.2f}"
            row: dict[str, Any] = {"numero": 20 + mes, "vencimento": f"mes{mes:+d}@{self._day()}", "valor": valor}
            if mes < 0:
                row |= {"multa": "16.20", "juros": "9.81"}
            rows.append(row | (proxima if mes == 1 else {}))
        return rows

    def _day(self) -> int:
        return self.random.choice((5, 10, 15, 20, 25))

    def cota(self, parcelas: list[dict[str, Any]] | None = None, situacao: str = "NOR") -> dict[str, Any]:
        grupo, cota = self.pessoas.make_cota()
        contrato = f"{self.random.randrange(10**6, 10**7)}"
        rows = self.parcelas() if parcelas is None else parcelas
        return {"grupo": grupo, "cota": cota, "contrato": contrato, "situacao": situacao, "parcelas": rows}

    def add(
        self, consultor: str, status: str, codigo: str | None = None, *, motivo: str = "", nome: str | None = None,
        documento: str | None = None, cotas: list[dict[str, Any]] | None = None, pedida: dict[str, Any] | None = None,
        sem_cota: bool = False, no_portal: bool = True, na_planilha: bool = True, ponto_venda: str | None = None,
        situacao: str = "Em dia", botoes: dict[str, Any] | None = None,
    ) -> Caso:  # fmt: skip
        """One contract and its client in the portal.

        cotas: the client's in the portal, by default one; pedida: the one the row names, by default the first.
        """
        cotas = [self.cota()] if cotas is None else cotas
        nome, documento = nome or self.pessoas.make_nome(), documento or self.pessoas.make_cpf()
        pv = ponto_venda or next(c.ponto_venda for c in self.consultores if c.nome == consultor)
        if no_portal:
            self._add_cliente(pv, documento, nome, cotas, botoes or {})
        wanted = pedida or cotas[0]
        grupo, cota = (None, None) if sem_cota else (str(wanted["grupo"]), str(wanted["cota"]))
        contrato = Contrato(
            nome, documento, pv, consultor, grupo, cota, self._add_noise(nome, documento), situacao,
            valor_credito=self.random.randrange(25, 770) * 1000, valor_parcela=self.random.randrange(400, 4000) + 0.45,
        ) if na_planilha else None  # fmt: skip
        caso = Caso(documento, grupo, cota, status, codigo, contrato, pv, motivo)
        self.casos.append(caso)
        return caso

    def _add_cliente(
        self, pv: str, documento: str, nome: str, cotas: list[dict[str, Any]], botoes: dict[str, Any]
    ) -> None:
        known = self.clientes.get((pv, documento))
        if known:
            known["cotas"] += [c for c in cotas if c not in known["cotas"]]
            return
        self.clientes[pv, documento] = {
            "cpf": documento, "nome": strip_accents(nome), "ponto_venda": pv, "cotas": list(cotas), "botoes": botoes,
        }  # fmt: skip

    def _add_noise(self, nome: str, documento: str) -> str:
        if len(documento) == 14:
            return nome
        text = nome + self.random.choice(_SUFIXOS)
        text = text.replace(" ", "  ", 1) if self.random.random() < 0.1 else text
        return f" {text}" if self.random.random() < 0.1 else text

    def make_esperado(self, caso: Caso, status: str | None = None) -> Esperado:
        contratos = tuple(c.contrato for c in self.casos if c.contrato)
        filed = caso.status in ("sucesso", "ja_baixado") and caso.contrato
        arquivo = expected_arquivo(caso.contrato, contratos, self.mes) if filed and caso.contrato else None
        return Esperado(
            caso.documento, caso.grupo, caso.cota, status or caso.status, caso.codigo, arquivo, caso.motivo
        )  # fmt: skip

    def make_trabalho(self, ponto_venda: str, casos: list[Caso] | None = None, **corpo: Any) -> Trabalho:
        """A job of a ponto de venda; its rows are its active contracts, or the cases given."""
        mine = casos or [
            c for c in self.casos if c.ponto_venda == ponto_venda and c.contrato and c.contrato.ativo
        ]  # fmt: skip
        body = {"ponto_venda": ponto_venda, "mes": self.mes, "ano": self.ano, **corpo}
        return Trabalho(body, tuple(self.make_esperado(c) for c in mine))

    def make_amostra(self, trabalhos: tuple[Trabalho, ...], layouts: dict[str, str]) -> Amostra:
        cenario = parse_cenario({
            "semente": self.semente, "botoes": self.botoes, "clientes": list(self.clientes.values()),
            "credenciais": [
                {"ponto_venda": p.codigo, "usuario": p.usuario, "max_sessoes": p.max_sessoes,
                 "senha": self.senhas_do_portal.get(p.codigo, p.senha)}
                for p in self.pontos_venda
            ],
        })  # fmt: skip
        contratos = tuple(c.contrato for c in self.casos if c.contrato)
        return Amostra(
            self.pontos_venda, self.consultores, contratos, cenario, trabalhos, self.mes, self.ano, layouts
        )  # fmt: skip


def strip_accents(text: str) -> str:
    """As the portal writes names: without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
