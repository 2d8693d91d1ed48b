"""The door: finds the page and the session of a request, lets it through, and writes it into the log."""

import asyncio
import time
from contextlib import nullcontext

from aiohttp import web

from tests.simulator.control import add_control
from tests.simulator.faults import Corte
from tests.simulator.forms import parse_campos
from tests.simulator.images import GIF
from tests.simulator.pages import ABERTAS, POR_CAMINHO
from tests.simulator.record import Registro, mask_documento
from tests.simulator.state import Portal, SessaoPortal
from tests.simulator.visit import Visita

COOKIE = "NWASI"


class Porta:
    """Serves every path under the virtual root."""

    def __init__(self, portal: Portal, registro: Registro) -> None:
        self.portal = portal
        self.registro = registro

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/" and self.portal.cenario.raiz != "/":
            where = self.portal.cenario.raiz + self.portal.botoes.login.raiz_para
            return web.Response(status=302, headers={"Location": where})
        path = request.path.removeprefix(self.portal.cenario.raiz).lower()
        if path.startswith("imagens/") or path == "favicon.ico":
            return web.Response(body=GIF, content_type="image/gif")
        page = POR_CAMINHO.get(path)
        if page is None or not request.path.startswith(self.portal.cenario.raiz):
            return web.Response(status=404, text="<h2>404 - File not found.</h2>", content_type="text/html")
        if request.path.rsplit("/", 1)[-1] in self.portal.botoes.login.resetar:
            return _cut(request)
        return await self._serve_page(request, page)

    async def _serve_page(self, request: web.Request, page: str) -> web.StreamResponse:
        sessao = self._find_sessao(request)
        charset = self.portal.botoes.aparencia.charset
        pairs = parse_campos(await request.read(), charset) if request.method == "POST" else []
        visita = Visita(self.portal, sessao, page, request.method, pairs, dict(request.query))
        visita.arquivo = request.path.rsplit("/", 1)[-1]
        began, t = time.monotonic(), self.registro.elapsed_s()
        answer: web.StreamResponse | None = None
        try:
            async with sessao.trava if visita.botoes.sessao.exclusiva else nullcontext():
                answer = await visita.answer(t)
        except Corte:
            visita.notas["resultado"] = "corte"
        finally:
            self._note(visita, request, t, began, answer)
        if answer is None:
            return _cut(request)
        answer.set_cookie(COOKIE, sessao.id, path="/", httponly=True)
        if visita.cortada and isinstance(answer, web.Response):
            return await _send_half(request, answer)
        return answer

    def _find_sessao(self, request: web.Request) -> SessaoPortal:
        return self.portal.sessoes.get(request.cookies.get(COOKIE, "")) or self.portal.new_sessao()

    def _note(
        self, visita: Visita, request: web.Request, t: float, began: float, answer: web.StreamResponse | None
    ) -> None:
        sessao = visita.sessao
        cliente = visita.cliente
        self.registro.add({
            "t": t, "ms": round((time.monotonic() - began) * 1000, 1), "metodo": request.method,
            "pagina": visita.passo, "caminho": request.path, "evento": visita.evento,
            "status": answer.status if answer else 0,
            "sessao": sessao.id[:8], "login": round(sessao.login_em, 4),
            "logado": bool(sessao.credencial) and visita.pagina not in ABERTAS,
            "usuario": sessao.usuario, "agente": request.headers.get("User-Agent", ""),
            "cliente": mask_documento(cliente.cpf) if cliente else None,
            "cota": sessao.cota.codigo if sessao.cota and cliente else None,
        } | visita.notas)  # fmt: skip


def _cut(request: web.Request) -> web.Response:
    """Closes the connection without a byte: the client sees a reset."""
    transport = request.transport
    if transport is not None:
        transport.abort()
    return web.Response()


async def _send_half(request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Promises the whole body and sends half of it."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = len(body)
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2])
    await asyncio.sleep(0)
    _cut(request)
    return stream


def make_app(portal: Portal, registro: Registro) -> web.Application:
    app = web.Application(client_max_size=4 * 1024**2)
    add_control(app, portal, registro)
    app.router.add_route("*", "/{tail:.*}", Porta(portal, registro).serve)
    return app
