"""Many contracts at the former system's portal times, on several sessions: how near the whole run comes to the best
schedule of the very times that the portal saw.

The portal's times are the former system's (search 2.5 s, emission and PDF 10 s), scaled down by one factor. A
contract's time is the log's, from its first request to the end of its PDF; a session counts from its first contract
on, after its login. The floor gives the longest contract to the session that is free first. With a pace the contracts'
own times hold the pauses, and the floor counts them.
"""

from __future__ import annotations

import heapq
import json
import math
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.benchmarks.medidas import Alvo, Linha, Plano
from tests.benchmarks.processos import start
from tests.benchmarks.sistema import Servidores, open_servidores, open_sistema
from tests.scraper.scenes import SENHA

TITULO = "Contratos em sessões paralelas, nos tempos do portal"
CONTRATOS, FATOR = 800, 20
BUSCA_S, EMISSAO_S = 2.5, 10.0
# Requests of a contract among which those times are shared out.
PEDIDOS = {"busca": 4, "atendimento": 1, "cobranca": 2, "emissao": 2, "impressao": 2}
# (sessions, scraper processes)
Caso = tuple[int, int]
CASOS: tuple[Caso, ...] = ((1, 1), (4, 1), (8, 1), (16, 1))
RITMOS_MS = (0, 1000)

Contrato = tuple[str, float, float]  # session, from, until


async def medir(plano: Plano) -> list[Linha]:
    return await measure_casos("auto", plano.scale(CONTRATOS, 12), CASOS)


async def measure_casos(driver: str, quantos: int, casos: tuple[Caso, ...]) -> list[Linha]:
    """Each case once at each pace, `quantos` contracts."""
    with open_servidores() as servidores:
        return [
            show_caso(
                driver, caso, ritmo_ms, *measure(await run_caso(servidores, quantos, driver, caso, ritmo_ms, FATOR))
            )
            for ritmo_ms in RITMOS_MS
            for caso in casos
        ]


def show_caso(driver: str, caso: Caso, ritmo_ms: int, total_s: float, piso_s: float) -> Linha:
    sessoes, scrapers = caso
    nome = f"{driver}, ritmo {ritmo_ms} ms: sessões × scrapers {sessoes} × {scrapers}"
    return Linha(nome, "s", (total_s,), "melhor escala", (piso_s,), Alvo("nosso/par", "≤", 1.05))


async def run_caso(
    servidores: Servidores, contratos: int, driver: str, caso: Caso, ritmo_ms: int, fator: int
) -> list[Contrato]:
    sessoes, scrapers = caso
    with tempfile.TemporaryDirectory() as nome:
        pasta = Path(nome)
        botoes = json.dumps({"latencia": _share_tempos(fator)})
        simulado = ("-m", "tests.benchmarks.simulado", str(contratos), str(sessoes), botoes)
        async with (
            start(*simulado, log=pasta / "portal.log") as portal,
            open_sistema(servidores, pasta, scraper=False) as sistema,
        ):
            await sistema.register(contratos, sessoes, url_base=await portal.read(), senha=SENHA)
            sistema.implantacao.ambiente |= {
                "CANOPUS_DRIVER": driver,
                "CANOPUS_RITMO_MS": str(ritmo_ms // fator),
                "CANOPUS_SESSOES_POR_SCRAPER": str(math.ceil(sessoes / scrapers)),
            }
            for n in range(scrapers):
                sistema.implantacao.start(f"scraper{n}", "scraper")
            await sistema.finish(await sistema.submit(mes=12, ano=2026), timeout_s=3600)
            await portal.tell("registro")
            return read_contratos(json.loads(await portal.read()))


def _share_tempos(fator: int) -> dict[str, int]:
    """Milliseconds by page."""
    da_busca = 1000 * BUSCA_S / fator / (PEDIDOS["busca"] + PEDIDOS["atendimento"])
    da_emissao = 1000 * EMISSAO_S / fator / (PEDIDOS["cobranca"] + PEDIDOS["emissao"] + PEDIDOS["impressao"])
    buscas = ("busca", "atendimento")
    return {pagina: round(da_busca if pagina in buscas else da_emissao) for pagina in PEDIDOS}


def read_contratos(registro: list[dict[str, Any]]) -> list[Contrato]:
    """From the search page's GET that begins a contract to the end of the answer with its PDF."""
    abertos: dict[str, float] = {}
    contratos = []
    for pedido in sorted(registro, key=lambda pedido: pedido["t"]):
        sessao, fim = pedido["sessao"], pedido["t"] + pedido["ms"] / 1000
        if pedido["pagina"] == "busca" and pedido["metodo"] == "GET":
            abertos[sessao] = pedido["t"]
        elif str(pedido.get("resultado", "")).startswith("pdf.") and sessao in abertos:
            contratos.append((sessao, abertos.pop(sessao), fim))
    return contratos


def measure(contratos: list[Contrato]) -> tuple[float, float]:
    """(seconds of the run, those of the best schedule on sessions that are free from their first contract on)."""
    inicios: dict[str, float] = defaultdict(lambda: math.inf)
    for sessao, de, _ in contratos:
        inicios[sessao] = min(inicios[sessao], de)
    comeco = min(inicios.values())
    livres = list(inicios.values())
    heapq.heapify(livres)
    for duracao in sorted((ate - de for _, de, ate in contratos), reverse=True):
        heapq.heappush(livres, heapq.heappop(livres) + duracao)
    return max(ate for _, _, ate in contratos) - comeco, max(livres) - comeco
