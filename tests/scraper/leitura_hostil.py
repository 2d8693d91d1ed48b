"""A PDF's reading and verification for `tests.cobaia`: it is what was asked for, or a code says why not."""

from __future__ import annotations

import asyncio

from services.scraper.portal.errors import Falha
from services.scraper.verification import verify
from shared.outcomes import DESFECHOS
from tests.cobaia import serve
from tests.scraper.test_verification import PROCURADO, slip

CERTA = slip().linha
RUNNER = asyncio.Runner()


def read(dados: bytes) -> tuple[str, str]:
    try:
        conferido = RUNNER.run(verify(dados, PROCURADO))
    except Falha as falha:
        assert falha.codigo in DESFECHOS, falha.codigo
        return "recusado", f"{falha.codigo} {falha.mensagem}"
    assert conferido.linha.linha == CERTA, conferido
    return "certo", conferido.linha.linha


if __name__ == "__main__":
    serve(read)
