"""What the browser's page asks the portal for, and the document that comes of it."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from playwright.async_api import Error, Page, Request, Response

from services.scraper.portal.errors import Falha
from services.scraper.portal.profile import Esperas

log = logging.getLogger(__name__)

_NAVIGATING = ("is navigating", "context was destroyed", "frame was detached", "frame got detached")
# A page without the portal's state whose script or header leads elsewhere.
_PASSAGEM = re.compile(r"\blocation(?:\.href)?\s*=(?!=)|\blocation\.(?:replace|assign)\(|http-equiv=.?refresh", re.I)
_ESTADO = re.compile(r"__VIEWSTATE|__VSTATE")
_OLHADA_S = 0.1
_CORTE_S = 0.5
_ERRO_S = 1.0


class Navegacao:
    """Of one page. pediu: it asked for another document; chegou: it has one; status: of the last answer; portal_s: from
    the requests sent to their answers' first bytes so far, as the browser's own network saw it."""

    def __init__(self, page: Page, esperas: Esperas) -> None:
        self._page = page
        self._esperas = esperas
        self.status = 200
        self.portal_s = 0.0
        self.pediu = asyncio.Event()
        self.chegou = asyncio.Event()
        self._cortada = asyncio.Event()  # the answer broke off
        self._atual: Request | None = None
        page.on("request", self._note_request)
        page.on("response", self._note_response)
        page.on("requestfailed", self._note_failure)
        page.on("domcontentloaded", lambda _: self.chegou.set())

    async def follow(self, navigation: Coroutine[Any, Any, Response | None]) -> Response | None:
        """The navigation's answer; one that breaks off in the middle would be waited for in vain."""
        self._atual = None
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

    async def read(self, response: Response | None) -> str:
        """The open document. An answer cut in the middle is a failed connection, not a shorter page."""
        if response is not None:
            if not self._has_gone_on(response):
                self.status = response.status
            await self._finish(response)
        html = await self._content()
        if response is not None and _PASSAGEM.search(html) and not _ESTADO.search(html):
            html = await self._read_next(html)
        return html

    async def _finish(self, response: Response) -> None:
        """All of the answer; a page that goes on to another at once leaves its own end untold."""
        fim = asyncio.ensure_future(response.finished())
        try:
            async with asyncio.timeout(self._esperas.navegacao_s):
                while not fim.done() and not self._has_gone_on(response):
                    await asyncio.wait({fim}, timeout=_OLHADA_S)
        finally:
            fim.cancel()
        if response.request.failure and not self._has_gone_on(response):
            raise Falha("portal.fora_do_ar.conexao", "A resposta do portal foi cortada.")

    async def _read_next(self, html: str) -> str:
        """A page that only sends the browser on is not what the portal answers: the next one is, if it comes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._esperas.reacao_s):
                while True:
                    self.chegou.clear()
                    if await self._content() != html:
                        await self._page.wait_for_load_state("domcontentloaded")
                        return await self._content()
                    await self.chegou.wait()
        return html

    @property
    def onde(self) -> str:
        """The last address asked, of those that redirected too."""
        return "" if self._atual is None else self._atual.url

    async def read_cabecalhos(self) -> dict[str, str]:
        """Of the last page's request, as they went out."""
        return {} if self._atual is None else await self._atual.all_headers()

    def _has_gone_on(self, response: Response) -> bool:
        return self._atual is not None and self._atual != response.request

    async def _content(self) -> str:
        limite = time.monotonic() + self._esperas.navegacao_s
        while True:
            try:
                return await self._page.content()
            except Error as erro:
                if time.monotonic() > limite or not any(sinal in str(erro).lower() for sinal in _NAVIGATING):
                    raise
                await self._page.wait_for_load_state("domcontentloaded")

    def _note_request(self, request: Request) -> None:
        if is_main_navigation(request, self._page):
            self._atual = request
            self.pediu.set()

    def _note_failure(self, request: Request) -> None:
        # Aborted: the page went on to another before this one had come.
        if request == self._atual and "ERR_ABORTED" not in (request.failure or ""):
            self._cortada.set()

    def _note_response(self, response: Response) -> None:
        if not is_main_navigation(response.request, self._page):
            return
        tempos = response.request.timing
        self.portal_s += max(0.0, tempos["responseStart"] - tempos["requestStart"]) / 1000
        if not 300 <= response.status < 400:
            self.status = response.status


def list_desvios(response: Response | None) -> tuple[str, ...]:
    desvios, request = [], response.request.redirected_from if response else None
    while request is not None:
        desvios.append(request.url)
        request = request.redirected_from
    return tuple(desvios)


def is_main_navigation(request: Request, page: Page) -> bool:
    try:
        return request.is_navigation_request() and request.frame == page.main_frame
    except Error:  # a navigation whose frame is not there yet is another window's
        return False
