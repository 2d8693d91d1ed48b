"""The database as a whole, of one instant: every table as COPY writes it, and the way back into an empty schema."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from services.gateway.store import Conn, apply_migracoes, load_sql

SQL = load_sql("retrato")

# Bounds one table; a request's own time would cut a large one.
TABELA_S = 3600.0
# Numbers that messages on their way carry: what was sent after the copy was made must not meet its number again.
CERCADAS = ("despachos", "cercas")
SALTO = 1_000_000


@dataclass(frozen=True)
class Tabela:
    nome: str
    colunas: tuple[str, ...]


async def list_tabelas(conn: Conn) -> list[Tabela]:
    """Each behind those that it refers to."""
    tabelas = {
        linha["nome"]: Tabela(linha["nome"], tuple(linha["colunas"])) for linha in await conn.fetch(SQL["list_tabelas"])
    }
    ordem: TopologicalSorter[str] = TopologicalSorter({nome: [] for nome in tabelas})
    for referencia in await conn.fetch(SQL["list_referencias"]):
        ordem.add(referencia["de"], referencia["para"])
    return [tabelas[nome] for nome in ordem.static_order()]


async def fix_formatos(conn: Conn) -> None:
    """Until the transaction ends values are written and read one way, whatever the server's settings."""
    await conn.execute(SQL["fix_formatos"])


async def list_esquema(conn: Conn) -> list[str]:
    """The migrations of this database, the oldest first; empty: there is none of ours."""
    if await conn.fetchval("SELECT to_regclass('public.migracoes')") is None:
        return []
    return [linha["nome"] for linha in await conn.fetch("SELECT nome FROM migracoes ORDER BY nome")]


async def read_sequencias(conn: Conn) -> dict[str, int | None]:
    """The last number given by each; None: none yet."""
    return {linha["nome"]: linha["ultimo"] for linha in await conn.fetch(SQL["list_sequencias"])}


async def list_arquivos(conn: Conn) -> dict[str, str]:
    """Files that rows cannot do without: path → sha256."""
    return {linha["caminho"]: linha["sha256"] for linha in await conn.fetch(SQL["list_arquivos"])}


async def dump_tabela(conn: Conn, tabela: Tabela, write: Callable[[bytes], Coroutine[Any, Any, None]]) -> int:
    """Hand the rows over as they come; returns how many."""
    feito: str = await conn.copy_from_table(tabela.nome, columns=list(tabela.colunas), output=write, timeout=TABELA_S)
    return int(feito.rpartition(" ")[2])


async def load_tabela(conn: Conn, tabela: Tabela, source: AsyncIterator[bytes]) -> int:
    feito: str = await conn.copy_to_table(tabela.nome, source=source, columns=list(tabela.colunas), timeout=TABELA_S)
    return int(feito.rpartition(" ")[2])


async def build_esquema(conn: Conn, ate: str) -> None:
    """The schema as that migration left it, in place of all there is, and empty."""
    for objeto in await conn.fetch(SQL["list_objetos"]):
        await conn.execute(objeto["sql"])
    await apply_migracoes(conn, ate=ate)
    tabelas = await list_tabelas(conn)
    await conn.execute(f"TRUNCATE {', '.join(_quote(tabela) for tabela in tabelas)}")
    # They tell of changes, and rows that come back are none.
    for tabela in tabelas:
        await conn.execute(f"ALTER TABLE {_quote(tabela)} DISABLE TRIGGER USER")


async def finish_carga(conn: Conn, sequencias: Mapping[str, int | None]) -> list[str]:
    """Once the rows are in: numbers go on, the schema comes up to date, and the numbering has an epoch of its own, so
    that no reader takes what comes for what it saw of the time after the copy. Returns the migrations applied."""
    for nome, ultimo in sequencias.items():
        proximo = (ultimo or 1) + SALTO if nome in CERCADAS else ultimo
        if proximo is not None:
            await conn.execute("SELECT setval($1::text::regclass, $2)", nome, proximo)
    for tabela in await list_tabelas(conn):
        await conn.execute(f"ALTER TABLE {_quote(tabela)} ENABLE TRIGGER USER")
    aplicadas = await apply_migracoes(conn)
    await conn.execute("UPDATE epoca SET epoca = gen_random_uuid()")
    return aplicadas


def _quote(tabela: Tabela) -> str:
    return f'"{tabela.nome}"'
