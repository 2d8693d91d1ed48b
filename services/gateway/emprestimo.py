"""A lease for the terminal: `canopus portal testar` takes a slot of the credential like any scraper."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import asyncpg
from asyncpg import Record

from services.gateway.concessoes import Panorama, is_testavel, read_panorama
from services.gateway.pulsos import VALIDADE_S
from services.gateway.store import Conn, Pool, load_sql
from services.gateway.store.credenciais import revoke

DESPACHO, SQL = load_sql("despacho"), load_sql("concessoes")
_PULSO_S = 5.0
# Left before the slot can be granted again, as every scraper does.
_USO_S = VALIDADE_S - 10.0
_AUSENCIAS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
log = logging.getLogger(__name__)


class SemVaga(Exception):
    """Every session that the credential may have is in use."""


class Recusada(Exception):
    """The portal has refused the password meanwhile."""


class ConcessaoPerdida(Exception):
    """The lease could not be renewed: the portal was left."""


@asynccontextmanager
async def borrow_sessao(pool: Pool, credencial_id: int, espera_s: float = 60.0) -> AsyncIterator[int]:
    """Hold a slot while the context is open, renewed by heartbeat; its number.

    Raises Recusada, SemVaga after `espera_s`, and ConcessaoPerdida where the database was away for too long.
    """
    titular = f"terminal-{os.getpid()}-{uuid4().hex[:6]}"
    cerca = await _take(pool, credencial_id, titular, espera_s)
    prazo = asyncio.timeout(_USO_S)
    try:
        async with prazo:
            pulso = asyncio.create_task(_renew(pool, cerca, titular, prazo), name="emprestimo")
            try:
                yield cerca
            finally:
                pulso.cancel()
                await asyncio.gather(pulso, return_exceptions=True)
    except TimeoutError as erro:
        if not prazo.expired():
            raise
        raise ConcessaoPerdida from erro
    finally:
        with suppress(*_AUSENCIAS):  # it runs out by itself
            async with pool.acquire(timeout=_PULSO_S) as conn:
                await conn.execute(SQL["end_concessao"], cerca, "teste")


async def _take(pool: Pool, credencial_id: int, titular: str, espera_s: float) -> int:
    limite = asyncio.get_running_loop().time() + espera_s
    while True:
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute(DESPACHO["lock"])
            await conn.execute(SQL["expire"])
            panorama = await read_panorama(conn)
            if (credencial := panorama.credenciais.get(credencial_id)) is not None:
                if credencial["recusada"]:
                    raise Recusada
                if is_testavel(panorama, credencial):
                    return await _grant(conn, panorama, credencial, titular)
                await _ask_back(conn, panorama, credencial)
        if asyncio.get_running_loop().time() >= limite:
            raise SemVaga
        await asyncio.sleep(1)


async def _grant(conn: Conn, panorama: Panorama, credencial: Record, titular: str) -> int:
    slot = panorama.vagas[credencial["id"]][0]
    # With a pedido, as a test has: no task is ever sent to it.
    cerca: int = await conn.fetchval(
        DESPACHO["grant_concessao"], credencial["id"], slot, titular, titular, VALIDADE_S, uuid4()
    )
    return cerca


async def _ask_back(conn: Conn, panorama: Panorama, credencial: Record) -> None:
    """An idle session of the credential need not be kept while a person waits; nor, where the office has all that it
    may, one of the office."""
    cheia = panorama.vagas[credencial["id"]] and panorama.is_cheia(credencial["empresa_id"])
    dela = [
        c
        for c in panorama.concessoes
        if c["credencial_id"] == credencial["id"] or (cheia and c["empresa_id"] == credencial["empresa_id"])
    ]
    ociosas = [c for c in dela if c["ociosa_s"] > 0 and c["pedido_id"] is None]
    if ociosas and not any(c["revogada"] for c in dela):
        await revoke(conn, ociosas[:1])


async def _renew(pool: Pool, cerca: int, titular: str, prazo: asyncio.Timeout) -> None:
    """What is not renewed, for whatever reason, runs out by itself."""
    while True:
        await asyncio.sleep(_PULSO_S)
        agora = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(_PULSO_S), pool.acquire() as conn:
                if await conn.fetch(SQL["renew"], titular, [cerca], [0.0], VALIDADE_S) and not prazo.expired():
                    prazo.reschedule(agora + _USO_S)
        except _AUSENCIAS as erro:
            log.warning("emprestimo.not_renewed", extra={"erro": type(erro).__name__})
