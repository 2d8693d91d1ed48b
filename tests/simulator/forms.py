"""WebForms forms: the state fields a page is signed with, and the check that a post echoes every successful control."""

import base64
import gzip
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from selectolax.lexbor import LexborHTMLParser

FREE = frozenset(
    {
        "__EVENTTARGET", "__EVENTARGUMENT", "__LASTFOCUS", "__SCROLLPOSITIONX", "__SCROLLPOSITIONY",
        "hdnTokenRecaptcha", "ctl00$hdnID_Modulo",
    }
)  # fmt: skip
_TEXT_TYPES = frozenset({"text", "password", "hidden"})
_TARGET = re.compile(r"__doPostBack\(\\?(?:&#39;|&#x27;|')([^'\\&]+)")
_NAME = re.compile(r'name="([^"]+)"')
_BUTTON_TYPES = frozenset({"submit", "image"})


class Adulterado(Exception):
    """A post that does not match the page it claims to come from; `campo` is the first wrong control."""

    def __init__(self, campo: str) -> None:
        super().__init__(campo)
        self.campo = campo


@dataclass(frozen=True)
class Controles:
    """The controls of a rendered form, as a browser sees them."""

    fixed: dict[str, str]
    required: frozenset[str]
    buttons: frozenset[str]

    @classmethod
    def read(cls, html: str) -> "Controles":
        fixed, required, buttons = {}, set(), set()
        for node in LexborHTMLParser(html).css("input[name], select[name]"):
            a = node.attributes
            name, kind = a.get("name") or "", (a.get("type") or "text").lower()
            if not name or "disabled" in a:
                continue
            if node.tag == "select" or kind in _TEXT_TYPES:
                required.add(name)
                if kind == "hidden" and node.tag == "input" and name not in FREE:
                    fixed[name] = a.get("value") or ""
            elif kind in _BUTTON_TYPES:
                buttons.add(name)
            elif kind in ("radio", "checkbox") and "checked" in a:
                required.add(name)
        return cls(fixed, frozenset(required), frozenset(buttons))


@dataclass(frozen=True)
class Postagem:
    """A checked post: what was pressed, and the fields."""

    evento: str
    campos: dict[str, str]

    def text(self, name: str) -> str:
        return self.campos.get(name, "").strip()


def make_estado() -> str:
    """A realistic state blob: gzip + base64, with the + / = that careless encoding loses."""
    noise = secrets.token_bytes(1500)
    return base64.b64encode(gzip.compress(noise, mtime=0)).decode() + "+/="[secrets.randbelow(3)]


def make_chave() -> str:
    """An applicationKey or a signature: base64 that surely has + / and =."""
    return base64.b64encode(b"\xfb\xef\xff" + secrets.token_bytes(38)).decode()


def write_estado(formato: str) -> str:
    """The hidden fields that open every form, newly signed."""
    estado, classic = make_estado(), formato == "viewstate"
    fields = {
        "__EVENTTARGET": "", "__EVENTARGUMENT": "", "__LASTFOCUS": "",
        "__VSTATE": "" if classic else estado, "__VIEWSTATE": estado if classic else "",
        "__VIEWSTATEGENERATOR": secrets.token_hex(4).upper(), "__SCROLLPOSITIONX": "0", "__SCROLLPOSITIONY": "0",
        "__VIEWSTATEENCRYPTED": "", "__EVENTVALIDATION": make_chave(), "__VSIG": make_chave(),
    }  # fmt: skip
    if classic:
        del fields["__VSTATE"]
    lines = (f'<input type="hidden" name="{n}" id="{n}" value="{escape(v)}" />' for n, v in fields.items())
    return "\n".join(lines)


def write_as_fid() -> str:
    """The tag that the web application firewall adds at the end of a form."""
    return f'<input type="hidden" name="as_fid" value="{make_chave()}" />'


@dataclass
class Render:
    """One rendering of a form: what a post of it must carry, and the page's own state behind it."""

    controles: Controles
    alvos: set[str]
    estado: dict[str, Any]
    nomes: dict[str, str]

    @classmethod
    def read(cls, html: str, estado: dict[str, Any], dress: Callable[[str], str]) -> "Render":
        """From the canonical page; `dress` gives the name that a control has on the page as it was sent."""
        controles, alvos = Controles.read(html), set(_TARGET.findall(html))
        names = alvos | controles.required | controles.buttons | controles.fixed.keys() | set(_NAME.findall(html))
        return cls(controles, alvos, estado, {dress(name): name for name in names})

    def undress(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """A post's names as the canonical page has them."""

        def back(name: str) -> str:
            stem = _strip_point(name)
            return self.nomes.get(stem, stem) + name[len(stem) :]

        return [(back(n), self.nomes.get(v, v) if n == "__EVENTTARGET" else v) for n, v in pairs]

    @property
    def chave(self) -> str:
        fixed = self.controles.fixed
        return fixed.get("__VSTATE") or fixed.get("__VIEWSTATE", "")


def parse_campos(body: bytes, charset: str) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, encoding=charset, errors="replace")


def check_postagem(render: Render, pairs: list[tuple[str, str]]) -> Postagem:
    """The post as its page allows it; Adulterado if a control is missing, changed, doubled or never rendered."""
    campos = dict(pairs)
    if len(campos) != len(pairs):
        raise Adulterado("a control was sent twice")
    controles = render.controles
    for name in sorted(controles.required):
        if name not in campos:
            raise Adulterado(name)
    for name, value in controles.fixed.items():
        if campos[name] != value:
            raise Adulterado(name)
    pressed = {_strip_point(name) for name in campos} & controles.buttons
    target = campos.get("__EVENTTARGET", "")
    if len(pressed) + bool(target) > 1:
        raise Adulterado("more than one control was pressed")
    if target and target not in render.alvos:
        raise Adulterado("__EVENTTARGET")
    return Postagem(target or next(iter(pressed), ""), campos)


def _strip_point(name: str) -> str:
    return name[:-2] if name.endswith((".x", ".y")) else name
