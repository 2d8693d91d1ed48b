"""What a browser would send when a control is pressed: pure, from the page alone.

Every successful control of the form goes along, in document order: the portal signs its pages, and a field that is
missing, changed or out of place gets a 500 or the firewall's block page.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from services.scraper.portal.errors import Falha
from services.scraper.portal.http.scripts import (
    Postback,
    find_atualizacao,
    find_lugar,
    find_postback,
    is_understood,
    list_dialogos,
    read_codigo,
)
from services.scraper.portal.pages import Controle, Pagina

_BOTOES = frozenset({"submit", "button", "image", "reset", "file"})
_MARCAVEIS = frozenset({"radio", "checkbox"})
_ALVO, _ARGUMENTO = "__EVENTTARGET", "__EVENTARGUMENT"
_FIM_DE_LINHA = re.compile(r"\r\n?|\n")
# A page's state is long, and nearly all of it stays as it is.
_COMUNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*._- "
# Where in a tick box the click lands.
_PONTO = (2, 12)


@dataclass(frozen=True)
class Envio:
    """One request. corpo None: a GET. alertas: what the control's own script asked before."""

    url: str
    corpo: bytes | None = None
    alertas: tuple[str, ...] = ()


def press(pagina: Pagina, controle: Controle, campos: Mapping[Controle, str]) -> Envio:
    """Fill the fields and press the control. Raises Falha `portal.mudou.*` where that asks the portal for nothing, or
    for something that is not worked out here."""
    no = _find(pagina, controle)
    escolhas = {_find(pagina, campo).mem_id: valor for campo, valor in campos.items()}
    codigo = _read_gesto(no, escolhas)
    if not is_understood(codigo):
        raise Falha("portal.mudou.fluxo", f"O controle {_name(controle)} faz o que só um navegador faz.")
    alertas = list_dialogos(codigo)
    destino = no.attributes.get("href") or ""
    if postback := find_postback(codigo):
        return _submit(pagina, no, escolhas, alertas, postback)
    if no.tag == "a" and destino and not destino.lower().startswith(("javascript:", "#")):
        return Envio(resolve(pagina, destino), None, alertas)
    if no.tag == "button" or (no.attributes.get("type") or "").lower() in ("submit", "image"):
        return _submit(pagina, no, escolhas, alertas)
    raise Falha("portal.mudou.fluxo", f"Pressionar {_name(controle)} não leva a nada.")


def post_back(pagina: Pagina, postback: Postback) -> Envio:
    """What the page's own script posts."""
    return _submit(pagina, None, {}, (), postback)


def send_form(pagina: Pagina) -> Envio:
    """The page's first form, as `form.submit()` sends it: no button goes along."""
    return _submit(pagina, None, {}, ())


def find_salto(pagina: Pagina) -> str | None:
    """Where a page without the portal's state only sends the browser on to."""
    if pagina.is_form:
        return None
    destino = find_lugar(read_codigo(pagina))
    if destino is None:
        destino = find_atualizacao(pagina)
    url = resolve(pagina, destino) if destino else pagina.url
    return None if url == pagina.url else url


def resolve(pagina: Pagina, endereco: str) -> str:
    """An address of the page, absolute."""
    base = pagina.tree.css_first("base[href]")
    raiz = urljoin(pagina.url, base.attributes.get("href") or "") if base is not None else pagina.url
    return urljoin(raiz, endereco.strip())


def _read_gesto(no: LexborNode, escolhas: Mapping[int, str]) -> str:
    """The JavaScript that pressing runs: a select's change, else the click's, else the link's."""
    if no.tag == "select" and no.mem_id in escolhas:
        return no.attributes.get("onchange") or ""
    destino = no.attributes.get("href") or ""
    link = destino[len("javascript:") :] if destino.lower().startswith("javascript:") else ""
    return f"{no.attributes.get('onclick') or ''}\n{link}"


def _submit(
    pagina: Pagina,
    pressionado: LexborNode | None,
    escolhas: Mapping[int, str],
    alertas: tuple[str, ...],
    postback: Postback | None = None,
) -> Envio:
    formulario = _find_formulario(pagina, None if postback else pressionado)
    botao = None if postback else pressionado
    pares = list(_list_pares(pagina, formulario, botao, escolhas))
    if postback is not None:
        if not any(nome == _ALVO for nome, _ in pares):
            raise Falha("portal.mudou.fluxo", "A página posta por um script e não tem o campo __EVENTTARGET.")
        novos = {_ALVO: postback.alvo, _ARGUMENTO: postback.argumento}
        pares = [(nome, novos.get(nome, valor)) for nome, valor in pares]
    url = resolve(pagina, formulario.attributes.get("action") or pagina.url)
    charset = pagina.charset
    corpo = b"&".join(_encode_nome(nome, charset) + b"=" + _encode(valor, charset) for nome, valor in pares)
    if (formulario.attributes.get("method") or "get").lower() != "post":
        return Envio(f"{url.partition('?')[0]}?{corpo.decode()}", None, alertas)
    if "multipart" in (formulario.attributes.get("enctype") or "").lower():
        raise Falha("portal.mudou.fluxo", "A página posta o formulário de um modo que só um navegador faz.")
    return Envio(url, corpo, alertas)


