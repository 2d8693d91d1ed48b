"""Pure: a workbook's cell, with all the noise of hand-kept sheets, → a domain value.

A cell is cleaned first, once (`clean_celula`): what reads it takes it clean.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from shared.contrato import Cota, DocumentoInvalido, is_cpf, parse_cota, parse_documento

Celula = int | float | str | bool | time | date | datetime | timedelta | None

# Excel's error texts, in Portuguese and in English, as hand-copied sheets hold them.
_ERRO = re.compile(
    r"#(?:N/?[DA]|REF!?|VALOR!?|VALUE!?|NOME\?|NAME\?|DIV/0!?|NULO!?|NULL!?|N[UÚ]M!?|CALC!?|DESPEJAR!?)", re.I
)
# What people write where there is nothing.
_NADA = re.compile(r"[-–—]*")
_CPF = re.compile(r"\d{3}\.\d{3}\.\d{3}-\d{2}|\d{7,11}", re.ASCII)
_NUMERO = re.compile(r"\d+[.,]0+|\d(?:[.,]\d+)?E\+?\d{1,2}", re.I)
# A CPF that Excel took for a number has lost its zeros in front; shorter ones are other numbers that happen to close.
_MENOR_CPF = 7
# Below this an 11-digit CPF with a wrong digit would pass for a CNPJ once in a hundred times.
_MENOR_CNPJ = 12
_COTA_DIGITOS = 4
_CENTAVO = Decimal("0.01")
_MILHAR = re.compile(r"(?<=\d)\.(?=\d{3}(?!\d))")
# Their own words may stand before the numbers: `Grupo 6650 Cota 7`, `G: 6650 C: 7 V: 0`.
_GRUPO_COTA = re.compile(
    r"[\W_]*(?:G(?:R(?:UPO)?)?)?[\W_]*(\d{1,6})[\W_]+(?:C(?:OTA|T)?[\W_]*)?(\d{1,5})"
    r"(?:[\W_]+(?:V(?:ERS[AÃ]O)?[\W_]*)?\d{1,2})?[\W_]*",
    re.IGNORECASE,
)
_INTEIRO = re.compile(r"(\d{1,6})(?:[.,]0+)?")
_COM_VERSAO = re.compile(r"(\d{1,6})(?:[.,]0+|\s?[-/]\s?0\d?)?")
# A grupo alone.
_SO_MILHAR = re.compile(r"\d{1,3}\.\d{3}")
_ROTULO_DOCUMENTO = re.compile(r"(?:CPF|CNPJ)\b(?:[\W_]*N[º°o.]*(?=[\W_]))?[\W_]*", re.IGNORECASE)


def clean_celula(celula: Celula) -> Celula:
    """The cell, a text's blanks in order; None where it says nothing: blank, an error, a mere yes or no."""
    if isinstance(celula, str):
        return _clean_texto(celula) or None
    return None if isinstance(celula, bool) else celula


@lru_cache(maxsize=256)  # most columns repeat themselves
def _clean_texto(texto: str) -> str:
    limpo = " ".join(texto.replace("\x00", "").split())
    return "" if _NADA.fullmatch(limpo) or (limpo.startswith("#") and _ERRO.fullmatch(limpo)) else limpo


def read_texto(celula: Celula) -> str:
    """The text of a clean cell; a whole float without its `.0`."""
    if isinstance(celula, str):
        return celula
    if celula is None:
        return ""
    if isinstance(celula, float) and celula.is_integer():
        celula = int(celula)
    return str(celula)


