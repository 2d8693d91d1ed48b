"""Pure: what a verified boleto says beside what its verification proved, and where each of its fields was read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from services.scraper.labels import Achado, find_achados
from services.scraper.payer import PAGADOR, is_documento_em
from shared.boleto import LinhaDigitavel, has_digito_mod10
from shared.contrato import fold
from shared.events import Origem

_NOSSO_ROTULO = re.compile(r"\bNosso\s*N(?:[uú]mero|[º°o]\.?)(?:\s*/\s*C[oó]d\w*\.?(?:\s+do)?\s+Documento)?\s*:?", re.I)
# `12/34567-8`, `109/12345678-9`, `09/12345678901-P`: recognized wherever it stands.
_NOSSO_FORMADO = re.compile(r"(?<![\d/])\d{2,3}/\d{5,17}-[\dPX](?!\d)")
# At its label also `14000000012345678-9` and `12345678901234567`.
_NOSSO_SOLTO = re.compile(r"(?<![\d/.,-])(?:\d{2,3}\s?/\s?)?\d{5,20}(?:-[\dPX])?(?![\d/.,-])")
# What leads from a label to a value at the other end of the row.
_GUIAS = " .:_"
# In columns: how far a value may begin from its label's own beginning, or behind its end.
_AO_LADO, _DESLOCADO = 6, 8
_CELULA = re.compile(r"\S+(?: \S+)*")
# What ends a name that shares its cell with others, and what is a label and no name.
_DEPOIS_DO_NOME = re.compile(
    r"[\s,(–-]*(?:\bC\.?P\.?F\b|\bC\.?N\.?P\.?J\b|\b(?:\d[./ -]{0,3}){10}\d"
    r"|\b(?=\S*\d\S*\d\S*\d)[\dA-Z]{2}\.?[\dA-Z]{3}\.?[\dA-Z]{3}/?[\dA-Z]{4}-?\d{2}\b).*",
    re.IGNORECASE,
)
_ROTULO = re.compile(
    r"\b(?:CPF|CNPJ|ENDERE[CÇ]O|AVALISTA|BENEFICI[AÁ]RIO|VENCIMENTO|NOSSO|AG[EÊ]NCIA)\b", re.IGNORECASE
)
_FIM_DO_NOME = r"(?!\w|[-'][A-Z]| (?!CPF|CNPJ)[A-Z])"
_PERTO_LINHAS = 3
# Shorter, it stands in a campo livre by chance.
_NOSSO_MIN = 7
# One letter for one letter, so that places stay.
_SEM_ACENTO = {
    codigo: unicodedata.normalize("NFKD", chr(codigo))[0].upper()[0]
    for codigo in range(ord("a"), 0x180)
    if chr(codigo).isalpha()
}
_ORDEM: tuple[Origem, ...] = ("texto", "codigo_barras", "ocr")


def find_nosso_numero(texto: str, linha: LinhaDigitavel, lido: Origem, *, abaixo: bool) -> str | None:
    """As it is printed. A picture's is taken only where the line proves it."""
    texto = _blank_linha(texto, linha)
    rotulos = find_achados(texto, _NOSSO_ROTULO)
    linhas = texto.split("\n")
    achados = [achado for padrao in (_NOSSO_FORMADO, _NOSSO_SOLTO) for achado in find_achados(texto, padrao)]
    perto = [a.texto for a in achados if any(_stands_at(rotulo, a, abaixo=abaixo) for rotulo in rotulos)]
    no_fim = [
        a.texto
        for a in achados
        for r in rotulos
        if r.linha == a.linha and r.fim < a.inicio and not linhas[a.linha][r.fim : a.inicio].strip(_GUIAS)
    ]
    formados = [m[0] for m in _NOSSO_FORMADO.finditer(texto)]
    vistos = [re.sub(r"\s", "", visto) for visto in (*perto, *no_fim, *formados)]
    return next((visto for visto in vistos if lido == "texto" or _is_fechado(visto, linha)), None)


def _blank_linha(texto: str, linha: LinhaDigitavel) -> str:
    """Without the line, whose groups have the shape of a number too, at the same places."""
    impressa = r"[ .-]*".join(linha.linha)
    return re.sub(impressa, lambda achado: " " * len(achado[0]), texto)


def _is_fechado(nosso: str, linha: LinhaDigitavel) -> bool:
    """The line, whose check digits close, holds all of it; or all but its own check digit, and that closes (mod 10).

    Without a digit of its own nothing says that its last ones were not overlooked.
    """
    livre = linha.codigo_barras[19:] if linha.tipo == "cobranca" else linha.codigo_barras[15:]
    corpo, _, digito = nosso.partition("-")
    inteiro, sem_carteira = (re.sub(r"\D", "", parte) for parte in (corpo, corpo.rpartition("/")[2]))
    contido = any(len(numero) >= _NOSSO_MIN and numero in livre for numero in (inteiro, sem_carteira))
    return bool(digito) and contido and (inteiro + digito in livre or has_digito_mod10(inteiro + digito))


