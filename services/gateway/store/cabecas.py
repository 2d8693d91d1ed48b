"""The last event of each execution, and what a socket is told when it subscribes: one consistent look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql
from services.gateway.store.execucoes import (
    cliente_row,
    contadores,
    execucao_dict,
    find_epoca,
    find_execucao,
    list_clientes,
)

SQL = load_sql("cabecas")
_TODOS = 2**31 - 1

Modo = Literal["inicial", "retomada", "reinicio"]


@dataclass(frozen=True)
class Desde:
    """Where a client stood: the last event it applied, in which epoch."""

    epoca: UUID
    seq: int


@dataclass(frozen=True)
class Estado:
    """Answer to a subscription. seq: what the client holds after it; cabeca: the last event there is.

    `clientes` is empty in a `retomada`.
    """

    automacao_id: UUID
    execucao_id: int
    empresa_id: int
    ponto_venda_id: int
    epoca: UUID
    modo: Modo
    seq: int
    cabeca: int
    execucao: dict[str, Any]
    contadores: dict[str, int]
    clientes: list[dict[str, Any]]


async def list_cabecas(conn: Conn) -> Sequence[Record]:
    """(id, automacao_id, empresa_id, ponto_venda_id, seq, viva: it has not ended) of every execution."""
    return await conn.fetch(SQL["list_cabecas"])


async def list_cabecas_vivas(conn: Conn, ids: Sequence[int], depois_de: int | None) -> Sequence[Record]:
    """Of these; with `depois_de` also of those under way and of those with a greater id."""
    return await conn.fetch(SQL["list_cabecas_vivas"], ids, depois_de)


async def read_estado(conn: Conn, automacao_id: UUID, alcance: Alcance, desde: Desde | None) -> Estado | None:
    """None: no such execution within reach. Counters, rows and `seq` are of one instant."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        execucao = await find_execucao(conn, automacao_id, alcance)
        if execucao is None:
            return None
        epoca = await find_epoca(conn)
        modo = await _choose_modo(conn, execucao, epoca, desde)
        linhas = [] if modo == "retomada" else await list_clientes(conn, execucao["id"], limite=_TODOS)
    return Estado(
        automacao_id=automacao_id,
        execucao_id=execucao["id"],
        empresa_id=execucao["empresa_id"],
        ponto_venda_id=execucao["ponto_venda_id"],
        epoca=epoca,
        modo=modo,
        seq=desde.seq if desde and modo == "retomada" else execucao["seq"],
        cabeca=execucao["seq"],
        execucao=execucao_dict(execucao),
        contadores=contadores(execucao),
        clientes=[cliente_row(linha) for linha in linhas],
    )


async def find_primeiro_evento(conn: Conn, execucao_id: int) -> int | None:
    """The oldest one kept; None: none is."""
    primeiro: int | None = await conn.fetchval(SQL["find_primeiro_evento"], execucao_id)
    return primeiro


async def _choose_modo(conn: Conn, execucao: Record, epoca: UUID, desde: Desde | None) -> Modo:
    if desde is None:
        return "inicial"
    # Ahead of the table: the client saw events of a history that this database has lost.
    if desde.epoca != epoca or desde.seq > execucao["seq"]:
        return "reinicio"
    if desde.seq == execucao["seq"]:
        return "retomada"
    primeiro = await find_primeiro_evento(conn, execucao["id"])
    return "retomada" if primeiro is not None and primeiro <= desde.seq + 1 else "reinicio"
