"""A PDF's pages as pictures: the bars on them and, where asked, their letters by OCR.

What that needs is heavy, hundreds of megabytes for OCR, and hardly ever needed: it is imported where it is used, in a
child process that goes with the document (verifier.py).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from services.scraper.document import Letra, write_linhas
from shared.boleto import LinhaInvalida, linha_from_codigo

PAGINAS_MAX = 4
PONTOS_POR_POLEGADA = 72
# Bars of a drawn page are read from 216 dpi on; those of a scan at 250 mostly, otherwise at 600.
BARRAS_DPI, BARRAS_LIMPAS_DPI = (216, 300, 600), (250, 600)
OCR_DPI = 200
# Where words stand is seen on less: the same boxes for half of the whole reading's time.
ACHAR_LADO_PX = 1280
LADO_MAX_PX = 7200
# Down the bars, in pixels: their noise goes, they themselves stay.
_AO_LONGO_PX = (1, 25)
# A box is higher than the letters in it.
_ALTURA_LETRA = 0.7


@dataclass(frozen=True)
class Leitura:
    """codigos: 44 digits each, their check digit closed. texto: laid out as document.py does; empty without OCR."""

    codigos: tuple[str, ...] = ()
    texto: str = ""


@dataclass(frozen=True)
class Trecho:
    """A piece of a row as OCR saw it: its corners, clockwise from the top left, in points of the page, down is more."""

    texto: str
    cantos: tuple[tuple[float, float], ...]

    @property
    def angulo(self) -> float:
        (x0, y0), (x1, y1) = self.cantos[:2]
        return math.atan2(y1 - y0, x1 - x0)

    @property
    def largura(self) -> float:
        return math.dist(self.cantos[0], self.cantos[1])


def scan_pdf(pdf: bytes, *, ocr: bool) -> Leitura:
    """Seconds of a core and more. Pages after the first few are left out: a boleto has fewer."""
    import pypdfium2  # type: ignore[import-untyped]

    codigos: dict[str, None] = {}
    textos: list[str] = []
    documento = pypdfium2.PdfDocument(pdf)
    try:
        for numero in range(min(len(documento), PAGINAS_MAX)):
            pagina = documento[numero]
            if ocr:
                trechos = read_trechos(_render(pagina, OCR_DPI), OCR_DPI)
                giro = _measure_giro(trechos)
                textos.append(lay_out(trechos, giro))
                imagens = (_clean(_render(pagina, dpi), giro) for dpi in BARRAS_LIMPAS_DPI if trechos)
            else:
                imagens = (_render(pagina, dpi) for dpi in BARRAS_DPI)
            codigos.update(dict.fromkeys(read_codigos(imagens)))
    finally:
        documento.close()
    return Leitura(tuple(codigos), "\n".join(textos))


def read_codigos(imagens: Iterable[Any]) -> list[str]:
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


def read_trechos(imagem: Any, dpi: int) -> list[Trecho]:
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    leitor = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # nothing stands on its head
            "Global.max_side_len": LADO_MAX_PX,
            "Det.limit_type": "max",
            "Det.limit_side_len": ACHAR_LADO_PX,
            "Rec.rec_batch_num": 1,  # what is narrow is not padded to the width of others
            # One thread: more would spin while others need the core.
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    lido: Any = leitor(cv2.cvtColor(imagem, cv2.COLOR_GRAY2BGR))
    if lido.txts is None:
        return []
    escala = PONTOS_POR_POLEGADA / dpi
    return [
        Trecho(texto, tuple((float(x) * escala, float(y) * escala) for x, y in cantos))
        for texto, cantos in zip(lido.txts, lido.boxes, strict=True)
    ]


def lay_out(trechos: list[Trecho], giro: float) -> str:
    """The pieces as rows of text with columns, the page turned back by `giro` (radians)."""
    letras = [letra for trecho in trechos for letra in _spread(trecho, giro)]
    return "\n".join(write_linhas(letras)) if letras else ""


def _measure_giro(trechos: list[Trecho]) -> float:
    """By how much the page is turned: the long rows say it best."""
    longos = sorted(trechos, key=lambda trecho: -trecho.largura)[: max(5, len(trechos) // 3)]
    return statistics.median(trecho.angulo for trecho in longos) if longos else 0.0


def _spread(trecho: Trecho, giro: float) -> Iterator[Letra]:
    """Letter by letter, all of one width."""
    cos, sen = math.cos(-giro), math.sin(-giro)
    cantos = [(x * cos - y * sen, x * sen + y * cos) for x, y in trecho.cantos]
    inicio, fim = (cantos[0][0] + cantos[3][0]) / 2, (cantos[1][0] + cantos[2][0]) / 2
    topo, base = (cantos[0][1] + cantos[1][1]) / 2, (cantos[2][1] + cantos[3][1]) / 2
    passo = (fim - inicio) / len(trecho.texto)
    espaco = 0.0
    for lugar, letra in enumerate(trecho.texto):
        if letra.isspace():
            espaco += passo
            continue
        esquerda = inicio + lugar * passo
        yield Letra(letra, esquerda, esquerda + passo, -base, max(1.0, (base - topo) * _ALTURA_LETRA), espaco)
        espaco = 0.0


def _render(pagina: Any, dpi: int) -> Any:
    escala = min(dpi / PONTOS_POR_POLEGADA, LADO_MAX_PX / max(pagina.get_size()))
    return pagina.render(scale=escala, grayscale=True).to_numpy().copy()


def _clean(imagem: Any, giro: float) -> Any:
    """Turned upright, and averaged down the bars."""
    import cv2

    alto, largo = imagem.shape
    matriz = cv2.getRotationMatrix2D((largo / 2, alto / 2), math.degrees(giro), 1.0)
    reta = cv2.warpAffine(imagem, matriz, (largo, alto), flags=cv2.INTER_CUBIC, borderValue=(255.0,))
    return cv2.blur(reta, _AO_LONGO_PX)
