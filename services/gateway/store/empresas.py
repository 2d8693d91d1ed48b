"""Offices: whose rows a connection sees. Row-level security binds the role of requests, not the background."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from asyncpg import Record

from services.gateway.store import Conn, init_conn, load_sql
from services.gateway.store.recusas import Recusa
from shared.files import pasta_escritorio

SQL = load_sql("empresas")

# What every installation is until a second one is made; whoever administers it looks after the installation.
PADRAO = 1


@dataclass(frozen=True)
class Empresa:
    id: int
    codigo: str

    def has_boleto(self, caminho: str) -> bool:
        """Whether a boleto at that path is its own."""
        pasta = f"{pasta_escritorio(self.codigo)}/" if self.id != PADRAO else ""
        return caminho.startswith(pasta) and caminho.count("/") == pasta.count("/") + 1


PRIMEIRA = Empresa(PADRAO, "padrao")


class EmpresaOcupada(Recusa):
    codigo: ClassVar[str] = "empresa.ocupada"
    status: ClassVar[int] = 409
    texto: ClassVar[str] = "Já há um escritório com este código ou nome. Use outro."


class SemPapel(Recusa):
    codigo: ClassVar[str] = "empresa.sem_papel"
    status: ClassVar[int] = 409
    texto: ClassVar[str] = (
        "CANOPUS_DATABASE_URL: com este usuário do banco um escritório não se separa do outro. Peça a quem administra "
        "o servidor: CREATE ROLE canopus_escritorio NOLOGIN; GRANT canopus_escritorio TO <usuário>; e tente de novo."
    )


class ConexaoEmpresa(asyncpg.Connection):
    """One of the role of requests. Invariant: `empresa_id` is the office that its session is bound to, or None."""

    empresa_id: int | None = None

    async def bind(self, empresa_id: int) -> None:
        """No round trip where it is bound so already: with one office that is always."""
        if self.empresa_id != empresa_id:
            self.empresa_id = None
            await self.execute(SQL["bind"], empresa_id, False)
            self.empresa_id = empresa_id


@dataclass(frozen=True)
class PoolEmpresa:
    """What a request has of the database: each connection sees this office alone."""

    pool: asyncpg.Pool
    empresa_id: int

    @asynccontextmanager
    async def acquire(self, *, timeout: float | None = None) -> AsyncIterator[Conn]:
        async with self.pool.acquire(timeout=timeout) as conn:
            # The pool lends a proxy, which passes this on.
            restrita: Any = conn
            await restrita.bind(self.empresa_id)
            try:
                yield conn
            except asyncio.CancelledError:
                # Cut off between preparing a statement and running it, asyncpg leaves a transaction open that it does
                # not know of; the next one here would begin in it.
                restrita.terminate()
                raise


@asynccontextmanager
async def open_restritos(pool: asyncpg.Pool, url: str, *, max_size: int) -> AsyncIterator[asyncpg.Pool | None]:
    """The connections of requests. None: this user may not take the role, and there is one office alone.
    Raises SemPapel."""
    async with pool.acquire() as conn:
        papel = await can_restrict(conn)
        if not papel and await conn.fetchval(SQL["has_outras"]):
            raise SemPapel
    if not papel:
        yield None
        return
    restritos = await asyncpg.create_pool(
        url, min_size=1, max_size=max_size, timeout=30.0, command_timeout=30.0, init=_restrict, reset=_keep,
        connection_class=ConexaoEmpresa,
    )  # fmt: skip
    try:
        yield restritos
    finally:
        restritos.terminate()


async def can_restrict(conn: Conn) -> bool:
    """Also gives the role what it needs, where it was made after the schema."""
    linha = await conn.fetchrow(SQL["can_restrict"])
    if linha is None or not linha["papel"]:
        return False
    if not linha["concedido"]:
        await conn.execute("SELECT grant_escritorio()")
    return True


@asynccontextmanager
async def restrict(conn: Conn, empresa_id: int) -> AsyncIterator[None]:
    """In a transaction of the background or of a command: what is done inside sees and writes that office alone.
    Raises SemPapel, but for the only office there is."""
    await conn.execute(SQL["bind"], empresa_id, True)
    if papel := await can_restrict(conn):
        await conn.execute(SQL["restrict_local"])
    elif await conn.fetchval(SQL["has_outras"]):
        raise SemPapel
    yield
    # Not after a failure: the transaction is lost, and takes the role with it.
    if papel:
        await conn.execute(SQL["release_local"])
    await conn.execute(SQL["bind"], PADRAO, True)


async def list_ativas(conn: Conn) -> list[int]:
    return [linha["id"] for linha in await conn.fetch(SQL["list_ativas"])]


async def list_empresas(conn: Conn, depois: int = 0, limite: int | None = None) -> list[Record]:
    return await conn.fetch(SQL["list_empresas"], depois, limite)


async def find_empresa(conn: Conn, codigo: str) -> Record | None:
    return await conn.fetchrow(SQL["find_empresa"], codigo)


async def switch_empresa(conn: Conn, id: int, *, ativa: bool) -> None:
    """Off: nobody of it gets in, nothing of it begins or goes out; what is under way ends."""
    await conn.execute(SQL["switch_empresa"], id, ativa)


async def create_empresa(conn: Conn, codigo: str, nome: str, max_sessoes: int | None) -> int:
    """Raises SemPapel, EmpresaOcupada."""
    if not await can_restrict(conn):
        raise SemPapel
    try:
        id: int = await conn.fetchval(SQL["insert_empresa"], codigo, nome, max_sessoes)
    except asyncpg.UniqueViolationError as erro:
        raise EmpresaOcupada from erro
    return id


async def _restrict(conn: Conn) -> None:
    await init_conn(conn)
    await conn.execute(SQL["restrict"])


async def _keep(conn: Conn) -> None:
    """The role and the office stay: `bind` knows them."""
