"""The two grids of a contract's way, read row by row: the cotas of a client, and the instalments that are pending."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate

from selectolax.lexbor import LexborNode

from services.scraper.portal.pages import Controle, Pagina, id_of, rows, text_of
from services.scraper.portal.profile import Perfil
from shared.contrato import Cota, fold, parse_cota

# `Grupo: 006650 Cota: 2278 Versão: 00` reads as the bare tokens do.
_ROTULOS = re.compile(r"\b(?:Grupo|Cota|Vers[aã]o)\b\s*[:/]?", re.IGNORECASE)
# The third number of `006650/2278-00`, whatever stands between them.
_VERSAO = re.compile(r"\d+\D+\d+\D+(\d{1,2})(?!\d)")
_DATA = re.compile(r"(?<!\d)(\d{2})/(\d{2})/(\d{4})(?!\d)")
_DINHEIRO = re.compile(r"-?\d{1,3}(?:\.\d{3})+,\d{2}|-?\d+,\d{2}")
# The ten cells of a data row where the header does not say otherwise (portal.md §1.6).
_COLUNAS = {"COTA": 1, "PCL": 2, "HISTORICO": 3, "VENCIMENTO": 4, "VL RECEBER": 9}
_CELULAS = 10
_APERTAVEIS = frozenset({"image", "checkbox", "radio", "submit", "button"})


def strip_rotulos(cabecalho: str) -> str:
    """A page's header without the words before its numbers."""
    return _ROTULOS.sub(" ", cabecalho)


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
    """A row of the billing grid. marca None: nothing to tick, the row cannot be issued.

    legivel: all that decides is there; not so where a cell does not read, or where something else than the mark can be
    pressed.
    """

    indice: int
    cota: Cota | None
    numero: str
    historico: str
    vencimento: date | None
    receber: Decimal | None
    marca: Controle | None
    marcada: bool
    legivel: bool = True

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
    link = next((no for no in (cota, nome, contrato, situacao) if no is not None and no.tag == "a"), None)
    return LinhaCliente(
        cota=parse_cota(cota_texto),
        versao=int(versao[1]) if versao else 0,
        contrato=_text(contrato),
        nome=_text(nome),
        situacao=_text(situacao),
        link=None if link is None else pagina.describe(link),
    )


def _text(no: LexborNode | None) -> str:
    return "" if no is None else text_of(no)


def read_parcelas(pagina: Pagina, perfil: Perfil) -> list[Parcela] | None:
    """Every row with the cells of an instalment; None where the page has no such grid."""
    tabela = pagina.table(perfil.rotulos.grade_cobranca)
    return None if tabela is None else [parcela for _, parcela in _read_linhas(tabela, pagina, perfil)]


def list_ilegiveis(pagina: Pagina, perfil: Perfil) -> list[str]:
    """Texts of the page's rows, in whatever table, that have a date and an amount and are no instalment that reads."""
    tabela = pagina.table(perfil.rotulos.grade_cobranca)
    linhas = [] if tabela is None else _read_linhas(tabela, pagina, perfil)
    lidas = {linha.mem_id for linha, parcela in linhas if parcela.legivel}
    textos = [text_of(no) for no in pagina.tree.css("tr") if no.mem_id not in lidas and no.css_first("table") is None]
    return [texto for texto in textos if parse_data(texto) and parse_dinheiro(texto) is not None]


def _read_linhas(tabela: LexborNode, pagina: Pagina, perfil: Perfil) -> Iterator[tuple[LexborNode, Parcela]]:
    colunas, indice = dict(_COLUNAS), 0
    for linha, celulas in rows(tabela):
        if _is_header(celulas):
            colunas = _COLUNAS | _find_colunas(celulas)
        elif len(celulas) >= _CELULAS:
            yield linha, _read_parcela(indice, linha, celulas, colunas, pagina, perfil)
            indice += 1


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
    apertaveis = [no for no in linha.css("input, button") if (no.attributes.get("type") or "").lower() in _APERTAVEIS]
    marca = next((no for no in apertaveis if id_of(no).endswith(perfil.rotulos.marca)), None)
    controle = None
    if marca is not None and "disabled" not in marca.attributes:
        controle = pagina.describe(marca)
    cota, vencimento, receber = (
        parse_cota(dito["COTA"]),
        parse_data(dito["VENCIMENTO"]),
        parse_dinheiro(dito["VL RECEBER"]),
    )
    return Parcela(
        indice=indice,
        cota=cota,
        numero=dito["PCL"],
        historico=dito["HISTORICO"],
        vencimento=vencimento,
        receber=receber,
        marca=controle,
        marcada=controle is not None and perfil.rotulos.marca_ligada.lower() in controle.destino.lower(),
        legivel=None not in (cota, vencimento, receber) and (marca is not None or not apertaveis),
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
