"""API keys and tickets: made, listed, revoked; keys and people's sessions recognised. Only their hashes are stored."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum

from asyncpg import Record

from services.gateway.store import Conn, load_sql
from services.gateway.store.auditoria import record_auditoria

SQL = load_sql("chaves")

# 256 random bits behind a prefix that a leak scanner, or a person, recognises.
PREFIXO = "cano_"
PREFIXO_BILHETE = "canob_"
BILHETE_VALIDADE = timedelta(seconds=60)


class Escopo(StrEnum):
    """What a caller may do: leitura sees, operador works, admin also looks after the register and people."""

    LEITURA = "leitura"
    OPERADOR = "operador"
    ADMIN = "admin"

    def covers(self, preciso: Escopo) -> bool:
        ordem = list(Escopo)
        return ordem.index(self) >= ordem.index(preciso)


def hash_segredo(segredo: str) -> str:
    """A key has 256 random bits: one round is enough, and the look-up is by the whole hash, so in constant time."""
    return hashlib.sha256(segredo.encode("utf-8", "surrogateescape")).hexdigest()


async def create_chave(conn: Conn, nome: str, escopo: Escopo, ponto_venda_id: int | None, *, quem: str) -> str:
    """Returns the key: it is shown this once and never again."""
    chave = PREFIXO + secrets.token_urlsafe(32)
    id = await conn.fetchval(SQL["insert_chave"], nome, escopo, ponto_venda_id, hash_segredo(chave))
    detalhes = {"nome": nome, "escopo": escopo.value, "ponto_venda_id": ponto_venda_id}
    await record_auditoria(conn, quem=quem, acao="chave.criar", alvo=f"chaves/{id}", detalhes=detalhes)
    return chave


async def list_chaves(conn: Conn) -> list[Record]:
    """id, nome, escopo, ponto_venda (codigo or null), criada_em, usada_em, revogada_em."""
    return await conn.fetch(SQL["list_chaves"])


async def revoke_chave(conn: Conn, id: int, *, quem: str) -> bool:
    """False: no such key, or revoked already."""
    empresa_id = await conn.fetchval(SQL["revoke_chave"], id)
    if empresa_id is None:
        return False
    await record_auditoria(conn, quem=quem, acao="chave.revogar", alvo=f"chaves/{id}", empresa_id=empresa_id)
    return True


async def find_chave(conn: Conn, chave: str) -> Record | None:
    """A living key, or a session of an active person; its use is noted at most once a minute.

    id, nome, empresa_id, escopo, alcance (ids of pontos de venda, or null for all); of a session also pessoa_id,
    csrf, email, trocar_senha.
    """
    linha = await conn.fetchrow(SQL["find_chave"], hash_segredo(chave))
    if linha is not None and linha["usada_ha_muito"]:
        await conn.execute(SQL["touch_chave"], linha["id"])
    return linha


async def list_chaves_vivas(conn: Conn, ids: list[int]) -> set[int]:
    """Which of these keys and sessions are neither revoked nor expired."""
    return {linha["id"] for linha in await conn.fetch(SQL["list_chaves_vivas"], ids)}


async def create_bilhete(conn: Conn, chave_id: int, ponto_venda_id: int | None, origem: str) -> str:
    """A ticket for one socket from that origin. Those whose time is over go out with it."""
    bilhete = PREFIXO_BILHETE + secrets.token_urlsafe(32)
    await conn.execute(SQL["delete_bilhetes_velhos"])
    await conn.execute(SQL["insert_bilhete"], hash_segredo(bilhete), chave_id, ponto_venda_id, origem, BILHETE_VALIDADE)
    return bilhete


async def take_bilhete(conn: Conn, bilhete: str) -> Record | None:
    """Spend it: chave_id, nome, empresa_id, ponto_venda_id, origem; None where it is unknown, spent or too
    old, or where the key or session that asked for it holds no more."""
    return await conn.fetchrow(SQL["take_bilhete"], hash_segredo(bilhete))
