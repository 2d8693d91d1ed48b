"""Pure: is the payer of a laid-out boleto the client that was asked for?"""

from __future__ import annotations

import re

from services.scraper.labels import Achado, find_achados, pair_rotulos
from services.scraper.portal.errors import DocumentoRecusado
from shared.contrato import format_documento, is_cnpj, is_cpf

# In a sentence (`o pagador`, `ao beneficiário`) and in a title (`Recibo do Pagador`) the same words label nobody.
# The first letter comes first: it is what most words fail by.
_ROTULO = (
    r"\b(?:(?=[NRCDE])(?:Nome|Raz[aã]o\s+Social|CPF|CNPJ|Dados|Documento|Endere[cç]o)\s+d[oe]\s+"
    r"|(?=[PSCAB])(?<!\bo )(?<!\bao )(?<!\bdo )(?<!\bpelo )(?<!\bseu )(?<!\bprezado )(?<!\bprezado\(a\) )"
    r"(?<!\bc[oó]digo )(?<!\bsenhor )(?<!\bsr\. )(?<!\bsr\(a\)\. )(?<!\bcaro )(?<!\bsac )(?<!\bvia )(?<!\brecibo ))"
)
PAGADOR = re.compile(
    _ROTULO + r"(?:Pagador|Sacado|Consorciado(?!(?:\(a\))?,))\b(?!\s*r?/?\s*Avalista)(?:\(a\))?", re.IGNORECASE
)
_OUTRO_PAPEL = re.compile(
    _ROTULO + r"(?:Sacador|(?:Sacado\s*r?/?\s*|Pagador\s*/?\s*)?Avalista|Benefici[aá]rio|Cedente)\b", re.IGNORECASE
)
_DOCUMENTO = re.compile(
    r"(?<!\d)\d{3}\.?\d{3}\.?\d{3}\s?-?\s?\d{2}(?![\d/])|(?<![\dA-Z])[\dA-Z]{2}\.?[\dA-Z]{3}\.?[\dA-Z]{3}/?[\dA-Z]{4}-?\d{2}(?!\d)",
    re.IGNORECASE,
)
# What a document is called.
_CHAMADO = re.compile(r"[\s:;/.-]*(?:(?:CPF|CNPJ|C\.P\.F|C\.N\.P\.J|Documento|ou|n[º°o])[\s:;/.-]*)*", re.IGNORECASE)
_LIGACOES = frozenset({"de", "da", "do", "das", "dos", "e"})
# In columns: a cell that begins farther behind a label may be another's; no name is so long.
_AO_LADO, _NOME_MAX = 8, 120


def check_cliente(texto: str, cpf: str, *, abaixo: bool) -> None:
    """The wanted document is there, and the payer's is no other: not where it is the avalista's, or in a note."""
    achados = [achado for achado in find_achados(texto, _DOCUMENTO) if _is_documento(_bare(achado.texto))]
    vistos = {_bare(achado.texto) for achado in achados}
    espacados = find_achados(texto, _make_espacado(cpf))
    if cpf not in vistos and not espacados:
        lista = ", ".join(map(format_documento, sorted(vistos))) or "nenhum"
        raise DocumentoRecusado("documento.divergente.cliente", f"Documentos no PDF: {lista}; falta o do cliente.")
    achados += [achado for achado in espacados if _bare(achado.texto) not in vistos]
    papeis = [*pair_rotulos(texto, {"pagador": PAGADOR, "outro": _OUTRO_PAPEL}, achados, abaixo=abaixo)]
    diretos = {} if abaixo else _find_diretos(texto, achados)
    # What stands below a direct one is nobody's, unless a label of another row has no document.
    com_par = {*diretos, *(rotulo for _, rotulo, _ in papeis)}
    completos = diretos and all(rotulo in com_par for rotulo in find_achados(texto, PAGADOR))
    vizinhos = [a for papel, rotulo, a in papeis if papel == "pagador" and not (completos and rotulo in diretos)]
    pagadores = {_bare(achado.texto) for achado in vizinhos}
    outros = {achado for papel, _, achado in papeis if papel != "pagador"}
    alheios = {d for rotulo, d in diretos.items() if _is_alheio(rotulo, d, cpf in diretos.values())} - {cpf}
    alheios -= {_bare(achado.texto) for achado in outros}
    pagadores |= set(diretos.values())
    if alheios or not _is_pagador(
        cpf, pagadores, {_bare(a.texto) for a in outros}, [a for a in achados if a not in outros]
    ):
        raise DocumentoRecusado("documento.divergente.cliente", "O pagador do PDF é outro cliente.")


