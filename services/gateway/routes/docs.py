"""The API's description of itself."""

from __future__ import annotations

from aiohttp import web

from services.gateway.api import Chamada, Rotas, send_json
from services.gateway.asyncapi import build_asyncapi
from services.gateway.openapi import build_openapi

rotas = Rotas("Sistema", "Saúde e documentação.")


@rotas.get("/api/openapi.json", resumo="Descreve a API (OpenAPI 3.1)", cru=True)
async def show_openapi(chamada: Chamada) -> web.StreamResponse:
    # Here, not above: the list of all routes holds this one too.
    from services.gateway.routes import RECURSOS

    return send_json(build_openapi(RECURSOS))


@rotas.get("/api/asyncapi.json", resumo="Descreve os eventos e o socket (AsyncAPI 3.0)", cru=True)
async def show_asyncapi(chamada: Chamada) -> web.StreamResponse:
    return send_json(build_asyncapi())
