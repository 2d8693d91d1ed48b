"""One contract of an execution in full: its attempts, and what was kept of a failure, masked before it was taken."""

from __future__ import annotations

import json
from uuid import UUID

from aiohttp import web
from asyncpg import Record

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.errors import ApiError, not_found
from services.gateway.schemas import ClienteDetalhe
from services.gateway.store import execucoes as store
from services.gateway.store.execucoes import NaoEncontrada
from shared.events import Arquivo
from shared.files import ArquivoAusente, ArquivoCorrompido

rotas = Rotas("Execuções")


@rotas.get(
    "execucoes/{automacao_id}/clientes/{item}",
    resumo="Mostra um contrato de uma execução, com suas tentativas",
    dados=ClienteDetalhe,
)
async def show_cliente(chamada: Chamada, automacao_id: UUID, item: int) -> Resposta:
    linha = await _find(chamada, automacao_id, item)
    if linha is None:
        raise not_found("Contrato", "contrato.nao_encontrado")
    campos = {"historico": linha["historico"], "duracoes_s": linha["duracoes_s"]}
    return Resposta(store.cliente_row(linha) | campos | {"avisos": (linha["dados_boleto"] or {}).get("avisos", [])})


@rotas.get(
    "execucoes/{automacao_id}/clientes/{item}/evidencia/{numero}",
    resumo="Entrega uma evidência de um contrato que falhou",
    descricao="Os endereços estão em `evidencias` de cada linha. O HTML do portal vem como texto, nunca como página.",
    conteudo="image/png, application/json, text/plain",
    respostas={404: "não há esta evidência, ou o prazo de guarda passou", 500: "foi alterada depois de guardada"},
)
async def show(chamada: Chamada, automacao_id: UUID, item: int, numero: int) -> web.StreamResponse:
    linha = await _find(chamada, automacao_id, item)
    if linha is None or numero >= len(linha["evidencia"]):
        raise not_found("Evidência", "evidencia.nao_encontrada")
    try:
        dados = await chamada.ctx.files.get(Arquivo.model_validate(linha["evidencia"][numero]))
    except ArquivoAusente as erro:
        texto = "Esta evidência já foi removida pelo prazo de guarda."
        raise ApiError(404, "evidencia.removida", texto) from erro
    except ArquivoCorrompido as erro:
        texto = "Esta evidência foi alterada depois de guardada e não serve mais."
        raise ApiError(500, "arquivo.alterado", texto) from erro
    tipo, sufixo = _sniff(dados)
    nome = f"{automacao_id}_{item}_{numero}.{sufixo}"
    return web.Response(
        body=dados,
        content_type=tipo,
        charset=None if tipo.startswith("image/") else "utf-8",
        headers={"Content-Disposition": f'inline; filename="{nome}"', "Content-Security-Policy": "sandbox"},
    )


async def _find(chamada: Chamada, automacao_id: UUID, item: int) -> Record | None:
    async with chamada.ctx.pool.acquire() as conn:
        execucao = await store.find_execucao(conn, automacao_id, chamada.acesso.alcance)
        if execucao is None:
            raise NaoEncontrada
        return await store.find_cliente(conn, execucao["id"], item)


def _sniff(dados: bytes) -> tuple[str, str]:
    """By the bytes: nothing of the portal's is ever served as a page or a script of ours."""
    if dados.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", "png"
    if dados.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", "jpg"
    try:
        json.loads(dados)
    except (ValueError, RecursionError):
        return "text/plain", "txt"
    return "application/json", "json"
