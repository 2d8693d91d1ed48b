"""What the http driver makes of a page's scripts without running them."""

from __future__ import annotations

import pytest

from services.scraper.portal.http.scripts import (
    Postback,
    find_atualizacao,
    find_clique,
    find_espera_s,
    find_lugar,
    find_postback,
    list_dialogos,
    list_enderecos,
    list_textos,
    read_codigo,
    strip_condicoes,
)
from services.scraper.portal.pages import Pagina

DOPOSTBACK = "function __doPostBack(t, a) { theForm.__EVENTTARGET.value = t; theForm.submit(); }"


def code(html: str) -> str:
    return read_codigo(Pagina("http://x/", 200, html))


def alerts(script: str, corpo: str = "") -> tuple[str, ...]:
    return list_dialogos(strip_condicoes(code(f"<body {corpo}><script>{script}</script>")))


@pytest.mark.parametrize(
    ("script", "ditos"),
    [
        ("alert('Usuário ou senha inválida');", ("Usuário ou senha inválida",)),
        ('alert("Linha\\n" + "dois \\u00e9 \\x41 \\"");', ('Linha\ndois é A "',)),
        ("setTimeout(function () { alert('Tarde'); }, 250);", ("Tarde",)),
        ("setTimeout('alert(\\'Tarde\\')', 250);", ("Tarde",)),
        ("function avisa() { alert('Dito'); } avisa();", ("Dito",)),
        ("window.onload = function () { alert('Ao abrir'); };", ("Ao abrir",)),
        ("function valida() { alert('Informe o CPF'); }", ()),
        ("// alert('não');\n/* alert('nem') */", ()),
        ("if (!janela) { alert('Libere os pop-ups'); } else { go(); }", ()),
        ("var t = window.open(''); if (t) { t.close(); } else alert('Bloqueado'); alert('Sim');", ("Sim",)),
        ("var url = 'http://x/a//b'; alert('Depois');", ("Depois",)),
        ("alert(mensagem);", ()),
        ("var s = '{'; function f() { alert('x'); }", ()),
    ],
)
def test_alerts_are_those_that_would_show(script: str, ditos: tuple[str, ...]) -> None:
    assert alerts(script) == ditos


def test_what_the_body_calls_when_it_opens_runs_too() -> None:
    assert alerts("function avisa() { alert('Dito'); }", "onload='avisa();'") == ("Dito",)


def test_a_page_that_only_defines_how_to_post_posts_nothing() -> None:
    assert find_postback(code(f"<script>{DOPOSTBACK}</script>")) is None


def test_the_pop_up_test_is_a_post_that_the_page_makes_by_itself() -> None:
    script = "var t = window.open('','_teste'); if (t) { t.close(); __doPostBack('ctl00$btnVerificaPopUp',''); }"
    assert find_postback(code(f"<script>{DOPOSTBACK}</script><script>{script}</script>")) == Postback(
        "ctl00$btnVerificaPopUp", ""
    )


@pytest.mark.parametrize(
    ("script", "botao"),
    [
        ("document.getElementById('ctl00_btn').click();", "ctl00_btn"),
        ("$get('ctl00_btn').click();", "ctl00_btn"),
        ("$('#ctl00_btn').click();", "ctl00_btn"),
        ("document.forms[0]['ctl00$btn'].click();", "ctl00$btn"),
        ("document.forms[0].ctl00_btn.click();", "ctl00_btn"),
        ("var b = document.getElementById('ctl00_btn');\nif (b) b.click();", "ctl00_btn"),
        ("botao.click();", None),
        ("clique('ctl00_btn');", None),
    ],
)
def test_the_pop_up_test_may_press_its_button(script: str, botao: str | None) -> None:
    assert find_clique(script) == botao


def test_texts_of_the_code_are_whole() -> None:
    textos = list(list_textos("""window.open("../CONCM/frm.aspx?applicationKey=a%2Bb" + '%3D', '_blank');"""))
    assert textos == ["../CONCM/frm.aspx?applicationKey=a%2Bb%3D", "_blank"]


def test_a_string_of_code_is_no_address_but_holds_one() -> None:
    """What waits says so: the whole of it would be asked of the server in the address's place."""
    codigo = """setTimeout("window.open('../CONCM/frm.aspx?applicationKey=a%2Bb','_blank')", 300);"""
    assert list(list_enderecos(codigo)) == ["../CONCM/frm.aspx?applicationKey=a%2Bb", "_blank"]


@pytest.mark.parametrize(
    ("script", "lugar"),
    [
        ("top.location.href = '/fim';", "/fim"),
        ("location.replace('/fim')", "/fim"),
        ("setTimeout(\"location = '/fim'\", 300)", "/fim"),
        ("setTimeout(function () { window.location.reload(); }, 60);", ""),
        ("location.href = location.href;", ""),
        ("if (location == 'x') {}", None),
        ("var x = 1;", None),
    ],
)
def test_where_a_page_goes_by_itself(script: str, lugar: str | None) -> None:
    assert find_lugar(code(f"<script>{script}</script>")) == lugar


@pytest.mark.parametrize(
    ("html", "espera_s"),
    [
        ("<script>setTimeout(function () { window.location.reload(); }, 2500);</script>", 2.5),
        ("<meta http-equiv=refresh content='3'>", 3.0),
        ("<meta http-equiv=Refresh content='1.5; url=/x'>", 1.5),
        ("<script>location.reload()</script>", 0.0),
    ],
)
def test_how_long_a_page_waits_for_itself(html: str, espera_s: float) -> None:
    assert find_espera_s(Pagina("http://x/", 200, html), code(html)) == espera_s


@pytest.mark.parametrize(
    ("meta", "lugar"),
    [
        ("<meta http-equiv=refresh content='0;url=/fim'>", "/fim"),
        ("<meta http-equiv=Refresh content='2; URL=/fim'>", "/fim"),
        ("<meta http-equiv=refresh content=3>", ""),
        ("<meta http-equiv=Content-Type content='text/html'>", None),
    ],
)
def test_a_refresh_says_where_or_here(meta: str, lugar: str | None) -> None:
    assert find_atualizacao(Pagina("http://x/", 200, meta)) == lugar
