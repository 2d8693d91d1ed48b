"""Schedules and automatic recovery in a real Chromium: what a person agrees there, sees coming and finds done."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from services.gateway.recuperador import Recuperador
from services.gateway.relatos import unbury
from services.gateway.store.chaves import Escopo
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import Loja, add_loja, list_itens, submit
from tests.gateway.motor import Maestro
from tests.navegador import add_pessoa, note_queixas, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Cena:
    """An office with two clients, and a person's browser."""

    balcao: Balcao
    loja: Loja
    page: Page

    async def enter(self, escopo: Escopo, pagina: str) -> None:
        await add_pessoa(self.balcao.pool, escopo, f"{escopo.value}@exemplo.com.br")
        await sign_in(self.page, f"{self.balcao.origem}/#/{pagina}", f"{escopo.value}@exemplo.com.br")

    @property
    def ficha(self) -> Locator:
        return self.page.locator("ficha-agendamento")

    async def press(self, nome: str | re.Pattern[str]) -> None:
        await self.page.get_by_role("button", name=nome).click()

    async def confirm(self, sim: str) -> None:
        await self.page.locator("#pergunta").get_by_role("button", name=sim).click()


@pytest_asyncio.fixture(loop_scope="module")
async def cena(database_url: str, tmp_path: Path, browser: Browser) -> AsyncIterator[Cena]:
    async with (
        open_balcao(database_url, tmp_path) as balcao,
        await browser.new_page(locale="pt-BR", timezone_id="America/Sao_Paulo") as page,
    ):
        loja = await add_loja(balcao.pool, clientes=2)
        queixas = note_queixas(page)
        yield Cena(balcao, loja, page)
        assert not queixas


async def test_a_schedule_is_agreed_in_human_words_paused_run_and_its_firings_found(cena: Cena) -> None:
    page, ficha = cena.page, cena.ficha
    await cena.enter(Escopo.OPERADOR, "agendamentos")
    await expect(page.get_by_text("Nenhum agendamento ainda")).to_be_visible()
    await cena.press("Novo agendamento")
    await ficha.get_by_label("Dia do mês").fill("31")
    await expect(ficha.get_by_text("Todo dia 31 ou último do mês, às 08:00. Próximos:")).to_be_visible()
    await expect(ficha.locator("ol li")).to_have_count(5)
    await ficha.get_by_label("Repetição").select_option("Expressão cron")
    await ficha.get_by_label("Expressão cron").last.fill("8 5")
    await ficha.get_by_role("button", name="Salvar").click()
    await expect(ficha.locator("#ficha-expressao-erro")).to_contain_text("cinco campos")
    await expect(ficha.locator("#ficha-nome-erro")).to_be_visible()
    await ficha.get_by_label("Repetição").select_option("Dias da semana")
    await ficha.get_by_label("Segunda").check()
    await ficha.get_by_label("Hora").fill("07:30")
    await ficha.get_by_label("Fuso").select_option("Campo Grande")
    await expect(ficha.get_by_text("Toda segunda, às 07:30. Próximos:")).to_be_visible()
    await ficha.get_by_label("Nome").fill("Semanal <b>x</b>")
    await ficha.get_by_role("button", name="Salvar").click()
    cartao = page.get_by_role("article", name="Semanal <b>x</b>")
    await expect(cartao).to_contain_text("Toda segunda, às 07:30 (Campo Grande)")
    await expect(cartao.locator("ol li").first).to_contain_text(re.compile(r"seg.*07:30"))
    await cena.press("Pausar: Semanal <b>x</b>")
    await expect(cartao).to_contain_text("Pausado")
    await expect(cartao.locator("ol")).to_have_count(0)
    await cena.press("Retomar: Semanal <b>x</b>")
    await expect(cartao.locator("ol li")).to_have_count(5)
    await cena.press("Executar agora: Semanal <b>x</b>")
    await cena.confirm("Executar agora")
    await expect(page.get_by_role("link", name="agendamento Semanal <b>x</b>")).to_be_visible()
    await page.get_by_role("link", name="agendamento Semanal <b>x</b>").click()
    await expect(cartao).to_contain_text("Na fila")
    await cena.press("Executar agora: Semanal <b>x</b>")
    await cena.confirm("Executar agora")
    await expect(page.locator(".aviso.erro")).to_contain_text("ainda tem uma execução em andamento")
    await cena.press("Histórico: Semanal <b>x</b>")
    await expect(page.get_by_role("dialog").get_by_role("cell", name=re.compile("À mão"))).to_be_visible()
    await page.keyboard.press("Escape")
    await cena.press("Excluir: Semanal <b>x</b>")
    await cena.confirm("Excluir")
    await expect(page.get_by_text("Nenhum agendamento ainda")).to_be_visible()


