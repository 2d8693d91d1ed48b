"""The browser driver: one context, one page, every dialog accepted and its text kept."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from playwright.async_api import BrowserContext, Dialog, Error, Frame, Page, Request, Response, Route, StorageState
from playwright.async_api import TimeoutError as PlaywrightTimeout

from services.scraper.portal import Exame
from services.scraper.portal.browser.capture import Captura
from services.scraper.portal.browser.scripts import INICIO, MASCARAR, PRESSIONAR
from services.scraper.portal.errors import Falha, NavegadorCaiu
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Controle, Pagina
from services.scraper.portal.profile import Perfil

log = logging.getLogger(__name__)

_GONE = ("has been closed", "target crashed", "page crashed", "browser closed", "connection closed", "disconnected")
_NAVIGATING = ("is navigating", "context was destroyed", "frame was detached", "frame got detached")
_FOTO_S = 5.0
_CORTE_S = 0.5
_ERRO_S = 1.0
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
        self._status = 200
        self._novos: list[str] = []  # alerts since the last request
        self._alertas: list[str] = []  # alerts for the evidence
        self._pediu = asyncio.Event()  # the page asked for another page
        self._chegou = asyncio.Event()  # the page has another document
        self._cortada = asyncio.Event()  # its answer broke off
        self._navegacao: Request | None = None
        self._seguiu = asyncio.Event()  # the page went on to another by itself
        self._assentou = asyncio.Event()  # and that one is there
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
        page.on("request", sessao._note_request)
        page.on("response", sessao._note_response)
        page.on("requestfailed", sessao._note_failure)
        page.on("framenavigated", sessao._note_document)
        page.on("domcontentloaded", lambda _: sessao._chegou.set())
        page.on("crash", lambda _: setattr(sessao, "_caiu", True))
        return sessao

    @property
    def pagina(self) -> Pagina:
        return self._pagina

    async def open(self, url: str) -> Pagina:
        self._novos.clear()
        async with self._translated():
            return await self._read(await self._unless_cut(self._goto(url)))

    async def press(self, controle: Controle, campos: Mapping[Controle, str] | None = None) -> Pagina:
        self._novos.clear()
        async with self._translated():
            return await self._read(await self._unless_cut(self._follow(controle, campos or {})))

    async def settle(self) -> Pagina:
        async with self._translated():
            await self._page.wait_for_load_state("load")
            return await self._read(None)

    async def emit(self, controle: Controle, campos: Mapping[Controle, str], exame: Exame) -> bytes:
        self._novos.clear()
        captura = Captura(self._context, self._page, self._perfil, self._ritmo)
        self._captando = True
        try:
            async with self._translated(), captura.listening():
                self._chegou.clear()
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

    async def read_cookies(self) -> StorageState:
        return await self._context.storage_state()

    async def close(self) -> None:
        try:
            async with asyncio.timeout(self._perfil.esperas.fechar_s):
                await self._context.close()
        except (Error, TimeoutError) as erro:
            log.warning("context did not close: %s", str(erro)[:200])

    async def _goto(self, url: str) -> Response | None:
        return await self._page.goto(url, wait_until="domcontentloaded")

    async def _follow(self, controle: Controle, campos: Mapping[Controle, str]) -> Response | None:
        async with self._page.expect_navigation(wait_until="domcontentloaded") as navigation:
            await self._click(controle, campos)
        return await navigation.value

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        """Playwright's errors as typed faults. A browser that died is first seen as a request that broke off."""
        try:
            yield
        except (Error, Falha) as erro:
            falha = _translate(erro) if isinstance(erro, Error) else erro
            if falha.codigo == "portal.fora_do_ar.conexao" and await self._is_gone():
                raise NavegadorCaiu("O navegador fechou no meio da página.") from erro
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

    async def _unless_cut(self, navigation: Coroutine[Any, Any, Response | None]) -> Response | None:
        """The navigation's answer; one that breaks off in the middle would be waited for in vain."""
        self._navegacao = None
        self._seguiu.clear()
        self._cortada.clear()
        tarefa, cortada = asyncio.ensure_future(navigation), asyncio.ensure_future(self._cortada.wait())
        try:
            await asyncio.wait({tarefa, cortada}, return_when=asyncio.FIRST_COMPLETED)
            # A connection that was never made breaks off as well, and the navigation is about to say so itself.
            await asyncio.wait({tarefa}, timeout=_CORTE_S)
            if tarefa.done():
                return tarefa.result()
            raise Falha("portal.fora_do_ar.conexao", "A resposta do portal foi cortada.")
        except Error:
            await self._wait_for_error_page()
            raise
        finally:
            for pendente in (tarefa, cortada):
                pendente.cancel()
            await asyncio.gather(tarefa, cortada, return_exceptions=True)

    async def _wait_for_error_page(self) -> None:
        """After a connection that failed the browser's own page comes a little later, and would interrupt the next."""
        try:
            await self._page.wait_for_url("chrome-error://**", wait_until="commit", timeout=_ERRO_S * 1000)
        except Error:
            log.debug("no error page came")

    async def _click(self, controle: Controle, campos: Mapping[Controle, str]) -> None:
        """Fill and press; returns when the page has asked for another. Raises Falha where it does not."""
        self._pediu.clear()
        dados = [[asdict(campo), valor] for campo, valor in campos.items()]
        resposta: dict[str, Any] = await self._page.evaluate(PRESSIONAR, [asdict(controle), dados])
        if falta := resposta.get("falta"):
            raise Falha("portal.mudou.seletor", f"O controle {falta} sumiu da página.")
        try:
            async with asyncio.timeout(self._perfil.esperas.reacao_s):
                await self._pediu.wait()
        except TimeoutError:
            visto = "; ".join(self._novos) or "nenhum aviso"
            nome = controle.id or controle.texto
            raise Falha("portal.mudou.fluxo", f"Pressionar {nome} não levou a nada ({visto}).") from None

    @asynccontextmanager
    async def _watching(self, captura: Captura, exame: Exame) -> AsyncIterator[None]:
        """Meanwhile, judge each page that the window comes to; a fault ends the capture."""

        async def watch() -> None:
            while True:
                await self._chegou.wait()
                self._chegou.clear()
                try:
                    exame(await self._read(None))
                    captura.note_pagina(self._pagina)
                except (Falha, Error) as erro:
                    captura.fail(_translate(erro) if isinstance(erro, Error) else erro)
                    return

        task = asyncio.create_task(watch(), name="watch emission")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _read(self, response: Response | None) -> Pagina:
        """The open document. An answer cut in the middle is a failed connection, not a shorter page."""
        if response is not None:
            async with asyncio.timeout(self._perfil.esperas.navegacao_s):
                response = await self._finish(response)
        if response is not None:
            if falha := response.request.failure:
                raise Falha("portal.fora_do_ar.conexao", f"A resposta do portal foi cortada ({falha}).")
            self._status = response.status
        html = await self._content()
        self._pagina = Pagina(self._page.url, self._status, html, tuple(self._novos), _list_desvios(response))
        return self._pagina

    async def _finish(self, response: Response) -> Response | None:
        """The answer once it is whole. One that its page left for another by script never is: None, once that other
        page is there."""
        fim, seguiu = asyncio.ensure_future(response.finished()), asyncio.ensure_future(self._seguiu.wait())
        try:
            await asyncio.wait({fim, seguiu}, return_when=asyncio.FIRST_COMPLETED)
            if not self._seguiu.is_set():
                await fim
                return response
        finally:
            for pendente in (fim, seguiu):
                pendente.cancel()
            await asyncio.gather(fim, seguiu, return_exceptions=True)
        await self._assentou.wait()
        await self._page.wait_for_load_state("domcontentloaded")
        return None

    async def _content(self) -> str:
        limite = time.monotonic() + self._perfil.esperas.navegacao_s
        while True:
            try:
                return await self._page.content()
            except Error as erro:
                if time.monotonic() > limite or not any(sinal in str(erro).lower() for sinal in _NAVIGATING):
                    raise
                await self._page.wait_for_load_state("domcontentloaded")

    async def _accept(self, dialog: Dialog) -> None:
        self._novos.append(dialog.message)
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

    def _note_request(self, request: Request) -> None:
        if _is_main_navigation(request, self._page):
            if self._navegacao is not None and request.redirected_from is None:
                self._assentou.clear()
                self._seguiu.set()
            self._navegacao = request
            self._pediu.set()

    def _note_document(self, frame: Frame) -> None:
        if frame == self._page.main_frame:
            self._assentou.set()

    def _note_failure(self, request: Request) -> None:
        # Aborted: the page went on to another before this one had come.
        if request == self._navegacao and "ERR_ABORTED" not in (request.failure or ""):
            self._cortada.set()

    def _note_response(self, response: Response) -> None:
        if _is_main_navigation(response.request, self._page) and not 300 <= response.status < 400:
            self._status = response.status


