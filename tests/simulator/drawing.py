"""Draws a boleto as a one-page PDF with a text layer, in layouts that order and label the same facts differently."""

import io
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from reportlab import rl_config  # type: ignore[import-untyped]
from reportlab.graphics.barcode.common import I2of5  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.simulator.boleto import BENEFICIARIO, BENEFICIARIO_CNPJ, Boleto
from tests.simulator.codes import format_valor, punctuate_linha
from tests.simulator.padding import draw_banner

rl_config.useA85 = 0  # images go in as they are: faster, and of a size that can be foreseen
_BANCOS = {"001": 9, "104": 0, "237": 2, "341": 7, "756": 0}  # each bank's own check digit
_OWN_BYTES = 3230  # of a page without its banner


class Folha:
    """A page with its origin at the top left, in millimetres."""

    def __init__(self) -> None:
        self.bytes = io.BytesIO()
        self.canvas: Any = Canvas(self.bytes, pagesize=A4, invariant=1, pageCompression=1)
        self.canvas.setTitle("Cobrança")

    def write(self, x: float, y: float, text: str, size: float = 9, bold: bool = False) -> None:
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(x * mm, A4[1] - y * mm, text)

    def field(self, x: float, y: float, label: str, value: str) -> None:
        """A cell of a slip: small label, its value on the next line."""
        self.write(x, y, label, 6)
        self.write(x, y + 4, value, 9)

    def rule(self, y: float) -> None:
        self.canvas.line(10 * mm, A4[1] - y * mm, 200 * mm, A4[1] - y * mm)

    def barcode(self, y: float, digits: str) -> None:
        bar = I2of5(digits, barWidth=103 * mm / 405, ratio=3, barHeight=13 * mm, checksum=0, bearers=0, quiet=0)
        bar.drawOn(self.canvas, 12 * mm, A4[1] - y * mm)

    def finish(self, size_bytes: int) -> bytes:
        """The PDF, padded by a banner image to about `size_bytes`."""
        if size_bytes:
            image = ImageReader(io.BytesIO(draw_banner(max(size_bytes - _OWN_BYTES, 0))))
            self.canvas.drawImage(image, 10 * mm, A4[1] - 24 * mm, 80 * mm, 16 * mm)
        self.canvas.showPage()
        self.canvas.save()
        return self.bytes.getvalue()


def _day(value: Any) -> str:
    return f"{value:%d/%m/%Y}"


def _draw_ficha(folha: Folha, boleto: Boleto, linha: str) -> None:
    """The bank's own form: each label above its value."""
    folha.write(12, 40, f"{boleto.banco}-{_BANCOS.get(boleto.banco, 0)}", 14, bold=True)
    folha.write(45, 40, linha, 11, bold=True)
    folha.rule(43)
    folha.field(12, 47, "Local de Pagamento", "Pagável em qualquer banco até o vencimento")
    folha.field(150, 47, "Vencimento", _day(boleto.vencimento))
    folha.field(12, 57, "Beneficiário", f"{BENEFICIARIO} - CNPJ {BENEFICIARIO_CNPJ}")
    folha.field(150, 57, "Agência/Código do Beneficiário", "1234-5 / 0098765-4")
    folha.field(12, 67, "Data do Documento", _day(boleto.emissao))
    folha.field(60, 67, "Nº do Documento", f"{boleto.numero:03d}")
    folha.field(100, 67, "Data do Processamento", _day(boleto.emissao))
    folha.field(150, 67, "Nosso Número", boleto.nosso_numero)
    folha.field(60, 77, "Espécie", "R$")
    folha.field(150, 77, "(=) Valor do Documento", format_valor(boleto.valor))
    folha.write(12, 90, "Instruções", 6)
    folha.write(12, 94, f"Grupo/Cota/Versão: {boleto.identificacao}   Parcela: {boleto.numero:03d}")
    folha.write(12, 98, f"Após {_day(boleto.vencimento + timedelta(days=30))} não receber. Multa de 2,00% após vencer.")
    folha.rule(104)
    folha.write(12, 108, "Pagador", 6)
    folha.write(12, 112, f"{boleto.nome} - {boleto.documento}")
    folha.write(12, 116, "RUA DAS ACACIAS 120 - CENTRO - 79002-000 CAMPO GRANDE MS", 8)


