"""Whose a message is: known by what it names that an office has."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson

from services.gateway.store import Conn
from services.gateway.store.empresas import SQL
from shared.bus import DeadLetter

_CAMPOS: dict[str, type] = {
    "automacao_id": UUID, "pedido_id": UUID, "cerca": int, "credencial_id": int, "treino_id": int,
}  # fmt: skip
_MAIOR = 2**63 - 1


async def find_donos(conn: Conn, mortas: Iterable[DeadLetter]) -> dict[str, set[int]]:
    """By letter, the offices of what it names; none: nobody can tell. On a connection that sees every office."""
    assuntos = {morta.id: _find_assuntos(morta.corpo) for morta in mortas}
    todos = set[tuple[str, UUID | int]]().union(*assuntos.values())
    ids = ([id for nome, id in todos if nome == campo] for campo in _CAMPOS)
    donos = {(linha["campo"], linha["id"]): linha["empresa_id"] for linha in await conn.fetch(SQL["list_donos"], *ids)}
    return {
        morta: {donos[campo, str(id)] for campo, id in seus if (campo, str(id)) in donos}
        for morta, seus in assuntos.items()
    }


def _find_assuntos(corpo: bytes) -> set[tuple[str, UUID | int]]:
    """Whatever shape it has."""
    with suppress(ValueError):
        lido = orjson.loads(corpo)
        partes = [lido, lido.get("tarefa")] if isinstance(lido, dict) else []
        return {
            (campo, id)
            for parte in partes
            if isinstance(parte, dict)
            for campo, tipo in _CAMPOS.items()
            if (id := _read_id(parte.get(campo), tipo)) is not None
        }
    return set()


def _read_id(valor: Any, tipo: type) -> UUID | int | None:
    if tipo is int:
        return valor if type(valor) is int and 0 < valor <= _MAIOR else None
    with suppress(ValueError):
        return UUID(valor) if isinstance(valor, str) else None
    return None
