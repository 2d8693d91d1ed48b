"""A page as both drivers see it: its controls, labels, messages and tables, read from the HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.scraper.portal.profile import Alvo, Textos
from shared.contrato import fold

_PRESSED = "a, input, button"
_BUTTON_TYPES = frozenset({"submit", "button", "image", "reset"})
# Written, but not shown: validators wait on the page so.
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHARSET = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)
_LIXO_MAX = 1024  # bytes that may stand before %PDF, or before a page says its charset
# As browsers read them.
_CHARSETS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252"}
_MESSAGE_TAGS = frozenset({"span", "div", "label", "p", "td", "font", "b", "strong"})


@dataclass(frozen=True)
class Controle:
    """One control of a page. posicao: among the elements of its tag, in document order; for one without id and name."""

    tag: str
    id: str
    name: str
    tipo: str
    texto: str
    valor: str
    destino: str
    posicao: int
    ligado: bool

    @property
    def posts(self) -> bool:
        """Whether pressing it posts the form: a plain link does not."""
        return self.tag != "a" or self.destino.lower().startswith("javascript:")


@dataclass(frozen=True)
class Pagina:
    """What the portal answered. alertas: texts of the dialogs shown since the request before it. desvios: addresses
    that redirected here, the latest first."""

    url: str
    status: int
    html: str
    alertas: tuple[str, ...] = ()
    desvios: tuple[str, ...] = ()
    charset: str = "utf-8"

    @cached_property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.html)

    @cached_property
    def texto(self) -> str:
        """What a person reads: without scripts, styles and what its own style hides."""
        limpa = LexborHTMLParser(self.html)
        limpa.strip_tags(["script", "style", "noscript", "template"], recursive=True)
        # The outermost alone: what stands in it goes with it.
        for no in [no for no in limpa.css("body [style]") if not _shows(no) and _shows(no.parent)]:
            no.decompose()
        return _tidy(limpa.body.text(separator=" ") if limpa.body else limpa.text(separator=" "))

    @cached_property
    def codigo(self) -> str:
        """Its own scripts, and what runs when it has loaded."""
        blocos = [no.text() for no in self.tree.css("script:not([src])")]
        corpo = self.tree.css_first("body[onload], form[onload]")
        return "\n".join([*blocos, *([] if corpo is None else [_attr(corpo, "onload")])])

    def may_say(self, textos: Textos) -> bool:
        """False where not all words of any of these stand in its title or its body, shown or not: no need then to tell
        what is shown."""
        return any(all(palavra in self._palavras for palavra in texto.split()) for texto in textos)

    @cached_property
    def _palavras(self) -> str:
        return fold(f"{self.titulo} {(self.tree.body or self.tree).text(separator=' ')}")

    @cached_property
    def titulo(self) -> str:
        no = self.tree.css_first("title")
        return _tidy(no.text()) if no else ""

    @property
    def is_form(self) -> bool:
        """One of the portal's own pages: they all carry their state."""
        return self.has_any_id(("__VIEWSTATE", "__VSTATE"))

    @property
    def caminho(self) -> str:
        return urlsplit(self.url).path.lower()

    def is_at(self, pagina: str) -> bool:
        """Whether its address ends in this path of the profile, in whatever case."""
        return ends_in(self.url, pagina)

    def came_by(self, pagina: str) -> bool:
        """Whether it was redirected here from this path."""
        return any(ends_in(url, pagina) for url in self.desvios)

    def find(self, alvo: Alvo, *, text_first: bool = False, inteiro: bool = False) -> Controle | None:
        """A control by id, the id's end, or its text; with `text_first` the other way round. inteiro: a text that holds
        more than the control's is another's."""
        ways = (self._node_by_id, partial(self._node_by_text, inteiro=inteiro))
        nos = (way(alvo) for way in (reversed(ways) if text_first else ways))
        no = next((no for no in nos if no is not None), None)
        return None if no is None else self.describe(no)

    def find_id(self, fim: str) -> LexborNode | None:
        """The first element whose id is this, or ends in it after an underscore."""
        return self._find_id(fim, fim)

    def _find_id(self, id_: str, fim: str) -> LexborNode | None:
        """By the whole id, else by its end alone, as a whole id, as a name, and after an underscore."""
        nos = [(no.id or "", no) for no in self.tree.css(f'[id$="{fim}"], [name="{fim}"]')]
        for exato in (id_, fim):
            if achado := next((no for id_no, no in nos if id_no == exato), None):
                return achado
        nomeado = next((no for _, no in nos if _attr(no, "name") == fim), None)
        return nomeado or next((no for id_no, no in nos if id_no.endswith("_" + fim)), None)

    def has_any_id(self, fins: tuple[str, ...]) -> bool:
        return any(self.find_id(fim) is not None for fim in fins)

    def label(self, alvo: Alvo) -> str:
        """The text of a label; empty where it is empty or missing."""
        no = self._node_by_id(alvo)
        return _tidy(no.text(separator=" ")) if no is not None else ""

    def table(self, alvo: Alvo) -> LexborNode | None:
        no = self._node_by_id(alvo)
        if no is None or no.tag == "table":
            return no
        return no.css_first("table")

    def messages(self, rotulos: tuple[str, ...]) -> list[str]:
        """What message labels, anything of class `errmsg` or with `erro` in its id, and alerts say."""
        nos = [no for fim in rotulos for no in self.tree.css(f'[id$="{fim}"]') if f"_{id_of(no)}".endswith("_" + fim)]
        nos += self.tree.css('.errmsg, [id*="erro"], [id*="Erro"]')
        nos = [no for no in nos if no.tag in _MESSAGE_TAGS and _shows(no)]
        textos = [text_of(no) for no in nos] + [_tidy(alerta) for alerta in self.alertas]
        return list(dict.fromkeys(texto for texto in textos if texto))

    def describe(self, no: LexborNode) -> Controle:
        tag, posicao = no.tag or "", 0
        if not id_of(no):
            posicao = next((i for i, outro in enumerate(self.tree.css(tag)) if outro.mem_id == no.mem_id), 0)
        return Controle(
            tag=tag,
            id=_attr(no, "id"),
            name=_attr(no, "name"),
            tipo=_attr(no, "type").lower(),
            texto=_says(no),
            valor=_attr(no, "value"),
            destino=_attr(no, "href") or _attr(no, "src"),
            posicao=posicao,
            ligado="checked" in no.attributes,
        )

    def find_radio(self, alvo: Alvo, valor: str) -> Controle | None:
        """The button of a group that stands for this value."""
        for no in self.tree.css(f'input[type="radio"][value="{valor}"]'):
            if _attr(no, "name").replace("$", "_").endswith(alvo.sufixo):
                return self.describe(no)
        return None

    def options(self, alvo: Alvo) -> list[tuple[str, str, bool]]:
        """(value, text, selected) of a select's options; without a mark the first one is selected, as in a browser."""
        no = self._node_by_id(alvo)
        nos = no.css("option") if no is not None else []
        marcada = next((i for i, o in enumerate(nos) if "selected" in o.attributes), 0)
        return [(_attr(o, "value") or _tidy(o.text()), _tidy(o.text()), i == marcada) for i, o in enumerate(nos)]

    def _node_by_id(self, alvo: Alvo) -> LexborNode | None:
        return self._find_id(alvo.id, alvo.sufixo)

    def _node_by_text(self, alvo: Alvo, *, inteiro: bool = False) -> LexborNode | None:
        """Said in full rather than in part, by something that can be pressed."""
        if not alvo.textos:
            return None
        dizem = [(no, fold(_says(no))) for no in self.tree.css(_PRESSED) if _can_be_pressed(no)]
        iguais = (no for no, dito in dizem if dito in alvo.textos)
        em_parte = (no for no, dito in dizem if not inteiro and any(texto in dito for texto in alvo.textos))
        return next(iguais, None) or next(em_parte, None)


