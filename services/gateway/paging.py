"""Lists, a page at a time: `limite`, and an opaque cursor that points behind the last row seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from asyncpg import Record
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from services.gateway.validation import Consulta

LIMITE_PADRAO = 50
LIMITE_MAXIMO = 500
_MARCA = "id:"
# Of a PostgreSQL integer: what a cursor points behind is compared with one.
_MAIOR = 2**31 - 1
L = TypeVar("L")


def encode_cursor(id: int) -> str:
    return base64.urlsafe_b64encode(f"{_MARCA}{id}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int:
    """The id it points behind. Raises ValueError in pt-BR."""
    try:
        texto = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        id = int(texto.removeprefix(_MARCA))
    except (binascii.Error, ValueError) as erro:
        raise ValueError("cursor inválido: use o que a página anterior devolveu") from erro
    if not 0 <= id <= _MAIOR or encode_cursor(id) != cursor:
        raise ValueError("cursor inválido: use o que a página anterior devolveu")
    return id


Limite = Annotated[int, Field(ge=1), AfterValidator(lambda limite: min(limite, LIMITE_MAXIMO))]
Cursor = Annotated[int, BeforeValidator(decode_cursor), WithJsonSchema({"type": "string"})]


class Pagina(Consulta):
    """Query of a list. `limite` above 500 is lowered, not refused; `cursor`, decoded, is the last id seen."""

    limite: Limite = LIMITE_PADRAO
    cursor: Cursor | None = None

    @property
    def buscar(self) -> int:
        """How many rows to fetch: one more than shown tells whether there is a next page."""
        return self.limite + 1


def page(nome: str, linhas: Sequence[Record], pagina: Pagina, view: Callable[[Record], Any]) -> dict[str, Any]:
    """`data` of a list's answer. linhas: up to `pagina.buscar` rows in the list's order, each with its `id`."""
    mostradas = linhas[: pagina.limite]
    cursor = encode_cursor(mostradas[-1]["id"]) if len(linhas) > pagina.limite else None
    return {nome: [view(linha) for linha in mostradas], "cursor": cursor}


def page_positions(nome: str, linhas: Sequence[L], pagina: Pagina, view: Callable[[L], Any]) -> dict[str, Any]:
    """Of a list that stands in no table: its cursor is a position. linhas: from the first one on, to one past
    those that are shown."""
    inicio = pagina.cursor or 0
    fim = inicio + pagina.limite
    cursor = encode_cursor(fim) if len(linhas) > fim else None
    return {nome: [view(linha) for linha in linhas[inicio:fim]], "cursor": cursor}
