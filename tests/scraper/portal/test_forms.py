"""What the http driver sends: exactly what a browser would, or a named refusal."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from services.scraper.portal.errors import Falha
from services.scraper.portal.http.forms import Envio, press, send_form
from services.scraper.portal.pages import Controle, Pagina
from services.scraper.portal.profile import Alvo

FORMULARIO = """<form method=post action="frm.aspx?applicationKey=a%2Bb+c/=&x=1">
<input type=hidden name=__EVENTTARGET><input type=hidden name=__EVENTARGUMENT>
<input type=hidden name=__VSTATE value="H4s+/=">
{}
<input type=hidden name=as_fid value="z=="></form>"""


def page(miolo: str, charset: str = "utf-8") -> Pagina:
    return Pagina("http://x/WWW/CONCO/frm.aspx?k=1", 200, FORMULARIO.format(miolo), charset=charset)


def control(pagina: Pagina, id_: str) -> Controle:
    achado = pagina.find(Alvo(id=id_))
    assert achado is not None
    return achado


def posted(envio: Envio, charset: str = "utf-8") -> list[tuple[str, str]]:
    assert envio.corpo is not None
    return parse_qsl(envio.corpo.decode(), keep_blank_values=True, encoding=charset)


def pressed(miolo: str, id_: str = "alvo") -> list[tuple[str, str]]:
    pagina = page(miolo)
    return posted(press(pagina, control(pagina, id_), {}))


def test_every_successful_control_goes_along_in_document_order_and_unchanged() -> None:
    """One left out, emptied or out of place is a 500, or the firewall's block page."""
    miolo = """<input name=a value="1 &amp; 2"><input name=vazio value=""><input name=semvalor>
    <input name=fora disabled value=x>    <input value=semnome><fieldset disabled><input name=fora2></fieldset>
    <input type=checkbox name=c1 checked><input type=checkbox name=c2 value=v><input type=radio name=r value=1>
    <input type=radio name=r value=2 checked><select name=s><option value=p>P<option selected>Q r</select>
    <select name=s1><option value="">Nenhum<option value=2>B</select><textarea name=t>
um
dois</textarea><input type=file name=arq><input type=submit name=outro value=Outro>
    <input type=submit id=alvo name=alvo value=Vai><input type=reset name=limpa>"""
    assert pressed(miolo) == [
        ("__EVENTTARGET", ""), ("__EVENTARGUMENT", ""), ("__VSTATE", "H4s+/="), ("a", "1 & 2"), ("vazio", ""),
        ("semvalor", ""), ("c1", "on"), ("r", "2"), ("s", "Q r"), ("s1", ""), ("t", "um\r\ndois"), ("alvo", "Vai"),
        ("as_fid", "z=="),
    ]  # fmt: skip


def test_the_address_keeps_the_key_as_the_page_wrote_it() -> None:
    pagina = page("<input type=submit id=alvo>")
    envio = press(pagina, control(pagina, "alvo"), {})
    assert envio.url == "http://x/WWW/CONCO/frm.aspx?applicationKey=a%2Bb+c/=&x=1"


@pytest.mark.parametrize(
    "botao",
    [
        """<a id=alvo href="javascript:__doPostBack('ctl00$b','7')">Vai</a>""",
        """<input type=button id=alvo name=b onclick="javascript:__doPostBack('ctl00$b','7')">""",
        """<input type=submit id=alvo name=b onclick="if(!confirm('?')) return false; __doPostBack('ctl00$b','7')">""",
        """<a id=alvo href='javascript:WebForm_DoPostBackWithOptions(new WebForm_PostBackOptions("ctl00$b", "7", true,
           "", "", false, true))'>Vai</a>""",
        """<input type=button id=alvo onclick="setTimeout('__doPostBack(\\'ctl00$b\\',\\'7\\')', 0)">""",
    ],
)
def test_a_control_that_posts_by_script_names_the_event_and_not_itself(botao: str) -> None:
    pares = dict(pressed(botao))
    assert (pares["__EVENTTARGET"], pares["__EVENTARGUMENT"]) == ("ctl00$b", "7") and "b" not in pares


