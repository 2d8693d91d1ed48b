"""Boletos, executions and statistics as a person uses them, in a real Chromium whose console has no complaint."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from openpyxl import load_workbook
from playwright.async_api import Browser, Download, Locator, Page, Request, expect

from services.gateway.store.chaves import Escopo
from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import Loja, add_boleto, add_loja, cpf_de, list_itens, submit
from tests.gateway.motor import Maestro
from tests.navegador import add_pessoa, note_queixas, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

PDF = b"%PDF-1.7\nboleto de teste\n%%EOF"
LINHA = "23795330900259885632206205768176616660000319144"
MALDADE = "<img src=x onerror=alert(1)>"
COM_VISOR = "Object.defineProperty(navigator, 'pdfViewerEnabled', {value: true})"
SEM_VISOR = "Object.defineProperty(navigator, 'pdfViewerEnabled', {value: false})"
SEM_TRANSFERENCIA = "Object.defineProperty(navigator, 'clipboard', {value: undefined})"


@dataclass
class Painel:
    """A person's browser; what its console complains about, and what it asked of others."""

    balcao: Balcao
    loja: Loja
    page: Page
    queixas: list[str] = field(default_factory=list)

    def note_pedido(self, pedido: Request) -> None:
        if not pedido.url.startswith((self.balcao.origem, f"blob:{self.balcao.origem}")):
            self.queixas.append(f"asked of another: {pedido.url}")

    async def enter(self, caminho: str, escopo: Escopo = Escopo.LEITURA) -> None:
        await add_pessoa(self.balcao.pool, escopo)
        await sign_in(self.page, f"{self.balcao.origem}/#/{caminho}")

    async def file(self, numero: int, nome: str, mes: int = 11, consultor_id: int | None = None) -> int:
        """A filed boleto with its PDF in the store."""
        id = await add_boleto(self.balcao.pool, self.loja, numero, mes)
        pasta = "Marta" if consultor_id else "Outros"
        caminho = f"{pasta}/{nome.replace('<', '_').replace('>', '_')}_{numero}.pdf"
        arquivo = await self.balcao.gateway.ctx.files.place(caminho, PDF)
        await self.balcao.pool.execute(
            "UPDATE boletos SET arquivo_caminho = $2, arquivo_sha256 = $3, arquivo_tamanho = $4, consultor_id = $5,"
            " nome_cliente = $6, linha_digitavel = $7 WHERE id = $1",
            id, arquivo.caminho, arquivo.sha256, arquivo.tamanho, consultor_id, nome, LINHA,
        )  # fmt: skip
        return id

    def linha(self, texto: str) -> Locator:
        return self.page.locator("tbody tr", has_text=texto)

    async def expect_aviso(self, texto: str) -> None:
        await expect(self.page.locator(".aviso", has_text=texto)).to_be_visible()

    async def download(self, botao: Locator) -> tuple[str, bytes]:
        async with self.page.expect_download() as espera:
            await botao.click()
        return await read_download(await espera.value)


async def read_download(baixado: Download) -> tuple[str, bytes]:
    return baixado.suggested_filename, await asyncio.to_thread(Path(await baixado.path()).read_bytes)


@pytest_asyncio.fixture(loop_scope="module")
async def painel(database_url: str, tmp_path: Path, browser: Browser) -> AsyncIterator[Painel]:
    async with (
        open_balcao(database_url, tmp_path) as balcao,
        await browser.new_page(locale="pt-BR", timezone_id="America/Sao_Paulo", reduced_motion="reduce") as page,
    ):
        loja = await add_loja(balcao.pool)
        painel = Painel(balcao, loja, page, note_queixas(page))
        page.on("request", painel.note_pedido)
        yield painel
        assert not painel.queixas


