"""The register's pages in a real Chromium: what a person does there, and what they show of what others wrote."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from services.gateway.store.chaves import Escopo
from services.gateway.store.empresas import create_empresa
from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from shared.bus import Bus, Delivery, Queue, Reject
from shared.bus.codec import encode
from shared.bus.topology import scraper_queue
from shared.events import (
    Arquivo,
    CredencialPassoDado,
    CredencialTestada,
    Evento,
    PassoTeste,
    PlanilhaLer,
    ScraperPulso,
    SessaoConcedida,
    SessaoEncerrada,
)
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import cpf_de
from tests.namer.planilhas import make_cpf, make_generica, mask
from tests.navegador import add_pessoa, note_queixas, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

MALDADE = "<img src=x onerror=alert(1)>"
ROTEIRO = "<script>9</script>"
ANA, BIA, CAIO = (make_cpf(numero) for numero in range(1, 4))
CABECALHO = ("CPF", "NOME", "GRUPO", "COTA", "PV")
FILA = scraper_queue("s1")


@pytest_asyncio.fixture(loop_scope="module")
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        for codigo, nome in (("17.308", "Loja Centro"), ("21.400", "Loja Norte")):
            corpo = {"codigo": codigo, "nome": nome, "empresa": "credms"}
            assert (await aberto.call("POST", "pontos-venda", corpo)).status == 201
        assert (await aberto.call("POST", "consultores", {"nome": "Marta", "ponto_venda": "17308"})).status == 201
        async with Namer(aberto.bus, aberto.gateway.ctx.files, NamerSettings()):
            yield aberto


@dataclass
class Painel:
    """A person's browser, signed in; what its console complains about."""

    balcao: Balcao
    page: Page
    queixas: list[str] = field(default_factory=list)

    async def enter(self, escopo: Escopo = Escopo.ADMIN) -> None:
        email = f"{escopo.value}@exemplo.com.br"
        await add_pessoa(self.balcao.pool, escopo, email)
        await sign_in(self.page, self.balcao.origem, email)
        await expect(self.page.get_by_role("heading", level=1)).to_have_text("Baixar boletos")

    async def open(self, caminho: str) -> None:
        await self.page.goto(f"{self.balcao.origem}/#/{caminho}")

    @property
    def ficha(self) -> Locator:
        return self.page.locator("ficha-cadastro")

    async def save(self) -> None:
        await self.ficha.get_by_role("button", name="Salvar").click()

    async def confirm(self, sim: str) -> None:
        await self.page.locator("#pergunta").get_by_role("button", name=sim).click()

    async def expect_aviso(self, texto: str) -> None:
        await expect(self.page.locator(".aviso", has_text=texto)).to_be_visible()

    async def pick(self, nome: str, dados: bytes) -> None:
        await self.page.locator("#arquivo").set_input_files(
            {"name": nome, "mimeType": "application/octet-stream", "buffer": dados}
        )


@pytest_asyncio.fixture(loop_scope="module")
async def painel(balcao: Balcao, browser: Browser) -> AsyncIterator[Painel]:
    async with await browser.new_page() as page:
        painel = Painel(balcao, page, note_queixas(page))
        # A script that ran would open a window like this one.
        page.on("dialog", lambda dialogo: painel.queixas.append(dialogo.message))
        yield painel
        assert not painel.queixas


async def add_clientes(balcao: Balcao, quantos: int, nome: str = "CLIENTE {}") -> None:
    for numero in range(1, quantos + 1):
        await balcao.pool.execute(
            "INSERT INTO clientes_finais (nome_completo, cpf, grupo_consorcio, cota_consorcio, ponto_venda_id,"
            " consultor_id) VALUES ($1, $2, 6650, $3, 1, 1)",
            nome.format(numero), cpf_de(numero), numero,
        )  # fmt: skip


# --- consultores, pontos de venda ------------------------------------------------------------------------------------


