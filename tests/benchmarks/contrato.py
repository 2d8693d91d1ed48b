"""One contract at a portal without latency: each driver beside a bare script of the same steps, and beside the other.

Ours: a session's contracts one after another as its worker serves them, with every page judged, every PDF verified and
kept: a contract's verification runs while the next one is searched. The bare scripts do neither, and keep theirs.
Memory is what a session adds to its process tree after a first contract.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from services.scraper.drivers import Drivers
from services.scraper.portal.browser.launch import Navegador
from services.scraper.settings import NomeDriver
from services.scraper.verifier import Conferente
from shared.files import FileStore
from tests.benchmarks.medidas import Alvo, Linha, Plano, alternate
from tests.benchmarks.nus.navegador import Nu
from tests.benchmarks.nus.requisicoes import Requisicoes
from tests.benchmarks.oficina import open_oficina, serve
from tests.benchmarks.processos import pss_mb, start
from tests.namer.planilhas import make_cpf

TITULO = "Um contrato, num portal sem demora"
CLIENTES = 50
CONTRATOS = {"http": 150, "navegador": 20}
SESSOES = {"http": 16, "navegador": 4}

Rodada = Callable[[], Awaitable[float]]


async def medir(plano: Plano) -> list[Linha]:
    with tempfile.TemporaryDirectory() as nome:
        pasta = Path(nome)
        simulado = ("-m", "tests.benchmarks.simulado", str(CLIENTES), "64", "{}")
        async with start(*simulado, log=pasta / "log") as portal, contextlib.AsyncExitStack() as pilha:
            url = await portal.read()
            formas: dict[str, Rodada] = {}
            for quem, driver in (("http", "http"), ("navegador", "navegador")):
                formas[quem] = await pilha.enter_async_context(_open_nosso(driver, url, pasta, plano))  # type: ignore[arg-type]
            nu = await pilha.enter_async_context(Requisicoes(url))
            formas["requisições"] = lambda: _time_nu(nu.fetch, pasta, plano.scale(CONTRATOS["http"], 3))
            bare = await pilha.enter_async_context(Nu(url))
            formas["playwright"] = lambda: _time_nu(bare.fetch, pasta, plano.scale(CONTRATOS["navegador"], 2))
            for driver in ("http", "navegador"):
                formas[f"crawlee {driver}"] = partial(
                    _time_crawlee, driver, url, pasta, plano.scale(CONTRATOS[driver], 2)
                )
            obtidos = await alternate(plano, formas)
            memoria = {driver: await _measure_memoria(driver, url, pasta) for driver in ("http", "navegador")}
    return [
        Linha("http", "ms", tuple(obtidos["http"]), "aiohttp nu", tuple(obtidos["requisições"]),
              Alvo("nosso/par", "≤", 1.25)),
        Linha("navegador", "ms", tuple(obtidos["navegador"]), "Playwright nu", tuple(obtidos["playwright"]),
              Alvo("nosso/par", "≤", 1.15)),
        Linha("http", "ms", tuple(obtidos["http"]), "Crawlee, HttpCrawler", tuple(obtidos["crawlee http"]),
              Alvo("nosso/par", "≤", 1)),
        Linha("navegador", "ms", tuple(obtidos["navegador"]), "Crawlee, PlaywrightCrawler",
              tuple(obtidos["crawlee navegador"]), Alvo("nosso/par", "≤", 1)),
        Linha("http, contratos por segundo", "ms", tuple(obtidos["http"]), "navegador", tuple(obtidos["navegador"]),
              Alvo("par/nosso", "≥", 25)),
        Linha("http, memória por sessão", "MB", (memoria["http"],), "navegador", (memoria["navegador"],),
              Alvo("nosso/par", "≤", 0.1)),
    ]  # fmt: skip


@contextlib.asynccontextmanager
async def _open_nosso(nome: NomeDriver, url: str, pasta: Path, plano: Plano) -> AsyncIterator[Rodada]:
    """Milliseconds a contract, on one session."""
    contratos, files = plano.scale(CONTRATOS[nome], 2), FileStore(pasta.as_uri())
    async with (
        Drivers(nome, Navegador()) as drivers,
        Conferente() as conferente,
        open_oficina(drivers, url, files, conferente) as oficina,
    ):

        async def run() -> float:
            inicio = time.perf_counter()
            await serve(oficina, [n % CLIENTES + 1 for n in range(contratos)])
            return (time.perf_counter() - inicio) / contratos * 1000

        await serve(oficina, [1])
        yield run


async def _time_nu(buscar: Callable[[str, Path], Awaitable[None]], pasta: Path, contratos: int) -> float:
    inicio = time.perf_counter()
    for n in range(contratos):
        await buscar(make_cpf(n % CLIENTES + 1), pasta / f"{n}.pdf")
    return (time.perf_counter() - inicio) / contratos * 1000


async def _time_crawlee(driver: str, url: str, pasta: Path, contratos: int) -> float:
    par = ("-m", "tests.benchmarks.pares.crawlee_boletos", driver, url, str(contratos), str(pasta))
    async with start(*par, log=pasta / "crawlee.log") as processo:
        return float(await processo.read(600))


async def _measure_memoria(nome: NomeDriver, url: str, pasta: Path) -> float:
    """MB that each session adds, in a process of its own."""
    argumentos = ("-m", "tests.benchmarks.sessoes_vivas", nome, url, str(SESSOES[nome]))
    async with start(*argumentos, log=pasta / "memoria.log") as processo:
        await processo.read(120)
        vazio = pss_mb(processo.pid)
        await processo.tell("abre")
        await processo.read(120)
        return (pss_mb(processo.pid) - vazio) / SESSOES[nome]
