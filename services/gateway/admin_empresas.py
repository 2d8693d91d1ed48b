"""What `canopus empresas` does on the database itself, beside the system or without it: offices, and their admins."""

from __future__ import annotations

from typing import Any

from services.gateway.admin import QUEM, Falhou, open_transaction
from services.gateway.senhas import hash_senha, make_senha
from services.gateway.store import empresas, pessoas
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.store.recusas import Recusa


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
