"""Return files read by position: what a bank writes is understood, what does not add up is refused with its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.retorno import RetornoInvalido, parse_retorno
from tests.gateway.cadastro import cpf_de
from tests.gateway.cnab import BANCO, Pago, encode, make_retorno, put, write_arquivo, write_lote, write_titulo


def test_a_file_is_read_with_every_slip_and_the_date_of_each() -> None:
    retorno = parse_retorno(
        make_retorno(
            Pago(documento=cpf_de(1), numero_documento="0000123456", valor_pago=10_250),
            Pago("00000000000000000555", None, 81_245, 0, None, movimento="02", documento="12ABC34501DE35"),
        )
    )
    assert (retorno.banco, retorno.empresa, retorno.gerado_em, retorno.sequencia) == (
        BANCO, "ADMINISTRADORA MODELO", date(2026, 11, 10), 17,
    )  # fmt: skip
    pago, entrada = retorno.titulos
    assert (pago.linha, pago.is_pagamento, pago.nosso_numero, pago.numero_documento) == (
        3, True, "10900001234", "0000123456",
    )  # fmt: skip
    assert (pago.vencimento, pago.valor, pago.valor_pago, pago.data_ocorrencia, pago.documento) == (
        date(2026, 11, 10), Decimal("100.00"), Decimal("102.50"), date(2026, 11, 9), cpf_de(1),
    )  # fmt: skip
    assert (entrada.is_pagamento, entrada.vencimento, entrada.documento) == (False, None, "12ABC34501DE35")


@pytest.mark.parametrize("fim", ["\r\n", "\n"])
def test_line_ends_and_lost_blanks_do_not_matter(fim: str) -> None:
    linhas = [linha.rstrip() for linha in write_arquivo(write_lote(write_titulo(Pago(), 1)))]
    retorno = parse_retorno(encode(linhas, fim) + b"\x1a")
    assert [titulo.valor_pago for titulo in retorno.titulos] == [Decimal(100)]


def test_other_services_and_segments_in_the_file_are_passed_over() -> None:
    t, u = write_titulo(Pago(), 1, 2)
    y = put((1, f"{BANCO}00023"), (9, "00003Y"), (16, "06"))
    arquivo = write_arquivo(write_lote([put((1, f"{BANCO}00013"), (14, "A"))], servico="20"), write_lote([t, u, y], 2))
    (titulo,) = parse_retorno(encode(arquivo)).titulos
    assert titulo.linha == 6


def whole() -> list[str]:
    return write_arquivo(write_lote(write_titulo(Pago(), 1) + write_titulo(Pago("2"), 2)))


def change(n: int, posicao: int, texto: str) -> Callable[[], list[str]]:
    """The file with that text in the record n (from 1; negative: from the end)."""

    def write() -> list[str]:
        linhas = whole()
        linha = linhas[n - 1 if n > 0 else n]
        linhas[n - 1 if n > 0 else n] = linha[: posicao - 1] + texto + linha[posicao - 1 + len(texto) :]
        return linhas

    return write


def drop(n: int) -> Callable[[], list[str]]:
    return lambda: [linha for i, linha in enumerate(whole(), 1) if i != n]


@pytest.mark.parametrize(
    ("write", "linha", "motivo"),
    [
        (lambda: write_arquivo(write_lote([]), remessa=True), 1, "não é um arquivo de retorno"),
        (drop(1), 1, "não é o cabeçalho"),
        (drop(8), 7, "falta o fim do arquivo"),
        (drop(7), 6, "falta o fim do lote"),
        (drop(2), 2, "fora de lote"),
        (change(4, 14, "Y"), 3, "sem o U"),
        (change(3, 14, "Y"), 4, "sem o T"),
        (drop(4), 6, "é 6, e há 5"),
        (change(7, 18, "000009"), 7, "é 9, e há 6"),
        (change(-1, 18, "000002"), 8, "é 2, e há 1"),
        (change(-1, 24, "000099"), 8, "é 99, e há 8"),
        (change(4, 16, "17"), 4, "sem o T do mesmo movimento"),
        (change(3, 74, "31022026"), 3, "não é uma data"),
        (change(3, 82, "0000000001A0000"), 3, "não é número"),
        (change(5, 1, "237"), 5, "o banco"),
        (change(5, 4, "0002"), 5, "do lote 0002"),
        (lambda: ["uma carta qualquer"], 1, "240 posições"),
        (lambda: [*whole()[:3], whole()[3] + "x", *whole()[4:]], 4, "240 posições"),
        (lambda: [""], 1, "vazio"),
    ],
)
def test_what_does_not_add_up_is_refused_with_its_line(write: Callable[[], list[str]], linha: int, motivo: str) -> None:
    with pytest.raises(RetornoInvalido) as recusa:
        parse_retorno(encode(write()))
    assert str(recusa.value).startswith(f"linha {linha}: ") and motivo in str(recusa.value)


@given(st.binary(max_size=2000))
def test_no_bytes_are_read_as_anything_but_a_file_or_a_refusal(dados: bytes) -> None:
    with pytest.raises(RetornoInvalido):
        parse_retorno(dados)


@given(st.data())
def test_a_file_cut_or_changed_anywhere_is_read_whole_or_refused(data: st.DataObject) -> None:
    dados = bytearray(make_retorno(Pago(), Pago("2", movimento="17")))
    posicao = data.draw(st.integers(0, len(dados) - 1))
    if data.draw(st.booleans()):
        dados = dados[:posicao]
    else:
        dados[posicao] = data.draw(st.integers(32, 255))
    try:
        retorno = parse_retorno(bytes(dados))
    except RetornoInvalido:
        return
    # None: the lot is of another service now.
    assert len(retorno.titulos) in (0, 2)
