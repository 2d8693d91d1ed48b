"""A PDF's reading and verification for `tests.cobaia`: it is what was asked for, or a code says why not.

Argument `imagens`, as of verifier_child.py: without it, `ilegivel` where only pictures could tell more.
"""

from __future__ import annotations

import asyncio
import sys

from services.scraper.document import SemTexto
from services.scraper.portal.errors import Falha
from services.scraper.verification import LinhaAusente, verify
from shared.outcomes import DESFECHOS
from tests.cobaia import serve
from tests.scraper.test_verification import PROCURADO, slip

CERTA = slip().linha
RUNNER = asyncio.Runner()
IMAGENS = "imagens" in sys.argv[1:]


def read(dados: bytes) -> tuple[str, str]:
    try:
        conferido = RUNNER.run(verify(dados, PROCURADO, imagens=IMAGENS))
    except Falha as falha:
        assert falha.codigo in DESFECHOS, falha.codigo
        ilegivel = not IMAGENS and isinstance(falha, SemTexto | LinhaAusente)
        return "ilegivel" if ilegivel else "recusado", f"{falha.codigo} {falha.mensagem}"
    assert conferido.linha.linha == CERTA, conferido
    return "certo", conferido.linha.linha


if __name__ == "__main__":
    serve(read)
