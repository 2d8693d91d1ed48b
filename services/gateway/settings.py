"""The gateway's settings."""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from services.gateway.campos import check_email
from shared.settings import Settings

# A hundred years: a day much further back no calendar here holds.
GUARDA_MAXIMA_DIAS = 36_500


def _check_database(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("use postgresql://usuario:senha@servidor:5432/banco")
    return url


def _check_origens(texto: str) -> str:
    for parte in filter(None, (parte.strip() for parte in texto.split(","))):
        if not re.fullmatch(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?/?", parte):
            raise ValueError("use origens separadas por vírgula, como https://crm.exemplo.com.br")
    return texto


def _check_host(host: str) -> str:
    try:
        host.encode("idna")
    except UnicodeError as erro:
        raise ValueError("use um endereço deste computador, como 127.0.0.1 ou 0.0.0.0") from erro
    return host


@cache
def _read_redes(texto: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(parte.strip(), strict=False) for parte in texto.split(",") if parte.strip())


def _check_proxies(texto: str) -> str:
    try:
        _read_redes(texto)
    except ValueError as erro:
        raise ValueError("use endereços IP ou redes separados por vírgula, como 10.0.0.2, 10.1.0.0/16") from erro
    return texto


class GatewaySettings(Settings):
    """admin_email: of the first person, made at the first start. origens: other origins whose pages may open the
    socket, comma-separated, as https://crm.exemplo.com.br. Where there are none, each ticket names its own. proxies:
    addresses or networks of the reverse proxies before it, whose X-Forwarded-For is believed. guarda_*_dias: how long
    things are kept: events after their execution's end (a week is promised), evidence and refused documents, boletos
    after they fell due and were downloaded (None: for ever). guarda_sobras_s: how long a temporary file of a broken-off
    write must have lain unchanged. webhooks_privados: they, and notices, may go to internal
    addresses, and over http. planilhas_horas: from one look at the workbooks by link to the next."""

    host: Annotated[str, AfterValidator(_check_host)] = "127.0.0.1"
    port: int = Field(default=5000, ge=0, le=65535)
    database_url: Annotated[str, AfterValidator(_check_database)] | None = Field(default=None, repr=False)
    origens: Annotated[str, AfterValidator(_check_origens)] = ""
    proxies: Annotated[str, AfterValidator(_check_proxies)] = ""
    guarda_eventos_dias: int = Field(default=7, ge=7, le=GUARDA_MAXIMA_DIAS)
    guarda_evidencias_dias: int = Field(default=30, ge=1, le=GUARDA_MAXIMA_DIAS)
    guarda_boletos_dias: int | None = Field(default=None, ge=31, le=GUARDA_MAXIMA_DIAS)
    guarda_sobras_s: int = Field(default=600, ge=5, le=86_400)
    webhooks_privados: bool = False
    planilhas_horas: int = Field(default=24, ge=1, le=24)
    admin_email: Annotated[str, AfterValidator(check_email)] = "admin@canopus.local"

    @property
    def origens_permitidas(self) -> frozenset[str]:
        return frozenset(parte.strip().rstrip("/").lower() for parte in self.origens.split(",") if parte.strip())

    def is_proxy(self, endereco: str) -> bool:
        return is_ip(endereco) and any(ip_address(endereco) in rede for rede in _read_redes(self.proxies))


def is_ip(texto: str) -> bool:
    try:
        ip_address(texto)
    except ValueError:
        return False
    return True