def ends_in(url: str, pagina: str) -> bool:
    return urlsplit(url).path.lower().endswith("/" + pagina.lower())


def is_pdf(corpo: bytes) -> bool:
    return b"%PDF" in corpo[:_LIXO_MAX]


def decode_html(corpo: bytes, tipo: str) -> tuple[str, str]:
    """(text, charset) of an answer: its content type names the charset, else the page itself, else it shows."""
    achado = _CHARSET.search(tipo) or _CHARSET.search(corpo[:_LIXO_MAX].decode("ascii", "replace"))
    dito = achado[1].lower() if achado else "utf-8"
    for charset in (_CHARSETS.get(dito, dito), "utf-8"):
        try:
            return corpo.decode(charset), charset
        except (UnicodeDecodeError, LookupError):
            continue
    return corpo.decode("cp1252", "replace"), "cp1252"


def rows(tabela: LexborNode) -> Iterator[tuple[LexborNode, list[LexborNode]]]:
    """(row, its cells) of a table, not those of tables within it."""
    for linha in tabela.css("tr"):
        pai = linha.parent
        while pai is not None and pai.tag != "table":
            pai = pai.parent
        if pai is None or pai.mem_id == tabela.mem_id:
            yield linha, [no for no in linha.iter() if no.tag in ("td", "th")]


def text_of(no: LexborNode) -> str:
    return _tidy(no.text(separator=" "))


def id_of(no: LexborNode) -> str:
    return _attr(no, "id") or _attr(no, "name").replace("$", "_")


def _attr(no: LexborNode, nome: str) -> str:
    return no.attributes.get(nome) or ""


def _shows(no: LexborNode | None) -> bool:
    """Neither it nor what it stands in is hidden by its own style."""
    onde = no
    while onde is not None:
        if _HIDDEN.search(_attr(onde, "style")):
            return False
        onde = onde.parent
    return True


def _can_be_pressed(no: LexborNode) -> bool:
    return no.tag != "input" or _attr(no, "type").lower() in _BUTTON_TYPES


def _says(no: LexborNode) -> str:
    dito = text_of(no)
    if no.tag == "input":
        dito = _attr(no, "value")
    imagem = no.css_first("img") if no.tag == "a" and not dito else None
    return dito or _attr(no, "title") or _attr(no, "alt") or (_attr(imagem, "alt") if imagem is not None else "")


def _tidy(texto: str) -> str:
    return " ".join(texto.split())
