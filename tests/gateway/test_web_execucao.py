"""One execution's page: its causes, its search, what is left, the window of a contract, and its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, cpf_de, list_itens, submit
from tests.gateway.motor import Maestro
from tests.navegador import add_pessoa, note_queixas, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

MALDADE = "<img src=x onerror=alert(1)>"


@dataclass
class Cena:
    """An execution of four contracts, none of them done, and an operador's page of it."""

    balcao: Balcao
    page: Page
    id: UUID
    itens: list[int]
    maestro: Maestro
    cerca: int

    async def succeed(self, *numeros: int) -> None:
        for numero in numeros:
            await self.maestro.succeed(self.itens[numero], self.cerca)

    async def fail(self, numero: int, codigo: str) -> None:
        await self.maestro.fail(self.itens[numero], self.cerca, codigo)

    async def open(self) -> None:
        await add_pessoa(self.balcao.pool)
        await sign_in(self.page, f"{self.balcao.origem}/#/execucoes/{self.id}")
        await expect(self.page.locator("lista-virtual .linha")).to_have_count(4)


@pytest_asyncio.fixture(loop_scope="module")
async def cena(database_url: str, tmp_path: Path, browser: Browser) -> AsyncIterator[Cena]:
    async with (
        open_balcao(database_url, tmp_path) as balcao,
        await browser.new_page(locale="pt-BR") as page,
    ):
        loja = await add_loja(balcao.pool, clientes=4)
        id = await submit(balcao.pool, loja)
        maestro = Maestro(balcao.pool)
        queixas = note_queixas(page)
        itens = [item["id"] for item in await list_itens(balcao.pool, id)]
        yield Cena(balcao, page, id, itens, maestro, await maestro.lease(loja))
        assert not queixas


async def test_its_causes_are_named_its_rows_found_and_its_end_told(cena: Cena) -> None:
    page, atrasados = cena.page, list[Route]()
    await page.route("**/api/automation/desfechos?*", lambda rota: atrasados.append(rota))
    await cena.fail(0, "cliente.ambiguo")
    await cena.fail(1, "cliente.ambiguo.outro")
    await cena.open()
    assert await page.title() == "17.308: Novembro de 2026 · Canopus"
    await expect(page.get_by_text("por teste")).to_be_visible()
    causas, linhas = page.locator(".causa"), page.locator("lista-virtual .linha")
    await expect(causas.first.locator("h3")).to_contain_text("cliente.ambiguo")
    await atrasados[0].continue_()
    await expect(causas.first.locator("h3")).to_contain_text("Mais de uma cota")
    # Each cause shows the rows that it counts; a whole CPF finds its row, though only its middle is known here.
    await causas.first.get_by_role("button", name="Ver estes").click()
    await expect(linhas).to_have_count(1)
    await expect(page.locator("contratos-execucao [role=status]")).to_have_text("1 de 4")
    await causas.first.get_by_role("button", name="Mostrar todos").click()
    busca = page.get_by_role("searchbox")
    for texto, quantas in ((cpf_de(3), 1), (cpf_de(99), 0), ("", 4)):
        await busca.fill(texto)
        await expect(linhas).to_have_count(quantas)
    indices = await page.locator("[aria-rowindex]").evaluate_all("nos => nos.map(no => no.ariaRowIndex)")
    assert indices == ["1", "2", "3", "4", "5"]
    # The end is told wherever the person is then, and not as an error.
    await page.get_by_role("link", name="Minha conta").click()
    await cena.succeed(2, 3)
    await expect(page.locator(".aviso.bom")).to_have_text(
        "17.308, Novembro de 2026: terminou com 2 baixados, 2 com erro."
    )
    await page.go_back()
    resumo = page.locator("section", has=page.locator("#resumo"))
    await expect(resumo.locator("h2")).to_contain_text("2 baixados, 2 com erro, em")
    await expect(resumo).to_contain_text("Terminou em")
    zip = resumo.get_by_role("link", name="Boletos (ZIP)")
    await expect(zip).to_have_attribute("href", f"/api/automation/execucoes/{cena.id}/boletos.zip")
    await page.get_by_label("Situação", exact=True).select_option("erro")
    await expect(linhas).to_have_count(2)
    # Trying again takes the rows that were counted, not those of the cause's children.
    await causas.first.get_by_role("button", name="Tentar de novo").click()
    await page.locator("#pergunta").get_by_role("button", name="Tentar de novo").click()
    await expect(page.get_by_role("link", name="ver a execução de origem")).to_be_visible()
    await expect(linhas).to_have_count(1)
    # What was sifted there is not sifted here.
    await expect(page.get_by_label("Situação", exact=True)).to_have_value("")


async def test_a_contract_tells_who_can_help_and_what_of_it_could_not_be_read(cena: Cena) -> None:
    page = cena.page
    await cena.fail(0, "cliente.ambiguo")
    await cena.balcao.pool.execute(
        "UPDATE log_downloads_boletos SET codigo = 'portal.sem_permissao', mensagem_erro = $1 WHERE id = $2",
        MALDADE, cena.itens[0],
    )  # fmt: skip
    detalhe = f"**/api/automation/execucoes/{cena.id}/clientes/{cena.itens[0]}"

    async def refuse(rota: Route) -> None:
        await rota.fulfill(status=503, json={"success": False, "error": "Banco fora.", "codigo": "x", "detalhes": []})

    await page.route(detalhe, refuse)
    await cena.open()
    await page.locator("lista-virtual button.nome").first.click()
    janela = page.get_by_role("dialog")
    await expect(janela.get_by_role("alert")).to_contain_text("Banco fora.")
    await page.unroute(detalhe, refuse)
    await janela.get_by_role("alert").get_by_role("button").click()
    await expect(janela.get_by_role("heading", name="Tentativas")).to_be_visible()
    await expect(janela.get_by_role("alert")).to_have_count(0)
    await expect(janela.get_by_text(f"No portal: {MALDADE}")).to_be_visible()
    # Credentials are an administrator's: an operador is not led to a page that is not there for them.
    await expect(janela.get_by_text("Peça a um administrador.")).to_be_visible()
    await expect(janela.get_by_role("link")).to_have_count(0)


