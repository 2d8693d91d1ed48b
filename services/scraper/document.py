"""The text of a PDF, page by page, and what is wrong with bytes that have none."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from services.scraper.portal.errors import DocumentoRecusado, Falha

_LIXO_MAX = 1024
_FIM_MAX = 2048
_LIMITE_S = 30.0
# PDFium is not thread-safe: one document at a time in the whole process.
_trava = threading.Lock()


async def read_textos(pdf: bytes) -> list[str]:
    """One text per page. Raises Falha `download.falhou.*`, DocumentoRecusado `documento.ilegivel`."""
    inicio = pdf[:_LIXO_MAX].find(b"%PDF")
    if not pdf.strip():
        raise Falha("download.falhou.vazio", "O arquivo veio vazio.")
    if inicio < 0:
        raise Falha("download.falhou.nao_pdf", f"O arquivo de {len(pdf)} bytes não é um PDF.")
    if b"%%EOF" not in pdf.rstrip(b"\0 \r\n\t")[-_FIM_MAX:]:
        raise Falha("download.falhou.truncado", f"O PDF de {len(pdf)} bytes não tem fim.")
    async with asyncio.timeout(_LIMITE_S):
        return await asyncio.to_thread(_read, pdf[inicio:])


def _read(pdf: bytes) -> list[str]:
    with _trava:
        try:
            documento = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as erro:
            raise Falha("download.falhou.truncado", f"O PDF de {len(pdf)} bytes não abre: {erro}.") from erro
        try:
            paginas = [_read_pagina(pagina) for pagina in documento]
        except pypdfium2.PdfiumError as erro:
            raise Falha("download.falhou.truncado", f"O PDF de {len(pdf)} bytes não se lê: {erro}.") from erro
        finally:
            documento.close()
    if not any(objetos for _, objetos in paginas):
        # What a browser prints from a blank tab: 678 bytes, a page, nothing on it.
        raise Falha("download.falhou.vazio", f"O PDF de {len(pdf)} bytes é uma página em branco.")
    textos = [texto for texto, _ in paginas]
    if not any(texto.strip() for texto in textos):
        raise DocumentoRecusado("documento.ilegivel", "O PDF não tem texto, só imagem.", pdf)
    return textos


def _read_pagina(pagina: Any) -> tuple[str, int]:
    """(text, how many things are drawn)."""
    texto = pagina.get_textpage()
    try:
        return str(texto.get_text_bounded()), sum(1 for _ in pagina.get_objects(max_depth=1))
    finally:
        texto.close()
        pagina.close()
