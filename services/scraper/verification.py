"""Is this PDF the boleto that was asked for? Nothing is a success until each check has found what it looks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from services.scraper.document import read_textos
from services.scraper.portal.errors import DocumentoRecusado
from services.scraper.portal.grids import parse_data, parse_dinheiro
from shared.boleto import LinhaDigitavel, LinhaInvalida, find_linhas, parse_linha
from shared.contrato import Cota, MesReferencia, format_documento, is_cnpj, is_cpf

# Labels as they are printed; between a label and its value there may be other labels, blanks and line ends.
_PAGADOR = re.compile(r"\b(?:Pagador|Sacado)\b(?!\s*r?/?\s*Avalista)", re.IGNORECASE)
_VENCIMENTO = re.compile(r"\bVenc(?:imento|to|\.)", re.IGNORECASE)
_VALOR = re.compile(
    r"\bValor\s+(?:(?:do|deste)\s+)?(?:Documento|Cobrado|Boleto|a\s+Pagar)|\bValor\s*(?::|\(?R\$|\d)|\bTotal\b",
    re.IGNORECASE,
)
_GRUPO_OU_COTA = re.compile(r"\b(?:Grupo|Cota)\b", re.IGNORECASE)
_DATA = re.compile(r"(?<!\d)\d{2}/\d{2}/\d{4}(?!\d)")
_DINHEIRO = re.compile(r"(?<![\d,])(?:\d{1,3}(?:\.\d{3})+|\d+),\d{2}(?!\d)")
_DOCUMENTO = re.compile(
    r"(?<!\d)\d{3}\.?\d{3}\.?\d{3}\s?-?\s?\d{2}(?![\d/])|(?<![\dA-Z])[\dA-Z]{2}\.?[\dA-Z]{3}\.?[\dA-Z]{3}/?[\dA-Z]{4}-?\d{2}(?!\d)"
)
_NOSSO_NUMERO = re.compile(r"(?<![\d/])\d{2}/\d{5,11}-[\dPX](?!\d)")
# `006660-3344-00`, `6660/3344`, `Grupo: 006660 Nº da Cota: 3344 Versão: 00`.
_COTA_JUNTA = re.compile(r"(?<![\d.,/-])0*(\d{1,6})\s?[-/.]\s?0*(\d{1,5})(?:\s?[-/.]\s?\d{1,2})?(?![\d,]|[-/.]\d)")
_COTA_PADRAO = re.compile(r"(?<![\d.,/-])(\d{5,6})\s?[-/. ]\s?(\d{4})\s?[-/. ]\s?\d{2}(?![\d,])")
_COTA_ROTULADA = re.compile(r"\bGrupo\b\D{0,6}0*(\d{1,6})\b\D{1,16}\bCota\b\W{0,6}0*(\d{1,5})(?!\d)", re.IGNORECASE)
_ROTULO_JUNTO = re.compile(r"\bGrupo\s*/\s*Cota(?:\s*/\s*Vers[aã]o)?\s*:?\s*", re.IGNORECASE)
# A number that stands by itself: no part of a date, an amount or a document.
_SOZINHO = re.compile(r"(?<![\d.,/-])0*(\d{1,6})(?!\d|[-.,/]\d)")
_PERTO_PAGADOR, _PERTO, _ANTES = 160, 220, 60


@dataclass(frozen=True)
class Procurado:
    """What the PDF must say. vencimento, valor: the grid's. hoje: the day of the download."""

    cpf: str
    cota: Cota
    vencimento: date
    valor: Decimal
    hoje: date
    mes: MesReferencia | None = None


@dataclass(frozen=True)
class Conferido:
    linha: LinhaDigitavel
    nosso_numero: str | None


async def verify(pdf: bytes, procurado: Procurado) -> Conferido:
    """Raises Falha `download.falhou.*` for what is no whole PDF, DocumentoRecusado for what is not this boleto."""
    try:
        return check_texto("\n".join(await read_textos(pdf)), procurado)
    except DocumentoRecusado as recusa:
        raise DocumentoRecusado(recusa.codigo, recusa.mensagem, pdf) from recusa


