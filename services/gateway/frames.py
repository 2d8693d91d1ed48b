"""The socket's frames, both ways: what a client may send, checked; what it is sent, described and encoded."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from services.gateway.errors import ApiError
from services.gateway.schemas import MAIOR_SEQ, ClienteExecucao, Contadores, Execucao, QuadroEvento
from services.gateway.store.cabecas import Desde, Estado
from services.gateway.validation import Corpo, parse_corpo

__all__ = ["QuadroEvento"]

SUBPROTOCOLO = "canopus.v1"
TODAS: Literal["*"] = "*"


class Autenticar(Corpo):
    """First frame of a socket that has neither header nor cookie."""

    tipo: Literal["autenticar"]
    bilhete: Annotated[str, Field(min_length=1, max_length=200)]


class Cursor(Corpo):
    """The last event that the client applied."""

    epoca: UUID
    seq: Annotated[int, Field(ge=0, le=MAIOR_SEQ)]


class Assinar(Corpo):
    """automacao_id `*`: every execution that the key sees, from now on; `desde` says nothing there."""

    tipo: Literal["assinar"]
    automacao_id: UUID | Literal["*"]
    desde: Cursor | None = None

    def get_desde(self) -> Desde | None:
        return Desde(self.desde.epoca, self.desde.seq) if self.desde else None


class CancelarAssinatura(Corpo):
    tipo: Literal["cancelar_assinatura"]
    automacao_id: UUID | Literal["*"]


class QuadroEstado(BaseModel):
    """The one answer to `assinar`, before any event. seq: what the client holds after it.

    inicial, reinicio: a snapshot that replaces what the client has; retomada: nothing was lost, `clientes` is empty
    and the events after `seq` follow. For `*`: `execucao` null, counters zero, `clientes` empty.
    """

    tipo: Literal["estado"]
    automacao_id: UUID | Literal["*"]
    epoca: UUID
    seq: int
    modo: Literal["inicial", "retomada", "reinicio"]
    execucao: Execucao | None
    contadores: Contadores
    clientes: list[ClienteExecucao]


class QuadroPulso(BaseModel):
    """Every 15 s: the last event of each execution listened to. A client that holds less asks for the rest."""

    tipo: Literal["pulso"]
    seqs: dict[str, int]


class QuadroErro(BaseModel):
    """What was asked is not done; the socket stays open unless it is closed right after."""

    tipo: Literal["erro"]
    codigo: str
    error: str
    automacao_id: str | None = None


DO_CLIENTE: dict[str, type[Corpo]] = {
    "autenticar": Autenticar,
    "assinar": Assinar,
    "cancelar_assinatura": CancelarAssinatura,
}


def parse_quadro(texto: str) -> Autenticar | Assinar | CancelarAssinatura:
    """Raises ApiError, of which `codigo` and `texto` go into an `erro` frame."""
    dados = texto.encode("utf-8", "replace")
    try:
        valor = orjson.loads(dados)
    except orjson.JSONDecodeError as erro:
        raise ApiError(400, "quadro.nao_json", "O quadro não é JSON válido.") from erro
    tipo = valor.get("tipo") if isinstance(valor, dict) else None
    modelo = DO_CLIENTE.get(tipo) if isinstance(tipo, str) else None
    if modelo is None:
        texto_erro = f"Quadro desconhecido: `tipo` deve ser um destes: {', '.join(DO_CLIENTE)}."
        raise ApiError(422, "quadro.tipo_desconhecido", texto_erro)
    try:
        quadro = parse_corpo(modelo, dados)
    except ApiError as erro:
        raise ApiError(422, "quadro.invalido", erro.texto) from erro
    assert isinstance(quadro, Autenticar | Assinar | CancelarAssinatura)
    return quadro


def encode_estado(estado: Estado) -> bytes:
    return orjson.dumps(
        {
            "tipo": "estado",
            "automacao_id": str(estado.automacao_id),
            "epoca": str(estado.epoca),
            "seq": estado.seq,
            "modo": estado.modo,
            "execucao": estado.execucao,
            "contadores": estado.contadores,
            "clientes": estado.clientes,
        }
    )


def encode_estado_geral(epoca: UUID) -> bytes:
    zeros = dict.fromkeys(Contadores.model_fields, 0)
    return orjson.dumps(
        {
            "tipo": "estado",
            "automacao_id": TODAS,
            "epoca": str(epoca),
            "seq": 0,
            "modo": "inicial",
            "execucao": None,
            "contadores": zeros,
            "clientes": [],
        }
    )


def encode_pulso(seqs: dict[str, int]) -> bytes:
    return orjson.dumps({"tipo": "pulso", "seqs": seqs})


def text_header(tamanho: int) -> bytes:
    """What stands before a text of so many bytes on the wire, from a server (RFC 6455 §5.2)."""
    if tamanho < 126:
        return bytes((0x81, tamanho))
    if tamanho < 1 << 16:
        return b"\x81\x7e" + tamanho.to_bytes(2, "big")
    return b"\x81\x7f" + tamanho.to_bytes(8, "big")


def encode_erro(erro: ApiError, automacao_id: str | None = None) -> bytes:
    quadro: dict[str, Any] = {"tipo": "erro", "codigo": erro.codigo, "error": erro.texto}
    return orjson.dumps(quadro | ({"automacao_id": automacao_id} if automacao_id else {}))
