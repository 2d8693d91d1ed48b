"""Bodies and queries checked against their models, every refusal told in pt-BR with the path of its field."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from services.gateway.errors import ApiError, Detalhe, invalid_field, invalid_fields, not_json


class Corpo(BaseModel):
    """A JSON body: unknown fields and wrong JSON types are refused. Validators raise ValueError in pt-BR."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Consulta(BaseModel):
    """A query string: its values are texts, turned into the fields' types; blank ones count as absent, but for
    a switch, which would then be off."""

    model_config = ConfigDict(frozen=True, extra="forbid")


M = TypeVar("M", bound=BaseModel)

# pydantic's error types → pt-BR. Those that are not here become "valor inválido".
_TEXTOS: dict[str, str] = {
    "missing": "campo obrigatório",
    "extra_forbidden": "campo desconhecido",
    "string_type": "deve ser um texto",
    "int_type": "deve ser um número inteiro",
    "int_parsing": "deve ser um número inteiro",
    "int_from_float": "deve ser um número inteiro",
    "int_parsing_size": "número grande demais",
    "float_type": "deve ser um número",
    "float_parsing": "deve ser um número",
    "finite_number": "deve ser um número",
    "decimal_type": "deve ser um número",
    "decimal_parsing": "deve ser um número",
    "decimal_max_digits": "número grande demais",
    "decimal_whole_digits": "número grande demais",
    "decimal_max_places": "no máximo {decimal_places} casas decimais",
    "bool_type": "deve ser true ou false",
    "bool_parsing": "deve ser true ou false",
    "list_type": "deve ser uma lista",
    "tuple_type": "deve ser uma lista",
    "dict_type": "deve ser um objeto",
    "model_type": "deve ser um objeto",
    "model_attributes_type": "deve ser um objeto",
    "none_required": "deve ser null",
    "uuid_type": "deve ser um identificador (uuid)",
    "uuid_parsing": "deve ser um identificador (uuid)",
    "date_type": "deve ser uma data, como 2026-11-30",
    "date_parsing": "deve ser uma data, como 2026-11-30",
    "date_from_datetime_parsing": "deve ser uma data, como 2026-11-30",
    "datetime_type": "deve ser data e hora com fuso, como 2026-11-30T12:00:00-03:00",
    "datetime_parsing": "deve ser data e hora com fuso, como 2026-11-30T12:00:00-03:00",
    "datetime_from_date_parsing": "deve ser data e hora com fuso, como 2026-11-30T12:00:00-03:00",
    "timezone_aware": "deve ser data e hora com fuso, como 2026-11-30T12:00:00-03:00",
    "string_too_short": "texto curto demais: no mínimo {min_length} caractere(s)",
    "string_too_long": "texto longo demais: no máximo {max_length} caractere(s)",
    "string_pattern_mismatch": "formato inválido",
    "too_short": "lista curta demais: no mínimo {min_length}",
    "too_long": "lista longa demais: no máximo {max_length}",
    "greater_than": "deve ser maior que {gt}",
    "greater_than_equal": "deve ser no mínimo {ge}",
    "less_than": "deve ser menor que {lt}",
    "less_than_equal": "deve ser no máximo {le}",
    "json_invalid": "não é JSON válido",
}
_INVALIDO = "valor inválido"
_NIVEIS_MAXIMO = 32


def parse_corpo(modelo: type[M], dados: bytes) -> M:
    """Raises ApiError: 400 where the bytes are no JSON, 422 where the model refuses them."""
    try:
        valor = orjson.loads(dados)
    except orjson.JSONDecodeError as erro:
        raise not_json() from erro
    if not isinstance(valor, dict):
        raise invalid_field("corpo", "deve ser um objeto JSON")
    _refuse_nul(valor)
    # From the bytes: only in JSON mode do strict models take a text for a uuid and an array for a tuple.
    return _validate(lambda: modelo.model_validate_json(dados))


