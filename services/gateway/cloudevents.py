"""What other systems are told, in the envelope of CloudEvents 1.0 (structured JSON)."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import orjson
from pydantic import BaseModel

from services.gateway.schemas import Contadores, Recuperacao
from services.gateway.vistas import BoletoVisto, Vista
from shared.outcomes import StatusExecucao, TipoExecucao

TIPO_CONTEUDO = "application/cloudevents+json; charset=utf-8"
PREFIXO = "br.canopus."


class TipoAviso(StrEnum):
    """What a webhook may be told of. `teste`: only where a person asks for it."""

    BOLETO_ARQUIVADO = "boleto.arquivado"
    EXECUCAO_ENCERRADA = "execucao.encerrada"
    TESTE = "teste"


class ExecucaoEncerrada(Vista):
    """Final counts: nothing of it is under way any more. Told again where it was opened again.

    recuperacao: whether what failed is tried again by itself.
    """

    automacao_id: UUID
    tipo: TipoExecucao
    ponto_venda: str
    consultor: str | None
    status: StatusExecucao
    codigo: str | None
    mensagem_atual: str | None
    total_clientes: int
    contadores: Contadores
    origem: UUID | None
    recuperacao: Recuperacao | None
    criado_em: datetime
    iniciado_em: datetime | None
    finalizado_em: datetime | None
    tempo_total_segundos: float | None


class Teste(Vista):
    mensagem: str


D = TypeVar("D", bound=BaseModel)


class Aviso(Vista, Generic[D]):
    """id: the same at each attempt, as `webhook-id`. subject: path of what it is about, below /api/automation."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: datetime
    subject: str
    datacontenttype: Literal["application/json"]
    data: D


# Of each event: what it tells, in the documentation, and its body.
AVISOS: dict[TipoAviso, tuple[str, type[BaseModel]]] = {
    TipoAviso.BOLETO_ARQUIVADO: ("Um boleto foi conferido e arquivado", Aviso[BoletoVisto]),
    TipoAviso.EXECUCAO_ENCERRADA: ("Uma execução terminou; de novo, se foi reaberta", Aviso[ExecucaoEncerrada]),
    TipoAviso.TESTE: ("Um teste, pedido por uma pessoa", Aviso[Teste]),
}


def make_aviso(tipo: TipoAviso, ponto_venda: str | None, subject: str, data: dict[str, Any]) -> tuple[str, str]:
    """Its id, and the body that is sent. ponto_venda None: of none."""
    id = f"evt_{uuid4().hex}"
    corpo = {
        "specversion": "1.0",
        "id": id,
        "source": f"/canopus/pontos-venda/{quote(ponto_venda, safe='')}" if ponto_venda else "/canopus",
        "type": f"{PREFIXO}{tipo}",
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "subject": subject,
        "datacontenttype": "application/json",
        "data": data,
    }
    return id, orjson.dumps(corpo, default=str).decode()
