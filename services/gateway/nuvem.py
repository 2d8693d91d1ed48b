"""A workbook as its link leads to it: by the office's own accounts of Google Drive, else as anyone with the link.

Anyone: `uc?export=download` of Drive, which warns with a page about what it cannot scan, or `export?format=xlsx` of
Sheets. A link does not tell which of the two its file is, so the other is tried where the first gives a page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp

from services.gateway.destinos import DestinoFalhou, make_sessao
from services.gateway.google import Conta
from services.gateway.links import Link

LIMITE_BYTES = 20 * 1024 * 1024
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_GOOGLE = "application/vnd.google-apps."
_CAMPOS = "name,mimeType,md5Checksum"
_SALTOS = 6
_CONEXAO_S = 10.0
_PEDACO_BYTES = 65_536
_PAGINA_BYTES = 200_000
_GRANDE_DEMAIS = 413
_ENTRADA = "accounts.google.com"
_GRANDE = f"A planilha do link passa de {LIMITE_BYTES // 1_000_000} MB: divida-a, ou tire dela as imagens."
_FORA = "O Google não respondeu. Confira a rede; será tentado de novo."


@dataclass(frozen=True)
class Planilha:
    """exportada: by Google, from a document of its own. versao: what Google says of it; None: it was not asked."""

    dados: bytes
    nome: str
    exportada: bool
    versao: str | None = None


@dataclass(frozen=True)
class Origens:
    """Where links are opened without an account."""

    drive: str = "https://drive.google.com"
    docs: str = "https://docs.google.com"


class Nuvem:
    """limite_s: for one request. privados: whether accounts may be at internal addresses, and over http."""

    def __init__(self, *, privados: bool = False, limite_s: float = 60.0, origens: Origens | None = None) -> None:
        self.privados, self.limite_s = privados, limite_s
        self._origens = origens or Origens()

    async def open(self, link: Link, contas: Sequence[Conta], versao: str | None) -> Planilha | None:
        """versao: of what is known already. None: that is what lies there. Raises DestinoFalhou."""
        recusas: list[DestinoFalhou] = []
        for conta in contas:
            try:
                return await _read(conta, link, versao)
            except DestinoFalhou as erro:
                if erro.motivo == "tamanho":
                    raise DestinoFalhou(_GRANDE, status=_GRANDE_DEMAIS) from erro
                recusas.append(erro)
        async with make_sessao(
            # Of loopback addresses, those of tests alone.
            privados=self._origens != Origens(), limite_s=self.limite_s, conexao_s=_CONEXAO_S
        ) as sessao:  # fmt: skip
            for url in self._list_urls(link):
                try:
                    if (planilha := await self._download(sessao, url)) is not None:
                        return planilha
                except DestinoFalhou as erro:
                    if erro.status == _GRANDE_DEMAIS:
                        raise
                    # Of what is none of its own, Sheets may have no better answer.
                    recusas.append(erro)
        raise _refuse([conta.quem for conta in contas], recusas)

    def _list_urls(self, link: Link) -> tuple[str, str]:
        chave = {"resourcekey": link.chave} if link.chave else {}
        arquivo = f"{self._origens.drive}/uc?{urlencode({'export': 'download', 'id': link.id, **chave})}"
        planilha = f"{self._origens.docs}/spreadsheets/d/{link.id}/export?{urlencode({'format': 'xlsx', **chave})}"
        return (planilha, arquivo) if link.tipo == "planilha" else (arquivo, planilha)

    async def _download(self, sessao: aiohttp.ClientSession, url: str) -> Planilha | None:
        """None: it leads to no file."""
        confirmado, exportada = False, url.startswith(f"{self._origens.docs}/spreadsheets/")
        for _ in range(_SALTOS):
            if not self._is_google(url):
                return None
            try:
                resposta = await _get(sessao, url)
            except (aiohttp.ClientError, OSError, ValueError) as erro:
                raise DestinoFalhou(_FORA) from erro
            if resposta.status == 429 or resposta.status >= 500:
                texto = f"O Google pediu uma pausa ({resposta.status}); será tentado de novo."
                raise DestinoFalhou(texto, status=resposta.status)
            if 300 <= resposta.status < 400:
                url = _follow(url, resposta.lugar)
            elif resposta.status != 200:
                return None
            elif not resposta.is_pagina:
                return Planilha(resposta.corpo, resposta.nome, exportada)
            elif confirmado or (destino := _find_confirmacao(resposta.corpo)) is None:
                return None
            else:
                confirmado, url = True, _follow(url, destino)
        return None

    def _is_google(self, url: str) -> bool:
        """But for the page where one signs in: it holds no file."""
        partes = urlsplit(url)
        if f"{partes.scheme}://{partes.netloc}" in (self._origens.drive, self._origens.docs):
            return True
        servidor = partes.hostname or ""
        dele = servidor.endswith((".google.com", ".googleusercontent.com")) and servidor != _ENTRADA
        return partes.scheme == "https" and dele


@dataclass(frozen=True)
class _Resposta:
    status: int
    corpo: bytes
    nome: str
    lugar: str
    is_pagina: bool


def _follow(url: str, lugar: str) -> str:
    """Empty: it leads nowhere."""
    try:
        destino = urljoin(url, lugar)
        urlsplit(destino)
    except ValueError:
        return ""
    return destino


async def _get(sessao: aiohttp.ClientSession, url: str) -> _Resposta:
    """Raises DestinoFalhou past the limit."""
    async with sessao.get(url, allow_redirects=False, headers={"User-Agent": "Canopus/1.0"}) as resposta:
        corpo = bytearray()
        async for pedaco in resposta.content.iter_chunked(_PEDACO_BYTES):
            corpo += pedaco
            if len(corpo) > LIMITE_BYTES:
                resposta.close()
                raise DestinoFalhou(_GRANDE, status=_GRANDE_DEMAIS)
        disposicao = resposta.content_disposition
        nome = (disposicao.filename if disposicao else None) or "planilha.xlsx"
        # One that is somebody's file comes as an attachment, and says nothing for Google.
        pagina = resposta.content_type == "text/html" and (not disposicao or disposicao.type != "attachment")
        return _Resposta(resposta.status, bytes(corpo), nome, resposta.headers.get("Location", ""), pagina)


async def _read(conta: Conta, link: Link, versao: str | None) -> Planilha | None:
    achado = await conta.find_file(link.id, _CAMPOS)
    tipo, nome = str(achado.get("mimeType", "")), str(achado.get("name", "planilha"))
    # A document of Google has none: what its formulas say changes though nobody modifies it.
    dela = str(achado.get("md5Checksum") or "")[:100] or None
    if tipo == f"{_GOOGLE}spreadsheet":
        nome += ".xlsx"
    elif tipo.startswith(_GOOGLE):
        raise DestinoFalhou("O link não é de uma planilha: abra-a no Google Drive e copie o link dela.", status=422)
    if dela is not None and dela == versao:
        return None
    if tipo.startswith(_GOOGLE):
        return Planilha(await conta.export_file(link.id, XLSX, LIMITE_BYTES), nome, True, dela)
    return Planilha(await conta.read_file(link.id, LIMITE_BYTES), nome, False, dela)


def _refuse(quem: Sequence[str], recusas: Sequence[DestinoFalhou]) -> DestinoFalhou:
    """Where Google did not answer, that alone is said; else what each account could not do, but for what was merely not
    shared with it."""
    for recusa in recusas:
        if recusa.status is None or recusa.status == 429 or recusa.status >= 500:
            return recusa
    com = " ou ".join([*quem, "qualquer pessoa com o link"])
    texto = f"O link não está aberto, ou o arquivo não existe mais: compartilhe-o com {com}, como leitor."
    return DestinoFalhou(" ".join([texto, *(str(recusa) for recusa in recusas if recusa.status != 404)]), status=404)


class _Formulario(HTMLParser):
    """The page about what cannot be scanned: a form, or in older ones a link, that asks for it all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.acao: str | None = None
        self.campos: dict[str, str] = {}
        self.atalho: str | None = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        atributos = {nome: valor or "" for nome, valor in attrs}
        match tag:
            case "form" if "download" in atributos.get("id", ""):
                self.acao = atributos.get("action")
            case "input" if self.acao is not None and "name" in atributos:
                self.campos[atributos["name"]] = atributos.get("value", "")
            case "a" if re.search(r"[?&]confirm=", atributos.get("href", "")):
                self.atalho = atributos["href"]


def _find_confirmacao(pagina: bytes) -> str | None:
    lido = _Formulario()
    lido.feed(pagina[:_PAGINA_BYTES].decode("utf-8", "replace"))
    if lido.acao is None:
        return lido.atalho
    return f"{lido.acao}{'&' if '?' in lido.acao else '?'}{urlencode(lido.campos)}"
