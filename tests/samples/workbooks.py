"""Writes workbooks in both layouts, with as much of the noise of real ones as is asked for.

Each writer returns what an import of the file must report, so that a test compares the two.
"""

from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from tests.samples.noise import Escritor, Planilha, Ruido
from tests.samples.register import MESES, Amostra, Contrato
from tests.simulator.dates import month_after, today

CABECALHO_GERAL = ("CPF", " G/C", "LANCE ", "BOLETOS", "SITUAÇÃO", "Concorciado", "  P.V", "Valor", "PARC.")
CABECALHO_SIMPLES = ("NOME", "DOCUMENTO", "GRUPO", "COTA", "PDV", "WHATSAPP", "SITUACAO")
LINHA_CABECALHO = 13
PV_DESCONHECIDO = 99999
LIMPA = Ruido()


def write_planilha_geral(
    path: Path, contratos: tuple[Contrato, ...], ruido: Ruido = LIMPA, hoje: date | None = None
) -> Planilha:
    """The layout of `<CONSULTOR>__PLANILHA_GERAL.xlsx`: legend, captions in row 12, header in row 13."""
    hoje = hoje or today()
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "PLANILHA GERAL "
    header = _write_top(sheet, hoje)
    planilha = Planilha(path, sheet.title)
    out = Escritor(sheet, ruido, planilha, LINHA_CABECALHO + 1)
    for contrato in contratos:
        out.add_gaps(header)
        planilha.note(out.write(_row_geral(out, contrato)), contrato)
    _add_faults(out, contratos, _row_geral)
    _finish_geral(book, sheet, out.row, contratos, ruido)
    book.save(path)
    return planilha


def _write_top(sheet: Worksheet, hoje: date) -> tuple[Any, ...]:
    legend = ("LEGENDA", f"PLANILHA ATUALIZADA: {hoje:%d/%m/%Y}", "CONTEMPLADOS", "TRANSFERIDOS DE PONTO", "PV 17.308",
              "PV 21.400", "INADIMPLENTES", "LANCE OFERTADO", "CANCELADOS", "PRORROGADOS")  # fmt: skip
    for row, text in enumerate(legend, 2):
        sheet.cell(row, 6, text).fill = PatternFill("solid", fgColor=f"FF{row * 20:02X}C0A0")
    for column in (3, 4):
        sheet.cell(LINHA_CABECALHO - 1, column, MESES[hoje.month - 1])
    sheet.cell(LINHA_CABECALHO - 1, 10, "Parcelas")
    months = [month_after(hoje, index, 1) for index in range(-5, 2)]
    header = (*CABECALHO_GERAL, *(cell for month in months for cell in (month, "data pgtº")))
    for column, value in enumerate(header, 1):
        cell = sheet.cell(LINHA_CABECALHO, column, value)
        if isinstance(value, date):
            cell.number_format = "mmm/yy"
    return header


def _row_geral(out: Escritor, contrato: Contrato) -> tuple[Any, ...]:
    r = out.random
    gc = f"{contrato.grupo} {int(contrato.cota or 0):04d}" if contrato.grupo else None
    valor: Any = r.choice(("#N/D", "#N/A")) if out.often(out.ruido.erros_nd) else contrato.valor_credito
    lance = r.choice(("OFERTADO 12.11", "CONTEMPLADO", None, None, None))
    note = r.choice(("BOL SAL 03.11", "PAGO 10.11", None, None))
    paid = (r.choice((f"{n}º parcela", "-", "V")) for n in range(1, 8))
    when = (r.choice((45950, "-", "PRORROGOU", "VOLTA OUT", "16.09.2025", "15/10 2025", None)) for _ in range(7))
    months = (cell for pair in zip(paid, when, strict=True) for cell in pair)
    return (
        out.cpf(contrato.documento), gc, lance, note, contrato.situacao, contrato.nome_planilha,
        out.pv(contrato.ponto_venda), valor, contrato.valor_parcela, *months,
    )  # fmt: skip


def _finish_geral(
    book: Workbook, sheet: Worksheet, last: int, contratos: tuple[Contrato, ...], ruido: Ruido
) -> None:  # fmt: skip
    sheet.auto_filter.ref = f"A{LINHA_CABECALHO}:V{last - 1}"
    for letter in "JKLMNO":
        sheet.column_dimensions[letter].hidden = True
    if ruido.mescladas:
        sheet.merge_cells("A1:I1")
        sheet.merge_cells(f"J{LINHA_CABECALHO - 1}:V{LINHA_CABECALHO - 1}")
    if ruido.erros_nd:
        sheet.cell(last + 3, 8, "=SUM(H14:H200)/0")
    sheet.cell(last + 2, 330, " ")
    _add_other_sheets(book, contratos)


