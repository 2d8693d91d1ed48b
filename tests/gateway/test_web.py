"""The dashboard in a real Chromium: it starts, follows live and survives a cut; its reducer is the reference one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, expect

from services.gateway.store.chaves import Escopo
from tests.gateway.balcao import Balcao, open_balcao, read_eventos, subscribe
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.motor import Maestro
from tests.navegador import SENHA, add_pessoa, note_queixas, sign_in
from tests.socket_client import Visao

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


@pytest_asyncio.fixture(loop_scope="module")
async def pagina(browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_context(locale="pt-BR") as contexto:
        yield await contexto.new_page()


async def enter(balcao: Balcao, pagina: Page, caminho: str = "", senha: str = SENHA) -> list[str]:
    queixas = note_queixas(pagina)
    await sign_in(pagina, f"{balcao.origem}/#/{caminho}", senha=senha)
    return queixas


async def test_an_execution_is_followed_goes_on_after_a_cut_and_two_tabs_agree(balcao: Balcao, pagina: Page) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    await add_pessoa(balcao.pool)
    queixas = await enter(balcao, pagina)
    await pagina.get_by_role("link", name="17.308").click()
    linhas = pagina.locator("lista-virtual .linha")
    await expect(linhas).to_have_count(3)
    maestro = Maestro(balcao.pool)
    cerca = await maestro.lease(loja)
    itens = await list_itens(balcao.pool, id)
    await maestro.succeed(itens[0]["id"], cerca)
    await expect(pagina.locator("lista-virtual .selo.sucesso")).to_have_count(1)
    [socket] = balcao.gateway.ctx.live.sockets
    socket.close(4008, "corte")
    await maestro.fail(itens[1]["id"], cerca, "cliente.ambiguo")
    await maestro.succeed(itens[2]["id"], cerca)
    await expect(pagina.locator(".cabeca .selo").first).to_have_text("Concluída com falhas")
    outra = await pagina.context.new_page()
    await outra.goto(pagina.url)
    contagens = [
        await aba.locator(".contador").evaluate_all("botoes => botoes.map(botao => botao.textContent.trim())")
        for aba in (pagina, outra)
        if await aba.locator(".contador.sucesso strong").text_content() == "2"
    ]
    assert len(contagens) == 2 and contagens[0] == contagens[1]
    await expect(pagina.get_by_role("heading", name="Mais de uma cota")).to_be_visible()
    assert not queixas
    assert await pagina.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


async def test_a_job_is_previewed_started_paused_resumed_and_cancelled(balcao: Balcao, pagina: Page) -> None:
    await add_loja(balcao.pool)
    await add_pessoa(balcao.pool)
    queixas = await enter(balcao, pagina)
    await pagina.get_by_role("button", name="Baixar 3 boletos").click()
    await expect(pagina.locator(".cabeca .selo").first).to_have_text("Na fila")
    for acao, status in (("Pausar", "Pausada"), ("Retomar", "Na fila")):
        await pagina.get_by_role("button", name=acao).click()
        await expect(pagina.locator(".cabeca .selo").first).to_have_text(status)
    await pagina.get_by_role("button", name="Cancelar").first.click()
    await pagina.get_by_role("dialog").get_by_role("button", name="Cancelar a execução").click()
    await expect(pagina.locator(".cabeca .selo").first).to_have_text("Cancelada")
    assert not queixas


async def test_a_failure_is_explained_with_its_attempts_and_done_again(balcao: Balcao, pagina: Page) -> None:
    loja = await add_loja(balcao.pool, clientes=2)
    id = await submit(balcao.pool, loja)
    maestro, itens = Maestro(balcao.pool), await list_itens(balcao.pool, id)
    cerca = await maestro.lease(loja)
    await maestro.fail(itens[0]["id"], cerca, "cliente.ambiguo")
    await maestro.succeed(itens[1]["id"], cerca)
    await add_pessoa(balcao.pool)
    queixas = await enter(balcao, pagina, f"execucoes/{id}")
    await pagina.locator("lista-virtual button.nome").first.click()
    janela = pagina.get_by_role("dialog")
    await expect(janela.get_by_role("heading", name="Tentativas")).to_be_visible()
    await janela.get_by_role("button", name="Tentar de novo").click()
    await pagina.locator("#pergunta").get_by_role("button", name="Tentar de novo").click()
    await expect(pagina.get_by_role("link", name="ver a execução de origem")).to_be_visible()
    await expect(pagina.locator("lista-virtual .linha")).to_have_count(1)
    assert not queixas


async def test_who_only_reads_sees_no_button_that_changes_anything(balcao: Balcao, pagina: Page) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    await add_pessoa(balcao.pool, Escopo.LEITURA)
    await enter(balcao, pagina, f"execucoes/{id}")
    await expect(pagina.locator("lista-virtual .linha")).to_have_count(3)
    for nome in ("Pausar", "Cancelar", "Tentar de novo"):
        await expect(pagina.get_by_role("button", name=nome)).to_have_count(0)
    await expect(pagina.get_by_role("link", name="Pessoas")).to_have_count(0)
    status = await pagina.evaluate("fetch('/api/automation/pessoas').then(resposta => resposta.status)")
    assert status == 403


async def test_an_execution_that_is_not_there_is_told(balcao: Balcao, pagina: Page) -> None:
    await add_pessoa(balcao.pool)
    await enter(balcao, pagina, f"execucoes/{UUID(int=7)}")
    await expect(pagina.get_by_text("Execução não encontrada")).to_be_visible()


async def test_script_in_a_name_is_shown_as_text(balcao: Balcao, pagina: Page) -> None:
    loja = await add_loja(balcao.pool, clientes=1)
    mau = "<img src=x onerror=\"document.title='invadido'\"><script>document.title='invadido'</script>"
    await balcao.pool.execute("UPDATE clientes_finais SET nome_completo = $1", mau)
    id = await submit(balcao.pool, loja)
    await add_pessoa(balcao.pool)
    queixas = await enter(balcao, pagina, f"execucoes/{id}")
    await expect(pagina.locator("lista-virtual button.nome")).to_have_text(mau)
    assert "invadido" not in await pagina.title()
    assert not queixas


async def test_the_first_view_is_small_and_comes_from_here_alone(balcao: Balcao, pagina: Page) -> None:
    """Compressed, signed in, with its data: a slow office line shows it at once."""
    await add_loja(balcao.pool)
    await add_pessoa(balcao.pool)
    pedidos: list[Request] = []
    pagina.on("requestfinished", lambda pedido: pedidos.append(pedido))
    await enter(balcao, pagina)
    await expect(pagina.get_by_role("button", name="Baixar 3 boletos")).to_be_visible()
    assert {pedido.url.split("/")[2] for pedido in pedidos} == {balcao.origem.split("/")[2]}
    tamanhos = [(await pedido.sizes())["responseBodySize"] for pedido in pedidos]
    assert 10_000 < sum(tamanhos) < 150_000


async def test_a_wrong_password_is_told_and_the_form_stays(balcao: Balcao, pagina: Page) -> None:
    await add_pessoa(balcao.pool)
    await enter(balcao, pagina, senha="errada")
    await expect(pagina.locator(".aviso.erro")).to_contain_text("E-mail ou senha não conferem")
    await expect(pagina.get_by_label("E-mail")).to_be_visible()


async def test_a_session_that_ends_leads_back_to_the_form(balcao: Balcao, pagina: Page) -> None:
    await add_loja(balcao.pool)
    await add_pessoa(balcao.pool)
    await enter(balcao, pagina)
    baixar = pagina.get_by_role("button", name="Baixar 3 boletos")
    await expect(baixar).to_be_enabled()
    await balcao.pool.execute("UPDATE chaves_api SET revogada_em = now() WHERE pessoa_id IS NOT NULL")
    await baixar.click()
    await expect(pagina.get_by_label("E-mail")).to_be_visible()
    await expect(pagina.locator(".aviso.erro")).to_contain_text("A sessão terminou")


async def test_the_documentation_is_shown_from_the_descriptions(balcao: Balcao, pagina: Page) -> None:
    queixas = note_queixas(pagina)
    await pagina.goto(f"{balcao.origem}/api/docs")
    await pagina.get_by_label("Chave de acesso").fill(balcao.chaves["leitura"])
    await pagina.get_by_role("button", name="Mostrar").click()
    envio = pagina.locator("summary", has_text="/processar-downloads-ponto-venda")
    await expect(envio).to_have_count(1)
    await envio.click()
    await expect(pagina.locator("details[open]")).to_contain_text("ponto_venda")
    await expect(pagina.locator("summary", has_text="boleto.capturado")).to_have_count(1)
    await expect(pagina.locator("summary", has_text="Aviso execucao.encerrada")).to_have_count(1)
    assert not queixas


async def run_reducer(pagina: Page, quadros: list[dict[str, Any]]) -> dict[str, Any]:
    visto: dict[str, Any] = await pagina.evaluate(
        """async (quadros) => {
            const { apply, empty } = await import("/web/reducer.js");
            let state = empty();
            const asks = [];
            for (const quadro of quadros) {
                const answer = apply(state, quadro);
                state = answer.state;
                asks.push(answer.ask !== null);
            }
            return { ...state, clientes: [...state.clientes.values()], asks };
        }""",
        quadros,
    )
    return visto


async def test_the_pages_reducer_and_the_reference_client_agree(balcao: Balcao, pagina: Page) -> None:
    loja = await add_loja(balcao.pool)
    id: UUID = await submit(balcao.pool, loja)
    maestro = Maestro(balcao.pool)
    async with balcao.socket() as ws:
        estado = await subscribe(ws, id)
        cerca = await maestro.lease(loja)
        for item in await list_itens(balcao.pool, id):
            await maestro.succeed(item["id"], cerca)
        seq = await balcao.pool.fetchval("SELECT seq FROM execucoes_automacao WHERE automacao_id = $1", id)
        eventos = await read_eventos(ws, seq)
    pulso = {"tipo": "pulso", "seqs": {str(id): seq}}
    meio = len(eventos) // 2
    agora = {"execucao": {**estado["execucao"], "seq": seq}, "contadores": eventos[-1]["contadores"]}
    retomada = {**estado, **agora, "modo": "retomada", "seq": eventos[meio]["seq"], "clientes": []}
    # In order, twice, with a gap that is asked for, resumed, and with a pulse that tells of what is missing.
    quadros = [
        eventos[0], estado, *eventos[:meio], *eventos[:3], eventos[-1], pulso, eventos[meio], retomada,
        *eventos[meio + 1 :], pulso,
    ]  # fmt: skip
    await pagina.goto(balcao.origem)
    no_navegador = await run_reducer(pagina, quadros)
    visao = Visao()
    pedidos = [visao.apply(quadro) for quadro in quadros]
    assert no_navegador["asks"] == pedidos
    assert pedidos.count(True) == 2
    assert (no_navegador["seq"], no_navegador["epoca"]) == (visao.seq, visao.epoca) == (seq, estado["epoca"])
    assert no_navegador["contadores"] == visao.contadores
    assert no_navegador["clientes"] == list(visao.clientes.values())
    # Resumed, the counters wait for the events that follow: they never jump there and back.
    ate_a_retomada = quadros[: quadros.index(retomada) + 1]
    assert (await run_reducer(pagina, ate_a_retomada))["contadores"] == eventos[meio]["contadores"]
    assert no_navegador["execucao"]["status"] == visao.execucao["status"] == "concluida"
