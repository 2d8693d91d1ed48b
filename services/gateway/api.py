"""The declaration of a route: from it come the aiohttp route, the checks before the handler, and OpenAPI.

A module of `routes/` makes one `Rotas` and declares handlers on it:

    rotas = Rotas("Execuções")

    @rotas.post("execucoes/{automacao_id}/reprocessar", escopo=Escopo.OPERADOR, status=201, resumo="…", dados=Exemplo)
    async def reprocess(chamada: Chamada, automacao_id: UUID, corpo: Reprocessar) -> Resposta: ...

What a handler takes is read from its signature: `chamada` first, then the path's parameters by name (str, int or
UUID: one that is not is 404), `corpo` (a `Corpo`) and `consulta` (a `Consulta`), each where it is declared.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar, get_type_hints
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import BaseModel

from services.gateway.auth import Acesso
from services.gateway.context import AppContext
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Consulta, Corpo

BASE = "/api/automation"


@dataclass(frozen=True)
class Resposta:
    """A success: goes out as `{"success": true, "message", "data"}`. status None: the one the route declares."""

    dados: Any
    mensagem: str = "Pronto."
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler: TypeAlias = Callable[..., Awaitable["Resposta | web.StreamResponse"]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True)
class Rota:
    """One route. caminho: after BASE, or as it stands where it begins with a slash. escopo None: open to all.

    dados: model, or JSON schema, of the answer's `data`.
    conteudo: media type of a success that is no JSON. cru: it is JSON, without the envelope. formulario: JSON schema of
    a multipart body, which the handler reads itself. respostas: what other statuses mean here, pt-BR. provisoria: also
    for a person whose password must be changed first. instalacao: of every office, for those who administer the first.
    """

    metodo: str
    caminho: str
    escopo: Escopo | None
    resumo: str
    handler: Handler
    tag: str
    status: int = 200
    descricao: str = ""
    dados: type[BaseModel] | Mapping[str, Any] | None = None
    exemplo: Any = None
    conteudo: str = "application/json"
    cru: bool = False
    formulario: Mapping[str, Any] | None = None
    respostas: Mapping[int, str] = field(default_factory=dict)
    cabecalhos: Mapping[str, str] = field(default_factory=dict)
    corpo: type[Corpo] | None = None
    consulta: type[Consulta] | None = None
    parametros: Mapping[str, type] = field(default_factory=dict)
    provisoria: bool = False
    instalacao: bool = False

    @property
    def url(self) -> str:
        return self.caminho if self.caminho.startswith("/") else f"{BASE}/{self.caminho}"


@dataclass(frozen=True)
class Chamada:
    """One request under way. acesso: who calls; on a route without escopo `anonimo` stands there."""

    request: web.Request
    ctx: AppContext
    acesso: Acesso


class Rotas:
    """The routes of one resource. tag: its pt-BR name in the documentation."""

    def __init__(self, tag: str, descricao: str = "") -> None:
        self.tag = tag
        self.descricao = descricao
        self.todas: list[Rota] = []

    def get(self, caminho: str, *, escopo: Escopo | None = Escopo.LEITURA, **campos: Any) -> Callable[[H], H]:
        return self._declare("GET", caminho, escopo, campos)

    def post(self, caminho: str, *, escopo: Escopo | None = Escopo.OPERADOR, **campos: Any) -> Callable[[H], H]:
        return self._declare("POST", caminho, escopo, campos)

    def patch(self, caminho: str, *, escopo: Escopo | None = Escopo.OPERADOR, **campos: Any) -> Callable[[H], H]:
        return self._declare("PATCH", caminho, escopo, campos)

    def delete(self, caminho: str, *, escopo: Escopo | None = Escopo.OPERADOR, **campos: Any) -> Callable[[H], H]:
        return self._declare("DELETE", caminho, escopo, campos)

    def _declare(self, metodo: str, caminho: str, escopo: Escopo | None, campos: dict[str, Any]) -> Callable[[H], H]:
        def declare(handler: H) -> H:
            tipos = _read_signature(handler)
            self.todas.append(
                Rota(
                    metodo,
                    caminho,
                    escopo,
                    handler=handler,
                    tag=self.tag,
                    **campos,
                    corpo=tipos.pop("corpo", None),
                    consulta=tipos.pop("consulta", None),
                    parametros=tipos,
                )
            )
            return handler

        return declare


def _read_signature(handler: Handler) -> dict[str, Any]:
    tipos = get_type_hints(handler)
    return {nome: tipos[nome] for nome in list(inspect.signature(handler).parameters)[1:]}


def parse_parametro(tipo: type, texto: str) -> str | int | UUID:
    """Raises ValueError: no object has such an id. Ids are at most those of a PostgreSQL integer."""
    if "\x00" in texto:
        raise ValueError(texto)
    if tipo is int:
        if not texto.isascii() or not texto.isdecimal() or len(texto) > 10 or int(texto) > 2**31 - 1:
            raise ValueError(texto)
        return int(texto)
    return UUID(texto) if tipo is UUID else texto


def send_json(corpo: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Times as ISO 8601, decimals as numbers."""
    return web.Response(
        body=orjson.dumps(corpo, default=_encode), status=status, content_type="application/json", charset="utf-8",
        headers=headers,
    )  # fmt: skip


def send_resposta(resposta: Resposta, status: int) -> web.Response:
    corpo = {"success": True, "message": resposta.mensagem, "data": resposta.dados}
    return send_json(corpo, resposta.status or status, resposta.headers)


def _encode(valor: Any) -> Any:
    if isinstance(valor, BaseModel):
        return valor.model_dump(mode="json")
    # asyncpg's own UUID is a subclass, which orjson leaves to us.
    return str(valor) if isinstance(valor, UUID) else float(valor)


ANONIMO = Acesso(chave_id=0, nome="anônimo", escopo=Escopo.LEITURA, alcance=())
