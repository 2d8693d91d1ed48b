"""The dashboard where the server, the network or the session gives way: it says so, claims nothing, and goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from services.gateway.store.chaves import Escopo
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, submit
from tests.navegador import add_pessoa, note_queixas, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

API = "**/api/automation"
INDISPONIVEL = {"success": False, "error": "O banco não respondeu.", "codigo": "banco.indisponivel", "detalhes": []}


@pytest_asyncio.fixture(loop_scope="module")
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


@pytest_asyncio.fixture(loop_scope="module")
async def pagina(balcao: Balcao, browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_page(locale="pt-BR") as page:
        queixas = note_queixas(page)
        yield page
        # A socket that the server refuses the browser reports, as any refused request.
        assert not [queixa for queixa in queixas if not queixa.startswith("WebSocket connection to")]


async def refuse(rota: Route) -> None:
    await rota.fulfill(status=503, json=INDISPONIVEL)


async def enter(balcao: Balcao, pagina: Page, caminho: str = "", escopo: Escopo = Escopo.OPERADOR) -> None:
    await add_pessoa(balcao.pool, escopo)
    await sign_in(pagina, f"{balcao.origem}/#/{caminho}")
    await pagina.locator("nav").wait_for(state="attached")


async def test_a_session_that_ends_while_someone_watches_leads_back_to_the_form(balcao: Balcao, pagina: Page) -> None:
    id = await submit(balcao.pool, await add_loja(balcao.pool))
    await enter(balcao, pagina, f"execucoes/{id}")
    for codigo in (4401, 1001):  # told by the farewell; found only when the socket is opened again
        await expect(pagina.locator(".luz")).to_have_text("Ao vivo")
        await balcao.pool.execute("UPDATE chaves_api SET revogada_em = now() WHERE pessoa_id IS NOT NULL")
        [socket] = balcao.gateway.ctx.live.sockets
        socket.close(codigo, "fim")
        await expect(pagina.get_by_label("E-mail")).to_be_visible()
        await expect(pagina.locator(".aviso.erro").first).to_contain_text("A sessão terminou")
        await eventually(lambda: not balcao.gateway.ctx.live.sockets)
        await sign_in(pagina, f"{balcao.origem}/#/execucoes/{id}")


async def test_what_could_not_be_read_is_told_and_asked_for_again(balcao: Balcao, pagina: Page) -> None:
    """Nothing is said of a list that did not come, and the rows that are there stay."""
    await submit(balcao.pool, await add_loja(balcao.pool))
    await enter(balcao, pagina)
    falha, linhas = pagina.locator("main .recusa"), pagina.locator("tbody tr")
    for caminho, quantas in (("clientes", 3), ("consultores", 1), ("execucoes", 1), ("planilhas", 0), ("boletos", 0)):
        await pagina.route(f"{API}/{caminho}?*", refuse)
        await pagina.goto(f"{balcao.origem}/#/{caminho}")
        await expect(falha).to_contain_text("O banco não respondeu.")
        await expect(pagina.locator("main .vazio")).to_have_count(0)
        await pagina.unroute(f"{API}/{caminho}?*", refuse)
        await falha.get_by_role("button", name="Tentar de novo").click()
        await expect(falha).to_have_count(0)
        await expect(linhas).to_have_count(quantas)
    await pagina.goto(f"{balcao.origem}/#/execucoes")
    await expect(linhas).to_have_count(1)
    await pagina.route(f"{API}/execucoes?*", refuse)
    await pagina.get_by_label("Situação").select_option("erro")
    await expect(falha).to_be_visible()
    await expect(linhas).to_have_count(1)


async def test_the_page_asked_for_last_is_shown_however_late_the_others_come(balcao: Balcao, pagina: Page) -> None:
    atrasadas: list[Route] = []
    await pagina.route("**/paginas/boletos.js", lambda rota: atrasadas.append(rota))
    await enter(balcao, pagina)
    await pagina.get_by_role("link", name="Boletos", exact=True).click()
    await eventually(lambda: bool(atrasadas))
    await pagina.get_by_role("link", name="Clientes").click()
    await expect(pagina.locator("h1")).to_have_text("Clientes")
    await atrasadas[0].continue_()
    await expect(pagina.get_by_text("Nenhum cliente com estes filtros.")).to_be_visible()
    await expect(pagina.locator("h1")).to_have_text("Clientes")
    assert await pagina.title() == "Clientes · Canopus"
    # One that does not come at all is told.
    await pagina.route("**/paginas/conta.js", lambda rota: rota.abort())
    await pagina.get_by_role("link", name="Minha conta").click()
    await expect(pagina.locator("main .recusa")).to_contain_text("O servidor não respondeu")
    await pagina.unroute("**/paginas/conta.js")
    await pagina.get_by_role("button", name="Tentar de novo").click()
    await expect(pagina.locator("h1")).to_have_text("Minha conta")


async def test_only_a_refused_session_leads_to_the_form_and_a_failed_sign_out_is_told(
    balcao: Balcao, pagina: Page
) -> None:
    await enter(balcao, pagina, "conta")
    # What is wrong with a field is read out with it, and the person is led there.
    await pagina.get_by_label("Senha atual").fill("a de agora")
    await pagina.get_by_label("Nova senha", exact=True).fill("outra bem comprida")
    await pagina.get_by_label("Repita a nova senha").fill("diferente da outra")
    await pagina.get_by_role("button", name="Trocar a senha").click()
    repetida = pagina.get_by_label("Repita a nova senha")
    await expect(repetida).to_be_focused()
    await expect(repetida).to_have_accessible_description("não é igual à nova senha")
    await expect(repetida).to_have_attribute("aria-invalid", "true")
    await expect(pagina.get_by_label("Nova senha", exact=True)).to_have_accessible_description(
        "Pelo menos 10 caracteres."
    )
    await pagina.route(f"{API}/sessao", refuse)
    await pagina.get_by_role("button", name="Sair").click()
    await expect(pagina.locator(".aviso.erro")).to_contain_text("Você ainda não saiu.")
    await pagina.reload()
    await expect(pagina.locator(".recusa")).to_contain_text("O banco não respondeu.")
    await expect(pagina.get_by_label("E-mail")).to_have_count(0)
    await pagina.unroute(f"{API}/sessao", refuse)
    await pagina.get_by_role("button", name="Tentar de novo").click()
    await expect(pagina.locator("h1")).to_have_text("Minha conta")
    await pagina.get_by_role("button", name="Sair").click()
    await expect(pagina.get_by_label("E-mail")).to_be_visible()
    assert not await balcao.pool.fetchval(
        "SELECT count(*) FROM chaves_api WHERE pessoa_id IS NOT NULL AND revogada_em IS NULL"
    )


async def test_who_administers_one_ponto_de_venda_is_shown_nothing_that_is_refused(
    balcao: Balcao, pagina: Page
) -> None:
    loja = await add_loja(balcao.pool)
    recusadas: list[str] = []
    pagina.on("response", lambda resposta: recusadas.append(resposta.url) if resposta.status == 403 else None)
    await add_pessoa(balcao.pool, Escopo.ADMIN, pontos_venda=[loja.id])
    await sign_in(pagina, f"{balcao.origem}/#/pontos-venda")
    await expect(pagina.locator("tbody tr")).to_have_count(1)
    await expect(pagina.get_by_role("button", name="Novo ponto de venda")).to_have_count(0)
    enderecos = await pagina.locator("nav a").evaluate_all("nos => nos.map(no => no.getAttribute('href'))")
    assert enderecos and not {"#/pessoas", "#/canais", "#/espelhos"} & set(enderecos)
    for endereco in enderecos:
        await pagina.goto(f"{balcao.origem}/{endereco}")
        await expect(pagina.locator("h1")).to_be_visible()
        await pagina.wait_for_load_state("networkidle")
    assert not recusadas
    await pagina.goto(f"{balcao.origem}/#/previsao")
    await expect(pagina.get_by_role("button", name="Treinar agora")).to_have_count(0)


async def test_a_start_whose_answer_was_lost_is_sent_again_as_the_same(balcao: Balcao, pagina: Page) -> None:
    await add_loja(balcao.pool)
    saiu = {"nome": "Saiu", "ponto_venda": "17.308"}
    id = (await balcao.call("POST", "consultores", saiu)).data["id"]
    await balcao.call("PATCH", f"consultores/{id}", {"ativo": False})
    await enter(balcao, pagina)
    await expect(pagina.locator("dl.numeros")).to_contain_text("A baixar3")
    assert "Saiu" not in await pagina.get_by_label("Consultor").locator("option").all_inner_texts()

    async def lose(rota: Route) -> None:
        await rota.fetch()
        await rota.abort()

    await pagina.route(f"{API}/processar-downloads-ponto-venda", lose, times=1)
    baixar = pagina.get_by_role("button", name="Baixar 3 boletos")
    await baixar.click()
    await expect(pagina.locator(".aviso.erro")).to_contain_text("O servidor não respondeu")
    await expect(baixar).to_be_focused()
    await baixar.click()
    await expect(pagina.locator("h1")).to_have_text("17.308: Próxima parcela")
    assert await balcao.pool.fetchval("SELECT count(*) FROM execucoes_automacao") == 1


async def test_a_list_of_executions_never_goes_back_and_asks_once_for_many_events(balcao: Balcao, pagina: Page) -> None:
    await pagina.goto(balcao.origem)
    visto = await pagina.evaluate(
        """async () => {
            const { ExecucoesVivas } = await import("/web/execucoes-vivas.js");
            const pagina = { addController() {}, requestUpdate() {} };
            let leituras = 0;
            const vivas = new ExecucoesVivas(pagina, () => (leituras += 1));
            const linha = (seq) => ({ automacao_id: "a", seq, status: "em_andamento", contadores: { sucesso: seq } });
            const evento = (automacao_id, seq) =>
                ({ automacao_id, seq, evento: "cliente.resultado", status: "sucesso", contadores: { sucesso: seq } });
            vivas.put([linha(3)]);
            vivas.hear(evento("a", 5));
            vivas.hear(evento("a", 4));
            vivas.put([linha(4)]);
            for (let n = 0; n < 50; n += 1) vivas.hear(evento("b", n));
            await new Promise((pronto) => setTimeout(pronto, 300));
            for (let n = 0; n < 50; n += 1) vivas.hear(evento("b", n));
            await new Promise((pronto) => setTimeout(pronto, 300));
            return [vivas.linhas[0].seq, vivas.linhas[0].contadores.sucesso, leituras];
        }"""
    )
    assert visto == [5, 5, 1]
