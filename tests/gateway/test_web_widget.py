"""The widget in a real Chromium: in a CRM of another origin, hostile or plain; on our own; where it is not allowed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from services.gateway.api import BASE
from services.gateway.pages import WEB, WIDGET
from services.gateway.routes import list_rotas
from services.gateway.store.chaves import Escopo
from shared.events import BoletoSolicitado, Evento
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import Loja, add_loja, list_itens, submit
from tests.gateway.figurantes import ScraperFigurante, run_namer
from tests.gateway.hospedeiro.crm import Canopus, open_crm
from tests.gateway.motor import Maestro, falhou
from tests.navegador import add_pessoa, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

PERMITIDA, ALHEIA = "127.0.0.1", "localhost"


@dataclass
class Cena:
    """A CRM of an allowed origin, with its key, and a browser; the same CRM under another name is not allowed."""

    balcao: Balcao
    canopus: Canopus
    porta: int
    contexto: BrowserContext
    loja: Loja
    queixas: list[str] = field(default_factory=list)
    pedidos: list[str] = field(default_factory=list)

    def url(self, pagina: str, host: str = PERMITIDA) -> str:
        return f"http://{host}:{self.porta}/{pagina}.html"

    async def open(self, pagina: str, host: str = PERMITIDA) -> Page:
        page = await self.contexto.new_page()
        page.on("console", lambda m: self.queixas.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda erro: self.queixas.append(str(erro)))
        page.on("request", lambda pedido: self.pedidos.append(f"{pedido.method} {pedido.url}"))
        await page.goto(self.url(pagina, host))
        return page

    def count_bilhetes(self) -> int:
        return sum(pedido.endswith("/canopus/bilhete") for pedido in self.pedidos)

    @property
    def sockets(self) -> int:
        return len(self.balcao.gateway.ctx.live.sockets)


@pytest_asyncio.fixture(loop_scope="module")
async def cena(database_url: str, tmp_path: Path, browser: Browser) -> AsyncIterator[Cena]:
    canopus = Canopus()
    with open_crm(canopus) as porta:
        origens = f"http://{PERMITIDA}:{porta}"
        async with (
            open_balcao(database_url, tmp_path, origens=origens) as balcao,
            await browser.new_context(locale="pt-BR", color_scheme="light") as contexto,
        ):
            loja = await add_loja(balcao.pool, clientes=5, max_sessoes=2)
            await balcao.add_chave("crm", Escopo.OPERADOR, loja.id)
            canopus.servidor, canopus.chave = balcao.origem, balcao.chaves["crm"]
            yield Cena(balcao, canopus, porta, contexto, loja)


@asynccontextmanager
async def working(balcao: Balcao, **opcoes: Any) -> AsyncIterator[None]:
    async with ScraperFigurante(balcao.bus, **opcoes).run(), run_namer(balcao.bus):
        yield


def show_situacao(page: Page) -> Locator:
    return page.locator("canopus-downloads").get_by_role("status")


def show_contador(page: Page, status: str) -> Locator:
    return page.locator(f"canopus-downloads dl .{status} dd")


async def start(page: Page, limite: str = "") -> None:
    await page.get_by_label("Vencimento").select_option(index=2)
    await page.get_by_label("Limite").fill(limite)
    await page.get_by_role("button", name="Iniciar").click()


# --- from an allowed origin ------------------------------------------------------------------------------------------


def mixed(pedido: BoletoSolicitado) -> Evento | None:
    codigo = {2: "cliente.nao_encontrado", 3: "boleto.inexistente"}.get(pedido.cota or 0)
    return falhou(pedido.tarefa, codigo) if codigo else None


@pytest.mark.parametrize("pagina", ["hostil", "simples"])
async def test_a_job_is_started_in_the_crm_and_watched_to_its_end(cena: Cena, pagina: str) -> None:
    estranho = "<img src=x onerror=alert(1)>"
    await cena.balcao.pool.execute("UPDATE clientes_finais SET nome_completo = $1 WHERE cota_consorcio = 2", estranho)
    page = await cena.open(pagina)
    await expect(show_situacao(page)).to_have_text("Pronto")
    async with working(cena.balcao, contrato_s=0.2, desfecho=mixed):
        await start(page, "4")
        await expect(show_situacao(page)).to_contain_text("Processando")
        await expect(page.get_by_role("button", name="Iniciar")).to_be_disabled()
        await expect(page.locator("canopus-downloads .quantos")).to_have_text("4 / 4")
    await expect(show_situacao(page)).to_have_text("Concluído")
    execucao = await cena.balcao.pool.fetchrow("SELECT * FROM execucoes_automacao")
    assert execucao is not None
    esperados = {"sucesso": 2, "cpf_nao_encontrado": 1, "sem_boleto": 1, "erro": 0, "pendente": 0, "processando": 0}
    for status, quantos in esperados.items():
        await expect(show_contador(page, status)).to_have_text(str(quantos))
    assert execucao["processados_sucesso"] == 2
    registro = page.get_by_role("log")
    await expect(registro).to_contain_text(f"{estranho}: CPF não encontrado")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", await registro.locator("time").first.inner_text())
    await page.get_by_role("button", name="Limpar").click()
    await expect(registro).to_have_text("Nada registrado.")
    assert not cena.queixas
    # Over the socket alone: nothing was asked of the API, and the CRM was asked for one ticket and one start.
    assert not [pedido for pedido in cena.pedidos if "/api/" in pedido]
    assert [p.rpartition("/")[2] for p in cena.pedidos if p.startswith("POST")] == ["bilhete", "iniciar"]


async def test_neither_key_nor_ticket_is_in_the_page_or_kept_by_it(cena: Cena) -> None:
    page = await cena.open("hostil")
    async with working(cena.balcao):
        await start(page)
        await expect(show_situacao(page)).to_have_text("Concluído")
    visto = await page.evaluate(
        "() => document.documentElement.outerHTML + document.querySelector('canopus-downloads').shadowRoot.innerHTML"
    )
    assert "canopus-downloads" in visto and "cano_" not in visto and "canob_" not in visto
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert not await cena.contexto.cookies()
    assert not [pedido for pedido in cena.pedidos if "canob_" in pedido]


async def test_a_cut_is_mended_with_a_new_ticket_and_no_event_is_missed(cena: Cena) -> None:
    page = await cena.open("hostil")
    async with working(cena.balcao, capacidade=1, contrato_s=1.0):
        await start(page)
        await expect(show_contador(page, "sucesso")).not_to_have_text("0")
        [socket] = cena.balcao.gateway.ctx.live.sockets
        socket.close(4008, "corte")
        await expect(show_situacao(page)).to_have_text("Concluído")
    registro = page.get_by_role("log")
    await expect(registro).to_contain_text("Conexão retomada.")
    await expect(show_contador(page, "sucesso")).to_have_text("5")
    await expect(registro.get_by_text("CLIENTE: Baixado")).to_have_count(5)
    assert cena.count_bilhetes() == 2


async def test_a_reload_and_a_second_page_show_the_same_numbers(cena: Cena) -> None:
    page = await cena.open("simples")
    async with working(cena.balcao, capacidade=1, contrato_s=1.0):
        await start(page)
        await expect(show_contador(page, "sucesso")).not_to_have_text("0")
        await page.reload()
        outra = await cena.open("plateia")
        for cada in (page, outra):
            await expect(show_situacao(cada)).to_have_text("Concluído")
            await expect(show_contador(cada, "sucesso")).to_have_text("5")
    await outra.reload()
    await expect(show_contador(outra, "sucesso")).to_have_text("5")


async def test_a_job_is_cancelled_once_that_is_meant(cena: Cena) -> None:
    page = await cena.open("hostil")
    async with working(cena.balcao, contrato_s=60):
        await start(page)
        await page.get_by_role("button", name="Cancelar", exact=True).click()
        await expect(page.get_by_role("button", name="Voltar")).to_be_focused()
        await page.get_by_role("button", name="Voltar").click()
        await expect(page.get_by_role("button", name="Cancelar", exact=True)).to_be_focused()
        await page.get_by_role("button", name="Cancelar", exact=True).click()
        await page.get_by_role("button", name="Sim, cancelar").click()
        await eventually(lambda: cena.balcao.pool.fetchval("SELECT status = 'cancelada' FROM execucoes_automacao"))
        await expect(show_contador(page, "cancelado")).not_to_have_text("0")
    await expect(page.get_by_role("log")).to_contain_text("Cancelada")


async def test_a_refusal_of_the_crm_or_of_canopus_is_told_in_its_own_words(cena: Cena) -> None:
    await cena.balcao.pool.execute("UPDATE pontos_venda SET ativo = false")
    page = await cena.open("simples")
    await start(page)
    await expect(page.get_by_role("log")).to_contain_text("Este ponto de venda está inativo.")
    await expect(show_situacao(page)).to_have_text("Pronto")


async def test_a_page_that_only_watches_has_no_buttons_and_finds_what_others_start(cena: Cena) -> None:
    page = await cena.open("plateia")
    await eventually(lambda: cena.sockets == 1)
    await expect(page.get_by_role("button")).to_have_count(1)
    await expect(page.get_by_role("button")).to_have_text("Limpar")
    alheia = await add_loja(cena.balcao.pool, "21.400", base=50)
    id = await submit(cena.balcao.pool, cena.loja)
    # Of another ponto de venda the ticket hears nothing.
    await submit(cena.balcao.pool, alheia)
    maestro = Maestro(cena.balcao.pool)
    itens = await cena.balcao.pool.fetch("SELECT id FROM log_downloads_boletos WHERE automacao_id = $1", id)
    await maestro.succeed(itens[0]["id"], await maestro.lease(cena.loja))
    await expect(page.locator("canopus-downloads .quantos")).to_have_text("1 / 5")
    assert not cena.queixas


async def test_what_is_watched_gives_way_to_a_newer_one_only_once_it_has_ended(cena: Cena) -> None:
    primeira = await submit(cena.balcao.pool, cena.loja)
    page = await cena.open("plateia")
    quantos = page.locator("canopus-downloads .quantos")
    await expect(quantos).to_have_text("0 / 5")
    segunda = await submit(cena.balcao.pool, cena.loja, limite=2)
    for id, visto in ((segunda, "0 / 5"), (primeira, "5 / 5")):
        assert (await cena.balcao.call("POST", f"execucoes/{id}/cancelar")).status == 200
        await expect(quantos).to_have_text(visto)
    await expect(show_situacao(page)).to_have_text("Concluído · Cancelada")
    await submit(cena.balcao.pool, cena.loja, limite=3)
    await expect(quantos).to_have_text("0 / 3")


async def test_what_is_called_off_after_an_end_is_no_second_end(cena: Cena) -> None:
    pool = cena.balcao.pool
    await pool.execute("UPDATE pontos_venda SET recuperacao_rodadas = 1")
    id = await submit(pool, cena.loja, limite=1)
    page = await cena.open("plateia")
    quantos = page.locator("canopus-downloads .quantos")
    await expect(quantos).to_have_text("0 / 1")
    maestro, (item,) = Maestro(pool), await list_itens(pool, id)
    await pool.execute("UPDATE log_downloads_boletos SET tentativas = 3")
    await maestro.fail(item["id"], await maestro.lease(cena.loja), "interno")
    fim = page.get_by_role("log").get_by_text("Concluída com falhas")
    await expect(fim).to_have_count(1)
    assert (await cena.balcao.call("POST", f"execucoes/{id}/cancelar")).status == 200
    await submit(pool, cena.loja, limite=2)
    await expect(quantos).to_have_text("0 / 2")
    await expect(fim).to_have_count(1)


async def test_other_attributes_begin_it_anew_and_an_answer_without_an_execution_locks_nothing(cena: Cena) -> None:
    alheia = await add_loja(cena.balcao.pool, "21.400", clientes=2, base=50)
    page = await cena.open("simples")
    await eventually(lambda: cena.sockets == 1)
    await page.route("**/canopus/iniciar", lambda rota: rota.fulfill(json={"ok": True}))
    await start(page)
    await expect(page.get_by_role("log")).to_contain_text("não diz qual é a execução")
    await expect(page.get_by_role("button", name="Iniciar")).to_be_enabled()
    # The CRM's server gives each ponto de venda its own ticket.
    await submit(cena.balcao.pool, alheia)
    await cena.balcao.add_chave("outra", Escopo.OPERADOR, alheia.id)
    cena.canopus.chave = cena.balcao.chaves["outra"]
    bilhete = {"ponto_venda": "21.400", "origem": f"http://{PERMITIDA}:{cena.porta}"}
    resposta = (await cena.balcao.call("POST", "bilhetes", bilhete, chave="outra")).data
    await page.route("**/canopus/bilhete", lambda rota: rota.fulfill(json=resposta))
    await page.locator("canopus-downloads").evaluate(
        "e => { e.setAttribute('ponto-venda', '21.400'); e.removeAttribute('iniciar-url'); }"
    )
    await expect(page.locator("canopus-downloads strong").first).to_have_text("Boletos · 21.400")
    await expect(page.get_by_role("button", name="Iniciar")).to_have_count(0)
    await eventually(lambda: cena.sockets == 1)
    nova = await submit(cena.balcao.pool, alheia)
    await expect(page.locator("canopus-downloads .quantos")).to_have_text("0 / 2")
    assert (await cena.balcao.call("POST", f"execucoes/{nova}/cancelar")).status == 200
    # Taken out of the page and put back, one listens, and one alone.
    await page.evaluate(
        "() => { const e = document.querySelector('canopus-downloads'), p = e.parentNode; e.remove(); p.append(e); }"
    )
    await page.evaluate("document.querySelector('canopus-downloads').remove()")
    await eventually(lambda: cena.sockets == 0)


# --- looks -----------------------------------------------------------------------------------------------------------

APARENCIA = """() => {
    const raiz = document.querySelector("canopus-downloads").shadowRoot;
    return [...raiz.querySelectorAll("*")].filter((e) => e.tagName !== "STYLE").flatMap((e) =>
        [null, "::before", "::after"].map((parte) => {
            const estilo = getComputedStyle(e, parte);
            const { width, height } = e.getBoundingClientRect();
            return [e.tagName, parte, width, height, ...[...estilo].sort().map((nome) => nome + ": " + estilo[nome])];
        }));
}"""
ANFITRIAO = """() => {
    const elemento = document.querySelector("canopus-downloads"), estilo = getComputedStyle(elemento);
    return ["display", "opacity", "transform", "filter", "position", "visibility", "margin", "padding", "width",
        "direction", "float", "color", "fontSize"].map((nome) => estilo[nome])
        .concat(getComputedStyle(elemento, "::before").content);
}"""


@pytest.mark.parametrize("tema", ["light", pytest.param("dark", marks=pytest.mark.completo)])
async def test_a_hostile_style_sheet_changes_nothing_inside(cena: Cena, tema: Any) -> None:
    visto = []
    await submit(cena.balcao.pool, cena.loja)
    for pagina in ("simples", "hostil"):
        page = await cena.open(pagina)
        await page.emulate_media(color_scheme=tema)
        await expect(page.locator("canopus-downloads .quantos")).to_have_text("0 / 5")
        # The one time of day that is shown has its own width.
        await page.get_by_role("button", name="Limpar").click()
        await page.mouse.move(0, 0)
        await page.locator("canopus-downloads").evaluate("e => e.shadowRoot.activeElement?.blur()")
        visto.append([await page.evaluate(APARENCIA), await page.evaluate(ANFITRIAO)])
    simples, hostil = visto
    assert len(simples[0]) > 100
    diferencas = [
        (um[:2], sorted(set(map(str, outro)) ^ set(map(str, um))))
        for um, outro in zip(simples[0], hostil[0], strict=True)
        if um != outro
    ]
    assert not diferencas
    assert hostil[1] == simples[1]
    fundos = {"claro": "rgb(255, 255, 255)", "escuro": "rgb(22, 29, 38)"}
    for pedido, esperado in (("", "claro" if tema == "light" else "escuro"), ("claro", "claro"), ("escuro", "escuro")):
        await page.locator("canopus-downloads").evaluate("(e, tema) => e.setAttribute('tema', tema)", pedido)
        await expect(page.locator("canopus-downloads .caixa")).to_have_css("background-color", fundos[esperado])


async def test_axe_finds_nothing_wrong_with_it(cena: Cena) -> None:
    await submit(cena.balcao.pool, cena.loja)
    page = await cena.open("simples")
    await expect(page.locator("canopus-downloads .quantos")).to_have_text("0 / 5")
    await page.get_by_role("button", name="Cancelar", exact=True).click()
    for tema in ("light", "dark"):
        await page.emulate_media(color_scheme=tema)
        resultado = await Axe().run(page, context="canopus-downloads")
        assert [violacao["id"] for violacao in resultado.response["violations"]] == [], tema
        assert resultado.response["passes"]


async def test_the_pages_variables_dress_it(cena: Cena) -> None:
    page = await cena.open("plateia")
    estilo = await page.locator("canopus-downloads .caixa").evaluate(
        "e => { const { backgroundColor, fontSize, fontFamily, borderRadius } = getComputedStyle(e);"
        " return [backgroundColor, fontSize, fontFamily, borderRadius]; }"
    )
    assert estilo == ["rgb(255, 248, 236)", "18px", "serif", "0px"]


async def test_every_documented_variable_is_one_that_the_widget_reads(cena: Cena) -> None:
    readme = (WEB.parents[2] / "README.md").read_text(encoding="utf-8")
    lidas = set(re.findall(r"var\((--canopus-[a-z-]+)", (WEB / "widget-estilo.js").read_text(encoding="utf-8")))
    assert lidas == set(re.findall(r"`(--canopus-[a-z-]+)`", readme))


# --- from elsewhere --------------------------------------------------------------------------------------------------


async def test_an_origin_that_is_not_allowed_gets_the_script_and_nothing_else(cena: Cena) -> None:
    page = await cena.open("simples", ALHEIA)
    # The CRM asks for a ticket for that origin, and is refused.
    await expect(page.get_by_role("log")).to_contain_text("CANOPUS_ORIGENS")
    # Refused is refused: it does not go on asking.
    await expect(show_situacao(page)).to_contain_text("Acesso recusado. Recarregue a página")
    assert cena.count_bilhetes() == 3
    # A ticket meant for the allowed origin opens nothing either.
    cena.canopus.origem = f"http://{PERMITIDA}:{cena.porta}"
    antes = cena.count_bilhetes()
    await page.reload()
    await eventually(lambda: cena.count_bilhetes() >= antes + 2)
    await expect(show_situacao(page)).to_contain_text("Conexão perdida")
    assert not cena.sockets
    assert await cena.balcao.pool.fetchval("SELECT count(*) FROM bilhetes") >= 1, "the ticket was not even spent"
    for url in (f"{BASE}/health", f"{BASE}/execucoes", "/api/openapi.json", "/web/app.js", "/"):
        with pytest.raises(Exception, match="Failed to fetch"):
            await page.evaluate("url => fetch(url)", cena.balcao.origem + url)


async def test_no_answer_of_the_api_opens_itself_to_another_origin(cena: Cena) -> None:
    for origem in (f"http://{PERMITIDA}:{cena.porta}", "https://outra.exemplo"):
        for rota in list_rotas():
            url = re.sub(r"{\w+}", "1", rota.url)
            for metodo in {rota.metodo, "OPTIONS"}:
                pedido = {"Origin": origem, "Access-Control-Request-Method": rota.metodo}
                resposta = await cena.balcao.call(metodo, url, chave=None, headers=pedido)
                assert not [nome for nome in resposta.headers if nome.lower().startswith("access-control")]
                assert resposta.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def list_imports(modulo: str) -> list[str]:
    """What a module imports, by its path under web/."""
    fonte, pasta = (WEB / modulo).read_text(encoding="utf-8"), posixpath.dirname(modulo)
    return [posixpath.normpath(f"{pasta}/{alvo}") if pasta else posixpath.normpath(alvo)
            for alvo in re.findall(r'from "(\.[^"]+)"', fonte)]  # fmt: skip


async def test_exactly_the_widgets_modules_are_open_to_other_origins(cena: Cena) -> None:
    alcance, novos = set(), {"widget.js"}
    while novos:
        alcance |= novos
        proprios = {modulo for modulo in novos if "vendor" not in modulo}
        novos = {alvo for modulo in proprios for alvo in list_imports(modulo)} - alcance
    assert alcance == WIDGET
    for arquivo in WEB.rglob("*.js"):
        modulo = arquivo.relative_to(WEB).as_posix()
        resposta = await cena.balcao.call("GET", f"/web/{modulo}", chave=None, headers={"Origin": "https://a.exemplo"})
        politica = resposta.headers["Cross-Origin-Resource-Policy"]
        aberto = (politica, resposta.headers.get("Access-Control-Allow-Origin"))
        assert aberto == (("cross-origin", "*") if modulo in WIDGET else ("same-origin", None)), modulo


# --- on the dashboard's own origin -----------------------------------------------------------------------------------


async def enter(cena: Cena, escopo: Escopo) -> Page:
    await add_pessoa(cena.balcao.pool, escopo)
    page = await cena.contexto.new_page()
    await sign_in(page, cena.balcao.origem)
    await expect(page.get_by_role("heading", name="Baixar boletos")).to_be_visible()
    return page


async def embed(page: Page) -> None:
    await page.evaluate(
        """async () => {
            await import("/web/widget.js");
            const elemento = document.createElement("canopus-downloads");
            elemento.setAttribute("ponto-venda", "17308");
            document.body.replaceChildren(elemento);
        }"""
    )


async def test_on_our_own_origin_the_session_is_enough(cena: Cena) -> None:
    page = await enter(cena, Escopo.OPERADOR)
    await embed(page)
    async with working(cena.balcao):
        await start(page, "3")
        await expect(show_situacao(page)).to_have_text("Concluído")
        await expect(show_contador(page, "sucesso")).to_have_text("3")
    # A newer one of another ponto de venda, which the session sees too, is not this widget's.
    await submit(cena.balcao.pool, await add_loja(cena.balcao.pool, "21.400", base=50))
    nova = await submit(cena.balcao.pool, cena.loja)
    await expect(show_situacao(page)).to_have_text("Processando · Na fila")
    await expect(page.locator("canopus-downloads .quantos")).to_have_text("0 / 5")
    await page.get_by_role("button", name="Cancelar", exact=True).click()
    await page.get_by_role("button", name="Sim, cancelar").click()
    await eventually(
        lambda: cena.balcao.pool.fetchval(
            "SELECT status = 'cancelada' FROM execucoes_automacao WHERE automacao_id = $1", nova
        )
    )


async def test_who_may_only_read_sees_no_button_and_a_stranger_nothing(cena: Cena) -> None:
    page = await enter(cena, Escopo.LEITURA)
    await embed(page)
    await expect(show_situacao(page)).to_have_text("Pronto")
    await expect(page.get_by_role("button", name="Iniciar")).to_have_count(0)
    await cena.contexto.clear_cookies()
    await embed(page)
    await expect(show_situacao(page)).to_have_text("Erro · Entre no painel para acompanhar.")


async def test_in_a_crm_on_the_same_site_the_ticket_counts_and_not_the_dashboards_cookie(cena: Cena) -> None:
    """Ports share their cookies: the browser sends the dashboard's with the CRM's socket."""
    painel = await enter(cena, Escopo.ADMIN)
    await painel.close()
    await eventually(lambda: not cena.sockets)
    await cena.open("plateia")
    await eventually(lambda: cena.sockets == 1)
    assert await cena.balcao.pool.fetchval("SELECT count(*) FROM bilhetes") == 0, "it was spent"
    assert not cena.queixas


# --- the include -----------------------------------------------------------------------------------------------------


async def test_the_include_is_a_template_for_jinja_and_for_django() -> None:
    """Both know variables, `if` and comments; Django's comments end in their own line."""
    texto = (WEB / "widget-canopus-downloads.html").read_text(encoding="utf-8")
    sem_comentarios = re.sub(r"{#.*?#}", "", texto)
    assert "#}" not in sem_comentarios and "{#" not in sem_comentarios
    assert set(re.findall(r"{%\s*(\w+)", sem_comentarios)) == {"if", "endif"}
    variaveis = set(re.findall(r"{{ (\w+) }}", sem_comentarios))
    assert variaveis == set(re.findall(r"canopus_\w+", texto))
