"""Contracts a second before a portal that costs nothing: what the pipeline itself takes.

Ours: gateway, scraper and namer over RabbitMQ, from the submission to the last contract filed. Celery and taskiq: a
task a contract on the same broker, writing the same rows and events to the same server, from the first task sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from tests.benchmarks.medidas import Alvo, Linha, Plano, alternate
from tests.benchmarks.processos import start
from tests.benchmarks.sistema import Servidores, Sistema, open_servidores, open_sistema
from tests.gateway.cadastro import Loja, add_loja, list_itens, open_base, submit

TITULO = "Pipeline diante de um portal que nada custa"
CONTRATOS, SESSOES, PROCESSOS = 1000, 16, 2
# A task queue's own process takes a moment to be up; a first small lot warms all of them.
AQUECIMENTO = 100

FEITOS = """SELECT count(*) FILTER (WHERE status = 'sucesso') AS quantos, min(iniciado_em) AS inicio,
       max(finalizado_em) AS fim
FROM log_downloads_boletos WHERE id BETWEEN $1 AND $2"""

Rodada = Callable[[], Awaitable[float]]


async def medir(plano: Plano) -> list[Linha]:
    contratos = plano.scale(CONTRATOS, 20)
    with open_servidores() as servidores, tempfile.TemporaryDirectory() as nome:
        async with contextlib.AsyncExitStack() as pilha:
            formas: dict[str, Rodada] = {}
            for quem, abre in (("canopus", _open_canopus), ("celery", _open_celery), ("taskiq", _open_taskiq)):
                pasta = Path(nome, quem)
                await asyncio.to_thread(pasta.mkdir)
                formas[quem] = await pilha.enter_async_context(abre(servidores, pasta, contratos))
            obtidos = await alternate(plano, formas)
    nosso = tuple(obtidos["canopus"])
    return [
        Linha("contratos por segundo", "/s", nosso, par.capitalize(), tuple(obtidos[par]), Alvo("nosso/par", "≥", 1.0))
        for par in ("celery", "taskiq")
    ]


@contextlib.asynccontextmanager
async def _open_canopus(servidores: Servidores, pasta: Path, contratos: int) -> AsyncIterator[Rodada]:
    async with open_sistema(servidores, pasta) as sistema:
        await sistema.register(contratos, SESSOES)
        meses = iter([(mes, ano) for ano in range(2026, 2040) for mes in range(1, 13)])

        async def run(limite: int) -> float:
            return await run_execucao(sistema, limite, *next(meses))

        await run(min(AQUECIMENTO, contratos))
        yield partial(run, contratos)


async def run_execucao(sistema: Sistema, contratos: int, mes: int, ano: int) -> float:
    """Contracts a second, from the submission on. Another month each time, so that none is filed already."""
    return contratos / await sistema.finish(await sistema.submit(mes=mes, ano=ano, limite=contratos))


@contextlib.asynccontextmanager
async def _open_celery(servidores: Servidores, pasta: Path, contratos: int) -> AsyncIterator[Rodada]:
    argumentos = ("-m", "celery", "-A", "tests.benchmarks.pares.celery_app", "worker", "--loglevel", "WARNING",
                  "--concurrency", str(PROCESSOS), "--without-mingle", "--without-gossip")  # fmt: skip
    async with _open_par("celery", argumentos, servidores, pasta, contratos) as rodada:
        yield rodada


@contextlib.asynccontextmanager
async def _open_taskiq(servidores: Servidores, pasta: Path, contratos: int) -> AsyncIterator[Rodada]:
    argumentos = ("-m", "taskiq", "worker", "tests.benchmarks.pares.taskiq_app:broker", "--workers", str(PROCESSOS),
                  "--max-async-tasks", str(SESSOES), "--log-level", "WARNING")  # fmt: skip
    async with _open_par("taskiq", argumentos, servidores, pasta, contratos) as rodada:
        yield rodada


@contextlib.asynccontextmanager
async def _open_par(
    quem: str, worker: tuple[str, ...], servidores: Servidores, pasta: Path, contratos: int
) -> AsyncIterator[Rodada]:
    amqp_url, database_url = servidores.create()
    ambiente = {"BENCH_AMQP_URL": amqp_url, "BENCH_DATABASE_URL": database_url, "BENCH_PASTA": str(pasta)}
    meses = iter([(mes, ano) for ano in range(2026, 2040) for mes in range(1, 13)])
    log = pasta / "log"
    async with open_base(database_url) as pool, start(*worker, log=log, ambiente=ambiente):
        loja: Loja = await add_loja(pool, clientes=contratos)

        async def run(limite: int) -> float:
            mes, ano = next(meses)
            itens = await list_itens(pool, await submit(pool, loja, mes=mes, ano=ano, limite=limite))
            ids = (str(itens[0]["id"]), str(itens[-1]["id"]))
            envio = ("-m", "tests.benchmarks.pares.envio", quem, *ids)
            async with start(*envio, log=log, ambiente=ambiente), asyncio.timeout(600):
                while True:
                    feito = await pool.fetchrow(FEITOS, itens[0]["id"], itens[-1]["id"])
                    assert feito is not None
                    if feito["quantos"] == limite:
                        segundos: float = (feito["fim"] - feito["inicio"]).total_seconds()
                        return limite / segundos
                    await asyncio.sleep(0.05)

        await run(min(AQUECIMENTO, contratos))
        yield partial(run, contratos)
