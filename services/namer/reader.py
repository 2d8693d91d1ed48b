"""Reads workbooks in a child process: a file that crashes, fills or hangs its parser costs one process, not the namer.

A process per workbook (`reader_child`) starts in a tenth of a second, gives all its memory back and can be killed.
"""

from __future__ import annotations

import asyncio
import json

from pydantic import ValidationError

from services.namer import reader_child
from services.namer.intake import PlanilhaRecusada
from services.namer.reader_child import run_filho
from shared.children import kill, spawn
from shared.events import LinhasPlanilha

__all__ = ["Leitor", "LeituraFalhou", "run_filho"]


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
        try:
            return await asyncio.to_thread(LinhasPlanilha.parse, await self.encode(dados))
        except ValidationError as erro:
            raise LeituraFalhou("o leitor respondeu outra coisa") from erro

    async def encode(self, dados: bytes, ponto_venda: str | None = None) -> bytes:
        """The rows as JSON of the shape LinhasPlanilha; ponto_venda: of rows without one of their own.

        Raises PlanilhaRecusada, LeituraFalhou.
        """
        opcoes = () if ponto_venda is None else (ponto_venda,)
        async with self._vagas:
            saida = await self._run_filho(json.dumps(self._tags).encode() + b"\n" + dados, *opcoes)
        if saida[:1] == reader_child.RECUSADA:
            raise PlanilhaRecusada(saida[1:].decode())
        return saida[1:]

    async def _run_filho(self, entrada: bytes, *opcoes: str) -> bytes:
        filho = await spawn(reader_child.__spec__.name, *opcoes)
        try:
            async with asyncio.timeout(self._timeout_s):
                saida, _ = await filho.communicate(entrada)
        except TimeoutError as erro:
            raise LeituraFalhou(f"o leitor não terminou em {self._timeout_s:g} s") from erro
        finally:
            await kill(filho)
        if filho.returncode != 0 or not saida:
            raise LeituraFalhou(f"o leitor caiu (código {filho.returncode})")
        return saida
