"""Is this PDF the boleto that was asked for? Nothing is a success until each check has found what it looks for.

A ladder of readings: the text layer; where all but the line is proven by it and no line is printed, the bars drawn on
the page; where there is no text at all, bars and OCR, and then the PDF passes only if they prove all of it.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from services.scraper.cotas import check_cota
from services.scraper.document import SemTexto, read_textos
from services.scraper.extraction import find_nosso_numero, find_pagador, tell_origens
from services.scraper.labels import Achado, find_achados, is_abaixo, pair_rotulos, pair_valores
from services.scraper.payer import check_cliente
from services.scraper.portal.errors import DocumentoRecusado
from services.scraper.portal.grids import parse_data, parse_dinheiro
from services.scraper.scan import Leitura, scan_pdf
from shared.boleto import LinhaDigitavel, LinhaInvalida, find_linhas, linha_from_codigo, parse_linha
from shared.contrato import Cota, MesReferencia
from shared.events import Origem

# Labels as they are printed; `até o vencimento` is none.
_VENCIMENTO = re.compile(
    r"\b(?=V)(?<!at[eé] o )(?<!ap[oó]s o )(?<!at[eé] )(?<!ap[oó]s )(?<!no )(?<!antes do )"
    r"(?<!pr[oó]ximo )(?<!anterior )"
    r"(?:Venc(?:imento|to|\.)|Vcto)(?! (?:original|anterior|d[ao] (?:[uú]ltima|pr[oó]xima|plano)))",
    re.IGNORECASE,
)
# A list of other instalments: by the headings beside, or by a short title in the row above.
_AO_LADO_DE_LISTA = re.compile(
    r"\b(?:Valor\s+pago|Situa[cç][aã]o|Pag[ao]s?\s+em|Data\s+d[eo]\s+Pagamento)\b", re.IGNORECASE
)
_TITULO_DE_LISTA = re.compile(
    r"\b(?:em\s+(?:aberto|atraso)|anteriores|pr[oó]ximas|pagas|vencidas|hist[oó]rico|extrato)\b", re.IGNORECASE
)
_TITULO_MAX = 60
_OUTRA_DATA = re.compile(
    r"\b(?:Data|Emiss[aã]o|Processamento|Emitido|Assembleia|Impresso|V[aá]lido)\b(?!\s+d[eo]\s+V(?:enc|cto))",
    re.IGNORECASE,
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
_DATA = re.compile(r"(?<!\d)\d{2}/\d{2}/\d{4}(?!\d)")
_DINHEIRO = re.compile(r"(?<![\d,])(?:\d{1,3}(?:\.\d{3})+|\d+),\d{2}(?!\d)")
# An instalment that falls due further from the day of its download is none of those that are sent.
PASSADO, FUTURO = timedelta(days=-3 * 366), timedelta(days=400)
# OCR takes a comma for a dot.
_PONTO_CENTAVOS = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})*)\.(\d{2})(?!\d|[.,]\d)")
# What prints as a blank, a hyphen or nothing.
_COMUNS = str.maketrans(
    {"\xa0": " "} | dict.fromkeys("\xad\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", "")
)  # fmt: skip


@dataclass(frozen=True)
class Procurado:
    """What the PDF must say. vencimento, valor: the grid's. hoje: the day of the download.

    nome: the client's at the portal; the PDF may say another, and none where it does not matter.
    """

    cpf: str
    cota: Cota
    vencimento: date
    valor: Decimal
    hoje: date
    mes: MesReferencia | None = None
    nome: str = ""


@dataclass(frozen=True)
class Conferido:
    """What the PDF says beside what it was asked for. origens: field → where it was read (extraction.py)."""

    linha: LinhaDigitavel
    nosso_numero: str | None
    pagador: str | None
    origens: Mapping[str, Origem]


class LinhaAusente(DocumentoRecusado):
    """All else agrees, but no line is printed."""


async def verify(pdf: bytes, procurado: Procurado, *, imagens: bool = True) -> Conferido:
    """imagens: whether its pages may be looked at as pictures, which takes seconds and hundreds of megabytes.

    Raises Falha `download.falhou.*` for what is no whole PDF, DocumentoRecusado for what is not this boleto; of those
    SemTexto and LinhaAusente where only pictures could tell more.
    """
    try:
        return await _verify(pdf, procurado, imagens=imagens)
    except DocumentoRecusado as recusa:
        recusa.pdf = pdf
        raise


async def _verify(pdf: bytes, procurado: Procurado, *, imagens: bool) -> Conferido:
    try:
        texto = "\n".join(await read_textos(pdf))
    except SemTexto as recusa:
        if not imagens:
            raise
        leitura = await asyncio.to_thread(scan_pdf, pdf, ocr=True)
        return _check_imagem(leitura, procurado, recusa)
    try:
        return check_texto(texto, procurado)
    except LinhaAusente:
        leitura = await asyncio.to_thread(scan_pdf, pdf, ocr=False) if imagens else Leitura()
        if not leitura.codigos:
            raise
        return check_texto(texto, procurado, codigos=leitura.codigos)


def _check_imagem(leitura: Leitura, procurado: Procurado, recusa: SemTexto) -> Conferido:
    """Bars and OCR must prove all of it: what a picture seems to say is no proof of a wrong document either."""
    try:
        texto = _PONTO_CENTAVOS.sub(r"\1,\2", leitura.texto)
        return check_texto(texto, procurado, "ocr", leitura.codigos)
    except DocumentoRecusado as falta:
        mensagem = f"{recusa.mensagem} A leitura da imagem não provou tudo: {falta.mensagem}"
        raise DocumentoRecusado(recusa.codigo, mensagem) from falta


def check_texto(texto: str, procurado: Procurado, lido: Origem = "texto", codigos: Sequence[str] = ()) -> Conferido:
    """In this order: client, cota, month, value, digits. Pure; a page's columns are columns of the text.

    lido: how the text was read. codigos: barcodes that were read on the page. Raises DocumentoRecusado.
    """
    texto = unicodedata.normalize("NFC", texto.replace("\r\n", "\n")).translate(_COMUNS)
    corrido = re.sub(" {2,}", " ", texto)
    datas = find_achados(texto, _DATA)
    abaixo = is_abaixo(texto, _ALGUMA_DATA, datas)
    check_cliente(texto, procurado.cpf, abaixo=abaixo)
    check_cota(texto, corrido, procurado.cota, abaixo=abaixo)
    barras = [parse_linha(linha_from_codigo(codigo), procurado.hoje) for codigo in codigos]
    validas = [*barras, *_parse_linhas(corrido, procurado)]
    vencimentos = _list_vencimentos(texto, datas, abaixo=abaixo)
    _check_mes(datas, vencimentos, procurado, validas)
    valores = find_achados(texto, _DINHEIRO)
    pares = pair_valores(texto, {"": _VALOR, "outro": _OUTRO_VALOR}, valores, abaixo=abaixo)
    _check_valor(valores, [valor for nome, valor in pares if not nome], procurado, validas)
    linha = _check_digito(corrido, procurado, validas)
    nosso_numero = find_nosso_numero(texto, linha, lido, abaixo=abaixo)
    pagador = find_pagador(texto, procurado.cpf, procurado.nome, lido, abaixo=abaixo)
    lida: Origem = "codigo_barras" if barras else lido
    origens = tell_origens(linha, lida, lido, nosso_numero=nosso_numero, pagador=pagador)
    return Conferido(linha, nosso_numero, pagador, origens)


def _parse_linhas(texto: str, procurado: Procurado) -> list[LinhaDigitavel]:
    validas = []
    for candidata in find_linhas(texto):
        try:
            validas.append(parse_linha(candidata, procurado.hoje))
        except LinhaInvalida:
            continue
    return validas


def _list_vencimentos(texto: str, datas: list[Achado], *, abaixo: bool) -> list[Achado]:
    """The dates at due dates' labels, from the top; of those of a list only where no other has one."""
    linhas = texto.split("\n")
    pares = pair_rotulos(texto, {"": _VENCIMENTO, "outra": _OUTRA_DATA}, datas, abaixo=abaixo)

    def is_lista(rotulo: Achado) -> bool:
        titulo = linhas[rotulo.linha - 1].strip() if rotulo.linha else ""
        curto = len(titulo) <= _TITULO_MAX and _TITULO_DE_LISTA.search(titulo)
        return bool(curto or _AO_LADO_DE_LISTA.search(linhas[rotulo.linha]))

    vencimentos = [(rotulo, data) for nome, rotulo, data in pares if not nome]
    proprias = [data for rotulo, data in vencimentos if not is_lista(rotulo)]
    return sorted(proprias or [data for _, data in vencimentos], key=lambda data: (data.linha, data.inicio))


