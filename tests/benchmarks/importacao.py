"""A workbook imported over REST, and how long another caller waits meanwhile.

Every 10 ms, one at a time, a caller asks for the pontos de venda; its waits say whether the gateway's loop was held up.
The time is from the upload to the report, the namer's reading and the rows' writing included.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path

import aiohttp

from tests.benchmarks.medidas import Alvo, Linha, Plano, percentil
from tests.benchmarks.planilhas import TAMANHOS, TOPO, write_planilha
from tests.benchmarks.sistema import PV, Sistema, open_servidores, open_sistema

TITULO = "Importação de planilhas, e quem pede outra coisa enquanto isso"
PASSO_S = 0.01


async def medir(plano: Plano) -> list[Linha]:
    linhas: list[Linha] = []
    with open_servidores() as servidores, tempfile.TemporaryDirectory() as nome:
        for tamanho in TAMANHOS:
            quantas = plano.scale(tamanho, 200)
            arquivo = Path(nome) / f"{quantas}.xlsx"
            await asyncio.to_thread(write_planilha, arquivo, quantas)
            pasta = Path(nome) / str(tamanho)
            pasta.mkdir()
            async with open_sistema(servidores, pasta, scraper=False) as sistema:
                await _register(sistema)
                parado = await _watch(sistema, asyncio.create_task(asyncio.sleep(3)))
                inicio = time.perf_counter()
                esperas = await _watch(sistema, asyncio.create_task(_import(sistema, arquivo, quantas - TOPO)))
                durou = time.perf_counter() - inicio
            rotulo = f"{quantas:,} linhas".replace(",", ".")
            linhas.append(Linha(f"{rotulo}: do envio ao relato", "s", (durou,)))
            for qual, parte, alvo in (("p50", 0.5, None), ("p99", 0.99, 100), ("maior", 1.0, 250)):
                linhas.append(Linha(
                    f"{rotulo}: espera do outro, {qual}", "ms", (percentil(esperas, parte),), "sem importação",
                    (percentil(parado, parte),), Alvo("nosso", "≤", alvo) if alvo else None,
                ))  # fmt: skip
    return linhas


async def _register(sistema: Sistema) -> None:
    await sistema.cliente.call("POST", "pontos-venda", json={
        "codigo": PV, "nome": "Matriz", "empresa": "credms", "url_base": "http://127.0.0.1:9"})  # fmt: skip
    await sistema.cliente.call("POST", "consultores", json={"nome": "Marta", "ponto_venda": PV})


async def _import(sistema: Sistema, arquivo: Path, esperadas: int) -> None:
    """A call answers 202 where the reading takes longer than a call may; the pedido then answers for it."""
    formulario = aiohttp.FormData()
    formulario.add_field("consultor", "Marta")
    formulario.add_field("arquivo", await asyncio.to_thread(arquivo.read_bytes), filename=f"MARTA__{arquivo.name}")
    relato = await sistema.cliente.call("POST", "planilhas", data=formulario)
    while "total" not in relato:
        await asyncio.sleep(0.1)
        relato = await sistema.cliente.call("GET", f"pedidos/{relato['pedido_id']}")
    if relato["total"] != esperadas:
        raise RuntimeError(f"entraram {relato['total']} linhas de {esperadas}")


async def _watch(sistema: Sistema, tarefa: asyncio.Task[None]) -> list[float]:
    """Milliseconds of each call beside the task, until that ends."""
    esperas = []
    while not tarefa.done():
        antes = time.perf_counter()
        await sistema.cliente.call("GET", "pontos-venda")
        esperas.append(1000 * (time.perf_counter() - antes))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(tarefa), PASSO_S)
    await tarefa
    return esperas
