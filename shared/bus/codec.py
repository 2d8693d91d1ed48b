"""Events to bytes and back; what cannot be read says why, without quoting the body."""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

from pydantic import BaseModel, ValidationError

from shared.bus import Message, Registry
from shared.bus.trace import trace_headers


class Undecodable(Exception):
    """The reason, pt-BR: it is shown beside the dead letter."""


class _Routed(Protocol):
    rota: ClassVar[str]


def encode(event: BaseModel, *, queue: str | None = None, ttl_s: float | None = None) -> Message:
    """The message of an event, belonging to the current trace."""
    rota = cast(_Routed, event).rota
    return Message(rota, event.model_dump_json().encode(), queue=queue, ttl_s=ttl_s, headers=trace_headers())


def decode(registry: Registry, rota: str, corpo: bytes) -> BaseModel:
    """Raises Undecodable: unknown route, unknown version, invalid body."""
    model = registry.get(rota)
    if model is None:
        raise Undecodable(f"rota desconhecida: {rota[:80]}")
    try:
        return model.model_validate_json(corpo)
    except ValidationError as erro:
        raise Undecodable(_reason(erro)) from None


def _reason(erro: ValidationError) -> str:
    falhas = erro.errors(include_input=False, include_url=False, include_context=False)
    if any(falha["loc"] == ("versao",) for falha in falhas):
        return "versão desconhecida"
    primeira = falhas[0]
    campo = ".".join(str(parte) for parte in primeira["loc"]) or "JSON"
    return f"corpo inválido: {campo} ({primeira['type']})"
