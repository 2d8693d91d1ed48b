"""The socket's door: who may open it, from which page, with which ticket."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import WSCloseCode, WSMsgType, web

from services.gateway.api import Chamada, Rotas
from services.gateway.auth import (
    Acesso,
    clean_origem,
    find_endereco,
    forbid_anonymous,
    has_credentials,
    identify,
    is_same_origin,
)
from services.gateway.context import AppContext
from services.gateway.errors import ApiError, unavailable
from services.gateway.frames import SUBPROTOCOLO, Autenticar, encode_erro, parse_quadro
from services.gateway.live import SEM_ACESSO
from services.gateway.socket import QUADRO_BYTES, Socket
from services.gateway.store.chaves import Escopo, take_bilhete
from services.gateway.store.empresas import list_ativas

log = logging.getLogger(__name__)

rotas = Rotas("Ao vivo", "Os eventos de cada execução, por WebSocket. Os quadros estão em `GET /api/asyncapi.json`.")


@rotas.get(
    "ws",
    escopo=None,
    status=101,
    resumo="Abre o socket (subprotocolo canopus.v1)",
    descricao="Autentica como o resto, ou pelo primeiro quadro com um bilhete. Veja `GET /api/asyncapi.json`.",
    conteudo="",
    respostas={
        400: "O cliente não fala canopus.v1.",
        401: "Falta a chave.",
        403: "A página é de outra origem.",
        426: "O pedido não é de WebSocket.",
        429: "Tentativas demais com chave inválida.",
    },
)
async def open_socket(chamada: Chamada) -> web.StreamResponse:
    request, ctx = chamada.request, chamada.ctx
    ws = web.WebSocketResponse(
        protocols=(SUBPROTOCOLO,), autoping=False, compress=False, max_msg_size=QUADRO_BYTES, timeout=5.0
    )
    acesso = await _identify(ctx, request)
    _check_request(ctx, request, ws, acesso)
    if acesso is not None:
        await _check_parte(ctx, acesso)
    await ws.prepare(request)
    try:
        acesso = acesso or await _authenticate(ctx, request, ws)
        if acesso is not None:
            await Socket(ws, request, ctx.live, ctx.of(acesso.empresa_id).pool, acesso).run()
    except Exception:  # edge: behind the HTTP middleware, which can answer nothing any more
        log.exception("socket failed")
        await ws.close(code=WSCloseCode.INTERNAL_ERROR)
    return ws


async def _identify(ctx: AppContext, request: web.Request) -> Acesso | None:
    """None: the first frame must tell, which only a socket can send.

    A cookie speaks for our own pages alone, whatever origins are allowed: one of another origin on the same site would
    hear all that the person sees.
    """
    if has_credentials(request) and ("Authorization" in request.headers or is_same_origin(request)):
        async with ctx.pool.acquire(timeout=10) as conn:
            acesso = await identify(conn, request, ctx)
        acesso.require_senha()
        return acesso
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise forbid_anonymous()
    return None


def _check_request(ctx: AppContext, request: web.Request, ws: web.WebSocketResponse, acesso: Acesso | None) -> None:
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise ApiError(426, "socket.upgrade", "Este endereço é um WebSocket.", headers={"Upgrade": "websocket"})
    oferecidos = request.headers.get("Sec-WebSocket-Protocol")
    if oferecidos is not None and SUBPROTOCOLO not in [parte.strip() for parte in oferecidos.split(",")]:
        raise ApiError(400, "socket.subprotocolo", f"Use o subprotocolo {SUBPROTOCOLO}.")
    if not ws.can_prepare(request).ok and oferecidos is not None:
        raise ApiError(400, "socket.pedido_invalido", "O pedido de WebSocket não é válido.")
    # Where no origins are listed, whoever holds a key allows one by its ticket.
    precisa_lista = acesso is not None or bool(ctx.settings.origens_permitidas)
    if precisa_lista and not is_same_origin(request) and not _is_permitida(ctx, request):
        raise _forbid_origem()
    if ctx.live.is_closing or len(ctx.live.sockets) >= ctx.live.options.sockets_maximo:
        raise _sem_vaga()


async def _check_parte(ctx: AppContext, acesso: Acesso) -> None:
    """Where there are several offices none has more than three quarters of the sockets."""
    dela = sum(1 for socket in ctx.live.sockets if socket.empresa_id == acesso.empresa_id)
    if dela >= ctx.live.options.sockets_maximo * 3 // 4:
        async with ctx.pool.acquire(timeout=10) as conn:
            if len(await list_ativas(conn)) > 1:
                raise _sem_vaga()


def _sem_vaga() -> ApiError:
    return unavailable("socket.sem_vaga", "Sockets demais abertos. Tente de novo em instantes.")


def _is_permitida(ctx: AppContext, request: web.Request) -> bool:
    """Of another origin, and on the list."""
    permitidas = ctx.settings.origens_permitidas
    return not is_same_origin(request) and clean_origem(request.headers["Origin"]) in permitidas


def _forbid_origem() -> ApiError:
    texto = "Esta página não pode abrir o socket. Inclua a origem dela em CANOPUS_ORIGENS e peça-lhe um bilhete."
    return ApiError(403, "acesso.origem", texto)


async def _authenticate(ctx: AppContext, request: web.Request, ws: web.WebSocketResponse) -> Acesso | None:
    """The first frame's ticket. Anything else is told, and the socket closed."""
    try:
        async with asyncio.timeout(ctx.live.options.autenticacao_s):
            mensagem = await ws.receive()
        if mensagem.type is not WSMsgType.TEXT:
            raise forbid_anonymous()
        acesso = await _take_bilhete(ctx, request, mensagem.data)
        await _check_parte(ctx, acesso)
        return acesso
    except TimeoutError:
        erro = forbid_anonymous()
    except ApiError as recusa:
        erro = recusa
    if not ws.closed:
        await ws.send_frame(encode_erro(erro), WSMsgType.TEXT)
        codigo = WSCloseCode.TRY_AGAIN_LATER if erro.status == 503 else SEM_ACESSO
        await ws.close(code=codigo, message=erro.codigo.encode())
    return None


async def _take_bilhete(ctx: AppContext, request: web.Request, texto: str) -> Acesso:
    quadro = parse_quadro(texto)
    if not isinstance(quadro, Autenticar):
        raise forbid_anonymous()
    async with ctx.pool.acquire(timeout=10) as conn:
        linha = await take_bilhete(conn, quadro.bilhete)
    if linha is None:
        ctx.falhas.note(find_endereco(request, ctx.settings))
        raise ApiError(401, "acesso.bilhete_invalido", "Bilhete inválido, já usado ou vencido. Peça outro.")
    if clean_origem(request.headers.get("Origin", "")) != linha["origem"]:
        raise _forbid_origem()
    alcance = None if linha["ponto_venda_id"] is None else (linha["ponto_venda_id"],)
    return Acesso(linha["chave_id"], linha["nome"], Escopo.LEITURA, alcance, empresa_id=linha["empresa_id"])
