"""Faults that strike before a page is even asked: latency, resets, server errors, the firewall."""

import asyncio
import random

from aiohttp import web

from tests.simulator.knobs import Botoes
from tests.simulator.pages import fill
from tests.simulator.state import Portal, SessaoPortal

_LENTOS = {
    "trocar_senha": "login", "termos": "login", "token": "login", "unidade": "login", "sso": "login",
    "outra": "atendimento", "relatorio": "impressao",
}  # fmt: skip


class Corte(Exception):
    """The connection is to be cut without an answer."""


def step_of(page: str, evento: str) -> str:
    """The page's name for latency and faults; emission is the billing page's posts."""
    if page == "cobranca" and evento.endswith(("btnEmitir", "btnVerificaPopUp")):
        return "emissao"
    return _LENTOS.get(page, page)


async def wait_latencia(portal: Portal, botoes: Botoes, step: str, now_s: float) -> None:
    least, most = getattr(botoes.latencia, step)
    ms = random.uniform(least, most)
    if botoes.latencia.pico_de_s <= now_s < botoes.latencia.pico_ate_s:
        ms *= botoes.latencia.pico_fator
    if ms:
        async with portal.find_guiche(botoes.latencia.simultaneas):
            await asyncio.sleep(ms / 1000)


def _applies(na: str, step: str) -> bool:
    return na in ("", step) or (na == "cobranca" and step == "emissao")


def find_falha(portal: Portal, botoes: Botoes, scope: str, step: str, metodo: str) -> web.Response | None:
    """The error page that this request gets in place of its answer, if any; Corte for a reset."""
    falhas = botoes.falhas
    if _applies(falhas.na, step) and falhas.metodo in ("", metodo):
        if falhas.resets and portal.spend(scope, "resets", falhas.resets):
            raise Corte
        if falhas.erros and portal.spend(scope, "erros", falhas.erros):
            return error_page(falhas.status)
    return None


def is_blocked(portal: Portal, sessao: SessaoPortal, botoes: Botoes, scope: str, step: str) -> bool:
    """Whether the firewall stands in the way; a session that met it once never gets past it again."""
    waf = botoes.firewall
    if waf.bloqueio != "nunca" and _applies(waf.na, step):
        sessao.bloqueada |= portal.spend(scope, "waf", -1 if waf.bloqueio == "sempre" else 1)
    return sessao.bloqueada


def is_cut(portal: Portal, botoes: Botoes, scope: str, step: str, metodo: str) -> bool:
    """Whether this answer ends in the middle."""
    falhas = botoes.falhas
    applies = _applies(falhas.na, step) and falhas.metodo in ("", metodo)
    return bool(applies and falhas.cortes and portal.spend(scope, "cortes", falhas.cortes))


def error_page(status: int = 500) -> web.Response:
    return web.Response(status=status, text=fill("erro"), content_type="text/html")


def block_page(status: int) -> web.Response:
    return web.Response(
        status=status, text=fill("firewall", id=f"{random.getrandbits(32):08x}"), content_type="text/html"
    )  # fmt: skip
