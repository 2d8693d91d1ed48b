"""A PDF's pages as pictures: the bars on them. What that needs is imported when a page without a line first comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.boleto import LinhaInvalida, linha_from_codigo

PAGINAS_MAX = 4
PONTOS_POR_POLEGADA = 72
# Bars of a drawn page are read from 216 dpi on.
BARRAS_DPI = (216, 300, 600)
LADO_MAX_PX = 7200


def read_barras(pdf: bytes) -> tuple[str, ...]:
    """Barcodes of 44 digits, their check digit closed. Pages after the first few are left out: a boleto has fewer."""
    import pypdfium2  # type: ignore[import-untyped]

    codigos: dict[str, None] = {}
    documento = pypdfium2.PdfDocument(pdf)
    try:
        for numero in range(min(len(documento), PAGINAS_MAX)):
            pagina = documento[numero]
            codigos.update(dict.fromkeys(_read_codigos(_render(pagina, dpi) for dpi in BARRAS_DPI)))
    finally:
        documento.close()
    return tuple(codigos)


def _read_codigos(imagens: Iterable[Any]) -> list[str]:
    """The barcodes of the first picture in which any closes."""
    import zxingcpp

    formatos = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.ITF)
    for imagem in imagens:
        achados = []
        for barras in zxingcpp.read_barcodes(imagem, formats=formatos, try_invert=False):
            try:
                linha_from_codigo(barras.text)
            except LinhaInvalida:
                continue
            achados.append(barras.text)
        if achados:
            return achados
    return []


def _render(pagina: Any, dpi: int) -> Any:
    escala = min(dpi / PONTOS_POR_POLEGADA, LADO_MAX_PX / max(pagina.get_size()))
    return pagina.render(scale=escala, grayscale=True).to_numpy().copy()
