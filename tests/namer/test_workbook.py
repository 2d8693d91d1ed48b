"""Reading workbooks: both layouts, every kind of noise, and an honest word on each row that is not taken."""

from __future__ import annotations

import time
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from services.namer.intake import PlanilhaRecusada
from services.namer.workbook import PREENCHA, encode_planilha, read_planilha
from shared.events import LinhaPlanilha, LinhasPlanilha
from tests.namer.planilhas import CABECALHO_GERAL, make_cpf, make_generica, make_geral, mask, save

TAGS = ("IMOVEL", "MEGAZAP", "JÁ NEGOCIADO")
CPF = "52998224725"
ZEROS = "00123456797"
CNPJ = "11222333000181"
CNPJ_ZEROS = "01234567000195"


def read(dados: bytes) -> LinhasPlanilha:
    return read_planilha(dados, TAGS)


def read_celula(campo: str, valor: Any) -> LinhaPlanilha:
    """The one contract of a sheet in which `campo` holds `valor`."""
    linha: dict[str, Any] = {"CPF": CPF, "G/C": "6650 0007", "NOME": "ANA LIMA", campo: valor}
    lida = read(make_generica(list(linha), [list(linha.values())]))
    assert not lida.erros
    return lida.linhas[0]


# --- the consultores' sheet -------------------------------------------------------------------------------------------


def test_the_consultores_sheet_is_read_below_its_legend() -> None:
    lida = read(
        make_geral(
            [
                (" " + mask(CPF), "6650 0007", "OFERTADO 10.11", "", "Em dia", " ANA  LIMA - 70%", 17308, 25e3, 512.3),
                (f"\t{mask(make_cpf(1))} ", "12345 0012", None, None, "INADIMPLENTE", "RUI SÁ IMOVEL 50%", 21400),
                (mask(make_cpf(2)), "6651 2278", None, None, "INADIMPLENTES", "EVA", "17.308", None, None),
                (mask(make_cpf(3)), "6651 2279", None, None, "CANCELADO", "IVO 70% MEGAZAP", 17308, None, None),
                (mask(make_cpf(4)), "6651 2280", None, None, "CANCELAMENTO", "LIA (IVO)", 17308, None, None),
                (None, "6651 2281", None, None, "Em dia", "SEM CPF 70%", 17308, None, None),
            ]
        )
    )  # fmt: skip
    assert lida.aba == "PLANILHA GERAL "
    assert lida.total == 6
    assert lida.linhas[0] == LinhaPlanilha(
        aba="PLANILHA GERAL ", linha=14, cpf=CPF, nome="ANA LIMA", nome_original="ANA LIMA - 70%", grupo=6650, cota=7,
        ponto_venda="17308", situacao="Em dia", ativo=True, valor_credito=Decimal("25000.00"),
        valor_parcela=Decimal("512.30"),
    )  # fmt: skip
    assert [(c.nome, c.grupo, c.cota, c.ponto_venda, c.ativo) for c in lida.linhas[1:]] == [
        ("RUI SÁ", 12345, 12, "21400", True),
        ("EVA", 6651, 2278, "17.308", True),
        ("IVO", 6651, 2279, "17308", False),
        ("LIA", 6651, 2280, "17308", False),
    ]
    assert [(e.linha, e.campo) for e in lida.erros] == [(19, "CPF")]


def test_dates_as_headers_and_hidden_columns_harm_nothing() -> None:
    livro = Workbook()
    aba = livro.worksheets[0]
    aba.append([None] * 3)
    aba.append([*CABECALHO_GERAL[:9], datetime(2025, 6, 1), "data pgtº", datetime(2025, 7, 1)])
    aba.append([mask(CPF), "6650 0007", "", "", "Em dia", "ANA", 17308, 1, 2, "1º parcela", date(2025, 6, 10), "-"])
    aba.column_dimensions["J"].hidden = True
    assert [(c.linha, c.nome) for c in read(save(livro)).linhas] == [(3, "ANA")]


