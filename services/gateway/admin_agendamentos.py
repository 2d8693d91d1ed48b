"""What `canopus agendamentos` does on the database itself, whether or not the system runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from services.gateway import agendamentos
from services.gateway.admin import QUEM, Falhou, check_ativa, open_transaction
from services.gateway.auth import Acesso
from services.gateway.errors import ApiError
from services.gateway.routes.agendamentos import resolve
from services.gateway.schemas_agendamentos import NovoAgendamento
from services.gateway.store import Conn, read_agora
from services.gateway.store import agendamentos as store
from services.gateway.store.chaves import Escopo
from services.gateway.store.recusas import AgendamentoAusente, Recusa
from services.gateway.validation import parse_corpo

_TODOS = 10_000


async def read_agendamentos(empresa: str | None = None) -> list[dict[str, Any]]:
    async with open_transaction(empresa) as conn:
        linhas = await store.list_agendamentos(conn, None, None, 0, _TODOS)
        return [await _view(conn, linha) for linha in linhas]


async def make_agendamento(corpo: Mapping[str, Any], empresa: str | None = None) -> dict[str, Any]:
    """corpo: as REST takes it. Raises Falhou, naming the field."""
    try:
        novo = parse_corpo(NovoAgendamento, orjson.dumps(corpo))
        async with open_transaction(empresa) as conn:
            colunas = await resolve(Acesso(0, QUEM, Escopo.ADMIN), conn, novo.model_dump(mode="json"))
            id = await agendamentos.create(conn, colunas, await read_agora(conn), QUEM)
            return await _view(conn, await store.lock_agendamento(conn, id))
    except ApiError as erro:
        raise Falhou(erro.texto) from erro


async def pause_agendamento(id: int, empresa: str | None = None) -> None:
    await _control(id, empresa, agendamentos.pause)


async def resume_agendamento(id: int, empresa: str | None = None) -> None:
    await _control(id, empresa, agendamentos.resume)


async def run_agendamento(id: int, empresa: str | None = None) -> str:
    """The number of the execution."""
    async with _open(id, empresa) as (conn, agendamento):
        await check_ativa(conn, agendamento["empresa_id"])
        return str(await agendamentos.run_now(conn, agendamento, await read_agora(conn), QUEM))


async def remove_agendamento(id: int, empresa: str | None = None) -> None:
    async with _open(id, empresa) as (conn, agendamento):
        await agendamentos.remove(conn, agendamento, QUEM)


async def _control(
    id: int, empresa: str | None, control: Callable[[Conn, Record, datetime, str], Awaitable[None]]
) -> None:
    async with _open(id, empresa) as (conn, agendamento):
        await control(conn, agendamento, await read_agora(conn), QUEM)


@asynccontextmanager
async def _open(id: int, empresa: str | None) -> AsyncIterator[tuple[Conn, Record]]:
    """Locked; a refusal is told in its own words."""
    try:
        async with open_transaction(empresa) as conn:
            yield conn, await store.lock_agendamento(conn, id)
    except AgendamentoAusente as ausente:
        raise Falhou(f"não há agendamento {id}: veja `canopus agendamentos listar`.") from ausente
    except Recusa as recusa:
        raise Falhou(str(recusa)) from recusa


async def _view(conn: Conn, agendamento: Record) -> dict[str, Any]:
    """As REST shows it, in JSON's types."""
    ultimo = (await store.list_ultimos(conn, [agendamento["id"]])).get(agendamento["id"])
    vista = agendamentos.view(agendamento, ultimo, await read_agora(conn))
    lida: dict[str, Any] = orjson.loads(orjson.dumps(vista, default=str))
    return lida
