"""Webhooks, return files and payments in a real Chromium: what a person does there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.gateway.store.chaves import Escopo
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import Loja, add_boleto, add_loja
from tests.gateway.cnab import Pago, make_retorno
from tests.gateway.receptor import Receptor, answer, open_receptor
from tests.navegador import add_pessoa, note_queixas, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path, webhooks_privados=True) as aberto:
        yield aberto


@pytest_asyncio.fixture(loop_scope="module")
async def loja(balcao: Balcao) -> Loja:
    return await add_loja(balcao.pool)


@pytest_asyncio.fixture(loop_scope="module")
async def receptor() -> AsyncIterator[Receptor]:
    async with open_receptor() as aberto:
        yield aberto


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with await open_page(browser) as aberta:
        yield aberta


async def open_page(browser: Browser) -> Page:
    page = await browser.new_page(locale="pt-BR")
    return page


async def enter(balcao: Balcao, page: Page, caminho: str, escopo: Escopo = Escopo.ADMIN) -> list[str]:
    queixas = note_queixas(page)
    await add_pessoa(balcao.pool, escopo)
    await sign_in(page, f"{balcao.origem}/#/{caminho}")
    return queixas


async def file_boleto(balcao: Balcao, loja: Loja) -> None:
    """Of ANA, with a number of the bank's and its PDF."""
    id = await add_boleto(balcao.pool, loja, 1)
    arquivo = await balcao.gateway.ctx.files.place("PASTA/ANA.pdf", b"%PDF-1.7\n%%EOF")
    await balcao.pool.execute(
        "UPDATE boletos SET nosso_numero = '10900001234', nome_cliente = 'ANA', arquivo_caminho = $2,"
        " arquivo_sha256 = $3, arquivo_tamanho = $4 WHERE id = $1",
        id, arquivo.caminho, arquivo.sha256, arquivo.tamanho,
    )  # fmt: skip


async def test_a_webhook_is_made_tested_put_right_and_sent_to_again(
    balcao: Balcao, loja: Loja, receptor: Receptor, page: Page
) -> None:
    queixas = await enter(balcao, page, "webhooks")
    ficha, segredo = page.locator("ficha-cadastro"), page.locator("segredo-uma-vez")
    await page.get_by_role("button", name="Novo webhook").click()
    await ficha.get_by_label("Nome").fill("CRM <b>")
    await ficha.get_by_label("Endereço").fill("ftp://crm")
    await ficha.get_by_role("button", name="Salvar").click()
    await expect(ficha.locator("#ficha-url-erro")).to_contain_text("https://")
    await ficha.get_by_label("Endereço").fill(receptor.url)
    await ficha.get_by_label("Tudo").uncheck()
    await ficha.get_by_label("Boleto arquivado").check()
    await ficha.get_by_role("button", name="Salvar").click()
    receptor.segredo = await segredo.get_by_role("textbox").input_value()
    await segredo.get_by_role("button", name="Fechar").click()
    assert receptor.segredo not in await page.content()
    cartao = page.get_by_role("article", name="CRM <b>")
    await expect(cartao).to_contain_text("Boleto arquivado · Todos")

    receptor.respostas.append(answer(503, "fechado para balanço"))
    await cartao.get_by_role("button", name="Enviar teste").click()
    linha = page.locator("entregas-webhook tbody tr")
    await expect(linha).to_contain_text("O servidor respondeu 503.")
    await expect(linha).to_contain_text("fechado para balanço")
    await page.get_by_role("button", name="Reenviar as não aceitas").click()
    await expect(linha).to_contain_text("Aceita")
    await linha.get_by_text("Ver o que é enviado").click()
    await expect(linha.locator("pre")).to_contain_text('"specversion": "1.0"')
    await page.locator("entregas-webhook").get_by_role("button", name="Fechar").click()
    assert receptor.ids == [receptor.ids[0]] * 2

    await cartao.get_by_role("button", name="Editar").click()
    await ficha.get_by_role("button", name="Trocar o segredo").click()
    await page.locator("#pergunta").get_by_role("button", name="Trocar").click()
    await expect(segredo.get_by_role("textbox")).not_to_have_value(receptor.segredo)
    receptor.segredo = await segredo.get_by_role("textbox").input_value()
    await segredo.get_by_role("button", name="Fechar").click()
    await expect(cartao).to_contain_text("O segredo antigo também assina até")

    receptor.respostas.append(answer(410))
    await cartao.get_by_role("button", name="Enviar teste").click()
    await expect(linha.first).to_contain_text("410")
    await page.locator("entregas-webhook").get_by_role("button", name="Fechar").click()
    await expect(cartao).to_contain_text("este endereço não recebe mais")
    await expect(cartao.get_by_role("button", name="Enviar teste")).to_be_disabled()
    await cartao.get_by_role("button", name="Editar").click()
    await ficha.get_by_label("Ligado").check()
    await ficha.get_by_role("button", name="Salvar").click()
    await expect(cartao.locator(".selo")).to_have_text("Ligado")
    await cartao.get_by_role("button", name="Editar").click()
    await ficha.get_by_role("button", name="Excluir").click()
    await page.locator("#pergunta").get_by_role("button", name="Excluir").click()
    await expect(page.get_by_text("Nenhum webhook ainda")).to_be_visible()
    assert not queixas and receptor.recusadas == 0


