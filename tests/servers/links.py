"""What Google answers to a link: files as anyone has them, and as an account that they are shared with does."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.test_utils import TestServer

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PLANILHA = "application/vnd.google-apps.spreadsheet"
ENTRADA = "<html><head><title>Fazer login nas Contas do Google</title></head><form id='gaia_loginform'></form></html>"
AVISO = """<html><title>Google Drive - Aviso da verificação de vírus</title><form id="download-form"
action="{url}/download" method="get"><input type="submit" value="Baixar mesmo assim"/>{campos}</form></html>"""


@dataclass
class Guardado:
    """planilha: a document of Google's own, which is exported. aberto: to anyone with the link. com: whose accounts it
    is shared with. aviso: it is too large to be scanned. chave: its resource key. modificado: by a person."""

    dados: bytes
    nome: str = "MARTA__PLANILHA_GERAL.xlsx"
    planilha: bool = False
    aberto: bool = True
    com: tuple[str, ...] = ()
    aviso: bool = False
    tipo: str = XLSX
    chave: str = ""
    modificado: str = "2026-11-25T12:00:00.000Z"


@dataclass
class Google:
    """pedidos: each request's path, and who asked. falhas: statuses that the next ones are answered with."""

    url: str = ""
    arquivos: dict[str, Guardado] = field(default_factory=dict)
    pedidos: list[tuple[str, str]] = field(default_factory=list)
    falhas: list[int] = field(default_factory=list)
    desvio: str = ""
    pode_responder: asyncio.Event = field(default_factory=asyncio.Event)

    def make_conta(self, quem: str) -> str:
        """The consent of that person, as Google's tools write it."""
        conta = {"type": "authorized_user", "client_id": "x", "client_secret": "x", "refresh_token": quem}
        return json.dumps(conta | {"token_uri": f"{self.url}/token"})

    @property
    def baixados(self) -> list[str]:
        return [quem for caminho, quem in self.pedidos if caminho in ("/download", "/export", "/media")]

    def note(self, caminho: str, quem: str = "anyone") -> None:
        self.pedidos.append((caminho, quem))

    async def download(self, request: web.Request) -> web.StreamResponse:
        """As anyone: /uc leads to /download, which warns of what is too large."""
        await self.pode_responder.wait()
        if self.falhas:
            return web.Response(status=self.falhas.pop(0))
        achado = self.arquivos.get(request.query.get("id", ""))
        if self.desvio:
            return web.Response(status=303, headers={"Location": self.desvio})
        if achado is None:
            return web.Response(status=404, text="<html>404</html>", content_type="text/html")
        if not achado.aberto or achado.chave != request.query.get("resourcekey", ""):
            raise web.HTTPFound("https://accounts.google.com/ServiceLogin?continue=x")
        if request.path == "/uc":
            raise web.HTTPSeeOther(f"{self.url}/download?{urlencode(request.query)}")
        if achado.planilha:
            return web.Response(text=ENTRADA, content_type="text/html")
        if achado.aviso and "confirm" not in request.query:
            campos = "".join(f'<input type="hidden" name="{n}" value="{v}">' for n, v in request.query.items())
            campos += '<input type="hidden" name="confirm" value="t">'
            return web.Response(text=AVISO.format(url=self.url, campos=campos), content_type="text/html")
        self.note("/download")
        return _send(achado)

    async def export(self, request: web.Request) -> web.StreamResponse:
        achado = self.arquivos.get(request.match_info["id"])
        if achado is None or not achado.planilha or not achado.aberto:
            return web.Response(text=ENTRADA, content_type="text/html")
        assert request.query["format"] == "xlsx"
        self.note("/export")
        return _send(achado)

    async def give_token(self, request: web.Request) -> web.StreamResponse:
        pedido = await request.post()
        if pedido["refresh_token"] == "revogada":
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": pedido["refresh_token"], "expires_in": 3600})

    async def show_file(self, request: web.Request) -> web.StreamResponse:
        await self.pode_responder.wait()
        quem = request.headers["Authorization"].removeprefix("Bearer ")
        achado = self.arquivos.get(request.match_info["id"])
        self.note("/metadata", quem)
        if achado is None or quem not in achado.com:
            return web.json_response({"error": {"errors": [{"reason": "notFound"}]}}, status=404)
        if request.path.endswith("/export") or request.query.get("alt") == "media":
            self.note("/export" if achado.planilha else "/media", quem)
            return web.Response(body=achado.dados)
        tipo = {"mimeType": PLANILHA if achado.planilha else XLSX, "name": achado.nome}
        if not achado.planilha:
            tipo["md5Checksum"] = hashlib.md5(achado.dados, usedforsecurity=False).hexdigest()
        return web.json_response(tipo | {"modifiedTime": achado.modificado})


def _send(achado: Guardado) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{achado.nome}"', "Content-Type": achado.tipo}
    return web.Response(body=achado.dados, headers=headers)


@asynccontextmanager
async def open_google() -> AsyncIterator[Google]:
    google = Google()
    google.pode_responder.set()
    app = web.Application()
    app.add_routes(
        [
            web.get("/uc", google.download), web.get("/download", google.download),
            web.get("/spreadsheets/d/{id}/export", google.export), web.post("/token", google.give_token),
            web.get("/drive/v3/files/{id}", google.show_file), web.get("/drive/v3/files/{id}/export", google.show_file),
        ]
    )  # fmt: skip
    async with TestServer(app) as servidor:
        google.url = str(servidor.make_url("")).rstrip("/")
        yield google
