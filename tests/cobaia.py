"""A process that reads one hostile file after another, bounded in memory, and tells what came of each.

On stdin the length of a file in four bytes, then the file; on stdout a line of JSON for each, with the fields of `Fim`.
What kills the process is told by `Cobaia`, which then begins another.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

RAIZ = Path(__file__).parent.parent
MEMORIA_BYTES = 2 << 30
# (what came of it, the text that a person reads).
Leitura = Callable[[bytes], tuple[str, str]]


@dataclass(frozen=True)
class Fim:
    """fim: what came of a file; s: how long it took; rss: bytes that the process holds now."""

    fim: str
    texto: str
    s: float
    rss: int


class Cobaia:
    """`async with Cobaia("tests.namer.leitura_hostil") as cobaia`: the module runs `serve` with its reading."""

    def __init__(self, modulo: str, *opcoes: str, limite_s: float = 10.0) -> None:
        self._argv = (modulo, *opcoes)
        self._limite_s = limite_s
        self._filho: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._end()

    async def read(self, dados: bytes) -> Fim:
        """`morreu`: the process ended over it. Raises TimeoutError."""
        filho = self._filho = self._filho or await self._start()
        assert filho.stdin and filho.stdout
        try:
            async with asyncio.timeout(self._limite_s):
                filho.stdin.write(struct.pack("!L", len(dados)) + dados)
                await filho.stdin.drain()
                linha = await filho.stdout.readline()
        except ConnectionError:
            linha = b""
        except TimeoutError:
            await self._end()
            raise
        if linha:
            return Fim(**json.loads(linha))
        await filho.wait()
        codigo, self._filho = filho.returncode, None
        return Fim("morreu", f"código {codigo}", 0.0, 0)

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", *self._argv, cwd=RAIZ, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=1 << 20,
        )  # fmt: skip

    async def _end(self) -> None:
        if self._filho is not None and self._filho.returncode is None:
            self._filho.kill()
            await self._filho.wait()
        self._filho = None


def serve(read: Leitura) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORIA_BYTES, MEMORIA_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pagina = os.sysconf("SC_PAGE_SIZE")
    while cabeca := sys.stdin.buffer.read(4):
        dados = sys.stdin.buffer.read(struct.unpack("!L", cabeca)[0])
        inicio = time.perf_counter()
        try:
            fim, texto = read(dados)
        except MemoryError:
            fim, texto = "memoria", ""
        except BaseException as erro:  # a panic of a library is no Exception
            fim, texto = type(erro).__name__, str(erro)[:300]
        rss = int(Path("/proc/self/statm").read_text().split()[1]) * pagina
        linha = {"fim": fim, "texto": texto, "s": round(time.perf_counter() - inicio, 3), "rss": rss}
        sys.stdout.write(json.dumps(linha) + "\n")
        sys.stdout.flush()
