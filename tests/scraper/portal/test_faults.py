"""What the browser's own errors are called, and in whose language."""

from __future__ import annotations

import pytest
from playwright.async_api import Error

from services.scraper.portal.browser.faults import translate


@pytest.mark.parametrize(
    ("texto", "codigo", "mensagem"),
    [
        (
            "Page.goto: net::ERR_CONNECTION_REFUSED at http://x/WWW/y.aspx?applicationKey=segredo",
            "portal.fora_do_ar.conexao",
            "A conexão com o portal falhou: recusada.",
        ),
        (
            "Page.goto: net::ERR_NEW_ONE at http://x/",
            "portal.fora_do_ar.conexao",
            "A conexão com o portal falhou: a resposta não veio inteira.",
        ),
        ("net::ERR_CONNECTION_TIMED_OUT", "portal.fora_do_ar.tempo_esgotado", "O portal não respondeu a tempo."),
        (
            "Target page, context or browser has been closed",
            "navegador.caiu",
            "O navegador fechou no meio do trabalho.",
        ),
        ("Page.evaluate: odd", "interno", "O navegador deu um erro inesperado (Error); o log diz qual."),
    ],
)
def test_a_browsers_error_is_named_and_told_in_portuguese(texto: str, codigo: str, mensagem: str) -> None:
    falha = translate(Error(texto))
    assert (falha.codigo, falha.mensagem) == (codigo, mensagem)
