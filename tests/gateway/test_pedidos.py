"""What another service does for a call: the report, and the test of a credential."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from services.gateway.store.chaves import Escopo
from shared.bus import Delivery, Queue
from shared.bus.topology import scraper_queue
from shared.events import (
    CredencialPassoDado,
    CredencialTestada,
    Evento,
    PassoTeste,
    ScraperPulso,
    SessaoConcedida,
    SessaoEncerrada,
)
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_boleto, add_cliente, cpf_de, submit
from tests.gateway.porta import Porta, open_porta

FILA = scraper_queue("s1")
LOJA = Loja(1, "17.308", 1, 1)


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path, namer=True) as aberta:
        await aberta.register()
        yield aberta


class Scraper:
    """Logs in when it is told to, and reports what the test says."""

    def __init__(self, porta: Porta, codigo: str | None) -> None:
        self.porta = porta
        self.codigo = codigo
        self.pode_terminar = asyncio.Event()
        self.pode_terminar.set()
        self.concedidas: list[SessaoConcedida] = []

    async def start(self) -> None:
        await self.porta.bus.publish(ScraperPulso(scraper_id="s1", fila=FILA.name, capacidade=2))
        await eventually(lambda: self.porta.pool.fetchval("SELECT count(*) FROM servicos WHERE tipo = 'scraper'"))

    async def handle(self, evento: Evento, _: Delivery) -> None:
        if not isinstance(evento, SessaoConcedida) or evento.pedido_id is None:
            return
        self.concedidas.append(evento)
        passo = PassoTeste(passo="login", ok=self.codigo is None, detalhe="111.444.777-35", duracao_s=0.1)
        await self.tell_passos(evento, passo)
        await self.pode_terminar.wait()
        await self.porta.bus.publish(
            CredencialTestada(
                cerca=evento.cerca,
                credencial_id=evento.credencial_id,
                pedido_id=evento.pedido_id,
                ok=self.codigo is None,
                codigo=self.codigo,
                mensagem="Entrou." if self.codigo is None else "Recusou.",
                passos=(passo,),
            )
        )
        await self.porta.bus.publish(
            SessaoEncerrada(cerca=evento.cerca, credencial_id=evento.credencial_id, motivo="teste")
        )

    async def tell_passos(self, concedida: SessaoConcedida, *passos: PassoTeste) -> None:
        assert concedida.pedido_id is not None
        await self.porta.bus.publish(
            CredencialPassoDado(cerca=concedida.cerca, pedido_id=concedida.pedido_id, passos=passos)
        )


async def test_a_report_comes_back_as_a_workbook_with_masked_documents(porta: Porta) -> None:
    for numero in (1, 2):
        await add_cliente(porta.pool, 1, 1, numero)
    automacao_id = await submit(porta.pool, LOJA)
    resposta = await porta.call("GET", f"execucoes/{automacao_id}/relatorio.xlsx", chave="leitura")
    assert resposta.status == 200, resposta.corpo
    assert f"relatorio-{automacao_id}.xlsx" in resposta.headers["Content-Disposition"]
    livro = load_workbook(io.BytesIO(resposta.bruto))
    celulas = " ".join(str(celula.value) for aba in livro for linha in aba.iter_rows() for celula in linha)
    assert "CLIENTE 1" in celulas and "CLIENTE 2" in celulas
    assert cpf_de(1) not in celulas and "***." in celulas
    pedido = await porta.pool.fetchval("SELECT id FROM pedidos")
    assert (await porta.call("GET", f"pedidos/{pedido}")).bruto == resposta.bruto
    assert (await porta.call("GET", f"execucoes/{uuid4()}/relatorio.xlsx")).status == 404


async def test_a_document_written_beside_a_name_is_masked_for_those_who_look(porta: Porta) -> None:
    inteiro, visto = "ANA SOUZA 123.456.789-09", "ANA SOUZA ***.456.789-**"
    cliente, boleto = await add_cliente(porta.pool, 1, 1, 1), await add_boleto(porta.pool, LOJA, 1, mes=10)
    await porta.pool.execute("UPDATE clientes_finais SET nome_completo = $1", inteiro)
    await porta.pool.execute("UPDATE boletos SET nome_cliente = $1, pagador = $1", inteiro)
    id = await submit(porta.pool, LOJA)
    await porta.pool.execute("UPDATE log_downloads_boletos SET boleto_id = $1", boleto)
    for caminho in (f"execucoes/{id}/clientes", f"execucoes/{id}/eventos", "clientes", "boletos"):
        texto = (await porta.call("GET", caminho, chave="leitura")).bruto.decode()
        assert visto in texto and inteiro not in texto, caminho
    relatorio = await porta.call("GET", f"execucoes/{id}/relatorio.xlsx", chave="leitura")
    celulas = [c for linha in load_workbook(io.BytesIO(relatorio.bruto))["Clientes"].values for c in linha]
    assert celulas.count(visto) == 2 and inteiro not in celulas
    assert (await porta.call("GET", f"clientes/{cliente}", chave="operador")).data["nome"] == inteiro


async def test_a_report_without_a_namer_is_refused_at_once(database_url: str, tmp_path: Path) -> None:
    async with open_porta(database_url, tmp_path) as porta:
        await porta.register()
        await add_cliente(porta.pool, 1, 1, 1)
        automacao_id = await submit(porta.pool, LOJA)
        resposta = await porta.call("GET", f"execucoes/{automacao_id}/relatorio.xlsx")
        assert (resposta.status, resposta.corpo["codigo"]) == (503, "servico.sem_namer")


async def test_testing_a_credential_says_what_happened(porta: Porta) -> None:
    scraper = Scraper(porta, None)
    async with porta.bus.consume(Queue(FILA.name), scraper.handle):
        await scraper.start()
        scraper.pode_terminar.clear()
        primeira = asyncio.create_task(porta.call("POST", "credenciais/1/testar"))
        await eventually(lambda: porta.pool.fetchval("SELECT id FROM pedidos"))
        segunda = await porta.call("POST", "credenciais/1/testar", headers={"Prefer": "respond-async"})
        scraper.pode_terminar.set()
        resposta = await primeira
    dados = resposta.data
    vista = await porta.call("GET", segunda.headers["Location"].removeprefix("/api/automation/"))
    assert (resposta.status, segunda.status, vista.data) == (200, 202, dados)
    assert (dados["ok"], dados["codigo"], dados["mensagem"]) == (True, None, "Entrou.")
    assert dados["passos"][0] == {"passo": "login", "ok": True, "detalhe": "***.444.777-**", "duracao_s": 0.1}
    assert len(scraper.concedidas) == 1, "two callers, one login"
    assert (await porta.call("GET", "credenciais/1")).data["ultimo_login"] is not None


async def test_the_steps_of_a_test_are_seen_while_it_runs(porta: Porta) -> None:
    scraper = Scraper(porta, None)
    scraper.pode_terminar.clear()
    async with porta.bus.consume(Queue(FILA.name), scraper.handle):
        await scraper.start()
        pedida = await porta.call("POST", "credenciais/1/testar", headers={"Prefer": "respond-async"})
        assert (pedida.status, pedida.corpo["data"]["passos"]) == (202, [])
        caminho = pedida.headers["Location"].removeprefix("/api/automation/")

        async def count_passos() -> int:
            return len((await porta.call("GET", caminho)).corpo["data"]["passos"])

        await eventually(count_passos)
        andamento = await porta.call("GET", caminho)
        assert (andamento.status, andamento.corpo["data"]["status"]) == (202, "em_andamento")
        [passo] = andamento.corpo["data"]["passos"]
        assert passo == {"passo": "login", "ok": True, "detalhe": "***.444.777-**", "duracao_s": 0.1}
        [concedida] = scraper.concedidas
        dois = (PassoTeste(passo="login", ok=True), PassoTeste(passo="busca", ok=True))
        await scraper.tell_passos(concedida, *dois)
        await scraper.tell_passos(concedida, *dois[:1])
        await eventually(lambda: porta.pool.fetchval("SELECT jsonb_array_length(passos) = 2 FROM pedidos"))
        scraper.pode_terminar.set()
        await eventually(lambda: porta.pool.fetchval("SELECT respondido_em FROM pedidos"))
        await scraper.tell_passos(concedida, *dois, *dois)
    feita = await porta.call("GET", caminho)
    assert (feita.status, feita.data["ok"]) == (200, True)
    assert await porta.pool.fetchval("SELECT jsonb_array_length(passos) FROM pedidos") == 2


async def test_a_refused_test_stops_the_credential_and_is_not_repeated(porta: Porta) -> None:
    scraper = Scraper(porta, "login.recusado")
    async with porta.bus.consume(Queue(FILA.name), scraper.handle):
        await scraper.start()
        primeira = await porta.call("POST", "credenciais/1/testar")
        assert (primeira.data["ok"], primeira.data["codigo"]) == (False, "login.recusado")
        segunda = await porta.call("POST", "credenciais/1/testar")
        assert (segunda.status, segunda.corpo["codigo"]) == (409, "credencial.recusada")
        await porta.call("PATCH", "credenciais/1", {"senha": "a-certa"})
        scraper.codigo = None
        assert (await porta.call("POST", "credenciais/1/testar")).data["ok"] is True
    assert [porta.chaveiro.decrypt(c.senha_cifrada) for c in scraper.concedidas] == ["segredo-do-portal", "a-certa"]


async def test_a_test_is_refused_where_it_cannot_be_done(porta: Porta) -> None:
    sem_scraper = await porta.call("POST", "credenciais/1/testar")
    assert (sem_scraper.status, sem_scraper.corpo["codigo"]) == (503, "servico.sem_scraper")
    await porta.call("PATCH", "credenciais/1", {"ativo": False})
    assert (await porta.call("POST", "credenciais/1/testar")).status == 409
    assert (await porta.call("POST", "credenciais/9/testar")).status == 404
    assert (await porta.call("POST", "credenciais/1/testar", chave="leitura")).status == 403


async def test_a_pedido_is_seen_only_where_it_belongs(porta: Porta) -> None:
    await porta.pool.execute(
        "INSERT INTO pedidos (tipo, ponto_venda_id, status_http, resposta, respondido_em)"
        " VALUES ('planilha', 1, 422, $1, now())",
        {"success": False, "error": "x", "codigo": "planilha_invalida", "detalhes": []},
    )
    id = await porta.pool.fetchval("SELECT id FROM pedidos")
    await porta.add_chave("loja", Escopo.ADMIN, "21.400")
    achado = await porta.call("GET", f"pedidos/{id}")
    assert (achado.status, achado.corpo["codigo"]) == (422, "planilha_invalida")
    assert (await porta.call("GET", f"pedidos/{id}", chave="loja")).status == 404
    assert (
        (await porta.call("GET", "pedidos/nada")).status
        == (await porta.call("GET", f"pedidos/{uuid4()}")).status
        == 404
    )


async def test_files_that_nothing_refers_to_are_swept(porta: Porta, monkeypatch: pytest.MonkeyPatch) -> None:
    usado = await porta.files.put_interno("planilhas", b"em uso")
    await porta.files.put_interno("planilhas", b"sobra")
    await porta.files.put_interno("linhas", b"sobra")
    parametros: dict[str, Any] = {"arquivo": usado.model_dump()}
    await porta.pool.execute("INSERT INTO pedidos (tipo, parametros) VALUES ('planilha', $1)", parametros)
    await porta.pedidos.sweep_files()
    assert len(porta.list_files()) == 3, "young ones stay"
    monkeypatch.setattr("services.gateway.pedidos.GUARDA", timedelta(seconds=-5))
    await porta.pedidos.sweep_files()
    assert porta.list_files() == [usado.caminho]
