"""Where a link of Google Drive leads: pure, and to Google alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, urlsplit

_SERVIDORES = frozenset({"drive.google.com", "docs.google.com"})
_ID = r"[A-Za-z0-9_-]{10,120}"
# As Google writes them also for a second account (/u/1) and within an organisation (/a/exemplo.com.br).
_ANTES = r"(?:/a/[^/]+)?(?:/u/\d+)?"
_CAMINHO = re.compile(rf"{_ANTES}/(?P<tipo>file|spreadsheets)(?:/u/\d+)?/d/(?P<id>{_ID})(?:/.*)?")
_CONSULTA = re.compile(rf"{_ANTES}/(?:open|uc)")
_CHAVE = re.compile(r"[A-Za-z0-9_-]{1,120}")


@dataclass(frozen=True)
class Link:
    """chave: the resource key that older links carry."""

    id: str
    tipo: Literal["arquivo", "planilha"]
    chave: str | None = None


def parse_link(texto: str) -> Link:
    """Raises ValueError in pt-BR."""
    try:
        partes = urlsplit(texto.strip())
        servidor, porta = partes.hostname, partes.port
    except ValueError as erro:
        raise ValueError(_refuse("o link não é um endereço")) from erro
    if partes.scheme != "https" or servidor not in _SERVIDORES or porta not in (None, 443) or "@" in partes.netloc:
        raise ValueError(_refuse("o link não é do Google Drive"))
    consulta = parse_qs(partes.query)
    chave = consulta.get("resourcekey", [""])[0]
    resto = chave if _CHAVE.fullmatch(chave) else None
    if achado := _CAMINHO.fullmatch(partes.path):
        return Link(achado["id"], "planilha" if achado["tipo"] == "spreadsheets" else "arquivo", resto)
    ids = consulta.get("id", [])
    if _CONSULTA.fullmatch(partes.path) and len(ids) == 1 and re.fullmatch(_ID, ids[0]):
        return Link(ids[0], "arquivo", resto)
    if "/folders/" in partes.path:
        raise ValueError(_refuse("o link é de uma pasta"))
    raise ValueError(_refuse("o link não leva a um arquivo"))


def _refuse(motivo: str) -> str:
    return f"{motivo}: abra a planilha no Google Drive, use Compartilhar, Copiar link, e cole-o aqui"
