"""Requests made from the OpenAPI document: right ones, ones with one thing wrong, and ones with nothing right."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.gateway.operacoes import Operacao, resolve

Valores: TypeAlias = SearchStrategy[Any]
FRONTEIRA = "fronteira"


@dataclass(frozen=True)
class Pedido:
    """One request as it is sent. caminho: already escaped; corpo: its bytes as Latin-1."""

    operacao: str
    metodo: str
    caminho: str
    corpo: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def write(self) -> str:
        """As a file of the corpus holds it."""
        return json.dumps(asdict(self), ensure_ascii=True, indent=1)


def read_pedido(texto: str) -> Pedido:
    return Pedido(**json.loads(texto))


# Texts that have hurt somebody: ends of lines, no characters, numbers too large, what other languages run.
TEXTOS_MAUS = [
    "", " ", "\x00", "a\x00b", "\r\n", "\ud800", "\U0001f4a9", "\u202e", "e\u0301", "ﬁ", "İ", "%", "%00", "\\", '"',
    "' OR 1=1 --", "../..", "NaN", "-0", "1e400", "0x10", "١٢٣", "²", "9" * 40, "x" * 5000, "null", "true", "*", "{}",
]  # fmt: skip
TORTOS: list[Any] = [
    None, True, 0, -1, 1.5, -0.0, 1e308, 2**31, 2**63, 10**40, [], {}, [None], [[]], {"a": {"b": [0]}}, *TEXTOS_MAUS,
]  # fmt: skip
TEXTO = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(TEXTOS_MAUS)
TORTO: Valores = st.sampled_from(TORTOS) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTO,
    lambda filhos: st.lists(filhos, max_size=3) | st.dictionaries(TEXTO, filhos, max_size=3),
    max_leaves=5,
)


def valores(esquema: Any, nome: str, conhecidos: Mapping[str, list[Any]]) -> Valores:
    """What the schema allows; often one of those known to be there."""
    certos = _by_schema(resolve(esquema), nome, conhecidos)
    return st.sampled_from(conhecidos[nome]) | certos if nome in conhecidos else certos


def _by_schema(esquema: Any, nome: str, conhecidos: Mapping[str, list[Any]]) -> Valores:
    match esquema:
        case {"anyOf": list(opcoes)}:
            return st.one_of([valores(opcao, nome, conhecidos) for opcao in opcoes])
        case {"enum": list(opcoes)}:
            return st.sampled_from(opcoes)
        case {"type": "integer"}:
            return st.integers(esquema.get("minimum", -(2**70)), esquema.get("maximum", 2**70))
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "null"}:
            return st.none()
        case {"type": "array"}:
            itens = valores(esquema.get("items", {}), nome, conhecidos)
            return st.lists(itens, min_size=esquema.get("minItems", 0), max_size=3)
        case {"type": "string", "format": "date-time"}:
            return st.datetimes(timezones=st.timezones() | st.none()).map(lambda quando: quando.isoformat())
        case {"type": "string", "format": "uuid"}:
            return st.uuids().map(str)
        case {"type": "string"}:
            minimo, maximo = esquema.get("minLength", 0), esquema.get("maxLength", math.inf)
            return TEXTO.filter(lambda texto: minimo <= len(texto) <= maximo)
        case _:
            return TORTO


def _objetos(campos: Mapping[str, Any], obrigatorios: tuple[str, ...], conhecidos: Mapping[str, list[Any]]) -> Valores:
    """Right ones, ones with one field wrong, missing or too many, and what is no object at all."""
    todos = {nome: valores(esquema, nome, conhecidos) for nome, esquema in campos.items()}
    certos = st.fixed_dictionaries(
        {nome: todos[nome] for nome in obrigatorios},
        optional={nome: todos[nome] for nome in todos if nome not in obrigatorios},
    )
    nomes = st.sampled_from([*campos, "a_mais"])
    errados = st.builds(lambda certo, nome, torto: {**certo, nome: torto}, certos, nomes, TORTO)
    faltos = st.builds(lambda certo, nome: {n: v for n, v in certo.items() if n != nome}, certos, nomes)
    return st.one_of(certos, certos, errados, faltos, TORTO)


def _encode_formulario(campos: Mapping[str, Any]) -> str:
    partes = [
        f'--{FRONTEIRA}\r\nContent-Disposition: form-data; name="{_escape(nome)}"'
        + (f'; filename="{_escape(nome)}"' if nome == "arquivo" else "")
        + f"\r\n\r\n{valor}\r\n"
        for nome, valor in campos.items()
    ]
    texto = "".join([*partes, f"--{FRONTEIRA}--\r\n"])
    return texto.encode("utf-8", "surrogatepass").decode("latin-1")


def _corpos(
    operacao: Operacao, conhecidos: Mapping[str, list[Any]]
) -> SearchStrategy[tuple[str | None, dict[str, str]]]:
    """A body, and the headers that tell of it."""
    if operacao.formulario is not None:
        tipo = {"Content-Type": f"multipart/form-data; boundary={FRONTEIRA}"}
        formularios = _objetos(operacao.formulario, operacao.obrigatorios, conhecidos)
        certos = formularios.filter(lambda v: isinstance(v, dict)).map(_encode_formulario)
        return st.tuples(certos | st.binary(max_size=60).map(lambda b: b.decode("latin-1")), st.just(tipo))
    if operacao.corpo is None:
        return st.tuples(st.none() | st.just("{"), st.just({}))
    tipos = st.sampled_from(["application/json"] * 8 + ["text/plain", "application/json; charset=latin-1", "", "\xff"])
    textos = _objetos(operacao.corpo, operacao.obrigatorios, conhecidos).map(json.dumps)
    brutos = st.binary(max_size=30).map(lambda b: b.decode("latin-1"))
    return st.tuples(st.one_of(*[textos] * 6, brutos), tipos.map(lambda tipo: {"Content-Type": tipo}))


def _consultas(operacao: Operacao, conhecidos: Mapping[str, list[Any]]) -> SearchStrategy[str]:
    todos = {
        nome: st.one_of(*[valores(esquema, nome, conhecidos)] * 4, TORTO) for nome, esquema in operacao.consulta.items()
    }
    pares = st.fixed_dictionaries({}, optional=todos).map(lambda dados: list(dados.items()))
    um: Valores = st.tuples(st.sampled_from([*todos, "a_mais", ""]), TEXTO).map(lambda par: [par])
    a_mais: Valores = st.one_of(*[st.just([])] * 4, um)
    return st.builds(
        lambda certos, outros: "&".join(f"{_escape(n)}={_escape(v)}" for n, v in (*certos, *outros)), pares, a_mais
    )


def _escape(valor: Any) -> str:
    """For an address or a header; half a character stands there as its bytes."""
    return quote(str(valor).encode("utf-8", "surrogatepass"), safe="")


CABECALHOS = {
    "Prefer": ["wait=0", "wait=-1", "wait=a", "respond-async", "handling=lenient, wait=0", ",,,", "\xff"],
    "Idempotency-Key": ["a", "b", "x" * 300, "\xe7", " "],
}


def pedidos(operacao: Operacao, conhecidos: Mapping[str, list[Any]]) -> SearchStrategy[Pedido]:
    """conhecidos: by field, or by where an id stands in an address (`clientes/{item}`), values that are there."""
    lugares = {
        lugar: st.one_of(*[st.sampled_from(conhecidos[lugar])] * 6, st.integers(0, 2**33), TEXTO)
        for lugar in operacao.lugares
    }
    enderecos = st.fixed_dictionaries(lugares).map(
        lambda ids: operacao.fill({lugar: _escape(id) for lugar, id in ids.items()})
    )
    extras = st.fixed_dictionaries(
        {}, optional={nome: st.sampled_from(CABECALHOS[nome]) for nome in operacao.cabecalhos}
    )

    def build(endereco: str, consulta: str, corpo: tuple[str | None, dict[str, str]], extra: dict[str, str]) -> Pedido:
        caminho = f"{endereco}?{consulta}" if consulta else endereco
        return Pedido(operacao.id, operacao.metodo, caminho, corpo[0], corpo[1] | extra)

    return st.builds(build, enderecos, _consultas(operacao, conhecidos), _corpos(operacao, conhecidos), extras)
