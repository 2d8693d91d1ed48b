"""The gateway's register behind a real door: HTTP, PostgreSQL, the engine, the in-process bus and files; no portal."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.fernet import Fernet

from services.gateway.api import BASE
from services.gateway.app import build_app
from services.gateway.atualizador import Atualizador, Ritmo
from services.gateway.auth import FailedLogins
from services.gateway.context import AppContext
from services.gateway.engine import Engine, open_engine
from services.gateway.live import Live
from services.gateway.nuvem import Nuvem
from services.gateway.pedidos import Pedidos
from services.gateway.routes import list_rotas
from services.gateway.settings import GatewaySettings
from services.gateway.store import Pool
from services.gateway.store.chaves import Escopo, create_chave
from services.gateway.store.empresas import open_restritos
from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from shared.bus.memory import MemoryBus
from shared.crypto import Chaveiro
from shared.events import EVENTOS
from shared.files import FileStore
from tests.eventually import eventually
from tests.gateway.balcao import NINGUEM
from tests.gateway.cadastro import open_base


@dataclass
class Resposta:
    status: int
    corpo: dict[str, Any]
    headers: dict[str, str]
    bruto: bytes

    @property
    def data(self) -> Any:
        assert self.corpo.get("success"), (self.status, self.corpo)
        return self.corpo["data"]

    @property
    def campos(self) -> list[str]:
        return [detalhe["campo"] for detalhe in self.corpo["detalhes"]]


@dataclass
class Porta:
    """One replica and a caller with three keys."""

    pool: Pool
    bus: MemoryBus
    files: FileStore
    pasta: Path
    engine: Engine
    chaveiro: Chaveiro
    pedidos: Pedidos
    atualizador: Atualizador
    client: TestClient[web.Request, web.Application]
    chaves: dict[str, str]

    async def call(
        self, metodo: str, caminho: str, corpo: Any = None, *, chave: str = "admin", **opcoes: Any
    ) -> Resposta:
        headers = {"Authorization": f"Bearer {self.chaves[chave]}", **opcoes.pop("headers", {})}
        if corpo is not None:
            opcoes["json"] = corpo
        async with self.client.request(metodo, f"{BASE}/{caminho}", headers=headers, **opcoes) as resposta:
            bruto = await resposta.read()
            eh_json = resposta.content_type == "application/json"
            json = await resposta.json() if eh_json else {}
            if resposta.status in (200, 201) and eh_json:
                check_declared(metodo, caminho, json["data"])
            return Resposta(resposta.status, json, dict(resposta.headers), bruto)

    async def upload(
        self, dados: bytes, consultor: str = "Marta", nome: str = "MARTA__PLANILHA_GERAL.xlsx", **opcoes: Any
    ) -> Resposta:
        formulario = aiohttp.FormData()
        formulario.add_field("consultor", consultor)
        if "ponto_venda" in opcoes:
            formulario.add_field("ponto_venda", opcoes.pop("ponto_venda"))
        formulario.add_field("arquivo", dados, filename=nome)
        caminho = opcoes.pop("caminho", "planilhas?simular=true" if opcoes.pop("simular", False) else "planilhas")
        return await self.call("POST", caminho, data=formulario, **opcoes)

    async def add_chave(self, nome: str, escopo: Escopo, ponto_venda: str) -> None:
        """A key bound to one ponto de venda."""
        async with self.pool.acquire() as conn:
            id = await conn.fetchval("SELECT id FROM pontos_venda WHERE codigo = $1", ponto_venda)
            self.chaves[nome] = await create_chave(conn, nome, escopo, id, quem="teste")

    async def register(self) -> None:
        """Two pontos de venda; Marta, whose uploads are for the first; a credential for it."""
        for codigo in ("17.308", "21.400"):
            corpo = {"codigo": codigo, "nome": f"Loja {codigo}", "empresa": "credms"}
            assert (await self.call("POST", "pontos-venda", corpo)).status == 201
        corpo = {"nome": "Marta", "ponto_venda": "17308"}
        assert (await self.call("POST", "consultores", corpo)).status == 201
        credencial = {"ponto_venda": "17.308", "usuario": "17308", "senha": "segredo-do-portal"}
        assert (await self.call("POST", "credenciais", credencial)).status == 201

    def list_files(self) -> list[str]:
        return sorted(p.relative_to(self.pasta).as_posix() for p in self.pasta.rglob("*") if p.is_file())


def check_declared(metodo: str, caminho: str, dados: Any) -> None:
    """An answer holds what its route declares, field for field: so does OpenAPI."""
    for rota in list_rotas():
        molde = re.sub(r"{\w+}", "[^/]+", rota.caminho)
        if rota.metodo == metodo and isinstance(rota.dados, type) and re.fullmatch(molde, caminho.partition("?")[0]):
            rota.dados.model_validate(dados)


@asynccontextmanager
async def open_porta(
    database_url: str,
    pasta: Path,
    *,
    namer: bool = False,
    espera_s: float = 20.0,
    replica_id: str = "r1",
    nuvem: Nuvem = NINGUEM,
) -> AsyncIterator[Porta]:
    async with AsyncExitStack() as pilha:
        pool = await pilha.enter_async_context(open_base(database_url))
        bus = await pilha.enter_async_context(MemoryBus(EVENTOS))
        files = FileStore(pasta.as_uri())
        engine = await pilha.enter_async_context(open_engine(pool, bus, files))
        asker = Pedidos(pool, files, replica_id, espera_s)
        await pilha.enter_async_context(bus.consume(asker.fila, asker.handle))
        if namer:
            await pilha.enter_async_context(Namer(bus, files, NamerSettings()))
            await eventually(lambda: pool.fetchval("SELECT count(*) FROM servicos WHERE tipo = 'namer'"))
        live = await pilha.enter_async_context(Live(pool, bus, replica_id))
        chaveiro = Chaveiro(Fernet.generate_key().decode())
        atualizador = Atualizador(pool, files, chaveiro, asker, nuvem, ritmo=Ritmo(olhada_s=0.02))
        ctx = AppContext(
            pool, bus, files, chaveiro, GatewaySettings(), replica_id, engine.wake, live, asker, atualizador,
            FailedLogins(), FailedLogins(maximo=100, janela_s=300.0), FailedLogins(maximo=5, janela_s=300.0),
            restritos=await pilha.enter_async_context(open_restritos(pool, database_url, max_size=10)),
        )  # fmt: skip
        client = await pilha.enter_async_context(TestClient(TestServer(build_app(ctx))))
        chaves = {}
        async with pool.acquire() as conn:
            for escopo in Escopo:
                chaves[escopo.value] = await create_chave(conn, escopo.value, escopo, None, quem="teste")
        yield Porta(pool, bus, files, pasta, engine, chaveiro, asker, atualizador, client, chaves)
