"""The whole gateway behind its real HTTP server, with the engine and stand-ins for scraper and namer; no portal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from cryptography.fernet import Fernet

from services.gateway.api import BASE
from services.gateway.app import Gateway, open_gateway
from services.gateway.live import LiveOptions
from services.gateway.nuvem import Nuvem, Origens
from services.gateway.settings import GatewaySettings
from services.gateway.store import Pool
from services.gateway.store.chaves import Escopo, create_chave
from shared.bus import Bus
from shared.bus.memory import MemoryBus
from shared.crypto import Chaveiro
from shared.events import EVENTOS
from shared.files import FileStore

Quadro = dict[str, Any]
# No link of a test is ever opened at Google itself.
NINGUEM = Nuvem(origens=Origens("http://127.0.0.1:9", "http://127.0.0.1:9"))


@dataclass
class Balcao:
    """One replica and its callers. Keys by name: admin, operador, leitura, and what `add_chave` adds."""

    gateway: Gateway
    bus: Bus
    sessao: aiohttp.ClientSession
    chaves: dict[str, str] = field(default_factory=dict)

    @property
    def pool(self) -> Pool:
        pool = self.gateway.ctx.pool
        assert isinstance(pool, asyncpg.Pool)
        return pool

    @property
    def origem(self) -> str:
        return self.gateway.origem

    def headers(self, chave: str = "admin") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.chaves[chave]}"}

    async def call(
        self, metodo: str, caminho: str, corpo: Any = None, *, chave: str | None = "admin", **opcoes: Any
    ) -> Resposta:
        headers = (self.headers(chave) if chave else {}) | opcoes.pop("headers", {})
        if corpo is not None:
            opcoes["json"] = corpo
        url = self.origem + (caminho if caminho.startswith("/") else f"{BASE}/{caminho}")
        async with self.sessao.request(metodo, url, headers=headers, **opcoes) as resposta:
            bruto = await resposta.read()
            eh_json = resposta.content_type == "application/json"
            return Resposta(resposta.status, await resposta.json() if eh_json else {}, dict(resposta.headers), bruto)

    async def add_chave(self, nome: str, escopo: Escopo, ponto_venda_id: int | None = None) -> None:
        async with self.pool.acquire() as conn:
            self.chaves[nome] = await create_chave(conn, nome, escopo, ponto_venda_id, quem="teste")

    @asynccontextmanager
    async def socket(
        self, chave: str | None = "leitura", *, headers: dict[str, str] | None = None, **opcoes: Any
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        todos = (self.headers(chave) if chave else {}) | (headers or {})
        opcoes = {"protocols": ["canopus.v1"], "max_msg_size": 0} | opcoes
        connect: Any = self.sessao.ws_connect
        async with connect(f"{self.origem}{BASE}/ws", headers=todos, **opcoes) as ws:
            yield ws


@dataclass(frozen=True)
class Resposta:
    status: int
    corpo: dict[str, Any]
    headers: dict[str, str]
    bruto: bytes

    @property
    def data(self) -> Any:
        assert self.corpo.get("success") is True, (self.status, self.corpo)
        return self.corpo["data"]

    @property
    def recusa(self) -> tuple[int, str]:
        """Status and slug, once the whole error shape was checked."""
        assert set(self.corpo) >= {"success", "error", "codigo", "detalhes"}, (self.status, self.corpo)
        assert self.corpo["success"] is False
        assert self.corpo["error"]
        assert all(set(d) == {"campo", "erro"} for d in self.corpo["detalhes"])
        return self.status, self.corpo["codigo"]

    @property
    def campos(self) -> dict[str, str]:
        return {d["campo"]: d["erro"] for d in self.corpo["detalhes"]}


@asynccontextmanager
async def open_balcao(
    database_url: str,
    pasta: Path,
    *,
    bus: Bus | None = None,
    live_options: LiveOptions | None = None,
    origens: str = "",
    proxies: str = "",
    webhooks_privados: bool = False,
    nuvem: Nuvem = NINGUEM,
) -> AsyncIterator[Balcao]:
    """bus: of another replica, to share it."""
    settings = GatewaySettings(
        port=0, data_dir=pasta, origens=origens, proxies=proxies, webhooks_privados=webhooks_privados
    )
    chaveiro = Chaveiro(Fernet.generate_key().decode())
    async with AsyncExitStack() as pilha:
        proprio: Bus = await pilha.enter_async_context(MemoryBus(EVENTOS)) if bus is None else bus
        files = FileStore((pasta / "downloads").as_uri())
        gateway = await pilha.enter_async_context(
            open_gateway(settings, database_url, proprio, files, chaveiro, live_options=live_options, nuvem=nuvem)
        )
        sessao = await pilha.enter_async_context(aiohttp.ClientSession())
        balcao = Balcao(gateway, proprio, sessao)
        for escopo in Escopo:
            await balcao.add_chave(escopo.value, escopo)
        yield balcao


def write_request(balcao: Balcao, inicio: str, *cabecalhos: str, corpo: bytes = b"") -> bytes:
    """A request of the admin's as it goes over the wire, on a connection that ends with it."""
    linhas = [f"{inicio} HTTP/1.1", "Host: a", "Connection: close"]
    linhas += [f"Authorization: {balcao.headers()['Authorization']}", *cabecalhos]
    return "\r\n".join([*linhas, "", ""]).encode("latin-1") + corpo


async def send_raw(balcao: Balcao, bruto: bytes) -> tuple[bytes, bytes]:
    """Head and body of the answer to these bytes, once the gateway has closed."""
    async with asyncio.timeout(10):
        leitor, escritor = await asyncio.open_connection("127.0.0.1", balcao.gateway.porta)
        escritor.write(bruto)
        resposta = await leitor.read()
        escritor.close()
    cabeca, _, corpo = resposta.partition(b"\r\n\r\n")
    return cabeca, corpo


async def read_quadro(ws: aiohttp.ClientWebSocketResponse, timeout_s: float = 10.0) -> Quadro:
    quadro: Quadro = await ws.receive_json(timeout=timeout_s)
    return quadro


async def subscribe(ws: aiohttp.ClientWebSocketResponse, automacao_id: Any, desde: Any = None) -> Quadro:
    """Ask and return the next frame, which must be the answer."""
    await ws.send_json({"tipo": "assinar", "automacao_id": str(automacao_id), "desde": desde})
    return await read_quadro(ws)


async def read_eventos(ws: aiohttp.ClientWebSocketResponse, ate: int) -> list[Quadro]:
    """Events up to that `seq`; pulses are left out."""
    eventos: list[Quadro] = []
    while not eventos or eventos[-1]["seq"] < ate:
        quadro = await read_quadro(ws)
        if quadro["tipo"] == "evento":
            eventos.append(quadro)
        else:
            assert quadro["tipo"] == "pulso", quadro
    return eventos
