"""What stands before and behind every handler: identity, checks, one error shape, security headers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from services.gateway.api import ANONIMO, Chamada, Resposta, Rota, parse_parametro, send_json, send_resposta
from services.gateway.auth import Acesso, identify
from services.gateway.context import CONTEXT, AppContext
from services.gateway.errors import (
    ApiError,
    internal,
    not_found,
    not_json,
    too_large,
    too_slow,
    unavailable,
    unreadable,
    wrong_content_type,
)
from services.gateway.store.recusas import Recusa
from services.gateway.validation import Corpo, parse_consulta, parse_corpo
from shared.files import ArquivoAusente, ArquivoFalhou

log = logging.getLogger(__name__)

CORPO_BYTES = 1_000_000
LEITURA_S = 30.0

SEGURANCA = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}
# The database is away, or its server is stopping or starting: the same request may succeed later.
_BANCO_FORA = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    ConnectionError,
    TimeoutError,
)

AiohttpHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serve(rota: Rota) -> AiohttpHandler:
    """The aiohttp handler of a declared route."""

    async def handle(request: web.Request) -> web.StreamResponse:
        ctx = request.app[CONTEXT]
        acesso = await _identify(ctx, request, rota)
        argumentos = await _read_argumentos(request, rota)
        resposta = await rota.handler(Chamada(request, _narrow(ctx, rota, acesso), acesso), **argumentos)
        return send_resposta(resposta, rota.status) if isinstance(resposta, Resposta) else resposta

    return handle


def _narrow(ctx: AppContext, rota: Rota, acesso: Acesso) -> AppContext:
    """The one place where a request gets its office; what is open to all, or of all, has none."""
    return ctx if rota.escopo is None or rota.instalacao else ctx.of(acesso.empresa_id)


async def _identify(ctx: AppContext, request: web.Request, rota: Rota) -> Acesso:
    if rota.escopo is None:
        return ANONIMO
    async with ctx.pool.acquire(timeout=10) as conn:
        acesso = await identify(conn, request, ctx)
    if not rota.provisoria:
        acesso.require_senha()
    acesso.require(rota.escopo)
    if rota.instalacao:
        acesso.require_instalacao()
    return acesso


async def _read_argumentos(request: web.Request, rota: Rota) -> dict[str, Any]:
    argumentos: dict[str, Any] = {}
    for nome, tipo in rota.parametros.items():
        try:
            argumentos[nome] = parse_parametro(tipo, request.match_info[nome])
        except ValueError as erro:
            raise not_found() from erro
    if rota.consulta is not None:
        argumentos["consulta"] = parse_consulta(rota.consulta, list(request.query.items()))
    if rota.corpo is not None:
        argumentos["corpo"] = await _read_corpo(request, rota.corpo)
    return argumentos


async def _read_corpo(request: web.Request, modelo: type[Corpo]) -> Corpo:
    if (request.content_length or 0) > CORPO_BYTES:
        raise too_large(CORPO_BYTES)
    try:
        async with asyncio.timeout(LEITURA_S):
            dados = await request.read()
    except TimeoutError as erro:
        raise too_slow() from erro
    if not dados:
        # Where every field may be absent, so may the body.
        if any(campo.is_required() for campo in modelo.model_fields.values()):
            raise not_json()
        return parse_corpo(modelo, b"{}")
    if request.content_type != "application/json":
        raise wrong_content_type()
    return parse_corpo(modelo, dados)


@web.middleware
async def errors(request: web.Request, handler: AiohttpHandler) -> web.StreamResponse:
    """Every refusal, the library's own included, leaves in the one shape; what nobody expected leaves no trace."""
    try:
        return await handler(request)
    except ApiError as erro:
        return _send(erro)
    except Recusa as recusa:
        return _send(ApiError(recusa.status, recusa.codigo, str(recusa)))
    except web.HTTPException as erro:
        return _send(translate_http(erro))
    except (web.RequestPayloadError, HttpProcessingError):
        # Cut short, compressed or split into parts wrongly: found only while it was read.
        return _send(unreadable())
    except ArquivoAusente:
        return _send(not_found("Arquivo", "arquivo.nao_encontrado"))
    except ArquivoFalhou as erro:
        log.warning("file store failed: %s", erro)
        return _send(unavailable("arquivos.indisponivel", "O armazenamento de arquivos não respondeu. Tente de novo."))
    except _BANCO_FORA as erro:
        # A caller that hangs up breaks a connection too, and then nobody is there to read the answer.
        if request.transport is not None:
            log.warning("database away: %s", type(erro).__name__)
        return _send(unavailable("banco.indisponivel", "O banco de dados não respondeu. Tente de novo em instantes."))
    except Exception:  # edge: HTTP middleware
        log.exception("request failed", extra={"method": request.method, "path": request.path})
        return _send(internal())


def _send(erro: ApiError) -> web.Response:
    return send_json(erro.body(), erro.status, erro.headers)


def translate_http(erro: web.HTTPException) -> ApiError:
    """aiohttp's own refusal in our words."""
    match erro:
        case web.HTTPNotFound():
            return ApiError(404, "rota.nao_encontrada", "Endereço não encontrado. Veja os endereços em /api/docs.")
        case web.HTTPMethodNotAllowed():
            aceitos = ", ".join(sorted(erro.allowed_methods))
            texto = f"Este endereço não aceita {erro.method}. Aceita: {aceitos}."
            return ApiError(405, "rota.metodo_nao_permitido", texto, headers={"Allow": aceitos})
        case web.HTTPRequestEntityTooLarge():
            return too_large(CORPO_BYTES)
        case web.HTTPUnsupportedMediaType():
            return wrong_content_type()
        case web.HTTPExpectationFailed():
            texto = "O cabeçalho Expect só pode ser 100-continue. Corrija-o, ou tire-o, e envie de novo."
            return ApiError(417, "requisicao.expect", texto)
        case _:
            return ApiError(erro.status, "requisicao.recusada", "Requisição recusada. Confira-a e envie de novo.")


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: a handler's own policy stays."""
    for nome, valor in SEGURANCA.items():
        response.headers.setdefault(nome, valor)
    response.headers.popall("Server", None)
