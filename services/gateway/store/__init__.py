"""The database: asyncpg, SQL in .sql files by concept, numbered migrations. Only the gateway opens it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import asyncpg
import orjson

PASTA = Path(__file__).parent
MIGRACOES = PASTA / "migrations"

Pool: TypeAlias = "asyncpg.Pool"
# The pontos de venda that a caller sees; None: all.
Alcance: TypeAlias = "tuple[int, ...] | None"
# A connection of its own or one lent by the pool.
Conn: TypeAlias = "asyncpg.Connection | asyncpg.pool.PoolConnectionProxy"

_NOME = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)
_PARTE = re.compile(r"\{(\w+)\}")
# Any number that no one else uses: whoever migrates holds it.
_TRAVA_MIGRACAO = 0x43414E4F
_TABELA = """CREATE TABLE IF NOT EXISTS migracoes (
    nome text PRIMARY KEY, aplicada_em timestamptz NOT NULL DEFAULT now()
)"""


async def open_pool(url: str, *, max_size: int = 10, timeout_s: float = 30.0) -> asyncpg.Pool:
    """A pool whose jsonb values are Python objects. `timeout_s` bounds connecting and every statement."""
    return await asyncpg.create_pool(
        url, min_size=1, max_size=max_size, timeout=timeout_s, command_timeout=timeout_s, init=init_conn, reset=_keep
    )


async def read_agora(conn: Conn) -> datetime:
    """The database's clock: every replica means the same moment."""
    agora: datetime = await conn.fetchval("SELECT now()")
    return agora


async def migrate(alvo: str | asyncpg.Pool, pasta: Path = MIGRACOES) -> list[str]:
    """Bring the schema up to date; returns the migrations applied. Many may call it at once: one works, all wait."""
    if isinstance(alvo, str):
        conn = await asyncpg.connect(alvo, timeout=30)
        try:
            return await apply_migracoes(conn, pasta)
        finally:
            await conn.close(timeout=10)
    async with alvo.acquire(timeout=30) as emprestada:
        return await apply_migracoes(emprestada, pasta)


def load_sql(nome: str) -> Mapping[str, str]:
    """The statements of `<nome>.sql`, each under the name that a line `-- name: x` before it gives. What several of
    them say alike has a name too, and stands in them as `{x}`, further down in the file."""
    partes = _NOME.split((PASTA / f"{nome}.sql").read_text(encoding="utf-8"))
    lidas: dict[str, str] = {}
    for chave, sql in zip(partes[1::2], partes[2::2], strict=True):
        lidas[chave] = _PARTE.sub(lambda parte: lidas[parte[1]], sql.strip())
    return MappingProxyType(lidas)


async def apply_migracoes(conn: Conn, pasta: Path = MIGRACOES, *, ate: str | None = None) -> list[str]:
    """Those that this connection's database lacks, up to the one named; returns their names."""
    aplicadas: list[str] = []
    # Of the session, not the transaction: each migration commits alone, so that a late one's fault keeps the earlier.
    await conn.execute("SELECT pg_advisory_lock($1)", _TRAVA_MIGRACAO, timeout=600)
    try:
        await conn.execute(_TABELA)
        prontas = {linha["nome"] for linha in await conn.fetch("SELECT nome FROM migracoes")}
        for nome, sql in _read_migracoes(pasta):
            if nome in prontas or (ate is not None and nome > ate):
                continue
            async with conn.transaction():
                await conn.execute(sql, timeout=600)
                await conn.execute("INSERT INTO migracoes (nome) VALUES ($1)", nome)
            aplicadas.append(nome)
    finally:
        await conn.execute("SELECT pg_advisory_unlock($1)", _TRAVA_MIGRACAO)
    return aplicadas


def list_migracoes(pasta: Path = MIGRACOES) -> list[str]:
    """Every version of the schema that this program knows, the oldest first."""
    return [nome for nome, _ in _read_migracoes(pasta)]


def _read_migracoes(pasta: Path) -> list[tuple[str, str]]:
    return [(arquivo.stem, arquivo.read_text(encoding="utf-8")) for arquivo in sorted(pasta.glob("*.sql"))]


async def init_conn(conn: Conn) -> None:
    """What every connection of ours reads and writes alike."""
    await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=_encode, decoder=orjson.loads)


async def _keep(conn: Conn) -> None:
    """Nothing here leaves a session changed, so nothing is reset: it would cost each use a round trip more."""


def _encode(valor: Any) -> str:
    """A str is taken as JSON text already, so that a model's own JSON goes in unchanged."""
    return valor if isinstance(valor, str) else orjson.dumps(valor, default=str).decode()