async def test_a_schedule_is_changed_where_it_stands_and_a_reader_only_sees_it(cena: Cena) -> None:
    corpo = {
        "nome": "Mensal", "ponto_venda": "17308", "mes": "atual", "fuso": "America/Belem", "perdidos": "pular",
        "regra": {"tipo": "dia_util", "numero": 3, "hora": "06:00"}, "consultor": cena.loja.consultor_id,
    }  # fmt: skip
    feito = (await cena.balcao.call("POST", "agendamentos", corpo)).data
    await cena.balcao.pool.execute(
        "INSERT INTO disparos (agendamento_id, previsto_para, resultado, codigo, mensagem)"
        " VALUES ($1, '2026-11-05 09:00Z', 'recusado', 'ponto_venda.sem_clientes', 'Nenhum cliente ativo.')",
        feito["id"],
    )
    await cena.enter(Escopo.OPERADOR, "agendamentos")
    cartao = cena.page.get_by_role("article", name="Mensal")
    await expect(cartao).to_contain_text("Não executado")
    await expect(cartao).to_contain_text("Nenhum cliente ativo.")
    await cena.press("Editar: Mensal")
    await expect(cena.ficha.get_by_label("Dia útil")).to_have_value("3")
    await expect(cena.ficha.get_by_label("Fuso")).to_have_value("America/Belem")
    await cena.ficha.get_by_label("Dia útil").fill("5")
    await cena.ficha.get_by_role("button", name="Salvar").click()
    await expect(cartao).to_contain_text("No 5º dia útil do mês, às 06:00 (America/Belem)")
    mudado = (await cena.balcao.call("GET", f"agendamentos/{feito['id']}")).data
    assert (mudado["perdidos"], mudado["mes"], mudado["consultor"]) == ("pular", "atual", "CONSULTOR 17.308")
    await cena.press("Sair")
    await cena.enter(Escopo.LEITURA, "agendamentos")
    await expect(cartao.get_by_role("button")).to_have_text(["Histórico"])
    await expect(cena.page.get_by_role("button", name="Novo agendamento")).to_have_count(0)


async def test_what_a_person_may_not_choose_stays_as_it_was_chosen(cena: Cena) -> None:
    """An operador of one ponto de venda, and a consultor whose home is another."""
    pool, outra = cena.balcao.pool, await add_loja(cena.balcao.pool, "21.400", base=10)
    corpo: dict[str, Any] = {
        "nome": "Mensal", "ponto_venda": "17308", "mes": "atual", "consultor": outra.consultor_id,
        "regra": {"tipo": "dia_do_mes", "dia": 31, "hora": "06:00"},
    }  # fmt: skip
    feito = (await cena.balcao.call("POST", "agendamentos", corpo)).data
    # A zone that nobody knows, kept from elsewhere.
    estragado = (await cena.balcao.call("POST", "agendamentos", corpo | {"nome": "Estragado"})).data
    await pool.execute("UPDATE agendamentos SET fuso = 'Lua/Mar' WHERE id = $1", estragado["id"])
    await pool.execute(
        "INSERT INTO disparos (agendamento_id, previsto_para, resultado) VALUES ($1, '2026-11-05 09:00Z', 'pulado')",
        estragado["id"],
    )
    await add_pessoa(pool, Escopo.OPERADOR, "so@exemplo.com.br")
    await pool.execute("UPDATE pessoas SET todos_pontos_venda = false")
    await pool.execute("INSERT INTO pessoas_pontos_venda SELECT id, $1 FROM pessoas", cena.loja.id)
    await sign_in(cena.page, f"{cena.balcao.origem}/#/agendamentos", "so@exemplo.com.br")
    cartao = cena.page.get_by_role("article", name="Estragado")
    await expect(cartao).to_contain_text("edite o agendamento")
    await expect(cartao).to_contain_text("09:00 UTC")
    await cena.press("Editar: Mensal")
    await expect(cena.ficha.locator("#ficha-consultor option:checked")).to_have_text("CONSULTOR 21.400")
    # What was written for one kind of rule does not stay for another.
    await cena.ficha.get_by_label("Dia do mês").fill("30")
    await cena.ficha.get_by_label("Repetição").select_option("Um dia útil do mês")
    await expect(cena.ficha.get_by_label("Dia útil")).to_have_value("1")
    await cena.ficha.get_by_label("Repetição").select_option("Um dia do mês")
    await cena.ficha.get_by_label("Hora").fill("07:30")
    async with cena.page.expect_request(lambda pedido: pedido.method == "PATCH") as pedido:
        await cena.ficha.get_by_role("button", name="Salvar").click()
    assert (await pedido.value).post_data_json == {"regra": corpo["regra"] | {"hora": "07:30"}}
    await expect(cena.ficha).to_have_count(0)
    mudado = (await cena.balcao.call("GET", f"agendamentos/{feito['id']}")).data
    assert (mudado["consultor_id"], mudado["regra"]["hora"]) == (outra.consultor_id, "07:30")