def check_texto(texto: str, procurado: Procurado) -> Conferido:
    """In this order: client, cota, month, value, digits. Pure. Raises DocumentoRecusado."""
    texto = texto.replace("\r\n", "\n").replace("\xa0", " ").replace("\u2010", "-").replace("\u2013", "-")
    _check_cliente(texto, procurado.cpf)
    _check_cota(texto, procurado.cota)
    validas = _parse_linhas(texto, procurado)
    _check_mes(texto, procurado, validas)
    _check_valor(texto, procurado, validas)
    linha = _check_digito(texto, procurado, validas)
    nosso = _NOSSO_NUMERO.search(texto)
    return Conferido(linha, nosso[0] if nosso else None)


def _check_cliente(texto: str, cpf: str) -> None:
    """The wanted document is there, and no other person's stands at the payer's label."""
    achados = [(m.start(), _bare(m[0])) for m in _DOCUMENTO.finditer(texto)]
    achados = [(onde, doc) for onde, doc in achados if is_cpf(doc) or is_cnpj(doc)]
    if cpf not in [doc for _, doc in achados] and not _find_espacado(texto, cpf):
        vistos = ", ".join(sorted({format_documento(doc) for _, doc in achados})) or "nenhum"
        raise DocumentoRecusado("documento.divergente.cliente", f"Documentos no PDF: {vistos}; falta o do cliente.")
    pagadores = {doc for rotulo in _PAGADOR.finditer(texto) if (doc := _first_after(rotulo.end(), achados))}
    # A payee's CNPJ can follow the payer's label in the text's order; another person's CPF cannot.
    if any(len(doc) == 11 for doc in pagadores - {cpf}):
        raise DocumentoRecusado("documento.divergente.cliente", "O pagador do PDF é outro cliente.")


def _first_after(onde: int, achados: list[tuple[int, str]]) -> str | None:
    return next((doc for inicio, doc in achados if onde <= inicio <= onde + _PERTO_PAGADOR), None)


