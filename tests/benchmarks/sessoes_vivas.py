"""Sessions of one driver in a process of their own, for their memory: first one and its contract, which loads what
every session shares; then, at a line, so many more with a contract each."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import cast

from services.scraper.drivers import Drivers
from services.scraper.portal.browser.launch import Navegador
from services.scraper.settings import NomeDriver
from services.scraper.verifier import Conferente
from shared.files import FileStore
from tests.benchmarks.oficina import open_oficina, serve


async def main(nome: NomeDriver, url: str, sessoes: int) -> None:
    with tempfile.TemporaryDirectory() as pasta:
        files = FileStore(Path(pasta).as_uri())
        async with Drivers(nome, Navegador()) as drivers, Conferente() as leitor, contextlib.AsyncExitStack() as pilha:
            await serve(await pilha.enter_async_context(open_oficina(drivers, url, files, leitor)), [1])
            _say("pronto")
            await asyncio.to_thread(sys.stdin.readline)
            for n in range(sessoes):
                await serve(await pilha.enter_async_context(open_oficina(drivers, url, files, leitor)), [n + 2])
            _say("abertas")
            await asyncio.to_thread(sys.stdin.readline)


def _say(linha: str) -> None:
    sys.stdout.write(f"{linha}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(cast(NomeDriver, sys.argv[1]), sys.argv[2], int(sys.argv[3])))
