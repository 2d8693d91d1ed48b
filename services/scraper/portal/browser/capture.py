"""Takes the PDF out of the print window at request level, before any viewer or closing window can lose it.

A route on the context, set before the click, asks the server itself (`route.fetch`): a body that is no PDF is passed
on unchanged, so that the page's own reload, form or frame comes through the same route; a PDF is kept, and the window
gets a small page in its place. The server is asked once for each request the window makes, so keys that work once and
reports behind a form are safe. `response.body()` never holds a PDF, and the download event depends on the build.
"""

from __future__ import annotations

import asyncio
import html
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import APIResponse, BrowserContext, Error, Frame, Page, Request, Response, Route

from services.scraper.portal.browser.navigation import is_main_navigation
from services.scraper.portal.browser.scripts import PRESSIONAR
from services.scraper.portal.errors import Falha, PortalBloqueado, SessaoPerdida
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Pagina, decode_html, is_pdf
from services.scraper.portal.profile import Perfil
from services.scraper.portal.recognition import check_pagina

log = logging.getLogger(__name__)

RODADAS = 5
EMBUTIDO_S = 1.0
_OLHADA_S = 0.1
# So many of the page's answers may take as long as they may before the window asks for anything.
_NAVEGACOES = 3
_PAGINA_GUARDADA = "<!doctype html><title>Boleto</title><p>Boleto capturado.</p>"
_JANELA = re.compile(r"""window\.open\(\s*["']([^"']+)["']""")
_EMBUTIDO = re.compile(rb"""<(?:embed|object)\b[^>]*?\b(?:src|data)\s*=\s*["']?(?!about:)([^"'\s>]+)""", re.IGNORECASE)
# What can make a page ask for another: without any of it, nothing more is coming.
_SEGUE = re.compile(rb"<script|<form|<i?frame|http-equiv|onload\s*=|\bsrc\s*=(?!\s*['\"]?about:)", re.IGNORECASE)


