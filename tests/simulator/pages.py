"""The page map, and how a template becomes the HTML of this installation."""

import re
from functools import cache
from html import escape
from pathlib import Path

from tests.simulator.knobs import Aparencia

PAGINAS = {
    "login": "frmCorCcCnsLogin.aspx",
    "trocar_senha": "frmCorAltSenha.aspx",
    "termos": "frmCorTermoUso.aspx",
    "token": "frmCorLoginToken.aspx",
    "unidade": "frmCorSelUnidadeNegocio.aspx",
    "sso": "frmCorLoginSso.aspx",
    "inicio": "frmMain.aspx",
    "identificacao": "CONAT/frmConAtSrcConsorciado.aspx",
    "busca": "CONAT/frmBuscaCota.aspx",
    "atendimento": "CONAT/frmConAtCnsAtendimento.aspx",
    "cobranca": "CONCO/frmConCoRelBoletoAvulso.aspx",
    "impressao": "CONCM/frmConCmImpressao.aspx",
    "relatorio": "CONCM/frmConCmNewconReports.aspx",
    "outra": "CONAT/frmConAtCnsDados.aspx",
}
POR_CAMINHO = {path.lower(): page for page, path in PAGINAS.items()}
ABERTAS = frozenset({"login", "trocar_senha", "termos", "token", "unidade", "sso"})
_SLOT = re.compile(r"\{\{\{(\w+)\}\}\}|\{\{(\w+)\}\}")


@cache
def _template(name: str) -> str:
    return (Path(__file__).parent / "templates" / f"{name}.html").read_text(encoding="utf-8")


def fill(name: str, **values: object) -> str:
    """The template with {{x}} escaped and {{{x}}} as it is; an unknown slot is a KeyError."""
    return _SLOT.sub(
        lambda m: str(values[m[1]]) if m[1] else escape(str(values[m[2]])),
        _template(name),
    )  # fmt: skip


def dress(text: str, look: Aparencia) -> str:
    """Canonical HTML or a control's name as this installation writes it: other prefix, other ids, other words."""
    for old, new in look.trocar_ids.items():
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", new, text)
    text = text.replace("ctl00_Conteudo", look.prefixo).replace("ctl00$Conteudo", look.prefixo.replace("_", "$"))
    for old, new in look.trocar_textos.items():
        text = text.replace(escape(old), escape(new))
    return text


def ordinal(index: int, look: Aparencia) -> str:
    """Row 0 of a grid is ctl02."""
    return f"ctl{index + look.primeira_linha:02d}"
