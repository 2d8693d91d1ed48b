"""An operator's day in a real Chromium: sixty contracts against the simulator, with the services in processes apart."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from pathlib import Path
from typing import Literal

import asyncpg
import openpyxl
import pytest
from playwright.async_api import Browser, Download, Page, expect

from tests.crm import Cliente, register
from tests.flow.deployment import Deployment, deployed
from tests.flow.rodada import finish
from tests.navegador import EMAIL, SENHA, open_browser, sign_in
from tests.samples.contratos import cem_contratos
from tests.samples.register import Amostra
from tests.samples.workbooks import write_planilhas
from tests.simulator import Simulador

FIM_MS = 400_000
SEM_REDE_S = 20


@pytest.mark.completo
@pytest.mark.timeout(900)
async def test_an_operators_day(tmp_path: Path, amqp_url: str, database_url: str) -> None:
    amostra = cem_contratos(fora_do_ar=True)
    async with (
        Simulador(amostra.cenario) as portal,
        deployed(tmp_path, amqp_url, database_url, scrapers=1) as (implantacao, cliente),
        open_browser() as browser,
    ):
        await register(cliente, amostra, portal.url)
        page = await begin(implantacao, browser)
        await import_all(page, amostra, tmp_path / "planilhas")
        await try_credencial(page)
        automacao_id = await start(page)
        await watch(page, cliente, automacao_id)
        await check_files(page, cliente, automacao_id)
        await open_evidencia(page)
        await retry_fora_do_ar(page, cliente, automacao_id)
        await check_estatisticas(page, database_url)
        await refuse_leitura(implantacao, browser)


async def begin(implantacao: Deployment, browser: Browser) -> Page:
    provisoria = implantacao.run("pessoas", "criar", "--email", EMAIL, "--nome", "Ana", "--escopo", "admin").strip()
    page = await (await browser.new_context(locale="pt-BR")).new_page()
    page.set_default_timeout(30_000)
    await sign_in(page, implantacao.origem, EMAIL, provisoria)
    await choose_senha(page, provisoria)
    return page


async def go(page: Page, pagina: str) -> None:
    await page.goto(f"{page.url.split('#')[0]}#/{pagina}")


async def import_all(page: Page, amostra: Amostra, pasta: Path) -> None:
    for consultor, planilha in (await asyncio.to_thread(write_planilhas, amostra, pasta)).items():
        await go(page, "planilhas")
        await page.get_by_label("Consultor").select_option(consultor)
        await page.locator("#arquivo").set_input_files(planilha.caminho)
        await page.get_by_role("button", name="Conferir a planilha").click()
        await page.locator("#relato").get_by_role("button", name="Importar").click()
        await expect(page.locator(".aviso", has_text="Planilha importada").first).to_be_visible()
        await go(page, "inicio")
        await page.reload()


async def try_credencial(page: Page) -> None:
    await go(page, "credenciais")
    await page.get_by_role("button", name="Testar agora").first.click()
    teste = page.locator("teste-credencial")
    await expect(teste.get_by_role("status")).to_have_text("O login funcionou e a busca abriu.", timeout=60_000)
    assert await teste.locator("li").count() >= 4


async def start(page: Page) -> str:
    await go(page, "inicio")
    await page.reload()
    await page.get_by_label("Ponto de venda").select_option("17308")
    await page.get_by_role("button", name=re.compile("Baixar 6\\d boletos|Baixar 60 boletos")).click()
    await expect(page).to_have_url(re.compile("execucoes/[0-9a-f-]{36}"))
    return page.url.rsplit("/", 1)[1]


async def read_contadores(page: Page) -> list[str]:
    textos: list[str] = await page.locator(".contador").evaluate_all("nos => nos.map(no => no.textContent.trim())")
    return textos


async def watch(page: Page, cliente: Cliente, automacao_id: str) -> None:
    """A reload in the middle, a second tab, the network away for twenty seconds: the same numbers in the end."""
    baixados = page.locator(".contador.sucesso strong")
    await expect(baixados).to_have_text(re.compile("^([5-9]|\\d\\d)$"), timeout=FIM_MS)
    await page.reload()
    await expect(baixados).to_have_text(re.compile("^([6-9]|\\d\\d)$"), timeout=FIM_MS)
    outra = await page.context.new_page()
    await outra.goto(page.url)
    await expect(outra.locator(".luz")).to_have_text("Ao vivo")
    await page.context.set_offline(True)
    await asyncio.sleep(SEM_REDE_S)
    await page.context.set_offline(False)
    for aba in (page, outra):
        await expect(aba.locator(".cabeca .selo").first).to_have_text("Concluída com falhas", timeout=FIM_MS)
    assert await read_contadores(page) == await read_contadores(outra)
    await outra.close()
    execucao = (await finish(cliente, automacao_id)).resumo
    assert [int(texto.split()[0]) for texto in await read_contadores(page)] == [
        execucao["contadores"][status]
        for status in (
            "pendente", "processando", "sucesso", "ja_baixado", "sem_boleto", "cpf_nao_encontrado", "erro", "cancelado",
        )
    ]  # fmt: skip
    assert execucao["total_clientes"] == sum(execucao["contadores"].values())


async def fetch(page: Page, papel: Literal["button", "link"], nome: str) -> bytes:
    async with page.expect_download(timeout=90_000) as espera:
        await page.get_by_role(papel, name=nome).click()
    baixado: Download = await espera.value
    return await asyncio.to_thread(Path(await baixado.path()).read_bytes)


async def check_files(page: Page, cliente: Cliente, automacao_id: str) -> None:
    execucao = await finish(cliente, automacao_id)
    arquivos = {linha["arquivo"] for linha in execucao.linhas if linha["arquivo"]}
    with zipfile.ZipFile(io.BytesIO(await fetch(page, "link", "Boletos (ZIP)"))) as pacote:
        assert set(pacote.namelist()) == arquivos
        assert all(pacote.read(nome).startswith(b"%PDF") for nome in pacote.namelist())
    livro = openpyxl.load_workbook(io.BytesIO(await fetch(page, "button", "Relatório (Excel)")))
    celulas = {str(celula.value) for aba in livro for linha in aba.iter_rows() for celula in linha}
    assert {linha["nome"] for linha in execucao.linhas if linha["nome"]} <= celulas


async def open_evidencia(page: Page) -> None:
    await page.locator(".contador.erro").click()
    await page.locator("lista-virtual button.nome").first.click()
    foto = page.get_by_role("dialog").locator("img.foto").first
    await expect(foto).to_be_visible()
    assert await foto.evaluate("img => img.decode().then(() => img.naturalWidth)") > 100
    await page.get_by_role("dialog").get_by_role("button", name="Fechar").click()
    await page.locator(".contador.erro").click()


async def retry_fora_do_ar(page: Page, cliente: Cliente, automacao_id: str) -> None:
    linhas = (await finish(cliente, automacao_id)).linhas
    deles = [linha for linha in linhas if (linha["codigo"] or "").startswith("portal.fora_do_ar")]
    assert deles
    todas = page.get_by_role("button", name=re.compile("Mostrar as .* causas"))
    if await todas.count():
        await todas.click()
    causa = page.locator(".causa", has_text="Erro interno do portal")
    await causa.get_by_role("button", name="Tentar de novo").click()
    await page.locator("#pergunta").get_by_role("button", name="Tentar de novo").click()
    await expect(page.get_by_role("link", name="ver a execução de origem")).to_be_visible()
    nova = await cliente.call("GET", f"execucoes/{page.url.rsplit('/', 1)[1]}")
    assert nova["execucao"]["total_clientes"] == len(deles)
    await page.get_by_role("button", name="Cancelar").first.click()
    await page.locator("#pergunta").get_by_role("button", name="Cancelar a execução").click()
    await expect(page.locator(".cabeca .selo").first).to_have_text("Cancelada")


async def check_estatisticas(page: Page, database_url: str) -> None:
    """Today's card, number by number, against the rows themselves."""
    conn = await asyncpg.connect(database_url)
    linhas = await conn.fetch(
        "SELECT status, count(*) FROM log_downloads_boletos"
        " WHERE finalizado_em >= date_trunc('day', now(), 'America/Sao_Paulo') GROUP BY status"
    )
    await conn.close()
    esperados = {linha["status"]: linha["count"] for linha in linhas}
    assert esperados["sucesso"] and esperados["erro"]
    await go(page, "estatisticas")
    cartao = page.locator("section", has=page.locator("#total-hoje"))
    await expect(cartao).to_be_visible()
    nomes, quantidades = [await cartao.locator(marca).all_inner_texts() for marca in ("dt", "dd")]
    assert dict(zip(nomes, map(int, quantidades), strict=True)) == {
        "Contratos": sum(esperados.values()),
        "Baixado": esperados["sucesso"],
        "Já baixado": esperados.get("ja_baixado", 0),
        "Sem boleto": esperados.get("sem_boleto", 0),
        "CPF não encontrado": esperados.get("cpf_nao_encontrado", 0),
        "Erro": esperados["erro"],
        "Cancelado": esperados.get("cancelado", 0),
    }


