"""The cursor of what changed, in `GET boletos?desde=`: first `inicio` or `agora`, then what the last answer gave."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, TypeAdapter, ValidationError

_MOMENTO: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_MARCA = "mudancas"
_ERRO = (
    "deve ser data e hora com fuso, como 2026-11-30T12:00:00-03:00, ou inicio, agora, ou o cursor da leitura anterior"
)


@dataclass(frozen=True)
class Marco:
    """Behind the change of this number, in the numbering of this epoch. numero None: behind all there are now.
    epoca None: any."""

    numero: int | None
    epoca: UUID | None = None

    def encode(self) -> str:
        return base64.urlsafe_b64encode(f"{_MARCA}:{self.epoca}:{self.numero}".encode()).decode().rstrip("=")


_NOMES = {"inicio": Marco(0), "agora": Marco(None)}


def parse_desde(valor: Any) -> datetime | Marco:
    """A moment, or where the changes are read from. Raises ValueError in pt-BR."""
    if isinstance(valor, str) and (marco := _NOMES.get(valor) or _decode(valor)):
        return marco
    try:
        return _MOMENTO.validate_python(valor).astimezone(UTC)
    except (ValidationError, OverflowError) as erro:
        raise ValueError(_ERRO) from erro


def _decode(texto: str) -> Marco | None:
    try:
        lido = base64.b64decode(texto + "=" * (-len(texto) % 4), altchars=b"-_", validate=True).decode()
        marca, epoca, numero = lido.split(":")
        marco = Marco(int(numero), UUID(epoca))
    except (binascii.Error, ValueError):
        return None
    return marco if marca == _MARCA and 0 <= int(numero) < 2**63 and marco.encode() == texto else None
