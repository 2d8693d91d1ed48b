"""Reports about contracts: each changes its row once, and what is late, repeated or foreign changes nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.gateway.relatos import unbury
from services.gateway.store.execucoes import (
    EstadoImpossivel,
    NaoEncontrada,
    cancel_execucao,
    credential_fixed,
    name_pending,
    pause_execucao,
    resume_execucao,
)
from shared.bus import DeadLetter
from shared.events import BoletoConhecido, BoletoEtapa, BoletoJaBaixado, SessaoAberta, SessaoEncerrada, Tarefa
from shared.outcomes import Etapa
from tests.gateway.cadastro import (
    Loja,
    add_boleto,
    add_cliente,
    add_credencial,
    add_loja,
    cpf_de,
    get_execucao,
    list_itens,
    open_base,
    submit,
)
from tests.gateway.motor import (
    ENTREGA,
    PASSOS,
    Maestro,
    arquivado,
    arquivo,
    capturado,
    devolvido,
    falhou,
    get_item,
    list_quadros,
    list_rotas,
    parada,
)


@pytest.fixture
async def maestro(database_url: str) -> AsyncIterator[Maestro]:
    async with open_base(database_url) as pool:
        yield Maestro(pool)


async def start(maestro: Maestro, clientes: int = 3, **campos: Any) -> tuple[Loja, UUID, list[int], int]:
    loja = await add_loja(maestro.pool, clientes=clientes)
    automacao_id = await submit(maestro.pool, loja, **campos)
    itens = [item["id"] for item in await list_itens(maestro.pool, automacao_id)]
    return loja, automacao_id, itens, await maestro.lease(loja)


async def test_one_contracts_way_to_a_filed_boleto(maestro: Maestro) -> None:
    _, automacao_id, (item_id,), cerca = await start(maestro, clientes=1)
    await maestro.succeed(item_id, cerca)
    quadros = await list_quadros(maestro.pool, automacao_id)
    assert [(q["evento"], q["etapa"], q["status"]) for q in quadros] == [
        ("execucao.status", None, "na_fila"),
        ("cliente.etapa", "na_fila", "pendente"),
        ("execucao.status", None, "em_andamento"),
        *(("cliente.etapa", passo.value, "processando") for passo in (*PASSOS, Etapa.NOMEANDO)),
        ("cliente.resultado", "arquivado", "sucesso"),
        ("execucao.status", None, "concluida"),
    ]
    item = await get_item(maestro.pool, item_id)
    boleto = await maestro.pool.fetchrow("SELECT * FROM boletos")
    assert boleto is not None
    assert (item["boleto_id"], item["arquivo_nome"]) == (boleto["id"], f"CLIENTE_{item_id}.pdf")
    assert (boleto["cpf"], boleto["mes_referencia"], str(boleto["valor_original"])) == (cpf_de(1), 11, "123.45")
    assert (await list_rotas(maestro.pool)).count("boleto.nomear") == 1


async def test_late_repeated_and_out_of_order_reports_change_nothing(maestro: Maestro) -> None:
    _, automacao_id, (item_id,), cerca = await start(maestro, clientes=1)
    velha = await maestro.send(item_id, cerca)
    await maestro.apply(devolvido(velha))
    tarefa = await maestro.send(item_id, cerca)
    await maestro.apply(BoletoEtapa(tarefa=tarefa, etapa=Etapa.EMITINDO))
    antes = await list_quadros(maestro.pool, automacao_id)
    await maestro.apply(
        BoletoEtapa(tarefa=tarefa, etapa=Etapa.EMITINDO),
        BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO),
        BoletoEtapa(tarefa=velha, etapa=Etapa.VERIFICANDO),
        capturado(velha),
        falhou(velha, "portal.fora_do_ar"),
        arquivado(tarefa),
    )
    assert await list_quadros(maestro.pool, automacao_id) == antes
    await maestro.apply(capturado(tarefa), arquivado(tarefa))
    fim = await list_quadros(maestro.pool, automacao_id)
    await maestro.apply(capturado(tarefa), arquivado(tarefa), falhou(tarefa, "interno"), devolvido(tarefa))
    assert await list_quadros(maestro.pool, automacao_id) == fim
    assert (await list_rotas(maestro.pool)).count("boleto.nomear") == 1


async def test_a_report_from_another_database_changes_nothing(maestro: Maestro) -> None:
    _, automacao_id, (item_id,), cerca = await start(maestro, clientes=1)
    tarefa = await maestro.send(item_id, cerca)
    antes = await list_quadros(maestro.pool, automacao_id)
    await maestro.apply(capturado(tarefa.model_copy(update={"automacao_id": UUID(int=7)})))
    await maestro.apply(capturado(tarefa.model_copy(update={"item_id": 9_999_999})))
    assert await list_quadros(maestro.pool, automacao_id) == antes


async def kill(maestro: Maestro, tarefa: Tarefa) -> None:
    relato = BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO)
    morta = DeadLetter("1", relato.rota, "veneno", "fila", b"", datetime.now(UTC), relato)
    await maestro.projector.handle_morta(morta, ENTREGA)


async def test_a_dead_letter_ends_its_contract_and_a_person_sets_it_going_again(maestro: Maestro) -> None:
    _, automacao_id, itens, cerca = await start(maestro, clientes=2)
    um, dois = await maestro.send(itens[0], cerca), await maestro.send(itens[1], cerca)
    await maestro.apply(capturado(dois))
    for tarefa in (um, dois):
        await kill(maestro, tarefa)
    assert {(i["status"], i["codigo"]) for i in await list_itens(maestro.pool, automacao_id)} == {("erro", "interno")}
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "concluida_com_falhas"
    async with maestro.pool.acquire() as conn, conn.transaction():
        for tarefa in (um, dois, dois):
            await unbury(conn, tarefa)
    assert [(i["status"], i["etapa"]) for i in await list_itens(maestro.pool, automacao_id)] == [
        ("pendente", "na_fila"),
        ("processando", "nomeando"),
    ]
    execucao = await get_execucao(maestro.pool, automacao_id)
    assert (execucao["status"], execucao["finalizado_em"]) == ("em_andamento", None)
    assert (await list_rotas(maestro.pool)).count("boleto.nomear") == 2
    # What the dead dispatches still had to say counts no more.
    await maestro.apply(arquivado(dois))
    de_novo = await get_item(maestro.pool, itens[1])
    await maestro.apply(arquivado(dois.model_copy(update={"despacho": de_novo["despacho"]})))
    await maestro.succeed(itens[0], cerca)
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "concluida"
    await list_quadros(maestro.pool, automacao_id)


async def test_the_moment_of_the_download_is_kept_apart_from_the_end(maestro: Maestro) -> None:
    _, _, (item_id,), cerca = await start(maestro, clientes=1)
    tarefa = await maestro.send(item_id, cerca)
    await maestro.apply(capturado(tarefa))
    await maestro.pool.execute("UPDATE log_downloads_boletos SET capturado_em = capturado_em - interval '3 hours'")
    await maestro.apply(arquivado(tarefa))
    item = await get_item(maestro.pool, item_id)
    assert item["status"] == "sucesso" and (item["finalizado_em"] - item["capturado_em"]).total_seconds() > 10_000


async def test_a_dead_letter_of_a_cancelled_execution_is_not_set_going(maestro: Maestro) -> None:
    _, automacao_id, itens, cerca = await start(maestro, clientes=2)
    tarefa = await maestro.send(itens[0], cerca)
    await kill(maestro, tarefa)
    async with maestro.pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, automacao_id, "ana")
        assert not await unbury(conn, tarefa)
    assert (await get_item(maestro.pool, itens[0]))["codigo"] == "interno"


async def test_technical_faults_are_tried_four_times_with_growing_pauses(maestro: Maestro) -> None:
    _, automacao_id, (item_id,), cerca = await start(maestro, clientes=1)
    for tentativa, (de, ate) in enumerate(((1.6, 2.4), (6.4, 9.6), (24, 36)), 1):
        await maestro.fail(item_id, cerca, "portal.fora_do_ar.http_5xx")
        espera_s, linha = await _espera(maestro, item_id)
        assert linha["status"] == "pendente"
        assert linha["tentativas"] == tentativa
        assert de - 1 <= espera_s <= ate
    await maestro.fail(item_id, cerca, "portal.fora_do_ar.http_5xx")
    item = await get_item(maestro.pool, item_id)
    assert (item["status"], item["codigo"], item["tentativas"]) == ("erro", "portal.fora_do_ar.http_5xx", 4)
    assert len(item["historico"]) == 4
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "concluida_com_falhas"
    await list_quadros(maestro.pool, automacao_id)


async def _espera(maestro: Maestro, item_id: int) -> tuple[float, Any]:
    linha = await maestro.pool.fetchrow(
        "SELECT *, extract(epoch FROM proxima_tentativa - now())::float8 AS s FROM log_downloads_boletos WHERE id = $1",
        item_id,
    )
    assert linha is not None
    return linha["s"], linha


@pytest.mark.parametrize(
    ("codigo", "status"),
    [
        ("cliente.nao_encontrado", "cpf_nao_encontrado"),
        ("boleto.inexistente.outro_mes", "sem_boleto"),
        ("cliente.cota_inativa", "sem_boleto"),
        ("cliente.ambiguo", "erro"),
        ("documento.ilegivel", "erro"),
        ("cliente.ambiguo.novo", "erro"),
    ],
)
async def test_a_true_answer_is_never_retried(maestro: Maestro, codigo: str, status: str) -> None:
    _, _, (item_id,), cerca = await start(maestro, clientes=1)
    await maestro.fail(item_id, cerca, codigo)
    item = await get_item(maestro.pool, item_id)
    assert (item["status"], item["codigo"]) == (status, codigo)


async def test_a_failure_keeps_its_evidence_and_masks_what_it_says(maestro: Maestro) -> None:
    _, automacao_id, (item_id,), cerca = await start(maestro, clientes=1)
    tarefa = await maestro.send(item_id, cerca)
    evento = falhou(tarefa, "cliente.ambiguo", evidencia=(arquivo("_interno/evidencias/1"),))
    await maestro.apply(evento.model_copy(update={"mensagem": f"cotas de {cpf_de(1)}"}))
    item = await get_item(maestro.pool, item_id)
    assert item["evidencia"][0]["caminho"] == "_interno/evidencias/1"
    assert cpf_de(1) not in str(await list_quadros(maestro.pool, automacao_id)) + item["mensagem_erro"]


async def test_an_expired_session_spends_no_attempt_but_does_not_go_on_for_ever(maestro: Maestro) -> None:
    _, _, (item_id,), cerca = await start(maestro, clientes=1)
    for perdas in range(1, 6):
        tarefa = await maestro.send(item_id, cerca)
        await maestro.apply(BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO), devolvido(tarefa))
        item = await get_item(maestro.pool, item_id)
        assert (item["status"], item["tentativas"], item["perdas"]) == ("pendente", 0, perdas)
    tarefa = await maestro.send(item_id, cerca)
    await maestro.apply(BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO), devolvido(tarefa))
    assert (await get_item(maestro.pool, item_id))["codigo"] == "sessao.expirada"


async def test_a_refused_credential_blocks_the_execution_and_a_person_sets_it_going(maestro: Maestro) -> None:
    loja, automacao_id, itens, cerca = await start(maestro)
    em_maos = await maestro.send(itens[0], cerca)
    await maestro.apply(BoletoEtapa(tarefa=em_maos, etapa=Etapa.AUTENTICANDO))
    await maestro.apply(falhou(em_maos, "login.recusado", Etapa.AUTENTICANDO), parada(loja, cerca))
    assert {(i["status"], i["codigo"]) for i in await list_itens(maestro.pool, automacao_id)} == {
        ("erro", "login.recusado")
    }
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "bloqueada"
    credencial = await maestro.pool.fetchrow("SELECT * FROM credenciais_canopus")
    assert credencial is not None and credencial["parada_codigo"] == "login.recusado"

    async with maestro.pool.acquire() as conn, conn.transaction():
        await credential_fixed(conn, loja.credencial_id)
    assert {i["status"] for i in await list_itens(maestro.pool, automacao_id)} == {"pendente"}
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "em_andamento"
    # The refusal of the former password arrives once more: it says nothing about the new one.
    await maestro.apply(parada(loja, cerca))
    assert await maestro.pool.fetchval("SELECT parada_codigo FROM credenciais_canopus") is None
    await list_quadros(maestro.pool, automacao_id)


async def test_the_contract_being_logged_in_for_ends_with_the_others(maestro: Maestro) -> None:
    """The scraper reports the stop first and hands its contract back after: the execution must not differ meanwhile."""
    loja, automacao_id, itens, cerca = await start(maestro)
    em_maos = await maestro.send(itens[0], cerca)
    await maestro.apply(BoletoEtapa(tarefa=em_maos, etapa=Etapa.AUTENTICANDO), parada(loja, cerca))
    assert {i["status"] for i in await list_itens(maestro.pool, automacao_id)} == {"erro"}
    assert (await list_quadros(maestro.pool, automacao_id))[-1]["status"] == "bloqueada"
    antes = await list_quadros(maestro.pool, automacao_id)
    await maestro.apply(devolvido(em_maos))
    assert await list_quadros(maestro.pool, automacao_id) == antes


async def test_another_healthy_credential_serves_what_the_stopped_one_cannot(maestro: Maestro) -> None:
    loja, automacao_id, itens, cerca = await start(maestro)
    await add_credencial(maestro.pool, loja.id, "reserva")
    await maestro.fail(itens[0], cerca, "portal.sem_permissao")
    assert {i["status"] for i in await list_itens(maestro.pool, automacao_id)} == {"pendente"}
    assert (await get_item(maestro.pool, itens[0]))["tentativas"] == 0
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "em_andamento"


async def test_a_new_credential_serves_what_the_stopped_one_left(maestro: Maestro) -> None:
    loja, automacao_id, _, cerca = await start(maestro)
    await maestro.apply(parada(loja, cerca))
    async with maestro.pool.acquire() as conn, conn.transaction():
        await credential_fixed(conn, await add_credencial(maestro.pool, loja.id, "nova"))
    assert {i["status"] for i in await list_itens(maestro.pool, automacao_id)} == {"pendente"}
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "na_fila"
    parados = await maestro.pool.fetch("SELECT parada_codigo FROM credenciais_canopus ORDER BY id")
    assert [linha["parada_codigo"] for linha in parados] == ["login.recusado", None]


async def test_a_credential_moved_to_a_ponto_de_venda_serves_what_waits_there(maestro: Maestro) -> None:
    loja, automacao_id, _, cerca = await start(maestro)
    outra = await add_loja(maestro.pool, "20.001", clientes=0)
    await maestro.apply(parada(loja, cerca))
    async with maestro.pool.acquire() as conn, conn.transaction():
        await credential_fixed(conn, outra.credencial_id, loja.id)
    assert {i["status"] for i in await list_itens(maestro.pool, automacao_id)} == {"pendente"}


async def test_a_pause_outlives_a_credential_that_stopped_and_was_put_right(maestro: Maestro) -> None:
    loja, automacao_id, _, cerca = await start(maestro)
    async with maestro.pool.acquire() as conn, conn.transaction():
        await pause_execucao(conn, automacao_id, "ana")
    await maestro.apply(parada(loja, cerca))
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "bloqueada"
    async with maestro.pool.acquire() as conn, conn.transaction():
        await credential_fixed(conn, loja.credencial_id)
    assert {i["status"] for i in await list_itens(maestro.pool, automacao_id)} == {"pendente"}
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "pausada"
    async with maestro.pool.acquire() as conn, conn.transaction():
        await resume_execucao(conn, automacao_id, "ana")
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "na_fila"
    await list_quadros(maestro.pool, automacao_id)


async def test_what_failed_before_a_person_resumed_spends_no_retry_after(maestro: Maestro) -> None:
    loja, automacao_id, itens, cerca = await start(maestro)
    await maestro.fail(itens[0], cerca, "documento.divergente.mes")
    await maestro.apply(parada(loja, cerca))
    async with maestro.pool.acquire() as conn, conn.transaction():
        await resume_execucao(conn, automacao_id, "ana")
    nova = await maestro.lease(loja)
    for esperado in ("pendente", "erro"):
        await maestro.fail(itens[0], nova, "documento.divergente.mes")
        assert (await get_item(maestro.pool, itens[0]))["status"] == esperado


async def test_resuming_a_blocked_execution_tries_the_credential_once_more(maestro: Maestro) -> None:
    loja, automacao_id, _, cerca = await start(maestro)
    await maestro.apply(parada(loja, cerca, "login.bloqueado"))
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "bloqueada"
    async with maestro.pool.acquire() as conn, conn.transaction():
        await resume_execucao(conn, automacao_id, "ana")
    assert {i["status"] for i in await list_itens(maestro.pool, automacao_id)} == {"pendente"}
    nova = await maestro.lease(loja)
    await maestro.apply(parada(loja, nova, "login.bloqueado"))
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "bloqueada"
    async with maestro.pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, automacao_id, "ana")
    execucao = await get_execucao(maestro.pool, automacao_id)
    assert (execucao["status"], execucao["processados_erro"]) == ("cancelada", 3)
    await list_quadros(maestro.pool, automacao_id)


async def test_a_second_block_page_within_ten_minutes_stops_the_credential(maestro: Maestro) -> None:
    loja, automacao_id, _, cerca = await start(maestro)

    def fim(cerca: int) -> SessaoEncerrada:
        return SessaoEncerrada(cerca=cerca, credencial_id=loja.credencial_id, motivo="bloqueada")

    await maestro.apply(fim(cerca), fim(cerca))
    assert await maestro.pool.fetchval("SELECT parada_codigo FROM credenciais_canopus") is None
    await maestro.apply(fim(await maestro.lease(loja)))
    assert await maestro.pool.fetchval("SELECT parada_codigo FROM credenciais_canopus") == "portal.bloqueado"
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "bloqueada"


async def test_a_kicked_out_session_means_fewer_sessions_then_a_pause(maestro: Maestro) -> None:
    loja, _, _, cerca = await start(maestro)
    await maestro.pool.execute("UPDATE credenciais_canopus SET max_sessoes = 2")

    async def kick(cerca: int) -> Any:
        await maestro.apply(SessaoEncerrada(cerca=cerca, credencial_id=loja.credencial_id, motivo="derrubada"))
        return await maestro.pool.fetchrow("SELECT * FROM credenciais_canopus")

    um = await kick(cerca)
    assert (um["sessoes_reduzidas"], um["espera_ate"]) == (1, None)
    dois = await kick(await maestro.lease(loja))
    tres = await kick(await maestro.lease(loja))
    assert tres["quedas"] == 2
    assert tres["espera_ate"] > dois["espera_ate"]


async def test_a_session_that_came_too_fast_beside_others_means_fewer_and_no_pause(maestro: Maestro) -> None:
    loja, _, _, cerca = await start(maestro)
    await maestro.pool.execute("UPDATE credenciais_canopus SET max_sessoes = 3")
    fim = SessaoEncerrada(cerca=cerca, credencial_id=loja.credencial_id, motivo="limitada")
    await maestro.apply(fim, fim)
    depois = await maestro.pool.fetchrow("SELECT * FROM credenciais_canopus")
    assert depois is not None
    assert (depois["sessoes_reduzidas"], depois["espera_ate"], depois["quedas"]) == (2, None, 0)
    assert depois["reduzida_ate"] is not None, "upwards again after a while"


async def test_three_contracts_in_a_row_open_the_breaker_and_one_answer_closes_it(maestro: Maestro) -> None:
    _, _, itens, cerca = await start(maestro, clientes=4)

    async def estado() -> str:
        return str(await maestro.pool.fetchval("SELECT estado FROM portais"))

    await maestro.fail(itens[0], cerca, "portal.fora_do_ar.conexao")
    await maestro.fail(itens[0], cerca, "portal.fora_do_ar.conexao")
    await maestro.fail(itens[1], cerca, "portal.fora_do_ar.http_5xx")
    assert await estado() == "fechado"
    await maestro.fail(itens[2], cerca, "portal.fora_do_ar.tempo_esgotado")
    assert await estado() == "aberto"
    await maestro.fail(itens[3], cerca, "boleto.inexistente")
    assert await estado() == "fechado"


async def test_an_answer_between_failures_keeps_the_breaker_closed(maestro: Maestro) -> None:
    _, _, itens, cerca = await start(maestro, clientes=4)
    await maestro.fail(itens[0], cerca, "portal.fora_do_ar")
    await maestro.fail(itens[1], cerca, "portal.fora_do_ar")
    await maestro.succeed(itens[2], cerca)
    await maestro.fail(itens[3], cerca, "portal.fora_do_ar")
    assert await maestro.pool.fetchval("SELECT estado FROM portais") == "fechado"


async def test_a_changed_portal_stops_the_execution_at_the_third_contract(maestro: Maestro) -> None:
    _, automacao_id, itens, cerca = await start(maestro, clientes=5)
    await maestro.fail(itens[0], cerca, "portal.mudou.seletor", Etapa.EMITINDO)
    await maestro.fail(itens[1], cerca, "portal.mudou.seletor", Etapa.BUSCANDO)
    await maestro.fail(itens[2], cerca, "portal.mudou.fluxo", Etapa.BUSCANDO)
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "em_andamento"
    await maestro.fail(itens[3], cerca, "portal.mudou.seletor", Etapa.BUSCANDO)
    execucao = await get_execucao(maestro.pool, automacao_id)
    assert (execucao["status"], execucao["codigo"]) == ("erro", "portal.mudou.seletor")
    assert {i["codigo"] for i in await list_itens(maestro.pool, automacao_id)} == {
        "portal.mudou",
        "portal.mudou.seletor",
    }
    await list_quadros(maestro.pool, automacao_id)


async def test_a_changed_portal_is_tried_once_more_for_a_single_contract(maestro: Maestro) -> None:
    _, _, (item_id,), cerca = await start(maestro, clientes=1)
    await maestro.fail(item_id, cerca, "portal.mudou.seletor")
    assert (await get_item(maestro.pool, item_id))["status"] == "pendente"
    await maestro.fail(item_id, cerca, "portal.mudou.seletor")
    assert (await get_item(maestro.pool, item_id))["status"] == "erro"


async def test_a_wrong_document_gets_one_fresh_try_then_quarantine(maestro: Maestro) -> None:
    _, _, (item_id,), cerca = await start(maestro, clientes=1)
    await maestro.fail(item_id, cerca, "navegador.caiu")
    await maestro.fail(item_id, cerca, "documento.divergente.cliente", Etapa.VERIFICANDO)
    assert (await get_item(maestro.pool, item_id))["status"] == "pendente"
    tarefa = await maestro.send(item_id, cerca)
    quarentena = arquivo("_interno/quarentena/1")
    await maestro.apply(falhou(tarefa, "documento.divergente.cliente", Etapa.VERIFICANDO, quarentena=quarentena))
    item = await get_item(maestro.pool, item_id)
    assert (item["status"], item["quarentena"]["caminho"]) == ("erro", quarentena.caminho)
    assert await maestro.pool.fetchval("SELECT count(*) FROM boletos") == 0


async def test_three_wrong_documents_in_a_row_stop_the_credential(maestro: Maestro) -> None:
    _, automacao_id, itens, cerca = await start(maestro, clientes=4)
    for item_id in itens[:2]:
        await maestro.fail(item_id, cerca, "documento.divergente.cota", Etapa.VERIFICANDO)
    await maestro.fail(itens[2], cerca, "documento.divergente.cota", Etapa.VERIFICANDO)
    assert await maestro.pool.fetchval("SELECT parada_codigo FROM credenciais_canopus") == "documento.divergente"
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "bloqueada"
    assert {i["status"] for i in await list_itens(maestro.pool, automacao_id)} == {"erro"}
    assert "sessao.revogada" in await list_rotas(maestro.pool)


async def test_a_full_disk_pauses_and_resuming_names_what_was_captured(maestro: Maestro) -> None:
    _, automacao_id, itens, cerca = await start(maestro, clientes=3)
    um, dois = await maestro.send(itens[0], cerca), await maestro.send(itens[1], cerca)
    await maestro.apply(BoletoEtapa(tarefa=dois, etapa=Etapa.EMITINDO))
    await maestro.apply(falhou(um, "arquivo.falhou.disco_cheio", Etapa.VERIFICANDO))
    await maestro.apply(capturado(dois), falhou(dois, "arquivo.falhou.disco_cheio", Etapa.NOMEANDO))
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "pausada"
    async with maestro.pool.acquire() as conn, conn.transaction():
        await resume_execucao(conn, automacao_id, "ana")
    estados = [(i["status"], i["etapa"]) for i in await list_itens(maestro.pool, automacao_id)]
    assert estados == [("pendente", "na_fila"), ("processando", "nomeando"), ("pendente", "na_fila")]
    assert (await list_rotas(maestro.pool)).count("boleto.nomear") == 2
    await list_quadros(maestro.pool, automacao_id)


async def test_a_boleto_without_a_name_is_named_when_a_workbook_has_the_cpf(maestro: Maestro) -> None:
    loja, automacao_id, (item_id,), cerca = await start(maestro, clientes=0, cpfs=(cpf_de(9),))
    tarefa = await maestro.send(item_id, cerca)
    await maestro.apply(capturado(tarefa))
    guardado = arquivo("_interno/sem_nome/1")
    await maestro.apply(falhou(tarefa, "nome.nao_encontrado", Etapa.NOMEANDO, quarentena=guardado))
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "concluida_com_falhas"
    async with maestro.pool.acquire() as conn, conn.transaction():
        assert await name_pending(conn, [cpf_de(9)]) == 0
        await add_cliente(conn, loja.id, loja.consultor_id, 9)
        assert await name_pending(conn, [cpf_de(9)]) == 1
    item = await get_item(maestro.pool, item_id)
    assert (item["status"], item["etapa"], item["consultor_id"]) == ("processando", "nomeando", loja.consultor_id)
    assert item["captura"]["caminho"] == guardado.caminho
    await maestro.apply(arquivado(tarefa.model_copy(update={"despacho": item["despacho"]})))
    assert (await get_item(maestro.pool, item_id))["status"] == "sucesso"
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "concluida"
    assert (await list_rotas(maestro.pool)).count("boleto.solicitado") == 0
    await list_quadros(maestro.pool, automacao_id)


async def test_a_workbook_imported_while_the_namer_looked_into_an_older_one_names_the_boleto(maestro: Maestro) -> None:
    loja, _, (item_id,), cerca = await start(maestro, clientes=0, cpfs=(cpf_de(9),))
    tarefa = await maestro.send(item_id, cerca)
    await maestro.apply(capturado(tarefa))
    async with maestro.pool.acquire() as conn, conn.transaction():
        await add_cliente(conn, loja.id, loja.consultor_id, 9)
        await conn.execute(
            "WITH w AS (INSERT INTO planilhas (consultor_id, nome_arquivo, caminho, sha256, tamanho, total, importados,"
            " atualizados, inativos, ignorados) VALUES ($1, 'n', 'n', 'n', 1, 1, 1, 0, 0, 0) RETURNING id)"
            " UPDATE clientes_finais SET planilha_id = w.id FROM w",
            loja.consultor_id,
        )
        assert await name_pending(conn, [cpf_de(9)]) == 0
    await maestro.apply(falhou(tarefa, "nome.nao_encontrado", Etapa.NOMEANDO))
    item = await get_item(maestro.pool, item_id)
    assert (item["status"], item["consultor_id"]) == ("processando", loja.consultor_id)
    assert item["proxima_tentativa"] is not None
    # Asked of the newest workbook, the namer still does not know it: that is the end.
    await maestro.pool.execute("UPDATE planilhas SET importada_em = now() - interval '10 s'")
    await maestro.apply(falhou(tarefa, "nome.nao_encontrado", Etapa.NOMEANDO))
    assert (await get_item(maestro.pool, item_id))["codigo"] == "nome.nao_encontrado"


async def test_naming_is_tried_again_without_another_download(maestro: Maestro) -> None:
    _, _, (item_id,), cerca = await start(maestro, clientes=1)
    tarefa = await maestro.send(item_id, cerca)
    await maestro.apply(capturado(tarefa), falhou(tarefa, "interno", Etapa.NOMEANDO))
    item = await get_item(maestro.pool, item_id)
    assert (item["status"], item["etapa"], item["tentativas"]) == ("processando", "nomeando", 1)
    assert item["proxima_tentativa"]
    await maestro.apply(arquivado(tarefa))
    assert (await get_item(maestro.pool, item_id))["status"] == "sucesso"


async def test_the_grid_may_lead_to_a_boleto_filed_before(maestro: Maestro) -> None:
    loja, _, (item_id,), cerca = await start(maestro, clientes=1, mes=None)
    await add_boleto(maestro.pool, loja, 1, mes=12)
    tarefa = await maestro.send(item_id, cerca)
    await maestro.apply(BoletoJaBaixado(tarefa=tarefa, boleto=BoletoConhecido(grupo=6650, cota=1, ano=2026, mes=12)))
    item = await get_item(maestro.pool, item_id)
    assert (item["status"], item["mes_referencia"], item["arquivo_nome"]) == (
        "ja_baixado",
        12,
        "CLIENTE_1_12_2026_1.pdf",
    )


async def test_a_boleto_removed_meanwhile_leaves_no_open_row_in_a_cancelled_execution(maestro: Maestro) -> None:
    loja = await add_loja(maestro.pool, clientes=1)
    automacao_id = await submit(maestro.pool, loja, mes=None)
    (item,) = await list_itens(maestro.pool, automacao_id)
    tarefa = await maestro.send(item["id"], await maestro.lease(loja))
    await maestro.apply(BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO))
    async with maestro.pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, automacao_id, "ana")
    await maestro.apply(BoletoJaBaixado(tarefa=tarefa, boleto=BoletoConhecido(grupo=6650, cota=1, ano=2026, mes=11)))
    assert (await get_item(maestro.pool, item["id"]))["status"] == "cancelado"
    await list_quadros(maestro.pool, automacao_id)


async def test_a_number_longer_than_its_column_keeps_no_boleto_from_being_filed(maestro: Maestro) -> None:
    loja = await add_loja(maestro.pool, clientes=1)
    (item,) = await list_itens(maestro.pool, await submit(maestro.pool, loja))
    tarefa = await maestro.send(item["id"], await maestro.lease(loja))
    captura = capturado(tarefa)
    longo = captura.boleto.model_copy(update={"numero_parcela": "PARCELA 010 DE 080", "contrato": "9" * 60})
    await maestro.apply(captura.model_copy(update={"boleto": longo}), arquivado(tarefa))
    assert (await get_item(maestro.pool, item["id"]))["status"] == "sucesso"


async def test_forcing_replaces_the_boleto_and_leaves_one(maestro: Maestro) -> None:
    loja, _, (item_id,), cerca = await start(maestro, clientes=1)
    await maestro.succeed(item_id, cerca)
    (de_novo,) = await list_itens(maestro.pool, await submit(maestro.pool, loja, forcar=True))
    tarefa = await maestro.send(de_novo["id"], cerca)
    captura = capturado(tarefa)
    captura = captura.model_copy(update={"boleto": captura.boleto.model_copy(update={"cota": item_id})})
    await maestro.apply(captura, arquivado(tarefa, "PASTA/OUTRO.pdf"))
    caminhos = [linha["arquivo_caminho"] for linha in await maestro.pool.fetch("SELECT * FROM boletos")]
    assert caminhos == ["PASTA/OUTRO.pdf"]
    corpo = await maestro.pool.fetchval(
        "SELECT corpo FROM outbox WHERE rota = 'boleto.nomear' ORDER BY id DESC LIMIT 1"
    )
    assert f'"arquivo_anterior":"PASTA/CLIENTE_{item_id}.pdf"' in corpo


async def test_a_path_of_another_boleto_is_never_taken(maestro: Maestro) -> None:
    loja, _, (item_id,), cerca = await start(maestro, clientes=1, mes=12)
    await add_boleto(maestro.pool, loja, 1)
    caminho = await maestro.pool.fetchval("SELECT arquivo_caminho FROM boletos")
    tarefa = await maestro.send(item_id, cerca)
    await maestro.apply(capturado(tarefa, mes=12), arquivado(tarefa, caminho))
    assert (await get_item(maestro.pool, item_id))["codigo"] == "arquivo.falhou.conflito"


async def test_cancelling_ends_what_waits_at_once_and_what_is_in_hand_truly(maestro: Maestro) -> None:
    _, automacao_id, itens, cerca = await start(maestro, clientes=4)
    emitido, deixado = await maestro.send(itens[0], cerca), await maestro.send(itens[1], cerca)
    enviado = await maestro.send(itens[2], cerca)
    for tarefa in (emitido, deixado):
        await maestro.apply(BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO))
    async with maestro.pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, automacao_id, "ana")
    estados = [i["status"] for i in await list_itens(maestro.pool, automacao_id)]
    assert estados == ["processando", "processando", "cancelado", "cancelado"]
    corpo = await maestro.pool.fetchval("SELECT corpo FROM outbox WHERE rota = 'novas.execucao.revogada'")
    assert f'"ate_despacho":{enviado.despacho}' in corpo
    await maestro.apply(devolvido(deixado, "cancelada"), BoletoEtapa(tarefa=enviado, etapa=Etapa.BUSCANDO))
    await maestro.apply(capturado(emitido), arquivado(emitido))
    estados = [i["status"] for i in await list_itens(maestro.pool, automacao_id)]
    assert estados == ["sucesso", "cancelado", "cancelado", "cancelado"]
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "cancelada"
    await list_quadros(maestro.pool, automacao_id)


async def test_a_technical_fault_in_a_cancelled_execution_is_not_retried(maestro: Maestro) -> None:
    _, automacao_id, itens, cerca = await start(maestro, clientes=2)
    tarefa = await maestro.send(itens[0], cerca)
    await maestro.apply(BoletoEtapa(tarefa=tarefa, etapa=Etapa.EMITINDO))
    async with maestro.pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, automacao_id, "ana")
    await maestro.apply(falhou(tarefa, "navegador.caiu", Etapa.EMITINDO))
    assert (await get_item(maestro.pool, itens[0]))["status"] == "erro"


async def test_what_a_scraper_had_just_begun_when_it_was_paused_is_not_issued_again(maestro: Maestro) -> None:
    """Its first step was told on the way to the pause: the boleto that it then brings is the one that was asked for."""
    _, automacao_id, itens, cerca = await start(maestro, clientes=2)
    tarefa = await maestro.send(itens[0], cerca)
    async with maestro.pool.acquire() as conn, conn.transaction():
        await pause_execucao(conn, automacao_id, "ana")
    await maestro.apply(BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO), capturado(tarefa), arquivado(tarefa))
    assert [i["status"] for i in await list_itens(maestro.pool, automacao_id)] == ["sucesso", "pendente"]
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "pausada"
    await list_quadros(maestro.pool, automacao_id)


async def test_pausing_recalls_what_was_not_begun_and_resuming_goes_on(maestro: Maestro) -> None:
    _, automacao_id, itens, cerca = await start(maestro, clientes=3)
    em_maos, enviado = await maestro.send(itens[0], cerca), await maestro.send(itens[1], cerca)
    await maestro.apply(BoletoEtapa(tarefa=em_maos, etapa=Etapa.BUSCANDO))
    async with maestro.pool.acquire() as conn, conn.transaction():
        await pause_execucao(conn, automacao_id, "ana")
    await maestro.apply(BoletoEtapa(tarefa=enviado, etapa=Etapa.BUSCANDO), devolvido(enviado, "pausada"))
    recolhido = await get_item(maestro.pool, itens[1])
    assert (recolhido["status"], recolhido["despacho"]) == ("pendente", None)
    await maestro.apply(capturado(em_maos), arquivado(em_maos))
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "pausada"
    async with maestro.pool.acquire() as conn, conn.transaction():
        with pytest.raises(EstadoImpossivel):
            await pause_execucao(conn, automacao_id, "ana")
        await resume_execucao(conn, automacao_id, "ana")
    assert (await get_execucao(maestro.pool, automacao_id))["status"] == "em_andamento"
    await list_quadros(maestro.pool, automacao_id)


async def test_what_has_ended_is_neither_cancelled_nor_resumed(maestro: Maestro) -> None:
    _, automacao_id, (item_id,), cerca = await start(maestro, clientes=1)
    await maestro.succeed(item_id, cerca)
    async with maestro.pool.acquire() as conn, conn.transaction():
        for acao in (cancel_execucao, pause_execucao, resume_execucao):
            with pytest.raises(EstadoImpossivel):
                await acao(conn, automacao_id, "ana")
            with pytest.raises(NaoEncontrada):
                await acao(conn, UUID(int=1), "ana")


async def test_a_login_is_noted_on_its_credential(maestro: Maestro) -> None:
    loja, _, _, cerca = await start(maestro)
    await maestro.apply(SessaoAberta(cerca=cerca, credencial_id=loja.credencial_id, duracao_s=1.0))
    assert await maestro.pool.fetchval("SELECT ultimo_login FROM credenciais_canopus")


@pytest.mark.parametrize("semente", range(5))
async def test_any_interleaving_of_reports_keeps_seq_gapless_and_the_sum_right(maestro: Maestro, semente: int) -> None:
    """Reports of two executions, each delivered up to three times, by many consumers at once, some out of order."""
    acaso = random.Random(semente)
    loja = await add_loja(maestro.pool, clientes=8)
    execucoes = [await submit(maestro.pool, loja), await submit(maestro.pool, loja, mes=12)]
    cerca = await maestro.lease(loja)
    relatos = []
    for automacao_id in execucoes:
        for item in await list_itens(maestro.pool, automacao_id):
            tarefa = await maestro.send(item["id"], cerca)
            fim = acaso.choice(["sucesso", "cliente.nao_encontrado", "boleto.inexistente", "navegador.caiu"])
            passos = [BoletoEtapa(tarefa=tarefa, etapa=passo) for passo in PASSOS]
            ultimos = (
                [capturado(tarefa, item["mes_referencia"]), arquivado(tarefa)]
                if fim == "sucesso"
                else [falhou(tarefa, fim)]
            )
            relatos.append([*passos, *ultimos])
    fila = []
    while relatos:
        um = acaso.choice(relatos)
        fila += [um.pop(0)] * acaso.randint(1, 3)
        relatos = [r for r in relatos if r]
    for posicao in range(0, len(fila) - 5, 5):
        if acaso.random() < 0.3:
            fila[posicao], fila[posicao + 3] = fila[posicao + 3], fila[posicao]
    outro = Maestro(maestro.pool)
    await asyncio.gather(*(acaso.choice([maestro, outro]).apply(evento) for evento in fila))
    for automacao_id in execucoes:
        quadros = await list_quadros(maestro.pool, automacao_id)
        ordem = [(q["cliente"]["id"], q["evento"]) for q in quadros if q["cliente"]]
        assert len({o for o in ordem if o[1] == "cliente.resultado"}) == sum(o[1] == "cliente.resultado" for o in ordem)