async def test_a_consultor_is_made_put_right_and_deleted(painel: Painel) -> None:
    await painel.enter()
    await painel.open("consultores")
    await painel.page.get_by_role("button", name="Novo consultor").click()
    await painel.ficha.get_by_label("Nome").fill("João <b>Lima</b>")
    await painel.ficha.get_by_label("WhatsApp").fill("123")
    await painel.save()
    whatsapp = painel.ficha.get_by_label("WhatsApp")
    await expect(whatsapp).to_have_attribute("aria-invalid", "true")
    await expect(whatsapp).to_be_focused()
    await expect(painel.ficha.locator("#ficha-whatsapp-erro")).to_contain_text("telefone inválido")
    await whatsapp.fill("(67) 99999-0000")
    await painel.save()
    await painel.expect_aviso("Consultor cadastrado")
    botao = painel.page.get_by_role("button", name="João <b>Lima</b>")
    await botao.click()
    await painel.ficha.get_by_label("E-mail").fill("joao@exemplo.com.br")
    await painel.save()
    await expect(painel.page.get_by_role("cell", name="(67) 99999-0000 · joao@exemplo.com.br")).to_be_visible()
    await botao.click()
    await painel.ficha.get_by_role("button", name="Excluir").click()
    await painel.confirm("Excluir")
    await expect(botao).to_have_count(0)
    assert await painel.balcao.pool.fetchval("SELECT count(*) FROM consultores") == 1


async def test_what_is_in_use_is_only_deactivated_and_the_page_says_so(painel: Painel) -> None:
    await add_clientes(painel.balcao, 1)
    await painel.enter()
    await painel.open("pontos-venda")
    await painel.page.get_by_role("button", name="17.308").click()
    await painel.ficha.get_by_role("button", name="Excluir").click()
    await painel.confirm("Excluir")
    await painel.expect_aviso("desativado")
    await expect(painel.page.get_by_role("row", name=re.compile("17.308"))).to_contain_text("Inativo")


async def test_a_ponto_de_venda_that_exists_is_refused_in_the_form(painel: Painel) -> None:
    await painel.enter()
    await painel.open("pontos-venda")
    await painel.page.get_by_role("button", name="Novo ponto de venda").click()
    await painel.ficha.get_by_label("Código").fill("17308")
    await painel.save()
    await expect(painel.ficha.locator("#ficha-nome-erro")).to_contain_text("obrigatório")
    await painel.ficha.get_by_label("Nome").fill("Outra")
    await painel.ficha.get_by_label("Empresa").fill("credms")
    await painel.save()
    await expect(painel.ficha.get_by_role("alert")).to_contain_text("Já existe")
    await painel.page.keyboard.press("Escape")
    await expect(painel.page.get_by_role("button", name="Novo ponto de venda")).to_be_focused()


async def test_what_a_form_offers_is_read_before_it_can_be_opened(painel: Painel) -> None:
    pode = asyncio.Event()

    async def hold(rota: Route) -> None:
        await pode.wait()
        await rota.continue_()

    await painel.enter()
    await painel.page.route("**/pontos-venda*", hold)
    for caminho, titulo, novo in (
        ("consultores", "Consultores", "Novo consultor"),
        ("credenciais", "Credenciais do portal", "Nova credencial"),
        ("pessoas", "Pessoas", "Nova pessoa"),
    ):
        pode.clear()
        await painel.open(caminho)
        await expect(painel.page.get_by_role("heading", level=1)).to_have_text(titulo)
        botao = painel.page.get_by_role("button", name=novo)
        await expect(botao).to_have_count(0)
        pode.set()
        await botao.click()
        await expect(painel.ficha.get_by_role("dialog")).to_be_visible()
        await painel.page.keyboard.press("Escape")


# --- clientes --------------------------------------------------------------------------------------------------------


async def test_clients_are_found_by_name_document_and_filter(painel: Painel) -> None:
    await add_clientes(painel.balcao, 60)
    await painel.balcao.pool.execute("UPDATE clientes_finais SET ativo = false, ponto_venda_id = 2 WHERE id = 7")
    await painel.enter(Escopo.OPERADOR)
    await painel.open("clientes")
    linhas = painel.page.locator("tbody tr")
    await expect(linhas).to_have_count(50)
    await painel.page.get_by_role("button", name="Carregar mais").click()
    await expect(linhas).to_have_count(59)
    await painel.page.get_by_label("Situação").select_option("Inativos")
    await expect(linhas).to_have_count(1)
    await painel.page.get_by_label("Ponto de venda").select_option("17.308")
    await expect(painel.page.get_by_text("Nenhum cliente com estes filtros")).to_be_visible()
    await painel.page.get_by_label("Situação").select_option("Ativos")
    await painel.page.get_by_label("Nome").fill("cliente 33")
    await painel.page.get_by_label("Nome").press("Enter")
    await expect(linhas).to_have_count(1)
    await painel.page.get_by_label("Nome").fill("")
    await painel.page.get_by_label("CPF").fill("123")
    await painel.page.get_by_role("button", name="Buscar").click()
    await expect(painel.page.locator("#cpf-erro")).to_be_visible()
    await painel.page.get_by_label("CPF").fill(mask(cpf_de(8)))
    await painel.page.get_by_role("button", name="Buscar").click()
    await expect(linhas).to_have_count(1)
    await expect(linhas).to_contain_text(cpf_de(8))