async def choose_senha(page: Page, provisoria: str) -> None:
    await page.get_by_label("Senha atual").fill(provisoria)
    await page.get_by_label("Nova senha", exact=True).fill(SENHA)
    await page.get_by_label("Repita a nova senha").fill(SENHA)
    await page.get_by_role("button", name="Trocar a senha").click()
    await expect(page.get_by_text("Senha trocada.")).to_be_visible()


async def refuse_leitura(implantacao: Deployment, browser: Browser) -> None:
    """In the page and in the API, and by the role: her password is her own already."""
    leitor = "leitor@exemplo.com.br"
    provisoria = implantacao.run("pessoas", "criar", "--email", leitor, "--nome", "Leo", "--escopo", "leitura").strip()
    page = await (await browser.new_context(locale="pt-BR")).new_page()
    await sign_in(page, implantacao.origem, leitor, provisoria)
    await choose_senha(page, provisoria)
    await go(page, "pessoas")
    await expect(page.locator("h1")).to_have_text("Página não encontrada.")
    assert await page.evaluate("fetch('/api/automation/execucoes').then(resposta => resposta.status)") == 200
    recusas = await page.evaluate(
        """async () => {
            const { csrf } = (await (await fetch("/api/automation/sessao")).json()).data;
            const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
            const ler = async (...pedido) => (await (await fetch(...pedido)).json()).codigo;
            return [
                await ler("/api/automation/pessoas"),
                await ler("/api/automation/processar-downloads-ponto-venda",
                    { method: "POST", headers, body: JSON.stringify({ ponto_venda: "17308" }) }),
            ];
        }"""
    )
    assert recusas == ["acesso.escopo"] * 2
