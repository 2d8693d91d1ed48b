"""What was kept of a failure, masked before it was taken: pictures as pictures, everything else as plain text."""

from __future__ import annotations

import json
from uuid import UUID

from aiohttp import web

from services.gateway.api import Chamada, Rotas
from services.gateway.errors import ApiError, not_found
from services.gateway.store import execucoes as store
from services.gateway.store.execucoes import NaoEncontrada
from shared.events import Arquivo
from shared.files import ArquivoAusente

rotas = Rotas("Execuções")


@rotas.get(
    "execucoes/{automacao_id}/clientes/{item}/evidencia/{numero}",
    resumo="Entrega uma evidência de um contrato que falhou",
    descricao="Os endereços estão em `evidencias` de cada linha. O HTML do portal vem como texto, nunca como página.",
    conteudo="image/png, application/json, text/plain",
)
async def show(chamada: Chamada, automacao_id: UUID, item: int, numero: int) -> web.StreamResponse:
    async with chamada.ctx.pool.acquire() as conn:
        execucao = await store.find_execucao(conn, automacao_id, chamada.acesso.alcance)
        if execucao is None:
            raise NaoEncontrada
        linha = await store.find_cliente(conn, execucao["id"], item)
    if linha is None or numero >= len(linha["evidencia"]):
        raise not_found("Evidência", "evidencia.nao_encontrada")
    try:
        dados = await chamada.ctx.files.get(Arquivo.model_validate(linha["evidencia"][numero]))
    except ArquivoAusente as erro:
        texto = "Esta evidência já foi removida pelo prazo de guarda."
        raise ApiError(404, "evidencia.removida", texto) from erro
    tipo, sufixo = _sniff(dados)
    nome = f"{automacao_id}_{item}_{numero}.{sufixo}"
    return web.Response(
        body=dados,
        content_type=tipo,
        charset=None if tipo.startswith("image/") else "utf-8",
        headers={"Content-Disposition": f'inline; filename="{nome}"', "Content-Security-Policy": "sandbox"},
    )


def _sniff(dados: bytes) -> tuple[str, str]:
    """By the bytes: nothing of the portal's is ever served as a page or a script of ours."""
    if dados.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", "png"
    if dados.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", "jpg"
    try:
        json.loads(dados)
    except ValueError:
        return "text/plain", "txt"
    return "application/json", "json"