class Captura:
    """One emission's capture. Nothing it opened or set stays behind."""

    def __init__(self, context: BrowserContext, page: Page, perfil: Perfil, ritmo: Ritmo) -> None:
        self._context = context
        self._page = page
        self._perfil = perfil
        self._ritmo = ritmo
        # The PDF; None: nothing more is coming this way.
        self._fim: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._rodadas = 0
        self._urls: list[str] = []
        self._janelas: list[Page] = []
        self._janela = asyncio.Event()
        self._posts = 0
        self._prazo: asyncio.Timeout | None = None
        # What the page waits for an answer to, and since when that stands so.
        self._pedido: Request | None = None
        self._desde_s = 0.0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        impressao = re.compile(self._perfil.paginas.impressao, re.IGNORECASE)
        proprias = re.compile("/" + re.escape(self._perfil.paginas.cobranca) + r"(?:\?|$)", re.IGNORECASE)
        await self._context.route(impressao, self._take_over)
        await self._context.route(proprias, self._keep_pace)
        self._context.on("page", self._note_janela)
        ouvintes = {"request": self._note_pedido, "response": self._note_resposta, "requestfailed": self._note_resposta}
        for evento, ouvinte in ouvintes.items():
            self._page.on(evento, ouvinte)  # type: ignore[call-overload]
        try:
            yield
        finally:
            self._context.remove_listener("page", self._note_janela)
            for evento, ouvinte in ouvintes.items():
                self._page.remove_listener(evento, ouvinte)
            await self._clean(impressao, proprias)

    async def take(self) -> bytes:
        """The PDF, by the window's own requests, else by asking for its address once more. Raises Falha."""
        pdf_s = self._perfil.esperas.pdf_s
        vigia = asyncio.create_task(self._watch_janela(), name="watch window")
        try:
            async with asyncio.timeout(pdf_s if self._rodadas else None) as self._prazo:
                if pdf := await asyncio.shield(self._fim):
                    return pdf
        except TimeoutError:
            log.info("no pdf by the window's own requests within %s s", pdf_s)
        finally:
            vigia.cancel()
            self._prazo = None
        return await self._fetch_again()

    def fail(self, falha: Falha) -> None:
        """The window's page says that no PDF is coming."""
        if not self._fim.done():
            self._fim.set_exception(falha)

    def note_pagina(self, pagina: Pagina) -> None:
        """The address that the page's own script opens, should the window never ask for it."""
        if (achado := _JANELA.search(pagina.html)) and not self._urls:
            self._urls.append(urljoin(pagina.url, achado[1].replace("\\/", "/").replace("&amp;", "&")))

    def _note_janela(self, janela: Page) -> None:
        self._janelas.append(janela)
        self._janela.set()
        janela.on("framenavigated", self._note_lugar)

    def _note_lugar(self, quadro: Frame) -> None:
        if any(Pagina(quadro.url, 200, "").is_at(login) for login in self._perfil.paginas.login):
            self.fail(SessaoPerdida("sessao.expirada", "A janela do boleto foi parar na página de login."))

    def _end(self, pdf: bytes | None = None) -> None:
        if not self._fim.done():
            self._fim.set_result(pdf)

    async def _watch_janela(self) -> None:
        """The window may take its time from when the page has nothing more to wait for; a slow portal is no window that
        does not open."""
        esperas, loop = self._perfil.esperas, asyncio.get_running_loop()
        self._desde_s = loop.time()
        fim_s = loop.time() + _NAVEGACOES * esperas.navegacao_s
        while not self._rodadas:
            limite_s = esperas.janela_s if self._pedido is None else esperas.navegacao_s
            if loop.time() > min(fim_s, self._desde_s + limite_s):
                self._end()
                return
            await asyncio.sleep(_OLHADA_S)

    def _note_pedido(self, pedido: Request) -> None:
        if is_main_navigation(pedido, self._page):
            self._pedido, self._desde_s = pedido, asyncio.get_running_loop().time()

    def _note_resposta(self, vinda: Request | Response) -> None:
        pedido = vinda if isinstance(vinda, Request) else vinda.request
        if pedido == self._pedido:
            self._pedido, self._desde_s = None, asyncio.get_running_loop().time()

    async def _take_over(self, route: Route) -> None:
        """Invariant: every request to the print page is answered here, by the server's own answer or a page of ours."""
        self._rodadas += 1
        if self._rodadas == 1 and self._prazo is not None:
            self._prazo.reschedule(asyncio.get_running_loop().time() + self._perfil.esperas.pdf_s)
        if self._rodadas > RODADAS or self._fim.done():
            self._end()
            await _quietly(route.fulfill(status=200, content_type="text/html", body=_PAGINA_GUARDADA))
            return
        self._urls.append(route.request.url)
        try:
            resposta = await route.fetch(timeout=self._perfil.esperas.pdf_s * 1000)
            corpo = await resposta.body()
        except Error as erro:
            log.info("print page not fetched: %s", erro.message.partition("\n")[0][:160])
            self._end()
            await _quietly(route.abort())
            return
        await self._keep(route, resposta, corpo)

    async def _keep(self, route: Route, resposta: APIResponse, corpo: bytes) -> None:
        if is_pdf(corpo):
            self._end(corpo)
            await _quietly(route.fulfill(status=200, content_type="text/html", body=_PAGINA_GUARDADA))
            return
        await _quietly(route.fulfill(response=resposta, body=corpo))
        self._check(resposta, corpo)
        if self._is_relatorio(corpo):
            await self._save_relatorio(route.request, corpo)
        elif embutido := _EMBUTIDO.search(corpo):
            # A viewer's page around the document: without a viewer here, nobody else asks for what it shows.
            self._urls.append(urljoin(resposta.url, html.unescape(embutido[1].decode("ascii", "replace"))))
            asyncio.get_running_loop().call_later(EMBUTIDO_S, self._end)
        elif not _SEGUE.search(corpo):
            self._end()

    def _check(self, resposta: APIResponse, corpo: bytes) -> None:
        """The login page or the firewall's in place of the PDF end the capture; a server error may be the page's."""
        try:
            check_pagina(_as_pagina(resposta, corpo), self._perfil)
        except (SessaoPerdida, PortalBloqueado) as falha:
            self.fail(falha)
        except Falha as falha:
            log.info("print page: %s", falha.codigo)

    def _is_relatorio(self, corpo: bytes) -> bool:
        return self._perfil.controles.relatorio_tipo.sufixo.encode() in corpo

    async def _save_relatorio(self, request: Request, corpo: bytes) -> None:
        """A report viewer: choose PDF, press Save; the answer comes through the route as an attachment."""
        pagina = Pagina(request.url, 200, corpo.decode("utf-8", "replace"))
        controles = self._perfil.controles
        tipo, salvar = pagina.find(controles.relatorio_tipo), pagina.find(controles.relatorio_salvar)
        opcoes = pagina.options(controles.relatorio_tipo)
        valor = next((v for v, texto, _ in opcoes if "pdf" in f"{v} {texto}".lower()), None)
        if tipo is None or salvar is None or valor is None:
            self._end()
            return
        try:
            async with asyncio.timeout(self._perfil.esperas.fechar_s):
                quadro = await self._wait_for_quadro(request)
                await quadro.wait_for_selector(f'[id="{salvar.id}"], [name="{salvar.name}"]', state="attached")
                await quadro.evaluate(PRESSIONAR, [vars(salvar), [[vars(tipo), valor]]])
        except (Error, TimeoutError) as erro:
            log.info("report viewer not worked: %s", str(erro).partition("\n")[0][:160])
            self._end()

    async def _wait_for_quadro(self, request: Request) -> Frame:
        """Where this request's page stands, which is not the pop-up test's window. The browser tells of a new window
        only after its first answer, which is on its way."""
        while True:
            try:
                return request.frame
            except Error:
                self._janela.clear()
                await self._janela.wait()

    async def _keep_pace(self, route: Route) -> None:
        """The pop-up test posts by script right after "Emitir": the pace is kept for it too."""
        if route.request.method == "POST":
            self._posts += 1
            if self._posts > 1:
                await self._ritmo.wait()
        await _quietly(route.continue_())

    async def _fetch_again(self) -> bytes:
        """The second way: ask for the print page's last address with the session's cookies."""
        if not self._urls:
            raise Falha("download.falhou.tempo_esgotado", "A janela do boleto não abriu.")
        try:
            resposta = await self._context.request.get(
                self._urls[-1], timeout=self._perfil.esperas.pdf_s * 1000 / 3, headers={"Referer": self._page.url}
            )
            corpo = await resposta.body()
        except Error as erro:
            log.info("print page not fetched again: %s", erro.message.partition("\n")[0][:160])
            raise Falha("download.falhou.tempo_esgotado", "O endereço do PDF não respondeu.") from erro
        if is_pdf(corpo):
            return corpo
        check_pagina(_as_pagina(resposta, corpo), self._perfil)
        if not corpo:
            raise Falha("download.falhou.vazio", "O portal entregou um arquivo vazio.")
        tipo = resposta.headers.get("content-type", "sem tipo")
        raise Falha("download.falhou.nao_pdf", f"No lugar do PDF veio {tipo}, {len(corpo)} bytes.")

    async def _clean(self, *padroes: re.Pattern[str]) -> None:
        """Routes off, pop-ups closed: bounded, for awaiting a pop-up that starts the PDF viewer can hang."""
        for padrao in padroes:
            await _quietly(self._context.unroute(padrao))
        for janela in self._janelas:
            if not janela.is_closed():
                await _quietly(janela.close(), self._perfil.esperas.fechar_s)
        if self._fim.done():
            self._fim.exception()  # looked at: asyncio need not complain that nobody did


def _as_pagina(resposta: APIResponse, corpo: bytes) -> Pagina:
    """Without its status: a server error in place of the PDF is a failed download."""
    texto, _ = decode_html(corpo, resposta.headers.get("content-type", ""))
    return Pagina(resposta.url, 200, texto)


async def _quietly(awaitable: Any, timeout_s: float = 10.0) -> None:
    """For what may fail because its window went away meanwhile."""
    try:
        async with asyncio.timeout(timeout_s):
            await awaitable
    except (Error, TimeoutError) as erro:
        log.info("left behind: %s", str(erro).partition("\n")[0][:160])