def test_the_general_sheet_is_found_behind_a_cover() -> None:
    livro = Workbook()
    livro.worksheets[0].append(["Capa"])
    aba = livro.create_sheet("planilha geral")
    aba.append(["CPF", "G/C", "NOME"])
    aba.append([CPF, "6650 7", "ANA"])
    assert [c.aba for c in read(save(livro)).linhas] == ["planilha geral"]


# --- the generic layout -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cabecalho",
    [
        ("CPF", "NOME", "GRUPO", "COTA", "PONTO_VENDA", "WHATSAPP", "SITUACAO"),
        ("Documento", "Cliente", "GR", "CT", "PV", "Telefone", "STATUS"),
        ("DOC", "Nome do Cliente", "Grupo", "Cota", "PDV", "CELULAR", "Situação"),
        ("CPF/CNPJ", "Nome Completo", "grupo", "cota", "Ponto de Venda", "whatsapp", "situação"),
        ("cpf ", " consorciado", "GRUPO ", " COTA", "LOJA", "Fone", "status"),
        ("Nº do CPF", "NOME_COMPLETO", "NUM_GRUPO", "Nº Cota", "Ponto de Venda (PV)", "Telefone celular", "Status*"),
        ("CPFCNPJ", "Clientes", "NR_GRUPO", "QUOTA", "COD. PONTO DE VENDA", "WPP", "Sit."),
        ("CPF", "Nome", "Cód. Grupo", "CÓDIGO DA COTA", "Código PV", "Tel.", "Situação do contrato"),
        ("CPF do titular", "Nome completo do consorciado", "Grupo", "Cota", "PV", "WhatsApp", "Situação"),
        ("CPF do cliente", "Nome completo do titular", "Grupo", "Cota", "PV", "WhatsApp", "Situação"),
        ("CPF/CNPJ do consorciado", "Consorciado", "N.º GRUPO", "N.º COTA", "PV/Loja", "Fone", "SITUAÇÃO ATUAL"),
        ("CPF/CNPJ do titular", "Titular", "N.º do grupo", "N.º da cota", "PV", "Fone", "Status atual"),
        ("C.P.F.", "Consorciado(a)", "Gr.", "Ct.", "Cód. PV", "Telefone/WhatsApp", "Status da cota"),
    ],
)
def test_columns_are_known_by_every_usual_name(cabecalho: tuple[str, ...]) -> None:
    lida = read(make_generica(cabecalho, [(CPF, "ANA LIMA", 6650, 7, 17308, 67999990000, "ATIVO")]))
    linha = lida.linhas[0]
    assert (linha.linha, linha.cpf, linha.nome, linha.grupo, linha.cota) == (2, CPF, "ANA LIMA", 6650, 7)
    assert (linha.ponto_venda, linha.whatsapp, linha.situacao) == ("17308", "67999990000", "ATIVO")


def test_a_header_is_never_matched_in_part() -> None:
    """`CT` matched CONTRATO, and DOCUMENTO the day a document was signed: cotas came from the wrong column."""
    cabecalho = ("CONTRATO", "DATA DOCUMENTO", "NOME FANTASIA", "VALOR PAGO", "CPF", "NOME", "GRUPO", "COTA")
    linha = read(make_generica(cabecalho, [(99, "01/01/2026", "X", 5, CPF, "ANA", 6650, 7)])).linhas[0]
    assert (linha.cpf, linha.nome, linha.grupo, linha.cota, linha.valor_credito) == (CPF, "ANA", 6650, 7, None)


