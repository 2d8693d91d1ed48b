"""The moments at which a fault strikes: each waits for its own, and slows the portal where it would pass quickly."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from shared.outcomes import Etapa
from tests.eventually import eventually
from tests.faults.bancada import Bancada

TRAVADOS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@dataclass(frozen=True)
class Momento:
    """`chega` is entered before the fault and left after it: what it holds still stays so meanwhile."""

    nome: str
    chega: Callable[[Bancada], AbstractAsyncContextManager[None]]
    latencia: dict[str, Any] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def at_etapa(bancada: Bancada, etapa: Etapa) -> AsyncIterator[None]:
    await bancada.wait_etapa(etapa)
    yield


@contextlib.asynccontextmanager
async def at_file(bancada: Bancada, tipo: str) -> AsyncIterator[None]:
    await bancada.wait_store(tipo)
    yield


@contextlib.asynccontextmanager
async def at_commit(bancada: Bancada) -> AsyncIterator[None]:
    """In the middle of the gateway's transaction: it waits for a row that we hold."""
    await bancada.wait_prontos(2)
    conn = await asyncpg.connect(bancada.database_url)
    try:
        trava = conn.transaction()
        await trava.start()
        await conn.execute("SELECT FROM execucoes_automacao WHERE automacao_id = $1 FOR UPDATE", UUID(bancada.ids[0]))

        async def waits() -> bool:
            return bool(await conn.fetchval(TRAVADOS))

        await eventually(waits)
        yield
    finally:
        conn.terminate()


@contextlib.asynccontextmanager
async def at_random(bancada: Bancada, semente: int) -> AsyncIterator[None]:
    acaso = random.Random(semente)
    await bancada.wait_prontos(acaso.randint(0, 8))
    await asyncio.sleep(acaso.uniform(0, 0.3))
    yield


LOGIN = Momento("no login", partial(at_etapa, etapa=Etapa.AUTENTICANDO), {"login": 1500})
BUSCA = Momento("na busca", partial(at_etapa, etapa=Etapa.BUSCANDO), {"busca": 500})
EMISSAO = Momento("na emissão", partial(at_etapa, etapa=Etapa.EMITINDO), {"cobranca": 500})
DOWNLOAD = Momento("no download", partial(at_etapa, etapa=Etapa.BAIXANDO), {"impressao": 800})
VERIFICACAO = Momento("na verificação", partial(at_etapa, etapa=Etapa.VERIFICANDO))
CAPTURA = Momento("entre a captura e o relato", partial(at_file, tipo="capturas"))
NOMEACAO = Momento("ao nomear", partial(at_etapa, etapa=Etapa.NOMEANDO))
ARQUIVO = Momento("ao arquivar", partial(at_file, tipo="lugares"))
GRAVACAO = Momento("no meio da gravação", at_commit)
ACASO = tuple(Momento(f"ao acaso {n}", partial(at_random, semente=n)) for n in range(1, 4))
