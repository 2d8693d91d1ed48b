"""Pedidos: what another service still works on; 202 until done, then what the call would have answered."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from aiohttp import web
from asyncpg import Record

from services.gateway.api import BASE, Chamada, Rotas, send_json
from services.gateway.errors import not_found
from services.gateway.store import pedidos as store

rotas = Rotas("Pedidos", "O que outro serviço ainda faz: 202 até terminar, depois a resposta da chamada.")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXEMPLO_202 = {"pedido_id": "0f8fad5b-d9cb-469f-a165-70867728950e", "status": "em_andamento", "passos": []}
# RFC 7240: who prefers it gets the 202 at once, and may watch the steps.
SEM_ESPERA = "respond-async"


@rotas.get(
    "pedidos/{id}",
    resumo="Responde 202 até terminar; depois, o que a chamada teria respondido",
    exemplo=EXEMPLO_202,
    respostas={202: "ainda em andamento", 503: "o serviço não respondeu"},
)
async def show_pedido(chamada: Chamada, id: UUID) -> web.StreamResponse:
    return await _send(chamada, id, await _find(chamada, id))


async def wait_pedido(chamada: Chamada, id: UUID, *, forget: bool = False) -> web.StreamResponse:
    """What the other service answered, or 202 with Location where it takes longer than a call may last.

    forget: answered within the call, the question leaves no row behind.
    """
    if SEM_ESPERA not in ",".join(chamada.request.headers.getall("Prefer", [])).lower():
        await chamada.ctx.pedidos.wait(id)
    linha = await _find(chamada, id)
    if forget and store.get_resposta(linha) is not None:
        async with chamada.ctx.pool.acquire() as conn:
            await store.delete_pedido(conn, id)
    return await _send(chamada, id, linha)


async def _find(chamada: Chamada, id: UUID) -> Record:
    async with chamada.ctx.pool.acquire() as conn:
        linha = await store.find_pedido(conn, id, chamada.acesso.alcance)
    if linha is None:
        raise not_found("Pedido", "pedido.nao_encontrado")
    return linha


async def _send(chamada: Chamada, id: UUID, linha: Record) -> web.StreamResponse:
    resposta = store.get_resposta(linha)
    if resposta is None:
        endereco = f"{BASE}/pedidos/{id}"
        dados = {"pedido_id": str(id), "status": "em_andamento", "passos": linha["passos"]}
        mensagem = "Ainda em andamento: consulte o endereço de Location."
        return send_json({"success": True, "message": mensagem, "data": dados}, 202, {"Location": endereco})
    if resposta.arquivo is None:
        return send_json(resposta.corpo, resposta.status)
    conteudo = await chamada.ctx.files.get(resposta.arquivo)
    return web.Response(
        body=conteudo,
        content_type=XLSX,
        headers={"Content-Disposition": disposition("attachment", resposta.nome_arquivo)},
    )


def disposition(modo: str, nome: str) -> str:
    """Content-Disposition with the whole name for those who read RFC 5987, and a plain one for the others."""
    simples = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in nome) or "arquivo"
    return f"{modo}; filename=\"{simples}\"; filename*=UTF-8''{quote(nome, safe='')}"