async def test_a_client_opens_by_its_address_and_shows_what_was_changed_by_hand(painel: Painel) -> None:
    await add_clientes(painel.balcao, 1, MALDADE)
    await painel.enter(Escopo.OPERADOR)
    await painel.open("clientes/1")
    await expect(painel.ficha.get_by_role("heading")).to_have_text(MALDADE)
    await painel.ficha.get_by_label("CPF ou CNPJ").fill("111.111.111-11")
    await painel.ficha.get_by_label("E-mail").fill("ana@")
    await painel.save()
    for campo in ("cpf", "email"):
        await expect(painel.ficha.locator(f"#ficha-{campo}-erro")).to_be_visible()
    await painel.ficha.get_by_label("CPF ou CNPJ").fill(mask(ANA))
    await painel.ficha.get_by_label("E-mail").fill("ana@exemplo.com.br")
    await painel.ficha.get_by_label("Grupo").fill("")
    await painel.save()
    await expect(painel.ficha.locator("#ficha-grupo-erro")).to_contain_text("juntos")
    await painel.ficha.get_by_label("Grupo").fill("6651")
    await painel.ficha.get_by_label("Observações").fill("liga de manhã\nsó dias úteis")
    await painel.save()
    await painel.expect_aviso("Cliente alterado")
    assert await painel.page.evaluate("location.hash") == "#/clientes"
    linha = painel.page.get_by_role("row", name=re.compile("onerror"))
    await expect(linha).to_contain_text("CPF ou CNPJ, E-mail, Grupo, Observações")
    guardado = await painel.balcao.pool.fetchrow("SELECT * FROM clientes_finais")
    assert guardado is not None
    assert (guardado["cpf"], guardado["grupo_consorcio"], guardado["nome_completo"]) == (ANA, 6651, MALDADE)
    assert guardado["observacoes"] == "liga de manhã\nsó dias úteis"
    assert sorted(guardado["editados"]) == ["cpf", "email", "grupo", "observacoes"]
    await painel.open("clientes/1")
    await expect(painel.ficha.locator("#ficha-email-dica")).to_contain_text("as planilhas não mudam este campo")


# --- planilhas -------------------------------------------------------------------------------------------------------


RUIM = make_generica(
    CABECALHO,
    [
        (mask(ANA), MALDADE, 6650, 1, "17.308"),
        (mask(BIA), "BIA", 6650, 2, ROTEIRO),
        (None, "CAIO", 6650, 3, "17.308"),
    ],
    '=HYPERLINK("x")',
)


