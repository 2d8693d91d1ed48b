"""`make screenshots`: every page of the dashboard with the demonstration's data, in three widths, light and dark."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Literal

import aiohttp
from playwright.async_api import Browser

from tests import demonstracao as demo
from tests.crm import Cliente
from tests.navegador import open_browser, sign_in

TELAS = {"larga": (1280, 900), "tablet": (820, 1100), "telefone": (390, 844)}
TEMAS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGINAS = (
    "inicio", "execucoes", "agendamentos", "boletos", "clientes", "planilhas", "estatisticas", "previsao",
    "consultores", "pontos-venda", "credenciais", "pessoas", "avisos", "canais", "webhooks", "espelhos", "retornos",
    "mortas", "escritorios", "conta",
)  # fmt: skip
SENHA = "a senha da demonstração"
QUIETO_MS = 800


async def change_senha(browser: Browser, origem: str, provisoria: str) -> None:
    page = await (await browser.new_context(locale="pt-BR")).new_page()
    await sign_in(page, origem, demo.EMAIL, provisoria)
    await page.get_by_label("Senha atual").fill(provisoria)
    await page.get_by_label("Nova senha", exact=True).fill(SENHA)
    await page.get_by_label("Repita a nova senha").fill(SENHA)
    await page.get_by_role("button", name="Trocar a senha").click()
    await page.get_by_text("Senha trocada.").wait_for()


async def photograph(browser: Browser, origem: str, execucao: str, tela: str, tema: Literal["light", "dark"]) -> None:
    largura, altura = TELAS[tela]
    context = await browser.new_context(
        viewport={"width": largura, "height": altura}, color_scheme=tema, locale="pt-BR", reduced_motion="reduce"
    )
    page = await context.new_page()

    async def shoot(nome: str) -> None:
        await page.wait_for_timeout(QUIETO_MS)
        await page.screenshot(path=demo.PASTA / "fotos" / f"{nome}-{tela}-{tema}.png", full_page=True)

    await page.goto(origem)
    await page.get_by_label("E-mail").wait_for()
    await shoot("entrada")
    await sign_in(page, origem, demo.EMAIL, SENHA)
    await page.locator("nav").wait_for(state="attached")
    for pagina in PAGINAS:
        await page.goto(f"{origem}/#/{pagina}")
        await shoot(pagina)
    await page.goto(f"{origem}/#/execucoes/{execucao}")
    await shoot("execucao")
    await page.locator(".contador.erro").click()
    await page.locator("button.nome").first.click()
    await shoot("contrato")
    await context.close()


async def take_all(processos: demo.Processos, origem: str, url_portal: str) -> int:
    resultado = await demo.demonstrate(processos, origem, url_portal)
    provisoria = await demo.run_canopus(processos, "pessoas", "senha", demo.EMAIL)
    await demo.run_canopus(
        processos, "agendamentos", "criar", "--nome", "Todo dia 5", "--ponto-venda", "17308", "--mes", "proximo",
        "--dia", "5", "--hora", "07:30",
    )  # fmt: skip
    chave = await demo.run_canopus(processos, "chaves", "criar", "--nome", "fotos", "--escopo", "leitura")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {chave}"}) as sessao:
        cliente = Cliente(sessao, origem)
        execucoes = (await cliente.call("GET", "execucoes"))["execucoes"]
    execucao = max(execucoes, key=lambda e: e["total_clientes"])["automacao_id"]
    async with open_browser() as browser:
        await change_senha(browser, origem, provisoria)
        for tela in TELAS:
            for tema in TEMAS:
                await photograph(browser, origem, execucao, tela, tema)
    return resultado


def main() -> int:
    inicio = time.monotonic()
    porta, porta_portal = demo.find_porta(5000), demo.find_porta(8900)
    with demo.running(False, porta, porta_portal) as processos:
        (demo.PASTA / "fotos").mkdir()
        resultado = asyncio.run(take_all(processos, f"http://127.0.0.1:{porta}", f"http://127.0.0.1:{porta_portal}"))
    fotos = demo.PASTA / "fotos"
    quantas = len(list(fotos.glob("*.png")))
    demo.say(f"{quantas} fotos em {fotos.relative_to(demo.RAIZ)}, {time.monotonic() - inicio:.0f} s.")
    return resultado


if __name__ == "__main__":
    sys.exit(main())
