"""Slips as a scanner or a telephone leaves them: a picture, turned, blurred, with noise, as JPEG in a PDF."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
from PIL import Image, ImageFilter

# Grains of noise, in levels of 255; specks, as a share of the pixels; blur, in pixels; the JPEG's quality.
GRAO, SUJEIRA, DESFOQUE, QUALIDADE = 12.0, 0.0005, 0.5, 75
PAPEL, TINTA = 245, 30


def scan(pdf: bytes, dpi: int, graus: float = 0.0, *, ruido: float = 1.0, semente: int = 0) -> bytes:
    """The first page. graus: how far it lay from straight; ruido: times the usual noise, 0 for none."""
    documento = pypdfium2.PdfDocument(pdf)
    try:
        pagina = documento[0].render(scale=dpi / 72, grayscale=True).to_pil()
    finally:
        documento.close()
    pagina = pagina.rotate(graus, Image.Resampling.BICUBIC, fillcolor=255)
    if ruido:
        pagina = _soil(pagina.filter(ImageFilter.GaussianBlur(DESFOQUE * dpi / 150)), ruido, semente)
    saida = io.BytesIO()
    pagina.save(saida, "PDF", resolution=dpi, quality=QUALIDADE)
    return saida.getvalue()


def _soil(pagina: Image.Image, ruido: float, semente: int) -> Image.Image:
    acaso = np.random.default_rng(semente)
    cinza = TINTA + np.asarray(pagina, dtype=np.float32) * (PAPEL - TINTA) / 255
    cinza += acaso.normal(0, GRAO * ruido, cinza.shape)
    cinza[acaso.random(cinza.shape) < SUJEIRA * ruido] = TINTA
    return Image.fromarray(cinza.clip(0, 255).astype(np.uint8))
