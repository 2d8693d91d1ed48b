"""The same with every step in the browser, over fewer contracts: each costs seconds of CPU."""

from __future__ import annotations

from tests.benchmarks.escala import measure_casos
from tests.benchmarks.medidas import Linha, Plano

TITULO = "Contratos em sessões do navegador, nos tempos do portal"
CONTRATOS = 200
CASOS = ((1, 1), (2, 1))


async def medir(plano: Plano) -> list[Linha]:
    return await measure_casos("navegador", plano.scale(CONTRATOS, 6), CASOS)
