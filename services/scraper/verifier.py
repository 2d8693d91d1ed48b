"""Verifies documents in a child process: a PDF that crashes, fills or hangs its parser costs that process alone, and no
session waits while one is read.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from services.scraper import verifier_child
from services.scraper.portal.errors import DocumentoRecusado, Falha
from services.scraper.verification import Conferido, Procurado
from services.scraper.verifier_child import CONFERIDO, PROCURADO, RECUSA, TAMANHO, TAMANHOS
from shared.children import kill, spawn

log = logging.getLogger(__name__)

_VIDAS = 2
# Less than document.py waits: there a thread that reads on would hold up the next one.
LIMITE_S = 25.0
# Far more than the child's seconds of a core: where others need the cores, a document is no less readable.
IMAGENS_S = 120.0
INICIO_S = 30.0


class Conferente:
    """`async with Conferente()`: a child from the first document on, which reads one at a time, each in `timeout_s`.

    Where only the page's picture can tell more, another child looks at it, one at a time too, and goes with it: nobody
    else waits for that, and its hundreds of megabytes are not kept.
    """

    def __init__(self, timeout_s: float = LIMITE_S) -> None:
        self._timeout_s = timeout_s
        self._trava, self._trava_imagens = asyncio.Lock(), asyncio.Lock()
        self._filho: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._filho is not None:
            await kill(self._filho)

    async def verify(self, pdf: bytes, procurado: Procurado) -> Conferido:
        """As `verification.verify`. Raises DocumentoRecusado, Falha `download.falhou.*`; `interno` where the child does
        not even start, which says nothing about the document."""
        pedido = PROCURADO.dump_json(procurado)
        async with self._trava:
            resposta = await self._ask_patiently(pdf, pedido)
        if resposta[:1] == verifier_child.ILEGIVEL:
            async with self._trava_imagens:
                resposta = await _ask_imagens(pdf, pedido) or resposta
        if resposta[:1] == verifier_child.CONFERIDA:
            return CONFERIDO.validate_json(resposta[1:])
        codigo, mensagem, recusado = RECUSA.validate_json(resposta[1:])
        raise DocumentoRecusado(codigo, mensagem, pdf) if recusado else Falha(codigo, mensagem)

    async def _ask_patiently(self, pdf: bytes, procurado: bytes) -> bytes:
        """A child that dies may have been killed by somebody; two of them died of the document."""
        motivo = "caiu"
        for _ in range(_VIDAS):
            filho = await self._take_filho()
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._ask(filho, pdf, procurado)
            except TimeoutError:
                motivo = f"não terminou em {self._timeout_s:g} s"
                break
            except (OSError, asyncio.IncompleteReadError):
                log.warning("the reader of PDFs died over %d bytes", len(pdf))
        raise DocumentoRecusado("documento.ilegivel", f"O leitor de PDF {motivo} neste arquivo.", pdf)

    async def _ask(self, filho: asyncio.subprocess.Process, pdf: bytes, procurado: bytes) -> bytes:
        """The child is kept only once it has answered: an answer that nobody waited for would be the next one's."""
        try:
            resposta = await _exchange(filho, pdf, procurado)
            self._filho = filho
            return resposta
        finally:
            if self._filho is not filho:
                await kill(filho)

    async def _take_filho(self) -> asyncio.subprocess.Process:
        filho, self._filho = self._filho, None
        return filho or await _start()


async def _ask_imagens(pdf: bytes, procurado: bytes) -> bytes | None:
    """None: it came to nothing, and what the text said stands."""
    filho = await _start("imagens")
    try:
        async with asyncio.timeout(IMAGENS_S):
            return await _exchange(filho, pdf, procurado)
    except (TimeoutError, OSError, asyncio.IncompleteReadError) as erro:
        log.warning("no picture of a PDF was read: %s", type(erro).__name__)
        return None
    finally:
        await kill(filho)


async def _exchange(filho: asyncio.subprocess.Process, pdf: bytes, procurado: bytes) -> bytes:
    entrada, saida = filho.stdin, filho.stdout
    assert entrada and saida
    entrada.write(TAMANHOS.pack(len(procurado), len(pdf)) + procurado + pdf)
    await entrada.drain()
    (tamanho,) = TAMANHO.unpack(await saida.readexactly(TAMANHO.size))
    return await saida.readexactly(tamanho)


async def _start(*opcoes: str) -> asyncio.subprocess.Process:
    """One that has imported all it needs. Raises Falha `interno`."""
    try:
        async with AsyncExitStack() as pilha:
            filho = await spawn(verifier_child.__spec__.name, *opcoes)
            pilha.push_async_callback(kill, filho)
            assert filho.stdout
            async with asyncio.timeout(INICIO_S):
                await filho.stdout.readexactly(len(verifier_child.PRONTO))
            pilha.pop_all()
            return filho
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as erro:
        raise Falha("interno", f"O leitor de PDF não inicia ({type(erro).__name__}).") from erro
