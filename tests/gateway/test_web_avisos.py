"""Channels of notices and who is told by them, in a real Chromium: what a person does there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.gateway.store.chaves import Escopo
from tests.gateway.agencia import (
    NUMERO_ID,
    SEGREDO_APP,
    TOKEN,
    TOKEN_VERIFICACAO,
    Meta,
    add_destinatario,
    add_whatsapp,
    open_meta,
    refuse,
)
from tests.gateway.balcao import Balcao, open_balcao
from tests.navegador import add_pessoa, note_queixas, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


# A process of its own checks an address, on however busy a machine.
FILHO_MS = 30_000


@pytest_asyncio.fixture(loop_scope="module")
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path, webhooks_privados=True) as aberto:
        yield aberto


@pytest_asyncio.fixture(loop_scope="module")
async def meta() -> AsyncIterator[Meta]:
    async with open_meta() as aberta:
        yield aberta


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_page() as page:
        page.set_default_timeout(10_000)
        yield page


async def test_whatsapp_is_registered_ana_is_told_by_it_and_a_test_says_what_is_wrong(
    balcao: Balcao, meta: Meta, page: Page
) -> None:
    queixas = note_queixas(page)
    await add_pessoa(balcao.pool, Escopo.ADMIN)
    await sign_in(page, f"{balcao.origem}/#/canais")
    ficha = page.locator("ficha-cadastro")
    await expect(page.get_by_text("Nenhum canal ainda")).to_be_visible()
    await page.get_by_role("button", name="Novo WhatsApp").click()
    await ficha.get_by_label("Nome").fill("Zap <b>")
    await ficha.get_by_role("button", name="Salvar").click()
    await expect(ficha.locator("#ficha-token-erro")).to_contain_text("obrigatório")
    for campo, valor in (
        ("Identificação do número", NUMERO_ID), ("Modelo aprovado", "aviso_canopus"), ("Token de acesso", TOKEN),
        ("Segredo do aplicativo", SEGREDO_APP), ("Token de verificação", TOKEN_VERIFICACAO),
    ):  # fmt: skip
        await ficha.get_by_label(campo).fill(valor)
    await ficha.get_by_role("button", name="Salvar").click()
    cartao = page.get_by_role("article", name="Zap <b>")
    await expect(cartao).to_contain_text(f"{balcao.origem}/api/automation/canais/1/situacoes")
    await cartao.get_by_role("button", name="Editar").click()
    await ficha.get_by_label("Endereço da API da Meta").fill(meta.url_base)
    await ficha.get_by_role("button", name="Salvar").click()
    await expect(ficha.locator("#ficha-token-erro")).to_contain_text("mande de novo o token")
    await ficha.get_by_label("Token de acesso").fill(TOKEN)
    await ficha.get_by_role("button", name="Salvar").click()
    assert TOKEN not in await page.content() and SEGREDO_APP not in await page.content()

    await page.get_by_role("link", name="Avisos", exact=True).click()
    await page.get_by_role("button", name="Novo destinatário").click()
    await ficha.get_by_label("Endereço no canal").fill("ana@exemplo")
    await ficha.get_by_role("button", name="Salvar").click()
    await expect(ficha.locator("#ficha-endereco-erro")).to_contain_text("DDD")
    await ficha.get_by_label("Endereço no canal").fill("(67) 99999-0000")
    await ficha.get_by_label("Tudo").uncheck()
    await ficha.get_by_label("Uma execução espera uma pessoa").check()
    await ficha.get_by_role("button", name="Salvar").click()
    ana = page.get_by_role("article", name="por Zap <b>")
    await expect(ana).to_contain_text("5567999990000")
    await expect(ana).to_contain_text("Uma execução espera uma pessoa")

    meta.respostas.append(refuse(401, 190, "Access token has expired"))
    await ana.get_by_role("button", name="Enviar teste").click()
    linha = page.locator("avisos-enviados tbody tr")
    await expect(linha).to_contain_text("Não enviado")
    await expect(linha).to_contain_text("gere outro na Meta")
    await linha.get_by_role("button", name="Reenviar").click()
    await expect(linha.locator(".selo")).to_have_text("Aceito")
    await page.locator("avisos-enviados").get_by_role("button", name="Fechar").click()
    assert len(meta.aceitas) == 1

    await page.goto(f"{balcao.origem}/#/canais")
    await page.get_by_role("button", name="Novo canal").click()
    await ficha.get_by_label("Nome").fill("Sala")
    await ficha.get_by_label("Endereço do serviço").fill("nada://x")
    await ficha.get_by_role("button", name="Salvar").click()
    await expect(ficha.locator("#ficha-url-erro")).to_contain_text("serviço desconhecido", timeout=FILHO_MS)
    await ficha.get_by_label("Endereço do serviço").fill("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")
    await ficha.get_by_role("button", name="Salvar").click()
    await expect(page.get_by_role("article", name="Sala")).to_contain_text("Slack · Um lugar só", timeout=FILHO_MS)
    await cartao.get_by_role("button", name="Editar").click()
    await ficha.get_by_role("button", name="Excluir").click()
    await page.locator("#pergunta").get_by_role("button", name="Excluir").click()
    await expect(cartao).to_have_count(0)
    assert await balcao.pool.fetchval("SELECT count(*) FROM destinatarios") == 0 and not queixas


async def test_who_only_looks_sets_what_she_is_told_from_her_account(balcao: Balcao, meta: Meta, page: Page) -> None:
    queixas = note_queixas(page)
    await add_destinatario(balcao.pool, await add_whatsapp(balcao.pool, balcao.gateway.ctx.chaveiro, meta.url_base))
    await add_pessoa(balcao.pool, Escopo.LEITURA)
    await sign_in(page, f"{balcao.origem}/#/conta")
    await page.get_by_role("link", name="Do que sou avisado").click()
    await expect(page.get_by_text("Ninguém é avisado ainda")).to_be_visible()
    await page.get_by_role("button", name="Novo destinatário").click()
    ficha = page.locator("ficha-cadastro")
    await expect(ficha.get_by_label("Pessoa", exact=True)).to_have_count(0)
    await ficha.get_by_label("Endereço no canal").fill("(67) 98888-0000")
    await ficha.get_by_role("button", name="Salvar").click()
    meu = page.get_by_role("article", name="Ana por zap")
    await expect(meu).to_contain_text("5567988880000")
    await meu.get_by_role("button", name="Enviar teste").click()
    await expect(page.locator("avisos-enviados tbody tr .selo")).to_have_text("Aceito")
    assert not queixas
