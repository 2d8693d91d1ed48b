"""A workbook by link in a real Chromium: given, refused, put right, refreshed; what fails is said on the first page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.test_links import DUAS, ID, LINK, UMA, make_nuvem
from tests.navegador import add_pessoa, note_queixas, sign_in
from tests.servers.links import Google, Guardado, open_google

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def google() -> AsyncIterator[Google]:
    async with open_google() as aberto:
        yield aberto


@pytest_asyncio.fixture(loop_scope="module")
async def balcao(database_url: str, tmp_path: Path, google: Google) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path, nuvem=make_nuvem(google)) as aberto:
        corpo = {"codigo": "17.308", "nome": "Loja Centro", "empresa": "credms"}
        assert (await aberto.call("POST", "pontos-venda", corpo)).status == 201
        assert (await aberto.call("POST", "consultores", {"nome": "Marta", "ponto_venda": "17308"})).status == 201
        async with Namer(aberto.bus, aberto.gateway.ctx.files, NamerSettings()):
            yield aberto


async def test_a_link_is_given_put_right_and_refreshed(balcao: Balcao, browser: Browser, google: Google) -> None:
    await add_pessoa(balcao.pool)
    async with await browser.new_page(locale="pt-BR") as page:
        page.set_default_timeout(10_000)
        queixas = note_queixas(page)
        await sign_in(page, f"{balcao.origem}/#/consultores")
        marta = page.get_by_role("row", name="Marta")
        await expect(marta).to_contain_text("Enviada à mão")
        await expect(page.get_by_role("button", name="Atualizar todas")).to_have_count(0)
        await page.get_by_role("button", name="Marta").click()
        ficha = page.locator("ficha-cadastro")
        campo = ficha.get_by_label("Link da planilha")
        await campo.fill(f"https://drive.google.com/drive/folders/{ID}")
        await ficha.get_by_role("button", name="Salvar").click()
        await expect(ficha.locator("#ficha-link_planilha_drive-erro")).to_contain_text("o link é de uma pasta")
        await campo.fill(LINK)
        await ficha.get_by_role("button", name="Salvar").click()
        await expect(marta).to_contain_text("Com erro")
        await expect(marta).to_contain_text("O link não está aberto")
        await page.goto(f"{balcao.origem}/#/inicio")
        await expect(page.get_by_role("complementary")).to_contain_text("A planilha de Marta não foi atualizada.")
        await page.get_by_role("link", name="Ver o consultor").click()
        google.arquivos[ID] = Guardado(UMA)
        await page.get_by_role("button", name="Atualizar agora a planilha de Marta").click()
        await expect(page.locator(".aviso", has_text="Planilha importada: 1 novos")).to_be_visible()
        await expect(marta).to_contain_text("Em dia")
        await page.get_by_role("button", name="Atualizar agora a planilha de Marta").click()
        pergunta = page.locator("#pergunta")
        await expect(pergunta).to_contain_text("já está em dia")
        await pergunta.get_by_role("button", name="Importar de novo").click()
        await expect(page.locator(".aviso", has_text="0 novos, 1 atualizados")).to_be_visible()
        google.arquivos[ID] = Guardado(DUAS)
        await page.get_by_role("button", name="Atualizar todas as planilhas").click()
        await expect(page.locator(".aviso", has_text="Planilhas a atualizar: 1")).to_be_visible()
        await expect(marta.locator("td.numero")).to_have_text("2")
        assert not queixas
