"""The Excel report: what people find in it, and that no cell of it is ever a formula."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from services.namer.report import STATUS, write_relatorio
from shared.events import DadosRelatorio
from shared.outcomes import StatusCliente, StatusExecucao

Linha = dict[str, str | int | float | None]


def make_cliente(**campos: str | int | float | None) -> Linha:
    base: Linha = {
        "id": 1, "cliente_id": 2, "nome": "ANA LIMA", "cpf": "***.982.247-**", "grupo": 6650, "cota": 7,
        "consultor": "DAYLER", "status": "sucesso", "etapa": "arquivado", "codigo": None, "mensagem": None,
        "tentativas": 1, "arquivo": "DAYLER/ANA_LIMA_NOVEMBRO.pdf", "iniciado_em": "2026-11-23T15:00:00+00:00",
        "finalizado_em": "2026-11-23T15:00:02+00:00",
    }  # fmt: skip
    return {**base, **campos}


def write(*clientes: Linha) -> Workbook:
    contadores = {status.value: sum(c["status"] == status.value for c in clientes) for status in StatusCliente}
    execucao: Linha = {
        "automacao_id": "0b7e", "ponto_venda": "17.308", "status": "concluida_com_falhas", "mes": 11, "ano": 2026,
        "iniciado_em": "2026-11-23T15:00:00Z", "finalizado_em": None, "limite": 5,
    }  # fmt: skip
    dados = DadosRelatorio(execucao=execucao, contadores=contadores, clientes=clientes)
    return load_workbook(io.BytesIO(write_relatorio(dados)))


def rows(livro: Workbook, aba: str) -> list[tuple[object, ...]]:
    return list(livro[aba].iter_rows(values_only=True))


def test_the_summary_names_the_execution_and_counts() -> None:
    livro = write(make_cliente(), make_cliente(status="erro", codigo="interno"))
    assert livro.sheetnames == ["Resumo", "Clientes", "Pendências"]
    resumo = {linha[0]: linha[1] for linha in rows(livro, "Resumo")}
    assert resumo["Ponto de venda"] == "17.308"
    assert resumo["Status"] == "Concluída com falhas"
    assert resumo["Início"] == "23/11/2026 12:00:00"
    assert "Fim" not in resumo
    assert (resumo["Sucesso"], resumo["Erro"], resumo["Sem boleto"], resumo["Total"]) == (1, 1, 0, 2)


def test_every_contract_has_its_row_under_portuguese_headers() -> None:
    livro = write(make_cliente(), make_cliente(nome="RUI", status="sem_boleto", codigo="boleto.inexistente.ja_pago"))
    cabecalho, ana, rui = rows(livro, "Clientes")
    assert cabecalho[:6] == ("Cliente", "CPF/CNPJ", "Grupo", "Cota", "Consultor", "Status")
    assert ana[:6] == ("ANA LIMA", "***.982.247-**", 6650, 7, "DAYLER", "Sucesso")
    assert rui[5:8] == ("Sem boleto", "boleto.inexistente.ja_pago", "Parcela já paga ou emitida")
    assert ana[-1] == "23/11/2026 12:00:02"


def test_what_is_left_to_do_says_who_and_what() -> None:
    livro = write(
        make_cliente(),
        make_cliente(nome="RUI", status="erro", codigo="login.recusado", mensagem="Senha recusada"),
        make_cliente(nome="EVA", status="cpf_nao_encontrado", codigo="cliente.nao_encontrado"),
        make_cliente(nome="IVO", status="sem_boleto", codigo="boleto.inexistente"),
        make_cliente(nome="LIA", status="sucesso", codigo="interno"),
        make_cliente(nome="NEI", status="erro", codigo="portal.novidade.de_amanha"),
    )
    linhas = rows(livro, "Pendências")
    assert linhas[0][:4] == ("Causa", "Quem resolve", "O que fazer", "Cliente")
    assert [linha[3] for linha in linhas[1:]] == ["EVA", "RUI", "NEI"]
    assert linhas[2][:2] == ("Login recusado", "administrador")
    assert "Atualize a credencial" in str(linhas[2][2])


def test_tables_can_be_filtered_and_keep_their_header_in_sight() -> None:
    livro = write(make_cliente(), make_cliente())
    for aba in ("Clientes", "Pendências"):
        assert livro[aba].freeze_panes == "A2"
    assert livro["Clientes"].auto_filter.ref == "A1:U3"
    assert livro["Clientes"].column_dimensions["A"].width == 38


@pytest.mark.parametrize(
    "texto", ["=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]
)
def test_no_text_becomes_a_formula(texto: str) -> None:
    """A client called `=cmd|...` once ran on the desk of whoever opened the report."""
    livro = write(make_cliente(nome=texto, status="erro", codigo="interno", mensagem=texto))
    for aba in livro:
        for linha in aba.iter_rows():
            for celula in linha:
                assert celula.data_type != "f"
                assert not str(celula.value or "").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    dados = DadosRelatorio(execucao={"mensagem_atual": texto}, contadores={}, clientes=(make_cliente(nome=texto),))
    with zipfile.ZipFile(io.BytesIO(write_relatorio(dados))) as pacote:
        assert not any(b"<f>" in pacote.read(nome) for nome in pacote.namelist())


def test_signs_that_excel_forbids_and_endless_texts_harm_nothing() -> None:
    livro = write(make_cliente(nome="ANA\x00\x0b", mensagem="x" * 50_000))
    assert livro["Clientes"]["A2"].value == "ANA"


def test_every_status_has_its_word() -> None:
    assert set(STATUS) == {s.value for s in StatusCliente} | {s.value for s in StatusExecucao}


def test_an_execution_without_contracts_still_makes_a_report() -> None:
    assert rows(write(), "Clientes")[1:] == []
