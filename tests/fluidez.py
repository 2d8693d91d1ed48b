"""`make fluency`: how an execution's page answers at 5,000 contracts and 200 events a second, for a minute."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from playwright.async_api import CDPSession, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from services.gateway.store.diario import open_diario
from shared.outcomes import Etapa
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.passos import tell_passo
from tests.navegador import add_pessoa, open_browser, sign_in
from tests.servers.postgres import PostgresServer

CONTRATOS, POR_SEGUNDO, MINUTO_S = 5_000, 200, 60
AQUECIMENTO_S = 10  # until what the page does all the while is compiled
LOTE_S = 0.1
LIMITE_MS, LIMITE_MEMORIA = 100.0, 1.3
ATRASO_FINAL_MS = 5_000
PASSOS = (Etapa.AUTENTICANDO, Etapa.BUSCANDO, Etapa.EMITINDO, Etapa.BAIXANDO, Etapa.VERIFICANDO)
# How long the page leaves an input before it begins with it.
OUVIR = """
window.atrasos = [];
new PerformanceObserver((lista) => {
  for (const e of lista.getEntries()) if (e.name === "keydown") window.atrasos.push(e.processingStart - e.startTime);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
new PerformanceObserver((lista) => {
  for (const e of lista.getEntries()) window.atrasos.push(e.processingStart - e.startTime);
}).observe({ type: "first-input", buffered: true });
window.teclas = 0;
addEventListener("keydown", () => { window.teclas += 1; }, true);
"""


async def feed(balcao: Balcao, execucao_id: int, passos: Iterator[tuple[int, Etapa]], segundos: int) -> float:
    """So many seconds' events, in lots; returns how many a second it told."""
    contados, comeco = 0, time.monotonic()
    proximo = comeco
    while contados < POR_SEGUNDO * segundos:
        async with balcao.pool.acquire() as conn, conn.transaction(), open_diario(conn, execucao_id) as diario:
            for item, passo in islice(passos, int(POR_SEGUNDO * LOTE_S)):
                await tell_passo(conn, diario, item, passo)
                contados += 1
        balcao.gateway.ctx.wake()
        proximo += LOTE_S
        await asyncio.sleep(max(0.0, proximo - time.monotonic()))
    return contados / (time.monotonic() - comeco)


async def type_on(page: Page) -> None:
    """A person who searches, all the while."""
    busca = page.get_by_role("searchbox")
    await busca.focus()
    while True:
        for tecla in ("c", "l", "i", "Backspace", "Backspace", "Backspace"):
            await page.keyboard.press(tecla)
            await page.wait_for_timeout(250)


async def measure_heap(cdp: CDPSession) -> float:
    """MB after a collection."""
    await cdp.send("HeapProfiler.collectGarbage")
    uso: dict[str, Any] = await cdp.send("Runtime.getHeapUsage")
    return float(uso["usedSize"]) / 1e6


async def run(database_url: str, pasta: Path) -> int:
    async with open_balcao(database_url, pasta) as balcao, open_browser() as browser:
        await add_pessoa(balcao.pool)
        loja = await add_loja(balcao.pool, clientes=CONTRATOS)
        automacao_id = await submit(balcao.pool, loja)
        itens = await list_itens(balcao.pool, automacao_id)
        page = await (await browser.new_context(viewport={"width": 1280, "height": 900}, locale="pt-BR")).new_page()
        await sign_in(page, balcao.origem)
        await page.locator("nav").wait_for(state="attached")
        await page.goto(f"{balcao.origem}/#/execucoes/{automacao_id}")
        await page.locator("lista-virtual .linha").first.wait_for()
        cdp = await page.context.new_cdp_session(page)
        await page.evaluate(OUVIR)
        pessoa = asyncio.create_task(type_on(page))
        # Steps of one contract after the other.
        passos = ((item["id"], passo) for passo in PASSOS for item in itens)
        await feed(balcao, itens[0]["execucao_id"], passos, AQUECIMENTO_S)
        antes = await measure_heap(cdp)
        ritmo = await feed(balcao, itens[0]["execucao_id"], passos, MINUTO_S)
        pessoa.cancel()
        await asyncio.gather(pessoa, return_exceptions=True)
        seq = await balcao.pool.fetchval("SELECT seq FROM execucoes_automacao WHERE automacao_id = $1", automacao_id)
        chegou = await has_reached(page, seq)
        atrasos, teclas = await page.evaluate("[window.atrasos, window.teclas]")
        depois = await measure_heap(cdp)
    return report(ritmo, chegou, atrasos, teclas, antes, depois)


async def has_reached(page: Page, seq: int) -> bool:
    """Whether the page holds the last event, soon after it was told."""
    visto = "document.querySelector('pagina-execucao').estado.seq"
    try:
        await page.wait_for_function(f"{visto} === {seq}", timeout=ATRASO_FINAL_MS)
    except PlaywrightTimeout:
        return False
    return True


def report(ritmo: float, chegou: bool, atrasos: list[float], teclas: int, antes: float, depois: float) -> int:
    """Inputs answered within 16 ms are not told one by one: they count as no delay."""
    todos = sorted([*atrasos, *[0.0] * max(0, teclas - len(atrasos))])
    p95 = todos[int(0.95 * (len(todos) - 1))] if todos else float("inf")
    # A test that is told less than it should be proves nothing: so does a page that only seems fluent.
    bom = p95 <= LIMITE_MS and depois <= antes * LIMITE_MEMORIA and chegou and round(ritmo) >= POR_SEGUNDO
    sys.stdout.write(
        f"{CONTRATOS} contratos, {ritmo:.0f} eventos por segundo, {teclas} teclas\n"
        f"atraso da entrada: p50 {todos[len(todos) // 2]:.0f} ms, p95 {p95:.0f} ms, máximo {todos[-1]:.0f} ms\n"
        f"último evento na página: {'sim' if chegou else 'não'}\n"
        f"memória da página: {antes:.1f} MB antes, {depois:.1f} MB depois\n"
    )
    return 0 if bom else 1


def main() -> int:
    servidor = PostgresServer()
    try:
        with tempfile.TemporaryDirectory() as pasta:
            return asyncio.run(run(servidor.url(servidor.create_database()), Path(pasta)))
    finally:
        servidor.close()


if __name__ == "__main__":
    sys.exit(main())