def read_documento(celula: Celula) -> str:
    """CPF or CNPJ, bare, zeros lost in front given back; check digits decide. Raises DocumentoInvalido."""
    texto = read_texto(celula)
    if _CPF.fullmatch(texto) and is_cpf(cpf := texto.replace(".", "").replace("-", "").zfill(11)):
        return cpf  # as nearly every row has it
    texto = _ROTULO_DOCUMENTO.sub("", texto)
    if _NUMERO.fullmatch(texto):
        texto = str(int(Decimal(texto.replace(",", "."))))
    limpo = re.sub(r"[^0-9A-Za-z]", "", texto)
    candidatos = [limpo]
    if limpo.isdigit() and len(limpo) >= _MENOR_CPF:
        candidatos.append(limpo.zfill(14 if len(limpo) >= _MENOR_CNPJ else 11))
    for candidato in candidatos:
        try:
            return parse_documento(candidato)
        except DocumentoInvalido:
            continue
    raise DocumentoInvalido("CPF ou CNPJ inválido: confira os dígitos.")


def read_grupo_cota(celula: Celula) -> Cota | None:
    """`6650 0007`, `6650/0007-00`, `6650-7`, `6.650 0007`, or what Excel made of them."""
    if isinstance(celula, date):
        # `6650/7` typed into Excel becomes the first of July 6650.
        return Cota(celula.year, celula.month) if celula.day == 1 else None
    if isinstance(celula, float) and not celula.is_integer():
        # 6650.0010 typed as a number keeps neither its zeros in front nor those at the end.
        return parse_cota(f"{celula:.{_COTA_DIGITOS}f}")
    texto = read_texto(celula)
    if not texto or _SO_MILHAR.fullmatch(texto):
        return None
    numeros = _GRUPO_COTA.fullmatch(_MILHAR.sub("", texto) if "." in texto else texto)
    if numeros is None:
        return parse_cota(texto)
    cota = Cota(int(numeros[1]), int(numeros[2]))
    return cota if cota.grupo > 0 else None


def read_grupo(celula: Celula) -> int | None:
    """A grupo of its own column; `6.650` read as the number 6,65 gets its three decimals back."""
    texto = f"{celula:.3f}" if isinstance(celula, float) and not celula.is_integer() else read_texto(celula)
    achado = _INTEIRO.fullmatch(_MILHAR.sub("", texto))
    return int(achado[1]) if achado else None


def read_cota(celula: Celula) -> int | None:
    """A cota of its own column, with or without its versão."""
    achado = _COM_VERSAO.fullmatch(read_texto(celula))
    return int(achado[1]) if achado else None


@lru_cache(maxsize=64)  # a sheet has few of them
def read_ponto_venda(celula: Celula) -> str | None:
    """A ponto de venda's code; `17.308` read as the number 17,308 gets its three decimals back."""
    if isinstance(celula, float) and not celula.is_integer():
        return f"{celula:.3f}"
    texto = re.sub(r"(?<=\d{3})[.,]00?$", "", read_texto(celula))
    return texto[:20] or None


def read_situacao(celula: Celula) -> str:
    return read_texto(celula)[:100]


@lru_cache(maxsize=256)  # plans are sold in round amounts, and instalments follow from them
def read_valor(celula: Celula, digitos: int) -> str | None:
    """Reais, as `1234.50`; text in the Brazilian or the English way.

    None where it is no amount of up to `digitos` whole digits.
    """
    if celula is None:
        return None
    texto = read_texto(celula)
    if isinstance(celula, str):
        texto = re.sub(r"[^\d.,-]", "", texto)
        if "," in texto:
            texto = texto.replace(".", "").replace(",", ".")
        elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+", texto):
            texto = texto.replace(".", "")
    elif isinstance(celula, (bool, date, time, timedelta)):
        return None
    try:
        valor = Decimal(texto).quantize(_CENTAVO)
    except InvalidOperation:
        return None
    return str(valor) if 0 <= valor < 10**digitos else None


def read_telefone(celula: Celula) -> str | None:
    if celula is None:
        return None
    digitos = re.sub(r"\D", "", read_texto(celula))
    return digitos if 8 <= len(digitos) <= 15 else None


def read_email(celula: Celula) -> str | None:
    if celula is None:
        return None
    texto = read_texto(celula)
    return texto.lower() if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", texto) and len(texto) <= 150 else None
