"""The worker over the bus, with a real browser against the simulator: leases, tasks, and every way they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from services.scraper import contracts, portal_session
from services.scraper.reports import Relator
from services.scraper.settings import ScraperSettings
from services.scraper.trabalho import Relato, Trabalho, finish
from services.scraper.verification import Conferido, Procurado, verify
from services.scraper.verifier import Conferente
from services.scraper.worker import Scraper
from shared.bus.memory import MemoryBus
from shared.bus.rabbitmq import RabbitMQBus
from shared.crypto import Chaveiro
from shared.events import (
    EVENTOS,
    BoletoCapturado,
    BoletoDevolvido,
    BoletoEtapa,
    BoletoFalhou,
    BoletoJaBaixado,
    CredencialParada,
    CredencialPassoDado,
    CredencialTestada,
    ExecucaoRevogada,
    SessaoAberta,
    SessaoEncerrada,
    SessaoRevogada,
)
from shared.files import FileStore
from shared.outcomes import Etapa
from tests.eventually import eventually
from tests.scraper.gateway import GatewayFalso
from tests.scraper.scenes import ANA, BETO, COTA_BETO, SENHA, cenario, cliente
from tests.simulator.scenario import Cenario
from tests.simulator.server import Simulador


@dataclass
class Bancada:
    gateway: GatewayFalso
    portal: Simulador
    files: FileStore
    scraper: Scraper
    bus: MemoryBus


Abrir = Callable[..., AbstractAsyncContextManager[Bancada]]


@pytest.fixture
def bancada(tmp_path: Path) -> Abrir:
    @asynccontextmanager
    async def open_bancada(cena: Cenario, **campos: Any) -> AsyncIterator[Bancada]:
        chaveiro = Chaveiro(Fernet.generate_key().decode())
        settings = ScraperSettings(ritmo_ms=0, pulso_s=0.3, **campos)
        files = FileStore(tmp_path.as_uri())
        async with MemoryBus(EVENTOS) as bus, Simulador(cena) as portal:
            gateway = GatewayFalso(bus, chaveiro, portal.origem)
            scraper = Scraper(bus, files, chaveiro, settings)
            async with gateway.working(), scraper:
                yield Bancada(gateway, portal, files, scraper, bus)

    return open_bancada


async def test_a_contract_goes_by_step_by_step_and_ends_captured(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        await b.gateway.grant()
        tarefa = await b.gateway.ask()
        capturado = await b.gateway.wait_for(BoletoCapturado)
        assert capturado.tarefa == tarefa
        etapas = [e.etapa for e in b.gateway.of(BoletoEtapa)]
        assert etapas == [Etapa.AUTENTICANDO, Etapa.BUSCANDO, Etapa.EMITINDO, Etapa.BAIXANDO, Etapa.VERIFICANDO]
        assert [e.etapa for e in b.gateway.of(BoletoEtapa) if e.busca_ms is not None] == [Etapa.EMITINDO]
        emitido = b.portal.emitidos[0]
        assert (capturado.boleto.linha_digitavel, str(capturado.boleto.valor)) == (emitido["linha"], emitido["valor"])
        assert capturado.captura.sha256 == emitido["sha256"]
        assert len(await b.files.get(capturado.captura)) == emitido["bytes"]
        assert set(capturado.duracoes_s) == {"autenticando", "buscando", "emitindo", "baixando", "verificando"}


async def test_one_login_serves_contract_after_contract(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        await b.gateway.grant()
        for _ in range(2):
            await b.gateway.ask()
            await b.gateway.ask(BETO, COTA_BETO)
        await eventually(lambda: len(b.gateway.of(BoletoCapturado)) == 4, 20)
        assert len(b.gateway.of(SessaoAberta)) == 1
        assert b.portal.sessoes()["17308"]["logins"] == 1


async def test_a_used_browser_context_is_renewed_without_another_login(
    bancada: Abrir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal_session, "CONTRATOS_MAX", 1)
    async with bancada(cenario(), driver="navegador") as b:
        await b.gateway.grant()
        for _ in range(3):
            await b.gateway.ask()
        await eventually(lambda: len(b.gateway.of(BoletoCapturado)) == 3, 30)
        browser = b.scraper._drivers._navegador._browser
        assert browser is not None and len(browser.contexts) == 1
        assert b.portal.sessoes()["17308"]["logins"] == 1


async def test_a_task_delivered_twice_is_emitted_once(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        await b.gateway.grant()
        await b.gateway.ask()
        await b.gateway.resend(b.gateway.ultimo)
        await eventually(lambda: len(b.gateway.of(BoletoCapturado)) >= 1, 20)
        await b.gateway.resend(b.gateway.ultimo)
        await eventually(lambda: len(b.gateway.of(BoletoCapturado)) >= 2, 20)
        assert len(b.portal.emitidos) == 1


async def test_a_task_that_comes_again_as_its_report_is_taken_is_not_begun_again(
    bancada: Abrir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that is back takes reports and delivers their tasks again in one breath."""
    de_novo: list[asyncio.Task[None]] = []

    async def finish_and_deliver(relator: Relator, trabalho: Trabalho, relato: Relato) -> None:
        await finish(relator, trabalho, relato)
        if not de_novo:
            de_novo.append(asyncio.create_task(b.scraper._accept(trabalho.solicitado)))

    monkeypatch.setattr(contracts, "finish", finish_and_deliver)
    async with bancada(cenario(), driver="http") as b:
        await b.gateway.grant()
        await b.gateway.ask()
        await eventually(lambda: len(b.gateway.of(BoletoCapturado)) == 2, 20)
        await asyncio.gather(*de_novo)
        assert len(b.portal.emitidos) == 1