def _encode(texto: str, charset: str) -> bytes:
    """As a browser does: what the page's charset does not have becomes a character reference."""
    if not texto or (texto.isascii() and texto.isalnum()):
        return texto.encode()
    if "\n" in texto or "\r" in texto:
        texto = _FIM_DE_LINHA.sub("\r\n", texto)
    octetos = texto.encode(charset, "xmlcharrefreplace")
    # Each of the few at once in the whole text: `%` first, for the others become one, and the blank's `+` last.
    especiais = {*octetos.translate(None, _COMUNS)}
    for especial in sorted(especiais, key=b"%"[0].__ne__):
        octetos = octetos.replace(bytes((especial,)), b"%%%02X" % especial)
    return octetos.replace(b" ", b"+")


_encode_nome = lru_cache(maxsize=1024)(_encode)  # the same ones in every post


def _list_pares(
    pagina: Pagina, formulario: LexborNode, botao: LexborNode | None, escolhas: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    """Name and value of every successful control, in document order."""
    onde = pagina.tree.root if len(pagina.tree.css("form")) == 1 else formulario
    assert onde is not None
    # Checking one radio button unchecks the others of its name.
    trocados = {no.attributes.get("name") for no in onde.css('input[type="radio" i]') if no.mem_id in escolhas}
    desligados = _list_desligados(pagina)
    for no in onde.css("input, select, textarea, button"):
        atributos = no.attributes
        nome, tipo = atributos.get("name") or "", (atributos.get("type") or "").lower()
        if botao is not None and no.mem_id == botao.mem_id:
            yield from _list_botao(nome, tipo, no)
        elif not nome or no.mem_id in desligados or no.tag == "button" or (no.tag == "input" and tipo in _BOTOES):
            continue
        elif no.mem_id in escolhas:
            yield nome, (atributos.get("value") or "on") if tipo in _MARCAVEIS else escolhas[no.mem_id]
        elif no.tag == "select":
            yield from ((nome, valor) for valor in _list_opcoes(no))
        elif no.tag == "textarea":
            yield nome, no.text().removeprefix("\n")
        elif tipo in _MARCAVEIS:
            if "checked" in atributos and not (tipo == "radio" and nome in trocados):
                yield nome, atributos.get("value") or "on"
        else:
            yield nome, atributos.get("value") or ""


def _list_botao(nome: str, tipo: str, no: LexborNode) -> Iterator[tuple[str, str]]:
    if tipo == "image":
        prefixo = f"{nome}." if nome else ""
        yield f"{prefixo}x", str(random.randint(*_PONTO))
        yield f"{prefixo}y", str(random.randint(*_PONTO))
    elif nome:
        yield nome, no.attributes.get("value") or ""


def _list_opcoes(no: LexborNode) -> list[str]:
    """The selected options' values; a list that shows one at a time has its first where none is marked."""
    opcoes = no.css("option")
    marcadas = [opcao for opcao in opcoes if "selected" in opcao.attributes]
    if "multiple" not in no.attributes:
        marcadas = marcadas[-1:] or [opcao for opcao in opcoes if "disabled" not in opcao.attributes][:1]
    return [_read_opcao(opcao) for opcao in marcadas if "disabled" not in opcao.attributes]


def _read_opcao(opcao: LexborNode) -> str:
    valor = opcao.attributes.get("value")
    if valor is None and "value" not in opcao.attributes:
        return " ".join(opcao.text().split())
    return valor or ""


def _list_desligados(pagina: Pagina) -> set[int]:
    """The disabled controls, and all in a disabled fieldset."""
    fora: set[int] = set()
    for no in pagina.tree.css("[disabled]"):
        fora.add(no.mem_id)
        if no.tag == "fieldset":
            fora.update(dentro.mem_id for dentro in no.css("input, select, textarea, button"))
    return fora


def _find_formulario(pagina: Pagina, no: LexborNode | None) -> LexborNode:
    """The one the control stands in, else the page's first: WebForms pages have one."""
    onde = no
    while onde is not None and onde.tag != "form":
        onde = onde.parent
    formulario = onde or pagina.tree.css_first("form")
    if formulario is None:
        raise Falha("portal.mudou.fluxo", f"A página {pagina.caminho} não tem formulário.")
    return formulario


def _find(pagina: Pagina, controle: Controle) -> LexborNode:
    """By id, else by name, else by its place among its tag."""
    tree = pagina.tree
    no = tree.css_first(f'[id="{controle.id}"]') if controle.id else None
    if no is None and controle.name:
        no = tree.css_first(f'{controle.tag}[name="{controle.name}"]')
    if no is None:
        no = next(iter(tree.css(controle.tag)[controle.posicao :]), None)
    if no is None:
        raise Falha("portal.mudou.seletor", f"O controle {_name(controle)} sumiu da página.")
    return no


def _name(controle: Controle) -> str:
    return controle.id or controle.name or controle.texto
