"""The text of a PDF, page by page, laid out as the eye sees it, and what is wrong with bytes that have none.

A PDF may draw its values before their labels, or a form's labels first and all values after: the order of its bytes
says nothing about which value stands at which label, places on the page do.
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import re
import sys
import threading
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

import pypdfium2  # type: ignore[import-untyped]
from pypdfium2 import raw

from services.scraper.portal.errors import DocumentoRecusado, Falha

_LIXO_MAX = 1024
_FIM_MAX = 2048
# A PDF made for the web has an end near its start too, and says there how long it is.
_LINEARIZADO = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d{1,12})")
_LIMITE_S = 30.0
# Far more than a boleto has: what else there is would only fill the memory and hold up who waits for its turn.
_PAGINAS_MAX, _LETRAS_MAX, _COLUNAS_MAX = 50, 50_000, 1000
# No page is wider or higher (ISO 32000-1, annex C): what is drawn beyond nobody sees.
_LADO_MAX_PT = 14_400.0
# At this many a slip's letters are seven pixels high.
_DPI_MIN = 72
# What every boleto has and no stamp on a scan: an amount, or a document or line of eleven digits or more.
_NUMERO = re.compile(r"\d,\d{2}(?!\d)|(?:\d[\s./-]{0,3}){11}")
# Points of the page to one column of text: narrower than a letter of the labels, so that nothing is pushed aside.
_COLUNA_PT = 3.0
# In heights of a letter: what parts two words, two columns, two rows.
_ESPACO, _VAO, _DESNIVEL = 0.18, 0.45, 0.35
# PDFium is not thread-safe: one document at a time in the whole process.
_trava = threading.Lock()


class SemTexto(DocumentoRecusado):
    """Whole, and with something drawn on it, but without a letter that says anything: a scan."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__("documento.ilegivel", "O PDF não tem texto, só imagem.", pdf)


class Letra(NamedTuple):
    """A character in the direction its text runs: where it begins and ends, its baseline (up is more), its height.

    `espaco`: the width of the blanks drawn before it.
    """

    texto: str
    inicio: float
    fim: float
    base: float
    altura: float
    espaco: float


class _Pagina(NamedTuple):
    """objetos: how many things are drawn on it. muda: it has text, but none of a boleto, and pictures cover it."""

    texto: str
    objetos: int
    grosseira: bool
    muda: bool


async def read_textos(pdf: bytes) -> list[str]:
    """One text per page, a row a line, columns kept apart by blanks.

    Raises Falha `download.falhou.*`, DocumentoRecusado `documento.ilegivel`, of which SemTexto.
    """
    inicio = pdf[:_LIXO_MAX].find(b"%PDF")
    if not pdf.strip():
        raise Falha("download.falhou.vazio", "O arquivo veio vazio.")
    if inicio < 0:
        raise Falha("download.falhou.nao_pdf", f"O arquivo de {len(pdf)} bytes não é um PDF.")
    if b"%%EOF" not in pdf.rstrip(b"\0 \r\n\t")[-_FIM_MAX:]:
        raise Falha("download.falhou.truncado", f"O PDF de {len(pdf)} bytes não tem fim.")
    inteiro = _LINEARIZADO.search(pdf[inicio : inicio + _LIXO_MAX])
    if inteiro and int(inteiro[1]) > len(pdf) - inicio:
        raise Falha("download.falhou.truncado", f"O PDF de {len(pdf)} bytes devia ter {int(inteiro[1])}.")
    try:
        async with asyncio.timeout(_LIMITE_S):
            return await asyncio.to_thread(_read, pdf[inicio:])
    except TimeoutError as erro:
        raise DocumentoRecusado("documento.ilegivel", f"O PDF não se deixou ler em {_LIMITE_S:g} s.", pdf) from erro


def _read(pdf: bytes) -> list[str]:
    with _trava:
        try:
            documento = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as erro:
            if erro.err_code == raw.FPDF_ERR_PASSWORD:
                raise DocumentoRecusado("documento.ilegivel", "O PDF pede uma senha para abrir.", pdf) from erro
            raise Falha("download.falhou.truncado", f"O PDF de {len(pdf)} bytes não abre.") from erro
        try:
            if len(documento) > _PAGINAS_MAX:
                raise DocumentoRecusado("documento.ilegivel", f"O PDF tem {len(documento)} páginas.", pdf)
            paginas = list(_read_paginas(documento))
        except pypdfium2.PdfiumError as erro:
            raise Falha("download.falhou.truncado", f"O PDF de {len(pdf)} bytes não se lê.") from erro
        finally:
            documento.close()
    if not any(pagina.objetos for pagina in paginas):
        # What a browser prints from a blank tab: 678 bytes, a page, nothing on it.
        raise Falha("download.falhou.vazio", f"O PDF de {len(pdf)} bytes é uma página em branco.")
    if all(not pagina.texto.strip() or pagina.muda for pagina in paginas):
        if all(pagina.grosseira for pagina in paginas):
            mensagem = f"O PDF é só imagem, de menos de {_DPI_MIN} pontos por polegada."
            raise DocumentoRecusado("documento.ilegivel", mensagem, pdf)
        raise SemTexto(pdf)
    return [pagina.texto for pagina in paginas]


