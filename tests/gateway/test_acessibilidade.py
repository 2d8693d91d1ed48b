"""Every page of the dashboard under axe-core, light and dark: no violation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser

from services.gateway.store.chaves import Escopo
from tests.fotos import PAGINAS
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.motor import Maestro
from tests.navegador import add_pessoa, open_browser, sign_in


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        await add_pessoa(aberto.pool, Escopo.ADMIN)
        yield aberto


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as aberto:
        yield aberto


@pytest.mark.parametrize("tema", ["light", "dark"])
async def test_no_page_has_a_violation(balcao: Balcao, browser: Browser, tema: Literal["light", "dark"]) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    maestro, itens = Maestro(balcao.pool), await list_itens(balcao.pool, id)
    cerca = await maestro.lease(loja)
    await maestro.succeed(itens[0]["id"], cerca)
    await maestro.fail(itens[1]["id"], cerca, "cliente.ambiguo")
    page = await (await browser.new_context(color_scheme=tema, locale="pt-BR")).new_page()
    queixas: dict[str, list[str]] = {}

    async def check(nome: str) -> None:
        await page.wait_for_load_state("networkidle")
        resultado = await Axe().run(page)
        queixas[nome] = [
            f"{violacao['id']}: {violacao['nodes'][0]['html'][:200]}" for violacao in resultado.response["violations"]
        ]

    await page.goto(balcao.origem)
    await page.get_by_label("E-mail").wait_for()
    await check("entrada")
    await sign_in(page, balcao.origem)
    await page.locator("nav").wait_for(state="attached")
    for pagina in PAGINAS:
        await page.goto(f"{balcao.origem}/#/{pagina}")
        await page.locator("main h1").wait_for()
        await check(pagina)
    await page.goto(f"{balcao.origem}/#/execucoes/{id}")
    await page.locator("lista-virtual .linha").first.wait_for()
    await check("execucao")
    await page.locator("button.nome").nth(1).click()
    await page.get_by_role("heading", name="Tentativas").wait_for()
    await check("contrato")
    assert {nome: vistas for nome, vistas in queixas.items() if vistas} == {}
