"""The browser driver: one context, one page, every dialog accepted and its text kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any

from playwright.async_api import BrowserContext, Dialog, Error, Page, Response, Route

from services.scraper.portal import Biscoito, Exame
from services.scraper.portal.browser.capture import Captura
from services.scraper.portal.browser.faults import translate
from services.scraper.portal.browser.navigation import Navegacao, list_desvios
from services.scraper.portal.browser.scripts import INICIO, MASCARAR, PRESSIONAR
from services.scraper.portal.errors import Falha, NavegadorCaiu
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Controle, Pagina
from services.scraper.portal.profile import Perfil

log = logging.getLogger(__name__)


_ATROPELADA = ("interrupted by another navigation", "net::ERR_ABORTED")
_VEZES, _ASSENTA_S = 4, 0.1
_FOTO_S = 5.0
_AVISO_S = 1.0  # an alert that the page's own timer raises
# How long the news of a browser's death may lag behind its effects.
_SUMIU_VEZES, _SUMIU_S = 4, 0.05


class SessaoNavegador:
    """A `Driver` over Chromium. `begin` opens it."""

    def __init__(self, context: BrowserContext, page: Page, perfil: Perfil, ritmo: Ritmo) -> None:
        self._context = context
        self._page = page
        self._perfil = perfil
        self._ritmo = ritmo
        self._pagina = Pagina("about:blank", 200, "")
        self._novos: list[str] = []  # alerts since the last request
        self._avisou = asyncio.Event()  # there is one
        self._alertas: list[str] = []  # alerts for the evidence
        self._navegacao = Navegacao(page, perfil.esperas)
        self._captando = False
        self._caiu = False

    @classmethod
    async def begin(cls, context: BrowserContext, perfil: Perfil, ritmo: Ritmo) -> SessaoNavegador:
        context.set_default_timeout(perfil.esperas.navegacao_s * 1000)
        await context.add_init_script(INICIO)
        if perfil.pular_recursos:
            await context.route("**/*", _make_filter(perfil))
        page = await context.new_page()
        sessao = cls(context, page, perfil, ritmo)
        # On the context: the dialogs of pop-ups too.
        context.on("dialog", sessao._accept)
        context.on("page", sessao._close_late)
        page.on("crash", lambda _: setattr(sessao, "_caiu", True))
        return sessao

    @property
    def nome(self) -> str:
        return "navegador"

    @property
    def pagina(self) -> Pagina:
        return self._pagina

    @property
    def portal_s(self) -> float:
        return self._navegacao.portal_s

    async def open(self, url: str) -> Pagina:
        self._novos.clear()
        async with self._translated():
            return await self._read(await self._navegacao.follow(self._goto(url)))

    async def press(self, controle: Controle, campos: Mapping[Controle, str] | None = None) -> Pagina:
        self._novos.clear()
        async with self._translated():
            return await self._read(await self._navegacao.follow(self._follow(controle, campos or {})))

    async def settle(self) -> Pagina:
        async with self._translated():
            await self._page.wait_for_load_state("load")
            if not self._novos:
                self._avisou.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_AVISO_S):
                        await self._avisou.wait()
            return await self._read(None)

    async def emit(self, controle: Controle, campos: Mapping[Controle, str], exame: Exame) -> bytes:
        self._novos.clear()
        captura = Captura(self._context, self._page, self._perfil, self._ritmo)
        self._captando = True
        try:
            async with self._translated(), captura.listening():
                self._navegacao.chegou.clear()
                await self._click(controle, campos)
                async with self._watching(captura, exame):
                    return await captura.take()
        finally:
            self._captando = False

    def take_alertas(self) -> tuple[str, ...]:
        alertas, self._alertas = tuple(self._alertas), []
        return alertas

    async def screenshot(self, segredos: tuple[str, ...]) -> bytes | None:
        if self._caiu or self._page.is_closed():
            return None
        try:
            async with asyncio.timeout(_FOTO_S):
                await self._page.evaluate(MASCARAR, list(segredos))
                return await self._page.screenshot(type="png", full_page=False, timeout=_FOTO_S * 1000)
        except (Error, TimeoutError) as erro:
            log.warning("no screenshot: %s", str(erro)[:200])
            return None

    async def adapt(self, *, proven: bool = False) -> bool:
        return False

    async def retreat(self, falha: Falha, *, for_good: bool = False) -> bool:
        return False

    async def put_cookies(self, biscoitos: Sequence[Biscoito]) -> None:
        await self._context.add_cookies(
            [
                {"name": b.nome, "value": b.valor, "domain": b.dominio, "path": b.caminho, "secure": b.seguro}
                for b in biscoitos
            ]
        )

    async def list_cookies(self) -> list[Biscoito]:
        """Of the session, for another way of going on with it."""
        async with self._translated():
            cookies = await self._context.cookies()
        return [
            Biscoito(c["name"], c["value"], c["domain"], c.get("path", "/"), c.get("secure", False)) for c in cookies
        ]

    async def read_cabecalhos(self) -> dict[str, str]:
        """What the browser says of itself with a page's request."""
        async with self._translated():
            return await self._navegacao.read_cabecalhos()

    async def close(self) -> None:
        try:
            async with asyncio.timeout(self._perfil.esperas.fechar_s):
                await self._context.close()
        except (Error, TimeoutError) as erro:
            log.warning("context did not close: %s", str(erro)[:200])

    async def _goto(self, url: str) -> Response | None:
        for vez in range(_VEZES):
            try:
                return await self._page.goto(url, wait_until="domcontentloaded")
            except Error as erro:
                # A contract was left in the middle of a click: what that had asked for comes after this, and nothing
                # tells when it has come.
                if vez + 1 == _VEZES or not any(sinal in erro.message for sinal in _ATROPELADA):
                    raise
                await asyncio.sleep(_ASSENTA_S * (vez + 1))
        return None

    async def _follow(self, controle: Controle, campos: Mapping[Controle, str]) -> Response | None:
        async with self._page.expect_navigation(wait_until="domcontentloaded") as navigation:
            await self._click(controle, campos)
        return await navigation.value

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        """Playwright's errors as typed faults. A browser that died is first seen as what it left undone."""
        try:
            yield
        except (Error, Falha) as erro:
            falha = translate(erro) if isinstance(erro, Error) else erro
            # What a page said is a kind of its own, and stands.
            if type(falha) is Falha and await self._is_gone():
                raise NavegadorCaiu("O navegador fechou no meio da página.") from erro
            if falha.codigo == "portal.fora_do_ar.conexao":
                falha.onde = self._navegacao.onde
            if falha is erro:
                raise
            raise falha from erro
        except TimeoutError as erro:
            raise Falha("portal.fora_do_ar.tempo_esgotado", "O portal não respondeu a tempo.") from erro

    async def _is_gone(self) -> bool:
        for _ in range(_SUMIU_VEZES):
            browser = self._context.browser
            if self._caiu or self._page.is_closed() or browser is None or not browser.is_connected():
                return True
            await asyncio.sleep(_SUMIU_S)
        return False

    async def _click(self, controle: Controle, campos: Mapping[Controle, str]) -> None:
        """Fill and press; returns when the page has asked for another. Raises Falha where it does not."""
        self._navegacao.pediu.clear()
        dados = [[asdict(campo), valor] for campo, valor in campos.items()]
        resposta: dict[str, Any] = await self._page.evaluate(PRESSIONAR, [asdict(controle), dados])
        if falta := resposta.get("falta"):
            raise Falha("portal.mudou.seletor", f"O controle {falta} sumiu da página.")
        try:
            async with asyncio.timeout(self._perfil.esperas.reacao_s):
                await self._navegacao.pediu.wait()
        except TimeoutError:
            visto = "; ".join(self._novos) or "nenhum aviso"
            nome = controle.id or controle.texto
            raise Falha("portal.mudou.fluxo", f"Pressionar {nome} não levou a nada ({visto}).") from None

    @asynccontextmanager
    async def _watching(self, captura: Captura, exame: Exame) -> AsyncIterator[None]:
        """Meanwhile, judge each page that the window comes to; a fault ends the capture."""

        async def watch() -> None:
            while True:
                await self._navegacao.chegou.wait()
                self._navegacao.chegou.clear()
                try:
                    exame(await self._read(None))
                    captura.note_pagina(self._pagina)
                except (Falha, Error) as erro:
                    captura.fail(translate(erro) if isinstance(erro, Error) else erro)
                    return

        task = asyncio.create_task(watch(), name="watch emission")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _read(self, response: Response | None) -> Pagina:
        html = await self._navegacao.read(response)
        self._pagina = Pagina(self._page.url, self._navegacao.status, html, tuple(self._novos), list_desvios(response))
        return self._pagina

    async def _accept(self, dialog: Dialog) -> None:
        self._novos.append(dialog.message)
        self._avisou.set()
        self._alertas.append(dialog.message)
        try:
            await dialog.accept()
        except Error as erro:
            log.info("dialog went away: %s", str(erro)[:120])

    async def _close_late(self, page: Page) -> None:
        """A window that opens when no emission is waiting for it: left open, each costs its memory."""
        if not self._captando:
            try:
                async with asyncio.timeout(self._perfil.esperas.fechar_s):
                    await page.close()
            except (Error, TimeoutError) as erro:
                log.info("late window stays: %s", str(erro)[:120])


def _make_filter(perfil: Perfil) -> Any:
    async def skip(route: Route) -> None:
        await (route.abort() if route.request.resource_type in perfil.pular_recursos else route.fallback())

    return skip
