"""Health: what the system needs to work, each looked at with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from services.gateway.api import Chamada, Rotas, send_json, send_resposta
from services.gateway.api import Resposta as Sucesso
from services.gateway.context import AppContext
from services.gateway.errors import ApiError, Detalhe
from services.gateway.schemas import Saude
from services.gateway.store.servicos import count_servicos

rotas = Rotas("Sistema")

LIMITE_S = 2.0
# A service is alive when it was seen this recently: its heart beats every 5 s.
VISTO = timedelta(seconds=15)


async def _check_database(ctx: AppContext) -> dict[str, Any]:
    async with ctx.pool.acquire() as conn:
        await conn.fetchval("SELECT 1")
    return {}


async def _check_broker(ctx: AppContext) -> dict[str, Any]:
    if not ctx.bus.is_alive():
        raise ConnectionError("sem conexão com o barramento")
    return {}


async def _check_storage(ctx: AppContext) -> dict[str, Any]:
    await ctx.files.check()
    return {}


async def _check_scrapers(ctx: AppContext) -> dict[str, Any]:
    return await _check_servico(ctx, "scraper")


async def _check_namers(ctx: AppContext) -> dict[str, Any]:
    return await _check_servico(ctx, "namer")


async def _check_servico(ctx: AppContext, tipo: str) -> dict[str, Any]:
    async with ctx.pool.acquire() as conn:
        vivos = await count_servicos(conn, tipo, VISTO)
    if not vivos:
        raise LookupError(f"nenhum {tipo} no ar")
    return {"quantidade": vivos}


CHECKS: dict[str, Callable[[AppContext], Awaitable[dict[str, Any]]]] = {
    "database": _check_database,
    "broker": _check_broker,
    "scrapers": _check_scrapers,
    "namers": _check_namers,
    "storage": _check_storage,
}


@rotas.get(
    "health",
    escopo=None,
    resumo="Diz se o sistema pode trabalhar",
    dados=Saude,
    respostas={503: "Algum item falha; `data` diz qual."},
)
async def health(chamada: Chamada) -> web.StreamResponse:
    resultados = await asyncio.gather(*(_look(nome, chamada.ctx) for nome in CHECKS))
    checks = dict(zip(CHECKS, resultados, strict=True))
    ruins = [nome for nome in CHECKS if not checks[nome]["ok"]]
    dados = {"status": "degradado" if ruins else "ok", "checks": checks, "timestamp": datetime.now(UTC)}
    if not ruins:
        return send_resposta(Sucesso(dados, "Tudo no ar."), 200)
    texto = f"O sistema não pode trabalhar por inteiro: {', '.join(ruins)}."
    detalhes = tuple(Detalhe(nome, checks[nome]["erro"]) for nome in ruins)
    return send_json(ApiError(503, "saude.degradada", texto, detalhes).body() | {"data": dados}, 503)


async def _look(nome: str, ctx: AppContext) -> dict[str, Any]:
    """`{ok, …counts}` or `{ok, erro}`; nobody is told addresses or causes of the inside."""
    try:
        async with asyncio.timeout(LIMITE_S):
            return {"ok": True, **await CHECKS[nome](ctx)}
    except TimeoutError:
        return {"ok": False, "erro": f"sem resposta em {LIMITE_S:g} s"}
    except LookupError as erro:
        return {"ok": False, "erro": str(erro.args[0]), "quantidade": 0}
    except Exception as erro:  # edge: any fault of a check is its answer
        return {"ok": False, "erro": f"não responde ({type(erro).__name__})"}
