"""The profile: data that is checked before any portal is opened."""

from __future__ import annotations

import pytest

from services.scraper.portal.profile import PASTA_PERFIS, PerfilInvalido, list_perfis, load_perfil, parse_perfil, says

TOML = (PASTA_PERFIS / "canopus.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("nome", list_perfis())
def test_every_profile_that_is_shipped_is_valid(nome: str) -> None:
    assert load_perfil(nome).nome == nome


@pytest.mark.parametrize("nome", ["nenhum", "../canopus", ""])
def test_an_unknown_profile_names_the_ones_there_are(nome: str) -> None:
    with pytest.raises(PerfilInvalido, match="canopus"):
        load_perfil(nome)


@pytest.mark.parametrize(
    ("de", "para", "dito"),
    [
        ('raiz = "/WWW/"', 'raiz = "WWW"', "raiz"),
        ("ritmo_ms = 1000", "ritmo_ms = -1", "ritmo_ms"),
        ("navegacao_s = 30.0", "navegacao_s = 0", "esperas.navegacao_s"),
        ("nome = ", "apelido = 'x'\nnome = ", "apelido"),
        ("unidade_id = '", "unidade_id = '(", "dizeres.unidade_id"),
        ('token = ["token"', 'token = ["..."', "dizeres.token"),
        ("[controles]", "[controles", "TOML"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_name(de: str, para: str, dito: str) -> None:
    assert de in TOML
    with pytest.raises(PerfilInvalido, match=dito):
        parse_perfil(TOML.replace(de, para, 1), "canopus")


@pytest.mark.parametrize(
    ("url_base", "base"),
    [
        ("https://portal.exemplo", "https://portal.exemplo/WWW/"),
        ("https://portal.exemplo/", "https://portal.exemplo/WWW/"),
        ("https://portal.exemplo/NewconWeb", "https://portal.exemplo/NewconWeb/"),
        ("http://127.0.0.1:8900/WWW/", "http://127.0.0.1:8900/WWW/"),
    ],
)
def test_a_base_is_an_origin_with_or_without_the_virtual_root(url_base: str, base: str) -> None:
    assert load_perfil("canopus").base(url_base) == base


@pytest.mark.parametrize(
    ("usuario", "digitado"),
    [("17308", "0000017308"), ("17.308", "0000017308"), (" 0000017308 ", "0000017308"), ("maria.silva", "maria.silva")],
)
def test_a_code_is_padded_to_ten_digits_and_a_name_is_not(usuario: str, digitado: str) -> None:
    assert load_perfil("canopus").pad_usuario(usuario) == digitado


def test_texts_compare_folded_and_from_the_start_of_a_word() -> None:
    dizeres = load_perfil("canopus").dizeres
    assert says("USUARIO BLOQUEADO, procure o suporte", dizeres.bloqueado)
    assert says("Nenhum Registro Encontrado!", dizeres.sem_registro)
    assert says("Violation Category: APPFW_SIGNATURE_MATCH", dizeres.firewall)
    assert not says("Este site é protegido por reCAPTCHA", dizeres.captcha)
    assert not says("desbloqueado", dizeres.bloqueado)