def _draw_colunas(folha: Folha, boleto: Boleto, linha: str) -> None:
    """A table: a row of labels, then a row of values, with other dates and amounts beside the ones that count."""
    folha.write(12, 34, "DEMONSTRATIVO DE COBRANÇA", 12, bold=True)
    folha.write(12, 40, f"{BENEFICIARIO}  CNPJ: {BENEFICIARIO_CNPJ}", 8)
    folha.write(12, 46, "Pagador:", 8)
    folha.write(28, 46, boleto.nome, 9, bold=True)
    folha.write(12, 51, f"CPF/CNPJ: {boleto.documento}", 8)
    folha.write(12, 56, f"Contrato: {boleto.contrato or '-'}", 8)
    folha.rule(60)
    labels = ("Emissão", "Vencimento", "Parcela", "Nosso Número", "Valor Cobrado")
    values = (_day(boleto.emissao), _day(boleto.vencimento), f"{boleto.numero:03d}", boleto.nosso_numero)
    for x, label in zip((12, 45, 85, 110, 160), labels, strict=True):
        folha.write(x, 64, label, 7)
    for x, value in zip((12, 45, 85, 110, 160), (*values, f"R$ {format_valor(boleto.valor)}"), strict=True):
        folha.write(x, 69, value, 9)
    folha.rule(73)
    folha.write(12, 78, "Grupo/Cota/Versão:", 8)
    folha.write(45, 78, boleto.identificacao, 9)
    folha.write(12, 84, f"Última assembleia: {_day(boleto.vencimento - timedelta(days=25))}  Crédito: R$ 98.765,43", 8)
    folha.rule(100)
    folha.write(12, 106, linha, 11, bold=True)


def _draw_linhas(folha: Folha, boleto: Boleto, linha: str) -> None:
    """A letter: label and value on one line, the code first, the payee's document before the payer's."""
    folha.write(12, 32, f"Linha digitável: {linha}", 10)
    folha.write(12, 40, f"Cedente: {BENEFICIARIO} ({BENEFICIARIO_CNPJ})")
    folha.write(12, 48, f"Grupo/Cota/Versão: {boleto.identificacao}")
    folha.write(12, 54, f"Pagador: {boleto.nome} CPF: {boleto.documento}")
    folha.write(12, 60, f"Data de emissão: {_day(boleto.emissao)}  Data limite: {_day(boleto.emissao)}")
    folha.write(12, 66, f"Vencimento: {_day(boleto.vencimento)}")
    folha.write(12, 72, f"Nosso Número: {boleto.nosso_numero}")
    folha.write(12, 78, "Fundo comum: 0,75%   Taxa de administração: 0,20%   Seguro: 12,34")
    folha.write(12, 84, f"Valor do Documento: R$ {format_valor(boleto.valor)}")


LAYOUTS: dict[str, Callable[[Folha, Boleto, str], None]] = {
    "ficha": _draw_ficha, "colunas": _draw_colunas, "linhas": _draw_linhas,
}  # fmt: skip


def choose_modelo(boleto: Boleto, modelo: str) -> str:
    """`variado` takes one of the layouts by the cota's number, so each client always has the same."""
    return modelo if modelo in LAYOUTS else tuple(LAYOUTS)[int(boleto.cota) % len(LAYOUTS)]


@lru_cache(maxsize=64)
def draw_boleto(boleto: Boleto, modelo: str = "variado", size_bytes: int = 171 * 1024, linha: bool = True) -> bytes:
    """One page; about `size_bytes` (0: no padding). `linha` False leaves the code and its bars out."""
    folha = Folha()
    LAYOUTS[choose_modelo(boleto, modelo)](folha, boleto, punctuate_linha(boleto.linha) if linha else "")
    if linha:
        folha.barcode(140, boleto.barras)
    return folha.finish(size_bytes)
