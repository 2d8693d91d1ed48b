"""AsyncAPI 3.0: the socket's frames and the messages on the bus, made from their models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.gateway.api import BASE
from services.gateway.frames import (
    DO_CLIENTE,
    SUBPROTOCOLO,
    QuadroErro,
    QuadroEstado,
    QuadroPulso,
)
from services.gateway.openapi import VERSAO
from services.gateway.schemas import QuadroEvento
from shared.bus.topology import exchange_of
from shared.events import EVENTOS

DO_SERVIDOR: dict[str, type[BaseModel]] = {
    "estado": QuadroEstado,
    "evento": QuadroEvento,
    "pulso": QuadroPulso,
    "erro": QuadroErro,
}


def build_asyncapi() -> dict[str, Any]:
    canais: dict[str, Any] = {"socket": _describe_socket()}
    operacoes: dict[str, Any] = {
        "enviar_quadro": _describe_operacao("receive", "socket", DO_CLIENTE),
        "receber_quadro": _describe_operacao("send", "socket", DO_SERVIDOR),
    }
    for rota, evento in EVENTOS.items():
        canais[rota] = {
            "address": rota,
            "description": (evento.__doc__ or "").strip(),
            "servers": [{"$ref": "#/servers/barramento"}],
            "messages": {rota: {"$ref": f"#/components/messages/{rota}"}},
            "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": exchange_of(rota), "type": "direct"}}},
        }
        operacoes[f"publicar_{rota}"] = _describe_operacao("send", rota, (rota,))
    modelos = {**DO_CLIENTE, **DO_SERVIDOR, **EVENTOS}
    referencias, esquema = models_json_schema(
        [(modelo, "serialization") for modelo in modelos.values()], ref_template="#/components/schemas/{model}"
    )
    mensagens = {
        nome: {"name": nome, "contentType": "application/json", "payload": referencias[modelo, "serialization"]}
        for nome, modelo in modelos.items()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Canopus", "version": VERSAO, "description": _DESCRICAO},
        "defaultContentType": "application/json",
        "servers": {
            "gateway": {"host": "localhost:5000", "protocol": "ws", "description": "CANOPUS_HOST e CANOPUS_PORT"},
            "barramento": {"host": "localhost:5672", "protocol": "amqp", "description": "CANOPUS_AMQP_URL"},
        },
        "channels": canais,
        "operations": operacoes,
        "components": {"messages": mensagens, "schemas": esquema["$defs"]},
    }


_DESCRICAO = (
    "Socket: cada `assinar` recebe exatamente um `estado` antes de qualquer `evento`; `seq` não tem lacunas por "
    "execução. Guarde `epoca` e o último `seq`; depois de um corte, assine com `desde` e receba o que faltou, uma vez, "
    "em ordem. Códigos de fechamento: 4008 leitor lento (volte com o cursor), 4401 sem acesso, 1001 servidor parando, "
    "1013 sockets demais. Barramento: as mensagens entre os serviços."
)


def _describe_socket() -> dict[str, Any]:
    return {
        "address": f"{BASE}/ws",
        "description": f"Subprotocolo {SUBPROTOCOLO}. Chave no cabeçalho Authorization, ou bilhete no primeiro quadro.",
        "servers": [{"$ref": "#/servers/gateway"}],
        "messages": {nome: {"$ref": f"#/components/messages/{nome}"} for nome in (*DO_CLIENTE, *DO_SERVIDOR)},
    }


def _describe_operacao(acao: str, canal: str, mensagens: Iterable[str]) -> dict[str, Any]:
    caminho = canal.replace("/", "~1")
    return {
        "action": acao,
        "channel": {"$ref": f"#/channels/{caminho}"},
        "messages": [{"$ref": f"#/channels/{caminho}/messages/{nome}"} for nome in mensagens],
    }
