"""The same submission sent twice, at once or later, is one execution, per API key."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from services.gateway.store import Conn, load_sql
from services.gateway.store.recusas import Recusa

SQL = load_sql("idempotencia")


class OutroCorpo(Recusa):
    codigo: ClassVar[str] = "idempotencia.outro_corpo"
    texto: ClassVar[str] = (
        "Esta Idempotency-Key já foi usada com outro corpo. Use uma chave nova para um pedido novo, ou repita o corpo."
    )


async def find_repetida(conn: Conn, chave_id: int, chave: str, corpo_sha256: str) -> UUID | None:
    """The execution of an earlier sending. Until the transaction ends, another sending of the key waits.

    Raises OutroCorpo.
    """
    await conn.execute(SQL["lock_chave"], chave_id, chave)
    linha = await conn.fetchrow(SQL["find_chave"], chave_id, chave)
    if linha is None:
        return None
    if linha["corpo_sha256"] != corpo_sha256:
        raise OutroCorpo
    automacao_id: UUID = linha["automacao_id"]
    return automacao_id


async def keep(conn: Conn, chave_id: int, chave: str, corpo_sha256: str, automacao_id: UUID) -> None:
    await conn.execute(SQL["insert_chave"], chave_id, chave, corpo_sha256, automacao_id)
