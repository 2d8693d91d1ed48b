"""The part of S3 that the file store asks for, in memory: whole objects, put-if-absent, listing by prefix."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, unescape

from aiohttp import web

PAGINA = 3  # small, so that every listing has several


class S3:
    """Objects by key, of one bucket."""

    def __init__(self) -> None:
        self.objetos: dict[str, bytes] = {}

    async def handle(self, pedido: web.Request) -> web.Response:
        chave = pedido.match_info["chave"]
        match pedido.method:
            case "PUT":
                if chave in self.objetos and pedido.headers.get("If-None-Match") == "*":
                    return web.Response(status=412)
                self.objetos[chave] = await pedido.read()
                return web.Response(headers={"ETag": _etag(self.objetos[chave])})
            case "DELETE":
                self.objetos.pop(chave, None)
                return web.Response(status=204)
            case "POST":  # DeleteObjects
                chaves = [unescape(achada) for achada in re.findall("<Key>(.*?)</Key>", await pedido.text())]
                for apagada in chaves:
                    self.objetos.pop(apagada, None)
                feitas = "".join(f"<Deleted><Key>{escape(apagada)}</Key></Deleted>" for apagada in chaves)
                return web.Response(text=f"<DeleteResult>{feitas}</DeleteResult>", content_type="application/xml")
            case _ if not chave:
                return self._list(pedido.query.get("prefix", ""), pedido.query.get("continuation-token", ""))
            case _ if chave not in self.objetos:
                return web.Response(status=404)
        dados = self.objetos[chave]
        headers = {"ETag": _etag(dados), "Last-Modified": format_datetime(datetime.now(UTC), usegmt=True)}
        return web.Response(body=dados, headers=headers)

    def _list(self, prefixo: str, depois: str) -> web.Response:
        chaves = sorted(chave for chave in self.objetos if chave.startswith(prefixo) and chave > depois)
        agora = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        partes = [
            f"<Contents><Key>{escape(chave)}</Key><LastModified>{agora}</LastModified>"
            f"<ETag>{_etag(self.objetos[chave])}</ETag><Size>{len(self.objetos[chave])}</Size></Contents>"
            for chave in chaves[:PAGINA]
        ]
        if len(chaves) > PAGINA:
            proxima = escape(chaves[PAGINA - 1])
            partes.append(f"<IsTruncated>true</IsTruncated><NextContinuationToken>{proxima}</NextContinuationToken>")
        corpo = f'<?xml version="1.0"?><ListBucketResult>{"".join(partes)}</ListBucketResult>'
        return web.Response(text=corpo, content_type="application/xml")


def _etag(dados: bytes) -> str:
    return f'"{hashlib.md5(dados).hexdigest()}"'


@asynccontextmanager
async def open_s3() -> AsyncIterator[tuple[S3, str]]:
    """The objects, and the address of the server."""
    s3 = S3()
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/balde{_:/?}{chave:.*}", s3.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield s3, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