async def test_boletos_stand_under_consultor_and_month_and_are_found(painel: Painel) -> None:
    await painel.file(1, "JOSÉ DA CONCEIÇÃO", 12, painel.loja.consultor_id)
    await painel.file(2, "BIA", 11, painel.loja.consultor_id)
    await painel.file(3, MALDADE, 11)
    await painel.enter("boletos")
    titulos = painel.page.locator("section h2")
    await expect(titulos).to_have_text(
        [
            "CONSULTOR 17.308 · Dezembro de 2026",
            "CONSULTOR 17.308 · Novembro de 2026",
            "Sem consultor · Novembro de 2026",
        ]
    )
    await expect(painel.linha(MALDADE)).to_have_count(1)
    await painel.page.get_by_label("Nome do cliente").fill("conceicao")
    await expect(titulos).to_have_text(["CONSULTOR 17.308 · Dezembro de 2026"])
    await painel.page.get_by_label("Nome do cliente").fill("")
    await painel.page.get_by_label("CPF ou CNPJ").fill(cpf_de(2))
    await painel.page.keyboard.press("Enter")
    await expect(painel.page.locator("tbody tr")).to_have_count(1)
    await expect(painel.linha("BIA")).to_contain_text("***.")
    await painel.page.get_by_label("CPF ou CNPJ").fill("111.111.111-12")
    await painel.page.keyboard.press("Enter")
    await expect(painel.page.locator("#cpf-erro")).to_be_visible()
    await painel.page.get_by_label("CPF ou CNPJ").fill("")
    await painel.page.get_by_label("Mês").select_option("11")
    await expect(painel.page.locator("tbody tr")).to_have_count(2)
    await painel.page.get_by_label("Ordem").select_option("recentes")
    await expect(titulos).to_have_text(["Baixados por último"])
    await expect(painel.linha(MALDADE)).to_contain_text("Novembro de 2026")


async def test_boletos_come_a_page_at_a_time(painel: Painel) -> None:
    for numero in range(1, 61):
        await add_boleto(painel.balcao.pool, painel.loja, numero)
    await painel.enter("boletos")
    await expect(painel.page.locator("tbody tr")).to_have_count(50)
    await expect(painel.page.locator("section .cabeca")).to_contain_text("50 boletos até aqui")
    await painel.page.get_by_role("button", name="Carregar mais").click()
    await expect(painel.page.locator("tbody tr")).to_have_count(60)
    await expect(painel.page.locator("section .cabeca")).to_contain_text("R$ 6.000,00")
    await expect(painel.page.get_by_role("button", name="Carregar mais")).to_have_count(0)


async def test_a_pdf_is_seen_in_the_page_from_bytes_that_the_page_fetched(painel: Painel) -> None:
    await painel.file(1, "ANA")
    await painel.page.add_init_script(COM_VISOR)
    await painel.enter("boletos")
    # This browser has no viewer: what the frame is given it saves.
    async with painel.page.expect_download() as espera:
        await painel.page.get_by_role("button", name="Ver o boleto de ANA").click()
    assert (await read_download(await espera.value))[1] == PDF
    moldura = painel.page.locator("dialog iframe")
    await expect(moldura).to_have_attribute("title", "PDF: ANA")
    assert str(await moldura.get_attribute("src")).startswith(f"blob:{painel.balcao.origem}")
    await expect(painel.page.locator("dialog code")).to_have_text(
        "23795.33090 02598.856322 06205.768176 6 16660000319144"
    )
    await painel.page.get_by_role("button", name="Fechar").click()
    await expect(painel.page.locator("visor-pdf")).to_have_count(0)


async def test_where_no_pdf_can_be_seen_the_download_is_offered(painel: Painel) -> None:
    await painel.file(1, "ANA CONCEIÇÃO")
    await painel.page.add_init_script(SEM_VISOR)
    await painel.enter("boletos")
    await painel.page.get_by_role("button", name="ANA CONCEIÇÃO", exact=True).click()
    await expect(painel.page.locator("dialog .destaque")).to_contain_text("não mostra PDFs")
    baixado = await painel.download(painel.page.get_by_role("button", name="Baixar o PDF"))
    assert baixado == ("ANA CONCEIÇÃO_1.pdf", PDF)


async def test_a_pdf_that_is_gone_is_told(painel: Painel) -> None:
    await painel.file(1, "ANA")
    await painel.balcao.gateway.ctx.files.delete("Outros/ANA_1.pdf")
    await painel.page.add_init_script(COM_VISOR)
    await painel.enter("boletos", Escopo.OPERADOR)
    await painel.page.get_by_role("button", name="Ver o boleto de ANA").click()
    # In its place in the window: what else is there can be worked with.
    visor = painel.page.locator("visor-pdf")
    await expect(visor.get_by_role("alert")).to_be_visible()
    await visor.get_by_role("button", name="Alterar pagamento").click()
    await visor.get_by_label("Pagamento").select_option("Pago")
    await visor.get_by_label("Valor pago").fill("99,50")
    await visor.get_by_role("button", name="Tentar de novo").click()
    await expect(visor.get_by_role("alert")).to_be_visible()
    await expect(visor.get_by_label("Valor pago")).to_have_value("99,50")


