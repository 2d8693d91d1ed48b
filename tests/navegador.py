"""A person at the dashboard in a real Chromium: the browser, somebody who may sign in, what the page complains of."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from services.gateway.senhas import hash_senha
from services.gateway.store import Pool, pessoas
from services.gateway.store.chaves import Escopo
from services.scraper.portal.browser.chromium import find_chromium

# What is asserted comes at last, however busy the machine: how soon is the benchmarks' business.
expect.set_options(timeout=20_000)

EMAIL, SENHA = "ana@exemplo.com.br", "uma senha comprida"


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    achado = await asyncio.to_thread(find_chromium, os.environ.get("CANOPUS_CHROMIUM"))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=achado.executable, args=list(achado.args), chromium_sandbox=achado.sandbox
        )
        yield browser
        await browser.close()


async def add_pessoa(
    pool: Pool, escopo: Escopo = Escopo.OPERADOR, email: str = EMAIL, pontos_venda: Sequence[int] | None = None
) -> None:
    """With a password of her own already."""
    senha_hash = await hash_senha(SENHA)
    async with pool.acquire() as conn:
        id = await pessoas.create_pessoa(conn, email, "Ana", senha_hash, escopo, pontos_venda)
        await conn.execute("UPDATE pessoas SET trocar_senha = false WHERE id = $1", id)


async def sign_in(page: Page, endereco: str, email: str = EMAIL, senha: str = SENHA) -> None:
    """endereco: of the page that is to be shown then."""
    await page.goto(endereco)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Senha").fill(senha)
    await page.get_by_role("button", name="Entrar").click()


def note_queixas(page: Page) -> list[str]:
    """What the console complains about from here on; a refused request, which the browser reports, the page tells."""
    queixas: list[str] = []

    def note(mensagem: ConsoleMessage) -> None:
        if mensagem.type in ("error", "warning") and "Failed to load resource" not in mensagem.text:
            queixas.append(mensagem.text)

    page.on("console", note)
    page.on("pageerror", lambda erro: queixas.append(str(erro)))
    return queixas
