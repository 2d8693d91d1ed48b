"""The API's description of itself, and the pages without a build step that are served from `web/`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from services.gateway.api import Chamada, Rotas, send_json
from services.gateway.asyncapi import build_asyncapi
from services.gateway.openapi import build_openapi

rotas = Rotas("Sistema", "Saúde e documentação.")

WEB = Path(__file__).parent.parent / "web"
# Everything comes from this origin; no inline script or style.
POLITICA = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGINAS = {"/": "index.html", "/api/docs": "docs.html"}
TIPOS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@rotas.get("/api/openapi.json", resumo="Descreve a API (OpenAPI 3.1)")
async def show_openapi(chamada: Chamada) -> web.StreamResponse:
    # Here, not above: the list of all routes holds this one too.
    from services.gateway.routes import RECURSOS

    return send_json(build_openapi(RECURSOS))


@rotas.get("/api/asyncapi.json", resumo="Descreve os eventos e o socket (AsyncAPI 3.0)")
async def show_asyncapi(chamada: Chamada) -> web.StreamResponse:
    return send_json(build_asyncapi())


def add_pages(app: web.Application) -> None:
    """The pages hold no data: each asks for the key, keeps it in memory, and fetches with it."""
    for caminho, arquivo in PAGINAS.items():
        app.router.add_get(caminho, _serve_arquivo(arquivo))
    for recurso in sorted(WEB.glob("*.*")):
        if recurso.name not in PAGINAS.values():
            app.router.add_get(f"/web/{recurso.name}", _serve_arquivo(recurso.name))


def _serve_arquivo(nome: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    conteudo, tipo = (WEB / nome).read_bytes(), TIPOS[Path(nome).suffix]

    async def serve(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Security-Policy": POLITICA, "Cache-Control": "no-cache"}
        return web.Response(body=conteudo, content_type=tipo, charset="utf-8", headers=headers)

    return serve
