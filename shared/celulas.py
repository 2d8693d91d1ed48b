"""Text in a cell of a spreadsheet: what would run as a formula is quoted, whoever wrote it."""

from __future__ import annotations

# Control characters too: a spreadsheet skips them and reads on.
_INICIO_DE_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def quote_formula(texto: str) -> str:
    return f"'{texto}" if texto.startswith(_INICIO_DE_FORMULA) else texto