@pytest.mark.parametrize("roteiro", ["", SEM_TRANSFERENCIA], ids=["clipboard", "without clipboard"])
async def test_the_linha_digitavel_is_copied(painel: Painel, roteiro: str) -> None:
    await painel.file(1, "ANA")
    await painel.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if roteiro:
        await painel.page.add_init_script(roteiro)
    await painel.enter("boletos")
    await painel.page.get_by_role("button", name="Copiar a linha digitável de ANA").click()
    await painel.expect_aviso("Linha digitável copiada.")
    await painel.page.get_by_label("Nome do cliente").focus()
    await painel.page.keyboard.press("Control+V")
    await expect(painel.page.get_by_label("Nome do cliente")).to_have_value(LINHA)


@pytest.mark.parametrize("roteiro", ["", SEM_TRANSFERENCIA], ids=["clipboard", "without clipboard"])
async def test_from_the_open_boleto_the_linha_is_copied_and_told_there(painel: Painel, roteiro: str) -> None:
    """Notices lie behind an open dialog, and nothing outside it can be selected."""
    await painel.file(1, "ANA")
    await painel.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await painel.page.add_init_script(SEM_VISOR + ";" + roteiro)
    await painel.enter("boletos")
    await painel.page.get_by_role("button", name="Ver o boleto de ANA").click()
    await painel.page.get_by_role("button", name="Copiar linha digitável").click()
    await expect(painel.page.locator("dialog [role=status]")).to_have_text("Copiada.")
    await painel.page.get_by_role("button", name="Fechar").click()
    await painel.page.get_by_label("Nome do cliente").focus()
    await painel.page.keyboard.press("Control+V")
    await expect(painel.page.get_by_label("Nome do cliente")).to_have_value(LINHA)


@pytest.mark.parametrize("largura", [1280, 390])
async def test_what_a_boleto_yields_is_shown_says_where_it_was_read_and_is_copied(painel: Painel, largura: int) -> None:
    id, codigo = await painel.file(1, "ANA"), "2379" + "1" * 40
    await painel.balcao.pool.execute(
        "UPDATE boletos SET codigo_barras = $2, banco = '237', nosso_numero = '26/34567-8', pagador = $3, origens = $4"
        " WHERE id = $1",
        id, codigo, MALDADE, {"linha_digitavel": "codigo_barras", "valor": "codigo_barras", "pagador": "ocr"},
    )  # fmt: skip
    page = painel.page
    await page.set_viewport_size({"width": largura, "height": 900})
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.add_init_script(SEM_VISOR)
    await painel.enter("boletos")
    await page.get_by_role("button", name="ANA", exact=True).click()
    dados = page.locator("dialog dados-boleto")
    await expect(dados.locator("code")).to_have_text(["23795.33090 02598.856322 06205.768176 6 16660000319144", codigo])
    await expect(dados.locator("dl div")).to_have_text(
        [f"Pagador{MALDADE}", "Banco237", "Nosso número26/34567-8", "Lido emcódigo de barras, imagem (OCR)"]
    )
    await dados.get_by_role("button", name="Copiar código de barras").click()
    await expect(dados.locator("[role=status]")).to_have_text("Copiado.")
    assert await page.evaluate("navigator.clipboard.readText()") == codigo
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def run_to_end(painel: Painel, id: UUID) -> None:
    maestro = Maestro(painel.balcao.pool)
    cerca = await painel.balcao.pool.fetchval("SELECT cerca FROM concessoes") or await maestro.lease(painel.loja)
    for item in await list_itens(painel.balcao.pool, id):
        await maestro.succeed(item["id"], cerca)


async def test_executions_count_live_and_leave_their_report(painel: Painel) -> None:
    antiga = await submit(painel.balcao.pool, painel.loja, mes=11, usuario=MALDADE)
    await run_to_end(painel, antiga)
    await painel.enter("execucoes")
    primeira = painel.linha("Novembro")
    await expect(primeira).to_contain_text("Concluída")
    await expect(primeira).to_contain_text("3 de 3 · 3 baixados")
    await expect(primeira).to_contain_text(MALDADE)
    await expect(painel.page.locator(".luz.no_ar")).to_be_visible()
    # A new one comes by itself, and counts.
    nova = await submit(painel.balcao.pool, painel.loja, mes=12)
    await expect(painel.linha("Dezembro")).to_contain_text("0 de 3")
    await run_to_end(painel, nova)
    await expect(painel.linha("Dezembro")).to_contain_text("3 de 3")
    await expect(painel.linha("Dezembro")).to_contain_text("Concluída")
    async with Namer(painel.balcao.bus, painel.balcao.gateway.ctx.files, NamerSettings()):
        await eventually(lambda: painel.balcao.pool.fetchval("SELECT count(*) FROM servicos WHERE tipo = 'namer'"))
        botao = painel.page.get_by_role("button", name="Relatório em Excel de 17.308, Dezembro")
        nome, dados = await painel.download(botao)
    assert nome == f"relatorio-{nova}.xlsx"
    assert load_workbook(io.BytesIO(dados)).sheetnames == ["Resumo", "Clientes", "Pendências"]
    await painel.linha("Dezembro").get_by_role("link").click()
    await expect(painel.page.locator("h1")).to_have_text("17.308: Dezembro de 2026")


