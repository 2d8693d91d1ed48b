"""The text of a PDF stands as the eye sees it, whatever the order its pieces were drawn in."""

from __future__ import annotations

import io
import random
import time

import pypdfium2  # type: ignore[import-untyped]
import pytest
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.pdfencrypt import StandardEncryption  # type: ignore[import-untyped]
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.pdfmetrics import stringWidth  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from services.scraper import document
from services.scraper.document import SemTexto, read_textos
from services.scraper.portal.errors import DocumentoRecusado, Falha
from tests.simulator.documents import scan_pdf

# x, y, size, text.
Peca = tuple[float, float, float, str]
PECAS: list[Peca] = [
    (30, 700, 6, "Beneficiário"),
    (300, 700, 6, "Vencimento"),
    (30, 690, 9, "ADMINISTRADORA"),
    (300, 690, 9, "10/12/2026"),
    (30, 650, 9, "Pagador:"),
    (80, 650, 9, "ANA PAULA SOUZA LIMA"),
]
VISTO = [
    ["Beneficiário", "Vencimento"],
    ["ADMINISTRADORA", "10/12/2026"],
    ["Pagador:", "ANA PAULA SOUZA LIMA"],
]


def draw(
    pecas: list[Peca],
    *,
    girada: int = 0,
    letras_giradas: int = 0,
    letra_a_letra: bool = False,
    senha: str | None = None,
) -> bytes:
    saida = io.BytesIO()
    canvas = Canvas(saida, pagesize=A4, encrypt=None if senha is None else StandardEncryption(senha, "dono"))
    canvas.setPageRotation(girada)
    canvas.translate(297, 420)
    canvas.rotate(letras_giradas)
    canvas.translate(-297, -420)
    for x, y, tamanho, texto in pecas:
        canvas.setFont("Helvetica", tamanho)
        for trecho in texto if letra_a_letra else [texto]:
            canvas.drawString(x, y, trecho)
            x += canvas.stringWidth(trecho, "Helvetica", tamanho)
    canvas.showPage()
    canvas.save()
    return saida.getvalue()


async def see(pdf: bytes) -> list[list[str]]:
    [texto] = await read_textos(pdf)
    return [[parte.strip() for parte in linha.split("  ") if parte.strip()] for linha in texto.split("\n")]


@pytest.mark.parametrize("semente", range(5))
async def test_rows_and_columns_are_those_of_the_page_not_of_the_file(semente: int) -> None:
    pecas = random.Random(semente).sample(PECAS, len(PECAS))
    assert await see(draw(pecas)) == VISTO
    assert await see(draw(pecas, letra_a_letra=True)) == VISTO


@pytest.mark.parametrize("girada", [0, 90, 180, 270])
@pytest.mark.parametrize("letras_giradas", [0, 90, 180, 270])
async def test_a_turned_page_reads_as_one_that_is_not(girada: int, letras_giradas: int) -> None:
    assert await see(draw(PECAS, girada=girada, letras_giradas=letras_giradas)) == VISTO


async def test_a_letter_drawn_twice_to_look_bold_is_one_letter() -> None:
    sombra = [(x + 0.3, y, tamanho, texto) for x, y, tamanho, texto in PECAS]
    assert await see(draw(PECAS + sombra)) == VISTO


async def test_a_blank_of_narrow_letters_parts_words_too() -> None:
    saida = io.BytesIO()
    canvas = Canvas(saida, pagesize=A4)
    texto = canvas.beginText(30, 700)
    texto.setFont("Helvetica", 9)
    texto.setHorizScale(60)
    texto.textOut("Valor do Documento: 1.234,56 DA CONCEIÇÃO")
    canvas.drawText(texto)
    canvas.save()
    assert await see(saida.getvalue()) == [["Valor do Documento: 1.234,56 DA CONCEIÇÃO"]]


async def test_a_label_and_its_value_begin_in_one_column() -> None:
    [texto] = await read_textos(draw(PECAS))
    rotulos, valores, _ = texto.split("\n")
    assert rotulos.index("Vencimento") == valores.index("10/12/2026")


async def test_a_pdf_whose_reader_needs_no_password_is_read_and_one_that_does_is_told_of() -> None:
    assert await see(draw(PECAS, senha="")) == VISTO
    with pytest.raises(DocumentoRecusado, match="senha"):
        await read_textos(draw(PECAS, senha="segredo"))


async def test_a_pdf_made_for_the_web_and_cut_behind_its_first_end_is_truncated() -> None:
    pdf = draw(PECAS)
    marca = b"%%PDF-1.3\n1 0 obj << /Linearized 1 /L %d /H [ 688 156 ] >> endobj\n"
    inteiro = pdf.replace(b"%PDF-1.3\n", marca % (len(pdf) + 60))
    with pytest.raises(Falha, match="devia ter"):
        await read_textos(inteiro)
    await read_textos(pdf.replace(b"%PDF-1.3\n", marca % len(pdf)))