async def test_a_workbook_is_shown_before_it_is_written_then_imported(painel: Painel) -> None:
    pool = painel.balcao.pool
    await painel.enter(Escopo.OPERADOR)
    await painel.open("planilhas")
    await painel.page.get_by_label("Consultor").select_option("Marta")
    await drop(painel.page, "MARTA.xlsx", RUIM)
    await expect(painel.page.locator("#arquivo-escolhido")).to_contain_text("MARTA.xlsx")
    await painel.page.get_by_role("button", name="Conferir a planilha").click()
    relato = painel.page.locator("#relato")
    await expect(relato.locator("tbody tr")).to_have_count(2)
    await expect(relato.get_by_label("Linhas da planilha")).to_contain_text("Novos1")
    await expect(relato).to_contain_text(f"Ponto de venda {ROTEIRO} não cadastrado")
    assert await pool.fetchval("SELECT count(*) FROM clientes_finais") == 0
    await relato.get_by_label("Procurar nas linhas").fill("sem cpf")
    await expect(relato.locator("tbody tr")).to_have_count(1)
    await relato.get_by_label("Procurar nas linhas").fill("")
    async with painel.page.expect_download() as baixado:
        await relato.get_by_role("button", name="Baixar em CSV").click()
    arquivo = await baixado.value
    texto = (await asyncio.to_thread(Path(await arquivo.path()).read_bytes)).decode("utf-8-sig")
    cabecalho, *linhas = csv.reader(io.StringIO(texto), delimiter=";")
    assert arquivo.suggested_filename == "erros-MARTA.csv"
    assert cabecalho == ["Aba", "Linha", "Campo", "Motivo"]
    assert [linha[:2] for linha in linhas] == [['\'=HYPERLINK("x")', "3"], ['\'=HYPERLINK("x")', "4"]]
    await relato.get_by_role("button", name="Importar").click()
    await painel.expect_aviso("Planilha importada: 1 novos")
    assert await pool.fetchval("SELECT nome_completo FROM clientes_finais") is not None
    await painel.page.get_by_role("button", name="MARTA.xlsx").click()
    await expect(painel.page.locator("dialog[open] tbody tr")).to_have_count(2)


async def test_a_workbook_that_was_put_right_is_checked_again(painel: Painel, tmp_path: Path) -> None:
    planilha = tmp_path / "MARTA.xlsx"
    planilha.write_bytes(RUIM)
    await painel.enter()
    await painel.open("planilhas")
    await painel.page.get_by_label("Consultor").select_option("Marta")
    conferir, relato = painel.page.get_by_role("button", name="Conferir a planilha"), painel.page.locator("#relato")
    await painel.page.locator("#arquivo").set_input_files(planilha)
    for conteudo in (RUIM, make_generica(["CPF", "NOME"], [])):
        # Saved anew while it is chosen: what was chosen is what is checked.
        planilha.write_bytes(conteudo)
        await conferir.click()
        await expect(relato.locator("tbody tr")).to_have_count(2)


async def test_what_is_no_workbook_is_refused_at_the_file(painel: Painel) -> None:
    await painel.enter()
    await painel.open("planilhas")
    conferir = painel.page.get_by_role("button", name="Conferir a planilha")
    await painel.page.get_by_label("Consultor").select_option("Marta")
    await conferir.click()
    await expect(painel.page.get_by_role("alert")).to_contain_text("escolha a planilha")
    await painel.pick("x.xlsx", b"isto nao e planilha")
    await conferir.click()
    await expect(painel.page.get_by_role("alert")).to_contain_text("não é uma planilha")
    await expect(painel.page.get_by_role("button", name="Importar", exact=True)).to_have_count(0)


async def test_a_workbook_that_takes_long_is_waited_for(painel: Painel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painel.balcao.gateway.ctx.pedidos, "_espera_s", 0.0)
    pode, sem_resposta = asyncio.Event(), [503]

    async def hold(rota: Route) -> None:
        await pode.wait()
        # A look at it that is not answered is no failure of the work.
        await (rota.fulfill(status=sem_resposta.pop(), json={}) if sem_resposta else rota.continue_())

    await painel.page.route("**/pedidos/*", hold)
    await painel.enter()
    await painel.open("planilhas")
    await painel.page.get_by_label("Consultor").select_option("Marta")
    await painel.pick("MARTA.xlsx", RUIM)
    conferir = painel.page.get_by_role("button", name="Conferir a planilha")
    await conferir.click()
    await expect(painel.page.get_by_text("ainda está sendo lida")).to_be_visible()
    await expect(conferir).to_be_disabled()
    pode.set()
    relato = painel.page.locator("#relato")
    await expect(relato.locator("tbody tr")).to_have_count(2)
    await expect(painel.page.get_by_text("ainda está sendo lida")).to_have_count(0)
    # What is found of one file is not shown as another's.
    pode.clear()
    await conferir.click()
    await expect(painel.page.get_by_text("ainda está sendo lida")).to_be_visible()
    await painel.pick("OUTRA.xlsx", RUIM)
    pode.set()
    await expect(conferir).to_be_enabled()
    await expect(relato).to_have_count(0)


