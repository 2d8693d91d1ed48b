"""One contract over plain requests, as short as it can be: no check, no error, the last row that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urljoin

import aiohttp
from selectolax.lexbor import LexborHTMLParser, LexborNode

from shared.contrato import format_documento
from tests.scraper.scenes import SENHA, USUARIO

P = "ctl00$Conteudo$"
ENTRADA, BUSCA, COBRANCA = "frmCorCcCnsLogin.aspx", "CONAT/frmBuscaCota.aspx", "CONCO/frmConCoRelBoletoAvulso.aspx"


class Enviar(Protocol):
    async def __call__(self, url: str, dados: dict[str, str] | None = None) -> bytes:
        """The body of the answer to a GET, or to a post of these fields."""


class Caminho:
    """The steps, over whatever sends requests on one cookie jar."""

    def __init__(self, base: str, enviar: Enviar) -> None:
        self._base = base.rstrip("/") + "/"
        self._enviar = enviar

    async def log_in(self) -> None:
        await self._open(ENTRADA)
        await self._post({"__EVENTTARGET": "btnLogin", "edtUsuario": USUARIO.zfill(10), "edtSenha": SENHA})

    async def fetch(self, cpf: str) -> bytes:
        await self._open(BUSCA)
        return await self.go_on(cpf)

    def show(self, caminho: str, html: bytes) -> None:
        """This page stands open."""
        self._url, self._tree = urljoin(self._base, caminho), LexborHTMLParser(html)

    async def go_on(self, cpf: str) -> bytes:
        """From the open search page to the PDF."""
        criterio = {f"{P}cbxCriterioBusca": "F"}
        await self._post({"__EVENTTARGET": f"{P}cbxCriterioBusca", **criterio})
        procura = {**criterio, f"{P}edtContextoBusca": format_documento(cpf)}
        await self._post({**procura, f"{P}btnBuscar": "Buscar"})
        links = [no.attributes["href"] or "" for no in self._tree.css("a[id$=lnkGrupoCota]") if no.text().strip()]
        await self._post({"__EVENTTARGET": links[-1].split("'")[1], **procura})
        await self._open(COBRANCA)
        marca = self._tree.css('input[type="image"][name*="imgEmite"]')[-1].attributes["name"]
        await self._post({f"{marca}.x": "7", f"{marca}.y": "7", f"{P}rdlTipoEmissao": "BA"})
        await self._post({"__EVENTTARGET": f"{P}btnEmitir"})
        html = await self._post({"__EVENTTARGET": f"{P}btnVerificaPopUp"})
        achado = re.search(rb'window\.open\("([^"]+)"', html)
        assert achado is not None
        janela, corpo = urljoin(self._url, achado[1].decode()), b""
        while not corpo.startswith(b"%PDF"):
            corpo = await self._enviar(janela)
        return corpo

    async def _open(self, caminho: str) -> None:
        self.show(caminho, await self._enviar(urljoin(self._base, caminho)))

    async def _post(self, campos: dict[str, str]) -> bytes:
        formulario = self._tree.css_first("form")
        assert formulario is not None
        destino = urljoin(self._url, formulario.attributes["action"] or "")
        html = await self._enviar(destino, dict(_list_campos(formulario)) | campos)
        self._tree = LexborHTMLParser(html)
        return html


class Requisicoes:
    """`async with Requisicoes(base)`: a session of aiohttp's, logged in."""

    def __init__(self, base: str) -> None:
        self._caminho = Caminho(base, self._send)

    async def __aenter__(self) -> Self:
        self._cliente = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        await self._caminho.log_in()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._cliente.close()

    async def fetch(self, cpf: str, arquivo: Path) -> None:
        arquivo.write_bytes(await self._caminho.fetch(cpf))  # noqa: ASYNC240 - as short as it can be

    async def _send(self, url: str, dados: dict[str, str] | None = None) -> bytes:
        async with self._cliente.request("GET" if dados is None else "POST", url, data=dados) as resposta:
            return await resposta.read()


def _list_campos(formulario: LexborNode) -> Iterator[tuple[str, str]]:
    for no in formulario.css("input, select"):
        nome, tipo = no.attributes.get("name"), no.attributes.get("type")
        if not nome or tipo in ("submit", "button", "image"):
            continue
        if tipo in ("radio", "checkbox") and "checked" not in no.attributes:
            continue
        yield nome, no.attributes.get("value") or ""
