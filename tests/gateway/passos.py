"""Steps of contracts told without reports: what fills a page or a socket."""

from __future__ import annotations

from services.gateway.store import Conn
from services.gateway.store.diario import Diario
from services.gateway.store.itens import SQL
from shared.outcomes import Etapa


async def tell_passo(conn: Conn, diario: Diario, item: int, passo: Etapa) -> None:
    antes = await conn.fetchval("SELECT status FROM log_downloads_boletos WHERE id = $1", item)
    await conn.execute(SQL["step_items"], [item], [passo])
    diario.tell(await conn.fetch(SQL["lock_items"], [item], diario.id), antes)