def _bare(documento: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", documento)


def _find_espacado(texto: str, cpf: str) -> bool:
    """The same digits with whatever separators a layout puts between them."""
    return re.search(r"(?<!\d)" + r"[\s.\-/]{0,2}".join(map(re.escape, cpf)) + r"(?!\d)", texto) is not None


def _check_cota(texto: str, cota: Cota) -> None:
    """The wanted one is printed in its shape or at a label, and no label names another one alone."""
    rotuladas = _labelled_cotas(texto)
    achadas = rotuladas | {Cota(int(m[1]), int(m[2])) for m in _COTA_PADRAO.finditer(texto)}
    if cota not in achadas and not _is_cota_near_label(texto, cota):
        vistas = ", ".join(map(str, sorted(achadas))) or "nenhuma"
        raise DocumentoRecusado("documento.divergente.cota", f"Cota no PDF: {vistas}; pedida: {cota}.")
    if rotuladas and cota not in rotuladas:
        raise DocumentoRecusado("documento.divergente.cota", f"O PDF é da cota {min(rotuladas)}; pedida: {cota}.")


def _labelled_cotas(texto: str) -> set[Cota]:
    juntas = (_COTA_JUNTA.match(texto, rotulo.end()) for rotulo in _ROTULO_JUNTO.finditer(texto))
    achados = [*_COTA_ROTULADA.finditer(texto), *(m for m in juntas if m)]
    return {Cota(int(m[1]), int(m[2])) for m in achados}


def _is_cota_near_label(texto: str, cota: Cota) -> bool:
    """Joined, or as two numbers in a row: a layout in columns gives its labels first, and its values after them."""
    for rotulo in _GRUPO_OU_COTA.finditer(texto):
        trecho = texto[max(0, rotulo.start() - _ANTES) : rotulo.end() + _PERTO]
        sozinhos = [int(m[1]) for m in _SOZINHO.finditer(trecho)]
        pares = {(int(m[1]), int(m[2])) for m in _COTA_JUNTA.finditer(trecho)} | set(pairwise(sozinhos))
        if (cota.grupo, cota.cota) in pares:
            return True
    return False


def _parse_linhas(texto: str, procurado: Procurado) -> list[LinhaDigitavel]:
    validas = []
    for candidata in find_linhas(texto):
        try:
            validas.append(parse_linha(candidata, procurado.hoje))
        except LinhaInvalida:
            continue
    return validas


def _check_mes(texto: str, procurado: Procurado, validas: list[LinhaDigitavel]) -> None:
    """The grid's due date is printed; where the line holds none to confirm it, it is printed at its label."""
    datas = [(m.start(), parse_data(m[0])) for m in _DATA.finditer(texto)]
    vistas = ", ".join(sorted({f"{d:%d/%m/%Y}" for _, d in datas if d})) or "nenhuma"
    if procurado.mes is not None and MesReferencia.of(procurado.vencimento) != procurado.mes:
        raise DocumentoRecusado("documento.divergente.mes", f"A parcela vence em {procurado.vencimento:%d/%m/%Y}.")
    confirmada = any(linha.vencimento == procurado.vencimento for linha in validas)
    onde = [inicio for inicio, data in datas if data == procurado.vencimento]
    perto = any(_is_near(texto, _VENCIMENTO, inicio) for inicio in onde)
    # The line's own date printed as well: then it is the document that falls due on another day, not its line.
    outra = any(linha.vencimento in {d for _, d in datas if d} for linha in validas)
    if not onde or not (confirmada or (perto and not outra)):
        mensagem = f"Datas no PDF: {vistas}; esperado o vencimento {procurado.vencimento:%d/%m/%Y}."
        raise DocumentoRecusado("documento.divergente.mes", mensagem)


def _check_valor(texto: str, procurado: Procurado, validas: list[LinhaDigitavel]) -> None:
    valores = [(m.start(), parse_dinheiro(m[0])) for m in _DINHEIRO.finditer(texto)]
    confirmado = any(linha.valor == procurado.valor for linha in validas)
    onde = [inicio for inicio, valor in valores if valor == procurado.valor]
    perto = any(_is_near(texto, _VALOR, inicio) for inicio in onde)
    outro = any(linha.valor in {v for _, v in valores if v} for linha in validas)
    if not onde or not (confirmado or (perto and not outro)):
        vistos = ", ".join(sorted({str(valor) for _, valor in valores})) or "nenhum"
        mensagem = f"Valores no PDF: {vistos}; na tela do portal: {procurado.valor}."
        raise DocumentoRecusado("documento.divergente.valor", mensagem)


def _is_near(texto: str, rotulo: re.Pattern[str], onde: int) -> bool:
    """Whether the label stands a little before the value, or, where a layout writes values first, just after."""
    return rotulo.search(texto, max(0, onde - _PERTO), onde + 80) is not None


def _check_digito(texto: str, procurado: Procurado, validas: list[LinhaDigitavel]) -> LinhaDigitavel:
    """One valid line, which agrees in all it holds: two different ones are two boletos in one file."""
    if not validas:
        quantas = len(find_linhas(texto))
        motivo = "Os dígitos verificadores não fecham" if quantas else "Não há linha digitável no PDF"
        raise DocumentoRecusado("documento.divergente.digito", f"{motivo}.")
    if len({linha.codigo_barras for linha in validas}) > 1:
        raise DocumentoRecusado("documento.divergente.digito", "Há linhas digitáveis diferentes no PDF.")
    linha = validas[0]
    if linha.valor is not None and linha.valor != procurado.valor:
        mensagem = f"A linha digitável vale {linha.valor}; na tela do portal: {procurado.valor}."
        raise DocumentoRecusado("documento.divergente.digito", mensagem)
    if linha.vencimento is not None and linha.vencimento != procurado.vencimento:
        mensagem = (
            f"A linha digitável vence em {linha.vencimento:%d/%m/%Y}; a parcela, {procurado.vencimento:%d/%m/%Y}."
        )
        raise DocumentoRecusado("documento.divergente.digito", mensagem)
    return linha
