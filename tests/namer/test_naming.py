"""File names: what belongs to a client's name, and that no name is ever unsafe."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.namer.naming import (
    LIMITE_NOME_BYTES,
    Identidade,
    clean_nome,
    nome_limpo,
    nome_pasta,
    nomes_arquivo,
)

TAGS = ("IMOVEL", "MEGAZAP", "JÁ NEGOCIADO")
NOVEMBRO = Identidade("17.308", "52998224725", 6650, 7, 11, 2026)


def nome_arquivo(texto: str, identidade: Identidade = NOVEMBRO, *, homonimo: bool = False) -> str:
    return nomes_arquivo(clean_nome(texto, TAGS), identidade, homonimo=homonimo)[0]


@pytest.mark.parametrize(
    "texto",
    [
        "ANA PAULA SOUZA LIMA",
        "ANA PAULA SOUZA LIMA - 70%",
        "ANA PAULA SOUZA LIMA 70%",
        "ANA PAULA SOUZA LIMA -70%",
        "ANA PAULA SOUZA LIMA- 70%",
        "ANA PAULA SOUZA LIMA-70%",
        "ANA PAULA SOUZA LIMA70%",
        "ANA PAULA SOUZA LIMA 70 %",
        "ANA PAULA SOUZA LIMA – 70%",
        "ANA PAULA SOUZA LIMA 33,5%",
        "ANA PAULA SOUZA LIMA 0.7",
        "ANA PAULA SOUZA LIMA - 0,7",
        "ANA PAULA SOUZA LIMA 100%",
        "  ANA  PAULA\tSOUZA\u00a0LIMA  50% ",
        "ANA PAULA SOUZA LIMA IMOVEL 70%",
        "ANA PAULA SOUZA LIMA - IMÓVEL - 70%",
        "ANA PAULA SOUZA LIMA 70% MEGAZAP",
        "ANA PAULA SOUZA LIMA MegaZap",
        "ANA PAULA SOUZA LIMA 70% - JÁ NEGOCIADO",
        "ANA PAULA SOUZA LIMA - JÁ NEGOCIADO",
        "ANA PAULA SOUZA LIMA - ja negociado 50%",
        "ANA PAULA SOUZA LIMA (FULANO DE TAL)",
        "ANA PAULA SOUZA LIMA (FULANO) 70%",
        "ANA PAULA SOUZA LIMA 70% (FULANO",
        "ANA PAULA SOUZA LIMA (70%)",
        "ANA PAULA (esposa (do fulano)) SOUZA LIMA",
        "IMOVEL ANA PAULA SOUZA LIMA",
        "70% ANA PAULA SOUZA LIMA",
        "(FULANO 50%) ANA PAULA SOUZA LIMA",
        "IMOVEL 70% ANA PAULA SOUZA LIMA",
        "ANA PAULA SOUZA LIMA 70% OUTRA PESSOA QUALQUER",
        "ANA/PAULA: SOUZA.LIMA*",
        "../ANA PAULA SOUZA LIMA",
    ],
)
def test_the_noise_of_the_sheet_is_no_part_of_the_file_name(texto: str) -> None:
    assert nome_arquivo(texto) == "ANA_PAULA_SOUZA_LIMA_NOVEMBRO.pdf"


@pytest.mark.parametrize(
    ("texto", "limpo"),
    [
        ("JOSÉ D'ÁVILA CONCEIÇÃO 70%", "JOSÉ_D_ÁVILA_CONCEIÇÃO"),
        (unicodedata.normalize("NFD", "JOSÉ CONCEIÇÃO"), "JOSÉ_CONCEIÇÃO"),
        ("MARIA IMOVELINA MEGAZAPATA", "MARIA_IMOVELINA_MEGAZAPATA"),
        ("JÁCOMO NEGOCIADO", "JÁCOMO_NEGOCIADO"),
        ("Maria-Clara Sá", "Maria_Clara_Sá"),
        ("AÇO & CIA 3ª LTDA.", "AÇO_CIA_LTDA"),
        ("", ""),
        ("70%", ""),
        ("IMOVEL - 70%", ""),
        ("_-_", ""),
    ],
)
def test_letters_keep_their_accents_and_the_rest_is_one_underscore(texto: str, limpo: str) -> None:
    assert nome_limpo(clean_nome(texto, TAGS)) == limpo


def test_the_name_people_read_keeps_its_signs() -> None:
    assert clean_nome(" AÇO &  CIA 3 LTDA - IMOVEL 70%", TAGS) == "AÇO & CIA 3 LTDA"
    assert clean_nome("JOSÉ D'ÁVILA (X) - JÁ NEGOCIADO", TAGS) == "JOSÉ D'ÁVILA"


def test_tags_come_from_the_setting() -> None:
    assert clean_nome("ANA VEÍCULO 70%", ("VEICULO",)) == "ANA"
    assert clean_nome("ANA VEÍCULO 70%", ()) == "ANA VEÍCULO"


def test_march_keeps_its_cedilla() -> None:
    assert nome_arquivo("ANA LIMA", replace(NOVEMBRO, mes=3)) == "ANA_LIMA_MARÇO.pdf"


def test_homonyms_carry_their_contract_before_the_month() -> None:
    assert nome_arquivo("ANA LIMA", homonimo=True) == "ANA_LIMA_6650_7_NOVEMBRO.pdf"


def test_further_names_carry_the_year_and_then_the_ponto_de_venda() -> None:
    assert nomes_arquivo("ANA LIMA", NOVEMBRO, homonimo=False) == (
        "ANA_LIMA_NOVEMBRO.pdf",
        "ANA_LIMA_NOVEMBRO_2026.pdf",
        "ANA_LIMA_6650_7_NOVEMBRO_2026_17308.pdf",
    )


def test_a_client_without_a_name_left_is_called_by_contract() -> None:
    assert nome_arquivo("IMOVEL 70%") == "CLIENTE_6650_7_NOVEMBRO.pdf"


@given(st.text(max_size=400), st.booleans())
def test_no_text_makes_an_unsafe_file_name(texto: str, homonimo: bool) -> None:
    for nome in nomes_arquivo(clean_nome(texto, TAGS), NOVEMBRO, homonimo=homonimo):
        assert len(nome.encode()) <= LIMITE_NOME_BYTES < 255
        assert nome == unicodedata.normalize("NFC", nome)
        tronco = nome.removesuffix(".pdf")
        assert re.search(r"_NOVEMBRO(_2026(_17308)?)?$", tronco)
        assert all(c.isalnum() or c == "_" for c in tronco)
        assert not tronco.startswith("_") and "__" not in tronco
        assert tronco.upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


@pytest.mark.parametrize("inicio", ["", "A"])
def test_a_long_name_is_cut_between_characters_and_keeps_its_ending(inicio: str) -> None:
    final = "_6650_7_NOVEMBRO.pdf"
    cabem = (LIMITE_NOME_BYTES - len(final) - len(inicio)) // 2
    assert nome_arquivo(inicio + "Ç" * 300, homonimo=True) == inicio + "Ç" * cabem + final


@pytest.mark.parametrize(
    ("pasta", "segura"),
    [
        ("DAYLER & Cia. Ltda", "DAYLER & Cia. Ltda"),
        ("  João  da Sé ", "João da Sé"),
        ("../../etc", "_.._etc"),
        ("..", "SEM PASTA"),
        ("a/b\\c", "a_b_c"),
        ("_interno", "interno"),
        ("_INTERNO_x", "INTERNO_x"),
        ("CON", "CON_"),
        ("nul.txt", "nul.txt_"),
        ("Lpt1", "Lpt1_"),
        ("consultor.", "consultor"),
        ("a\x00b\nc", "a_b_c"),
        ("", "SEM PASTA"),
        (None, "SEM PASTA"),
    ],
)
def test_a_folder_is_one_safe_part_of_a_path(pasta: str | None, segura: str) -> None:
    assert nome_pasta(pasta) == segura


@given(st.text(max_size=300))
def test_no_text_makes_an_unsafe_folder(texto: str) -> None:
    pasta = nome_pasta(texto)
    assert pasta and len(pasta.encode()) <= 200
    assert not set(pasta) & set('<>:"/\\|?*\x00\n')
    assert pasta not in (".", "..") and not pasta.casefold().startswith("_interno")
    assert pasta == pasta.strip(" .")
    assert nome_pasta(pasta) == pasta


def test_the_same_contract_in_another_month_is_told_from_another_contract() -> None:
    assert NOVEMBRO.is_same_contract(str(replace(NOVEMBRO, ano=2027)))
    assert not NOVEMBRO.is_same_contract(str(replace(NOVEMBRO, cota=8)))
    assert str(NOVEMBRO) == str(replace(NOVEMBRO, ponto_venda="17308"))
