"""Where notices go: local servers that speak as Meta, a mail server, Telegram and Slack do, and answer as bidden."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from typing import Any
from uuid import uuid4

from aiohttp import web

from services.gateway.store import Conn, Pool
from shared.crypto import Chaveiro
from tests.gateway.receptor import Responder

NUMERO_ID, TOKEN, SEGREDO_APP, TOKEN_VERIFICACAO = "106540352242922", "EAAtoken", "segredo-do-app", "inventado"
CONTA = {"numero_id": NUMERO_ID, "modelo": "aviso_canopus", "idioma": "pt_BR"}
SEGREDOS = {"token": TOKEN, "segredo_app": SEGREDO_APP, "token_verificacao": TOKEN_VERIFICACAO}
ANA = "5567999990000"


# --- Meta -------------------------------------------------------------------------------------------------------------


def make_erro(codigo: int, texto: str, detalhe: str = "", tipo: str = "OAuthException") -> dict[str, Any]:
    """A refusal as the Graph API writes it."""
    erro: dict[str, Any] = {"message": f"(#{codigo}) {texto}", "type": tipo, "code": codigo, "fbtrace_id": "A1b2"}
    if detalhe:
        erro["error_data"] = {"messaging_product": "whatsapp", "details": detalhe}
    return {"error": erro}


def refuse(status: int, codigo: int, texto: str, detalhe: str = "", **headers: str) -> Responder:
    async def respond(request: web.Request) -> web.StreamResponse:
        cabecalhos = {nome.replace("_", "-"): valor for nome, valor in headers.items()}
        return web.json_response(make_erro(codigo, texto, detalhe), status=status, headers=cabecalhos)

    return respond


@dataclass
class Meta:
    """respostas: in place of taking the next messages. aceitas: wamid → message; tentativas: however they ended."""

    url_base: str = ""
    respostas: deque[Responder] = field(default_factory=deque)
    aceitas: dict[str, dict[str, Any]] = field(default_factory=dict)
    tentativas: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.tentativas += 1
        if self.respostas:
            return await self.respostas.popleft()(request)
        return self.take(request, await request.json())

    def take(self, request: web.Request, mensagem: dict[str, Any]) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response(make_erro(190, "Invalid OAuth access token."), status=401)
        if queixa := check_mensagem(mensagem):
            return web.json_response(make_erro(100, "Invalid parameter", queixa), status=400)
        # As Meta does: the same message twice is two messages.
        wamid = f"wamid.{uuid4().hex}"
        self.aceitas[wamid] = mensagem
        numero = mensagem["to"]
        return web.json_response({
            "messaging_product": "whatsapp", "contacts": [{"input": numero, "wa_id": numero}],
            "messages": [{"id": wamid, "message_status": "accepted"}],
        })  # fmt: skip

    def take_and_cut(self) -> Responder:
        """The message is taken, and its answer is lost."""

        async def respond(request: web.Request) -> web.StreamResponse:
            resposta = self.take(request, await request.json())
            assert request.transport is not None
            request.transport.abort()
            return resposta

        return respond


def check_mensagem(mensagem: dict[str, Any]) -> str | None:
    """What the Cloud API would not take."""
    modelo = mensagem.get("template", {})
    if mensagem.get("messaging_product") != "whatsapp" or mensagem.get("type") != "template":
        return "only templates outside the customer service window"
    if not re.fullmatch(r"\d{10,15}", mensagem.get("to", "")):
        return "to is no phone number"
    if (modelo.get("name"), modelo.get("language")) != (CONTA["modelo"], {"code": "pt_BR"}):
        return "template name does not exist in the translation"
    [corpo] = modelo["components"]
    textos = [parametro["text"] for parametro in corpo["parameters"]]
    if corpo["type"] != "body" or len(textos) != 2:
        return "number of parameters does not match the expected number of params"
    if any(not texto or re.search(r"[\n\t]| {5}", texto) for texto in textos):
        return "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
    return None


def make_situacao(wamid: str, status: str, chave: str | None = None, erro: int | None = None) -> bytes:
    """A callback's body as Meta writes it."""
    situacao: dict[str, Any] = {"id": wamid, "status": status, "timestamp": "1764079200", "recipient_id": ANA}
    if chave:
        situacao["biz_opaque_callback_data"] = chave
    if erro:
        detalhe = {"details": "Message failed to send."}
        situacao["errors"] = [{"code": erro, "title": "Message failed", "message": "failed", "error_data": detalhe}]
    valor = {
        "messaging_product": "whatsapp", "metadata": {"display_phone_number": "556730000000",
        "phone_number_id": NUMERO_ID}, "statuses": [situacao],
    }  # fmt: skip
    mudanca = {"field": "messages", "value": valor}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [mudanca]}]}).encode()


def sign_meta(corpo: bytes, segredo: str = SEGREDO_APP) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(segredo.encode(), corpo, hashlib.sha256).hexdigest()}


@asynccontextmanager
async def open_meta() -> AsyncIterator[Meta]:
    meta = Meta()
    app = web.Application()
    app.router.add_post(f"/v25.0/{NUMERO_ID}/messages", meta.handle)
    async with serve(app) as origem:
        meta.url_base = f"{origem}/v25.0"
        yield meta


