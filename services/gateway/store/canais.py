"""Channels of notices, and who is told of what by which of them, as the routes read and write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg
from asyncpg import Record

from services.gateway.store import Conn, load_sql
from services.gateway.store.recusas import Recusa

SQL = load_sql("canais")

# Each may have a few requests on their way at once.
MAXIMO = 100
# Of one person, who may choose them herself.
MAXIMO_LUGARES = 20


class Demais(Recusa):
    codigo = "canal.demais"
    status = 409
    texto = f"Já há {MAXIMO} canais. Exclua os que não usa mais."


class Lugares(Recusa):
    codigo = "destinatario.demais"
    status = 409
    texto = f"A pessoa já é avisada por {MAXIMO_LUGARES} lugares. Exclua os que não usa mais."


class Desligado(Recusa):
    codigo = "canal.desligado"
    status = 409
    texto = "O canal, a pessoa ou o que ela recebe está desligado. Ligue-o (ativo: true) e tente de novo."


class Ausente(Recusa):
    codigo = "destinatario.ausente"
    status = 404
    texto = "A pessoa ou o canal não existe mais. Recarregue a página e escolha de novo."


async def list_canais(conn: Conn, depois: int, limite: int) -> list[Record]:
    return await conn.fetch(SQL["list_canais"], None, depois, limite)


async def find_canal(conn: Conn, id: int) -> Record | None:
    """With its segredos, as ciphertext."""
    return await conn.fetchrow(SQL["list_canais"], id, 0, 1)


async def insert_canal(conn: Conn, canal: Mapping[str, Any]) -> int:
    """segredos: as ciphertext. Raises Demais."""
    if await conn.fetchval(SQL["count_canais"]) >= MAXIMO:
        raise Demais
    colunas = ("nome", "tipo", "servico", "pede_endereco", "config", "segredos")
    id: int = await conn.fetchval(SQL["insert_canal"], *(canal[coluna] for coluna in colunas))
    return id


async def update_canal(conn: Conn, id: int, mudancas: Mapping[str, Any]) -> None:
    await conn.execute(SQL["update_canal"], id, dict(mudancas))


async def delete_canal(conn: Conn, id: int) -> None:
    """Whoever is told by it and all notices go with it."""
    # Before the channel itself, as whoever writes a notice locks them.
    await conn.execute(SQL["lock_destinatarios"], id)
    await conn.execute(SQL["delete_canal"], id)


def view_canal(linha: Record, *, inteiro: bool = True) -> dict[str, Any]:
    """Without how it is set up for who only chooses among them."""
    campos = (
        "id", "nome", "tipo", "servico", "pede_endereco", "ativo", "em_espera_ate", "destinatarios", "created_at",
        "updated_at",
    )  # fmt: skip
    do_whatsapp = ("numero_id", "modelo", "idioma", "url_base")
    config = linha["config"] if inteiro else {}
    return {campo: linha[campo] for campo in campos} | {campo: config.get(campo) for campo in do_whatsapp}


async def list_destinatarios(conn: Conn, pessoa_id: int | None, depois: int, limite: int) -> list[Record]:
    """pessoa_id: hers alone; None: everybody's."""
    return await conn.fetch(SQL["list_destinatarios"], None, depois, limite, pessoa_id)


async def find_destinatario(conn: Conn, pessoa_id: int | None, id: int) -> Record | None:
    return await conn.fetchrow(SQL["list_destinatarios"], id, 0, 1, pessoa_id)


async def insert_destinatario(conn: Conn, destinatario: Mapping[str, Any]) -> int:
    """Raises Ausente, Lugares."""
    if await conn.fetchval(SQL["count_destinatarios"], destinatario["pessoa_id"]) >= MAXIMO_LUGARES:
        raise Lugares
    colunas = ("pessoa_id", "canal_id", "endereco", "eventos", "limite_falhas")
    try:
        id: int = await conn.fetchval(SQL["insert_destinatario"], *(destinatario[coluna] for coluna in colunas))
    except asyncpg.ForeignKeyViolationError as erro:
        raise Ausente from erro
    return id


async def update_destinatario(conn: Conn, id: int, mudancas: Mapping[str, Any]) -> None:
    await conn.execute(SQL["update_destinatario"], id, dict(mudancas))


async def delete_destinatario(conn: Conn, id: int) -> None:
    """The notices go with it."""
    await conn.execute(SQL["delete_destinatario"], id)


def view_destinatario(linha: Record) -> dict[str, Any]:
    return {campo: valor for campo, valor in linha.items() if campo != "recebe"}
