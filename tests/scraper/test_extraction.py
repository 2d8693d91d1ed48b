"""What a boleto yields: every field of thousands of slips of both families, and what is not taken of doubtful ones."""

from __future__ import annotations

from datetime import date

import pytest

from services.scraper.extraction import find_nosso_numero, find_pagador
from services.scraper.verification import verify
from shared.boleto import parse_linha
from shared.events import Origem
from tests.scraper.slips import Slip, make_slips, take
from tests.simulator import codes

HOJE = date(2026, 11, 24)


async def read(slip: Slip) -> tuple[dict[str, object], set[Origem]]:
    conferido = await verify(slip.draw(), slip.procurado)
    linha = conferido.linha
    lido: dict[str, object] = {
        "linha": linha.linha, "barras": linha.codigo_barras, "banco": linha.banco, "valor": linha.valor,
        "vencimento": linha.vencimento, "nosso_numero": conferido.nosso_numero, "nome": conferido.pagador,
    }  # fmt: skip
    return lido, set(conferido.origens.values())


def expected(slip: Slip) -> dict[str, object]:
    boleto = slip.boleto
    return {
        "linha": boleto.linha, "barras": boleto.barras, "banco": None if boleto.arrecadacao else boleto.banco,
        "valor": boleto.valor if slip.com_valor else None,
        "vencimento": boleto.vencimento if slip.com_vencimento else None,
        "nosso_numero": boleto.nosso_numero, "nome": boleto.nome,
    }  # fmt: skip


@pytest.mark.parametrize("quantos", [100, pytest.param(5_000, marks=[pytest.mark.completo, pytest.mark.timeout(900)])])
async def test_all_fields_of_generated_slips_are_what_generated_them(quantos: int) -> None:
    """Both families, six layouts, seven banks, both sides of 22/02/2025, CPF, CNPJ, CNPJ with letters."""
    for slip in take(quantos):
        assert await read(slip) == (expected(slip), {"texto"}), slip


LINHA = parse_linha(take(1)[0].boleto.linha, HOJE)


def nosso(texto: str, lido: Origem = "texto", *, abaixo: bool = False) -> str | None:
    return find_nosso_numero(texto, LINHA, lido, abaixo=abaixo)


@pytest.mark.parametrize(
    ("texto", "visto"),
    [
        ("Nosso Número: 12/34567-8", "12/34567-8"),
        ("Nosso Nº 14000000012345678-9", "14000000012345678-9"),
        ("NOSSO NÚMERO          Vencimento\n31234560000000123     10/12/2026", "31234560000000123"),
        ("Nosso Número / Cód. do Documento\n109 / 12345678-9", "109/12345678-9"),
        ("Conta 0098765-4\n12/34567-8", "12/34567-8"),
        ("Nosso Número\nAgência 1234-5 / 0098765-4", None),
        ("Nosso Número\n10/12/2026    1.234,56", None),
        ("NOSSO NUMERO..........: 09/01234-5\nNumero do documento 12345", "09/01234-5"),
        ("Nosso Número ________ 31234560000000123", "31234560000000123"),
        ("Agência/Conta                 Nosso Número\n1234-5/0098765-4              12/34567-8", "12/34567-8"),
    ],
)
def test_the_nosso_numero_is_the_one_at_its_label(texto: str, visto: str | None) -> None:
    assert nosso(texto) == visto


def test_a_piece_of_the_line_is_no_nosso_numero() -> None:
    """Under an empty field, or close to the label of a number that stands further along its row."""
    banco = codes.punctuate_linha(LINHA.linha)
    assert nosso(f"{'Nosso Número':>{len(banco)}}\n{banco}") is None
    guia = next(slip.boleto for slip in take(30) if slip.boleto.arrecadacao)
    escrita = codes.punctuate_linha(guia.linha)
    arrecadacao = parse_linha(guia.linha, HOJE)
    for texto, visto in (("", None), (f"{'':>10}09/01234-5", "09/01234-5")):
        assert find_nosso_numero(f"Nosso Número{texto}\n{escrita}", arrecadacao, "texto", abaixo=False) == visto


def test_where_captions_stand_below_the_number_is_looked_for_above() -> None:
    texto = "12345678901     10/12/2026\nNosso Número    Vencimento\n98765432109"
    assert (nosso(texto, abaixo=True), nosso(texto)) == ("12345678901", "98765432109")


