"""The gateway's settings."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from services.gateway.campos import check_email
from shared.settings import Settings


def _check_database(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("use postgresql://usuario:senha@servidor:5432/banco")
    return url


def _check_origens(texto: str) -> str:
    for parte in filter(None, (parte.strip() for parte in texto.split(","))):
        if not re.fullmatch(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?/?", parte):
            raise ValueError("use origens separadas por vírgula, como https://crm.exemplo.com.br")
    return texto


class GatewaySettings(Settings):
    """admin_email: of the first person, made at the first start. origens: other origins whose pages may open the
    socket, comma-separated, as https://crm.exemplo.com.br. Where there are none, each ticket names its own."""

    host: str = "127.0.0.1"
    port: int = Field(default=5000, ge=0, le=65535)
    database_url: Annotated[str, AfterValidator(_check_database)] | None = Field(default=None, repr=False)
    origens: Annotated[str, AfterValidator(_check_origens)] = ""
    admin_email: Annotated[str, AfterValidator(check_email)] = "admin@canopus.local"

    @property
    def origens_permitidas(self) -> frozenset[str]:
        return frozenset(parte.strip().rstrip("/").lower() for parte in self.origens.split(",") if parte.strip())
