"""Evidence: what is kept of a failure tells nothing that must not be told."""

from __future__ import annotations

from services.scraper.portal import Acesso
from services.scraper.portal.evidence import clean_url, list_segredos, mask_html, mask_texto
from services.scraper.portal.profile import load_perfil

ACESSO = Acesso("https://portal.exemplo", "17.308", "Segredo#1")


def test_the_password_is_not_even_in_the_repr() -> None:
    assert "Segredo" not in repr(ACESSO)


def test_the_page_is_kept_without_state_scripts_keys_and_documents() -> None:
    html = """<html><head><script>var k = 'x';</script></head><body>
    <form action="frmBuscaCota.aspx?applicationKey=AbC%2B1">
    <input type="hidden" name="__VSTATE" value="H4sIAAAA"><input type="password" value="Segredo#1">
    <input id="edtContextoBusca" value="529.982.247-25"><span>0000017308 ANA PAULA 52998224725</span>
    <a href="../CONCM/frmConCmImpressao.aspx?applicationKey=Zz==&x=1">PDF</a></form></body></html>"""
    limpo = mask_html(html, list_segredos(ACESSO, load_perfil("canopus")))
    for segredo in ("H4sI", "Segredo", "var k", "AbC", "Zz==", "529.982", "52998224725", "0000017308"):
        assert segredo not in limpo
    for resto in ("ANA PAULA", "edtContextoBusca", "***.982.247-**", "__VSTATE", "frmBuscaCota.aspx"):
        assert resto in limpo


def test_addresses_lose_their_keys() -> None:
    assert clean_url("https://x/WWW/f.aspx?applicationKey=a#b") == "https://x/WWW/f.aspx"


def test_secrets_are_masked_in_any_text() -> None:
    assert mask_texto("senha Segredo#1 de 17.308", ("Segredo#1", "17.308")) == "senha ••• de •••"
