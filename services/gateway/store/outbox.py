"""Outgoing messages, written in the transaction of the change they tell and published after its commit."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.store import Conn, load_sql
from shared.events import Evento

SQL = load_sql("outbox")


async def post(conn: Conn, *eventos: Evento, fila: str | None = None, ttl_s: float | None = None) -> None:
    """Leave messages in the outbox, in this order. fila: straight to that queue; None: by route."""
    await post_many(conn, [(evento, fila) for evento in eventos], ttl_s)


async def post_many(conn: Conn, mensagens: Sequence[tuple[Evento, str | None]], ttl_s: float | None = None) -> None:
    """The same, each to a queue of its own."""
    if mensagens:
        await conn.execute(
            SQL["insert_mensagens"],
            ttl_s,
            [fila for _, fila in mensagens],
            [evento.rota for evento, _ in mensagens],
            [evento.model_dump_json() for evento, _ in mensagens],
        )
