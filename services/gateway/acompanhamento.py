"""`Prefer: wait`: an answer held until its execution ends, or a person must act."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from uuid import UUID

from aiohttp import web
from asyncpg import Record

from services.gateway.context import AppContext
from services.gateway.store import execucoes as store
from shared.outcomes import StatusExecucao

ESPERA_MAXIMA_S = 86_400
# News come at once; this is for the time without a bus.
_OLHADA_S = 1.0
_WAIT = re.compile(r"\s*wait\s*=\s*\"?(\d{1,9})\"?\s*(?:;.*)?", re.IGNORECASE)


def parse_wait(prefer: Iterable[str]) -> int | None:
    """Seconds of the first `wait` among the preferences (RFC 7240); one that cannot be read counts as absent."""
    for parte in ",".join(prefer).split(","):
        if achado := _WAIT.fullmatch(parte):
            return min(int(achado[1]), ESPERA_MAXIMA_S) or None
    return None


async def wait_execucao(ctx: AppContext, request: web.Request, automacao_id: UUID, espera_s: float) -> Record | None:
    """The execution once it has ended or is blocked; None when that did not come in time, or the caller has gone."""
    limite = time.monotonic() + espera_s
    while True:
        with ctx.live.listen(automacao_id) as novidade:
            async with ctx.pool.acquire() as conn:
                execucao = await store.find_execucao(conn, automacao_id)
            if execucao is None or _has_settled(execucao):
                return execucao
            restante_s = limite - time.monotonic()
            if restante_s <= 0 or ctx.live.is_closing or request.transport is None or request.transport.is_closing():
                return None
            await novidade.wait(min(restante_s, _OLHADA_S))


def _has_settled(execucao: Record) -> bool:
    """Its counts will not change by themselves: a cancelled one may still have contracts in hand."""
    contagem = store.contadores(execucao)
    status = StatusExecucao(execucao["status"])
    return (status.is_final or status is StatusExecucao.BLOQUEADA) and not contagem["processando"]