def test_of_a_picture_a_nosso_numero_is_taken_only_where_the_line_proves_it() -> None:
    livre = LINHA.codigo_barras[19:]
    corpo, mod10 = livre[:11], codes.mod10(f"109{livre[:11]}")
    for provado in (f"{corpo}-{livre[11]}", f"{livre[:3]}/{livre[3:11]}-{livre[11]}", f"109/{corpo}-{mod10}"):
        assert nosso(f"Nosso Número: {provado}", "ocr") == provado
    for solto in (corpo, f"108/{corpo}-{mod10}", f"109/{corpo[::-1]}-{codes.mod10('109' + corpo[::-1])}"):
        assert nosso(f"Nosso Número: {solto}") == solto
        assert nosso(f"Nosso Número: {solto}", "ocr") is None


CPF, NOME = "52998224725", "ANTÔNIO D'ÁVILA CONCEIÇÃO"


def pagador(texto: str, nome: str = "", lido: Origem = "texto", *, abaixo: bool = False) -> str | None:
    return find_pagador(texto, CPF, nome, lido, abaixo=abaixo)


@pytest.mark.parametrize(
    "texto",
    [
        f"Pagador: {NOME} CPF: 529.982.247-25",
        f"Pagador\n{NOME} - 529.982.247-25",
        f"Pagador:      {NOME}\nCPF/CNPJ: 529.982.247-25",
        f"Pagador                              CPF/CNPJ\n{NOME}            529.982.247-25",
        f"Sacado {NOME} (52998224725)",
        f"Recibo do Pagador\nNome do Pagador\n{NOME}\nRua das Flores\n529.982.247-25",
    ],
)
def test_the_payers_name_is_read_at_its_label_and_by_the_portals_name(texto: str) -> None:
    assert pagador(texto) == NOME
    assert pagador(f"Prezado cliente, {NOME.lower()},\n" + texto, "ANTONIO D AVILA CONCEICAO") == NOME.lower()


@pytest.mark.parametrize(
    "documento",
    ["529982247-25", "529.982.247-25", "529 982 247 25", "529982247/25", "C.P.F.: 529.982.247-25", "52998224725"],
)
def test_no_document_is_left_in_a_name(documento: str) -> None:
    """A name is shown to whoever may not see the document."""
    assert pagador(f"Pagador: {NOME} {documento}") == NOME
    assert pagador(f"Pagador: {NOME} {documento}", f"{NOME} {documento}") == NOME


@pytest.mark.parametrize("empresa", ["12.345.678 ANA PAULA SOUZA LIMA", "SUPERMERCADO24 HORAS LTDA"])
def test_a_companys_name_may_have_digits(empresa: str) -> None:
    for nome in ("", empresa):
        texto = f"Pagador {empresa} CNPJ 04.252.011/0001-10"
        assert find_pagador(texto, "04252011000110", nome, "texto", abaixo=False) == empresa


@pytest.mark.parametrize("documento", ["04252011000110", "04252011/0001-10", "C.N.P.J. 04.252.011/0001-10"])
def test_no_companys_document_is_left_in_its_name(documento: str) -> None:
    assert find_pagador(f"Pagador: EMPRESA A LTDA {documento}", "04252011000110", "", "texto", abaixo=False) == (
        "EMPRESA A LTDA"
    )


@pytest.mark.parametrize(
    "texto",
    [
        "Prezado(a) Consorciado(a), a ADMINISTRADORA CNPJ informa\n529.982.247-25",
        "Pagador\n529.982.247-25",
        "Pagador   CPF/CNPJ\n529.982.247-25",
        f"Pagador\n{NOME}\n\n\n\n\n529.982.247-25",
        "",
    ],
)
def test_what_is_no_name_beside_the_payers_document_is_not_taken_for_one(texto: str) -> None:
    assert pagador(texto) is None


def test_of_a_picture_only_the_name_that_the_portal_knows_is_taken() -> None:
    texto = "Pagador: ANTONIO D'AVILA CONCEIÇAO CPF: 529.982.247-25"
    assert pagador(texto, NOME, "ocr") == NOME
    assert pagador(texto.replace("AVILA", "AVLLA"), NOME, "ocr") is None


async def test_a_line_without_date_and_amount_says_so_and_the_paper_says_them() -> None:
    slip = next(slip for slip in make_slips() if not (slip.com_valor or slip.com_vencimento or slip.boleto.arrecadacao))
    conferido = await verify(slip.draw(), slip.procurado)
    assert (conferido.linha.valor, conferido.linha.vencimento) == (None, None)
    assert (conferido.origens["valor"], conferido.origens["vencimento"]) == ("texto", "texto")
