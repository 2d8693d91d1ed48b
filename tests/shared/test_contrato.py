"""Documents, grupo/cota, months and names: what counts as the same, and what is refused."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contrato import (
    MESES,
    Cota,
    DocumentoInvalido,
    MesInvalido,
    MesReferencia,
    fold,
    fold_codigo,
    format_documento,
    mask_documento,
    mask_documentos,
    parse_cota,
    parse_documento,
    parse_mes,
    resolve_mes,
)

CPF = "52998224725"
CNPJ = "11222333000181"
CNPJ_LETRAS = "12ABC34501DE35"


def make_cpf(semente: int) -> str:
    """A CPF whose check digits close, by the published rule."""
    sorteio = Random(semente)
    base = "".join(str(sorteio.randrange(10)) for _ in range(9))
    return base + close_cpf(base)


def close_cpf(base: str) -> str:
    numeros = list(map(int, base))
    for _ in range(2):
        soma = sum(n * peso for n, peso in zip(numeros, range(len(numeros) + 1, 1, -1), strict=True))
        numeros.append(0 if soma % 11 < 2 else 11 - soma % 11)
    return "".join(map(str, numeros[9:]))


@given(st.integers(0, 10**6))
def test_a_cpf_is_read_with_and_without_its_mask(semente: int) -> None:
    cpf = make_cpf(semente)
    assert parse_documento(cpf) == cpf
    assert parse_documento(f" {format_documento(cpf)}\t") == cpf


@given(st.integers(0, 10**6), st.integers(0, 10), st.integers(1, 9))
def test_a_cpf_with_one_wrong_digit_is_refused(semente: int, posicao: int, mais: int) -> None:
    cpf = make_cpf(semente)
    trocado = cpf[:posicao] + str((int(cpf[posicao]) + mais) % 10) + cpf[posicao + 1 :]
    # The published rule itself maps remainders 0 and 1 to the same digit, so a few changes in the body go unseen there.
    if posicao >= 9 or close_cpf(trocado[:9]) != trocado[9:]:
        with pytest.raises(DocumentoInvalido):
            parse_documento(trocado)


@pytest.mark.parametrize("texto", ["11.222.333/0001-81", CNPJ, "12.ABC.345/01DE-35", "12abc34501de35"])
def test_a_cnpj_is_read_with_letters_too(texto: str) -> None:
    assert parse_documento(texto) in (CNPJ, CNPJ_LETRAS)


@pytest.mark.parametrize(
    "texto", ["", "1", "11111111111", "00000000000000", CPF[:-1], CPF + "0", "1" * 14, "12ABC34501DE36", "٥٢٩٩٨٢٢٤٧٢٥"]
)
def test_what_is_no_document_is_refused_without_being_quoted(texto: str) -> None:
    with pytest.raises(DocumentoInvalido) as erro:
        parse_documento(texto)
    assert not texto or texto not in str(erro.value)


def test_documents_are_shown_and_masked_as_the_contract_says() -> None:
    assert format_documento(CPF) == "529.982.247-25"
    assert format_documento(CNPJ) == "11.222.333/0001-81"
    assert mask_documento(CPF) == "***.982.247-**"
    assert mask_documento(CNPJ) == "**.222.333/****-**"


@pytest.mark.parametrize(
    ("texto", "mascarado"),
    [
        ("CPF 529.982.247-25.", "CPF ***.982.247-**."),
        (f"cpf={CPF}&x", "cpf=***.982.247-**&x"),
        ("11.222.333/0001-81", "**.222.333/****-**"),
        (f"cnpj {CNPJ}", "cnpj **.222.333/****-**"),
        (f"cnpj {CNPJ_LETRAS}", "cnpj **.ABC.345/****-**"),
        ("nosso número 12345678901", "nosso número 12345678901"),
        ("linha 23793381260007827139500006330516390000123456", "linha 23793381260007827139500006330516390000123456"),
    ],
)
def test_documents_in_free_text_are_masked_and_other_numbers_left(texto: str, mascarado: str) -> None:
    assert mask_documentos(texto) == mascarado


@pytest.mark.parametrize(
    "texto",
    [
        "006650/0007-00",
        "006650-0007-00",
        "6650 0007",
        "6650  7",
        "6650\t0007",
        "6650\u00a07",
        "6650/7",
        "6650-7",
        "6650 / 7",
        "6650.7",
        " 06650 0007 ",
        "006650/0007-00 ANA PAULA",
    ],
)
def test_every_spelling_of_a_cota_is_the_same_one(texto: str) -> None:
    assert parse_cota(texto) == Cota(6650, 7)


@pytest.mark.parametrize("texto", ["", "66500007", "000000/0000-00", "sem cota", "6650/"])
def test_what_is_no_cota_is_none(texto: str) -> None:
    assert parse_cota(texto) is None


@pytest.mark.parametrize("valor", [3, "3", "03", " 3 ", "MARÇO", "março", "Marco", "MARC\u0327O"])
def test_every_spelling_of_a_month_is_the_same_one(valor: int | str) -> None:
    assert parse_mes(valor) == 3


@pytest.mark.parametrize("valor", [0, 13, -1, "", "0", "13", "mar", "²", "1.0", "1" * 5000])
def test_what_is_no_month_is_refused(valor: int | str) -> None:
    with pytest.raises(MesInvalido):
        parse_mes(valor)


def test_months_keep_their_cedilla() -> None:
    assert MesReferencia(2026, 3).nome == "MARÇO"
    assert [parse_mes(nome) for nome in MESES] == list(range(1, 13))


@pytest.mark.parametrize(
    ("mes", "hoje", "esperado"),
    [
        (11, date(2026, 11, 30), "11/2026"),
        (12, date(2026, 11, 30), "12/2026"),
        (5, date(2026, 11, 1), "05/2026"),
        (4, date(2026, 11, 1), "04/2027"),
        (1, date(2026, 11, 1), "01/2027"),
        (12, date(2026, 1, 15), "12/2025"),
        (7, date(2026, 1, 15), "07/2025"),
        (6, date(2026, 1, 15), "06/2026"),
    ],
)
def test_a_month_without_a_year_is_the_nearest_not_over_six_months_past(mes: int, hoje: date, esperado: str) -> None:
    assert str(resolve_mes(mes, None, hoje)) == esperado
    assert resolve_mes(mes, 2019, hoje) == MesReferencia(2019, mes)


def test_names_and_codes_compare_without_noise() -> None:
    assert fold("  José  d'Ávila-Conceição ") == "JOSE D AVILA CONCEICAO"
    assert fold_codigo(" 17.308 ") == fold_codigo("17308") == "17308"
    assert fold_codigo("pv-01a") == "PV01A"
