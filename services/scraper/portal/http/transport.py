"""One cookie jar's requests: redirects followed by hand, whole answers, typed faults.

A post goes out once: what became of one that broke off is unknown, and only reading the page again tells.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import Morsel
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
from yarl import URL

from services.scraper.portal import Biscoito
from services.scraper.portal.errors import Falha
from services.scraper.portal.http.forms import Envio

log = logging.getLogger(__name__)

# What a browser says of itself; `auto` says what the browser that logged in said.
CABECALHOS = {
    "User-Agent": (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36"
    ),
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "pt-BR,pt;q=0.9",
    "Upgrade-Insecure-Requests": "1",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
    "Sec-Fetch-Dest": "document",
}
_DESVIOS_MAX = 20
_CORPO_MAX = 32_000_000
# Below what servers keep an idle connection: a post on one that was closed meanwhile would be lost.
_OCIOSA_S = 4.0
# Kept as they are in an address that a page gives: its keys are base64.
_SEGUROS = "%/?:@!$&'()*+,;=~[]#-._"


@dataclass(frozen=True)
class Resposta:
    """A whole answer. desvios: the addresses that redirected to it, the latest first."""

    url: str
    status: int
    tipo: str
    corpo: bytes
    desvios: tuple[str, ...]


class Transporte:
    """Raises Falha `portal.fora_do_ar.conexao`, `.tempo_esgotado`.

    portal_s: what its answers took so far, less what this process computed meanwhile, since a busy machine of ours
    must not look like a slow portal.
    """

    def __init__(self, limite_s: float, cabecalhos: Mapping[str, str] = CABECALHOS) -> None:
        self._limite_s = limite_s
        self.portal_s = 0.0
        self._onde = ""  # the last address asked
        # Cookies of addresses without a name too.
        self._pote = aiohttp.CookieJar(unsafe=True, quote_cookie=False)
        self._cliente = aiohttp.ClientSession(
            cookie_jar=self._pote,
            headers={**cabecalhos, "Accept-Encoding": "gzip, deflate"},
            connector=aiohttp.TCPConnector(limit=2, keepalive_timeout=_OCIOSA_S),
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def __aenter__(self) -> Self:
        return self

    async def close(self) -> None:
        await self._cliente.close()

    def put_cookies(self, biscoitos: Sequence[Biscoito]) -> None:
        """In place of all there are."""
        self._pote.clear()
        for biscoito in biscoitos:
            fatia: Morsel[str] = Morsel()
            fatia.set(biscoito.nome, biscoito.valor, biscoito.valor)
            fatia["path"], fatia["secure"] = biscoito.caminho, biscoito.seguro
            fatia["domain"] = biscoito.dominio if biscoito.dominio.startswith(".") else ""
            esquema = "https" if biscoito.seguro else "http"
            self._pote.update_cookies({biscoito.nome: fatia}, URL(f"{esquema}://{biscoito.dominio.lstrip('.')}/"))

    def list_cookies(self, host: str) -> list[Biscoito]:
        """As a browser on this host takes them; the jar keeps no leading dots."""
        return [
            Biscoito(
                fatia.key,
                fatia.value,
                host if fatia["domain"] in ("", host) else "." + fatia["domain"],
                fatia["path"] or "/",
                bool(fatia["secure"]),
            )
            for fatia in self._pote
        ]

    async def send(self, envio: Envio, referencia: str, limite_s: float | None = None) -> Resposta:
        inicio_s, cpu_s = time.monotonic(), time.process_time()
        try:
            async with asyncio.timeout(limite_s or self._limite_s):
                return await self._follow(envio, referencia)
        except TimeoutError as erro:
            raise Falha("portal.fora_do_ar.tempo_esgotado", "O portal não respondeu a tempo.") from erro
        except (aiohttp.ClientError, OSError, ValueError) as erro:
            log.info("request failed: %s", type(erro).__name__)
            mensagem = f"A conexão com o portal falhou: {_explain(erro)}."
            raise Falha("portal.fora_do_ar.conexao", mensagem, self._onde) from erro
        finally:
            self.portal_s += max(0.0, time.monotonic() - inicio_s - (time.process_time() - cpu_s))

    async def _follow(self, envio: Envio, referencia: str) -> Resposta:
        desvios: list[str] = []
        url, corpo = envio.url, envio.corpo
        while len(desvios) <= _DESVIOS_MAX:
            cabecalhos = {"Referer": referencia} if referencia.startswith("http") else {}
            if corpo is not None:
                cabecalhos |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": _origin(url)}
            self._onde = url
            endereco = URL(quote(url.partition("#")[0], safe=_SEGUROS), encoded=True)
            metodo = "GET" if corpo is None else "POST"
            async with self._cliente.request(
                metodo, endereco, data=corpo, headers=cabecalhos, allow_redirects=False
            ) as resposta:
                lugar = resposta.headers.get("Location")
                if lugar is None or resposta.status not in (301, 302, 303, 307, 308):
                    return Resposta(
                        str(url), resposta.status, resposta.headers.get("Content-Type", ""), await _read(resposta),
                        tuple(reversed(desvios)),
                    )  # fmt: skip
                await resposta.read()
                desvios.append(url)
                url = urljoin(url, lugar)
                if resposta.status in (301, 302, 303):
                    corpo = None
        raise aiohttp.TooManyRedirects(resposta.request_info, ())


async def _read(resposta: aiohttp.ClientResponse) -> bytes:
    """As it streams in; bounded."""
    corpo = bytearray()
    async for parte in resposta.content.iter_any():
        corpo += parte
        if len(corpo) > _CORPO_MAX:
            raise aiohttp.ClientPayloadError("too large")
    return bytes(corpo)


def _origin(url: str) -> str:
    partes = urlsplit(url)
    return f"{partes.scheme}://{partes.netloc}"


def _explain(erro: Exception) -> str:
    match erro:
        case aiohttp.ClientConnectorCertificateError():
            return "certificado inválido"
        case aiohttp.ClientConnectorDNSError():
            return "endereço não encontrado"
        case aiohttp.ClientSSLError():
            return "conexão segura não estabelecida"
        case aiohttp.ClientConnectorError():
            return "recusada"
        case aiohttp.TooManyRedirects():
            return "redirecionamentos sem fim"
        case aiohttp.ClientPayloadError():
            return "a resposta do portal foi cortada"
        case aiohttp.ServerDisconnectedError() | ConnectionError() | aiohttp.ClientOSError():
            return "encerrada pelo portal"
        case _:
            return "a resposta não veio inteira"
