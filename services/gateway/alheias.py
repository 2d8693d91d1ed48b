"""Messages about what another office does: known by the execution or the question that they name."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

import orjson

from services.gateway.store import Conn
from services.gateway.store.empresas import SQL
from shared.bus import DeadLetter


async def list_alheias(conn: Conn, mortas: Iterable[DeadLetter], empresa_id: int) -> set[str]:
    """The ids of those letters that are about another office's. On a connection that sees every office."""
    assuntos = {morta.id: _find_assuntos(morta.corpo) for morta in mortas}
    ids = [id for seus in assuntos.values() for id in seus]
    alheios = {linha["id"] for linha in await conn.fetch(SQL["list_alheios"], ids, empresa_id)}
    return {id for id, seus in assuntos.items() if not alheios.isdisjoint(seus)}


def _find_assuntos(corpo: bytes) -> set[UUID]:
    """Whatever shape it has."""
    with suppress(ValueError):
        lido = orjson.loads(corpo)
        partes = [lido, lido.get("tarefa")] if isinstance(lido, dict) else []
        return {
            UUID(parte[campo])
            for parte in partes
            if isinstance(parte, dict)
            for campo in ("automacao_id", "pedido_id")
            if isinstance(parte.get(campo), str)
        }
    return set()