def test_of_two_columns_of_one_kind_the_better_named_that_is_filled_counts() -> None:
    cabecalho = ("CNPJ", "TELEFONE", "CLIENTE", "CPF", "NOME", "WHATSAPP")
    lida = read(
        make_generica(
            cabecalho,
            [
                ("", "6733330000", "1", CPF, "ANA", "67999990000"),
                (CNPJ, "6733330001", "2", "", "AÇO LTDA", ""),
            ],
        )
    )
    assert [(c.cpf, c.nome, c.whatsapp) for c in lida.linhas] == [
        (CPF, "ANA", "67999990000"),
        (CNPJ, "AÇO LTDA", "6733330001"),
    ]


def test_a_status_or_contemplado_that_starts_with_cancel_makes_a_row_inactive() -> None:
    assert not read_celula("STATUS", "Cancelado em 2025").ativo
    assert not read_celula("CONTEMPLADO", "CANCELADO").ativo
    assert read_celula("STATUS", "INADIMPLENTE").ativo
    assert read_celula("STATUS", "Não cancelado").ativo
    assert read_celula("CONTEMPLADO", "SIM").contemplado == "SIM"


# --- cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("celula", "documento"),
    [
        (mask(CPF), CPF),
        (f" \t{mask(CPF)}\u00a0", CPF),
        (CPF, CPF),
        (int(CPF), CPF),
        (float(CPF), CPF),
        (f"{CPF}.0", CPF),
        ("5.2998224725E10", CPF),
        ("5,2998224725E+10", CPF),
        (f"'{CPF}", CPF),
        ("529 982 247 25", CPF),
        (int(ZEROS), ZEROS),
        (float(ZEROS), ZEROS),
        (str(int(ZEROS)), ZEROS),
        (f"{int(ZEROS)}.0", ZEROS),
        (ZEROS, ZEROS),
        ("1.234.567-97", ZEROS),
        ("00000000191", "00000000191"),
        ("11.222.333/0001-81", CNPJ),
        (int(CNPJ), CNPJ),
        (f"{CNPJ}.0", CNPJ),
        (int(CNPJ_ZEROS), CNPJ_ZEROS),
        (191, None),
        ("00.000.000/0001-91", "00000000000191"),
        (1234567000000, None),
        ("12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("12abc34501de35", "12ABC34501DE35"),
        # Wrong digits; with three zeros in front they would close as a CNPJ.
        ("220.519.011-89", None),
    ],
)
def test_a_document_is_read_through_its_noise(celula: Any, documento: str | None) -> None:
    lida = read(make_generica(["CPF", "NOME"], [[celula, "ANA"]]))
    assert [c.cpf for c in lida.linhas] == ([documento] if documento else [])
    assert len(lida.erros) == (documento is None)


@pytest.mark.parametrize(
    ("celula", "motivo"),
    [
        ("52998224726", "CPF ou CNPJ inválido: confira os dígitos."),
        ("11111111111", "CPF ou CNPJ inválido: confira os dígitos."),
        ("a confirmar", "CPF ou CNPJ inválido: confira os dígitos."),
        (12345, "CPF ou CNPJ inválido: confira os dígitos."),
        ("", f"Linha sem CPF (célula vazia ou com erro de fórmula). {PREENCHA}"),
        (" \t", f"Linha sem CPF (célula vazia ou com erro de fórmula). {PREENCHA}"),
        ("#N/D", f"Linha sem CPF (célula vazia ou com erro de fórmula). {PREENCHA}"),
        ("#REF!", f"Linha sem CPF (célula vazia ou com erro de fórmula). {PREENCHA}"),
        ("=NA()", f"Linha sem CPF (célula vazia ou com erro de fórmula). {PREENCHA}"),
    ],
)
def test_a_row_without_a_right_document_is_reported_and_not_taken(celula: Any, motivo: str) -> None:
    lida = read(make_generica(["Documento", "NOME", "G/C"], [[celula, "ANA", "6650 7"], [CPF, "RUI", "6650 8"]]))
    assert [c.nome for c in lida.linhas] == ["RUI"]
    erro = lida.erros[0]
    assert (erro.aba, erro.linha, erro.campo, erro.motivo) == ("Planilha1", 2, "Documento", motivo)
    assert lida.total == 2


