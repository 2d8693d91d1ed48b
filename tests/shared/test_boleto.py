"""The boleto codec against an encoder written apart from it, straight from the published layouts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.boleto import (
    LinhaInvalida,
    codigo_from_linha,
    decode_fator,
    find_linhas,
    format_linha,
    linha_from_codigo,
    parse_linha,
)

HOJE = date(2026, 11, 23)


# --- the encoder ------------------------------------------------------------------------------------------------------


def dv10(numero: str) -> str:
    soma, peso = 0, 2
    for digito in numero[::-1]:
        soma += sum(map(int, str(int(digito) * peso)))
        peso = 3 - peso
    return str((10 - soma % 10) % 10)


def resto11(numero: str) -> int:
    soma, peso = 0, 2
    for digito in numero[::-1]:
        soma += int(digito) * peso
        peso = 2 if peso == 9 else peso + 1
    return soma % 11


def dv_arrecadacao(identificacao: str, numero: str) -> str:
    if identificacao in "67":
        return dv10(numero)
    return {0: "0", 1: "0", 10: "1"}.get(resto11(numero)) or str(11 - resto11(numero))


def encode_cobranca(banco: str, fator: int, centavos: int, livre: str, moeda: str = "9") -> tuple[str, str]:
    """→ (linha, código de barras)"""
    resto = f"{fator:04d}{centavos:010d}{livre}"
    dv = 11 - resto11(banco + moeda + resto)
    geral = "1" if dv in (0, 10, 11) else str(dv)
    um, dois, tres = banco + moeda + livre[:5], livre[5:15], livre[15:]
    linha = um + dv10(um) + dois + dv10(dois) + tres + dv10(tres) + geral + f"{fator:04d}{centavos:010d}"
    return linha, banco + moeda + geral + resto


def encode_arrecadacao(segmento: str, identificacao: str, valor: int, livre: str) -> tuple[str, str]:
    inicio, resto = "8" + segmento + identificacao, f"{valor:011d}{livre}"
    codigo = inicio + dv_arrecadacao(identificacao, inicio + resto) + resto
    blocos = [codigo[i : i + 11] for i in (0, 11, 22, 33)]
    return "".join(bloco + dv_arrecadacao(identificacao, bloco) for bloco in blocos), codigo


def digitos(quantos: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=quantos, max_size=quantos)


bancos = digitos(3).filter(lambda banco: banco[0] != "8")
cobrancas = st.tuples(bancos, st.integers(1000, 9999), st.integers(0, 10**10 - 1), digitos(25))
arrecadacoes = st.tuples(st.sampled_from("12345679"), st.sampled_from("6789"), st.integers(0, 10**11 - 1), digitos(29))


# --- cobrança ---------------------------------------------------------------------------------------------------------


@given(cobrancas)
def test_a_cobranca_line_gives_back_what_was_encoded(boleto: tuple[str, int, int, str]) -> None:
    banco, fator, centavos, livre = boleto
    linha, codigo = encode_cobranca(banco, fator, centavos, livre)
    lida = parse_linha(linha, HOJE)
    assert (lida.tipo, lida.linha, lida.codigo_barras, lida.banco) == ("cobranca", linha, codigo, banco)
    assert lida.valor == (Decimal(centavos) / 100 if centavos else None)
    assert parse_linha(format_linha(linha), HOJE) == lida
    assert linha_from_codigo(codigo) == linha


def test_a_published_line_is_read() -> None:
    linha = "00190.50095 40144.816069 06809.350314 3 37370000000100"
    lida = parse_linha(linha, date(2008, 1, 10))
    assert lida.codigo_barras == "00193373700000001000500940144816060680935031"
    assert (lida.banco, lida.valor, lida.vencimento) == ("001", Decimal("1.00"), date(2007, 12, 31))
    assert format_linha(lida.linha) == linha


@given(cobrancas, st.integers(0, 31), st.integers(1, 9))
def test_no_wrong_digit_of_the_first_three_fields_passes(
    boleto: tuple[str, int, int, str], posicao: int, mais: int
) -> None:
    linha, _ = encode_cobranca(*boleto)
    trocada = linha[:posicao] + str((int(linha[posicao]) + mais) % 10) + linha[posicao + 1 :]
    with pytest.raises(LinhaInvalida) as erro:
        parse_linha(trocada, HOJE)
    assert erro.value.falha == f"campo {1 + (posicao > 9) + (posicao > 20)}"


def test_the_general_digit_guards_amount_and_factor() -> None:
    linha, _ = encode_cobranca("237", 1639, 123456, "1" * 25)
    with pytest.raises(LinhaInvalida, match="dígito geral"):
        parse_linha(linha[:-1] + "7", HOJE)


def test_an_amount_in_another_currency_is_no_amount_in_reais() -> None:
    linha, _ = encode_cobranca("237", 1639, 123456, "1" * 25, moeda="0")
    assert parse_linha(linha, HOJE).valor is None


# --- fator de vencimento ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fator", "referencia", "vencimento"),
    [
        (1000, date(2000, 7, 3), date(2000, 7, 3)),
        (9999, date(2025, 2, 21), date(2025, 2, 21)),
        (1000, date(2025, 2, 21), date(2025, 2, 22)),
        (1001, date(2025, 2, 22), date(2025, 2, 23)),
        (1639, date(2026, 11, 23), date(2026, 11, 23)),
        (9999, date(2026, 11, 23), date(2025, 2, 21)),
        (9999, date(2049, 10, 1), date(2049, 10, 13)),
        (1000, date(2049, 10, 13), date(2049, 10, 14)),
        (0, date(2026, 11, 23), None),
        (999, date(2026, 11, 23), None),
    ],
)
def test_the_factor_goes_round_in_2025_and_2049(fator: int, referencia: date, vencimento: date | None) -> None:
    assert decode_fator(fator, referencia) == vencimento


def test_the_window_is_3000_days_back_and_5500_ahead_with_a_dead_zone_between() -> None:
    def fator(dia: date) -> int:
        return (dia - date(1997, 10, 7)).days

    first, last = date(2018, 9, 6), date(2041, 12, 14)
    assert decode_fator(fator(first), HOJE) == first
    assert decode_fator(fator(last) - 9000, HOJE) == last
    assert decode_fator(fator(first) - 1, HOJE) is None
    assert decode_fator(fator(last) - 9000 + 1, HOJE) is None


@given(st.dates(date(2001, 1, 1), date(2070, 1, 1)), st.integers(-3000, 5500))
def test_every_due_date_within_the_window_comes_back(referencia: date, dias: int) -> None:
    vencimento = referencia + timedelta(days=dias)
    assume(vencimento >= date(2000, 7, 3))
    fator = ((vencimento - date(1997, 10, 7)).days - 1000) % 9000 + 1000
    assert decode_fator(fator, referencia) == vencimento


# --- arrecadação ------------------------------------------------------------------------------------------------------


@given(arrecadacoes)
def test_an_arrecadacao_line_gives_back_what_was_encoded(boleto: tuple[str, str, int, str]) -> None:
    linha, codigo = encode_arrecadacao(*boleto)
    lida = parse_linha(format_linha(linha), HOJE)
    assert (lida.tipo, lida.linha, lida.codigo_barras) == ("arrecadacao", linha, codigo)
    assert (lida.banco, lida.vencimento) == (None, None)
    em_reais = boleto[1] in "68" and boleto[2] > 0
    assert lida.valor == (Decimal(boleto[2]) / 100 if em_reais else None)
    assert linha_from_codigo(codigo) == linha


@given(arrecadacoes.filter(lambda b: b[1] in "67"), st.integers(0, 47), st.integers(1, 9))
def test_no_wrong_digit_of_a_mod_10_arrecadacao_passes(
    boleto: tuple[str, str, int, str], posicao: int, mais: int
) -> None:
    linha, _ = encode_arrecadacao(*boleto)
    trocada = linha[:posicao] + str((int(linha[posicao]) + mais) % 10) + linha[posicao + 1 :]
    with pytest.raises(LinhaInvalida):
        parse_linha(trocada, HOJE)


@pytest.mark.parametrize(
    ("troca", "falha"),
    [({0: "7"}, "produto"), ({1: "8"}, "segmento"), ({2: "5"}, "identificação do valor"), ({23: "x"}, "caracteres")],
)
def test_an_arrecadacao_says_what_is_wrong(troca: dict[int, str], falha: str) -> None:
    linha, _ = encode_arrecadacao("3", "6", 12345, "0" * 29)
    with pytest.raises(LinhaInvalida, match=falha):
        parse_linha("".join(troca.get(i, c) for i, c in enumerate(linha)), HOJE)


@pytest.mark.parametrize("texto", ["", "1", "1" * 46, "1" * 49])
def test_another_length_is_no_line(texto: str) -> None:
    with pytest.raises(LinhaInvalida):
        parse_linha(texto, HOJE)


@pytest.mark.parametrize("codigo", ["", "1" * 43, "8" * 44, "237" + "x" * 41, "0" * 44])
def test_a_wrong_barcode_gives_no_line(codigo: str) -> None:
    with pytest.raises(LinhaInvalida):
        linha_from_codigo(codigo)


def test_a_line_that_would_be_taken_for_an_arrecadacao_is_refused() -> None:
    linha, _ = encode_cobranca("837", 1639, 123456, "1" * 25)
    with pytest.raises(LinhaInvalida, match="banco"):
        codigo_from_linha(linha)


# --- a page's text ----------------------------------------------------------------------------------------------------

LINHA, CODIGO = encode_cobranca("237", 1639, 123456, "3381260007827139500006330")
CONVENIO, _ = encode_arrecadacao("6", "8", 98765, "00660" + "1" * 24)


@pytest.mark.parametrize(
    "texto",
    [
        format_linha(LINHA),
        LINHA,
        " ".join(LINHA[i : i + 5] for i in range(0, 47, 5)),
        format_linha(LINHA).replace(" ", "\n"),
        format_linha(LINHA).replace(" ", " \u00a0 \r\n "),
        f"Bradesco |237-2| {format_linha(LINHA)}",
        f"Bradesco 237-2 {format_linha(LINHA)} 01/02",
        f"237-2\n{format_linha(LINHA)}\nVencimento 23/11/2026 006650/2278-00 1.234,56",
        f"CPF 123.456.789-09 {format_linha(LINHA)} 10",
        f"237-2{format_linha(LINHA)}9",
        f"{CODIGO}\n{format_linha(LINHA)}",
        f"{format_linha(LINHA)} Recibo do Pagador {format_linha(LINHA)} Ficha de Compensação",
    ],
)
def test_the_line_is_found_among_its_neighbours(texto: str) -> None:
    assert find_linhas(texto) == [LINHA]


@pytest.mark.parametrize(
    "texto", [format_linha(CONVENIO), CONVENIO, format_linha(CONVENIO).replace("-", " "), f"1 {CONVENIO}\n2"]
)
def test_an_arrecadacao_is_found(texto: str) -> None:
    assert find_linhas(texto) == [CONVENIO]


def test_both_families_on_one_page_are_found() -> None:
    assert find_linhas(f"a {format_linha(CONVENIO)} b {format_linha(LINHA)}") == [CONVENIO, LINHA]


@pytest.mark.parametrize("formato", ["impressa", "corrida"])
def test_a_line_whose_digits_do_not_close_is_still_a_candidate(formato: str) -> None:
    trocada = LINHA[:-1] + str((int(LINHA[-1]) + 1) % 10)
    texto = format_linha(trocada) if formato == "impressa" else trocada
    assert find_linhas(f"237-2 | {texto} | x") == [trocada]


def test_a_sure_line_comes_before_a_doubtful_one() -> None:
    trocada = "9" + LINHA[1:]
    assert find_linhas(f"{format_linha(trocada)} | {format_linha(LINHA)}") == [LINHA, trocada]


@pytest.mark.parametrize(
    "texto", ["", "sem boleto", "12345678909", CODIGO, "Parcela 12 de 80, valor 1.234,56, telefone (67) 99999-0000"]
)
def test_other_numbers_are_no_line(texto: str) -> None:
    assert find_linhas(texto) == []


@given(cobrancas, st.text("0123456789 .-/,\nabc", max_size=60), st.text("0123456789 .-/,\nabc", max_size=60))
def test_free_text_around_it_never_hides_the_line(boleto: tuple[str, int, int, str], antes: str, depois: str) -> None:
    linha, _ = encode_cobranca(*boleto)
    assert linha in find_linhas(f"{antes} {format_linha(linha)} {depois}")
