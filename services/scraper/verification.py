"""Is this PDF the boleto that was asked for? Nothing is a success until each check has found what it looks for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise, product

from services.scraper.document import read_textos
from services.scraper.labels import Achado, find_achados, is_abaixo, pair_valores
from services.scraper.payer import check_cliente
from services.scraper.portal.errors import DocumentoRecusado
from services.scraper.portal.grids import parse_data, parse_dinheiro
from shared.boleto import LinhaDigitavel, LinhaInvalida, find_linhas, parse_linha
from shared.contrato import Cota, MesReferencia, parse_cota

# Labels as they are printed; `até o vencimento` is none.
_VENCIMENTO = re.compile(
    r"\b(?=V)(?<!at[eé] o )(?<!ap[oó]s o )(?<!at[eé] )(?<!ap[oó]s )(?<!no )(?<!antes do )Venc(?:imento|to|\.)",
    re.IGNORECASE,
)
_OUTRA_DATA = re.compile(
    r"\b(?:Data|Emiss[aã]o|Processamento|Emitido|Assembleia|Impresso|V[aá]lido)\b(?!\s+d[eo]\s+Venc)", re.IGNORECASE
)
_ALGUMA_DATA = re.compile(f"{_VENCIMENTO.pattern}|{_OUTRA_DATA.pattern}", re.IGNORECASE)
_VALOR = re.compile(
    r"\bValor\s+(?:(?:do|deste)\s+)?(?:Documento|Cobrado|Boleto|a\s+Pagar)|\bValor\s*(?::|\(?R\$|\d)|\bTotal\b",
    re.IGNORECASE,
)
_OUTRO_VALOR = re.compile(
    r"\b(?:Multa|Mora|Juros|Desconto|Abatimento|Acr[eé]scimos?|Dedu[cç][oõ]es|Taxa|Tarifa|Seguro|Fundo|Cr[eé]dito"
    r"|Valor\s+d[aeo]s?\s+(?!Documento|Boleto)\w+)\b",
    re.IGNORECASE,
)
_GRUPO_OU_COTA = re.compile(r"\b(?:Grupo|Cota)\b", re.IGNORECASE)
_DATA = re.compile(r"(?<!\d)\d{2}/\d{2}/\d{4}(?!\d)")
_DINHEIRO = re.compile(r"(?<![\d,])(?:\d{1,3}(?:\.\d{3})+|\d+),\d{2}(?!\d)")
_NOSSO_NUMERO = re.compile(r"(?<![\d/])\d{2}/\d{5,11}-[\dPX](?!\d)")
# `006660-3344-00`, `6660/3344`, `Grupo: 006660 Nº da Cota: 3344 Versão: 00`.
_COTA_JUNTA = re.compile(r"(?<![\d.,/-])0*(\d{1,6})\s?[-/.]\s?0*(\d{1,5})(?:\s?[-/.]\s?\d{1,2})?(?![\d,]|[-/.]\d)")
_COTA_PADRAO = re.compile(r"(?<![\d.,/-])(\d{5,6})\s?[-/. ]\s?(\d{4})\s?[-/. ]\s?\d{2}(?![\d,])")
_COTA_ROTULADA = re.compile(r"\bGrupo\b\D{0,6}0*(\d{1,6})\b\D{1,16}\bCota\b\W{0,6}0*(\d{1,5})(?!\d)", re.IGNORECASE)
_ROTULO_JUNTO = re.compile(r"\bGrupo\s*/\s*Cota(?:\s*/\s*Vers[aã]o)?\s*:?\s*", re.IGNORECASE)
# A label that begins a cell: in a sentence the same word names nothing.
_ROTULOS_SOLTOS = {
    nome: re.compile(rf"(?:(?<=\s\s)|(?<=\n)|^)(?:N\S{{0,2}} d[oa] )?{nome}\b(?!\s*/)", re.IGNORECASE)
    for nome in ("grupo", "cota")
}
# The values of the other labels have a cota's shape too.
_ROTULOS_JUNTOS = {
    "junta": _ROTULO_JUNTO,
    "outro": re.compile(r"\b(?:Cota\s+(?=\d)|Nosso\s+N|Ag[eê]ncia|Conta|Banco|Parcela|Plano)", re.IGNORECASE),
}
# A number that stands by itself: no part of a date, an amount or a document.
_SOZINHO = re.compile(r"(?<![\d.,/-])0*(\d{1,6})(?!\d|[-.,/]\d)")
_PERTO, _ANTES = 220, 60
_COMUNS = str.maketrans({"\xa0": " ", "\u2010": "-", "\u2011": "-", "\u2013": "-"})


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
    """In this order: client, cota, month, value, digits. Pure; a page's columns are columns of the text.

    Raises DocumentoRecusado.
    """
    texto = unicodedata.normalize("NFC", texto.replace("\r\n", "\n")).translate(_COMUNS)
    corrido = re.sub(" {2,}", " ", texto)
    datas = find_achados(texto, _DATA)
    abaixo = is_abaixo(texto, _ALGUMA_DATA, datas)
    check_cliente(texto, procurado.cpf, abaixo=abaixo)
    _check_cota(corrido, _pair_cotas(texto, abaixo=abaixo), procurado.cota)
    validas = _parse_linhas(corrido, procurado)
    pares = pair_valores(texto, {"": _VENCIMENTO, "outra": _OUTRA_DATA}, datas, abaixo=abaixo)
    _check_mes(datas, [data for nome, data in pares if not nome], procurado, validas)
    valores = find_achados(texto, _DINHEIRO)
    pares = pair_valores(texto, {"": _VALOR, "outro": _OUTRO_VALOR}, valores, abaixo=abaixo)
    _check_valor(valores, [valor for nome, valor in pares if not nome], procurado, validas)
    linha = _check_digito(corrido, procurado, validas)
    nosso = _NOSSO_NUMERO.search(corrido)
    return Conferido(linha, nosso[0] if nosso else None)


def _check_cota(texto: str, pareadas: set[Cota], cota: Cota) -> None:
    """The wanted one is printed in its shape or at a label, and no label names another one alone."""
    rotuladas = _labelled_cotas(texto) | pareadas
    achadas = rotuladas | {Cota(int(m[1]), int(m[2])) for m in _COTA_PADRAO.finditer(texto)}
    if cota not in achadas and not _is_cota_near_label(texto, cota):
        vistas = ", ".join(map(str, sorted(achadas))) or "nenhuma"
        raise DocumentoRecusado("documento.divergente.cota", f"Cota no PDF: {vistas}; pedida: {cota}.")
    if rotuladas and cota not in rotuladas:
        raise DocumentoRecusado("documento.divergente.cota", f"O PDF é da cota {min(rotuladas)}; pedida: {cota}.")


def _pair_cotas(texto: str, *, abaixo: bool) -> set[Cota]:
    """By place: `006650-2278-00` at a label of both, or two numbers of which each stands at a label of its own."""
    pares = [
        *pair_valores(texto, _ROTULOS_JUNTOS, find_achados(texto, _COTA_JUNTA), abaixo=abaixo),
        *pair_valores(texto, _ROTULOS_SOLTOS, find_achados(texto, _SOZINHO), abaixo=abaixo),
    ]
    juntas, grupos, cotas = ([v.texto for rotulo, v in pares if rotulo == nome] for nome in ("junta", "grupo", "cota"))
    soltas = {Cota(int(grupo), int(cota)) for grupo, cota in product(grupos, cotas)}
    return soltas | {cota for junta in juntas if (cota := parse_cota(junta))}


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


def _check_mes(
    datas: list[Achado], rotuladas: list[Achado], procurado: Procurado, validas: list[LinhaDigitavel]
) -> None:
    """The grid's due date is printed; where the line holds none to confirm it, it is printed at its label."""
    if procurado.mes is not None and MesReferencia.of(procurado.vencimento) != procurado.mes:
        raise DocumentoRecusado("documento.divergente.mes", f"A parcela vence em {procurado.vencimento:%d/%m/%Y}.")
    impressas = {data for achado in datas if (data := parse_data(achado.texto))}
    confirmada = any(linha.vencimento == procurado.vencimento for linha in validas)
    perto = procurado.vencimento in {parse_data(achado.texto) for achado in rotuladas}
    # The line's own date printed as well: then it is the document that falls due on another day, not its line.
    outra = any(linha.vencimento in impressas for linha in validas)
    if procurado.vencimento not in impressas or not (confirmada or (perto and not outra)):
        vistas = ", ".join(f"{data:%d/%m/%Y}" for data in sorted(impressas)) or "nenhuma"
        mensagem = f"Datas no PDF: {vistas}; esperado o vencimento {procurado.vencimento:%d/%m/%Y}."
        raise DocumentoRecusado("documento.divergente.mes", mensagem)


def _check_valor(
    valores: list[Achado], rotulados: list[Achado], procurado: Procurado, validas: list[LinhaDigitavel]
) -> None:
    impressos = {valor for achado in valores if (valor := parse_dinheiro(achado.texto))}
    confirmado = any(linha.valor == procurado.valor for linha in validas)
    perto = procurado.valor in {parse_dinheiro(achado.texto) for achado in rotulados}
    outro = any(linha.valor in impressos for linha in validas)
    if procurado.valor not in impressos or not (confirmado or (perto and not outro)):
        vistos = ", ".join(map(str, sorted(impressos))) or "nenhum"
        mensagem = f"Valores no PDF: {vistos}; na tela do portal: {procurado.valor}."
        raise DocumentoRecusado("documento.divergente.valor", mensagem)


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
