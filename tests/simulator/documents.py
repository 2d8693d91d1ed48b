"""The bytes behind the print page: the right PDF, or one of the wrong ones."""

import io
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache

import pypdfium2  # type: ignore[import-untyped]

from tests.simulator.boleto import Boleto
from tests.simulator.drawing import draw_boleto
from tests.simulator.knobs import Documento, Emissao

WRAPPER = (
    "<!doctype html><html><body style='height: 100%; width: 100%; overflow: hidden; margin:0px; "
    "background-color: rgb(38, 38, 38);'><embed name='{name}' style='position:absolute; left: 0; top: 0;'"
    "width='100%' height='100%' src='{src}' type='application/pdf' internalid='{name}'></body></html>"
)


def build_documento(kind: Documento, boleto: Boleto, other: Boleto, cota: Boleto, emissao: Emissao) -> bytes:
    """What is served for `kind`. `other` is somebody else's slip, `cota` one of another cota of the same payer."""
    size, modelo = emissao.tamanho_kb * 1024, emissao.modelo

    def draw(slip: Boleto, linha: bool = True) -> bytes:
        return draw_boleto(slip, modelo, size, linha)

    match kind:
        case "certo":
            return draw(boleto)
        case "vazio":
            return b""
        case "html":
            return b"<html><body>Erro ao gerar o relat\xc3\xb3rio. Tente novamente.</body></html>".ljust(4000)
        case "truncado":
            whole = draw(boleto)
            return whole[: len(whole) * 6 // 10]
        case "em_branco":
            return blank_pdf()
        case "escaneado":
            return scan_pdf(draw_boleto(boleto, modelo, 0))
        case "ilegivel":
            return scan_pdf(draw_boleto(boleto, modelo, 0), dpi=40)
        case "outro_cliente":
            return draw(other)
        case "outro_cpf":
            return draw(replace(boleto, nome=other.nome, documento=other.documento))
        case "outra_cota":
            return draw(cota)
        case "outro_mes":
            return draw(boleto.change(vencimento=boleto.vencimento - timedelta(days=31)))
        case "outro_valor":
            return draw(boleto.change(valor=boleto.valor + Decimal("10.01")))
        case "digito_errado":
            return draw(boleto.break_digit())
        case "linha_de_outro_valor":
            return _draw_mixed(boleto, emissao)
        case "sem_linha":
            return draw(boleto, linha=False)


def _draw_mixed(boleto: Boleto, emissao: Emissao) -> bytes:
    """The text says one amount, the code another, each valid by itself."""
    other = boleto.change(valor=boleto.valor + Decimal("33.33"))
    mixed = replace(boleto, linha=other.linha, barras=other.barras)
    return draw_boleto(mixed, emissao.modelo, emissao.tamanho_kb * 1024)


@lru_cache(maxsize=1)
def blank_pdf() -> bytes:
    """678 bytes: the blank page a browser prints from about:blank, which does begin with %PDF."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<<>>/Contents 4 0 R>>",
        b"<</Length 0>>\nstream\n\nendstream",
    ]
    body, offsets = b"%PDF-1.4\n%\xd3\xeb\xe9\xe1\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = b"xref\n0 5\n0000000000 65535 f \n" + table + b"trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    filler = b"%" + b" " * (678 - len(body) - len(tail % 999) - 2) + b"\n"
    return body + filler + tail % (len(body) + len(filler))


def scan_pdf(pdf: bytes, dpi: int = 150) -> bytes:
    """The same page as one image, without a text layer; at 40 dpi nobody can read it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
    finally:
        document.close()
    out = io.BytesIO()
    page.save(out, "PDF", resolution=dpi)
    return out.getvalue()


def wrapper_html(src: str, name: str = "0A1B2C3D4E5F60718293A4B5C6D7E8F9") -> str:
    """The 345-byte page of a PDF viewer."""
    return WRAPPER.format(name=name, src=src).ljust(345)
