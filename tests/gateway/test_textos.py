"""Every word of the dashboard stands in one place, so that another language can follow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.gateway.pages import WEB

MODULOS = sorted(
    modulo for modulo in WEB.rglob("*.js") if not {"vendor", "textos"} & set(modulo.relative_to(WEB).parts)
)  # fmt: skip
_COMENTARIO = re.compile(r"(?<![:\"'])//.*|/\*.*?\*/")
_ACENTO = re.compile(r"[À-ÖØ-öø-ÿ]")
# A text node, or an attribute that is read out or shown.
_NO = re.compile(r"(?<![=-])>\s*([A-Z][a-z]+ ?[^<>${}`;()=]*)(?=<|\$\{|\n)")
_ATRIBUTO = re.compile(r'\b(?:aria-label|placeholder|title|alt)="([^"$]*[A-Za-z]{2}[^"$]*)"')


@pytest.mark.parametrize("modulo", MODULOS, ids=lambda modulo: modulo.relative_to(WEB).as_posix())
def test_no_page_says_anything_by_itself(modulo: Path) -> None:
    codigo = _COMENTARIO.sub("", modulo.read_text(encoding="utf-8"))
    achados = [linha.strip() for linha in codigo.splitlines() if _ACENTO.search(linha)]
    achados += [m[1].strip() for padrao in (_NO, _ATRIBUTO) for m in padrao.finditer(codigo)]
    assert achados == []
