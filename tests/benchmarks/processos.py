"""Processes of a measure: started apart, spoken to by lines, and their memory as the kernel shares it out (PSS)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psutil

RAIZ = Path(__file__).parents[2]
INICIO_S = 60.0


def pss_mb(pid: int) -> float:
    """Of the process and its children: shared pages in equal parts, which RSS would count several times."""
    raiz = psutil.Process(pid)
    return sum(_pss_kb(processo.pid) for processo in [raiz, *raiz.children(recursive=True)]) / 1024


def _pss_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for linha in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if linha.startswith("Pss:"):
                return int(linha.split()[1])
    return 0


async def watch_peak(pid: int, pausa_s: float = 0.02) -> float:
    """The highest PSS until the process ends, in MB."""
    pico = 0.0
    while psutil.pid_exists(pid):
        try:
            pico = max(pico, pss_mb(pid))
        except psutil.NoSuchProcess:
            break
        await asyncio.sleep(pausa_s)
    return pico


class Processo:
    """A Python process that answers by lines on stdout. What it says on stderr goes to `log`."""

    def __init__(self, processo: asyncio.subprocess.Process) -> None:
        self._processo = processo

    @property
    def pid(self) -> int:
        return self._processo.pid

    @property
    def pss_mb(self) -> float:
        return pss_mb(self.pid)

    async def tell(self, linha: str) -> None:
        assert self._processo.stdin
        self._processo.stdin.write(f"{linha}\n".encode())
        await self._processo.stdin.drain()

    async def read(self, timeout_s: float = INICIO_S) -> str:
        """The next line. Raises RuntimeError where the process ended instead."""
        assert self._processo.stdout
        async with asyncio.timeout(timeout_s):
            linha = await self._processo.stdout.readline()
        if not linha:
            raise RuntimeError(f"o processo {self.pid} terminou sem responder")
        return linha.decode().rstrip("\n")

    async def end(self) -> None:
        """Politely, then not."""
        if self._processo.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._processo.terminate()
            try:
                async with asyncio.timeout(30):
                    await self._processo.wait()
            except TimeoutError:
                self._processo.kill()
                await self._processo.wait()


@contextlib.asynccontextmanager
async def start(*argumentos: str, log: Path, ambiente: Mapping[str, str] | None = None) -> AsyncIterator[Processo]:
    """`python *argumentos`, ended with the context."""
    limpo = {nome: valor for nome, valor in os.environ.items() if not nome.startswith("CANOPUS_")}
    with log.open("ab") as registro:
        processo = await asyncio.create_subprocess_exec(
            sys.executable, *argumentos, cwd=RAIZ, env=limpo | dict(ambiente or {}), limit=1 << 24,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=registro,
        )  # fmt: skip
    vivo = Processo(processo)
    try:
        yield vivo
    finally:
        await vivo.end()
