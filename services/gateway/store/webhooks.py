"""Webhooks as the routes read and write them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql
from services.gateway.store.recusas import Recusa
from shared.crypto import ChaveInvalida, Chaveiro

SQL = load_sql("webhooks")

# Each may have a few requests on their way at once.
MAXIMO = 100
# Each former secret that signs too makes the header longer.
ANTERIORES_MAXIMO = 10


class Demais(Recusa):
    codigo = "webhook.demais"
    status = 409
    texto = f"Já há {MAXIMO} webhooks. Exclua os que não usa mais."


class Desligado(Recusa):
    codigo = "webhook.desligado"
    status = 409
    texto = "Este webhook está desligado. Ligue-o (ativo: true) e tente de novo."


async def list_webhooks(conn: Conn, alcance: Alcance, depois: int, limite: int) -> list[Record]:
    return await conn.fetch(SQL["list_webhooks"], alcance, depois, limite)


async def find_webhook(conn: Conn, id: int, alcance: Alcance) -> Record | None:
    return await conn.fetchrow(SQL["find_webhook"], alcance, id)


async def insert_webhook(conn: Conn, webhook: Mapping[str, Any]) -> int:
    """segredo: as ciphertext. Raises Demais."""
    if await conn.fetchval(SQL["count_webhooks"]) >= MAXIMO:
        raise Demais
    colunas = ("nome", "url", "eventos", "ponto_venda_id", "segredo")
    id: int = await conn.fetchval(SQL["insert_webhook"], *(webhook[coluna] for coluna in colunas))
    return id


async def update_webhook(conn: Conn, id: int, mudancas: Mapping[str, Any]) -> None:
    await conn.execute(SQL["update_webhook"], id, dict(mudancas))


async def delete_webhook(conn: Conn, id: int) -> None:
    """Its deliveries go with it."""
    await conn.execute(SQL["delete_webhook"], id)


def open_segredos(chaveiro: Chaveiro, webhook: Record) -> list[str]:
    """The secrets that sign, the one in force first. Raises ChaveInvalida."""
    cifrados = (webhook["segredo"], webhook["segredo_anterior"])
    return [segredo for cifrado in cifrados if cifrado for segredo in chaveiro.decrypt(cifrado).split(" ")]


async def rotate_segredo(conn: Conn, chaveiro: Chaveiro, id: int, segredo: str, validade_horas: int) -> None:
    """validade_horas: for so long the former ones sign too; 0: none does any more."""
    anteriores: list[str] = []
    if validade_horas and (webhook := await conn.fetchrow(SQL["lock_segredos"], id)):
        # Where the keys of this system were lost, there is nothing to keep.
        with suppress(ChaveInvalida):
            anteriores = open_segredos(chaveiro, webhook)[:ANTERIORES_MAXIMO]
    cifrados = chaveiro.encrypt(" ".join(anteriores)) if anteriores else None
    await conn.execute(SQL["rotate_segredo"], id, chaveiro.encrypt(segredo), cifrados, validade_horas)


async def hold_webhook(conn: Conn, id: int, segundos: float) -> None:
    """Its server asked to be left alone so long."""
    await conn.execute(SQL["hold_webhook"], id, segundos)


async def lock_url(conn: Conn, id: int) -> str | None:
    """Where it is sent to now; None: removed."""
    url: str | None = await conn.fetchval(SQL["lock_url"], id)
    return url


async def switch_off(conn: Conn, id: int, motivo: str) -> bool:
    """False: it was off already."""
    return await conn.fetchval(SQL["switch_off"], id, motivo) is not None


def view_webhook(linha: Record) -> dict[str, Any]:
    campos = (
        "id", "nome", "url", "eventos", "ponto_venda", "ativo", "desligado_em", "desligado_motivo",
        "segredo_anterior_ate", "em_espera_ate", "pendentes", "falhando", "desistidas", "ultima_aceita_em",
        "created_at", "updated_at",
    )  # fmt: skip
    return {campo: linha[campo] for campo in campos}
