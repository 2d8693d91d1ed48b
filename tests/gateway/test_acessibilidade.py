"""Every page and dialog of the dashboard under axe-core, light and dark, wide and on a phone: no violation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from services.gateway.store.chaves import Escopo
from tests.fotos import PAGINAS
from tests.gateway.agencia import add_destinatario, add_whatsapp
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.motor import Maestro
from tests.gateway.receptor import Receptor, add_webhook
from tests.navegador import add_pessoa, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        await add_pessoa(aberto.pool, Escopo.ADMIN)
        yield aberto


@dataclass
class Vistoria:
    """Runs axe-core on what the page shows; `queixas` by what it was."""

    page: Page
    origem: str
    queixas: dict[str, list[str]] = field(default_factory=dict)

    async def check(self, nome: str) -> None:
        await self.page.wait_for_load_state("networkidle")
        resultado = await Axe().run(self.page)
        self.queixas[nome] = [
            f"{violacao['id']}: {violacao['nodes'][0]['html'][:200]}" for violacao in resultado.response["violations"]
        ]

    async def go(self, pagina: str) -> None:
        await self.page.goto(f"{self.origem}/#/{pagina}")
        await self.page.locator("main h1").wait_for()

    async def check_dialog(self, pagina: str, *botoes: str) -> None:
        """The dialog that these buttons, one after the other, lead to from that page."""
        await self.go(pagina)
        for botao in botoes:
            await self.page.get_by_role("button", name=botao).last.click()
        await self.page.locator("dialog[open]").last.wait_for()
        await self.check(f"{pagina}: {' > '.join(botoes)}")
        await self.page.reload()


async def open_vistoria(balcao: Balcao, browser: Browser, tema: Literal["light", "dark"]) -> tuple[Vistoria, UUID]:
    """Signed in, with an execution whose contracts are done, failed and waiting."""
    loja = await add_loja(balcao.pool)
    fora = Receptor(url="https://crm.exemplo.com.br/canopus")
    await add_webhook(balcao.pool, balcao.gateway.ctx.chaveiro, fora, ativo=False)
    espelho = {
        "nome": "Nuvem", "destino": "s3://balde", "endereco": "http://127.0.0.1:9", "chave": "AKIA", "segredo": "x",
    }  # fmt: skip
    assert (await balcao.call("POST", "espelhos", espelho)).status == 201
    await balcao.pool.execute(
        "INSERT INTO links_planilha (consultor_id, link, erro, em_dia_em, proxima_em)"
        " VALUES ($1, 'https://drive.google.com/open?id=1AbCdEfGhIjK', 'O link não está aberto.', now(), 'infinity')",
        loja.consultor_id,
    )
    regra = {"tipo": "semanal", "dias": ["segunda"], "hora": "08:00"}
    corpo = {"nome": "Mensal", "ponto_venda": loja.codigo, "mes": "atual", "regra": regra}
    assert (await balcao.call("POST", "agendamentos", corpo)).status == 201
    canal = await add_whatsapp(balcao.pool, balcao.gateway.ctx.chaveiro, "https://127.0.0.1:9", ativo=False)
    await add_destinatario(balcao.pool, canal)
    id = await submit(balcao.pool, loja)
    maestro, itens = Maestro(balcao.pool), await list_itens(balcao.pool, id)
    cerca = await maestro.lease(loja)
    await maestro.succeed(itens[0]["id"], cerca)
    await maestro.fail(itens[1]["id"], cerca, "cliente.ambiguo")
    page = await (await browser.new_context(color_scheme=tema, locale="pt-BR")).new_page()
    vistoria = Vistoria(page, balcao.origem)
    await page.goto(balcao.origem)
    await page.get_by_label("E-mail").wait_for()
    await vistoria.check("entrada")
    await sign_in(page, balcao.origem)
    await page.locator("nav").wait_for(state="attached")
    return vistoria, id


@pytest.mark.parametrize("tema", ["light", pytest.param("dark", marks=pytest.mark.completo)])
async def test_no_page_has_a_violation(balcao: Balcao, browser: Browser, tema: Literal["light", "dark"]) -> None:
    vistoria, id = await open_vistoria(balcao, browser, tema)
    page = vistoria.page
    for pagina in PAGINAS:
        await vistoria.go(pagina)
        await vistoria.check(pagina)
    await vistoria.go(f"execucoes/{id}")
    await page.locator("lista-virtual .linha").first.wait_for()
    await vistoria.check("execucao")
    await page.locator("button.nome").nth(1).click()
    await page.get_by_role("heading", name="Tentativas").wait_for()
    await vistoria.check("contrato")
    assert {nome: vistas for nome, vistas in vistoria.queixas.items() if vistas} == {}


@pytest.mark.completo
async def test_no_page_has_a_violation_on_a_phone_and_no_dialog_anywhere(balcao: Balcao, browser: Browser) -> None:
    vistoria, id = await open_vistoria(balcao, browser, "light")
    page = vistoria.page
    await page.set_viewport_size({"width": 390, "height": 844})
    for pagina in (*PAGINAS, f"execucoes/{id}"):
        await vistoria.go(pagina)
        await vistoria.check(pagina)
    await page.get_by_role("button", name="Menu").click()
    await vistoria.check("menu")
    await vistoria.check_dialog(f"execucoes/{id}", "Cancelar")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.emulate_media(color_scheme="dark")
    for pagina, botoes in (
        ("clientes", ("CLIENTE 1",)),
        ("consultores", ("Novo consultor",)),
        ("pontos-venda", ("Novo ponto de venda",)),
        ("credenciais", ("Nova credencial",)),
        ("credenciais", ("Testar agora",)),
        ("avisos", ("Novo destinatário",)),
        ("avisos", ("Avisos enviados",)),
        ("canais", ("Novo canal",)),
        ("canais", ("Novo WhatsApp",)),
        ("webhooks", ("Novo webhook",)),
        ("webhooks", ("Entregas de crm",)),
        ("espelhos", ("Novo espelho em S3",)),
        ("espelhos", ("Novo espelho no Google Drive",)),
        ("espelhos", ("Cópias de Nuvem",)),
        ("pessoas", ("Nova pessoa",)),
        ("pessoas", ("Ana", "Nova senha provisória")),
        ("boletos", ("Ver o boleto",)),
        ("agendamentos", ("Novo agendamento",)),
        ("agendamentos", ("Editar: Mensal",)),
        ("agendamentos", ("Histórico: Mensal",)),
        (f"execucoes/{id}", ("Cancelar",)),
    ):
        await vistoria.check_dialog(pagina, *botoes)
    assert {nome: vistas for nome, vistas in vistoria.queixas.items() if vistas} == {}
