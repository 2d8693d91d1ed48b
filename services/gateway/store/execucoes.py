"""Executions, as the doors of the gateway see them: submitted, controlled, shown."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from services.gateway.store import Alcance, Conn, Pool, load_sql
from services.gateway.store.controle import cancel_execucao, credential_fixed, pause_execucao, resume_execucao
from services.gateway.store.nomeacao import name_pending
from services.gateway.store.quadro import cliente_row, contadores, execucao_dict
from services.gateway.store.recusas import (
    EstadoImpossivel,
    NaoEncontrada,
    Recusa,
    SemClientes,
    SemCredencial,
    SemFalhas,
)
from services.gateway.store.submissao import NovaExecucao, reprocess_execucao, submit_execucao

__all__ = [
    "EstadoImpossivel",
    "NaoEncontrada",
    "NovaExecucao",
    "Recusa",
    "SemClientes",
    "SemCredencial",
    "SemFalhas",
    "cancel_execucao",
    "cliente_row",
    "contadores",
    "credential_fixed",
    "execucao_dict",
    "find_cliente",
    "find_epoca",
    "find_execucao",
    "list_clientes",
    "list_eventos",
    "list_execucoes",
    "name_pending",
    "pause_execucao",
    "reprocess_execucao",
    "resume_execucao",
    "submit_execucao",
]

SQL = load_sql("execucoes")


async def find_execucao(conn: Conn | Pool, automacao_id: UUID, alcance: Alcance = None) -> Record | None:
    """For `execucao_dict` and `contadores`."""
    return await conn.fetchrow(SQL["find_execucao"], automacao_id, alcance)


async def list_execucoes(
    conn: Conn | Pool, *, alcance: Alcance, status: str | None, tipo: str | None, antes: int | None, limite: int
) -> Sequence[Record]:
    """The newest first; `antes`: ids below this one."""
    return await conn.fetch(SQL["list_execucoes"], alcance, status, tipo, antes, limite)


async def list_clientes(
    conn: Conn | Pool,
    execucao_id: int,
    *,
    status: str | None = None,
    codigo: str | None = None,
    desde: int = 0,
    limite: int,
) -> Sequence[Record]:
    """For `cliente_row`, by id above `desde`; codigo: it or any of its children."""
    return await conn.fetch(SQL["list_clientes"], execucao_id, status, codigo, desde, limite)


async def find_cliente(conn: Conn | Pool, execucao_id: int, id: int) -> Record | None:
    return await conn.fetchrow(SQL["find_cliente"], execucao_id, id)


async def list_eventos(conn: Conn | Pool, execucao_id: int, desde: int, limite: int) -> Sequence[Record]:
    """(seq, corpo) above `desde`; corpo is the socket's frame as it was told."""
    return await conn.fetch(SQL["list_eventos"], execucao_id, desde, limite)


async def find_epoca(conn: Conn | Pool) -> UUID:
    epoca: UUID = await conn.fetchval(SQL["find_epoca"])
    return epoca