async def test_a_return_file_is_checked_then_its_boletos_are_paid(balcao: Balcao, loja: Loja, page: Page) -> None:
    await file_boleto(balcao, loja)
    queixas = await enter(balcao, page, "retornos", Escopo.OPERADOR)
    conferir = page.get_by_role("button", name="Conferir o retorno")
    await conferir.click()
    await expect(page.get_by_role("alert")).to_contain_text("escolha o arquivo")

    async def pick(dados: bytes) -> None:
        arquivo = {"name": "CB101100.RET", "mimeType": "text/plain", "buffer": dados}
        await page.locator("#arquivo").set_input_files(arquivo)  # type: ignore[arg-type]
        await conferir.click()

    await pick(make_retorno(Pago())[:-300])
    await expect(page.get_by_role("alert")).to_contain_text("linha 5")
    await pick(make_retorno(Pago(), Pago("99999999")))
    relato = page.locator("#retorno")
    await expect(relato.locator("tbody tr")).to_have_count(2)
    await expect(relato).to_contain_text("Pagos1")
    await expect(relato).to_contain_text("Sem boleto")
    assert await balcao.pool.fetchval("SELECT status FROM boletos") == "pendente"
    await relato.get_by_role("button", name="Marcar como pagos").click()
    await expect(page.locator(".aviso", has_text="Boletos marcados como pagos: 1.")).to_be_visible()

    await page.goto(f"{balcao.origem}/#/boletos")
    linha = page.get_by_role("row", name=re.compile("ANA"))
    await expect(linha.locator(".selo")).to_have_text("Pago")
    await linha.get_by_role("button", name="Ver o boleto de ANA").click()
    pagamento = page.locator("pagamento-boleto")
    await expect(pagamento).to_contain_text("09/11/2026 · R$")
    await pagamento.get_by_role("button", name="Alterar pagamento").click()
    await pagamento.get_by_label("Pago em").fill("2099-01-01")
    await pagamento.get_by_role("button", name="Salvar").click()
    await expect(pagamento.locator("#pagamento-data-erro")).to_contain_text("futuro")
    # An amount is typed as it is written here; what is none is told at its field, and nothing is sent.
    await pagamento.get_by_label("Pago em").fill("2026-11-09")
    for errado in ("8-12", "mil", "1,234.56"):
        await pagamento.get_by_label("Valor pago").fill(errado)
        await pagamento.get_by_role("button", name="Salvar").click()
        await expect(pagamento.locator("#pagamento-valor-erro")).to_contain_text("em reais")
        await expect(pagamento.get_by_label("Valor pago")).to_have_value(errado)
    for escrito, valor in (("1.234,56", "1234.56"), ("R$ 812,45", "812.45"), ("812.4", "812.40"), ("1.234", "1234.00")):
        await pagamento.get_by_label("Valor pago").fill(escrito)
        await pagamento.get_by_role("button", name="Salvar").click()
        await expect(pagamento.get_by_role("button", name="Alterar pagamento")).to_be_visible()
        assert str(await balcao.pool.fetchval("SELECT valor_pago FROM boletos")) == valor
        await pagamento.get_by_role("button", name="Alterar pagamento").click()
    await expect(pagamento.get_by_label("Valor pago")).to_have_value("1.234,00")
    await pagamento.get_by_label("Pagamento").select_option("Cancelado")
    await pagamento.get_by_role("button", name="Salvar").click()
    await expect(pagamento.locator(".selo")).to_have_text("Cancelado")
    assert await balcao.pool.fetchval("SELECT status FROM boletos") == "cancelado"
    assert not queixas

    # Who only reads changes nothing of it, and sees no webhook.
    await balcao.pool.execute("UPDATE pessoas SET escopo = 'leitura'")
    await page.goto(f"{balcao.origem}/#/retornos")
    await page.reload()
    await expect(page.get_by_text("Só quem opera envia retornos")).to_be_visible()
    await page.goto(f"{balcao.origem}/#/boletos")
    await page.get_by_role("button", name="Ver o boleto").click()
    await expect(pagamento.locator(".selo")).to_have_text("Cancelado")
    await expect(page.get_by_role("button", name="Alterar pagamento")).to_have_count(0)
    await page.goto(f"{balcao.origem}/#/webhooks")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Página não encontrada.")
