"""Stops and waits of credentials: what the portal's answers do to them. A stop is lifted by a person alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from asyncpg import Record

from services.gateway.execucao import (
    BLOQUEIO_S,
    PORTAL_BLOQUEADO,
    REDUCAO_S,
    SEGUIDOS,
    append_seguido,
    pausa_queda_s,
)
from services.gateway.store import Conn, Pool, load_sql
from services.gateway.store.controle import end_stopped
from services.gateway.store.diario import open_diario
from services.gateway.store.outbox import post
from shared.events import SessaoRevogada
from shared.outcomes import StatusExecucao, find_desfecho

SQL = load_sql("credenciais")
CONCESSOES = load_sql("concessoes")
# A lease that was to be given back this long ago has expired.
REVOGACAO_TTL_S = 60.0


async def stop_credencial(
    conn: Conn,
    credencial_id: int,
    cerca: int,
    codigo: str,
    mensagem: str | None = None,
    evidencia: Sequence[dict[str, Any]] = (),
) -> bool:
    """Post nothing more with it. False: it was stopped already, or a person put it right since this lease began.

    The caller calls `end_unserved` once this is committed.
    """
    texto = mensagem or find_desfecho(codigo).texto
    parada = await conn.fetchval(SQL["stop_credencial"], credencial_id, codigo, texto, cerca, list(evidencia))
    if parada is None:
        return False
    await revoke(conn, await conn.fetch(CONCESSOES["list_vivas"], credencial_id))
    return True


async def revoke(conn: Conn, concessoes: Sequence[Record]) -> None:
    """Ask the holders of these leases (cerca, fila) for them back, after the contract in hand."""
    await conn.execute(CONCESSOES["revoke"], [concessao["cerca"] for concessao in concessoes])
    for concessao in concessoes:
        await post(conn, SessaoRevogada(cerca=concessao["cerca"]), fila=concessao["fila"], ttl_s=REVOGACAO_TTL_S)


async def end_unserved(pool: Pool, ponto_venda_id: int) -> None:
    """Where no credential is left: waiting rows become `erro` with its code, their executions `bloqueada`.

    A transaction per execution, so that no two of them are ever locked at once.
    """
    async with pool.acquire() as conn:
        for execucao in await conn.fetch(SQL["list_execucoes_vivas"], ponto_venda_id):
            async with conn.transaction(), open_diario(conn, execucao["id"]) as diario:
                parada = await conn.fetchrow(SQL["find_parada"], ponto_venda_id)
                if parada is None or diario.has_ended:
                    continue
                codigo = parada["parada_codigo"]
                ended = await end_stopped(diario, codigo, parada["parada_evidencia"])
                if ended and diario.status is not StatusExecucao.BLOQUEADA:
                    diario.set_status(StatusExecucao.BLOQUEADA, codigo, parada["mensagem_erro"])


async def has_saudavel(conn: Conn, ponto_venda_id: int) -> bool:
    """Whether any credential can still serve this ponto de venda."""
    saudavel: bool = await conn.fetchval(SQL["has_saudavel"], ponto_venda_id)
    return saudavel


async def find_credencial_cerca(conn: Conn, cerca: int) -> int | None:
    id: int | None = await conn.fetchval(SQL["find_credencial_cerca"], cerca)
    return id


async def note_login(conn: Conn, credencial_id: int) -> None:
    await conn.execute(SQL["note_login"], credencial_id)


async def note_resposta(conn: Conn, credencial_id: int, *, confere: bool) -> None:
    """The portal served this credential. confere: with the right document."""
    await conn.execute(SQL["note_resposta"], credencial_id, confere)


async def note_acertos(conn: Conn, cercas: Collection[int], ponto_venda_id: int) -> None:
    """The portal served contracts under these leases, with the right documents."""
    await conn.execute(SQL["note_acertos"], list(cercas), ponto_venda_id)


async def note_divergente(conn: Conn, credencial_id: int, item_id: int) -> bool:
    """A document of another contract came. True: the third contract in a row."""
    credencial = await conn.fetchrow(SQL["lock_credencial"], credencial_id)
    if credencial is None:
        return False
    divergentes = append_seguido(credencial["divergentes"], item_id)
    await conn.execute(SQL["note_divergentes"], credencial_id, divergentes)
    return len(divergentes) >= SEGUIDOS


async def note_bloqueio(conn: Conn, credencial_id: int, cerca: int) -> bool:
    """The firewall threw a session away. True: the second time within ten minutes, so the credential stops."""
    if await conn.fetchval(SQL["is_bloqueada_ha_pouco"], credencial_id, BLOQUEIO_S):
        return await stop_credencial(conn, credencial_id, cerca, PORTAL_BLOQUEADO)
    await conn.execute(SQL["note_bloqueio"], credencial_id)
    return False


async def note_queda(conn: Conn, credencial_id: int) -> None:
    """A session ended badly: the next one waits, longer each time in a row."""
    credencial = await conn.fetchrow(SQL["lock_credencial"], credencial_id)
    if credencial is not None:
        await conn.execute(SQL["note_queda"], credencial_id, pausa_queda_s(credencial["quedas"] + 1))


async def note_derrubada(conn: Conn, credencial_id: int) -> None:
    """The portal kicked a session out: fewer of them for a while; where there is only one, a pause before the next."""
    if await reduce_sessoes(conn, credencial_id) == 1:
        await note_queda(conn, credencial_id)


async def reduce_sessoes(conn: Conn, credencial_id: int) -> int | None:
    """One fewer for a while, never none. Returns how many there could be before; None: the credential is gone."""
    limite: int | None = await conn.fetchval(SQL["lock_sessoes"], credencial_id)
    if limite is not None:
        await conn.execute(SQL["reduce_sessoes"], credencial_id, max(1, limite - 1), REDUCAO_S)
    return limite
