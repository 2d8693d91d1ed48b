"""The simulator's own routes, under /_simulador: read what happened, turn knobs while it runs."""

from typing import Any

from aiohttp import web
from pydantic import ValidationError

from tests.simulator.record import Registro
from tests.simulator.state import Portal


def change_botoes(portal: Portal, patch: dict[str, dict[str, Any]], cpf: str | None = None) -> None:
    """Turns knobs for all, or for one client; counted faults start anew. Raises ValidationError."""
    if cpf is None:
        portal.botoes = portal.botoes.change(patch)
    else:
        portal.botoes.change(patch)
        merged = portal.por_cliente.setdefault(cpf, {})
        for group, values in patch.items():
            merged[group] = merged.get(group, {}) | values
    portal.usos.clear()


def add_control(app: web.Application, portal: Portal, registro: Registro) -> None:
    async def get_registro(request: web.Request) -> web.Response:
        return web.json_response(registro.entradas)

    async def get_emitidos(request: web.Request) -> web.Response:
        return web.json_response(portal.emitidos)

    async def get_sessoes(request: web.Request) -> web.Response:
        return web.json_response(
            {"credenciais": registro.summarize_credenciais(), "sessoes": registro.list_sessoes()}
        )  # fmt: skip

    async def get_botoes(request: web.Request) -> web.Response:
        return web.json_response(portal.botoes.model_dump(mode="json"))

    async def post_botoes(request: web.Request) -> web.Response:
        data = await request.json()
        try:
            change_botoes(portal, {k: v for k, v in data.items() if k != "cpf"}, data.get("cpf"))
        except ValidationError as why:
            return web.json_response({"erros": why.errors(include_url=False, include_context=False)}, status=422)
        return web.json_response(portal.botoes.model_dump(mode="json"))

    app.router.add_get("/_simulador/registro", get_registro)
    app.router.add_get("/_simulador/emitidos", get_emitidos)
    app.router.add_get("/_simulador/sessoes", get_sessoes)
    app.router.add_get("/_simulador/botoes", get_botoes)
    app.router.add_post("/_simulador/botoes", post_botoes)
