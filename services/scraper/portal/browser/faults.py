"""Playwright's errors as typed faults, told in the reader's language; the log has Playwright's own words."""

from __future__ import annotations

import logging

from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeout

from services.scraper.portal.errors import Falha, NavegadorCaiu

log = logging.getLogger(__name__)

_GONE = ("has been closed", "target crashed", "page crashed", "browser closed", "connection closed", "disconnected")
# What a failed connection is, in the reader's language.
_CONEXAO = {
    "connection_refused": "recusada",
    "connection_reset": "encerrada pelo portal",
    "connection_closed": "encerrada pelo portal",
    "empty_response": "encerrada sem resposta",
    "name_not_resolved": "endereço não encontrado",
    "internet_disconnected": "esta máquina está sem rede",
    "network_changed": "a rede desta máquina mudou",
    "address_unreachable": "endereço fora de alcance",
    "err_cert": "certificado inválido",
    "err_ssl": "conexão segura não estabelecida",
    "too_many_redirects": "redirecionamentos sem fim",
}


def translate(erro: Error) -> Falha:
    # Without the address, which may hold a key.
    texto = erro.message.partition("\n")[0].partition(" at http")[0]
    log.info("browser: %s", texto[:200])
    baixo = texto.lower()
    if isinstance(erro, PlaywrightTimeout) or "err_timed_out" in baixo or "err_connection_timed_out" in baixo:
        return Falha("portal.fora_do_ar.tempo_esgotado", "O portal não respondeu a tempo.")
    if any(sinal in baixo for sinal in _GONE):
        return NavegadorCaiu("O navegador fechou no meio do trabalho.")
    if "net::err" in baixo or "chrome-error" in baixo or "interrupted by another navigation" in baixo:
        motivo = next((dito for sinal, dito in _CONEXAO.items() if sinal in baixo), "a resposta não veio inteira")
        return Falha("portal.fora_do_ar.conexao", f"A conexão com o portal falhou: {motivo}.")
    return Falha("interno", f"O navegador deu um erro inesperado ({type(erro).__name__}); o log diz qual.")
