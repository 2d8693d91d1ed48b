"""Linha digitável and barcode, written from the rules alone: it shares no code, so no bug, with what it tests."""

from datetime import date
from decimal import Decimal

_BASE = date(1997, 10, 7)


def mod10(digits: str) -> int:
    total = 0
    for weight, digit in zip(_cycle("21", len(digits)), reversed(digits), strict=True):
        product = int(weight) * int(digit)
        total += product // 10 + product % 10
    return -total % 10


def _cycle(pattern: str, length: int) -> str:
    return (pattern * (length // len(pattern) + 1))[:length]


def _sum11(digits: str) -> int:
    return sum(
        int(w) * int(d) for w, d in zip(_cycle("23456789", len(digits)), reversed(digits), strict=True)
    )  # fmt: skip


def mod11_cobranca(digits: str) -> int:
    dv = 11 - _sum11(digits) % 11
    return 1 if dv in (0, 10, 11) else dv


def mod11_arrecadacao(digits: str) -> int:
    rest = _sum11(digits) % 11
    if rest in (0, 1):
        return 0
    return 1 if rest == 10 else 11 - rest


def fator(vencimento: date) -> int:
    """Days since 07/10/1997; after 9999 (21/02/2025) it starts again at 1000."""
    days = (vencimento - _BASE).days
    return days if days < 10000 else (days - 1000) % 9000 + 1000


def codigo_barras(banco: str, vencimento: date | None, valor: Decimal, campo_livre: str) -> str:
    """44 digits of a bank boleto; `campo_livre` is 25 digits. No `vencimento`: the code names no date."""
    factor = fator(vencimento) if vencimento else 0
    head, tail = f"{banco}9", f"{factor:04d}{int(valor * 100):010d}{campo_livre}"
    return f"{head}{mod11_cobranca(head + tail)}{tail}"


def linha_digitavel(barras: str) -> str:
    """47 digits for a bank boleto, 48 for an arrecadação, without punctuation."""
    if barras[0] == "8":
        check = mod10 if barras[2] in "67" else mod11_arrecadacao
        blocks = [barras[i : i + 11] for i in range(0, 44, 11)]
        return "".join(f"{block}{check(block)}" for block in blocks)
    fields = barras[:4] + barras[19:24], barras[24:34], barras[34:44]
    return "".join(f"{f}{mod10(f)}" for f in fields) + barras[4] + barras[5:19]


def codigo_arrecadacao(valor: Decimal, empresa: str, livre: str, inicio: str = "866") -> str:
    """44 digits: product 8, segment, what the value is (`6`, `7`: mod 10); `empresa` 8 digits, `livre` 21."""
    tail = f"{int(valor * 100):011d}{empresa}{livre}"
    check = mod10 if inicio[2] in "67" else mod11_arrecadacao
    return f"{inicio}{check(inicio + tail)}{tail}"


def punctuate_linha(linha: str) -> str:
    if len(linha) == 48:
        return " ".join(f"{linha[i : i + 11]}-{linha[i + 11]}" for i in range(0, 48, 12))
    a = f"{linha[:5]}.{linha[5:10]} {linha[10:15]}.{linha[15:21]} {linha[21:26]}.{linha[26:32]}"
    return f"{a} {linha[32]} {linha[33:]}"


def break_digit(linha: str) -> str:
    """The same line with a wrong check digit: field 1's for a bank boleto, block 1's for an arrecadação."""
    at = 9 if len(linha) == 47 else 11
    return linha[:at] + str((int(linha[at]) + 1) % 10) + linha[at + 1 :]


def format_valor(valor: Decimal) -> str:
    """1234.5 -> 1.234,50"""
    return f"{valor:,.2f}".translate(str.maketrans(",.", ".,"))
