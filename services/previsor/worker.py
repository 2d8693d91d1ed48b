"""The previsor at work: one training at a time, each in a child process.

The answer is published before the request is acknowledged; a request that comes twice ends in the same answer.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from services.previsor.licao import Licao
from services.previsor.settings import PrevisorSettings
from shared.bus import Bus, BusUnavailable, Delivery, NotNow
from shared.bus.topology import PREVISOR_TREINOS
from shared.children import kill, spawn
from shared.events import PrevisaoTreinada, PrevisaoTreinar
from shared.files import ArquivoAusente, ArquivoFalhou, FileStore

log = logging.getLogger(__name__)
FILHO = "services.previsor.aprendiz"


class Previsor:
    """`async with Previsor(bus, files, settings)`: works while the context is open."""

    def __init__(self, bus: Bus, files: FileStore, settings: PrevisorSettings) -> None:
        self._bus = bus
        self._files = files
        self._settings = settings
        self._pilha = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._pilha.enter_async_context(self._bus.consume(PREVISOR_TREINOS, self._handle, prefetch=1))
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._pilha.aclose()

    async def _handle(self, pedido: PrevisaoTreinar, _: Delivery) -> None:
        resposta = await self._train(pedido)
        try:
            await self._bus.publish(resposta)
        except BusUnavailable as erro:
            raise NotNow(str(erro)) from erro
        log.info("training answered", extra={"treino_id": pedido.treino_id, "erro": resposta.erro})

    async def _train(self, pedido: PrevisaoTreinar) -> PrevisaoTreinada:
        try:
            historia = await self._files.get(pedido.historia)
        except ArquivoAusente:
            return _fail(pedido, "O histórico a aprender não está mais no armazenamento.")
        except ArquivoFalhou as erro:
            raise NotNow(str(erro)) from erro
        try:
            licao = Licao.model_validate_json(await self._run_filho(historia))
        except (TimeoutError, ValidationError):  # killed, or without a word: it had too little of something
            return _fail(pedido, "O treino não chegou ao fim. Confira a memória livre da máquina do previsor.")
        return PrevisaoTreinada(treino_id=pedido.treino_id, juizo=licao.juizo, modelo=licao.modelo)

    async def _run_filho(self, historia: bytes) -> bytes:
        filho = await spawn(FILHO)
        try:
            async with asyncio.timeout(self._settings.treino_timeout_s):
                saida, _ = await filho.communicate(historia)
        finally:
            await kill(filho)
        return saida


def _fail(pedido: PrevisaoTreinar, erro: str) -> PrevisaoTreinada:
    log.warning("training failed: %s", erro, extra={"treino_id": pedido.treino_id})
    return PrevisaoTreinada(treino_id=pedido.treino_id, erro=erro)
