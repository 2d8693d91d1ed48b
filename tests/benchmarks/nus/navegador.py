"""One contract in Chromium, as a short script would do it: click, wait for the page, ask for the pop-up's address."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from playwright.async_api import Page, async_playwright

from services.scraper.portal.browser.chromium import find_chromium
from shared.contrato import format_documento
from tests.benchmarks.nus.requisicoes import BUSCA, ENTRADA
from tests.scraper.scenes import SENHA, USUARIO

C = "#ctl00_Conteudo_"


class Nu:
    """`async with Nu(base)`: a context, logged in."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/") + "/"

    async def __aenter__(self) -> Self:
        self._playwright = await async_playwright().start()
        achado = find_chromium()
        self._browser = await self._playwright.chromium.launch(
            executable_path=achado.executable, args=[*achado.args], chromium_sandbox=achado.sandbox
        )
        self._context = await self._browser.new_context(locale="pt-BR", viewport={"width": 1280, "height": 900})
        self._page = await self._context.new_page()
        await log_in(self._page, self._base)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._browser.close()
        await self._playwright.stop()

    async def fetch(self, cpf: str, arquivo: Path) -> None:
        arquivo.write_bytes(await work(self._page, self._base, cpf))  # noqa: ASYNC240 - as short as it can be


async def log_in(page: Page, base: str) -> None:
    await page.goto(base + ENTRADA)
    await page.fill("#edtUsuario", USUARIO.zfill(10))
    await page.fill("#edtSenha", SENHA)
    async with page.expect_navigation():
        await page.click("#btnLogin")


async def work(page: Page, base: str, cpf: str) -> bytes:
    await page.goto(base + BUSCA, wait_until="domcontentloaded")
    return await go_on(page, cpf)


async def go_on(page: Page, cpf: str) -> bytes:
    """From the open search page to the PDF."""
    async with page.expect_navigation(wait_until="domcontentloaded"):
        await page.select_option(f"{C}cbxCriterioBusca", "F")
    await page.fill(f"{C}edtContextoBusca", format_documento(cpf))
    await _click(page, f"{C}btnBuscar")
    await _click(page, "a[id$=lnkGrupoCota]:not(:empty) >> nth=-1")
    await _click(page, "text=Emissão de Cobrança")
    await _click(page, 'input[type="image"][name*="imgEmite"] >> nth=-1')
    async with page.context.expect_page() as aberta:
        await page.click(f"{C}btnEmitir")
    janela = await aberta.value
    await janela.wait_for_url("**/frmConCmImpressao*", wait_until="commit")
    corpo = b""
    while not corpo.startswith(b"%PDF"):
        corpo = await (await page.context.request.get(janela.url)).body()
    await janela.close()
    return corpo


async def _click(page: Page, seletor: str) -> None:
    async with page.expect_navigation(wait_until="domcontentloaded"):
        await page.click(seletor)