async def test_a_known_boleto_is_not_emitted_again(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        await b.gateway.grant()
        conhecido = {"grupo": 6650, "cota": 2278, "ano": 2026, "mes": 12}
        await b.gateway.ask(mes=None, ano=None, ja_baixados=(conhecido,))
        ja = await b.gateway.wait_for(BoletoJaBaixado)
        assert (ja.boleto.ano, ja.boleto.mes) == (2026, 12)
        assert b.portal.emitidos == []


async def test_a_refused_password_is_posted_once_and_stops_the_credential(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        await b.gateway.grant(senha="errada")
        primeira = await b.gateway.ask()
        segunda = await b.gateway.ask(BETO, COTA_BETO)
        encerrada = await b.gateway.wait_for(SessaoEncerrada)
        assert encerrada.motivo == "parada"
        parada = b.gateway.of(CredencialParada)[0]
        assert (parada.codigo, len(parada.evidencia)) == ("login.recusado", 3)
        devolvidas = [(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)]
        assert devolvidas == [(primeira, "sessao"), (segunda, "sessao")]
        ordem = [type(e) for e in b.gateway.eventos if not isinstance(e, BoletoEtapa)]
        assert ordem == [CredencialParada, BoletoDevolvido, BoletoDevolvido, SessaoEncerrada]
        posts = [r for r in b.portal.registro if r["pagina"] == "login" and r["metodo"] == "POST"]
        assert len(posts) == 1


async def test_a_failure_keeps_masked_evidence(bancada: Abrir) -> None:
    async with bancada(cenario(cliente(emissao={"documento": "outro_cliente"}))) as b:
        await b.gateway.grant()
        await b.gateway.ask()
        falhou = await b.gateway.wait_for(BoletoFalhou)
        assert (falhou.codigo, falhou.etapa) == ("documento.divergente.cliente", Etapa.VERIFICANDO)
        assert falhou.quarentena is not None and falhou.quarentena.sha256 == b.portal.emitidos[0]["sha256"]
        foto, html, fatos = [await b.files.get(arquivo) for arquivo in falhou.evidencia]
        assert foto.startswith(b"\x89PNG")
        for parte in (html.decode(), fatos.decode(), falhou.mensagem):
            assert SENHA not in parte and "0000017308" not in parte and "applicationKey" not in parte
            assert ANA not in parte and "529.982.247-25" not in parte and "111.444.777-35" not in parte
        assert "<script" not in html.decode()
        # The session may be mixed up: the next contract has a new one.
        await b.gateway.ask(BETO, COTA_BETO)
        await b.gateway.wait_for(BoletoCapturado)
        assert b.portal.sessoes()["17308"]["logins"] == 2


async def test_the_next_contract_searches_while_this_one_is_verified_and_waits_before_it_is_issued(
    bancada: Abrir, monkeypatch: pytest.MonkeyPatch
) -> None:
    pode, conferidos = asyncio.Event(), []

    async def verify_slowly(_: Conferente, pdf: bytes, procurado: Procurado) -> Conferido:
        conferidos.append(procurado.cpf)
        await pode.wait()
        return await verify(pdf, procurado)

    monkeypatch.setattr(Conferente, "verify", verify_slowly)
    async with bancada(cenario()) as b:
        await b.gateway.grant()
        primeira, segunda = await b.gateway.ask(), await b.gateway.ask(BETO, COTA_BETO)
        await eventually(lambda: Etapa.EMITINDO in [e.etapa for e in b.gateway.of(BoletoEtapa, segunda)], 20)
        assert conferidos == [ANA] and not b.gateway.of(BoletoCapturado)
        await asyncio.sleep(0.5)  # time enough to issue, were it not held back
        assert len(b.portal.emitidos) == 1
        pode.set()
        await eventually(lambda: len(b.gateway.of(BoletoCapturado)) == 2, 20)
        assert [e.tarefa for e in b.gateway.of(BoletoCapturado)] == [primeira, segunda]


async def test_a_document_of_somebody_else_takes_the_next_contract_out_of_that_session_too(bancada: Abrir) -> None:
    """It had begun meanwhile: it spends no attempt, and the evidence is of the page that the first one left."""
    async with bancada(cenario(cliente(emissao={"documento": "outro_cliente"}))) as b:
        await b.gateway.grant()
        primeira, segunda = await b.gateway.ask(), await b.gateway.ask(BETO, COTA_BETO)
        falhou = await b.gateway.wait_for(BoletoFalhou)
        assert (falhou.tarefa, falhou.codigo) == (primeira, "documento.divergente.cliente")
        assert (await b.gateway.wait_for(BoletoCapturado)).tarefa == segunda
        assert [e.codigo for e in b.gateway.of(BoletoFalhou)] == ["documento.divergente.cliente"]
        assert (b.portal.sessoes()["17308"]["logins"], len(b.portal.emitidos)) == (2, 2)
        assert b.portal.log.count("sessao.encerrada") == 1
        pagina = (await b.files.get(falhou.evidencia[1])).decode()
        assert "ANA PAULA" in pagina and "BETO" not in pagina


async def test_an_expired_session_logs_in_again_and_spends_nothing(bancada: Abrir) -> None:
    async with bancada(cenario(sessao={"expirar_na": "cobranca", "expirar_vezes": 2})) as b:
        await b.gateway.grant()
        await b.gateway.ask()
        await b.gateway.wait_for(BoletoCapturado)
        assert len(b.gateway.of(SessaoAberta)) == 3
        assert not b.gateway.of(BoletoFalhou)


async def test_a_session_kicked_out_again_and_again_is_given_back(bancada: Abrir) -> None:
    async with bancada(cenario(sessao={"expirar_na": "busca", "expirar_vezes": 0})) as b:
        await b.gateway.grant()
        tarefa = await b.gateway.ask()
        assert (await b.gateway.wait_for(SessaoEncerrada)).motivo == "derrubada"
        assert [(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)] == [(tarefa, "sessao")]


async def test_a_session_that_slowing_down_does_not_help_is_given_back_where_there_are_others(bancada: Abrir) -> None:
    async with bancada(cenario(ritmo={"minimo_ms": 3000, "castigo_s": 0.1})) as b:
        await b.gateway.grant(sessoes=2)
        tarefa = await b.gateway.ask()
        assert (await b.gateway.wait_for(SessaoEncerrada)).motivo == "limitada"
        assert [(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)] == [(tarefa, "sessao")]
        assert not b.gateway.of(BoletoFalhou)


async def test_a_post_too_soon_on_the_way_to_the_search_costs_no_other_login(bancada: Abrir) -> None:
    async with bancada(cenario(ritmo={"minimo_ms": 250, "castigo_s": 0.3})) as b:
        await b.gateway.grant()
        tarefa = await b.gateway.ask()
        assert (await b.gateway.wait_for(BoletoCapturado)).tarefa == tarefa
        assert (b.portal.log.count("ritmo") > 0, b.portal.sessoes()["17308"]["logins"]) == (True, 1)


@pytest.mark.parametrize("na", ["busca", "cobranca"])
async def test_the_block_page_ends_the_session_and_spends_nothing(na: str, bancada: Abrir) -> None:
    """From the moment on that the portal let it in."""
    async with bancada(cenario(firewall={"bloqueio": "uma_vez", "na": na})) as b:
        await b.gateway.grant()
        tarefa = await b.gateway.ask()
        assert (await b.gateway.wait_for(SessaoEncerrada)).motivo == "bloqueada"
        assert [(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)] == [(tarefa, "sessao")]
        assert not b.gateway.of(CredencialParada)


async def test_the_block_page_at_login_stops_the_credential(bancada: Abrir) -> None:
    async with bancada(cenario(firewall={"bloqueio": "sempre"})) as b:
        await b.gateway.grant()
        await b.gateway.ask()
        assert (await b.gateway.wait_for(CredencialParada)).codigo == "portal.bloqueado"
        assert (await b.gateway.wait_for(SessaoEncerrada)).motivo == "parada"


async def test_a_user_without_permission_stops_the_credential(bancada: Abrir) -> None:
    async with bancada(cenario(menu={"icone": False, "acesso_direto": False})) as b:
        await b.gateway.grant()
        await b.gateway.ask()
        assert (await b.gateway.wait_for(CredencialParada)).codigo == "portal.sem_permissao"


async def test_a_lost_lease_leaves_the_portal_and_hands_back(bancada: Abrir) -> None:
    async with bancada(cenario(latencia={"atendimento": 5000})) as b:
        await b.gateway.grant()
        tarefa = await b.gateway.ask()
        await eventually(lambda: Etapa.BUSCANDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        b.gateway.cercas_vivas.clear()
        assert (await b.gateway.wait_for(BoletoDevolvido)).motivo == "sessao"
        assert b.gateway.of(BoletoDevolvido)[0].tarefa == tarefa
        assert not b.gateway.of(SessaoEncerrada)  # it is no longer ours to give back
        await eventually(lambda: b.gateway.pulsos[-1].ociosas_s == {})


async def test_no_lease_is_used_before_a_pulse_confirmed_it(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        b.gateway.responde = False
        await b.gateway.grant(validade_s=11.0)
        tarefa = await b.gateway.ask()
        assert (await b.gateway.wait_for(BoletoDevolvido)).tarefa == tarefa
        assert b.portal.registro == []


async def test_a_task_without_a_lease_is_handed_back_unopened(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        tarefa = await b.gateway.ask(cerca=99)
        devolvido = await b.gateway.wait_for(BoletoDevolvido)
        assert (devolvido.tarefa, devolvido.motivo) == (tarefa, "sessao")


async def test_a_task_that_meets_an_ending_session_is_handed_back(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        await b.gateway.grant()
        await b.gateway.ask()
        await b.gateway.wait_for(BoletoCapturado)
        b.scraper._sessoes[1].is_over = True
        tarefa = await b.gateway.ask()
        assert (await b.gateway.wait_for(BoletoDevolvido)).tarefa == tarefa


async def test_a_revoked_lease_ends_its_contract_and_hands_the_rest_back(bancada: Abrir) -> None:
    async with bancada(cenario(latencia={"emissao": 400})) as b:
        await b.gateway.grant()
        primeira = await b.gateway.ask()
        segunda = await b.gateway.ask(BETO, COTA_BETO)
        await eventually(lambda: Etapa.BUSCANDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        await b.gateway.publish(SessaoRevogada(cerca=1))
        assert (await b.gateway.wait_for(SessaoEncerrada)).motivo == "revogada"
        # One that was only dropped would count on there.
        assert b.portal.log.count("sessao.encerrada") == 1
        assert [e.tarefa for e in b.gateway.of(BoletoCapturado)] == [primeira]
        assert [e.tarefa for e in b.gateway.of(BoletoDevolvido)] == [segunda]


async def test_cancelling_leaves_the_contract_in_hand_before_it_is_emitted(bancada: Abrir) -> None:
    async with bancada(cenario(latencia={"cobranca": 4000})) as b:
        await b.gateway.grant()
        automacao_id = uuid4()
        primeira = await b.gateway.ask(automacao_id=automacao_id)
        segunda = await b.gateway.ask(BETO, COTA_BETO, automacao_id=automacao_id)
        await eventually(lambda: Etapa.EMITINDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        revogada = ExecucaoRevogada(automacao_id=automacao_id, ate_despacho=segunda.despacho, motivo="cancelada")
        await b.gateway.publish(revogada, to_scraper=False)
        await eventually(lambda: len(b.gateway.of(BoletoDevolvido)) == 2, 2.0)
        assert {(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)} == {
            (primeira, "cancelada"),
            (segunda, "cancelada"),
        }
        assert b.portal.emitidos == []
        # The session lives on for others.
        b.portal.turn(latencia={"cobranca": 0})
        outra = await b.gateway.ask(BETO, COTA_BETO)
        assert (await b.gateway.wait_for(BoletoCapturado)).tarefa == outra


async def test_cancelling_lets_an_emitted_contract_end_truly(bancada: Abrir) -> None:
    async with bancada(cenario(latencia={"impressao": 800})) as b:
        await b.gateway.grant()
        tarefa = await b.gateway.ask()
        await eventually(lambda: Etapa.BAIXANDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        revogada = ExecucaoRevogada(automacao_id=tarefa.automacao_id, ate_despacho=99, motivo="cancelada")
        await b.gateway.publish(revogada, to_scraper=False)
        assert (await b.gateway.wait_for(BoletoCapturado)).tarefa == tarefa
        assert not b.gateway.of(BoletoDevolvido)


async def test_pausing_ends_the_contract_in_hand_and_returns_the_others(bancada: Abrir) -> None:
    async with bancada(cenario(latencia={"cobranca": 300})) as b:
        await b.gateway.grant()
        automacao_id = uuid4()
        primeira = await b.gateway.ask(automacao_id=automacao_id)
        segunda = await b.gateway.ask(BETO, COTA_BETO, automacao_id=automacao_id)
        await eventually(lambda: Etapa.BUSCANDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        revogada = ExecucaoRevogada(automacao_id=automacao_id, ate_despacho=segunda.despacho, motivo="pausada")
        await b.gateway.publish(revogada, to_scraper=False)
        assert (await b.gateway.wait_for(BoletoCapturado)).tarefa == primeira
        assert [(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)] == [(segunda, "pausada")]


async def test_a_paused_contract_in_hand_that_comes_again_is_not_handed_back(bancada: Abrir) -> None:
    """A broker that was cut off delivers its message again: given back, it would be issued a second time."""
    async with bancada(cenario(latencia={"cobranca": 300})) as b:
        await b.gateway.grant()
        automacao_id = uuid4()
        primeira = await b.gateway.ask(automacao_id=automacao_id)
        pedido = b.gateway.ultimo
        segunda = await b.gateway.ask(BETO, COTA_BETO, automacao_id=automacao_id)
        await eventually(lambda: Etapa.BUSCANDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        revogada = ExecucaoRevogada(automacao_id=automacao_id, ate_despacho=segunda.despacho, motivo="pausada")
        await b.gateway.publish(revogada, to_scraper=False)
        await b.gateway.wait_for(BoletoDevolvido)
        await b.gateway.resend(pedido)
        assert (await b.gateway.wait_for(BoletoCapturado)).tarefa == primeira
        assert [e.tarefa for e in b.gateway.of(BoletoDevolvido)] == [segunda]


async def test_a_session_that_was_asked_back_and_is_lost_does_not_log_in_again(bancada: Abrir) -> None:
    """Whoever asked for it wants the login for themselves."""
    async with bancada(cenario(latencia={"busca": 300}, sessao={"expirar_na": "cobranca", "expirar_vezes": 0})) as b:
        await b.gateway.grant()
        tarefa = await b.gateway.ask()
        await eventually(lambda: Etapa.BUSCANDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        await b.gateway.publish(SessaoRevogada(cerca=1))
        assert (await b.gateway.wait_for(SessaoEncerrada)).motivo == "revogada"
        assert [(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)] == [(tarefa, "sessao")]
        assert b.portal.sessoes()["17308"]["logins"] == 1


async def test_stopping_ends_the_contract_in_hand_and_gives_the_lease_back(bancada: Abrir) -> None:
    async with bancada(cenario(latencia={"cobranca": 300})) as b:
        await b.gateway.grant()
        primeira = await b.gateway.ask()
        segunda = await b.gateway.ask(BETO, COTA_BETO)
        await eventually(lambda: Etapa.BUSCANDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        await b.scraper.__aexit__(None, None, None)
        await eventually(lambda: b.gateway.of(SessaoEncerrada))
        assert [e.tarefa for e in b.gateway.of(BoletoCapturado)] == [primeira]
        assert [(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)] == [(segunda, "parando")]
        assert b.gateway.of(SessaoEncerrada)[0].motivo == "parando"
        await eventually(lambda: b.gateway.pulsos[-1].parando)


async def test_stopping_hands_back_what_takes_too_long(bancada: Abrir) -> None:
    async with bancada(cenario(latencia={"cobranca": 20000}), parada_s=0.5) as b:
        await b.gateway.grant()
        tarefa = await b.gateway.ask()
        await eventually(lambda: Etapa.EMITINDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        await b.scraper.__aexit__(None, None, None)
        await eventually(lambda: b.gateway.of(SessaoEncerrada))
        assert [(e.tarefa, e.motivo) for e in b.gateway.of(BoletoDevolvido)] == [(tarefa, "parando")]


async def test_a_credential_is_tested_with_one_login(bancada: Abrir) -> None:
    async with bancada(cenario()) as b:
        pedido_id = uuid4()
        await b.gateway.grant(pedido_id=pedido_id)
        testada = await b.gateway.wait_for(CredencialTestada)
        assert (testada.ok, testada.pedido_id, testada.codigo) == (True, pedido_id, None)
        assert [passo.ok for passo in testada.passos] == [True] * 5
        dados = b.gateway.of(CredencialPassoDado)
        assert [(e.pedido_id, e.passos) for e in dados] == [(pedido_id, testada.passos[:n]) for n in range(1, 6)]
        assert (await b.gateway.wait_for(SessaoEncerrada)).motivo == "teste"
        assert b.portal.sessoes()["17308"]["logins"] == b.portal.log.count("sessao.encerrada") == 1


async def test_a_tested_credential_that_is_refused_says_so(bancada: Abrir) -> None:
    async with bancada(cenario(login={"mensagem_em": "alert"})) as b:
        await b.gateway.grant(senha="errada", pedido_id=uuid4())
        testada = await b.gateway.wait_for(CredencialTestada)
        assert (testada.ok, testada.codigo) == (False, "login.recusado")
        assert "Usuário ou senha inválida" in testada.mensagem
        assert [passo.ok for passo in testada.passos] == [True, False]


async def test_a_browser_that_dies_is_started_again(bancada: Abrir) -> None:
    async with bancada(cenario(latencia={"cobranca": 1500}), driver="navegador") as b:
        await b.gateway.grant()
        await b.gateway.ask()
        await eventually(lambda: Etapa.EMITINDO in [e.etapa for e in b.gateway.of(BoletoEtapa)], 20)
        browser = b.scraper._drivers._navegador._browser
        assert browser is not None
        await browser.close()
        assert (await b.gateway.wait_for(BoletoFalhou)).codigo == "navegador.caiu"
        b.portal.turn(latencia={"cobranca": 0})
        tarefa = await b.gateway.ask()
        assert (await b.gateway.wait_for(BoletoCapturado)).tarefa == tarefa


async def test_two_sessions_where_the_portal_allows_one_end_in_fewer(bancada: Abrir) -> None:
    """Each login kicks the other out: nothing fails, and a session that gets nowhere is given back."""
    async with bancada(cenario(latencia={"busca": 150, "cobranca": 150})) as b:
        await b.gateway.grant(1)
        await b.gateway.grant(2)
        for _ in range(3):
            await b.gateway.ask(cerca=1)
            await b.gateway.ask(BETO, COTA_BETO, cerca=2)
        fim = await b.gateway.wait_for(SessaoEncerrada, timeout_s=40)
        assert fim.motivo == "derrubada"
        assert not b.gateway.of(BoletoFalhou)


async def test_over_a_real_broker_it_is_the_same(tmp_path: Path, amqp_url: str) -> None:
    chaveiro = Chaveiro(Fernet.generate_key().decode())
    settings = ScraperSettings(ritmo_ms=0)
    files = FileStore(tmp_path.as_uri())
    async with RabbitMQBus(amqp_url, EVENTOS) as bus, Simulador(cenario()) as portal:
        gateway = GatewayFalso(bus, chaveiro, portal.url)
        async with gateway.working(), Scraper(bus, files, chaveiro, settings):
            await gateway.grant()
            tarefas = [await gateway.ask(), await gateway.ask(BETO, COTA_BETO)]
            await eventually(lambda: len(gateway.of(BoletoCapturado)) == 2, 30)
            assert [e.tarefa for e in gateway.of(BoletoCapturado)] == tarefas
        assert gateway.of(SessaoEncerrada)[0].motivo == "parando"
