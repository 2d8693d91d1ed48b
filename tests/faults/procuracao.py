"""A TCP proxy between the services and a server: it passes, cuts, hangs or slows what goes through it, at a word."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from enum import Enum, auto
from typing import Self

PEDACO = 64 * 1024


class Modo(Enum):
    PASSA = auto()
    RECUSA = auto()  # a new connection is reset as soon as it is made
    CALA = auto()  # half-open: connections are taken and kept, and nothing comes through either way


class Procuracao:
    """`async with Procuracao(porta_do_servidor) as proxy`: clients connect to `proxy.porta`.

    `atraso_s` and `bytes_s` (None: unbounded) slow each piece on its way, in both directions.
    """

    def __init__(self, alvo: int) -> None:
        self.modo = Modo.PASSA
        self.atraso_s = 0.0
        self.bytes_s: int | None = None
        self.porta = 0
        self._alvo = alvo
        self._abertas: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._solta = asyncio.Event()
        self._solta.set()
        self._servidor: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._servidor = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=PEDACO)
        self.porta = self._servidor.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *erro: object) -> None:
        assert self._servidor
        self._servidor.close()
        self.heal()
        self.cut()
        await asyncio.gather(*self._abertas.values(), return_exceptions=True)

    @property
    def abertas(self) -> int:
        return len(self._abertas)

    def cut(self) -> None:
        """Reset every connection that is open now; new ones pass."""
        for escritor in list(self._abertas):
            _reset(escritor)

    def refuse(self) -> None:
        self.modo = Modo.RECUSA
        self.cut()

    def hang(self) -> None:
        self.modo = Modo.CALA
        self._solta.clear()

    def slow(self, atraso_s: float = 0.0, bytes_s: int | None = None) -> None:
        self.atraso_s, self.bytes_s = atraso_s, bytes_s

    def heal(self, *, reset: bool = True) -> None:
        """All pass again. reset: what hung is cut, as after a partition; else it goes on, as after a machine slept."""
        if self.modo is Modo.CALA and reset:
            self.cut()
        self.modo = Modo.PASSA
        self.slow()
        self._solta.set()

    async def _serve(self, leitor: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
        if self.modo is Modo.RECUSA:
            _reset(escritor)
            return
        tarefa = asyncio.current_task()
        assert tarefa
        self._abertas[escritor] = tarefa
        de_la: asyncio.StreamWriter | None = None
        try:
            await self._solta.wait()
            volta, de_la = await asyncio.open_connection("127.0.0.1", self._alvo, limit=PEDACO)
            async with asyncio.TaskGroup() as grupo:
                grupo.create_task(self._pump(leitor, de_la))
                grupo.create_task(self._pump(volta, escritor))
        except (OSError, ExceptionGroup):
            pass  # either end is gone: so is the other
        finally:
            del self._abertas[escritor]
            for lado in (escritor, de_la):
                if lado is not None:
                    _reset(lado)

    async def _pump(self, leitor: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
        """Raises ConnectionResetError at the end, so that both directions end."""
        while dados := await leitor.read(PEDACO if self.bytes_s is None else max(1, self.bytes_s // 10)):
            await self._solta.wait()
            if self.atraso_s or self.bytes_s:
                await asyncio.sleep(self.atraso_s + (len(dados) / self.bytes_s if self.bytes_s else 0.0))
            escritor.write(dados)
            await escritor.drain()
        raise ConnectionResetError


def _reset(escritor: asyncio.StreamWriter) -> None:
    """RST, not FIN: what is on its way is lost, and the other side hears of an error."""
    conexao = escritor.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        conexao.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    escritor.transport.abort()