async def test_an_end_is_told_once_and_a_second_end_again(cena: Cena) -> None:
    page, pool = cena.page, cena.balcao.pool
    await pool.execute("UPDATE pontos_venda SET recuperacao_rodadas = 2")
    id = await submit(pool, cena.loja, limite=1)
    maestro, (item,) = Maestro(pool), await list_itens(pool, id)
    cerca = await maestro.lease(cena.loja)
    await pool.execute("UPDATE log_downloads_boletos SET tentativas = 3")
    tarefa = await maestro.fail(item["id"], cerca, "interno")
    # It ended before anyone looked; what is called off then is no end.
    await cena.enter(Escopo.OPERADOR, f"execucoes/{id}")
    await cena.press("Não tentar de novo")
    await expect(page.locator("p.destaque[role=status]")).to_have_text("Não haverá outra tentativa automática.")
    await expect(page.locator(".aviso")).to_have_text(["Não haverá outra tentativa automática."])
    async with pool.acquire() as conn, conn.transaction():
        assert await unbury(conn, tarefa)
    await maestro.succeed(item["id"], cerca)
    cena.balcao.gateway.ctx.wake()
    await expect(page.locator(".aviso", has_text="terminou")).to_have_text(
        ["17.308, Novembro de 2026: terminou com 1 baixado."]
    )


async def test_what_is_tried_again_by_itself_is_set_told_and_followed(cena: Cena) -> None:
    page, pool = cena.page, cena.balcao.pool
    await cena.enter(Escopo.ADMIN, "pontos-venda")
    await page.get_by_role("button", name="17.308").click()
    await page.get_by_label("Novas tentativas automáticas").fill("2")
    await page.get_by_label("Pausa antes da primeira, em minutos").fill("1")
    await page.get_by_role("button", name="Salvar").click()
    await expect(page.locator(".aviso", has_text="alterado")).to_be_visible()
    id = await submit(pool, cena.loja, limite=1)
    await page.goto(f"{cena.balcao.origem}/#/execucoes/{id}")
    await expect(page.locator("lista-virtual .linha")).to_have_count(1)
    maestro = Maestro(pool)
    cerca = await maestro.lease(cena.loja)
    await pool.execute("UPDATE log_downloads_boletos SET tentativas = 3")
    await maestro.fail((await list_itens(pool, id))[0]["id"], cerca, "download.falhou.vazio")
    faixa = page.locator("p.destaque[role=status]")
    em = await pool.fetchval("SELECT recuperacao_em FROM execucoes_automacao WHERE automacao_id = $1", id)
    assert isinstance(em, datetime)
    await expect(faixa).to_contain_text(re.compile(r"é tentado de novo (às|em) .*\d\d:\d\d: rodada 1 de 2"))
    await expect(page.locator(".aviso", has_text="terminou")).to_have_count(1)
    await pool.execute("UPDATE execucoes_automacao SET recuperacao_em = now()")
    await Recuperador(pool, cena.balcao.gateway.ctx.wake).tick()
    await expect(faixa).to_contain_text("Rodada 1 de 2 já começou:")
    await expect(page.locator(".aviso", has_text="terminou")).to_have_count(1)
    await faixa.get_by_role("link", name="ver o que ela faz").click()
    await expect(faixa).to_contain_text("Recuperação automática: rodada 1 de 2.")
    await expect(page.get_by_role("link", name="ver a execução de origem")).to_be_visible()
    nova = await pool.fetchval("SELECT recuperada_por FROM execucoes_automacao WHERE automacao_id = $1", id)
    await pool.execute("UPDATE log_downloads_boletos SET tentativas = 3")
    await maestro.fail((await list_itens(pool, nova))[0]["id"], cerca, "download.falhou.vazio")
    await expect(faixa).to_contain_text(re.compile(r"Rodada 1 de 2, a próxima (às|em) "))
    await cena.press("Não tentar de novo")
    await expect(faixa).to_have_text("Recuperação automática: rodada 1 de 2. Não haverá outra tentativa automática.")
