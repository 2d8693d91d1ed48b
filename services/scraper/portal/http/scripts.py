"""What a page's own JavaScript does, as far as it is one of the few things that the portal's pages do.

Nothing is run: the code that would run when the page loads is searched for posts, windows and alerts. Only what is
plain to read counts; whoever asks treats the rest as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from services.scraper.portal.pages import Pagina

_TEXTO = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
_LITERAL = re.compile(_TEXTO)
# Literals joined by `+` are one.
_LITERAIS = re.compile(rf"(?:{_TEXTO})(?:\s*\+\s*(?:{_TEXTO}))*")
_SIMPLES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_FUGA = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_COMENTARIO = re.compile(rf"({_TEXTO})|/\*.*?\*/|(?<![:\w])//[^\n]*|<!--|-->", re.DOTALL)
_FUNCAO = re.compile(
    r"\bfunction\s+([\w$]+)\s*\([^)]*\)\s*\{|\b(?:var\s+|let\s+|const\s+|window\.)?([\w$]+)\s*=\s*function\s*\([^)]*\)\s*\{"
)
_SE = re.compile(r"\b(?:if\s*\(|else\b|catch\b)")
_BLOCO = re.compile(r"\s*(?:\([^)]*\)\s*)?\{")
_INSTRUCAO = re.compile(rf"(?:{_TEXTO}|[^;\n])*")
_POSTBACK = re.compile(rf"__doPostBack\s*\(\s*({_TEXTO})\s*,\s*({_TEXTO})\s*\)")
_OPCOES = re.compile(
    rf"WebForm_PostBackOptions\s*\(\s*({_TEXTO})\s*,\s*({_TEXTO})\s*,\s*(?:true|false)\s*,\s*(?:{_TEXTO})\s*,"
    rf"\s*(?:{_TEXTO})\s*,\s*(?:true|false)\s*,\s*(true|false)\s*\)"
)
_DIALOGO = re.compile(rf"\b(?:alert|confirm)\s*\(\s*((?:{_TEXTO})(?:\s*\+\s*(?:{_TEXTO}))*)\s*\)")
_ADIADO = re.compile(rf"\bsetTimeout\s*\(\s*({_TEXTO})\s*,")
_LUGAR = re.compile(
    rf"\blocation(?:\.href)?\s*=(?!=)\s*({_LITERAIS.pattern})|\blocation\.(?:replace|assign)\(\s*({_LITERAIS.pattern})"
)
_RECARREGA = re.compile(
    r"\blocation\.reload\s*\(|\blocation(?:\.href)?\s*=\s*(?:window\.|document\.)?location(?:\.href)?\s*[;)}\n]"
)
_RECARREGA_EM = re.compile(r"\bsetTimeout\s*\(.*?location.*?,\s*(\d+)\s*\)", re.DOTALL)
_ENVIA = re.compile(r"\.submit\s*\(\s*\)")
# A button looked up by what is said of it, or as a part of its form; or one that a variable holds.
_PROCURA = rf"[(\[]\s*({_TEXTO})\s*[)\]]"
_CLICA = re.compile(rf"{_PROCURA}\s*\.click\s*\(|(\.?)\b([\w$]+)\s*\.click\s*\(")
_ESCREVE = re.compile(r"\.(?:value|action|checked|selectedIndex)\s*=(?!=)")
_ATUALIZA = re.compile(r"\s*([\d.]*)\s*;?\s*(?:url\s*=\s*['\"]?([^'\"]*))?", re.IGNORECASE)


@dataclass(frozen=True)
class Postback:
    alvo: str
    argumento: str


def read_codigo(pagina: Pagina) -> str:
    """The code that runs by itself when the page loads: named functions only where something calls them."""
    return _read_solto(pagina.codigo)


@lru_cache(maxsize=64)
def _read_solto(codigo: str) -> str:
    """Pages of one kind bring the same code each time."""
    solto, funcoes = _split_funcoes(_strip_comentarios(codigo))
    chamadas: set[str] = set()
    while nova := next(
        (n for n in funcoes if n not in chamadas and re.search(rf"(?<![\w$.]){re.escape(n)}\b", solto)), None
    ):
        chamadas.add(nova)
        solto += "\n" + funcoes[nova]
    adiados = "\n".join(unquote(achado[1]) for achado in _ADIADO.finditer(solto))
    return f"{solto}\n{adiados}"


@lru_cache(maxsize=64)
def list_dialogos(codigo: str) -> tuple[str, ...]:
    """Texts of the alerts and confirms in the code."""
    return tuple(unquote(achado[1]) for achado in _DIALOGO.finditer(codigo))


@lru_cache(maxsize=64)
def strip_condicoes(codigo: str) -> str:
    """The code without what runs only under a condition."""
    saida, onde = "", 0
    while achado := _SE.search(codigo, onde):
        saida += codigo[onde : achado.start()]
        inicio = achado.end()
        if achado[0].endswith("("):
            inicio = _find_fim(codigo, inicio, "(", ")") + 1
        resto = _BLOCO.match(codigo, inicio)
        onde = _find_fim(codigo, resto.end()) + 1 if resto else _INSTRUCAO.match(codigo, inicio).end()  # type: ignore[union-attr]
    return saida + codigo[onde:]


def list_textos(codigo: str) -> Iterator[str]:
    """Every string in the code, joined ones as one."""
    return (unquote(achado[0]) for achado in _LITERAIS.finditer(codigo))


def list_enderecos(codigo: str) -> Iterator[str]:
    """Strings that may be an address: of one that is code itself, those within it."""
    for texto in list_textos(codigo):
        yield from list_enderecos(texto) if _LITERAL.search(texto) else (texto,)


def find_postback(codigo: str) -> Postback | None:
    """The post that the code makes; of several the last, which is the one that reaches the server."""
    if achado := _OPCOES.search(codigo):
        return Postback(unquote(achado[1]), unquote(achado[2])) if achado[3] == "true" else None
    # In an attribute it may stand within a string: setTimeout('__doPostBack(\'a\',\'\')', 0).
    for texto in (codigo, *list_textos(codigo)):
        if achados := list(_POSTBACK.finditer(texto)):
            return Postback(unquote(achados[-1][1]), unquote(achados[-1][2]))
    return None


def find_clique(codigo: str) -> str | None:
    """The id or the name of the control that the code presses."""
    achado = _CLICA.search(codigo)
    if achado is None or achado[2]:
        return achado[3] if achado else None
    if not achado[1]:
        achado = re.search(rf"(?<![\w$.]){re.escape(achado[3])}\s*=[^=;]*?{_PROCURA}", codigo)
    return unquote(achado[1]).removeprefix("#") if achado else None


def find_lugar(codigo: str) -> str | None:
    """The address that the code goes to; empty: the same one again."""
    if achado := _LUGAR.search(codigo):
        return unquote(achado[1] or achado[2])
    return "" if _RECARREGA.search(codigo) else None


def find_atualizacao(pagina: Pagina) -> str | None:
    """Where `<meta http-equiv=refresh>` leads; empty: the same address again."""
    for no in pagina.tree.css("meta[http-equiv]"):
        if (no.attributes.get("http-equiv") or "").lower() == "refresh":
            achado = _ATUALIZA.match(no.attributes.get("content") or "")
            return (achado[2] or "").strip() if achado else ""
    return None


def find_espera_s(pagina: Pagina, codigo: str) -> float:
    """How long the page lets pass before it asks for itself again."""
    if achado := _RECARREGA_EM.search(codigo):
        return int(achado[1]) / 1000
    achados = (
        _ATUALIZA.match(no.attributes.get("content") or "") for no in pagina.tree.css('[http-equiv="refresh" i]')
    )
    return next((float(achado[1]) for achado in achados if achado and achado[1].replace(".", "", 1).isdecimal()), 0.0)


def sends_form(codigo: str) -> bool:
    return _ENVIA.search(codigo) is not None


def is_understood(codigo: str) -> bool:
    """Whether a control's handler does nothing but ask, check and post: what it writes into fields is not known."""
    return _ESCREVE.search(re.sub(_TEXTO, "''", codigo)) is None


