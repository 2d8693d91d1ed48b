"""The pipeline as a taskiq task, on its broker's defaults (quorum queue, confirms, late acks); rows by asyncpg."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import asyncpg
from taskiq import TaskiqEvents
from taskiq_aio_pika import AioPikaBroker

from tests.benchmarks.pares.linhas import BOLETO, CONTA, EVENTO, FIM, PASSO, PASSOS, PDF, encode_evento, write_pdf

CONEXOES = 16
broker = AioPikaBroker(os.environ["BENCH_AMQP_URL"], qos=2 * CONEXOES)
_pool: list[asyncpg.Pool] = []


async def open_pool(_: Any) -> None:
    _pool.append(await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=CONEXOES, max_size=CONEXOES))


async def _tell(conn: Any, linha: Any, comecou: int, terminou: int) -> None:
    execucao = await conn.fetchrow(CONTA, linha["execucao_id"], comecou, terminou)
    await conn.execute(EVENTO, linha["execucao_id"], execucao["seq"], encode_evento(linha, execucao))


async def fetch(item_id: int) -> None:
    async with _pool[0].acquire() as conn:
        for numero, passo in enumerate(PASSOS):
            async with conn.transaction():
                await _tell(conn, await conn.fetchrow(PASSO, item_id, passo), int(numero == 0), 0)
        caminho = await asyncio.to_thread(write_pdf, os.environ["BENCH_PASTA"], item_id)
        async with conn.transaction():
            boleto = await conn.fetchval(BOLETO, item_id, caminho, len(PDF))
            await _tell(conn, await conn.fetchrow(FIM, item_id, boleto, caminho), 0, 1)


broker.on_event(TaskiqEvents.WORKER_STARTUP)(open_pool)
fetch_task = broker.register_task(fetch, "fetch")
