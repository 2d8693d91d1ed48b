"""The dashboard's files as they lie in `web/`, without a build step, under a policy that lets nothing else in."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

WEB = Path(__file__).parent / "web"
# Everything comes from this origin; no inline script or style. blob: is a file that the page itself fetched.
POLITICA = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The widget's modules, which pages of other origins load. They hold no data: what they ask for is guarded on its own.
WIDGET = frozenset(
    {
        "widget.js", "widget-acesso.js", "widget-estilo.js", "widget-vistas.js",
        "api.js", "live.js", "reducer.js", "textos/comum.js", "textos/widget.js", "ui.js", "vendor/lit.js",
    }
)  # fmt: skip
PARA_OUTROS = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
PAGINAS = {"/": "index.html", "/api/docs": "docs.html"}
TIPOS = {
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain",
}  # fmt: skip


def add_pages(app: web.Application) -> None:
    """The files hold no data: each page asks the API, as whoever signed in."""
    for caminho, arquivo in PAGINAS.items():
        app.router.add_get(caminho, _serve_arquivo(WEB / arquivo))
    for recurso in sorted(WEB.rglob("*.*")):
        if recurso.suffix in TIPOS and recurso.name not in PAGINAS.values():
            app.router.add_get(f"/web/{recurso.relative_to(WEB).as_posix()}", _serve_arquivo(recurso))


def _serve_arquivo(arquivo: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    conteudo, tipo = arquivo.read_bytes(), TIPOS[arquivo.suffix]
    comprimido = gzip.compress(conteudo, 9)
    abertos = PARA_OUTROS if arquivo.relative_to(WEB).as_posix() in WIDGET else {}
    etag = hashlib.sha256(conteudo).hexdigest()[:16]

    async def serve(request: web.Request) -> web.StreamResponse:
        # Asked for each time, answered by 304 while it is the same: an update is seen at once.
        headers = {
            "Content-Security-Policy": POLITICA,
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
        } | abertos
        corpo = conteudo
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            corpo, headers["Content-Encoding"] = comprimido, "gzip"
        if any(visto.value in (etag, "*") for visto in request.if_none_match or ()):
            resposta = web.Response(status=304, headers=headers)
        else:
            resposta = web.Response(body=corpo, content_type=tipo, charset="utf-8", headers=headers)
        resposta.etag = etag
        return resposta

    return serve
