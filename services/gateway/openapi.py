"""OpenAPI 3.1, made from the declared routes: what is declared is what is checked is what is described."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.gateway.api import Rota, Rotas
from services.gateway.auth import BISCOITO, CABECALHO_CSRF
from services.gateway.cloudevents import AVISOS, TipoAviso

VERSAO = "1.0.0"
# (model, "validation" for what comes in or "serialization" for what goes out) → its reference.
Referencias: TypeAlias = Mapping[Any, Any]
_REF = "#/components/schemas/{model}"
_TIPOS: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": 0},
    UUID: {"type": "string", "format": "uuid"},
}
_ERROS = {
    400: "O corpo não é JSON.",
    401: "Falta a chave, ou ela não vale.",
    403: "A chave não permite, ou é de outro ponto de venda.",
    404: "Não existe, ou está fora do alcance da chave.",
    408: "O corpo não chegou a tempo.",
    413: "O corpo é grande demais.",
    415: "O corpo não é do tipo esperado.",
    422: "Um campo é inválido; `detalhes` diz qual e por quê.",
    429: "Tentativas demais com chave inválida.",
    503: "O banco ou outro serviço não responde; tente de novo.",
}


def build_openapi(recursos: Sequence[Rotas]) -> dict[str, Any]:
    rotas = [rota for recurso in recursos for rota in recurso.todas]
    modelos, definicoes = _describe_modelos(rotas)
    caminhos: dict[str, dict[str, Any]] = {}
    for rota in rotas:
        caminhos.setdefault(rota.url, {})[rota.metodo.lower()] = _describe_rota(rota, modelos)
    etiquetas = {recurso.tag: recurso.descricao for recurso in reversed(recursos) if recurso.descricao}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Canopus",
            "version": VERSAO,
            "description": "Download dos boletos dos clientes de um ponto de venda. Eventos ao vivo: "
            "`GET /api/asyncapi.json`.",
        },
        "tags": [
            {"name": tag, "description": etiquetas.get(tag, "")} for tag in dict.fromkeys(r.tag for r in recursos)
        ],
        "paths": caminhos,
        "webhooks": {tipo.value: _describe_aviso(tipo, modelos) for tipo in AVISOS},
        "components": {
            "securitySchemes": _ACESSOS,
            "schemas": {**definicoes, "Erro": _ERRO},
        },
    }


_ACESSOS = {
    "chave": {"type": "http", "scheme": "bearer", "description": "Chave de acesso"},
    "sessao": {"type": "apiKey", "in": "cookie", "name": BISCOITO, "description": "Sessão do painel: POST sessao"},
    "csrf": {"type": "apiKey", "in": "header", "name": CABECALHO_CSRF, "description": "`csrf` da sessão"},
}
# What a call answers while another service is still at it: `GET pedidos/{id}` says when it is done.
_EM_ANDAMENTO = {
    "type": "object",
    "required": ["pedido_id", "status", "passos"],
    "properties": {
        "pedido_id": {"type": "string", "format": "uuid"},
        "status": {"const": "em_andamento"},
        "passos": {"type": "array", "items": {"type": "object"}},
    },
}
_ERRO = {
    "type": "object",
    "required": ["success", "error", "codigo", "detalhes"],
    "properties": {
        "success": {"const": False},
        "error": {"type": "string", "description": "O que houve e o que fazer, em português"},
        "codigo": {"type": "string", "description": "Para programas decidirem"},
        "detalhes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["campo", "erro"],
                "properties": {"campo": {"type": "string"}, "erro": {"type": "string"}},
            },
        },
    },
}


_CABECALHOS_AVISO = {
    "webhook-id": "O `id` do evento, igual em cada tentativa: o que já veio com ele se ignora",
    "webhook-timestamp": "Segundos Unix desta tentativa: recuse o que tem mais de 5 minutos",
    "webhook-signature": "`v1,` e o HMAC-SHA256, em base64, de `<webhook-id>.<webhook-timestamp>.<corpo>` com o "
    "segredo (o base64 depois de `whsec_`); várias, separadas por espaço, enquanto um segredo é trocado",
}


def _describe_modelos(rotas: Iterable[Rota]) -> tuple[Referencias, dict[str, Any]]:
    pedidos: list[tuple[type[BaseModel], Any]] = [(modelo, "serialization") for _, modelo in AVISOS.values()]
    for rota in rotas:
        pedidos += [(modelo, "validation") for modelo in (rota.corpo, rota.consulta) if modelo is not None]
        if isinstance(rota.dados, type):
            pedidos.append((rota.dados, "serialization"))
    referencias, esquema = models_json_schema(list(dict.fromkeys(pedidos)), ref_template=_REF)
    return dict(referencias), esquema.get("$defs", {})


def _describe_rota(rota: Rota, modelos: Referencias) -> dict[str, Any]:
    descrita: dict[str, Any] = {
        "tags": [rota.tag],
        "summary": rota.resumo,
        "operationId": f"{rota.handler.__module__.rpartition('.')[2]}_{rota.handler.__name__}",
        "parameters": _describe_parametros(rota),
        "responses": _describe_respostas(rota, modelos),
    }
    if rota.descricao:
        descrita["description"] = rota.descricao
    if rota.escopo is not None:
        sessao: dict[str, list[str]] = {"sessao": []} if rota.metodo == "GET" else {"sessao": [], "csrf": []}
        descrita["security"] = [{"chave": []}, sessao]
        descrita["x-escopo"] = rota.escopo.value
    if rota.corpo is not None:
        obrigatorio = any(campo.is_required() for campo in rota.corpo.model_fields.values())
        descrita["requestBody"] = {
            "required": obrigatorio,
            "content": {"application/json": {"schema": modelos[rota.corpo, "validation"]}},
        }
    elif rota.formulario is not None:
        descrita["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": dict(rota.formulario)}},
        }
    return descrita


def _describe_aviso(tipo: TipoAviso, modelos: Referencias) -> dict[str, Any]:
    """What we send to other systems, and how their answers are taken."""
    resumo, modelo = AVISOS[tipo]
    operacao = {
        "tags": ["Webhooks"],
        "summary": resumo,
        "operationId": f"aviso_{tipo.replace('.', '_')}",
        "parameters": [
            {"name": nome, "in": "header", "required": True, "description": texto, "schema": {"type": "string"}}
            for nome, texto in _CABECALHOS_AVISO.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/cloudevents+json": {"schema": modelos[modelo, "serialization"]}},
        },
        "responses": {
            "2XX": {"description": "Recebido: não é enviado de novo."},
            "410": {"description": "Este endereço não recebe mais: o webhook é desligado."},
            "429": {"description": "Devagar: nada é enviado a este endereço antes de Retry-After (503, também)."},
            "default": {
                "description": "Qualquer outra resposta, redirecionamento ou silêncio: tentado de novo por um dia."
            },
        },
    }
    return {"post": operacao}


def _describe_parametros(rota: Rota) -> list[dict[str, Any]]:
    parametros = [
        {"name": nome, "in": "path", "required": True, "schema": _TIPOS.get(rota.parametros.get(nome, str), {})}
        for nome in re.findall(r"{(\w+)}", rota.caminho)
    ]
    if rota.consulta is not None:
        # On their own: a query is a list of parameters, not an object.
        esquema = rota.consulta.model_json_schema(mode="validation")
        definicoes = esquema.get("$defs", {})
        for nome, campo in esquema.get("properties", {}).items():
            obrigatorio = nome in esquema.get("required", [])
            simples = _inline(campo, definicoes)
            parametros.append({"name": nome, "in": "query", "required": obrigatorio, "schema": simples})
    parametros += [
        {"name": nome, "in": "header", "required": False, "description": texto, "schema": {"type": "string"}}
        for nome, texto in rota.cabecalhos.items()
    ]
    return parametros


def _inline(campo: Any, definicoes: Mapping[str, Any]) -> Any:
    """References resolved, and the null that stands for "absent" left out: a query has no null."""
    match campo:
        case {"$ref": str(ref)}:
            return _inline(definicoes[ref.rpartition("/")[2]], definicoes)
        case {"anyOf": list(opcoes), **resto}:
            uteis = [_inline(opcao, definicoes) for opcao in opcoes if opcao != {"type": "null"}]
            limpo = {chave: valor for chave, valor in resto.items() if not (chave == "default" and valor is None)}
            return {**limpo, **uteis[0]} if len(uteis) == 1 else {**limpo, "anyOf": uteis}
        case _:
            return campo


def _describe_respostas(rota: Rota, modelos: Referencias) -> dict[str, Any]:
    respostas: dict[str, Any] = {str(rota.status): _describe_sucesso(rota, modelos)}
    codigos = {503} if rota.escopo is None else {401, 403, 429, 503}
    codigos |= {404} if rota.parametros or _names_ponto_venda(rota) else set()
    codigos |= {422} if rota.consulta or rota.corpo or rota.formulario else set()
    codigos |= {400, 408, 413, 415} if rota.corpo or rota.formulario else set()
    textos = {codigo: _ERROS[codigo] for codigo in codigos} | dict(rota.respostas)
    for codigo, texto in sorted(textos.items()):
        if codigo == 202 != rota.status:
            respostas["202"] = {**_describe_envelope(_EM_ANDAMENTO), "description": texto}
        elif codigo < 400:
            respostas[str(codigo)] = {**_describe_sucesso(rota, modelos), "description": texto}
        else:
            conteudo = {"application/json": {"schema": {"$ref": "#/components/schemas/Erro"}}}
            respostas[str(codigo)] = {"description": texto, "content": conteudo}
    return respostas


def _names_ponto_venda(rota: Rota) -> bool:
    campos = [*(modelo.model_fields for modelo in (rota.consulta, rota.corpo) if modelo is not None)]
    campos += [(rota.formulario or {}).get("properties", {})]
    return any({"ponto_venda", "pontos_venda"} & set(nomes) for nomes in campos)


def _describe_sucesso(rota: Rota, modelos: Referencias) -> dict[str, Any]:
    if rota.conteudo != "application/json":
        tipos = [tipo.strip() for tipo in rota.conteudo.split(",") if tipo.strip()]
        vazio: dict[str, Any] = {"description": rota.resumo}
        return vazio | ({"content": {tipo: {} for tipo in tipos}} if tipos else {})
    if rota.cru:
        return {"description": rota.resumo, "content": {"application/json": {"schema": {"type": "object"}}}}
    dados = modelos[rota.dados, "serialization"] if isinstance(rota.dados, type) else rota.dados or {}
    descrito = _describe_envelope(dados)
    if rota.exemplo is not None:
        exemplo = {"success": True, "message": "Pronto.", "data": rota.exemplo}
        descrito["content"]["application/json"]["example"] = exemplo
    return {"description": rota.resumo, **descrito}


def _describe_envelope(dados: Mapping[str, Any]) -> dict[str, Any]:
    envelope = {
        "type": "object",
        "required": ["success", "message", "data"],
        "properties": {"success": {"const": True}, "message": {"type": "string"}, "data": dados},
    }
    return {"content": {"application/json": {"schema": envelope}}}
