"""The two grids of a contract's way, read row by row: the cotas of a client, and the instalments that are pending."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate

from selectolax.lexbor import LexborNode

from services.scraper.portal.pages import Controle, Pagina, id_of, rows, text_of
from services.scraper.portal.profile import Perfil
from shared.contrato import Cota, fold, parse_cota

# The third number of `006650/2278-00`, whatever stands between them.
_VERSAO = re.compile(r"\d+\D+\d+\D+(\d{1,2})(?!\d)")
_DATA = re.compile(r"(?<!\d)(\d{2})/(\d{2})/(\d{4})(?!\d)")
_DINHEIRO = re.compile(r"-?\d{1,3}(?:\.\d{3})+,\d{2}|-?\d+,\d{2}")
# The ten cells of a data row where the header does not say otherwise (portal.md §1.6).
_COLUNAS = {"COTA": 1, "PCL": 2, "HISTORICO": 3, "VENCIMENTO": 4, "VL RECEBER": 9}
_CELULAS = 10


@dataclass(frozen=True)
class LinhaCliente:
    """A row of the search's result."""

    cota: Cota | None
    versao: int
    contrato: str
    nome: str
    situacao: str
    link: Controle | None


@dataclass(frozen=True)
class Parcela:
    """A row of the billing grid. marca None: nothing to tick, the row cannot be issued."""

    indice: int
    cota: Cota | None
    numero: str
    historico: str
    vencimento: date | None
    receber: Decimal | None
    marca: Controle | None
    marcada: bool

    @property
    def is_emitivel(self) -> bool:
        return self.marca is not None and self.receber is not None and self.receber > 0


def read_clientes(pagina: Pagina, perfil: Perfil) -> list[LinhaCliente] | None:
    """Every data row, empty ones too; None where the page has no such grid."""
    tabela = pagina.table(perfil.rotulos.grade_busca)
    if tabela is None:
        return None
    linhas = [_read_cliente(linha, pagina, perfil) for linha, _ in rows(tabela)]
    return [linha for linha in linhas if linha is not None]


def _read_cliente(linha: LexborNode, pagina: Pagina, perfil: Perfil) -> LinhaCliente | None:
    """A data row has links of the grid; a header or a line that says "no record" has none."""
    rotulos = perfil.rotulos
    celulas = [(id_of(no), no) for no in linha.css("a[id], span[id]")]

    def find(fim: str) -> LexborNode | None:
        return next((no for id_, no in celulas if id_.endswith("_" + fim)), None)

    cota, contrato, nome, situacao = map(
        find, (rotulos.linha_cota, rotulos.linha_contrato, rotulos.linha_nome, rotulos.linha_situacao)
    )
    if cota is None and nome is None and contrato is None:
        return None
    cota_texto = _text(cota)
    versao = _VERSAO.search(cota_texto)
    alvo = cota if cota is not None else nome
    return LinhaCliente(
        cota=parse_cota(cota_texto),
        versao=int(versao[1]) if versao else 0,
        contrato=_text(contrato),
        nome=_text(nome),
        situacao=_text(situacao),
        link=None if alvo is None or alvo.tag != "a" else pagina.describe(alvo),
    )


def _text(no: LexborNode | None) -> str:
    return "" if no is None else text_of(no)


def read_parcelas(pagina: Pagina, perfil: Perfil) -> list[Parcela] | None:
    """Every row with the cells of an instalment; None where the page has no such grid."""
    tabela = pagina.table(perfil.rotulos.grade_cobranca)
    if tabela is None:
        return None
    colunas = dict(_COLUNAS)
    parcelas: list[Parcela] = []
    for linha, celulas in rows(tabela):
        if _is_header(celulas):
            colunas = _COLUNAS | _find_colunas(celulas)
        elif len(celulas) >= _CELULAS:
            parcelas.append(_read_parcela(len(parcelas), linha, celulas, colunas, pagina, perfil))
    return parcelas


def _is_header(celulas: list[LexborNode]) -> bool:
    ditos = [fold(text_of(celula)) for celula in celulas]
    return "VENCIMENTO" in ditos or "HISTORICO" in ditos


def _find_colunas(celulas: list[LexborNode]) -> dict[str, int]:
    """Where the header says; one that does not cover the ten cells cannot say it."""
    # A heading over several cells names the last of them: the others hold a box or nothing.
    larguras = [int(largura) if (largura := c.attributes.get("colspan") or "1").isdecimal() else 1 for c in celulas]
    fins = list(accumulate(larguras))
    if fins[-1] < _CELULAS:
        return {}
    achadas = {fold(text_of(celula)): fim - 1 for celula, fim in zip(celulas, fins, strict=True)}
    return {nome: achadas[nome] for nome in _COLUNAS if nome in achadas}


def _read_parcela(
    indice: int, linha: LexborNode, celulas: list[LexborNode], colunas: dict[str, int], pagina: Pagina, perfil: Perfil
) -> Parcela:
    dito = {nome: text_of(celulas[onde]) if onde < len(celulas) else "" for nome, onde in colunas.items()}
    imagens = linha.css('input[type="image"], input[type="IMAGE"]')
    marca = next((no for no in imagens if id_of(no).endswith(perfil.rotulos.marca)), None)
    controle = None
    if marca is not None and "disabled" not in marca.attributes:
        controle = pagina.describe(marca)
    return Parcela(
        indice=indice,
        cota=parse_cota(dito["COTA"]),
        numero=dito["PCL"],
        historico=dito["HISTORICO"],
        vencimento=parse_data(dito["VENCIMENTO"]),
        receber=parse_dinheiro(dito["VL RECEBER"]),
        marca=controle,
        marcada=controle is not None and perfil.rotulos.marca_ligada.lower() in controle.destino.lower(),
    )


def parse_data(texto: str) -> date | None:
    """The first dd/mm/aaaa of a text that is a day of the calendar."""
    for achado in _DATA.finditer(texto):
        try:
            return date(int(achado[3]), int(achado[2]), int(achado[1]))
        except ValueError:
            continue
    return None


def parse_dinheiro(texto: str) -> Decimal | None:
    """`R$ 1.234,56` → 1234.56; None where there is no amount."""
    achado = _DINHEIRO.search(texto)
    return Decimal(achado[0].replace(".", "").replace(",", ".")) if achado else None