async def drop(page: Page, nome: str, dados: bytes) -> None:
    """A file let go above the place for it."""
    carga = await page.evaluate_handle(
        """([nome, bytes]) => {
            const carga = new DataTransfer();
            carga.items.add(new File([new Uint8Array(bytes)], nome));
            return carga;
        }""",
        [nome, list(dados)],
    )
    await page.locator(".soltar").dispatch_event("drop", {"dataTransfer": carga})


@pytest.mark.parametrize("perigo", ["=1+1", "+1", "-1", "@a", "\t=1", " =1", "\r=1"])
async def test_no_cell_of_a_csv_is_a_formula(painel: Painel, perigo: str) -> None:
    await painel.page.goto(painel.balcao.origem)
    texto = await painel.page.evaluate(
        "async (valor) => (await import('/web/csv.js')).toCsv(['a', 'b', 'c'], [[valor, 'x;\"y', -1]])", perigo
    )
    assert list(csv.reader(io.StringIO(texto.removeprefix("\ufeff"), newline=""), delimiter=";")) == [
        ["a", "b", "c"],
        [f"'{perigo}", 'x;"y', "-1"],
    ]


# --- credenciais -----------------------------------------------------------------------------------------------------


@dataclass
class Scraper:
    """Takes a test one step, and ends it when it may."""

    bus: Bus
    codigo: str | None = None
    pode_terminar: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, balcao: Balcao) -> None:
        await self.bus.publish(ScraperPulso(scraper_id="s1", fila=FILA.name, capacidade=2))
        await eventually(lambda: balcao.pool.fetchval("SELECT count(*) FROM servicos WHERE tipo = 'scraper'"))

    async def handle(self, evento: Evento, _: Delivery) -> None:
        if not isinstance(evento, SessaoConcedida) or evento.pedido_id is None:
            return
        passo = PassoTeste(passo="Abrir a página de login", ok=True, duracao_s=0.4)
        entrada = PassoTeste(passo="Entrar com usuário e senha", ok=not self.codigo, detalhe=MALDADE, duracao_s=1.2)
        quem: dict[str, Any] = {"cerca": evento.cerca, "pedido_id": evento.pedido_id}
        await self.bus.publish(CredencialPassoDado(**quem, passos=(passo,)))
        await self.pode_terminar.wait()
        fim = {"ok": not self.codigo, "codigo": self.codigo, "mensagem": MALDADE if self.codigo else "Entrou."}
        testada = CredencialTestada(**quem, **fim, credencial_id=evento.credencial_id, passos=(passo, entrada))
        await self.bus.publish(testada)
        await self.bus.publish(SessaoEncerrada(cerca=evento.cerca, credencial_id=evento.credencial_id, motivo="teste"))


async def test_a_credential_is_tested_with_each_step_shown_and_put_right(painel: Painel) -> None:
    balcao, page = painel.balcao, painel.page
    scraper = Scraper(balcao.bus, "login.recusado")
    await painel.enter()
    await painel.open("credenciais")
    await page.get_by_role("button", name="Nova credencial").click()
    await painel.ficha.get_by_label("Usuário no portal").fill("17308")
    await painel.ficha.get_by_label("Senha no portal").fill("a-errada")
    await painel.save()
    await painel.expect_aviso("Credencial cadastrada")
    teste = page.locator("teste-credencial")
    async with balcao.bus.consume(Queue(FILA.name), scraper.handle):
        await scraper.start(balcao)
        await page.get_by_role("button", name="Testar agora").click()
        await expect(teste.locator("li")).to_have_count(1)
        await expect(teste.get_by_role("status")).to_have_text("Dando o próximo passo…")
        scraper.pode_terminar.set()
        await expect(teste.locator("li")).to_have_count(2)
        await expect(teste.get_by_role("status")).to_have_text(MALDADE)
        await teste.get_by_role("button", name="Alterar a credencial").click()
        await expect(page.get_by_role("article")).to_contain_text("Parada: espera uma pessoa")
        await expect(painel.ficha.get_by_label("Senha no portal")).to_have_value("")
        await painel.ficha.get_by_label("Senha no portal").fill("a-certa")
        await painel.save()
        await expect(page.get_by_role("article")).to_contain_text("Ativa")
        scraper.codigo = None
        await page.get_by_role("button", name="Testar agora").click()
        await expect(teste.get_by_role("status")).to_have_text("Entrou.")
        await teste.get_by_role("link", name="Baixar boletos").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Baixar boletos")
    cifrada = await balcao.pool.fetchval("SELECT senha_encrypted FROM credenciais_canopus")
    assert balcao.gateway.ctx.chaveiro.decrypt(cifrada) == "a-certa"