def _stands_at(rotulo: Achado, valor: Achado, *, abaixo: bool) -> bool:
    """Right behind its label, or in the row below (above, where labels stand below) in the same column."""
    if rotulo.linha == valor.linha:
        return 0 <= valor.inicio - rotulo.fim <= _AO_LADO
    linhas = rotulo.linha - valor.linha if abaixo else valor.linha - rotulo.linha
    mesma = abs(valor.inicio - rotulo.inicio) <= _DESLOCADO or abs(valor.fim - rotulo.fim) <= _DESLOCADO
    return linhas == 1 and mesma


def find_pagador(texto: str, cpf: str, nome: str, lido: Origem, *, abaixo: bool) -> str | None:
    """The payer's name. nome: as the portal knows it; printed as well, that is it, spelled as on the paper.

    Otherwise what stands at the payer's label near the proven document. Of a picture only the portal's name is taken,
    in the portal's spelling: accents are what OCR misreads first.
    """
    impresso = _find_nome(texto, nome)
    if impresso:
        # Some companies are named by their owner and the owner's CPF.
        return _DEPOIS_DO_NOME.sub("", nome if lido == "ocr" else impresso) or None
    if lido == "ocr":
        return None
    return _find_at_rotulo(texto.split("\n"), cpf, find_achados(texto, PAGADOR), abaixo=abaixo)


def _find_nome(texto: str, nome: str) -> str | None:
    """The same words, whatever their accents and what stands between them; not where the printed name goes on."""
    palavras = fold(nome).split()
    if len(palavras) < 2:
        return None
    padrao = re.compile(r"(?<!\w)" + r"[^\w\n]{1,3}".join(map(re.escape, palavras)) + _FIM_DO_NOME)
    achado = padrao.search(texto.translate(_SEM_ACENTO))
    return texto[achado.start() : achado.end()] if achado else None


def _find_at_rotulo(linhas: list[str], cpf: str, rotulos: list[Achado], *, abaixo: bool) -> str | None:
    for rotulo in rotulos:
        for numero, cru in _list_celulas(linhas, rotulo, abaixo=abaixo):
            nome = _DEPOIS_DO_NOME.sub("", cru.strip(" -")).strip(" ,:(-")
            perto = "\n".join(linhas[max(0, numero - _PERTO_LINHAS) : numero + _PERTO_LINHAS + 1])
            if _is_nome(nome) and is_documento_em(perto, cpf):
                return nome
    return None


def _list_celulas(linhas: list[str], rotulo: Achado, *, abaixo: bool) -> Iterator[tuple[int, str]]:
    """(row, cell): what follows the label in its row, then what stands in its column in the next."""
    depois = linhas[rotulo.linha][rotulo.fim :]
    vao = len(depois) - len(depois.lstrip(" :"))
    seguinte = _CELULA.match(depois, vao)
    if seguinte and (vao <= _AO_LADO or ":" in depois[:vao]):
        yield rotulo.linha, seguinte[0]
    vizinha = rotulo.linha + (-1 if abaixo else 1)
    if 0 <= vizinha < len(linhas):
        for celula in _CELULA.finditer(linhas[vizinha]):
            if abs(celula.start() - rotulo.inicio) <= _DESLOCADO:
                yield vizinha, celula[0]


def _is_nome(texto: str) -> bool:
    return sum(letra.isalpha() for letra in texto) >= 5 and ":" not in texto and not _ROTULO.search(texto)


def tell_origens(
    linha: LinhaDigitavel, lida: Origem, lido: Origem, *, nosso_numero: str | None, pagador: str | None
) -> dict[str, Origem]:
    """Field → where it was read. lida: the line itself; lido: what is printed beside it.

    What both say is the one's that stands higher on the ladder: text, bars, OCR.
    """
    codificado = min(lida, lido, key=_ORDEM.index)
    origens: dict[str, Origem | None] = {
        "linha_digitavel": lida,
        "codigo_barras": lida,
        "banco": lida if linha.banco else None,
        "valor": codificado if linha.valor is not None else lido,
        "vencimento": codificado if linha.vencimento is not None else lido,
        "nosso_numero": lido if nosso_numero else None,
        "pagador": lido if pagador else None,
        "cpf": lido,
        "grupo": lido,
        "cota": lido,
    }
    return {campo: origem for campo, origem in origens.items() if origem is not None}