async def test_a_contract_that_was_filed_shows_its_line_and_copies_it(cena: Cena) -> None:
    page = cena.page
    linha = "866000000025123411444777000000000000000000000000"
    await cena.succeed(0)
    await cena.balcao.pool.execute('UPDATE boletos SET linha_digitavel = $1, origens = \'{"valor": "texto"}\'', linha)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await cena.open()
    await page.locator("lista-virtual button.nome").first.click()
    dados = page.get_by_role("dialog").locator("dados-boleto")
    await expect(dados.locator("code")).to_have_text("86600000002-5 12341144477-7 00000000000-0 00000000000-0")
    await expect(dados).to_contain_text("texto do PDF")
    await dados.get_by_role("button", name="Copiar linha digitável").click()
    await expect(dados.locator("[role=status]")).to_have_text("Copiada.")
    assert await page.evaluate("navigator.clipboard.readText()") == linha


async def test_what_an_address_names_wrongly_is_told_and_the_focus_is_not_lost(cena: Cena) -> None:
    page = cena.page
    await cena.open()
    await page.get_by_role("button", name="Pausar").click()
    await expect(page.get_by_role("button", name="Retomar")).to_be_focused()
    await expect(page.get_by_text("Ainda é cedo")).to_have_count(0)
    await page.goto(f"{cena.balcao.origem}/#/execucoes/nenhuma")
    await expect(page.get_by_text("Execução não encontrada")).to_be_visible()
    await expect(page.locator("h1")).to_have_text("Execução")


async def test_a_cut_is_asked_about_once_and_ends_a_socket_that_does_not_open(cena: Cena) -> None:
    """A gap in the events, told by many frames, is one question; the counters do not run ahead of the rows."""
    page = cena.page
    await page.add_init_script(
        """const Real = WebSocket; window.quadros = []; window.sockets = [];
        WebSocket = class extends Real {
            constructor(...a) { super(...a); sockets.push(this); }
            send(texto) { quadros.push(JSON.parse(texto)); super.send(texto); }
        };"""
    )
    await cena.open()
    await expect(page.locator(".luz")).to_have_text("Ao vivo")
    asked = await page.evaluate(
        """(id) => {
            const antes = quadros.filter((q) => q.automacao_id === id).length;
            for (let seq = 500; seq < 520; seq += 1) {
                sockets.at(-1).onmessage({ data: JSON.stringify({ tipo: "evento", automacao_id: id, seq }) });
            }
            return quadros.filter((q) => q.automacao_id === id).length - antes;
        }""",
        str(cena.id),
    )
    assert asked == 1
    luz = await page.evaluate(
        """async () => {
            dispatchEvent(new Event("offline"));
            await document.querySelector("canopus-painel").updateComplete;
            return document.querySelector(".luz").textContent;
        }"""
    )
    assert luz != "Ao vivo"
    await cena.succeed(0)
    await expect(page.locator(".contador.sucesso strong")).to_have_text("1")


async def measure(page: Page, fins_s: list[float], restam: int, agora_s: float) -> dict[str, Any]:
    """What is foreseen from contracts that ended at these seconds."""
    previsao: dict[str, Any] = await page.evaluate(
        """async ([fins, restam, agora]) => {
            const { prever } = await import("/web/previsao.js");
            const em = (s) => new Date(1e12 + 1000 * s).toISOString();
            const feitos = fins.map((s) => ({ status: "sucesso", finalizado_em: em(s) }));
            const outros = Array.from({ length: restam }, () => ({ status: "pendente", etapa: "na_fila" }));
            return prever([...feitos, ...outros], 1e12 + 1000 * agora);
        }""",
        [fins_s, restam, agora_s],
    )
    return previsao


async def test_the_time_left_follows_from_how_contracts_end_and_how_evenly(cena: Cena) -> None:
    await cena.page.goto(cena.balcao.origem)
    parelhos = await measure(cena.page, [10.0 * n for n in range(1, 21)], 30, 200)
    assert (parelhos["de_s"], parelhos["ate_s"]) == pytest.approx((300, 300), abs=1)
    assert parelhos["porMinuto"] == 6
    desiguais = await measure(cena.page, [20.0 * (n // 2) + (n % 2) for n in range(1, 21)], 30, 201)
    assert desiguais["de_s"] < 290 < 310 < desiguais["ate_s"]
    # A portal that stands still: the longer, the more is left.
    parado = await measure(cena.page, [10.0 * n for n in range(1, 21)], 30, 800)
    assert parado["ate_s"] > 2 * parelhos["ate_s"] and parado["porMinuto"] == 0
    assert (await measure(cena.page, [1.0, 2.0, 3.0], 30, 3))["de_s"] is None
    assert (await measure(cena.page, [10.0 * n for n in range(1, 21)], 0, 200))["de_s"] is None