@asynccontextmanager
async def serve(app: web.Application, contexto: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The origin of a local server."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=contexto).start()
    try:
        yield f"{'https' if contexto else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


# --- e-mail -----------------------------------------------------------------------------------------------------------


@dataclass
class CarteiroSmtp:
    """recusas: (command, answer) in place of the usual one, in turn. caladas: connections that are taken and told
    nothing."""

    porta: int = 0
    recebidas: list[Message] = field(default_factory=list)
    recusas: deque[tuple[str, str]] = field(default_factory=deque)
    caladas: int = 0
    conexoes: int = 0

    def url(self, senha: str = "segredo-smtp") -> str:
        return f"mailto://canopus:{senha}@exemplo.com.br:{self.porta}?smtp=127.0.0.1&from=canopus@exemplo.com.br&to="

    async def talk(self, leitor: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
        self.conexoes += 1
        if self.caladas:
            self.caladas -= 1
            await leitor.read()
            return
        escritor.write(b"220 correio.exemplo.com.br ESMTP\r\n")
        while linha := (await leitor.readline()).decode().strip():
            verbo = linha.split(":")[0].split(" ")[0].upper()
            if self.recusas and self.recusas[0][0] == verbo:
                escritor.write(f"{self.recusas.popleft()[1]}\r\n".encode())
                continue
            escritor.write(self._answer(verbo, linha))
            if verbo == "DATA":
                corpo = await leitor.readuntil(b"\r\n.\r\n")
                self.recebidas.append(message_from_bytes(corpo[:-5], policy=policy.default))
                escritor.write(b"250 2.0.0 Ok: queued as 4F1\r\n")
            if verbo == "QUIT":
                break
        escritor.close()

    def _answer(self, verbo: str, linha: str) -> bytes:
        if verbo == "EHLO":
            return b"250-correio.exemplo.com.br\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"
        if verbo == "AUTH":
            certa = base64.b64encode(b"\0canopus\0segredo-smtp").decode()
            return b"235 2.7.0 Ok\r\n" if linha.endswith(certa) else b"535 5.7.8 Authentication failed\r\n"
        return {"DATA": b"354 End with .\r\n", "QUIT": b"221 Bye\r\n"}.get(verbo, b"250 2.1.0 Ok\r\n")


@asynccontextmanager
async def open_smtp() -> AsyncIterator[CarteiroSmtp]:
    smtp = CarteiroSmtp()
    servidor = await asyncio.start_server(smtp.talk, "127.0.0.1", 0)
    smtp.porta = servidor.sockets[0].getsockname()[1]
    try:
        yield smtp
    finally:
        servidor.close()


# --- chats ------------------------------------------------------------------------------------------------------------


@dataclass
class Conversas:
    """Telegram's bot API under /bot, Slack's incoming webhooks under /services, Teams' workflows under /workflows.
    respostas: in place of the usual ones, in turn."""

    origem: str = ""
    recebidas: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    respostas: deque[Responder] = field(default_factory=deque)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.recebidas.append((request.path, await request.json()))
        if self.respostas:
            return await self.respostas.popleft()(request)
        if request.path.startswith("/bot"):
            return web.json_response({"ok": True, "result": {"message_id": len(self.recebidas)}})
        return web.Response(status=202 if request.path.startswith("/workflows") else 200, text="ok")


@asynccontextmanager
async def open_conversas(contexto: ssl.SSLContext | None = None) -> AsyncIterator[Conversas]:
    conversas = Conversas()
    app = web.Application()
    app.router.add_post("/{caminho:.*}", conversas.handle)
    async with serve(app, contexto) as conversas.origem:
        yield conversas


def refuse_telegram(status: int, descricao: str, **parametros: Any) -> Responder:
    async def respond(request: web.Request) -> web.StreamResponse:
        corpo = {"ok": False, "error_code": status, "description": descricao, "parameters": parametros}
        return web.json_response(corpo, status=status)

    return respond


# --- the register -----------------------------------------------------------------------------------------------------


async def add_whatsapp(pool: Pool | Conn, chaveiro: Chaveiro, url_base: str, *, ativo: bool = True) -> int:
    id: int = await pool.fetchval(
        "INSERT INTO canais (nome, tipo, servico, pede_endereco, config, segredos, ativo)"
        " VALUES ('zap', 'whatsapp', 'WhatsApp', true, $1, $2, $3) RETURNING id",
        CONTA | {"url_base": url_base},
        chaveiro.encrypt(json.dumps(SEGREDOS)),
        ativo,
    )
    return id


async def add_servico(pool: Pool, chaveiro: Chaveiro, url: str) -> int:
    id: int = await pool.fetchval(
        "INSERT INTO canais (nome, tipo, servico, pede_endereco, segredos)"
        " VALUES ('correio', 'servico', 'E-Mail', $2, $1) RETURNING id",
        chaveiro.encrypt(json.dumps({"url": url})),
        "{endereco}" in url,
    )
    return id


async def add_destinatario(pool: Pool | Conn, canal_id: int, **campos: Any) -> int:
    """pessoa_id: where absent, somebody new who sees every ponto de venda."""
    if "pessoa_id" not in campos:
        campos["pessoa_id"] = await pool.fetchval(
            "INSERT INTO pessoas (email, nome, senha_hash, escopo, todos_pontos_venda)"
            " VALUES ($1, 'Ana Lima', 'x', 'operador', true) RETURNING id",
            f"{uuid4().hex}@exemplo.com.br",
        )
    campos = {"endereco": ANA, "eventos": None, "limite_falhas": 5, "ativo": True} | campos
    id: int = await pool.fetchval(
        "INSERT INTO destinatarios (canal_id, pessoa_id, endereco, eventos, limite_falhas, ativo)"
        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        canal_id,
        *(campos[campo] for campo in ("pessoa_id", "endereco", "eventos", "limite_falhas", "ativo")),
    )
    return id
