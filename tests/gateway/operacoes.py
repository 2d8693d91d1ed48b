"""The API as its own document describes it: each operation with what it takes, so that a new one is tested too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.openapi import build_openapi
from services.gateway.routes import RECURSOS

OPENAPI: dict[str, Any] = json.loads(json.dumps(build_openapi(RECURSOS)))
METODOS_SEM_EFEITO = {"GET"}


@dataclass(frozen=True, eq=False)
class Operacao:
    """consulta, corpo, formulario: property → its schema; obrigatorios: of the body or form."""

    metodo: str
    url: str
    id: str
    escopo: str | None
    consulta: Mapping[str, Any]
    cabecalhos: tuple[str, ...]
    corpo: Mapping[str, Any] | None
    formulario: Mapping[str, Any] | None
    obrigatorios: tuple[str, ...]
    respostas: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.metodo} {self.url}"

    @property
    def lugares(self) -> list[str]:
        """Its ids by where they stand: `clientes/{item}`."""
        return re.findall(r"[\w.-]+/{\w+}", self.url)

    @property
    def has_efeito(self) -> bool:
        return self.metodo not in METODOS_SEM_EFEITO

    @property
    def campos(self) -> dict[str, Any]:
        """Of the body or the form."""
        return dict(self.corpo or self.formulario or {})

    def fill(self, ids: Mapping[str, str]) -> str:
        """Its address. ids: by where they stand."""
        return re.sub(r"([\w.-]+)/({\w+})", lambda m: f"{m[1]}/{ids[m[0]]}", self.url)


def resolve(esquema: Any) -> Any:
    """What a reference leads to."""
    while "$ref" in esquema:
        esquema = OPENAPI["components"]["schemas"][esquema["$ref"].rpartition("/")[2]]
    return esquema


def _read_operacao(url: str, metodo: str, descrita: dict[str, Any]) -> Operacao:
    corpos = descrita.get("requestBody", {}).get("content", {})
    corpo, formulario = (
        resolve(corpos[tipo]["schema"]) if tipo in corpos else None
        for tipo in ("application/json", "multipart/form-data")
    )
    por_lugar: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
    for parametro in descrita["parameters"]:
        por_lugar[parametro["in"]][parametro["name"]] = parametro["schema"]
    return Operacao(
        metodo.upper(), url, descrita["operationId"], descrita.get("x-escopo"), por_lugar["query"],
        tuple(por_lugar["header"]), corpo and corpo.get("properties", {}), formulario and formulario["properties"],
        tuple((corpo or formulario or {}).get("required", ())), descrita["responses"],
    )  # fmt: skip


OPERACOES = [
    _read_operacao(url, metodo, descrita)
    for url, operacoes in OPENAPI["paths"].items()
    for metodo, descrita in operacoes.items()
]
