"""Mirrors in a real Chromium: made, refused, put right, looked into and filled again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from services.gateway.store.chaves import Escopo
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.test_espelhos import file_boleto
from tests.navegador import add_pessoa, note_queixas, sign_in
from tests.servers.drive import PASTA_ESPELHO, open_drive
from tests.servers.google import SERVICO
from tests.servers.s3 import CHAVE, REGIAO, SEGREDO, open_s3

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path, webhooks_privados=True) as aberto:
        yield aberto


async def test_a_mirror_is_made_refused_put_right_and_filled_again(balcao: Balcao, browser: Browser) -> None:
    caminho = await file_boleto(balcao)
    await add_pessoa(balcao.pool, Escopo.ADMIN)
    with open_s3() as s3:
        async with await browser.new_page(locale="pt-BR") as page:
            page.set_default_timeout(10_000)
            queixas = note_queixas(page)
            await sign_in(page, f"{balcao.origem}/#/espelhos")
            await page.get_by_role("button", name="Novo espelho em S3").click()
            ficha = page.locator("ficha-cadastro")
            for rotulo, valor in (
                ("Nome", "Nuvem <b>"), ("Destino", "balde"), ("Endereço do serviço", s3.url), ("Região", REGIAO),
                ("Chave de acesso", CHAVE), ("Segredo", "errado"),
            ):  # fmt: skip
                await ficha.get_by_label(rotulo).fill(valor)
            await ficha.get_by_role("button", name="Salvar").click()
            await expect(ficha.locator("#ficha-destino-erro")).to_contain_text("s3://balde")
            await ficha.get_by_label("Destino").fill("s3://balde/espelho")
            await ficha.get_by_role("button", name="Salvar").click()
            cartao = page.get_by_role("article", name="Nuvem <b>")
            await expect(cartao).to_contain_text("recusou o acesso (403)")
            await page.get_by_role("button", name="Cópias de Nuvem").click()
            await expect(page.locator("copias-espelho")).to_contain_text(caminho)
            await expect(page.locator("copias-espelho")).to_contain_text("Com erro")
            await page.locator("copias-espelho").get_by_role("button", name="Fechar").click()
            await cartao.get_by_role("button", name="Editar").click()
            await ficha.get_by_label("Segredo novo").fill(SEGREDO)
            await ficha.get_by_role("button", name="Salvar").click()
            await expect(cartao.locator("dl")).to_contain_text("Copiados1")
            await expect(cartao).not_to_contain_text("recusou")
            assert list(s3.objetos) == [f"espelho/{caminho}"]
            s3.delete(f"espelho/{caminho}")
            await cartao.get_by_role("button", name="Preencher Nuvem <b> de novo").click()
            await page.get_by_role("button", name="Preencher", exact=True).click()
            await expect(page.locator("body")).to_contain_text("Cópias a conferir e a fazer: 1.")
            await eventually(lambda: list(s3.objetos) == [f"espelho/{caminho}"])
            await expect(cartao.locator("dl")).to_contain_text("Copiados1")
            assert SEGREDO not in await page.content()
            assert queixas == []


async def test_a_mirror_in_google_drive_is_made_by_a_link_and_a_file(
    balcao: Balcao, browser: Browser, tmp_path: Path
) -> None:
    await add_pessoa(balcao.pool, Escopo.ADMIN)
    link = f"https://drive.google.com/drive/folders/{PASTA_ESPELHO}"
    async with open_drive() as drive, await browser.new_page(locale="pt-BR") as page:
        errado, chave, consentimento = (tmp_path / f"{nome}.json" for nome in ("errado", "chave", "consentimento"))
        errado.write_text("{}")
        chave.write_text(drive.servico)
        consentimento.write_text(drive.pessoa)
        page.set_default_timeout(10_000)
        queixas = note_queixas(page)
        await sign_in(page, f"{balcao.origem}/#/espelhos")
        await page.get_by_role("button", name="Novo espelho no Google Drive").click()
        ficha = page.locator("ficha-cadastro")
        await ficha.get_by_label("Nome").fill("Pasta")
        await ficha.get_by_label("Link da pasta").fill("https://drive.google.com/drive/my-drive")
        await ficha.get_by_label("Arquivo da conta").set_input_files(errado)
        await ficha.get_by_role("button", name="Salvar").click()
        await expect(ficha.locator("#ficha-destino-erro")).to_contain_text("link da pasta")
        await ficha.get_by_label("Link da pasta").fill(f"{link}?usp=sharing")
        await ficha.get_by_role("button", name="Salvar").click()
        await expect(ficha.locator("#ficha-segredo-erro")).to_contain_text("não é de uma conta de serviço")
        await ficha.get_by_label("Arquivo da conta").set_input_files(chave)
        await ficha.get_by_role("button", name="Salvar").click()
        cartao = page.get_by_role("article", name="Pasta")
        await expect(cartao.get_by_role("link", name="Abrir a pasta")).to_have_attribute("href", link)
        # Nothing is filed yet, so nothing was asked of Google itself.
        drive.contas.revogados.add(SERVICO)
        await balcao.call("PATCH", "espelhos/1", {"endereco": drive.url, "segredo": drive.servico})
        caminho = await file_boleto(balcao)
        await eventually(lambda: balcao.pool.fetchval("SELECT erro FROM espelhos"))
        await page.reload()
        await expect(cartao).to_contain_text(f"O Google recusou a chave de {SERVICO}")
        await cartao.get_by_role("button", name="Editar").click()
        await ficha.get_by_label("Arquivo novo da conta").set_input_files(consentimento)
        await ficha.get_by_role("button", name="Salvar").click()
        await eventually(lambda: list(drive.files()) == [caminho])
        await page.reload()
        await expect(cartao.locator("dl")).to_contain_text("Copiados1")
        assert "PRIVATE KEY" not in await page.content() and queixas == []
