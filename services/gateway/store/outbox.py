"""Outgoing messages, written in the transaction of the change they tell and published after its commit."""

from __future__ import annotations

from services.gateway.store import Conn, load_sql
from shared.events import Evento

SQL = load_sql("outbox")


async def post(conn: Conn, *eventos: Evento, fila: str | None = None, ttl_s: float | None = None) -> None:
    """Leave messages in the outbox, in this order. fila: straight to that queue; None: by route."""
    if eventos:
        await conn.execute(
            SQL["insert_mensagens"],
            fila,
            ttl_s,
            [evento.rota for evento in eventos],
            [evento.model_dump_json() for evento in eventos],
        )
