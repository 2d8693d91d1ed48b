"""The rows of schedules and of their firings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql
from services.gateway.store.recusas import AgendamentoAusente

SQL = load_sql("agendamentos")
COLUNAS = (
    "nome", "ponto_venda_id", "consultor_id", "mes", "regra", "fuso", "perdidos", "ativo", "proxima_em", "criado_por",
)  # fmt: skip


@dataclass(frozen=True)
class Disparo:
    """What became of a firing. quem: who asked for it by hand; None: the clock."""

    previsto_para: datetime
    feito_em: datetime
    resultado: Literal["enviado", "pulado", "recusado"]
    automacao_id: UUID | None = None
    codigo: str | None = None
    mensagem: str | None = None
    perdidos_desde: datetime | None = None
    quem: str | None = None


async def find_agendamento(conn: Conn, id: int, alcance: Alcance = None) -> Record | None:
    return await conn.fetchrow(SQL["find_agendamento"], id, alcance)


async def list_agendamentos(
    conn: Conn, alcance: Alcance, ativo: bool | None, depois: int, limite: int
) -> Sequence[Record]:
    return await conn.fetch(SQL["list_agendamentos"], alcance, ativo, depois, limite)


async def insert_agendamento(conn: Conn, colunas: Mapping[str, Any]) -> int:
    id: int = await conn.fetchval(SQL["insert_agendamento"], *(colunas[coluna] for coluna in COLUNAS))
    return id


async def lock_agendamento(conn: Conn, id: int, alcance: Alcance = None) -> Record:
    """As it is once nobody else changes it. Raises AgendamentoAusente, also where it is beyond the reach by then."""
    await conn.execute(SQL["lock_agendamento"], id)
    agendamento = await find_agendamento(conn, id, alcance)
    if agendamento is None:
        raise AgendamentoAusente
    return agendamento


async def update_agendamento(conn: Conn, id: int, mudancas: Mapping[str, Any]) -> None:
    await conn.execute(SQL["update_agendamento"], id, dict(mudancas))


async def delete_agendamento(conn: Conn, id: int) -> None:
    await conn.execute(SQL["delete_agendamento"], id)


async def list_devidos(conn: Conn, agora: datetime) -> Sequence[Record]:
    """(id, regra) of each."""
    return await conn.fetch(SQL["list_devidos"], agora)


async def list_planejados(conn: Conn, agora: datetime) -> Sequence[Record]:
    """(id, regra) of those whose next firing lies ahead."""
    return await conn.fetch(SQL["list_planejados"], agora)


async def take_planejado(conn: Conn, id: int, agora: datetime) -> Record | None:
    """Like take_devido, of those ahead."""
    return await conn.fetchrow(SQL["take_planejado"], id, agora)


async def take_devido(conn: Conn, id: int, agora: datetime) -> Record | None:
    """Locked until the transaction ends; None: another gateway has it, or it is not due any more."""
    return await conn.fetchrow(SQL["take_devido"], id, agora)


async def find_execucao_ativa(conn: Conn, ponto_venda_id: int) -> UUID | None:
    """One that has not ended. No other firing of the ponto de venda begins one until the transaction ends."""
    await conn.execute(SQL["lock_ponto_venda"], ponto_venda_id)
    automacao_id: UUID | None = await conn.fetchval(SQL["find_execucao_ativa"], ponto_venda_id)
    return automacao_id


async def has_disparo(conn: Conn, id: int, previsto_para: datetime) -> bool:
    """Whether the clock held this firing before: it may have been set back since."""
    feito: bool = await conn.fetchval(SQL["has_disparo"], id, previsto_para)
    return feito


async def hold_agendamento(conn: Conn, id: int, agora: datetime) -> None:
    await conn.execute(SQL["hold_agendamento"], id, agora)


async def advance_agendamento(conn: Conn, id: int, proxima_em: datetime | None) -> None:
    await conn.execute(SQL["advance_agendamento"], id, proxima_em)


async def insert_disparo(conn: Conn, id: int, disparo: Disparo) -> None:
    await conn.execute(
        SQL["insert_disparo"],
        id,
        disparo.previsto_para,
        disparo.perdidos_desde,
        disparo.feito_em,
        disparo.quem,
        disparo.resultado,
        disparo.codigo,
        disparo.mensagem,
        disparo.automacao_id,
    )


async def list_disparos(conn: Conn, id: int, antes: int | None, limite: int) -> Sequence[Record]:
    """The newest first."""
    return await conn.fetch(SQL["list_disparos"], id, antes, limite)


async def list_ultimos(conn: Conn, ids: Sequence[int]) -> dict[int, Record]:
    """The last firing of each of these."""
    return {linha["agendamento_id"]: linha for linha in await conn.fetch(SQL["list_ultimos"], list(ids))}