async def test_a_test_that_cannot_begin_says_why(painel: Painel) -> None:
    credencial = {"ponto_venda": "17.308", "usuario": "17308", "senha": "segredo-do-portal"}
    await painel.balcao.call("POST", "credenciais", credencial)
    await painel.enter()
    await painel.open("credenciais")
    await painel.page.get_by_role("button", name="Testar agora").click()
    teste = painel.page.locator("teste-credencial")
    await expect(teste.get_by_role("status")).to_contain_text("Nenhum scraper está no ar")
    await expect(teste.get_by_role("button", name="Testar de novo")).to_be_visible()
    assert "segredo-do-portal" not in await painel.page.content()


# --- pessoas ---------------------------------------------------------------------------------------------------------


async def test_a_person_is_made_bound_given_a_password_and_deleted(painel: Painel) -> None:
    page = painel.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await painel.enter()
    await painel.open("pessoas")
    await page.get_by_role("button", name="Nova pessoa").click()
    await painel.ficha.get_by_label("Nome").fill("Bia")
    await painel.ficha.get_by_label("E-mail").fill("bia@exemplo.com.br")
    await painel.ficha.get_by_label("Todos os pontos de venda").uncheck()
    await painel.save()
    await expect(painel.ficha.locator("#ficha-pontos_venda-erro")).to_be_visible()
    await painel.ficha.get_by_label("21.400").check()
    await painel.save()
    senha = page.get_by_role("textbox", name="Senha provisória")
    primeira = await senha.input_value()
    await page.get_by_role("button", name="Copiar").click()
    await expect(page.get_by_text("Copiado.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == primeira
    await page.get_by_role("button", name="Fechar").click()
    assert primeira not in await page.content()
    linha = page.get_by_role("row", name=re.compile("Bia"))
    await expect(linha).to_contain_text("21.400")
    await linha.get_by_role("button").click()
    await painel.ficha.get_by_label("Papel").select_option("Leitura")
    await painel.ficha.get_by_label("Ativa").uncheck()
    await painel.save()
    await expect(linha).to_contain_text("Inativo")
    await expect(linha).to_contain_text("Leitura")
    await linha.get_by_role("button").click()
    await painel.ficha.get_by_role("button", name="Nova senha provisória").click()
    await painel.confirm("Dar nova senha")
    await expect(senha).not_to_have_value(primeira)
    await page.get_by_role("button", name="Fechar").click()
    await linha.get_by_role("button").click()
    await painel.ficha.get_by_role("button", name="Excluir").click()
    await painel.confirm("Excluir")
    await expect(linha).to_have_count(0)


async def test_the_last_admin_cannot_shut_everybody_out(painel: Painel) -> None:
    await painel.enter()
    await painel.open("pessoas")
    await painel.page.get_by_role("row", name=re.compile("admin@")).get_by_role("button").click()
    await painel.ficha.get_by_label("Papel").select_option("Leitura")
    await painel.save()
    await expect(painel.ficha.get_by_role("alert")).to_be_visible()


# --- rights ----------------------------------------------------------------------------------------------------------


async def test_who_only_reads_sees_no_button_that_changes_anything(painel: Painel) -> None:
    await add_clientes(painel.balcao, 1)
    await painel.enter(Escopo.LEITURA)
    for caminho, titulo in (("consultores", "Marta"), ("pontos-venda", "17.308"), ("clientes", "CLIENTE 1")):
        await painel.open(caminho)
        await painel.page.get_by_role("button", name=titulo, exact=True).click()
        await expect(painel.ficha.get_by_role("button")).to_have_text(["Fechar"])
        await expect(painel.ficha.locator("input").first).to_be_disabled()
        await painel.ficha.get_by_role("button", name="Fechar").click()
        await expect(painel.page.get_by_role("button", name=re.compile("Nov[oa]"))).to_have_count(0)
    await painel.open("planilhas")
    await expect(painel.page.get_by_role("heading", name="Planilhas importadas")).to_be_visible()
    await expect(painel.page.get_by_role("button", name="Conferir a planilha")).to_have_count(0)
    for caminho in ("credenciais", "pessoas", "mortas"):
        await painel.open(caminho)
        await expect(painel.page.get_by_role("heading", level=1)).to_have_text("Página não encontrada.")


# --- mensagens mortas ------------------------------------------------------------------------------------------------


async def test_dead_messages_are_read_and_put_back(painel: Painel) -> None:
    balcao, page = painel.balcao, painel.page
    pergunta = PlanilhaLer(
        pedido_id=UUID(int=7), responder_a="gateway.r1.respostas", nome_arquivo=f"{MALDADE} {mask(ANA)}.xlsx",
        planilha=Arquivo(caminho="_interno/planilhas/x", sha256="0" * 64, tamanho=1),
    )  # fmt: skip
    fila, vieram = scraper_queue("s9"), list[Evento]()

    async def refuse_once(evento: Evento, _: Delivery) -> None:
        vieram.append(evento)
        if len(vieram) == 1:
            raise Reject(f"{ROTEIRO} não se entende {mask(ANA)}")

    async with balcao.bus.consume(fila, refuse_once):
        assert await balcao.bus.publish_many([encode(pergunta, queue=fila.name)]) == [None]
        await eventually(balcao.bus.dead_letters)
        await painel.enter()
        await page.get_by_role("link", name="Mensagens mortas").click()
        linha = page.get_by_role("row").filter(has_text="planilha.ler")
        await expect(linha).to_contain_text(ROTEIRO)
        await linha.get_by_text("Ver", exact=True).click()
        await expect(linha.locator("pre")).to_contain_text(MALDADE)
        assert mask(ANA) not in await page.content()
        devolver = linha.get_by_role("button", name="Devolver à fila")
        await expect(devolver).to_be_in_viewport(ratio=1)
        await devolver.click()
        await painel.expect_aviso("Mensagem devolvida à fila.")
        await expect(page.get_by_text("Nenhuma mensagem morta")).to_be_visible()
        await eventually(lambda: vieram == [pergunta, pergunta])


# --- escritórios -----------------------------------------------------------------------------------------------------


async def test_who_looks_after_the_installation_sees_its_offices_and_another_offices_admin_its_own(
    painel: Painel,
) -> None:
    balcao, page = painel.balcao, painel.page
    async with balcao.pool.acquire() as conn, conn.transaction():
        filial = await create_empresa(conn, "filial", "Filial Norte", 3)
    await painel.enter()
    await expect(page.locator(".escritorio")).to_have_count(0)
    await page.get_by_role("link", name="Escritórios").click()
    await expect(page.get_by_role("row").filter(has_text="Filial Norte")).to_contain_text("filial")
    await page.get_by_role("button", name="Sair").click()
    await add_pessoa(balcao.pool, Escopo.ADMIN, "bia@exemplo.com.br")
    await balcao.pool.execute("UPDATE pessoas SET empresa_id = $1 WHERE email LIKE 'bia%'", filial)
    await sign_in(page, f"{balcao.origem}/#/pontos-venda", "bia@exemplo.com.br")
    await expect(page.locator(".escritorio")).to_have_text("Filial Norte")
    await expect(page.get_by_role("link", name="Pessoas")).to_be_visible()
    for nome in ("Escritórios", "Mensagens mortas"):
        await expect(page.get_by_role("link", name=nome)).to_have_count(0)
    await expect(page.get_by_role("row").filter(has_text="17.308")).to_have_count(0)
    # However long its name, on a phone the head stays in its line.
    longo = "Consórcios e Representações Vale do Rio Pardo, unidade de Ribeirão Preto e região metropolitana"
    await balcao.pool.execute("UPDATE empresas SET nome = $1 WHERE id = $2", longo, filial)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.reload()
    await expect(page.locator(".escritorio")).to_have_text(longo)
    topo, sair = page.locator(".topo"), page.get_by_role("button", name="Sair")
    assert await topo.evaluate("e => e.scrollWidth <= innerWidth && e.offsetHeight < 70")
    assert await sair.evaluate("e => e.getBoundingClientRect().right <= innerWidth")
