"""People who sign in, and their sessions. Passwords are known here by their argon2 hash alone."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import asyncpg
from asyncpg import Record

from services.gateway.store import Conn, load_sql
from services.gateway.store.chaves import Escopo, hash_segredo
from services.gateway.store.empresas import PADRAO
from services.gateway.store.recusas import Recusa

SQL = load_sql("pessoas")

PREFIXO_SESSAO = "canos_"
# From the login on; a person signs in once a working day.
SESSAO_VALIDADE = timedelta(hours=12)
# A provisional password passes through other hands: it is not good for long.
PROVISORIA_VALIDADE = timedelta(days=7)
# Columns that a PATCH may set.
_COLUNAS = ("email", "nome", "escopo", "todos_pontos_venda", "ativo")


class EmailOcupado(Recusa):
    codigo: ClassVar[str] = "pessoa.email_ocupado"
    status: ClassVar[int] = 409
    texto: ClassVar[str] = "Já há uma pessoa com este e-mail. Use outro, ou altere a que existe."


class UltimoAdmin(Recusa):
    codigo: ClassVar[str] = "pessoa.ultimo_admin"
    status: ClassVar[int] = 409
    texto: ClassVar[str] = "Esta é a última pessoa que administra tudo. Dê esse papel a outra antes."


@dataclass(frozen=True)
class Sessao:
    """token goes into the cookie, csrf into the page; neither is shown again."""

    chave_id: int
    token: str
    csrf: str


async def create_pessoa(
    conn: Conn, email: str, nome: str, senha_hash: str, escopo: Escopo, pontos_venda: Sequence[int] | None
) -> int:
    """pontos_venda None: all of them. Raises EmailOcupado."""
    try:
        todos = pontos_venda is None
        id: int = await conn.fetchval(
            SQL["insert_pessoa"], email, nome, senha_hash, escopo.value, todos, PROVISORIA_VALIDADE
        )
    except asyncpg.UniqueViolationError as erro:
        raise EmailOcupado from erro
    await conn.execute(SQL["set_pontos_venda"], id, list(pontos_venda or ()))
    return id


async def create_primeira(conn: Conn, email: str, senha_hash: str) -> bool:
    """The first admin, where nobody administers everything yet."""
    return await conn.fetchval(SQL["insert_primeira"], email, senha_hash, PROVISORIA_VALIDADE) is not None


async def list_pessoas(conn: Conn, depois: int, limite: int) -> list[Record]:
    return await conn.fetch(SQL["list_pessoas"], None, depois, limite)


async def find_pessoa(conn: Conn, id: int) -> Record | None:
    return await conn.fetchrow(SQL["list_pessoas"], id, 0, 1)


async def find_login(conn: Conn, email: str) -> Record | None:
    """id, empresa_id, senha_hash, vencida (a provisional password whose time is over) of an active person."""
    return await conn.fetchrow(SQL["find_login"], email)


async def update_pessoa(conn: Conn, id: int, colunas: dict[str, Any], pontos_venda: Sequence[int] | None) -> list[int]:
    """pontos_venda None: as they are. Whoever is changed signs in again: the sessions that ended.
    Raises EmailOcupado, UltimoAdmin."""
    nomes = [nome for nome in _COLUNAS if nome in colunas]
    sets = ", ".join(f"{nome} = ${numero}" for numero, nome in enumerate(nomes, 2))
    async with _keep_admins(conn, id):
        try:
            await conn.execute(
                f"UPDATE pessoas SET updated_at = now(){', ' if sets else ''}{sets} WHERE id = $1",  # noqa: S608
                id,
                *(colunas[nome] for nome in nomes),
            )
        except asyncpg.UniqueViolationError as erro:
            raise EmailOcupado from erro
        if pontos_venda is not None:
            await conn.execute(SQL["set_pontos_venda"], id, list(pontos_venda))
        return await _end_sessoes(conn, id)


async def delete_pessoa(conn: Conn, id: int) -> list[int]:
    """The sessions that ended. Raises UltimoAdmin."""
    async with _keep_admins(conn, id):
        encerradas = await _end_sessoes(conn, id)
        await conn.execute(SQL["delete_pessoa"], id)
    return encerradas


async def _end_sessoes(conn: Conn, id: int) -> list[int]:
    return [linha["id"] for linha in await conn.fetch(SQL["end_sessoes"], id)]


@asynccontextmanager
async def _keep_admins(conn: Conn, id: int) -> AsyncIterator[None]:
    """Whoever administers everything is not changed away, where there is somebody. Raises UltimoAdmin."""
    await conn.execute(SQL["lock_pessoa"], id)
    havia = await conn.fetchval(SQL["has_admin"])
    yield
    if havia and not await conn.fetchval(SQL["has_admin"]):
        raise UltimoAdmin


async def set_senha(
    conn: Conn, id: int, senha_hash: str, *, trocar: bool, antiga: str | None = None
) -> list[int] | None:
    """trocar: it must be changed at the next login. antiga: the hash that it must still have; None where it has another
    by now. Every session of the person ends: their ids."""
    if await conn.fetchval(SQL["set_senha"], id, senha_hash, trocar, antiga, PROVISORIA_VALIDADE) is None:
        return None
    return await _end_sessoes(conn, id)


def view_pessoa(linha: Record) -> dict[str, Any]:
    """pontos_venda null: all of them."""
    campos = ("id", "email", "nome", "escopo", "trocar_senha", "ativo", "ultimo_acesso", "created_at", "updated_at")
    pontos = None if linha["todos_pontos_venda"] else linha["pontos_venda"]
    return {campo: linha[campo] for campo in campos} | {"pontos_venda": pontos}


def view_sessao(linha: Record, chave_id: int, csrf: str) -> dict[str, Any]:
    vista = view_pessoa(linha)
    campos = ("nome", "email", "escopo", "pontos_venda", "trocar_senha")
    primeiro = linha["empresa_id"] == PADRAO
    return {
        "id": chave_id,
        **{campo: vista[campo] for campo in campos},
        "csrf": csrf,
        "escritorio": None if primeiro else linha["escritorio"],
        "instalacao": primeiro and linha["escopo"] == Escopo.ADMIN and linha["todos_pontos_venda"],
    }


async def open_sessao(conn: Conn, pessoa_id: int, senha_hash: str) -> Sessao | None:
    """In the caller's transaction. None where the person is not active any more, or has another password by now."""
    if await conn.fetchval(SQL["enter"], pessoa_id, senha_hash) is None:
        return None
    token, csrf = PREFIXO_SESSAO + secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    chave_id = await conn.fetchval(SQL["insert_sessao"], pessoa_id, hash_segredo(token), csrf, SESSAO_VALIDADE)
    return Sessao(chave_id, token, csrf)


async def end_sessao(conn: Conn, chave_id: int) -> None:
    await conn.execute(SQL["end_sessao"], chave_id)
