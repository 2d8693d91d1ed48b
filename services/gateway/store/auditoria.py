"""Who did what: one row in the transaction that does it."""

from __future__ import annotations

from typing import Any

from services.gateway.store import Conn

_INSERT = (
    "INSERT INTO auditoria (quem, acao, alvo, detalhes, empresa_id)"
    " VALUES ($1, $2, $3, $4, coalesce($5, empresa_atual()))"
)


async def record_auditoria(
    conn: Conn,
    *,
    quem: str,
    acao: str,
    alvo: str,
    detalhes: dict[str, Any] | None = None,
    empresa_id: int | None = None,
) -> None:
    """acao: noun and verb, as `planilha.importar`; alvo: path of the object. No password, key or full CPF.
    empresa_id: of the background, whose office it is; a request is of its own."""
    await conn.execute(_INSERT, quem, acao, alvo, detalhes or {}, empresa_id)