async def test_executions_are_filtered_and_come_a_page_at_a_time(painel: Painel) -> None:
    outra = await add_loja(painel.balcao.pool, "21.400", clientes=1, base=10)
    await submit(painel.balcao.pool, outra, mes=12)
    for _ in range(51):
        await submit(painel.balcao.pool, painel.loja)
    await painel.enter("execucoes")
    linhas = painel.page.locator("tbody tr")
    await expect(linhas).to_have_count(50)
    await painel.page.get_by_role("button", name="Carregar mais").click()
    await expect(linhas).to_have_count(52)
    await painel.page.get_by_label("Ponto de venda").select_option("21.400")
    await expect(linhas).to_have_count(1)
    await painel.page.get_by_label("Tipo").select_option("teste")
    await expect(painel.page.get_by_text("Nenhuma execução com estes filtros.")).to_be_visible()
    await painel.page.get_by_label("Tipo").select_option("")
    await painel.page.get_by_label("Situação").select_option("na_fila")
    await expect(linhas).to_have_count(1)


async def test_statistics_show_the_numbers_of_the_api_and_of_the_csv(painel: Painel) -> None:
    await run_to_end(painel, await submit(painel.balcao.pool, painel.loja))
    dados = (await painel.balcao.call("GET", "estatisticas", chave="leitura")).data
    await painel.enter("estatisticas")
    await expect(painel.page.locator("section", has=painel.page.locator("#total-hoje"))).to_contain_text("100%")
    await expect(painel.page.locator("grafico-painel canvas")).to_have_count(4)
    await painel.page.locator("summary", has_text="Taxa de sucesso por dia").click()
    dias = painel.page.get_by_role("table", name="Taxa de sucesso por dia").locator("tbody tr")
    await expect(dias).to_have_count(30)
    hoje = await dias.last.locator("td").all_inner_texts()
    assert hoje == ["3", "3", "0", "0", "0", "0", "0", "100%"] and dados["por_dia"][-1]["sucesso"] == 3
    await painel.page.locator("summary", has_text="Tempo de cada etapa").click()
    etapas = painel.page.get_by_role("table", name="Tempo de cada etapa").locator("tbody tr")
    assert await etapas.first.locator("td").all_inner_texts() == ["3", "0,1\u00a0s", "0,1\u00a0s"]
    nome, csv = await painel.download(painel.page.get_by_role("button", name="Baixar em CSV"))
    assert nome == f"estatisticas-{dados['por_dia'][-1]['dia']}.csv"
    assert csv == (await painel.balcao.call("GET", "estatisticas.csv")).bruto
    await add_loja(painel.balcao.pool, "21.400", clientes=0)
    await painel.page.reload()
    await painel.page.get_by_label("Ponto de venda").select_option("21.400")
    await expect(painel.page.get_by_text("Nenhuma falha nos últimos 30 dias.")).to_be_visible()
    await expect(painel.page.locator("section", has=painel.page.locator("#total-hoje"))).to_contain_text("Contratos0")


async def test_charts_take_the_colours_of_the_scheme_and_keep_still_for_who_asks(painel: Painel) -> None:
    await painel.enter("estatisticas")

    async def read_grafico(campo: str) -> object:
        return await painel.page.evaluate(f"document.querySelector('grafico-painel')?.grafico?.options.{campo}")

    async def is_drawn_in(variavel: str) -> bool:
        cor = f"getComputedStyle(document.body).getPropertyValue('{variavel}').trim()"
        return bool(await read_grafico("scales.x.ticks.color") == await painel.page.evaluate(cor))

    await eventually(lambda: read_grafico("animation !== undefined"))
    claro = await read_grafico("scales.x.ticks.color")
    assert await is_drawn_in("--fraco")
    await painel.page.emulate_media(color_scheme="dark")
    await eventually(lambda: is_drawn_in("--fraco"))
    assert await read_grafico("scales.x.ticks.color") != claro
    assert await read_grafico("animation") is False
    await painel.page.emulate_media(reduced_motion="no-preference")
    await eventually(lambda: read_grafico("animation.duration"))
