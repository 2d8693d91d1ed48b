"""The circuit breaker of each portal: opened by three contracts in a row, closed by the first true answer."""

from __future__ import annotations

from services.gateway.execucao import SEGUIDOS, append_seguido, pausa_sonda_s
from services.gateway.store import Conn, load_sql

SQL = load_sql("portais")


async def note_fora_do_ar(conn: Conn, ponto_venda_id: int, item_id: int) -> None:
    """A contract found the portal down. The failure of the probe makes the next pause longer."""
    url_base = await conn.fetchval(SQL["find_url_base"], ponto_venda_id)
    portal = await conn.fetchrow(SQL["lock_portal"], url_base)
    assert portal is not None
    falhas = append_seguido(portal["falhas"], item_id)
    if portal["estado"] == "fechado" and len(falhas) < SEGUIDOS:
        await conn.execute(SQL["note_falhas"], url_base, falhas)
    elif portal["estado"] == "fechado" or portal["sonda_item"] == item_id:
        aberturas = portal["aberturas"] + 1
        await conn.execute(SQL["open_portal"], url_base, falhas, aberturas, pausa_sonda_s(aberturas))


async def note_resposta(conn: Conn, ponto_venda_id: int) -> None:
    """The portal said something true about a contract: it is up."""
    url_base = await conn.fetchval(SQL["find_url_base"], ponto_venda_id)
    await conn.execute(SQL["close_portal"], url_base)
