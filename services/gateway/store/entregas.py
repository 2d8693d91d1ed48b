"""Deliveries to webhooks: taken and answered by whoever sends them, looked at and sent again by people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from services.gateway.envio import Resultado
from services.gateway.store import Conn, load_sql

SQL = load_sql("entregas")


async def claim_entregas(conn: Conn, em_voo: Mapping[int, int], por_webhook: int, reserva_s: float) -> list[Record]:
    """Those due, each for this caller alone for so long. em_voo: requests on their way already, by webhook."""
    return await conn.fetch(SQL["claim_entregas"], list(em_voo), list(em_voo.values()), por_webhook, reserva_s)


async def accept_entrega(conn: Conn, entrega: Record, feito: Resultado) -> None:
    await conn.execute(SQL["accept_entrega"], entrega["id"], feito.status, feito.resposta, feito.duracao_ms)


async def fail_entrega(conn: Conn, entrega: Record, feito: Resultado, espera_s: float | None) -> None:
    """espera_s None: it is not tried again."""
    await conn.execute(
        SQL["fail_entrega"],
        entrega["id"],
        entrega["reserva"],
        espera_s,
        feito.status,
        feito.erro,
        feito.resposta,
        feito.duracao_ms,
    )


async def list_entregas(
    conn: Conn, webhook_id: int, estado: str | None, antes: int | None, limite: int
) -> list[Record]:
    """The newest first."""
    return await conn.fetch(SQL["list_entregas"], webhook_id, estado, antes, limite)


async def find_entrega(conn: Conn, webhook_id: int, id: int) -> Record | None:
    return await conn.fetchrow(SQL["find_entrega"], webhook_id, id)


async def resend(conn: Conn, webhook_id: int, id: int) -> None:
    await conn.execute(SQL["resend"], webhook_id, id)


async def resend_falhas(conn: Conn, webhook_id: int, desde: datetime | None) -> int:
    """All that were not accepted, of events since then; returns how many."""
    return len(await conn.fetch(SQL["resend_falhas"], webhook_id, desde))


def view_entrega(linha: Record) -> dict[str, Any]:
    return {campo: orjson.loads(valor) if campo == "corpo" else valor for campo, valor in linha.items()}