def _check_mes(
    datas: list[Achado], rotuladas: Sequence[Achado], procurado: Procurado, validas: list[LinhaDigitavel]
) -> None:
    """The grid's due date is printed; where the line holds none to confirm it, it is what the first such label says:
    other instalments may be listed below."""
    if not PASSADO <= procurado.vencimento - procurado.hoje <= FUTURO:
        mensagem = f"A parcela vence em {procurado.vencimento:%d/%m/%Y}, longe demais de hoje para ser a do mês."
        raise DocumentoRecusado("documento.divergente.mes", mensagem)
    if procurado.mes is not None and MesReferencia.of(procurado.vencimento) != procurado.mes:
        raise DocumentoRecusado("documento.divergente.mes", f"A parcela vence em {procurado.vencimento:%d/%m/%Y}.")
    impressas = {data for achado in datas if (data := parse_data(achado.texto))}
    confirmada = any(linha.vencimento == procurado.vencimento for linha in validas)
    perto = bool(rotuladas) and parse_data(rotuladas[0].texto) == procurado.vencimento
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
        if not find_linhas(texto):
            raise LinhaAusente("documento.divergente.digito", "Não há linha digitável no PDF.")
        raise DocumentoRecusado("documento.divergente.digito", "Os dígitos verificadores não fecham.")
    if len({linha.codigo_barras for linha in validas}) > 1:
        raise DocumentoRecusado("documento.divergente.digito", "Há linhas digitáveis diferentes no PDF.")
    linha = validas[0]
    if linha.has_fator and linha.vencimento is None:
        mensagem = "O fator de vencimento da linha digitável não é de data que se possa dizer."
        raise DocumentoRecusado("documento.divergente.digito", mensagem)
    if linha.valor is not None and linha.valor != procurado.valor:
        mensagem = f"A linha digitável vale {linha.valor}; na tela do portal: {procurado.valor}."
        raise DocumentoRecusado("documento.divergente.digito", mensagem)
    if linha.vencimento is not None and linha.vencimento != procurado.vencimento:
        mensagem = (
            f"A linha digitável vence em {linha.vencimento:%d/%m/%Y}; a parcela, {procurado.vencimento:%d/%m/%Y}."
        )
        raise DocumentoRecusado("documento.divergente.digito", mensagem)
    return linha
