"""What `canopus agendamentos` does on the database itself, whether or not the system runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from services.gateway import agendamentos
from services.gateway.admin import QUEM, Falhou, find_ponto_venda, open_transaction
from services.gateway.errors import ApiError
from services.gateway.schemas_agendamentos import NovoAgendamento
from services.gateway.store import Conn, cadastros, read_agora
from services.gateway.store import agendamentos as store
from services.gateway.store.recusas import Recusa
from services.gateway.validation import parse_corpo

_TODOS = 10_000


async def read_agendamentos() -> list[dict[str, Any]]:
    async with open_transaction() as conn:
        linhas = await store.list_agendamentos(conn, None, None, 0, _TODOS)
        return [await _view(conn, linha) for linha in linhas]


async def make_agendamento(corpo: Mapping[str, Any]) -> dict[str, Any]:
    """corpo: as REST takes it. Raises Falhou, naming the field."""
    try:
        novo = parse_corpo(NovoAgendamento, orjson.dumps(corpo))
    except ApiError as erro:
        raise Falhou(erro.texto) from erro
    colunas = novo.model_dump(mode="json", exclude={"ponto_venda", "consultor"})
    async with open_transaction() as conn:
        colunas["ponto_venda_id"] = await find_ponto_venda(conn, novo.ponto_venda)
        colunas["consultor_id"] = None
        if novo.consultor is not None:
            colunas["consultor_id"] = await cadastros.find_consultor_id(conn, novo.consultor)
            if colunas["consultor_id"] is None:
                raise Falhou(f"consultor {novo.consultor} não encontrado: confira o nome ou o número.")
        id = await agendamentos.create(conn, colunas, await read_agora(conn), QUEM)
        return await _view(conn, await _find(conn, id))


async def pause_agendamento(id: int) -> None:
    await _control(id, agendamentos.pause)


async def resume_agendamento(id: int) -> None:
    await _control(id, agendamentos.resume)


async def run_agendamento(id: int) -> str:
    """The number of the execution."""
    async with _open(id) as (conn, agendamento):
        return str(await agendamentos.run_now(conn, agendamento, await read_agora(conn), QUEM))


async def remove_agendamento(id: int) -> None:
    async with _open(id) as (conn, _):
        await agendamentos.remove(conn, id, QUEM)


async def _control(id: int, control: Callable[[Conn, int, datetime, str], Awaitable[None]]) -> None:
    async with _open(id) as (conn, _):
        await control(conn, id, await read_agora(conn), QUEM)


@asynccontextmanager
async def _open(id: int) -> AsyncIterator[tuple[Conn, Record]]:
    """A refusal is told in its own words."""
    try:
        async with open_transaction() as conn:
            yield conn, await _find(conn, id)
    except Recusa as recusa:
        raise Falhou(str(recusa)) from recusa


async def _find(conn: Conn, id: int) -> Record:
    agendamento = await store.find_agendamento(conn, id)
    if agendamento is None:
        raise Falhou(f"não há agendamento {id}: veja `canopus agendamentos listar`.")
    return agendamento


async def _view(conn: Conn, agendamento: Record) -> dict[str, Any]:
    """As REST shows it, in JSON's types."""
    ultimo = (await store.list_ultimos(conn, [agendamento["id"]])).get(agendamento["id"])
    vista = agendamentos.view(agendamento, ultimo, await read_agora(conn))
    lida: dict[str, Any] = orjson.loads(orjson.dumps(vista, default=str))
    return lida