def is_documento_em(texto: str, documento: str) -> bool:
    """Whether it is printed there, punctuated or not."""
    return any(_bare(m[0]) == documento for m in _DOCUMENTO.finditer(texto)) or bool(
        _make_espacado(documento).search(texto)
    )


def _find_diretos(texto: str, achados: list[Achado]) -> dict[Achado, str]:
    """Payer's label → the document right behind it in its row, with no more than a name between them: surely its own,
    whatever stands in the rows below."""
    diretos = {}
    linhas = texto.split("\n")
    for rotulo in find_achados(texto, PAGADOR):
        seguintes = [achado for achado in achados if achado.linha == rotulo.linha and achado.inicio >= rotulo.fim]
        if seguintes:
            primeiro = min(seguintes, key=lambda achado: achado.inicio)
            if _is_vao(linhas[rotulo.linha][rotulo.fim : primeiro.inicio]):
                diretos[rotulo] = _bare(primeiro.texto)
    return diretos


def _is_alheio(rotulo: Achado, documento: str, achado: bool) -> bool:
    """Whether another's document right behind this label says that the payer is another. achado: the wanted one stands
    behind one too; then a company's behind `Consorciado` may be of a notice to the client."""
    return len(documento) == 11 or not achado or "consorciado" not in rotulo.texto.lower()


def _is_vao(entre: str) -> bool:
    """What stands between the two: a name and what the number is called, no sentence and no other's cell."""
    inicio = len(entre) - len(entre.lstrip(" :"))
    if inicio > _AO_LADO or len(entre) > _NOME_MAX or entre[:1] not in " :-":
        return False
    celulas = [celula for celula in re.split(r"\s{2,}", entre.strip(" :-")) if not _CHAMADO.fullmatch(celula)]
    is_nome = all(not palavra[0].islower() or palavra in _LIGACOES for celula in celulas for palavra in celula.split())
    return len(celulas) <= 1 and is_nome and not _OUTRO_PAPEL.search(entre)


def _is_pagador(cpf: str, pagadores: set[str], outros: set[str], livres: list[Achado]) -> bool:
    """`livres`: documents with no other part. A payee's CNPJ may stand at the payer's label, another's CPF may not."""
    if any(len(documento) == 11 for documento in pagadores - {cpf}):
        return False
    if cpf in pagadores:
        return True
    sem_papel = {_bare(achado.texto) for achado in livres if not achado.texto.isalnum()} | {cpf}
    empresa = {documento for documento in pagadores - outros if len(documento) == 14}
    return (
        any(_bare(achado.texto) == cpf for achado in livres)
        and not any(len(documento) == 11 for documento in sem_papel - {cpf})
        and not (empresa and any(len(documento) == 14 for documento in outros))
    )


def _is_documento(texto: str) -> bool:
    return is_cpf(texto) or is_cnpj(texto)


def _bare(documento: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", documento.upper())


def _make_espacado(cpf: str) -> re.Pattern[str]:
    """The same digits with whatever separators a layout puts between them."""
    return re.compile(r"(?<!\d)" + r"[\s.\-/]{0,3}".join(map(re.escape, cpf)) + r"(?!\d)", re.IGNORECASE)
