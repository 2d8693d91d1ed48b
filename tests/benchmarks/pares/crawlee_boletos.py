"""The same steps on Crawlee's crawlers, one session and one contract at a time; prints milliseconds a contract.

`python -m … http|navegador <portal> <contracts> <folder>`. A request of the crawler's is a contract: its search page.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

from crawlee import ConcurrencySettings, Request
from crawlee.crawlers import HttpCrawler, HttpCrawlingContext, PlaywrightCrawler, PlaywrightCrawlingContext
from crawlee.sessions import SessionPool
from crawlee.storage_clients import MemoryStorageClient

from services.scraper.portal.browser.chromium import find_chromium
from tests.benchmarks.nus import navegador
from tests.benchmarks.nus.requisicoes import BUSCA, ENTRADA, Caminho
from tests.namer.planilhas import make_cpf

CLIENTES = 50
# Everything of Crawlee's that only costs time here is off.
OPCOES: dict[str, Any] = {
    "concurrency_settings": ConcurrencySettings(min_concurrency=1, max_concurrency=1, desired_concurrency=1),
    "max_request_retries": 0,
    "storage_client": MemoryStorageClient(),
    "configure_logging": False,
    "request_handler_timeout": timedelta(minutes=5),
}


class Relogio:
    """From the first contract's beginning to the last one's end."""

    def __init__(self) -> None:
        self.tempos: list[float] = []

    def tick(self) -> None:
        self.tempos.append(time.perf_counter())

    @property
    def ms(self) -> float:
        return (self.tempos[-1] - self.tempos[0]) / (len(self.tempos) - 1) * 1000


async def run_http(base: str, contratos: int, pasta: Path) -> float:
    crawler = HttpCrawler(session_pool=_one_session(), **OPCOES)
    relogio = Relogio()

    @crawler.router.default_handler  # type: ignore[untyped-decorator]
    async def handle(context: HttpCrawlingContext) -> None:
        async def send(url: str, dados: dict[str, str] | None = None) -> bytes:
            cabecalhos = {} if dados is None else {"Content-Type": "application/x-www-form-urlencoded"}
            corpo = None if dados is None else urlencode(dados).encode()
            resposta = await context.send_request(
                url, method="GET" if dados is None else "POST", payload=corpo, headers=cabecalhos
            )
            html: bytes = await resposta.read()
            return html

        caminho = Caminho(base, send)
        if context.request.label == "entrada":
            await caminho.log_in()
            relogio.tick()
            return
        n = int(context.request.unique_key)
        caminho.show(BUSCA, await context.http_response.read())
        (pasta / f"{n}.pdf").write_bytes(await caminho.go_on(make_cpf(n % CLIENTES + 1)))
        relogio.tick()

    await crawler.run(_list_pedidos(base, contratos))
    return relogio.ms


async def run_navegador(base: str, contratos: int, pasta: Path) -> float:
    achado = find_chromium()
    crawler = PlaywrightCrawler(
        headless=True,
        browser_launch_options={
            "executable_path": str(achado.executable),
            "args": [*achado.args],
            "chromium_sandbox": achado.sandbox,
        },
        fingerprint_generator=None,
        goto_options={"wait_until": "domcontentloaded"},
        session_pool=_one_session(),
        **OPCOES,
    )
    relogio = Relogio()

    @crawler.router.default_handler  # type: ignore[untyped-decorator]
    async def handle(context: PlaywrightCrawlingContext) -> None:
        if context.request.label == "entrada":
            await navegador.log_in(context.page, base)
            relogio.tick()
            return
        n = int(context.request.unique_key)
        (pasta / f"{n}.pdf").write_bytes(await navegador.go_on(context.page, make_cpf(n % CLIENTES + 1)))
        relogio.tick()

    await crawler.run(_list_pedidos(base, contratos))
    return relogio.ms


def _one_session() -> SessionPool:
    return SessionPool(max_pool_size=1, create_session_settings={"max_usage_count": 1_000_000, "max_error_score": 1e6})


def _list_pedidos(base: str, contratos: int) -> list[Request]:
    entrada = Request.from_url(urljoin(base, ENTRADA), label="entrada", unique_key="entrada")
    buscas = [Request.from_url(urljoin(base, BUSCA), unique_key=str(n)) for n in range(contratos)]
    return [entrada, *buscas]


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    formas = {"http": run_http, "navegador": run_navegador}
    ms = asyncio.run(formas[sys.argv[1]](sys.argv[2].rstrip("/") + "/", int(sys.argv[3]), Path(sys.argv[4])))
    sys.stdout.write(f"{ms}\n")
