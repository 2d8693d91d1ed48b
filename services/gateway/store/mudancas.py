"""The feed of changed boletos: each change is given once behind any cursor, however late its transaction commits.

Who changes a boleto takes its number away (a trigger); who reads the feed first numbers what is committed and has
none, under a lock that is held until those numbers are committed. So every number that can be seen is above all that
could be seen before, and writers wait for nothing. A boleto stands in the feed once, as it is now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql

SQL = load_sql("mudancas")

# More than any page has: what is numbered now fills it.
LOTE = 1000
TODAS = 2**31 - 1


@dataclass(frozen=True)
class Mudancas:
    """ate: the number behind which to go on."""

    boletos: Sequence[Record]
    apagados: Sequence[Record]
    ate: int
    ha_mais: bool


async def read_mudancas(conn: Conn, alcance: Alcance, depois: int, limite: int) -> Mudancas:
    """limite: at most LOTE - 1."""
    ha_novas, inicio, linhas = True, depois, list[Record]()
    while ha_novas and len(linhas) <= limite:
        ha_novas = await _number(conn, LOTE)
        # Before the list: what is numbered up to there can be seen in it.
        topo: int = await conn.fetchval(SQL["find_topo"])
        linhas = await conn.fetch(SQL["list_mudancas"], alcance, inicio, limite + 1)
        if not linhas:
            # What was numbered is of others alone.
            inicio = max(inicio, topo)
    pagina, ha_mais = linhas[:limite], len(linhas) > limite
    ultima = pagina[-1]["numero"] if pagina else depois
    return Mudancas(
        [linha for linha in pagina if linha["apagado_em"] is None],
        [linha for linha in pagina if linha["apagado_em"] is not None],
        ultima if ha_mais else max(ultima, topo),
        ha_mais,
    )


async def find_topo(conn: Conn) -> int:
    """Behind everything that is committed now."""
    await _number(conn, TODAS)
    topo: int = await conn.fetchval(SQL["find_topo"])
    return topo


async def _number(conn: Conn, quantas: int) -> bool:
    """Whether there may be more to number."""
    if not await conn.fetchval(SQL["has_novas"]):
        return False
    async with conn.transaction():
        await conn.execute(SQL["lock"])
        feitas = [await conn.execute(SQL[nome], quantas) for nome in ("number_boletos", "number_apagados")]
    return f"UPDATE {quantas}" in feitas
