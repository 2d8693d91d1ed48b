"""Pure codec of a boleto's linha digitável (47, 48 digits) and código de barras (44): check digits, valor, vencimento.

Two families: cobrança (a bank's boleto) and arrecadação (convênio, first digit 8). Layouts: FEBRABAN; cobrança also
BCB Carta-Circular 2.926/2000. The fator de vencimento went from 9999 (21/02/2025) back to 1000 (22/02/2025) and names
no cycle, so a due date is decoded only beside a reference date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

TipoBoleto = Literal["cobranca", "arrecadacao"]

BASE_FATOR = date(1997, 10, 7)
CICLO_FATOR_DIAS = 9000
# Below it the code holds no date.
_FATOR_MINIMO = 1000
# Neither FEBRABAN nor BCB says which cycle a factor belongs to. The banks' rule of thumb: due at most 3000 days ago or
# 5500 ahead. The 500 days between one window and the next stay undecided.
JANELA_PASSADO_DIAS = 3000
JANELA_FUTURO_DIAS = 5500

_DIGITOS_COBRANCA, _DIGITOS_ARRECADACAO, _DIGITOS_CODIGO = 47, 48, 44
_SEGMENTOS = frozenset("12345679")
_SEPARADORES = re.compile(r"[\s.\-]+")
# Digits with nothing but blanks, dots and hyphens between them: where a printed line can lie.
_TRECHO = re.compile(r"[0-9](?:[\s.\-]*[0-9])+")
_IMPRESSA = re.compile(
    r"(?<![0-9])(?:"
    r"[0-9]{5}\.?\s*[0-9]{5}\s+[0-9]{5}\.?\s*[0-9]{6}\s+[0-9]{5}\.?\s*[0-9]{6}\s+[0-9]\s+[0-9]{14}"
    r"|8[0-9]{10}[\s.\-]*[0-9](?:\s+[0-9]{11}[\s.\-]*[0-9]){3}"
    r"|[0-9]{47}|8[0-9]{47}"
    r")(?![0-9])"
)


class LinhaInvalida(ValueError):
    """The text is no linha digitável; `falha` names what did not hold (`tamanho`, `campo 2`, `dígito geral`…)."""

    def __init__(self, falha: str) -> None:
        super().__init__(f"Linha digitável inválida: {falha}.")
        self.falha = falha


@dataclass(frozen=True)
class LinhaDigitavel:
    """linha, codigo_barras: digits alone. valor: reais, None where the code holds none (zero, or a quantity).

    vencimento: None where the code holds none (always in arrecadação) or where its cycle cannot be told.
    banco: COMPE code, None in arrecadação.
    """

    tipo: TipoBoleto
    linha: str
    codigo_barras: str
    banco: str | None
    valor: Decimal | None
    vencimento: date | None

    @property
    def has_fator(self) -> bool:
        """Whether the code holds a due date, be it one that cannot be told."""
        return self.tipo == "cobranca" and int(self.codigo_barras[5:9]) >= _FATOR_MINIMO


def parse_linha(texto: str, referencia: date) -> LinhaDigitavel:
    """Decode a line, printed or bare. `referencia`: the day the boleto was seen. Raises LinhaInvalida."""
    linha = _SEPARADORES.sub("", texto)
    codigo = codigo_from_linha(linha)
    if len(linha) == _DIGITOS_ARRECADACAO:
        valor = _centavos(codigo[4:15]) if codigo[2] in "68" else None
        return LinhaDigitavel("arrecadacao", linha, codigo, None, valor, None)
    em_reais = codigo[3] == "9"
    valor = _centavos(codigo[9:19]) if em_reais else None
    return LinhaDigitavel("cobranca", linha, codigo, codigo[:3], valor, decode_fator(int(codigo[5:9]), referencia))


def decode_fator(fator: int, referencia: date) -> date | None:
    """The only due date of this factor within the window around `referencia`; None without a date, or undecided."""
    if not _FATOR_MINIMO <= fator <= 9999:
        return None
    inicio = referencia - timedelta(days=JANELA_PASSADO_DIAS)
    dia = BASE_FATOR + timedelta(days=fator)
    while dia < inicio:
        dia += timedelta(days=CICLO_FATOR_DIAS)
    return dia if (dia - referencia).days <= JANELA_FUTURO_DIAS else None


def codigo_from_linha(linha: str) -> str:
    """47 or 48 bare digits → the 44 of the barcode, every check digit verified. Raises LinhaInvalida."""
    if not (linha.isascii() and linha.isdigit()):
        raise LinhaInvalida("caracteres")
    if len(linha) == _DIGITOS_COBRANCA:
        for numero, (inicio, fim) in enumerate(((0, 9), (10, 20), (21, 31)), 1):
            if _mod10(linha[inicio:fim]) != linha[fim]:
                raise LinhaInvalida(f"campo {numero}")
        codigo = linha[:4] + linha[32:47] + linha[4:9] + linha[10:20] + linha[21:31]
    elif len(linha) == _DIGITOS_ARRECADACAO:
        _check_arrecadacao(linha)
        for numero in range(4):
            bloco = linha[12 * numero : 12 * numero + 12]
            if _digito_arrecadacao(linha[2], bloco[:11]) != bloco[11]:
                raise LinhaInvalida(f"campo {numero + 1}")
        codigo = "".join(linha[i : i + 11] for i in range(0, 48, 12))
    else:
        raise LinhaInvalida("tamanho")
    _check_codigo(codigo, "cobranca" if len(linha) == _DIGITOS_COBRANCA else "arrecadacao")
    return codigo


def linha_from_codigo(codigo: str) -> str:
    """The 44 digits of a barcode → its linha digitável, bare. Raises LinhaInvalida."""
    if not (codigo.isascii() and codigo.isdigit()):
        raise LinhaInvalida("caracteres")
    if len(codigo) != _DIGITOS_CODIGO:
        raise LinhaInvalida("tamanho")
    if codigo[0] == "8":
        _check_arrecadacao(codigo)
        _check_codigo(codigo, "arrecadacao")
        blocos = (codigo[i : i + 11] for i in range(0, 44, 11))
        return "".join(bloco + _digito_arrecadacao(codigo[2], bloco) for bloco in blocos)
    _check_codigo(codigo, "cobranca")
    campos = (codigo[:4] + codigo[19:24], codigo[24:34], codigo[34:44])
    return "".join(campo + _mod10(campo) for campo in campos) + codigo[4:19]


def format_linha(linha: str) -> str:
    """As it is printed: `AAABC.CCCCX DDDDD.DDDDDY EEEEE.EEEEEZ K FFFFVVVVVVVVVV`, or four blocks `…-D`."""
    if len(linha) == _DIGITOS_ARRECADACAO:
        return " ".join(f"{linha[i : i + 11]}-{linha[i + 11]}" for i in range(0, 48, 12))
    campos = (linha[:5], linha[5:10], linha[10:15], linha[15:21], linha[21:26], linha[26:32])
    return "{}.{} {}.{} {}.{} ".format(*campos) + f"{linha[32]} {linha[33:]}"


def has_digito_mod10(numero: str) -> bool:
    """Whether the last digit is the check digit (mod 10) of those before it."""
    return len(numero) > 1 and _mod10(numero[:-1]) == numero[-1]


def find_linhas(texto: str) -> list[str]:
    """Candidates in a page's free text, bare, the surest first, each once.

    First those whose check digits close and that begin and end where printed numbers do; without any, those glued to
    a neighbour. After them whatever is printed in the shape of a line, though its digits do not close: the caller
    must hear of a tampered line rather than of none.
    """
    achadas: dict[str, None] = {}
    validos: list[tuple[int, int]] = []
    for inicio, fim, linha in [*_find_validas(texto, glued=False)] or [*_find_validas(texto, glued=True)]:
        achadas[linha] = None
        validos.append((inicio, fim))
    for impressa in _IMPRESSA.finditer(texto):
        if all(impressa.end() <= inicio or fim <= impressa.start() for inicio, fim in validos):
            achadas[_SEPARADORES.sub("", impressa[0])] = None
    return list(achadas)


def _find_validas(texto: str, *, glued: bool) -> Iterator[tuple[int, int, str]]:
    """(start, end, line) of every window of 47 or 48 digits whose check digits close."""
    for trecho in _TRECHO.finditer(texto):
        posicoes = [i for i in range(trecho.start(), trecho.end()) if texto[i] in "0123456789"]
        digitos = "".join(texto[i] for i in posicoes)
        for tamanho in (_DIGITOS_COBRANCA, _DIGITOS_ARRECADACAO):
            for inicio in range(len(digitos) - tamanho + 1):
                fim = inicio + tamanho
                alone = (inicio == 0 or posicoes[inicio - 1] + 1 < posicoes[inicio]) and (
                    fim == len(digitos) or posicoes[fim - 1] + 1 < posicoes[fim]
                )
                if (alone or glued) and _is_valida(digitos[inicio:fim]):
                    yield posicoes[inicio], posicoes[fim - 1] + 1, digitos[inicio:fim]


def _is_valida(linha: str) -> bool:
    try:
        codigo_from_linha(linha)
    except LinhaInvalida:
        return False
    return True


def _check_arrecadacao(digitos: str) -> None:
    if digitos[0] != "8":
        raise LinhaInvalida("produto")
    if digitos[1] not in _SEGMENTOS:
        raise LinhaInvalida("segmento")
    if digitos[2] not in "6789":
        raise LinhaInvalida("identificação do valor")


def _check_codigo(codigo: str, tipo: TipoBoleto) -> None:
    if tipo == "cobranca":
        if codigo[0] == "8":  # no bank's code: a barcode that begins so is an arrecadação
            raise LinhaInvalida("banco")
        certo = codigo[4] == _mod11_cobranca(codigo[:4] + codigo[5:])
    else:
        certo = codigo[3] == _digito_arrecadacao(codigo[2], codigo[:3] + codigo[4:])
    if not certo:
        raise LinhaInvalida("dígito geral")


def _digito_arrecadacao(identificacao: str, numero: str) -> str:
    return _mod10(numero) if identificacao in "67" else _mod11_arrecadacao(numero)


def _mod10(numero: str) -> str:
    """Weights 2, 1, 2… from the right, the digits of each product summed."""
    produtos = (int(digito) * (2 - posicao % 2) for posicao, digito in enumerate(reversed(numero)))
    return str(-sum(produto // 10 + produto % 10 for produto in produtos) % 10)


def _mod11(numero: str) -> int:
    """Remainder with weights 2…9 cycling from the right."""
    return sum(int(digito) * (2 + posicao % 8) for posicao, digito in enumerate(reversed(numero))) % 11


def _mod11_cobranca(numero: str) -> str:
    digito = 11 - _mod11(numero)
    return "1" if digito in (10, 11) else str(digito)


def _mod11_arrecadacao(numero: str) -> str:
    resto = _mod11(numero)
    return "0" if resto in (0, 1) else str(11 - resto)


def _centavos(digitos: str) -> Decimal | None:
    return Decimal(int(digitos)).scaleb(-2) or None
