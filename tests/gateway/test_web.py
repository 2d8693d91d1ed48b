"""The plain page in a real Chromium: it lists, follows live and survives a cut; its reducer is the reference one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

from services.scraper.portal.browser.chromium import find_chromium
from tests.gateway.balcao import Balcao, open_balcao, read_eventos, subscribe
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.motor import Maestro
from tests.socket_client import Visao


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


@pytest.fixture
async def pagina() -> AsyncIterator[Page]:
    achado = await asyncio.to_thread(find_chromium, os.environ.get("CANOPUS_CHROMIUM"))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=achado.executable, args=list(achado.args), chromium_sandbox=achado.sandbox
        )
        page = await browser.new_page()
        page.set_default_timeout(10_000)
        yield page
        await browser.close()


async def enter(balcao: Balcao, pagina: Page, caminho: str = "/") -> list[str]:
    """Open a page with the key; returns what its console complains about."""
    queixas: list[str] = []

    def note(mensagem: ConsoleMessage) -> None:
        if mensagem.type in ("error", "warning"):
            queixas.append(mensagem.text)

    pagina.on("console", note)
    pagina.on("pageerror", lambda erro: queixas.append(str(erro)))
    await pagina.goto(balcao.origem + caminho)
    await pagina.get_by_label("Chave de acesso").fill(balcao.chaves["leitura"])
    await pagina.get_by_role("button").click()
    return queixas


async def test_the_page_follows_an_execution_and_goes_on_after_a_cut(balcao: Balcao, pagina: Page) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    queixas = await enter(balcao, pagina)
    await pagina.get_by_role("button", name="Ver ao vivo a execução de 17.308, na_fila").click()
    await expect(pagina.locator("#clientes tr")).to_have_count(3)
    maestro = Maestro(balcao.pool)
    cerca = await maestro.lease(loja)
    itens = await list_itens(balcao.pool, id)
    await maestro.succeed(itens[0]["id"], cerca)
    await expect(pagina.locator("#clientes td.sucesso")).to_have_count(1)
    [socket] = balcao.gateway.ctx.live.sockets
    socket.close(4008, "corte")
    for item in itens[1:]:
        await maestro.succeed(item["id"], cerca)
    await expect(pagina.locator("#detalhe-titulo")).to_have_text("Execução de 17.308: concluida")
    await expect(pagina.locator("#clientes td.sucesso")).to_have_count(3)
    vistos = await pagina.locator("#eventos li").evaluate_all("linhas => linhas.map(linha => linha.value)")
    assert vistos == list(range(vistos[0], vistos[0] + len(vistos)))
    assert not queixas
    assert await pagina.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


async def test_a_wrong_key_is_told_and_the_form_stays(balcao: Balcao, pagina: Page) -> None:
    balcao.chaves["leitura"] = "cano_errada"
    await enter(balcao, pagina)
    await expect(pagina.locator("#conexao")).to_contain_text("Chave de acesso inválida")
    await expect(pagina.get_by_label("Chave de acesso")).to_be_visible()


async def test_the_documentation_is_shown_from_the_descriptions(balcao: Balcao, pagina: Page) -> None:
    queixas = await enter(balcao, pagina, "/api/docs")
    envio = pagina.locator("summary", has_text="processar-downloads-ponto-venda")
    await expect(envio).to_have_count(1)
    await envio.click()
    await expect(pagina.locator("details[open]")).to_contain_text("ponto_venda")
    await expect(pagina.locator("summary", has_text="boleto.capturado")).to_have_count(1)
    assert not queixas


async def run_reducer(pagina: Page, quadros: list[dict[str, Any]]) -> dict[str, Any]:
    visto: dict[str, Any] = await pagina.evaluate(
        """async (quadros) => {
            const { apply, empty } = await import("/web/reducer.js");
            let state = empty();
            const asks = [];
            for (const quadro of quadros) {
                const answer = apply(state, quadro);
                state = answer.state;
                asks.push(answer.ask !== null);
            }
            return { ...state, clientes: [...state.clientes.values()], asks };
        }""",
        quadros,
    )
    return visto


async def test_the_pages_reducer_and_the_reference_client_agree(balcao: Balcao, pagina: Page) -> None:
    loja = await add_loja(balcao.pool)
    id: UUID = await submit(balcao.pool, loja)
    maestro = Maestro(balcao.pool)
    async with balcao.socket() as ws:
        estado = await subscribe(ws, id)
        cerca = await maestro.lease(loja)
        for item in await list_itens(balcao.pool, id):
            await maestro.succeed(item["id"], cerca)
        seq = await balcao.pool.fetchval("SELECT seq FROM execucoes_automacao WHERE automacao_id = $1", id)
        eventos = await read_eventos(ws, seq)
    pulso = {"tipo": "pulso", "seqs": {str(id): seq}}
    meio = len(eventos) // 2
    retomada = {**estado, "modo": "retomada", "seq": eventos[meio]["seq"], "clientes": []}
    # In order, twice, with a gap that is asked for, resumed, and with a pulse that tells of what is missing.
    quadros = [
        eventos[0], estado, *eventos[:meio], *eventos[:3], eventos[-1], pulso, eventos[meio], retomada,
        *eventos[meio + 1 :], pulso,
    ]  # fmt: skip
    await pagina.goto(balcao.origem)
    no_navegador = await run_reducer(pagina, quadros)
    visao = Visao()
    pedidos = [visao.apply(quadro) for quadro in quadros]
    assert no_navegador["asks"] == pedidos
    assert pedidos.count(True) == 2
    assert (no_navegador["seq"], no_navegador["epoca"]) == (visao.seq, visao.epoca) == (seq, estado["epoca"])
    assert no_navegador["contadores"] == visao.contadores
    assert no_navegador["clientes"] == list(visao.clientes.values())
    assert no_navegador["execucao"]["status"] == visao.execucao["status"] == "concluida"
