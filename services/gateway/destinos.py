"""Where webhooks, and what is asked of Google, may go: https to public addresses alone, as each connection finds them.

The address that is connected to is the one that was checked, so a name that leads elsewhere a moment later gains
nothing. No redirect is followed, no proxy and no cookie is used.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp

from services.gateway.enderecos import is_publico

_PROIBIDO = "o endereço leva a uma rede interna"


class DestinoProibido(OSError):
    """A connection to an address that is nobody's outside."""


class DestinoFalhou(Exception):
    """A mirror, or Google, refused or did not answer; the text, in pt-BR, says why and what to do. status None: no
    answer came. motivo: the other side's own word for it. pede_s: as Retry-After asks."""

    def __init__(self, texto: str, *, status: int | None = None, motivo: str = "", pede_s: float | None = None) -> None:
        super().__init__(texto)
        self.status, self.motivo, self.pede_s = status, motivo, pede_s


def parse_destino(texto: str, *, privados: bool) -> str:
    """An address to send to, as it was written. Raises ValueError in pt-BR."""
    try:
        partes = urlsplit(texto)
        servidor, _ = partes.hostname, partes.port
    except ValueError as erro:
        raise ValueError("endereço inválido: use https://servidor/caminho") from erro
    if partes.scheme not in (("https", "http") if privados else ("https",)) or not servidor:
        raise ValueError("use um endereço https://, como https://crm.exemplo.com.br/canopus")
    if partes.username is not None or partes.password is not None:
        raise ValueError("não ponha usuário nem senha no endereço: a assinatura diz quem envia")
    if "#" in texto or " " in texto:
        raise ValueError("o endereço não pode ter # nem espaços")
    if not privados and not _may_be_public(servidor):
        raise ValueError(f"{_PROIBIDO}: use um que se alcance pela internet")
    return texto


def _may_be_public(servidor: str) -> bool:
    """What can be known before it is looked up."""
    try:
        return is_publico(ip_address(servidor))
    except ValueError:
        return "." in servidor.strip(".") and not servidor.rstrip(".").endswith((".localhost", ".local", ".internal"))


@asynccontextmanager
async def open_sessao(*, privados: bool, limite_s: float, conexao_s: float) -> AsyncIterator[aiohttp.ClientSession]:
    """limite_s: for one request, from the look-up of the name to the answer."""
    async with make_sessao(privados=privados, limite_s=limite_s, conexao_s=conexao_s) as sessao:
        yield sessao


def make_sessao(*, privados: bool, limite_s: float, conexao_s: float, mantem: bool = False) -> aiohttp.ClientSession:
    """For who closes it. mantem: connections are kept for the next request."""
    # The cache lets a name that is not found take one thread, however many ask for it.
    conector = aiohttp.TCPConnector(
        limit=0, force_close=not mantem, ttl_dns_cache=10, socket_factory=None if privados else _make_socket
    )
    return aiohttp.ClientSession(
        connector=conector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=limite_s, sock_connect=conexao_s),
        auto_decompress=False,
        skip_auto_headers=("Accept-Encoding",),
        headers={"User-Agent": "Canopus-Webhooks/1.0"},
    )


def _make_socket(destino: aiohttp.AddrInfoType) -> socket.socket:
    familia, tipo, protocolo, _, endereco = destino
    if not is_publico(ip_address(endereco[0])):
        # The same text for every address of a name: they are refused as one.
        raise DestinoProibido(_PROIBIDO)
    return socket.socket(family=familia, type=tipo, proto=protocolo)
