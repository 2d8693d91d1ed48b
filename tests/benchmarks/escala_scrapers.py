"""The same sessions shared out among scraper processes: how near their contracts a second come to so many times one's.
A session counts from its first contract on, after its login: with sixteen the first work while the last still log in.

The portal's times are scaled down less than elsewhere: sixteen sessions would fill two cores, which run portal, broker
and database too, and what is measured would be the machine.
"""

from __future__ import annotations

from collections import defaultdict

from tests.benchmarks.escala import CONTRATOS, Caso, Contrato, measure, run_caso, show_caso
from tests.benchmarks.medidas import Alvo, Linha, Plano
from tests.benchmarks.sistema import open_servidores

TITULO = "Contratos em vários scrapers de quatro sessões, nos tempos do portal"
FATOR = 5
POR_SCRAPER = 4
SCRAPERS = (1, 2, 4)


async def medir(plano: Plano) -> list[Linha]:
    linhas: list[Linha] = []
    por_s: dict[int, float] = {}
    with open_servidores() as servidores:
        for scrapers in SCRAPERS:
            caso: Caso = (POR_SCRAPER * scrapers, scrapers)
            contratos = await run_caso(servidores, plano.scale(CONTRATOS, 12), "auto", caso, 0, FATOR)
            total_s, piso_s = measure(contratos)
            por_s[scrapers] = measure_vazao(contratos)
            linhas.append(show_caso("auto", caso, 0, total_s, piso_s))
    return linhas + [
        Linha(
            f"auto: {scrapers} scrapers de {POR_SCRAPER} sessões", "contratos/s", (por_s[scrapers],),
            f"{scrapers} × um scraper", (scrapers * por_s[1],), Alvo("nosso/par", "≥", 0.95),
        )
        for scrapers in SCRAPERS[1:]
    ]  # fmt: skip


def measure_vazao(contratos: list[Contrato]) -> float:
    """Contracts a second: what each session did in its own time, added up."""
    por_sessao: dict[str, list[Contrato]] = defaultdict(list)
    for contrato in contratos:
        por_sessao[contrato[0]].append(contrato)
    fim = max(ate for _, _, ate in contratos)
    return sum(len(seus) / (fim - min(de for _, de, _ in seus)) for seus in por_sessao.values())