@pytest.mark.parametrize(
    "onclick",
    [
        "return confirm('Sim?');",
        "this.disabled=true; return true;",
        'javascript:WebForm_DoPostBackWithOptions(new WebForm_PostBackOptions("b", "", true, "", "", false, false))',
    ],
)
def test_a_submit_button_whose_script_only_asks_or_checks_is_pressed(onclick: str) -> None:
    pares = dict(
        pressed(f"<input type=submit id=alvo name=b value=B onclick='{onclick}'>".replace("'Sim?'", "&#39;Sim?&#39;"))
    )
    assert (pares["__EVENTTARGET"], pares["b"]) == ("", "B")


def test_a_tick_box_that_is_a_picture_sends_where_it_was_clicked() -> None:
    nomes = [nome for nome, _ in pressed("<input type=image id=alvo name=g$imgEmite>")]
    assert "g$imgEmite.x" in nomes and "g$imgEmite.y" in nomes and "g$imgEmite" not in nomes


def test_fields_are_filled_and_a_radio_button_takes_the_place_of_its_sister() -> None:
    pagina = page(
        "<input id=cpf name=cpf value=antigo><input type=radio name=r value=BA id=ba>"
        "<input type=radio name=r value=DA checked><input type=submit id=alvo>"
    )
    campos = {control(pagina, "cpf"): "529.982.247-25", control(pagina, "ba"): "BA"}
    pares = posted(press(pagina, control(pagina, "alvo"), campos))
    assert [par for par in pares if par[0] in ("cpf", "r")] == [("cpf", "529.982.247-25"), ("r", "BA")]


def test_a_select_is_pressed_by_changing_it() -> None:
    pagina = page(
        """<select id=crit name=crit onchange="javascript:setTimeout('__doPostBack(\\'crit\\',\\'\\')', 0)">
        <option value=N selected>Nome<option value=F>CPF</select>"""
    )
    crit = control(pagina, "crit")
    pares = dict(posted(press(pagina, crit, {crit: "F"})))
    assert (pares["__EVENTTARGET"], pares["crit"]) == ("crit", "F")


def test_the_pages_charset_is_the_posts() -> None:
    pagina = page("<input name=nome value='JOÃO Ω'><input type=submit id=alvo>", charset="cp1252")
    envio = press(pagina, control(pagina, "alvo"), {})
    assert envio.corpo is not None and b"nome=JO%C3O+%26%23937%3B" in envio.corpo


def test_controls_that_the_parser_moved_out_of_their_form_are_still_in_it() -> None:
    html = (
        "<table><form method=post action=x><tr><td><input name=a value=1><input type=submit id=vai name=b>&nbsp;</form>"
    )
    pagina = Pagina("http://x/", 200, html)
    assert posted(press(pagina, control(pagina, "vai"), {})) == [("a", "1"), ("b", "")]


def test_a_link_is_followed_and_a_form_is_sent_without_its_button() -> None:
    pagina = page("<a id=alvo href='../CONAT/frm.aspx?x=1'>Vai</a><input type=submit name=b>")
    assert press(pagina, control(pagina, "alvo"), {}) == Envio("http://x/WWW/CONAT/frm.aspx?x=1")
    assert "b" not in dict(posted(send_form(pagina)))


@pytest.mark.parametrize(
    ("miolo", "codigo"),
    [
        ("<input type=button id=alvo>", "portal.mudou.fluxo"),
        ("<a id=alvo href='#'>Vai</a>", "portal.mudou.fluxo"),
        ("<input type=submit id=alvo onclick=\"document.getElementById('h').value = '1'\">", "portal.mudou.fluxo"),
        ("<input type=button id=alvo onclick='abre()'>", "portal.mudou.fluxo"),
    ],
)
def test_what_only_a_browser_could_do_is_refused_by_name(miolo: str, codigo: str) -> None:
    with pytest.raises(Falha) as erro:
        pressed(miolo)
    assert erro.value.codigo == codigo


def test_a_control_that_is_not_on_the_page_is_named() -> None:
    with pytest.raises(Falha, match="sumiu") as erro:
        press(page(""), Controle("a", "x", "", "", "", "", "", 0, False), {})
    assert erro.value.codigo == "portal.mudou.seletor"
