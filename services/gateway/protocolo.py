"""The door below the application: what no HTTP parser can read is refused in the one shape, and never repeated;
whoever sends or takes nothing is not waited for.

aiohttp's own answer is an English text that quotes the bytes, and its log does so too; a key may be among them. Nor
does it bound the time in which a request's head comes, or an answer is taken: a few thousand callers that do neither
would hold every connection that there can be.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from services.gateway.api import send_json
from services.gateway.errors import internal, unreadable
from services.gateway.middleware import SEGURANCA, translate_http

log = logging.getLogger(__name__)

# From a request's first byte, or from the connection on, to the end of its head.
CABECALHO_S = 30.0
# Between requests: longer than reverse proxies keep theirs (Caddy: 120 s), so that none sends into one that closes.
OCIOSA_S = 130.0
# Without a byte of the answer being taken. Sockets are pinged instead.
PARADA_S = 120.0
# Connections that wait to be taken: as many as may come back at once after a restart.
ESPERAM = 2048
# Each connection takes one; a shell's usual limit is 1,024.
DESCRITORES = 16_384


class Protocolo(web.RequestHandler):
    """One connection."""

    __slots__ = ("_cabecalho", "_parada")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._parada: asyncio.TimerHandle | None = None
        self._cabecalho: asyncio.TimerHandle | None = self._loop.call_later(CABECALHO_S, self._end_waiting)

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        for prazo in (self._cabecalho, self._parada):
            if prazo is not None:
                prazo.cancel()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_waiting():
            if self._cabecalho is not None:
                self._cabecalho.cancel()
                self._cabecalho = None
        elif self._cabecalho is None and data:
            self._cabecalho = self._loop.call_later(CABECALHO_S, self._end_waiting)

    def pause_writing(self) -> None:
        super().pause_writing()
        if not self._upgraded:
            self._watch_saida(None)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._parada is not None:
            self._parada.cancel()

    def _is_waiting(self) -> bool:
        """For a whole head."""
        return self._waiter is not None and not self._waiter.done()

    def _end_waiting(self) -> None:
        if self._is_waiting():
            self.force_close()

    def _watch_saida(self, antes: int | None) -> None:
        if self.transport is None:
            return
        resta = self.transport.get_write_buffer_size()
        if antes is not None and resta >= antes:
            self.transport.abort()
        else:
            self._parada = self._loop.call_later(PARADA_S, self._watch_saida, resta)

    def log_exception(self, *args: object, **kw: object) -> None:
        erro = kw.get("exc_info")
        if isinstance(erro, HttpProcessingError | web.RequestPayloadError):
            log.warning("unreadable request: %s", type(erro).__name__)
        else:
            log.error("connection failed", exc_info=erro if isinstance(erro, BaseException) else True)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        self.log_exception(exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun: no other can follow")
        erro = unreadable() if isinstance(exc, HttpProcessingError) else internal()
        resposta = send_json(erro.body(), erro.status, SEGURANCA | {"Server": "canopus"})
        resposta.force_close()
        return resposta

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        # Raised before the middlewares, as over an `Expect` that aiohttp does not know.
        if isinstance(resp, web.HTTPException):
            erro = translate_http(resp)
            resp = send_json(erro.body(), erro.status, erro.headers)
        return await super().finish_response(request, resp, start_time)


async def listen(runner: web.AppRunner, host: str, porta: int) -> asyncio.Server:
    """Take connections for a runner that is set up. Raises OSError."""
    widen_descritores()
    servidor = runner.server
    assert servidor is not None
    loop = asyncio.get_running_loop()

    def make() -> Protocolo:
        return Protocolo(servidor, loop=loop, access_log=None, keepalive_timeout=OCIOSA_S)  # type: ignore[arg-type]

    return await loop.create_server(make, host, porta, backlog=ESPERAM)


def widen_descritores() -> None:
    """As far as the system lets this process. Not on Windows, which has no such limit."""
    try:
        import resource
    except ImportError:
        return
    mole, duro = resource.getrlimit(resource.RLIMIT_NOFILE)
    alvo = DESCRITORES if duro == resource.RLIM_INFINITY else min(duro, DESCRITORES)
    if resource.RLIM_INFINITY != mole < alvo:
        resource.setrlimit(resource.RLIMIT_NOFILE, (alvo, duro))
