"""Pure: is the grupo/cota of a laid-out boleto the one that was asked for?"""

from __future__ import annotations

import re
from itertools import pairwise, product

from services.scraper.labels import find_achados, pair_valores
from services.scraper.portal.errors import DocumentoRecusado
from shared.contrato import Cota, parse_cota

_GRUPO_OU_COTA = re.compile(r"\b(?:Grupo|Cota)\b", re.IGNORECASE)
# `006660-3344-00`, `6660/3344`, `Grupo: 006660 Nº da Cota: 3344 Versão: 00`.
_COTA_JUNTA = re.compile(r"(?<![\d.,/-])0*(\d{1,6})\s?[-/.]\s?0*(\d{1,5})(?:\s?[-/.]\s?\d{1,2})?(?![\d,]|[-/.]\d)")
_COTA_PADRAO = re.compile(r"(?<![\d.,/-])(\d{5,6})\s?[-/. ]\s?(\d{4})\s?[-/. ]\s?\d{2}(?![\d,])")
_COTA_ROTULADA = re.compile(
    r"\bGrupo\b\D{0,6}0*(\d{1,6})\b\D{1,16}\bCota\b(?:\s*[/-]\s*Vers[aã]o)?\W{0,6}0*(\d{1,5})(?!\d)", re.IGNORECASE
)
_ROTULO_JUNTO = re.compile(r"\bGrupo\s*/\s*Cota(?:\s*/\s*Vers[aã]o)?\s*:?\s*", re.IGNORECASE)
# A label that begins a cell: in a sentence the same word names nothing.
_ROTULOS_SOLTOS = {
    nome: re.compile(
        rf"(?:(?<=\s\s)|(?<=\n)|^)(?:N\S{{0,2}} d[oa] )?{nome}\b(?:\s*[/-]\s*Vers[aã]o)?(?!\s*/|\s+contempl)",
        re.IGNORECASE,
    )
    for nome in ("grupo", "cota")
} | {"outro": re.compile(r"\b(?:Ag[eê]ncia|Conta|Contrato|Documento|Nosso\s+N|Parcela)\b", re.IGNORECASE)}
# The values of the other labels have a cota's shape too.
_ROTULOS_JUNTOS = {
    "junta": _ROTULO_JUNTO,
    "outro": re.compile(r"\b(?:Cota\s+(?=\d)|Nosso\s+N|Ag[eê]ncia|Conta|Banco|Parcela|Plano)", re.IGNORECASE),
}
# A number that stands by itself, or with its versão: no part of a date, an amount or a document.
_SOZINHO = re.compile(r"(?<![\d.,/-])0*(\d{1,6})(?:\s?-\s?\d{2})?(?!\d|[-.,/]\d|\s+contempl)", re.IGNORECASE)
_PERTO, _ANTES = 220, 60


def check_cota(texto: str, corrido: str, cota: Cota, *, abaixo: bool) -> None:
    """The wanted one is printed in its shape or at a label, and no label names another one alone.

    corrido: the text without its columns.
    """
    rotuladas = _labelled_cotas(corrido) | _pair_cotas(texto, abaixo=abaixo)
    achadas = rotuladas | {Cota(int(m[1]), int(m[2])) for m in _COTA_PADRAO.finditer(corrido)}
    if cota not in achadas and not _is_cota_near_label(corrido, cota):
        vistas = ", ".join(map(str, sorted(achadas))) or "nenhuma"
        raise DocumentoRecusado("documento.divergente.cota", f"Cota no PDF: {vistas}; pedida: {cota}.")
    if rotuladas and cota not in rotuladas:
        raise DocumentoRecusado("documento.divergente.cota", f"O PDF é da cota {min(rotuladas)}; pedida: {cota}.")


def _pair_cotas(texto: str, *, abaixo: bool) -> set[Cota]:
    """By place: `006650-2278-00` at a label of both, or two numbers of which each stands at a label of its own."""
    pares = [
        *pair_valores(texto, _ROTULOS_JUNTOS, find_achados(texto, _COTA_JUNTA), abaixo=abaixo),
        *pair_valores(texto, _ROTULOS_SOLTOS, find_achados(texto, _SOZINHO), abaixo=abaixo),
    ]
    juntas, grupos, cotas = ([v.texto for rotulo, v in pares if rotulo == nome] for nome in ("junta", "grupo", "cota"))
    soltas = {Cota(*map(_read_numero, par)) for par in product(grupos, cotas)}
    return soltas | {cota for junta in juntas if (cota := parse_cota(junta))}


def _read_numero(sozinho: str) -> int:
    """Without the versão."""
    return int(sozinho.partition("-")[0])


def _labelled_cotas(texto: str) -> set[Cota]:
    juntas = (_COTA_JUNTA.match(texto, rotulo.end()) for rotulo in _ROTULO_JUNTO.finditer(texto))
    achados = [*_COTA_ROTULADA.finditer(texto), *(m for m in juntas if m)]
    return {Cota(int(m[1]), int(m[2])) for m in achados}


def _is_cota_near_label(texto: str, cota: Cota) -> bool:
    """Joined, or as two numbers in a row: a layout in columns gives its labels first, and its values after them."""
    for rotulo in _GRUPO_OU_COTA.finditer(texto):
        trecho = texto[max(0, rotulo.start() - _ANTES) : rotulo.end() + _PERTO]
        sozinhos = [int(m[1]) for m in _SOZINHO.finditer(trecho)]
        pares = {(int(m[1]), int(m[2])) for m in _COTA_JUNTA.finditer(trecho)} | set(pairwise(sozinhos))
        if (cota.grupo, cota.cota) in pares:
            return True
    return False
