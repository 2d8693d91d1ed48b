"""What `canopus espelho` does on the database itself, whether or not the system runs."""

from __future__ import annotations

from typing import Any

import orjson

from services.gateway.admin import QUEM, Falhou, open_transaction
from services.gateway.store import espelhos as store
from services.gateway.store.auditoria import record_auditoria

_TODOS = 10_000


async def read_espelhos(empresa: str | None = None) -> list[dict[str, Any]]:
    """As REST shows them, in JSON's types."""
    async with open_transaction(empresa) as conn:
        linhas = [store.view_espelho(linha) for linha in await store.list_espelhos(conn, 0, _TODOS)]
    lidas: list[dict[str, Any]] = orjson.loads(orjson.dumps(linhas))
    return lidas


async def fill_espelho(nome: str, empresa: str | None = None) -> int:
    """How many copies are looked at. Raises Falhou."""
    async with open_transaction(empresa) as conn:
        id = await store.find_espelho_by_nome(conn, nome)
        if id is None:
            raise Falhou(f"não há espelho {nome}: veja `canopus espelho listar`.")
        quantas = await store.fill_espelho(conn, id)
        await record_auditoria(
            conn, quem=QUEM, acao="espelho.preencher", alvo=f"espelhos/{id}", detalhes={"copias": quantas}
        )
        return quantas
