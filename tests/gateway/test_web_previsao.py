"""The prediction of failures in a real Chromium: its judgement, its reasons, its warnings, and its silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from services.gateway.store.chaves import Escopo
from tests.gateway.balcao import open_balcao
from tests.gateway.cadastro import add_loja
from tests.gateway.passado import add_passado, make_passado
from tests.gateway.test_previsao import put_modelo
from tests.navegador import add_pessoa, note_queixas, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_person_sees_how_good_it_is_what_it_expects_and_why(
    database_url: str, tmp_path: Path, browser: Browser
) -> None:
    async with (
        open_balcao(database_url, tmp_path) as balcao,
        await browser.new_page(locale="pt-BR", timezone_id="America/Sao_Paulo") as page,
    ):
        page.set_default_timeout(10_000)
        queixas = note_queixas(page)
        loja = await add_loja(balcao.pool, clientes=12)
        await add_pessoa(balcao.pool, Escopo.ADMIN, "ana@exemplo.com.br")
        await sign_in(page, f"{balcao.origem}/#/previsao", "ana@exemplo.com.br")
        await expect(page.get_by_text("Ainda não há histórico")).to_be_visible()
        await expect(page.locator(".selo", has_text="Calada")).to_be_visible()
        await page.get_by_role("button", name="Treinar agora").click()
        await expect(page.get_by_text("Ainda não há tentativas das quais aprender.")).to_be_visible()
        await add_passado(balcao.pool, loja, make_passado(lambda d, i, c: float(c == 4), dias=3, contratos=12))
        await put_modelo(balcao.pool)
        await page.reload()
        await expect(page.locator(".selo", has_text="Em uso")).to_be_visible()
        await expect(page.locator("dl.numeros")).to_contain_text("Erro da frequência simples (Brier)")
        await expect(page.get_by_role("img", name="Barras da parte que falhou")).to_be_visible()
        await expect(page.locator("#avisos-previsao + ul")).to_contain_text("costuma falhar das 10 h às 12 h: 32%")
        await expect(page.locator("#contratos-previsao ~ .rolagem tbody tr").first).to_contain_text("CLIENTE 5")
        await expect(page.locator("#contratos-previsao ~ .rolagem")).to_contain_text("falhou nas duas últimas vezes")
        await page.goto(f"{balcao.origem}/#/inicio")
        await expect(page.get_by_role("complementary")).to_contain_text("costuma falhar das 10 h às 12 h")
        assert not queixas
