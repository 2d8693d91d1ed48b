"""A system that is told: a local server that verifies what comes by the standard's library, and answers as bidden."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook

from services.gateway.assinatura import make_segredo
from services.gateway.store import Pool
from shared.crypto import Chaveiro

Responder = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Recebida:
    """A request whose signature is right. em_s: monotonic."""

    id: str
    evento: dict[str, Any]
    headers: dict[str, str]
    em_s: float


@dataclass
class Receptor:
    """respostas: to the next requests, in turn; then 204. recusadas: requests whose signature is not right."""

    segredo: str = field(default_factory=make_segredo)
    url: str = ""
    recebidas: list[Recebida] = field(default_factory=list)
    respostas: deque[Responder] = field(default_factory=deque)
    recusadas: int = 0

    @property
    def ids(self) -> list[str]:
        return [recebida.id for recebida in self.recebidas]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        corpo = await request.read()
        try:
            evento = Webhook(self.segredo).verify(corpo, dict(request.headers))
        except Exception:
            self.recusadas += 1
            raise
        self.recebidas.append(Recebida(request.headers["webhook-id"], evento, dict(request.headers), time.monotonic()))
        responder = self.respostas.popleft() if self.respostas else answer(204)
        return await responder(request)


def answer(status: int, texto: str = "", **headers: str) -> Responder:
    async def respond(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=texto, headers={n.replace("_", "-"): v for n, v in headers.items()})

    return respond


def hang(chegou: asyncio.Event | None = None, segundos: float = 30.0) -> Responder:
    """No answer for so long."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if chegou is not None:
            chegou.set()
        await asyncio.sleep(segundos)
        return web.Response(status=204)

    return respond


async def cut(request: web.Request) -> web.StreamResponse:
    """The connection goes instead of an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=204)


@asynccontextmanager
async def open_receptor(contexto: ssl.SSLContext | None = None) -> AsyncIterator[Receptor]:
    receptor = Receptor()
    app = web.Application()
    app.router.add_post("/canopus", receptor.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=contexto)
    await site.start()
    porta = runner.addresses[0][1]
    receptor.url = f"{'https' if contexto else 'http'}://127.0.0.1:{porta}/canopus"
    try:
        yield receptor
    finally:
        await runner.cleanup()


async def add_webhook(pool: Pool, chaveiro: Chaveiro, receptor: Receptor, **campos: Any) -> int:
    """One that goes to this receiver, straight into the database."""
    campos = {"nome": "crm", "url": receptor.url, "eventos": None, "ponto_venda_id": None, "ativo": True} | campos
    id: int = await pool.fetchval(
        "INSERT INTO webhooks (nome, url, eventos, ponto_venda_id, ativo, segredo) VALUES ($1, $2, $3, $4, $5, $6)"
        " RETURNING id",
        *campos.values(),
        chaveiro.encrypt(receptor.segredo),
    )
    return id


def make_certificado(pasta: Path) -> ssl.SSLContext:
    """A server's, signed by itself."""
    chave = ec.generate_private_key(ec.SECP256R1())
    nome = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    agora = datetime.datetime.now(datetime.UTC)
    certificado = (
        x509.CertificateBuilder()
        .subject_name(nome)
        .issuer_name(nome)
        .public_key(chave.public_key())
        .serial_number(1)
        .not_valid_before(agora - datetime.timedelta(days=1))
        .not_valid_after(agora + datetime.timedelta(days=1))
        .sign(chave, hashes.SHA256())
    )
    arquivo = pasta / "servidor.pem"
    arquivo.write_bytes(
        chave.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificado.public_bytes(serialization.Encoding.PEM)
    )
    contexto = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexto.load_cert_chain(arquivo)
    return contexto
