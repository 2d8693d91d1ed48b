"""Links to workbooks as the routes read and write them, and as whoever opens them takes and answers them."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql
from services.gateway.store.pedidos import Pedido, Resposta

SQL = load_sql("links")


async def set_link(conn: Conn, consultor_id: int, link: str | None, alcance: Alcance) -> None:
    """alcance: of whoever gives it. None takes it away."""
    if link is None:
        await conn.execute(SQL["drop_link"], consultor_id)
    else:
        await conn.execute(SQL["set_link"], consultor_id, link, None if alcance is None else sorted(alcance))


async def find_link(conn: Conn, consultor_id: int) -> Record | None:
    return await conn.fetchrow(SQL["find_link"], consultor_id)


async def find_planilha(conn: Conn, consultor_id: int) -> Record | None:
    """What was imported last by the link."""
    return await conn.fetchrow(SQL["find_planilha"], consultor_id)


async def ask_links(conn: Conn, alcance: Alcance, quem: str, consultor_id: int | None = None) -> int:
    """All of them, or one consultor's, are due now; returns how many."""
    return len(await conn.fetch(SQL["ask_links"], alcance, quem, consultor_id))


async def claim_links(conn: Conn, quantos: int, reserva_s: float, consultor_id: int | None = None) -> list[Record]:
    """Those due, or that one, each for this caller alone for so long."""
    return await conn.fetch(SQL["claim_links"], quantos, reserva_s, consultor_id)


async def list_contas(conn: Conn, empresa_id: int) -> list[Record]:
    return await conn.fetch(SQL["list_contas"], empresa_id)


async def hold_link(conn: Conn, link: Record) -> bool:
    """Until the transaction ends. False: another has taken it meanwhile, or it is another link."""
    return await conn.fetchval(SQL["hold_link"], link["consultor_id"], link["reserva"]) is not None


async def begin_importacao(conn: Conn, link: Record, pedido_id: UUID, proxima_s: float) -> None:
    await conn.execute(SQL["begin_importacao"], link["consultor_id"], pedido_id, proxima_s)


async def keep_link(conn: Conn, link: Record, proxima_s: float, versao: str | None) -> None:
    """What lies there is what was imported."""
    await conn.execute(SQL["keep_link"], link["consultor_id"], link["reserva"], proxima_s, versao)


async def fail_link(conn: Conn, link: Record, proxima_s: float, erro: str) -> None:
    await conn.execute(SQL["fail_link"], link["consultor_id"], link["reserva"], proxima_s, erro)


async def is_importing(conn: Conn, pedido_id: UUID) -> bool:
    """False: the link is another one since, or there is none."""
    return bool(await conn.fetchval(SQL["is_importing"], pedido_id))


async def note_resposta(conn: Conn, pedido: Pedido, resposta: Resposta) -> None:
    """What became of an import that a link asked for. What nobody read is tried again, what nobody can read is not."""
    if resposta.status not in (201, 422):
        await conn.execute(SQL["fail_importacao"], pedido.id, resposta.corpo["error"])
        return
    parametros = pedido.parametros
    planilha_id = resposta.corpo["data"]["id"] if resposta.status == 201 else None
    recusa = None if resposta.status == 201 else resposta.corpo["error"]
    await conn.execute(
        SQL["finish_importacao"], pedido.id, parametros["marca"], parametros["versao"], planilha_id, recusa
    )