async def test_a_cell_that_nearly_touches_the_one_before_keeps_its_column() -> None:
    longo = "ADMINISTRADORA DE CONSÓRCIOS LTDA"
    x = 30 + stringWidth(longo, "Helvetica", 11) + 7
    pecas: list[Peca] = [
        (30, 700, 6, "Beneficiário"),
        (x, 700, 6, "Grupo/Cota"),
        (30, 688, 11, longo),
        (x, 688, 11, "6650/2278"),
    ]
    [texto] = await read_textos(draw(pecas))
    rotulos, valores = texto.split("\n")
    assert rotulos.index("Grupo/Cota") == valores.index("6650/2278")
    assert longo in valores


async def test_what_is_drawn_far_out_fills_no_memory() -> None:
    """A row for each letter, each at the end of a column that no page has: the text between them is what is large."""
    longe: list[Peca] = [(99_000, 30 + numero / 4, 0.2, "x") for numero in range(2000)]
    largos: list[Peca] = [(13_000, 30 + numero / 4, 0.2, "y") for numero in range(2000)]
    [texto] = await read_textos(draw([*PECAS, *longe, *largos]))
    assert "x" not in texto and "ANA PAULA SOUZA LIMA" in texto
    assert len(texto) < 3_000_000


async def test_a_pdf_of_more_than_a_boleto_can_hold_is_refused_unread() -> None:
    saida = io.BytesIO()
    canvas = Canvas(saida)
    for _ in range(51):
        canvas.drawString(30, 30, "página")
        canvas.showPage()
    canvas.save()
    with pytest.raises(DocumentoRecusado, match="51 páginas"):
        await read_textos(saida.getvalue())
    with pytest.raises(DocumentoRecusado, match="50000 letras"):
        await read_textos(draw([(30, 800 - 10 * linha, 6, "x" * 1000) for linha in range(51)]))


async def test_a_picture_too_coarse_for_anybody_to_read_is_not_looked_at() -> None:
    with pytest.raises(SemTexto):
        await read_textos(scan_pdf(draw(PECAS), dpi=100))
    with pytest.raises(DocumentoRecusado, match="menos de 72 pontos") as erro:
        await read_textos(scan_pdf(draw(PECAS), dpi=60))
    assert not isinstance(erro.value, SemTexto)


def stamp(pecas: list[Peca], lado: float = 1.0) -> bytes:
    """A picture of the page, at this part of its size, with these pieces printed over it."""
    saida = io.BytesIO()
    canvas = Canvas(saida, pagesize=A4)
    pagina = pypdfium2.PdfDocument(draw(PECAS))[0].render(scale=2).to_pil()
    canvas.drawImage(ImageReader(pagina), 0, 0, A4[0] * lado, A4[1] * lado)
    for x, y, tamanho, texto in pecas:
        canvas.setFont("Helvetica", tamanho)
        canvas.drawString(x, y, texto)
    canvas.save()
    return saida.getvalue()


async def test_a_scan_with_a_stamp_on_it_is_a_scan_all_the_same() -> None:
    for carimbo in ("Página 1 de 1", "Digitalizado em 24/11/2026 10:33"):
        with pytest.raises(SemTexto):
            await read_textos(stamp([(30, 20, 8, carimbo)]))
    for dito in ("Valor 1.234,56", "CPF 529.982.247-25"):
        assert await read_textos(stamp([(30, 20, 8, dito)])) == [dito]
    # A logo is no scan, and without a picture it is a page that says what it says.
    for pdf in (draw([(30, 20, 8, "Boleto indisponível")]), stamp([(30, 20, 8, "Boleto indisponível")], 0.2)):
        assert await read_textos(pdf) == ["Boleto indisponível"]


async def test_letters_that_nobody_knows_are_no_text() -> None:
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    saida = io.BytesIO()
    canvas = Canvas(saida, pagesize=A4)
    canvas.setFont("Vera", 9)
    canvas.drawString(30, 700, "".join(chr(0xF000 + ord(letra)) for letra in "Vencimento 10/12/2026"))
    canvas.save()
    with pytest.raises(SemTexto):
        await read_textos(saida.getvalue())


async def test_a_pdf_that_takes_too_long_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_LIMITE_S", 0.05)
    monkeypatch.setattr(document, "_read", lambda pdf: time.sleep(0.3))
    with pytest.raises(DocumentoRecusado, match="não se deixou ler"):
        await read_textos(draw(PECAS))
