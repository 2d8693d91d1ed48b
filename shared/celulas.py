"""Text in a cell of a spreadsheet: what would run as a formula is quoted, whoever wrote it."""

from __future__ import annotations

import re

# Blanks and control characters are skipped before it is read; where full-width signs are usual they are signs too.
_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f\u200b\ufeff]*[=+\-@＝＋－＠]")


def quote_formula(texto: str) -> str:
    return f"'{texto}" if _FORMULA.match(texto) else texto