def _list_desvios(response: Response | None) -> tuple[str, ...]:
    desvios, request = [], response.request.redirected_from if response else None
    while request is not None:
        desvios.append(request.url)
        request = request.redirected_from
    return tuple(desvios)


def _is_main_navigation(request: Request, page: Page) -> bool:
    try:
        return request.is_navigation_request() and request.frame == page.main_frame
    except Error:  # a navigation whose frame is not there yet is another window's
        return False


def _make_filter(perfil: Perfil) -> Any:
    async def skip(route: Route) -> None:
        await (route.abort() if route.request.resource_type in perfil.pular_recursos else route.fallback())

    return skip


def _translate(erro: Error) -> Falha:
    texto = erro.message.partition("\n")[0]
    baixo = texto.lower()
    if isinstance(erro, PlaywrightTimeout) or "err_timed_out" in baixo or "err_connection_timed_out" in baixo:
        return Falha("portal.fora_do_ar.tempo_esgotado", "O portal não respondeu a tempo.")
    if any(sinal in baixo for sinal in _GONE):
        return NavegadorCaiu(f"O navegador fechou: {texto[:160]}")
    if "net::err" in baixo or "chrome-error" in baixo or "interrupted by another navigation" in baixo:
        return Falha("portal.fora_do_ar.conexao", f"A conexão com o portal falhou: {texto[:160]}")
    return Falha("interno", f"Erro do navegador: {texto[:200]}")
