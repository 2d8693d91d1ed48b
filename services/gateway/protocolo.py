"""The door below the application: what no HTTP parser can read is refused in the one shape, and never repeated.

aiohttp's own answer is an English text that quotes the bytes, and its log does so too; a key may be among them.
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


class Protocolo(web.RequestHandler):
    """One connection."""

    __slots__ = ()

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
    servidor = runner.server
    assert servidor is not None
    loop = asyncio.get_running_loop()

    def make() -> Protocolo:
        return Protocolo(servidor, loop=loop, access_log=None)  # type: ignore[arg-type]

    return await loop.create_server(make, host, porta)