def _add_other_sheets(book: Workbook, contratos: tuple[Contrato, ...]) -> None:
    """Sheets that look like clients and must not be read."""
    book.create_sheet("Planilha1")
    vendas = book.create_sheet("CONTROLE DE VENDAS ")
    vendas.append(["DATA", "CONSORCIADO", "VALOR", None, "DATA", "CONSORCIADO", "VALOR"])
    comissao = book.create_sheet("COMISSÃO 4º PARCELA")
    comissao.append(["CPF", "G/C", "CONSORCIADO", "PARCELA", "P.V"])
    cancelado = book.create_sheet("CANCELADO")
    for contrato in contratos[:2]:
        cancelado.append(["CPF", "G/C", "Concorciado", "PONTO VENDA", "Valor"])
        cancelado.append([contrato.documento, "6600 0001", "CLIENTE DE OUTRA ABA", 17308, 1])
    book.create_sheet("VENDAS ANUAIS")


def write_planilha_simples(path: Path, contratos: tuple[Contrato, ...], ruido: Ruido = LIMPA) -> Planilha:
    """The generic layout: header in the first row, other names for the same columns."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Clientes"
    header: tuple[Any, ...] = (*CABECALHO_SIMPLES, "%") if ruido.percentual else CABECALHO_SIMPLES
    planilha = Planilha(path, sheet.title)
    out = Escritor(sheet, ruido, planilha, 1)
    out.write(header)
    for contrato in contratos:
        out.add_gaps(header)
        planilha.note(out.write(_row_simples(out, contrato)), contrato)
    _add_faults(out, contratos, _row_simples)
    if ruido.mescladas:
        sheet.merge_cells(start_row=out.row + 1, start_column=1, end_row=out.row + 1, end_column=4)
    book.save(path)
    return planilha


def _row_simples(out: Escritor, contrato: Contrato) -> tuple[Any, ...]:
    phone = "#N/D" if out.often(out.ruido.erros_nd) else f"(67) 9{out.random.randrange(10**8):08d}"
    share = (0.7,) if out.ruido.percentual else ()
    return (
        contrato.nome_planilha, out.cpf(contrato.documento), int(contrato.grupo) if contrato.grupo else None,
        int(contrato.cota) if contrato.cota else None, out.pv(contrato.ponto_venda), phone, contrato.situacao, *share,
    )  # fmt: skip


def _add_faults(out: Escritor, contratos: tuple[Contrato, ...], make_row: Any) -> None:
    """Rows that must not be imported: without a document, with a wrong one, of a ponto de venda nobody registered."""
    at = 5 if make_row is _row_geral else 0
    for wanted, documento, kept in (
        (out.ruido.sem_cpf, None, out.planilha.erros),
        (out.ruido.cpf_invalido, "123.456.789-00", out.planilha.erros),
        (out.ruido.pv_desconhecido, "", out.planilha.ignorados),
    ):
        if not wanted or not contratos:
            continue
        row = list(make_row(out, contratos[0]))
        document, point = (0, 6) if at else (1, 4)
        row[at] = "LINHA COM DEFEITO"
        if documento == "":
            row[document], row[point] = "529.982.247-25", PV_DESCONHECIDO
        else:
            row[document] = documento
        kept.append(out.write(tuple(row)))
        out.planilha.total += 1


def write_planilhas(amostra: Amostra, folder: Path, ruido: Ruido = LIMPA) -> dict[str, Planilha]:
    """One workbook per consultor, named as such files are, in the layout the sample gives each."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for consultor in amostra.consultores:
        contratos = amostra.contratos_de(consultor.nome)
        if amostra.layouts.get(consultor.nome) == "simples":
            path = folder / f"clientes {consultor.nome.lower()}.xlsx"
            written[consultor.nome] = write_planilha_simples(path, contratos, ruido)
        else:
            path = folder / f"{consultor.nome.replace(' ', '_')}__PLANILHA_GERAL.xlsx"
            written[consultor.nome] = write_planilha_geral(path, contratos, ruido)
    return written
