"""An execution's Excel report: summary, every contract, and what is left to do about those that failed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from shared.boleto import format_linha
from shared.celulas import quote_formula
from shared.events import DadosRelatorio
from shared.outcomes import StatusCliente, find_desfecho

Valor = str | int | float | None

# Brasília, which keeps no summer time since 2019: no time zone database is needed for it.
FUSO = timezone(timedelta(hours=-3))
LIMITE_CELULA = 32_000

STATUS = {
    "pendente": "Pendente",
    "processando": "Processando",
    "sucesso": "Sucesso",
    "erro": "Erro",
    "cpf_nao_encontrado": "CPF não encontrado",
    "sem_boleto": "Sem boleto",
    "ja_baixado": "Já baixado",
    "cancelado": "Cancelado",
    "na_fila": "Na fila",
    "em_andamento": "Em andamento",
    "pausada": "Pausada",
    "bloqueada": "Bloqueada",
    "concluida": "Concluída",
    "concluida_com_falhas": "Concluída com falhas",
    "cancelada": "Cancelada",
}
_EXECUCAO = {
    "automacao_id": "Execução",
    "tipo": "Tipo",
    "ponto_venda": "Ponto de venda",
    "consultor": "Consultor",
    "mes": "Mês",
    "ano": "Ano",
    "status": "Status",
    "iniciado_em": "Início",
    "finalizado_em": "Fim",
    "total_clientes": "Total de clientes",
    "mensagem_atual": "Situação",
}
# Field of a contract's row, header, width in characters.
_CLIENTES: Sequence[tuple[str, str, int]] = (
    ("nome", "Cliente", 38),
    ("cpf", "CPF/CNPJ", 20),
    ("grupo", "Grupo", 9),
    ("cota", "Cota", 8),
    ("consultor", "Consultor", 22),
    ("status", "Status", 20),
    ("codigo", "Código", 30),
    ("causa", "Causa", 28),
    ("mensagem", "Mensagem", 60),
    ("tentativas", "Tentativas", 11),
    ("arquivo", "Arquivo", 60),
    ("vencimento", "Vencimento", 12),
    ("valor", "Valor", 14),
    ("linha_digitavel", "Linha digitável", 58),
    ("codigo_barras", "Código de barras", 48),
    ("banco", "Banco", 8),
    ("nosso_numero", "Nosso número", 22),
    ("pagador", "Pagador", 38),
    ("origens", "Lido em", 26),
    ("iniciado_em", "Início", 19),
    ("finalizado_em", "Fim", 19),
)
# Where a boleto's data was read.
ORIGENS = {"texto": "texto do PDF", "codigo_barras": "código de barras", "ocr": "imagem (OCR)"}
_REAIS = "#,##0.00"
_PENDENCIAS: Sequence[tuple[str, str, int]] = (
    ("causa", "Causa", 30),
    ("quem_age", "Quem resolve", 18),
    ("o_que_fazer", "O que fazer", 70),
    ("nome", "Cliente", 38),
    ("cpf", "CPF/CNPJ", 20),
    ("grupo", "Grupo", 9),
    ("cota", "Cota", 8),
    ("mensagem", "Mensagem", 60),
    ("codigo", "Código", 30),
)
_RESOLVIDOS = {StatusCliente.SUCESSO, StatusCliente.JA_BAIXADO, StatusCliente.CANCELADO}
_CABECALHO = PatternFill("solid", fgColor="1F3864")


def write_relatorio(dados: DadosRelatorio) -> bytes:
    """The workbook's bytes (.xlsx), sheets Resumo, Clientes, Pendências."""
    livro = Workbook(write_only=True)
    _write_resumo(livro, dados)
    _write_tabela(livro, "Clientes", _CLIENTES, (_describe_cliente(cliente) for cliente in dados.clientes))
    pendentes = [_describe_pendencia(cliente) for cliente in dados.clientes if _is_pendencia(cliente)]
    pendentes.sort(key=lambda linha: (str(linha["codigo"]), str(linha["nome"])))
    _write_tabela(livro, "Pendências", _PENDENCIAS, pendentes)
    saida = io.BytesIO()
    livro.save(saida)
    return saida.getvalue()


