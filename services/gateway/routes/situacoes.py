"""What Meta says of WhatsApp messages: its callback proves itself by its signature, having no key of ours."""

from __future__ import annotations

import asyncio
import hmac
import logging

from aiohttp import web
from asyncpg import Record
from pydantic import Field

from services.gateway import whatsapp
from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.envio import ESPERAS_S
from services.gateway.errors import ApiError, too_slow
from services.gateway.routes.canais import open_segredos
from services.gateway.store import canais, correio
from services.gateway.validation import Consulta

log = logging.getLogger(__name__)

rotas = Rotas("Avisos")

LEITURA_S = 30.0


class Verificacao(Consulta):
    """As Meta names them. Without them nobody has proved anything: 401, as anywhere."""

    modo: str = Field(default="", alias="hub.mode", max_length=50)
    token: str = Field(default="", alias="hub.verify_token", max_length=2000)
    desafio: str = Field(default="", alias="hub.challenge", max_length=200)


@rotas.get(
    "canais/{id}/situacoes",
    escopo=None,
    resumo="Confirma à Meta o endereço das situações de um canal do WhatsApp",
    descricao="Cadastre este endereço no aplicativo da Meta, com o token de verificação do canal, e assine `messages`.",
    conteudo="text/plain",
    respostas={401: "o token de verificação não é o do canal"},
)
async def confirm_endereco(chamada: Chamada, id: int, consulta: Verificacao) -> web.Response:
    segredo = await _find_segredo(chamada, id, "token_verificacao")
    if consulta.modo != "subscribe" or not hmac.compare_digest(
        consulta.token.encode(errors="replace"), segredo.encode()
    ):
        raise _refuse()
    return web.Response(text=consulta.desafio, content_type="text/plain")


@rotas.post(
    "canais/{id}/situacoes",
    escopo=None,
    resumo="Recebe da Meta o que foi feito de cada mensagem, assinado (X-Hub-Signature-256)",
    exemplo={"situacoes": 1},
    respostas={401: "a assinatura não confere", 408: "o corpo não chegou a tempo", 413: "o corpo é grande demais"},
)
async def take_situacoes(chamada: Chamada, id: int) -> Resposta:
    segredo = await _find_segredo(chamada, id, "segredo_app")
    try:
        async with asyncio.timeout(LEITURA_S):
            corpo = await chamada.request.read()
    except TimeoutError as erro:
        raise too_slow() from erro
    if not whatsapp.check_assinatura(segredo, corpo, chamada.request.headers.get("X-Hub-Signature-256", "")):
        raise _refuse()
    try:
        situacoes = whatsapp.read_situacoes(corpo)
    except ValueError as erro:
        # Answered as taken: it would be the same at each repetition.
        log.warning("callback not understood: %s", erro)
        situacoes = []
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        for dita in situacoes:
            if dita.estado:
                await correio.note_situacao(conn, id, dita.externo_id, dita.chave, dita.estado, dita.em)
            else:
                esperas_s = () if dita.definitiva else ESPERAS_S
                await correio.note_falha(conn, id, dita.externo_id, dita.chave, dita.erro, esperas_s)
    return Resposta({"situacoes": len(situacoes)})


async def _find_segredo(chamada: Chamada, id: int, nome: str) -> str:
    """Raises ApiError 401, of whatever is no WhatsApp channel too: nobody learns which there are."""
    async with chamada.ctx.pool.acquire() as conn:
        canal: Record | None = await canais.find_canal(conn, id)
    if canal is None or canal["tipo"] != "whatsapp":
        raise _refuse()
    if nome not in (segredos := open_segredos(chamada, canal)):
        raise _refuse()
    return segredos[nome]


def _refuse() -> ApiError:
    texto = "O pedido não prova que vem da Meta. Confira no canal o segredo do aplicativo e o token de verificação."
    return ApiError(401, "aviso.assinatura", texto)