def parse_consulta(modelo: type[M], pares: list[tuple[str, str]]) -> M:
    valores: dict[str, str] = {}
    for nome, valor in pares:
        if nome in valores:
            raise invalid_field(nome, "parâmetro repetido")
        if "\x00" in nome + valor:
            raise invalid_field(nome.replace("\x00", ""), "caractere inválido")
        if valor.strip():
            valores[nome] = valor.strip()
        elif nome not in modelo.model_fields:
            raise invalid_field(nome, "parâmetro desconhecido")
        elif _is_bool(modelo.model_fields[nome].annotation):
            raise invalid_field(nome, _TEXTOS["bool_parsing"])
    return _validate(lambda: modelo.model_validate(valores))


def _is_bool(tipo: Any) -> bool:
    return bool in (tipo, *get_args(tipo))


def _validate(validate: Callable[[], M]) -> M:
    try:
        return validate()
    except ValidationError as erro:
        raise explain_validation(erro) from erro


def explain_validation(erro: ValidationError) -> ApiError:
    """422 with each refused field once, in pt-BR; the refused values are not repeated."""
    itens = erro.errors(include_url=False, include_input=False)
    detalhes: dict[str, Detalhe] = {}
    for item in itens:
        campo, texto = _campo(item["loc"]), _texto(item)
        anterior = detalhes.get(campo)
        # A union tells one error per alternative: they are one refusal of one field.
        if anterior is None:
            detalhes[campo] = Detalhe(campo, texto)
        elif texto not in anterior.erro:
            detalhes[campo] = Detalhe(campo, f"{anterior.erro} ou {texto}")
    # A list counts only its good items: that it is too short then says nothing.
    curtas = {_campo(item["loc"]) for item in itens if item["type"] == "too_short"}
    for campo in curtas:
        if any(outro.startswith(f"{campo}[") for outro in detalhes):
            del detalhes[campo]
    return invalid_fields(*detalhes.values())


# Parts of a path that name a union's alternative, not a field.
_ALTERNATIVA = re.compile(
    r"int|str|bool|float|uuid|dia_do_mes|dia_util|semanal|cron|(function|constrained|lax-or-strict|list|tuple|nullable|literal)[-\\[].*"
)


def _campo(loc: tuple[int | str, ...]) -> str:
    campo = ""
    for parte in loc:
        if isinstance(parte, int):
            campo += f"[{parte}]"
        elif not (campo and _ALTERNATIVA.fullmatch(parte)):
            campo += f".{parte}" if campo else parte
    return campo or "corpo"


def _texto(item: ErrorDetails) -> str:
    contexto = item.get("ctx", {})
    match item["type"]:
        case "value_error":
            return str(contexto["error"])
        case "literal_error" | "enum":
            return f"deve ser um destes: {str(contexto['expected']).replace(' or ', ', ').replace(chr(39), '')}"
        case "too_short" | "too_long" as tipo if contexto.get("field_type") == "Value":
            # The length of a text that was tidied before it was measured.
            return _TEXTOS[f"string_{tipo}"].format(**contexto)
        case "union_tag_invalid":
            return f"{contexto['discriminator']} deve ser um destes: {contexto['expected_tags']}".replace(chr(39), "")
        case "union_tag_not_found":
            return f"falta {contexto['discriminator']}".replace(chr(39), "")
        case tipo:
            return _TEXTOS.get(tipo, _INVALIDO).format(**contexto)


def _refuse_nul(valor: Any, campo: str = "", nivel: int = 0) -> None:
    """PostgreSQL stores no U+0000, in no text. Nor does any body nest deeply: those that do only look for trouble."""
    if nivel > _NIVEIS_MAXIMO:
        raise invalid_field("corpo", "JSON aninhado demais")
    match valor:
        case str() if "\x00" in valor:
            raise invalid_field(campo, "caractere inválido")
        case dict():
            for nome, parte in valor.items():
                if "\x00" in nome:
                    raise invalid_field(campo or "corpo", "nome de campo inválido")
                _refuse_nul(parte, f"{campo}.{nome}" if campo else nome, nivel + 1)
        case list():
            for indice, parte in enumerate(valor):
                _refuse_nul(parte, f"{campo}[{indice}]", nivel + 1)
