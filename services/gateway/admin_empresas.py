"""What `canopus empresas` does on the database itself, beside the system or without it: offices, and their admins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.gateway.__main__ import open_database_url
from services.gateway.admin import QUEM, Falhou, choose_empresa, open_transaction
from services.gateway.app import open_database
from services.gateway.escritorio import erase_escritorio, export_escritorio
from services.gateway.senhas import hash_senha, make_senha
from services.gateway.settings import GatewaySettings
from services.gateway.store import Pool, empresas, pessoas
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.store.recusas import Recusa
from shared.files import ArquivoFalhou, FileStore, open_files
from shared.settings import load_settings


async def make_empresa(codigo: str, nome: str, email: str, max_sessoes: int | None) -> str:
    """With its first admin, whose provisional password it returns. Raises Falhou."""
    senha = make_senha()
    senha_hash = await hash_senha(senha)
    try:
        async with open_transaction(todas=True) as conn:
            id = await empresas.create_empresa(conn, codigo, nome, max_sessoes)
            async with empresas.restrict(conn, id):
                await pessoas.create_pessoa(conn, email.lower(), "Administrador", senha_hash, Escopo.ADMIN, None)
            await record_auditoria(conn, quem=QUEM, acao="empresa.criar", alvo=f"empresas/{codigo}")
    except Recusa as recusa:
        raise Falhou(str(recusa)) from recusa
    return senha


async def read_empresas() -> list[dict[str, Any]]:
    async with open_transaction(todas=True) as conn:
        return [
            {**linha, "created_at": linha["created_at"].isoformat()} for linha in await empresas.list_empresas(conn)
        ]


async def switch_empresa(codigo: str, *, ativa: bool) -> None:
    """Raises Falhou: the first one is the installation."""
    async with open_transaction(todas=True) as conn:
        empresa = await choose_empresa(conn, codigo)
        if empresa["id"] == empresas.PADRAO:
            raise Falhou("o primeiro escritório é a própria instalação: não se desativa.")
        await empresas.switch_empresa(conn, empresa["id"], ativa=ativa)
        acao = "empresa.ativar" if ativa else "empresa.desativar"
        await record_auditoria(conn, quem=QUEM, acao=acao, alvo=f"empresas/{codigo}")


async def export_empresa(codigo: str, destino: Path) -> dict[str, int]:
    """How many rows and files were taken along. Raises Falhou."""
    async with _open() as (pool, files):
        return await export_escritorio(pool, files, codigo, destino)


async def erase_empresa(codigo: str) -> dict[str, int]:
    """How many rows and files went. Raises Falhou."""
    async with _open() as (pool, files):
        return await erase_escritorio(pool, files, codigo)


@asynccontextmanager
async def _open() -> AsyncIterator[tuple[Pool, FileStore]]:
    settings = load_settings(GatewaySettings)
    try:
        async with open_database_url(settings) as url, open_database(url) as pool:
            yield pool, await open_files(settings)
    except ArquivoFalhou as erro:
        raise Falhou(f"CANOPUS_STORAGE_URL: os arquivos não respondem ({erro}). Tente de novo.") from erro