def _read_paginas(documento: Any) -> Iterator[_Pagina]:
    """Raises DocumentoRecusado where they hold too much."""
    letras = 0
    for pagina in documento:
        texto = pagina.get_textpage()
        try:
            letras += texto.count_chars()
            if letras > _LETRAS_MAX:
                raise DocumentoRecusado("documento.ilegivel", f"O PDF tem mais de {_LETRAS_MAX} letras.")
            escrito = _lay_out(texto)
            yield _Pagina(
                escrito,
                raw.FPDFPage_CountObjects(pagina),
                not escrito and _is_grosseira(pagina),
                bool(escrito) and not _NUMERO.search(escrito) and (_is_cifrado(escrito) or _is_imagem(pagina)),
            )
        finally:
            texto.close()
            pagina.close()


def _is_grosseira(pagina: Any) -> bool:
    """Nothing is drawn on it but pictures so coarse that nobody can read a slip on them."""
    return all(
        objeto.type == raw.FPDF_PAGEOBJ_IMAGE and _measure_dpi(objeto) < _DPI_MIN
        for objeto in pagina.get_objects(max_depth=1)
    )


def _is_imagem(pagina: Any) -> bool:
    """Pictures cover most of it."""
    imagens = (o.get_bounds() for o in pagina.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=2))
    area = sum((direita - esquerda) * (topo - base) for esquerda, base, direita, topo in imagens)
    return bool(2 * area > math.prod(pagina.get_size()))


def _is_cifrado(texto: str) -> bool:
    """A font whose letters nobody knows: most of them are of the private use area."""
    letras = [letra for letra in texto if not letra.isspace()]
    return 2 * sum("\ue000" <= letra <= "\uf8ff" for letra in letras) > len(letras)


def _measure_dpi(imagem: Any) -> float:
    esquerda, _, direita, _ = imagem.get_bounds()
    return float(imagem.get_px_size()[0] * 72 / max(direita - esquerda, 1.0))


def _lay_out(texto: Any) -> str:
    """Text of each direction by itself (a margin's runs upwards), the one with most letters first."""
    direcoes: dict[int, list[Letra]] = {}
    for graus, letra in _read_letras(texto):
        direcoes.setdefault(graus, []).append(letra)
    blocos = sorted(direcoes.values(), key=len, reverse=True)
    return "\n".join(linha for letras in blocos for linha in write_linhas(letras))


def _read_letras(texto: Any) -> Iterator[tuple[int, Letra]]:
    """(degrees, letter); what PDFium made up, which is blanks and line ends alone, is left out."""
    # Asked of PDFium as directly as can be: a call for each character is most of what reading a page costs.
    folha, x, y, caixa = texto.raw, ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
    angulo, cos, sen, graus = 0.0, 1.0, 0.0, 0
    espaco = 0.0
    for i in range(texto.count_chars()):
        codigo = raw.FPDFText_GetUnicode(folha, i)
        if codigo > sys.maxunicode or 0xD800 <= codigo < 0xE000:
            continue  # no character: a font's table is broken
        is_vazio = codigo < 0x20 or chr(codigo).isspace()
        if is_vazio and raw.FPDFText_IsGenerated(folha, i) == 1:
            continue
        if not raw.FPDFText_GetCharOrigin(folha, i, x, y):
            continue
        if not (abs(x.value) <= _LADO_MAX_PT and abs(y.value) <= _LADO_MAX_PT):
            continue  # what is no number is nowhere either
        if (inclinado := raw.FPDFText_GetCharAngle(folha, i)) != angulo and math.isfinite(inclinado):
            angulo, cos, sen = inclinado, math.cos(inclinado), math.sin(inclinado)
            graus = round(math.degrees(angulo)) % 360
        if not raw.FPDFText_GetLooseCharBox(folha, i, caixa):
            raise pypdfium2.PdfiumError("no box of a character")
        lado, alto = caixa.right - caixa.left, caixa.top - caixa.bottom
        largura = abs(lado * cos) + abs(alto * sen)
        if is_vazio:
            espaco += largura
            continue
        altura = abs(lado * sen) + abs(alto * cos)
        if not (largura <= _LADO_MAX_PT and altura <= _LADO_MAX_PT):
            continue
        inicio, base = x.value * cos - y.value * sen, x.value * sen + y.value * cos
        yield graus, Letra(chr(codigo), inicio, inicio + largura, base, altura or 1.0, espaco)
        espaco = 0.0


_inicio = attrgetter("inicio")


def write_linhas(letras: list[Letra]) -> Iterator[str]:
    """Rows from the top, columns kept apart by blanks; letters in points of the page."""
    margem = min(letra.inicio for letra in letras)
    for linha in _group_linhas(letras):
        saida, anterior = "", None
        for letra in linha:
            largura = letra.inicio - anterior.fim if anterior else math.inf
            if anterior and letra.texto == anterior.texto and letra.inicio - anterior.inicio < _ESPACO * letra.altura:
                continue  # drawn twice to look bold
            if largura - letra.espaco > _VAO * letra.altura:
                coluna = min(int((letra.inicio - margem) / _COLUNA_PT), _COLUNAS_MAX)
                saida = saida.ljust(max(coluna, len(saida) + 2 if saida else 0))
            elif largura > _ESPACO * letra.altura or 0 < letra.espaco < 2 * largura:
                saida += " "  # a gap as wide as a blank, or a blank that narrow letters have
            saida += letra.texto
            anterior = letra
        yield saida


def _group_linhas(letras: list[Letra]) -> Iterator[list[Letra]]:
    """Rows from the top: letters on one baseline, or nearly so."""
    linha: list[Letra] = []
    for letra in sorted(letras, key=lambda letra: -letra.base):
        if linha and linha[0].base - letra.base > _DESNIVEL * letra.altura:
            yield sorted(linha, key=_inicio)
            linha = []
        linha.append(letra)
    yield sorted(linha, key=_inicio)