def test_a_row_without_a_name_is_reported() -> None:
    lida = read(make_generica(["CPF", "Cliente"], [[CPF, " "], [make_cpf(1), "#N/D"], [make_cpf(2), "EVA"]]))
    assert [(e.linha, e.campo, e.motivo) for e in lida.erros] == [
        (2, "Cliente", f"Linha sem o nome do cliente. {PREENCHA}"),
        (3, "Cliente", f"Linha sem o nome do cliente. {PREENCHA}"),
    ]


@pytest.mark.parametrize(
    "celula",
    [
        "6650 0007", "06650 0007", "6650/0007", "6650-7", "6650 / 7", "6650  7", " 6650\u00a00007 ", "006650/0007-00",
        "6650\t7", datetime(6650, 7, 1), "6650.0007", 6650.0007,
        "6.650 0007", "6.650/0007-00", "6650–0007", "6650_7", "6650|0007", "6650:7", "6650/0007/00", "6650,0007",
    ],
)  # fmt: skip
def test_every_spelling_of_grupo_and_cota_is_read(celula: Any) -> None:
    linha = read_celula("G/C", celula)
    assert (linha.grupo, linha.cota) == (6650, 7)


def test_a_cota_that_lost_its_last_zero_as_a_number_gets_it_back() -> None:
    linha = read_celula("G/C", 6650.001)
    assert (linha.grupo, linha.cota) == (6650, 10)


@pytest.mark.parametrize("celula", ["", None, "#N/D", "a definir", "66500007", "6.650", "-"])
def test_a_row_without_grupo_and_cota_is_taken_without(celula: Any) -> None:
    linha = read_celula("G/C", celula)
    assert (linha.grupo, linha.cota) == (None, None)


def test_one_header_over_two_columns_holds_grupo_and_cota() -> None:
    linhas: list[list[Any]] = [
        [CPF, 6650, 7, "ANA"],
        [make_cpf(1), "006650", "0008", "RUI"],
        [make_cpf(2), "6650 9", None, "EVA"],
    ]
    lida = read(make_generica(["CPF", " G/C", None, "NOME"], linhas))
    assert [(c.grupo, c.cota) for c in lida.linhas] == [(6650, 7), (6650, 8), (6650, 9)]
    vizinha = read(make_generica(["CPF", " G/C", "LANCE ", "NOME"], linhas))
    assert [(c.grupo, c.cota) for c in vizinha.linhas] == [(None, None), (None, None), (6650, 9)]


