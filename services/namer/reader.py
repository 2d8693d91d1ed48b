"""Reads workbooks in a child process: a file that crashes, fills or hangs its parser costs one process, not the namer.

Run as `python -m services.namer.reader` it is that child: on stdin one JSON line with the tags, then the workbook; on
stdout the rows, or the refusal. A process per workbook starts in a third of a second, gives all its memory back and
can be killed; each workbook is read once (see Indices).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from services.namer.intake import PlanilhaRecusada
from services.namer.workbook import read_planilha
from shared.events import LinhasPlanilha

RAIZ = Path(__file__).parents[2]
LIMITE_MEMORIA_BYTES = 2 << 30
LIMITE_CPU_S = 120
_RECUSADA = b"R"
_LIDA = b"L"


class LeituraFalhou(Exception):
    """The child died or did not end in time: no word about the workbook itself."""


class Leitor:
    """`timeout_s` bounds one workbook; `paralelas` how many are read at once, since each may take a core."""

    def __init__(self, tags: tuple[str, ...], timeout_s: float = 60.0, paralelas: int = 2) -> None:
        self._tags = tags
        self._timeout_s = timeout_s
        self._vagas = asyncio.Semaphore(paralelas)

    async def read(self, dados: bytes) -> LinhasPlanilha:
        """Raises PlanilhaRecusada, LeituraFalhou."""
        async with self._vagas:
            saida = await self._run_filho(json.dumps(self._tags).encode() + b"\n" + dados)
        if saida[:1] == _RECUSADA:
            raise PlanilhaRecusada(saida[1:].decode())
        try:
            return await asyncio.to_thread(LinhasPlanilha.model_validate_json, saida[1:])
        except ValidationError as erro:
            raise LeituraFalhou("o leitor respondeu outra coisa") from erro

    async def _run_filho(self, entrada: bytes) -> bytes:
        # The child parses files of strangers: it is given no variable that may hold a secret.
        ambiente = {"PYTHONPATH": os.pathsep.join(pasta for pasta in sys.path if pasta)}
        filho = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __spec__.name, cwd=RAIZ, env=ambiente,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._timeout_s):
                saida, _ = await filho.communicate(entrada)
        except TimeoutError as erro:
            raise LeituraFalhou(f"o leitor não terminou em {self._timeout_s:g} s") from erro
        finally:
            if filho.returncode is None:
                filho.kill()
                await filho.wait()
        if filho.returncode != 0 or not saida:
            raise LeituraFalhou(f"o leitor caiu (código {filho.returncode})")
        return saida


def run_filho(entrada: BinaryIO, saida: BinaryIO) -> None:
    tags = tuple(json.loads(entrada.readline()))
    try:
        saida.write(_LIDA + read_planilha(entrada.read(), tags).model_dump_json().encode())
    except PlanilhaRecusada as recusa:
        saida.write(_RECUSADA + str(recusa).encode())


def _limit_recursos() -> None:
    """A sheet may claim 17 thousand million cells; the kernel says no before the machine swaps. Not on Windows."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (LIMITE_MEMORIA_BYTES, LIMITE_MEMORIA_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMITE_CPU_S, LIMITE_CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _limit_recursos()
    run_filho(sys.stdin.buffer, sys.stdout.buffer)
