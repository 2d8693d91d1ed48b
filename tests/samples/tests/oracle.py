"""A plain reading of the portal, page by page, that says which outcome a contract must have."""

import re
from html import unescape

import pypdfium2  # type: ignore[import-untyped]

from tests.samples.register import Esperado
from tests.simulator.scenario import SITUACOES_INATIVAS
from tests.simulator.tests.visitor import P, Visitante

_LINHA = re.compile(r"(ctl\d\d)\$lnkGrupoCota','[^>]*>([^<]*)<.*?lnkCD_Situacao_Cobranca',''\)\">([^<]*)<")


def format_documento(d: str) -> str:
    if len(d) == 11:
        return f"{d[:3]}.{d[3:6]}.{d[6:9]}-{d[9:]}"
    return f"{d[:2]}.{d[2:5]}.{d[5:8]}/{d[8:12]}-{d[12:]}"


async def find_codigo(v: Visitante, esperado: Esperado, mes: int, ano: int) -> str | None:
    """The code that the portal's pages and the PDF lead to; None for a right boleto."""
    await v.get("CONAT/frmBuscaCota.aspx")
    criterio = "F" if len(esperado.documento) == 11 else "J"
    await v.post(f"{P}cbxCriterioBusca", cbxCriterioBusca=criterio)
    await v.post(botao=f"{P}btnBuscar", edtContextoBusca=format_documento(esperado.documento))
    row, codigo = choose_linha(v.pagina.html, esperado)
    if codigo:
        return codigo
    await v.post(f"{P}grdBuscaAvancada${row}$lnkGrupoCota")
    if "Confirmar Busca" in v.pagina.html:
        await v.post(botao=f"{P}btnConfirma")
    if (await v.open_cobranca()).status >= 500:
        return "portal.fora_do_ar.http_5xx"
    return await issue(v, esperado, mes, ano)


def choose_linha(html: str, esperado: Esperado) -> tuple[str, str | None]:
    rows = [(row, cota, situacao) for row, cota, situacao in _LINHA.findall(html) if cota]
    if not rows:
        return "", "cliente.nao_encontrado"
    if esperado.grupo and esperado.cota:
        wanted = f"{int(esperado.grupo):06d}/{int(esperado.cota):04d}"
        rows = [r for r in rows if r[1].startswith(wanted)]
        if not rows:
            return "", "cliente.cota_nao_encontrada"
    rows = [r for r in rows if r[2] not in SITUACOES_INATIVAS]
    if not rows:
        return "", "cliente.cota_inativa"
    return rows[0][0], "cliente.ambiguo" if len(rows) > 1 else None


async def issue(v: Visitante, esperado: Esperado, mes: int, ano: int) -> str | None:
    """From the billing page to the verified PDF, once more if it was cut: a defect may pass."""
    codigo: str | None = "interno"
    for _ in range(2):
        html = (await v.open_cobranca()).html
        index, valor, problem = choose_parcela(html, mes, ano)
        if problem:
            return problem
        if "btnEmitir" not in html:
            return "portal.mudou.seletor"
        pdf = (await v.fetch_pdf(await v.emit(index), most=5)).corpo
        codigo = judge_pdf(pdf, esperado, valor)
        if codigo != "download.falhou.truncado":
            break
    return codigo


def choose_parcela(html: str, mes: int, ano: int) -> tuple[int, str, str | None]:
    """The ordinal and the amount of the month's parcela, or why there is none."""
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in html.split('grdBoleto_Avulso">', 1)[-1].split("<tr>")]
    parcelas = [(n, r) for n, r in enumerate(rows) if len(r) == 10 and unescape(r[3]) == "RECBTO. PARCELA"]
    month = [(n, r) for n, r in parcelas if r[4][3:] == f"{mes:02d}/{ano}"]
    if not parcelas:
        return 0, "", "boleto.inexistente"
    if not month:
        return 0, "", "boleto.inexistente.outro_mes"
    if not any("imgEmite" in r[0] for _, r in month):
        return 0, "", "boleto.inexistente.ja_pago"
    owed = [(n, r) for n, r in month if r[9] != "0,00"]
    return (owed[0][0], owed[0][1][9], None) if owed else (0, "", "boleto.inexistente.sem_valor")


def judge_pdf(pdf: bytes, esperado: Esperado, valor: str) -> str | None:
    if b"%%EOF" not in pdf[-1024:]:
        return "download.falhou.truncado"
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = str(document[0].get_textpage().get_text_range())
    finally:
        document.close()
    if not text.strip():
        return "documento.ilegivel"
    if format_documento(esperado.documento) not in text:
        return "documento.divergente.cliente"
    return None if valor in text else "documento.divergente.valor"