def unquote(literal: str) -> str:
    """The text of one literal, or of several joined by `+`."""
    partes = _LITERAL.findall(literal)
    return "".join(_FUGA.sub(_unescape, parte[1:-1]) for parte in partes)


def _unescape(fuga: re.Match[str]) -> str:
    if codigo := fuga[1] or fuga[2]:
        return chr(int(codigo, 16))
    return _SIMPLES.get(fuga[3], fuga[3])


def _strip_comentarios(codigo: str) -> str:
    return _COMENTARIO.sub(lambda achado: achado[1] or " ", codigo)


def _split_funcoes(codigo: str) -> tuple[str, dict[str, str]]:
    """(the code outside of named functions, what each of those holds)."""
    funcoes: dict[str, str] = {}
    solto, onde = "", 0
    while achado := _FUNCAO.search(codigo, onde):
        fim = _find_fim(codigo, achado.end())
        nome = achado[1] or achado[2]
        if nome == "onload":  # window.onload = function () {…}: it runs
            solto += codigo[onde : achado.start()] + codigo[achado.end() : fim]
        else:
            solto += codigo[onde : achado.start()]
            funcoes[nome] = codigo[achado.end() : fim]
        onde = fim + 1
    return solto + codigo[onde:], funcoes


def _find_fim(codigo: str, onde: int, abre: str = "{", fecha: str = "}") -> int:
    """Where the bracket that opened before `onde` closes; the end of the code where it does not."""
    nivel = 1
    for achado in _simbolos(abre, fecha).finditer(codigo, onde):
        if achado[0] == abre:
            nivel += 1
        elif achado[0] == fecha:
            nivel -= 1
            if not nivel:
                return achado.start()
    return len(codigo)


@cache
def _simbolos(abre: str, fecha: str) -> re.Pattern[str]:
    return re.compile(rf"{_TEXTO}|{re.escape(abre)}|{re.escape(fecha)}")
