"""Memory of gateway, namer and scraper: idle, at work, and what 2,000 contracts more leave behind.

PSS of each process with its children; the portal is a no-op, so no browser is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path

from tests.benchmarks.medidas import Alvo, Linha, Plano
from tests.benchmarks.pipeline import run_execucao
from tests.benchmarks.sistema import Sistema, open_servidores, open_sistema

TITULO = "Memória dos serviços"
SERVICOS = ("gateway", "namer", "scraper")
AQUECIMENTO, CONTRATOS, SESSOES = 1000, 2000, 16
ASSENTO_S = 3.0


async def medir(plano: Plano) -> list[Linha]:
    """One round: growth is what is asked, and the warm-up its longest part."""
    contratos = plano.scale(CONTRATOS, 40)
    aquecimento = plano.scale(AQUECIMENTO, 20)
    with open_servidores() as servidores, tempfile.TemporaryDirectory() as pasta:
        async with open_sistema(servidores, Path(pasta)) as sistema:
            await asyncio.sleep(ASSENTO_S)
            parado = {nome: sistema.pss_mb(nome) for nome in SERVICOS}
            await sistema.register(contratos, SESSOES)
            await run_execucao(sistema, aquecimento, 1, 2026)
            await run_execucao(sistema, aquecimento, 2, 2026)
            antes, _ = await _work(sistema, aquecimento, 3)
            depois, picos = await _work(sistema, contratos, 4)
    linhas = []
    for nome in SERVICOS:
        linhas += [
            Linha(f"{nome}: recém-iniciado", "MB", (parado[nome],)),
            Linha(f"{nome}: no trabalho, pico", "MB", (picos[nome],)),
            Linha(
                f"{nome}: depois de mais {contratos} contratos", "MB", (depois[nome],), "depois do aquecimento",
                (antes[nome],), Alvo("nosso/par", "≤", 1.05),
            ),
        ]  # fmt: skip
    return linhas


async def _work(sistema: Sistema, contratos: int, mes: int) -> tuple[dict[str, float], dict[str, float]]:
    """(what each holds once the work is done, the most it held)."""
    picos = dict.fromkeys(SERVICOS, 0.0)

    async def watch() -> None:
        while True:
            for nome in SERVICOS:
                picos[nome] = max(picos[nome], sistema.pss_mb(nome))
            await asyncio.sleep(0.5)

    vigia = asyncio.create_task(watch())
    await run_execucao(sistema, contratos, mes, 2026)
    vigia.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await vigia
    await asyncio.sleep(ASSENTO_S)
    return {nome: sistema.pss_mb(nome) for nome in SERVICOS}, picos