def _write_resumo(livro: Workbook, dados: DadosRelatorio) -> None:
    aba = cast(Worksheet, livro.create_sheet("Resumo"))
    aba.column_dimensions["A"].width = 30
    aba.column_dimensions["B"].width = 60
    aba.freeze_panes = "A2"
    aba.append(_make_cabecalho(aba, ("Execução", "")))
    conhecidos = [campo for campo in _EXECUCAO if campo in dados.execucao]
    for campo in [*conhecidos, *(campo for campo in dados.execucao if campo not in _EXECUCAO)]:
        valor = dados.execucao[campo]
        if valor is not None:
            aba.append(_make_celulas(aba, (_EXECUCAO.get(campo, campo), _show(campo, valor))))
    aba.append([])
    aba.append(_make_cabecalho(aba, ("Resultado", "Clientes")))
    for status, quantidade in dados.contadores.items():
        aba.append(_make_celulas(aba, (STATUS.get(status, status), quantidade)))
    aba.append(_make_celulas(aba, ("Total", sum(dados.contadores.values()))))


def _write_tabela(
    livro: Workbook, titulo: str, colunas: Sequence[tuple[str, str, int]], linhas: Iterable[dict[str, Valor]]
) -> None:
    aba = cast(Worksheet, livro.create_sheet(titulo))
    for posicao, (_, _, largura) in enumerate(colunas, 1):
        aba.column_dimensions[get_column_letter(posicao)].width = largura
    aba.freeze_panes = "A2"
    aba.append(_make_cabecalho(aba, [nome for _, nome, _ in colunas]))
    quantas = 1
    for linha in linhas:
        aba.append(_make_celulas(aba, [_show(campo, linha.get(campo)) for campo, _, _ in colunas]))
        quantas += 1
    aba.auto_filter.ref = f"A1:{get_column_letter(len(colunas))}{quantas}"


def _describe_cliente(cliente: dict[str, Valor]) -> dict[str, Valor]:
    codigo = str(cliente.get("codigo") or "")
    return {**cliente, "causa": find_desfecho(codigo).titulo if codigo else None}


def _is_pendencia(cliente: dict[str, Valor]) -> bool:
    codigo = cliente.get("codigo")
    if not codigo or cliente.get("status") in _RESOLVIDOS:
        return False
    return find_desfecho(str(codigo)).quem_age != "ninguém"


def _describe_pendencia(cliente: dict[str, Valor]) -> dict[str, Valor]:
    desfecho = find_desfecho(str(cliente["codigo"]))
    return {**cliente, "causa": desfecho.titulo, "quem_age": desfecho.quem_age, "o_que_fazer": desfecho.texto}


def _show(campo: str, valor: Valor) -> Valor:
    """As people read it: statuses in words, times in Brasília's without an offset, a line as it is printed."""
    if not isinstance(valor, str):
        return valor
    if campo == "linha_digitavel":
        return format_linha(valor)
    if campo == "vencimento":
        return date.fromisoformat(valor).strftime("%d/%m/%Y")
    if campo == "origens":
        return ", ".join(ORIGENS.get(origem, origem) for origem in valor.split(","))
    if campo == "status":
        return STATUS.get(valor, valor)
    if campo.endswith("_em"):
        try:
            momento = datetime.fromisoformat(valor)
        except ValueError:
            return valor
        return (momento.astimezone(FUSO) if momento.tzinfo else momento).strftime("%d/%m/%Y %H:%M:%S")
    return valor


def _make_cabecalho(aba: Worksheet, textos: Sequence[str]) -> list[Cell]:
    celulas = [WriteOnlyCell(aba, value=texto) for texto in textos]
    for celula in celulas:
        celula.font, celula.fill = Font(bold=True, color="FFFFFF"), _CABECALHO
        celula.alignment = Alignment(vertical="center")
    return celulas


def _make_celulas(aba: Worksheet, valores: Sequence[Valor]) -> list[Cell]:
    return [_make_celula(aba, valor) for valor in valores]


def _make_celula(aba: Worksheet, valor: Valor) -> Cell:
    """Text stays text: what a spreadsheet would run as a formula is quoted, here and where it is saved as CSV."""
    if not isinstance(valor, str):
        celula = WriteOnlyCell(aba, value=valor)
        if isinstance(valor, float):
            celula.number_format = _REAIS
        return celula
    texto = ILLEGAL_CHARACTERS_RE.sub("", valor)[:LIMITE_CELULA]
    celula = WriteOnlyCell(aba, value=quote_formula(texto))
    celula.data_type = "s"
    return celula