def test_grupo_and_cota_apart_or_together_in_one_column() -> None:
    lida = read(
        make_generica(
            ["CPF", "NOME", "GRUPO", "COTA"],
            [
                [CPF, "A", "006650", "0007"],
                [CPF, "B", 6650.0, 8.0],
                [CPF, "C", "6650/9", None],
                [CPF, "D", None, "6650 10"],
                [CPF, "E", "6650", None],
            ],
        )
    )
    assert [(c.nome, c.grupo, c.cota) for c in lida.linhas] == [
        ("A", 6650, 7), ("B", 6650, 8), ("C", 6650, 9), ("D", 6650, 10), ("E", None, None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("grupo", "cota", "lida"),
    [
        ("6.650", "0007", (6650, 7)), (6.65, 7, (6650, 7)), ("6650", "2278-00", (6650, 2278)),
        ("006650", "2278/00", (6650, 2278)), ("6650", "2278 - 0", (6650, 2278)), ("6650", "a definir", (None, None)),
        ("6650 7", "x", (None, None)), ("-", "6650 7", (6650, 7)), (6650, "6650/7", (6650, 7)),
        ("6650", "006650/2278-00", (6650, 2278)), ("6650/2278", 2278, (6650, 2278)), (6650, "10/11", (None, None)),
        (6650, "7-10", (None, None)),
    ],
)  # fmt: skip
def test_grupo_and_cota_apart_are_never_read_as_one_another(
    grupo: Any, cota: Any, lida: tuple[int | None, int | None]
) -> None:
    linha = read(make_generica(["CPF", "GRUPO", "COTA", "NOME"], [[CPF, grupo, cota, "ANA"]])).linhas[0]
    assert (linha.grupo, linha.cota) == lida


def test_a_dash_is_nothing() -> None:
    cabecalho = ["CPF", "CNPJ", "NOME", "WHATSAPP", "TELEFONE", "SITUAÇÃO"]
    linha = read(make_generica(cabecalho, [["-", CNPJ, "AÇO LTDA", "--", "6733330001", "–"]])).linhas[0]
    assert (linha.cpf, linha.whatsapp, linha.situacao) == (CNPJ, "6733330001", None)


@pytest.mark.parametrize(
    ("celula", "codigo"),
    [
        (17308, "17308"), (17308.0, "17308"), ("17.308", "17.308"), (17.308, "17.308"), (21.4, "21.400"),
        ("17308.0", "17308"), ("17308,00", "17308"), ("17.308,00", "17.308"), (" 17308 ", "17308"),
        ("", None), ("#N/D", None),
    ],
)  # fmt: skip
def test_every_spelling_of_a_ponto_de_venda_is_read(celula: Any, codigo: str | None) -> None:
    assert read_celula("P.V", celula).ponto_venda == codigo


@pytest.mark.parametrize(
    ("celula", "valor"),
    [
        (770000, Decimal("770000.00")), (512.345, Decimal("512.34")), ("R$ 1.234,56", Decimal("1234.56")),
        ("1.234", Decimal("1234.00")), ("1234.5", Decimal("1234.50")), ("25.000,00", Decimal("25000.00")),
        ("-", None), ("", None), ("#N/D", None), ("V", None), (-5, None), (10**12, None), (date(2026, 1, 1), None),
        (0.7, Decimal("0.70")),
    ],
)  # fmt: skip
def test_amounts_are_read_in_reais(celula: Any, valor: Decimal | None) -> None:
    assert read_celula("Valor", celula).valor_credito == valor


@pytest.mark.parametrize(
    ("campo", "celula", "lido"),
    [
        ("WHATSAPP", "(67) 99999-0000", "67999990000"), ("WHATSAPP", 67999990000.0, "67999990000"),
        ("WHATSAPP", "+55 67 99999-0000", "5567999990000"), ("WHATSAPP", "não tem", None), ("WHATSAPP", "123", None),
        ("EMAIL", " Ana@Exemplo.com ", "ana@exemplo.com"), ("E-MAIL", "sem", None),
    ],
)  # fmt: skip
def test_contacts_are_read_where_they_are_contacts(campo: str, celula: Any, lido: str | None) -> None:
    linha = read_celula(campo, celula)
    assert (linha.whatsapp if campo == "WHATSAPP" else linha.email) == lido


# --- rows -------------------------------------------------------------------------------------------------------------


def test_empty_rows_repeated_headers_and_later_blocks_are_read_through() -> None:
    dados = make_generica(
        ["CPF", "G/C", "Concorciado", "SITUAÇÃO"],
        [
            [CPF, "6650 7", "ANA", "Em dia"],
            [],
            [None, "  ", "", None],
            ["CPF", "G/C", "Concorciado", "SITUAÇÃO"],
            [make_cpf(1), "6650 8", "RUI", "Em dia"],
            ["Concorciado", "CPF", "SITUAÇÃO", "G/C"],
            ["EVA", make_cpf(2), "CANCELADO", "6650 9"],
            [],
            [None, None, None, None, "CPF", "NOME"],
            [None, None, None, None, make_cpf(3), "IVO"],
        ],
    )
    lida = read(dados)
    assert [(c.linha, c.nome, c.cota, c.ativo) for c in lida.linhas] == [
        (2, "ANA", 7, True), (6, "RUI", 8, True), (8, "EVA", 9, False), (11, "IVO", None, True)
    ]  # fmt: skip
    assert (lida.total, lida.erros) == (4, ())


def test_blocks_side_by_side_give_a_contract_each_in_one_row() -> None:
    bloco = ["NOME", "CPF", "G/C"]
    dados = make_generica(
        [*bloco, None, *bloco],
        [
            ["ANA", CPF, "6650 7", None, "RUI", make_cpf(1), "6650 8"],
            ["EVA", make_cpf(2), "6650 9", None, None, None, None],
            [None, None, None, None, "IVO", make_cpf(3), "6650 10"],
            [None, None, None, None, "LIA", None, "6650 11"],
            ["CPF", "NOME", "G/C"],
            [make_cpf(4), "OTO", "6650 12"],
        ],
    )
    lida = read(dados)
    assert [(c.linha, c.nome, c.cota) for c in lida.linhas] == [
        (2, "ANA", 7), (2, "RUI", 8), (3, "EVA", 9), (4, "IVO", 10), (7, "OTO", 12)
    ]  # fmt: skip
    assert [(erro.linha, erro.campo) for erro in lida.erros] == [(5, "CPF")]


def test_a_first_sheet_that_nobody_sees_or_that_is_empty_gives_way_to_the_next() -> None:
    def make(*abas: tuple[str, bool, str | None]) -> bytes:
        livro = Workbook()
        livro.remove(livro.worksheets[0])
        for titulo, visivel, nome in abas:
            aba = livro.create_sheet(titulo)
            aba.sheet_state = "visible" if visivel else "hidden"
            if nome is not None:
                aba.append(["CPF", "NOME"])
                aba.append([CPF, nome])
        return save(livro)

    def read_nome(*abas: tuple[str, bool, str | None]) -> str:
        return read(make(*abas)).linhas[0].nome

    assert read_nome(("Dados", True, "ANA"), ("CANCELADO", True, "RUI")) == "ANA"
    assert read_nome(("Plan1", True, None), ("Dados", True, "ANA"), ("CANCELADO", True, "RUI")) == "ANA"
    assert read_nome(("Listas", False, None), ("Dados", True, "ANA")) == "ANA"
    assert read_nome(("Antiga", False, "RUI"), ("PLANILHA GERAL ", True, "ANA")) == "ANA"
    assert read_nome(("Dados", False, "ANA"), ("CANCELADO", True, "RUI")) == "ANA"
    with pytest.raises(PlanilhaRecusada):
        read(make(("Plan1", True, None), ("Plan2", False, "RUI")))


@pytest.mark.parametrize(
    "cabecalho",
    [
        ["CPF (somente números)", "GrupoCota", "NOME (completo)"],
        ["CPF\nCNPJ", "G/\nC", "NO\nME"],
        ["CpfCnpj", "G /C", "NomeCliente"],
        ["CPF/MF", "GRUPO-COTA", "Consorciados"],
        ["CPF do Titular:", "Grupo\n/Cota", "Nome do Titular*"],
    ],
)
def test_a_header_is_known_whatever_breaks_or_explains_it(cabecalho: list[str]) -> None:
    [contrato] = read(make_generica(cabecalho, [[CPF, "6650 7", "ANA"]])).linhas
    assert (contrato.cpf, contrato.grupo, contrato.cota, contrato.nome) == (CPF, 6650, 7, "ANA")


@pytest.mark.parametrize("celula", ["Grupo 6650 Cota 7", "G: 6650 C: 0007", "GR 006650 / CT 0007 V 00", "g6650 c7"])
def test_a_grupo_and_cota_may_be_told_with_their_own_words(celula: str) -> None:
    contrato = read_celula("G/C", celula)
    assert (contrato.grupo, contrato.cota) == (6650, 7)


@pytest.mark.parametrize("celula", [f"CPF {mask(CPF)}", f"CPF: {CPF}", f"cpf nº {mask(CPF)}"])
def test_a_document_may_be_told_with_its_own_word(celula: str) -> None:
    assert read_celula("CPF", celula).cpf == CPF


def test_notes_beside_the_table_are_no_rows() -> None:
    dados = make_generica(["CPF", "NOME", "anotação"], [[CPF, "ANA", ""], [None, None, "ligar amanhã"]])
    assert (read(dados).total, read(dados).erros) == (1, ())


@pytest.mark.parametrize("vazias", [0, 1, 2])
def test_merged_cells_count_for_every_row_they_span(vazias: int) -> None:
    """vazias: columns before the table."""
    livro = Workbook()
    aba = livro.worksheets[0]
    for linha in (["CPF", "NOME", "G/C", "P.V"], [CPF, "ANA", "6650 7", 17308], [None, None, "6650 8"], [], []):
        aba.append([None] * vazias + linha)
    aba.append([*[None] * vazias, make_cpf(1), "RUI", "6650 9", 21400])
    for coluna, ultima in ((1, 3), (2, 3), (4, 5)):
        aba.merge_cells(start_row=2, end_row=ultima, start_column=coluna + vazias, end_column=coluna + vazias)
    lida = read(save(livro))
    assert [(c.linha, c.cpf, c.nome, c.cota, c.ponto_venda) for c in lida.linhas] == [
        (2, CPF, "ANA", 7, "17308"), (3, CPF, "ANA", 8, "17308"), (6, make_cpf(1), "RUI", 9, "21400")
    ]  # fmt: skip
    assert lida.erros == ()


@pytest.mark.parametrize("juntas", [(1, 2, 3), (1, 3), (1,)])
def test_a_client_merged_over_two_rows_is_one_contract_of_which_both_speak(juntas: tuple[int, ...]) -> None:
    """juntas: the columns merged, besides the name's."""
    livro = Workbook()
    aba = livro.worksheets[0]
    aba.append(["CPF", "G/C", "SITUAÇÃO", "BOLETOS", "NOME", "P.V", "WHATSAPP"])
    aba.append([CPF, "6650 7", "CANCELADO", "BOL SAL 10.11", "ANA", 21400, None])
    aba.append([None, None, None, "PAGO 12.11", None, None, "67999990000"])
    aba.append([make_cpf(1), "6650 9", "Em dia", None, "RUI", None, None])
    for coluna in (*juntas, 5):
        aba.merge_cells(start_row=2, end_row=3, start_column=coluna, end_column=coluna)
    lida = read(save(livro))
    assert [(c.linha, c.cota, c.ativo, c.ponto_venda, c.whatsapp) for c in lida.linhas] == [
        (2, 7, False, "21400", "67999990000"), (4, 9, True, None, None)
    ]  # fmt: skip
    assert (lida.erros, lida.total) == ((), 2)


def test_a_row_under_a_merged_client_that_says_another_cota_is_none_of_the_one_above() -> None:
    livro = Workbook()
    aba = livro.worksheets[0]
    cabecalho: list[Any] = ["CPF", "G/C", "SITUAÇÃO", "NOME", "P.V"]
    for linha in (
        [*cabecalho, *cabecalho],
        [CPF, "6650 7", None, "ANA", None, CPF, "6650 8", "Em dia", "ANA", None],
        [None, "6651 x", "CANCELADO", None, None, None, None, None, None, None],
        [make_cpf(1), "6650 9", "CANCELADO", "RUI", None, None, None, None, None, None],
        [make_cpf(2), "6650 1", "Em dia", "EVA", None, None, None, None, None, None],
        [None, None, None, None, 21400, None, None, None, None, None],
    ):
        aba.append(linha)
    for coluna, primeira in ((1, 2), (4, 2), (1, 5), (4, 5)):
        aba.merge_cells(start_row=primeira, end_row=primeira + 1, start_column=coluna, end_column=coluna)
    lida = LinhasPlanilha.parse(b"".join(encode_planilha(save(livro), TAGS, "17308")))
    assert [(c.linha, c.grupo, c.cota, c.ativo, c.ponto_venda) for c in lida.linhas] == [
        (2, 6650, 7, True, "17308"), (2, 6650, 8, True, "17308"), (3, None, None, False, "17308"),
        (4, 6650, 9, False, "17308"), (5, 6650, 1, True, "21400"),
    ]  # fmt: skip


def test_two_cotas_of_one_client_are_two_contracts() -> None:
    lida = read(make_generica(["CPF", "G/C", "NOME"], [[CPF, "6650 7", "ANA"], [CPF, "6651 7", "ANA"]]))
    assert [(c.grupo, c.cota) for c in lida.linhas] == [(6650, 7), (6651, 7)]


def test_a_contract_that_stands_twice_counts_once_and_is_reported() -> None:
    linhas = [[CPF, "6650 7", "ANA"], [make_cpf(1), "6650 8", "RUI"], [mask(CPF), "006650/0007-00", "ANA LIMA"]]
    lida = read(make_generica(["CPF", "G/C", "NOME"], linhas))
    assert [(c.linha, c.nome) for c in lida.linhas] == [(3, "RUI"), (4, "ANA LIMA")]
    assert [(e.linha, e.motivo) for e in lida.erros] == [
        (2, "O mesmo CPF e grupo/cota está de novo na linha 4, que vale. Apague a outra.")
    ]
    assert lida.total == 3


def test_ten_thousand_rows_are_read_in_a_moment() -> None:
    linhas = [
        (mask(make_cpf(i)), f"{6000 + i // 900} {i % 900 + 1}", "", "", "Em dia", "ANA IMOVEL - 70%", 17308, 1.0, 2.0)
        for i in range(10_000)
    ]  # fmt: skip
    dados = make_generica(CABECALHO_GERAL[:9], linhas)
    inicio = time.process_time()
    lida = read(dados)
    assert (len(lida.linhas), lida.erros) == (10_000, ())
    assert time.process_time() - inicio < 5


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dados", "motivo"),
    [
        (make_generica(["NOME", "G/C"], [["ANA", "6650 7"]]), "coluna CPF"),
        (make_generica(["CPF", "G/C"], [[CPF, "6650 7"]]), "coluna do nome"),
        (make_generica(["CPF", "NOME"], []), "nenhum cliente"),
        (make_generica(["CPF", "NOME"], [[None, ""], ["", " "]]), "nenhum cliente"),
        (make_generica([], []), "coluna CPF"),
        (save(Workbook()), "coluna CPF"),
    ],
)
def test_a_sheet_without_contracts_is_refused_with_the_remedy(dados: bytes, motivo: str) -> None:
    with pytest.raises(PlanilhaRecusada, match=motivo) as recusa:
        read(dados)
    assert "envie de novo" in str(recusa.value)


def test_more_rows_than_a_consultor_can_have_are_refused() -> None:
    livro = Workbook()
    livro.worksheets[0].append(["CPF", "NOME"])
    livro.worksheets[0].cell(100_001, 1, CPF)
    with pytest.raises(PlanilhaRecusada, match=r"100\.000 linhas"):
        read(save(livro))


@pytest.mark.parametrize("quantas", [1, 2, 500, 501, 1203])
def test_rows_are_the_same_read_in_slices_or_whole(quantas: int) -> None:
    dados = make_generica(["CPF", "NOME"], [["", "SEM CPF"], *([make_cpf(n), f"ANA {n}"] for n in range(quantas))])
    json = b"".join(encode_planilha(dados, ()))
    lidas = LinhasPlanilha.parse(json)
    assert (len(lidas.linhas), len(lidas.erros)) == (quantas, 1)
    assert lidas == LinhasPlanilha.model_validate_json(json)
    assert LinhasPlanilha.parse(lidas.model_dump_json().encode()) == lidas
