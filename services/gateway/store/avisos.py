"""Events for other systems, written in the transaction of what they tell: a row for each webhook that wants it."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.cloudevents import ExecucaoEncerrada, TipoAviso, make_aviso
from services.gateway.store import Conn, load_sql
from services.gateway.store.boletos import view_boleto
from services.gateway.store.quadro import execucao_dict

SQL = load_sql("avisos")


async def tell_boletos(conn: Conn, ponto_venda_id: int, ids: Sequence[int]) -> None:
    """Boletos of one ponto de venda were filed."""
    webhooks = await _list_webhooks(conn, TipoAviso.BOLETO_ARQUIVADO, ponto_venda_id)
    if not webhooks or not ids:
        return
    linhas = await conn.fetch(SQL["list_boletos"], list(ids))
    avisos = [
        make_aviso(TipoAviso.BOLETO_ARQUIVADO, linha["ponto_venda"], f"boletos/{linha['id']}", view_boleto(linha))
        for linha in linhas
    ]
    await _insert(conn, webhooks, TipoAviso.BOLETO_ARQUIVADO, avisos, [linha["id"] for linha in linhas])


async def tell_encerrada(conn: Conn, execucao_id: int, ponto_venda_id: int) -> None:
    """An execution ended, and nothing of it is under way."""
    webhooks = await _list_webhooks(conn, TipoAviso.EXECUCAO_ENCERRADA, ponto_venda_id)
    if not webhooks:
        return
    linha = await conn.fetchrow(SQL["find_execucao"], execucao_id)
    assert linha is not None
    dados = execucao_dict(linha)
    aviso = make_aviso(
        TipoAviso.EXECUCAO_ENCERRADA,
        linha["ponto_venda"],
        f"execucoes/{linha['automacao_id']}",
        {campo: dados[campo] for campo in ExecucaoEncerrada.model_fields},
    )
    await _insert(conn, webhooks, TipoAviso.EXECUCAO_ENCERRADA, [aviso], [None])


async def tell_teste(conn: Conn, webhook_id: int, mensagem: str) -> int:
    """For one webhook alone; returns the delivery's id."""
    aviso = make_aviso(TipoAviso.TESTE, None, f"webhooks/{webhook_id}", {"mensagem": mensagem})
    return await _insert(conn, [webhook_id], TipoAviso.TESTE, [aviso], [None])


async def _list_webhooks(conn: Conn, tipo: TipoAviso, ponto_venda_id: int) -> list[int]:
    """None of them is removed before the transaction ends."""
    return [linha["id"] for linha in await conn.fetch(SQL["list_webhooks"], tipo, ponto_venda_id)]


async def _insert(
    conn: Conn,
    webhooks: Sequence[int],
    tipo: TipoAviso,
    avisos: Sequence[tuple[str, str]],
    boletos: Sequence[int | None],
) -> int:
    ultima: int = await conn.fetchval(
        SQL["insert_entregas"],
        list(webhooks),
        tipo,
        [id for id, _ in avisos],
        [corpo for _, corpo in avisos],
        list(boletos),
    )
    return ultima
