"""WhatsApp through Meta's Cloud API: an approved template to one number, and what Meta says became of it.

Meta takes a message twice where it is posted twice: what makes a repetition known is our own key in
`biz_opaque_callback_data`, which comes back with each status. So an attempt without an answer waits a while for one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import aiohttp
import orjson
from pydantic import BaseModel, Field, ValidationError

from services.gateway.envio import Resultado, post
from services.gateway.store.quadro import Linha
from shared.contrato import mask_documentos

URL_BASE = "https://graph.facebook.com/v26.0"

# This number will not take it within a day, however often it is asked. Any other code, unknown ones too, is tried
# again: it passes, or a person puts it right. https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
_DEFINITIVOS = frozenset({130472, 131021, 131026, 131030, 131049, 131050})
_REMEDIOS = {
    100: "Confira o número, o modelo e os seus dois parâmetros.",
    190: "O token venceu ou foi revogado: gere outro na Meta e troque-o no canal.",
    130429: "O limite de mensagens do número foi atingido; será tentado de novo.",
    131026: "O número não usa o WhatsApp, ou não aceita mensagens: confira-o.",
    131049: "A Meta limita as mensagens de marketing a cada pessoa: use um modelo de utilidade.",
    131030: "O número não está entre os permitidos do aplicativo de teste: inclua-o na Meta.",
    131042: "Falta uma forma de pagamento na conta da Meta.",
    131047: "Fora da janela de 24 h só sai modelo aprovado.",
    132001: "O modelo não existe neste idioma: confira os dois no canal.",
    132015: "A Meta pausou o modelo por baixa qualidade.",
    132016: "A Meta desativou o modelo: crie outro.",
}
_ESTADOS = {"sent": "aceito", "delivered": "entregue", "read": "lido"}
_DETALHE = 300
_TEXTO = r"^[^\x00]*$"
_FIM = 253_402_300_799  # the year 9999


@dataclass(frozen=True)
class Situacao:
    """What Meta says of a message. estado: aceito, entregue or lido; None: it failed, and erro says why. definitiva:
    another attempt would end the same way."""

    externo_id: str
    chave: str | None
    estado: str | None
    em: datetime | None
    erro: str = ""
    definitiva: bool = False


async def send(sessao: aiohttp.ClientSession, conta: Mapping[str, str], numero: str, aviso: Linha) -> Resultado:
    """conta: numero_id, modelo, idioma, url_base, token. Accepted is not delivered: that comes as a Situacao."""
    parametros = [{"type": "text", "text": aviso[campo]} for campo in ("titulo", "texto")]
    mensagem = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": numero,
        "type": "template",
        "template": {
            "name": conta["modelo"],
            "language": {"code": conta["idioma"]},
            "components": [{"type": "body", "parameters": parametros}],
        },
        "biz_opaque_callback_data": str(aviso["chave"]),
    }
    headers = {"Authorization": f"Bearer {conta['token']}", "Content-Type": "application/json"}
    url = f"{conta['url_base']}/{conta['numero_id']}/messages"
    return _read_resposta(await post(sessao, url, orjson.dumps(mensagem), headers))


def _read_resposta(feito: Resultado) -> Resultado:
    try:
        dados = orjson.loads(feito.corpo)
        if feito.erro is None:
            return replace(feito, externo_id=str(dados["messages"][0]["id"]))
        erro = _Erro.model_validate(dados["error"])
    except (ValueError, LookupError, TypeError):
        return feito
    return replace(feito, erro=erro.explain(), definitivo=erro.code in _DEFINITIVOS)


def check_assinatura(segredo_app: str, corpo: bytes, cabecalho: str) -> bool:
    """X-Hub-Signature-256 over the body as it came."""
    certa = "sha256=" + hmac.new(segredo_app.encode(), corpo, hashlib.sha256).hexdigest()
    return hmac.compare_digest(certa.encode(), cabecalho.encode(errors="replace"))


def read_situacoes(corpo: bytes) -> list[Situacao]:
    """Of a signed callback; what is none of a message's, or unknown, is left out. Raises ValueError."""
    try:
        entradas = _Retorno.model_validate_json(corpo).entry
    except ValidationError as erro:
        raise ValueError("not a callback of the WhatsApp Business Platform") from erro
    todas = [s for entrada in entradas for mudanca in entrada.changes for s in mudanca.value.statuses]
    return [s.read() for s in todas if s.status in _ESTADOS or s.status == "failed"]


class _Detalhes(BaseModel):
    details: str = ""


class _Erro(BaseModel):
    code: int = 0
    title: str = ""
    message: str = ""
    error_data: _Detalhes = _Detalhes()

    def explain(self) -> str:
        detalhe = mask_documentos((self.error_data.details or self.message or self.title).replace("\x00", ""))
        return f"O WhatsApp recusou ({self.code}). {_REMEDIOS.get(self.code, '')} {detalhe[:_DETALHE]}".rstrip()


class _Status(BaseModel):
    """Within what the database keeps."""

    id: str = Field(max_length=200, pattern=_TEXTO)
    status: str
    timestamp: int | None = Field(default=None, ge=0, le=_FIM)
    biz_opaque_callback_data: str | None = Field(default=None, pattern=_TEXTO)
    errors: list[_Erro] = []

    def read(self) -> Situacao:
        erro = self.errors[0] if self.errors else _Erro()
        return Situacao(
            self.id,
            self.biz_opaque_callback_data,
            _ESTADOS.get(self.status),
            None if self.timestamp is None else datetime.fromtimestamp(self.timestamp, UTC),
            erro.explain(),
            erro.code in _DEFINITIVOS,
        )


class _Valor(BaseModel):
    statuses: list[_Status] = []


class _Mudanca(BaseModel):
    value: _Valor


class _Entrada(BaseModel):
    changes: list[_Mudanca] = []


class _Retorno(BaseModel):
    entry: list[_Entrada]
