"""Sweeps: lost namings asked for again, old things removed, nothing that is still needed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.gateway.pulsos import note_namer
from services.gateway.store.chaves import Escopo, create_chave
from services.gateway.store.controle import pause_execucao
from services.gateway.store.correio import tell_teste
from services.gateway.store.mudancas import read_mudancas
from services.gateway.store.pessoas import create_pessoa, open_sessao
from services.gateway.sweeper import Guarda, Sweeper
from shared.crypto import Chaveiro
from shared.events import BoletoDevolvido, NamerPulso
from shared.files import FileStore, caminho_lugar
from shared.outcomes import Etapa
from tests.gateway.agencia import add_destinatario, add_whatsapp
from tests.gateway.cadastro import add_boleto, add_loja, cpf_de, list_itens, open_base, submit
from tests.gateway.motor import Maestro, capturado, falhou, list_quadros, list_rotas
from tests.gateway.receptor import Receptor, add_webhook


@pytest.fixture
async def maestro(database_url: str) -> AsyncIterator[Maestro]:
    async with open_base(database_url) as pool:
        yield Maestro(pool)


async def see_namer(maestro: Maestro) -> None:
    await note_namer(maestro.pool, NamerPulso(namer_id="n1"))


def sweeper(maestro: Maestro, files: FileStore, guarda: Guarda | None = None) -> Sweeper:
    return Sweeper(maestro.pool, files, lambda: None, guarda or Guarda())


async def test_a_naming_without_an_answer_is_asked_for_again_once_a_minute(maestro: Maestro, tmp_path: Path) -> None:
    loja = await add_loja(maestro.pool, clientes=1)
    (item,) = await list_itens(maestro.pool, await submit(maestro.pool, loja))
    await maestro.apply(capturado(await maestro.send(item["id"], await maestro.lease(loja))))
    varredor = sweeper(maestro, FileStore(f"file://{tmp_path}"))
    await see_namer(maestro)
    assert await varredor.resend() == 0
    await maestro.pool.execute("UPDATE log_downloads_boletos SET enviado_em = now() - interval '61 s'")
    assert [await varredor.resend(), await varredor.resend()] == [1, 0]
    assert (await list_rotas(maestro.pool)).count("boleto.nomear") == 2


async def test_a_scraper_that_did_not_hear_of_a_pause_is_told_again(maestro: Maestro, tmp_path: Path) -> None:
    """Its connection was cut at that moment: with its tasks delivered again it would begin them."""
    loja = await add_loja(maestro.pool, clientes=2)
    automacao_id = await submit(maestro.pool, loja)
    cerca = await maestro.lease(loja)
    tarefas = [await maestro.send(item["id"], cerca) for item in await list_itens(maestro.pool, automacao_id)]
    varredor = sweeper(maestro, FileStore(f"file://{tmp_path}"))
    await varredor.remind()
    assert "novas.execucao.revogada" not in await list_rotas(maestro.pool)
    async with maestro.pool.acquire() as conn, conn.transaction():
        await pause_execucao(conn, automacao_id, "ana")
    await varredor.remind()
    assert (await list_rotas(maestro.pool)).count("novas.execucao.revogada") == 2
    await maestro.apply(*(BoletoDevolvido(tarefa=tarefa, motivo="pausada") for tarefa in tarefas))
    await varredor.remind()
    assert (await list_rotas(maestro.pool)).count("novas.execucao.revogada") == 2
    await maestro.pool.execute("UPDATE concessoes SET revogada_em = now() - interval '6 s'")
    await varredor.remind()
    assert (await list_rotas(maestro.pool)).count("sessao.revogada") == 1


async def test_a_naming_that_failed_is_asked_for_again_when_its_pause_is_over(maestro: Maestro, tmp_path: Path) -> None:
    loja = await add_loja(maestro.pool, clientes=1)
    (item,) = await list_itens(maestro.pool, await submit(maestro.pool, loja))
    tarefa = await maestro.send(item["id"], await maestro.lease(loja))
    await maestro.apply(capturado(tarefa), falhou(tarefa, "interno", Etapa.NOMEANDO))
    varredor = sweeper(maestro, FileStore(f"file://{tmp_path}"))
    await see_namer(maestro)
    assert await varredor.resend() == 0
    await maestro.pool.execute("UPDATE log_downloads_boletos SET proxima_tentativa = now()")
    assert await varredor.resend() == 1


async def test_questions_do_not_pile_up_while_no_namer_lives(maestro: Maestro, tmp_path: Path) -> None:
    loja = await add_loja(maestro.pool, clientes=1)
    (item,) = await list_itens(maestro.pool, await submit(maestro.pool, loja))
    await maestro.apply(capturado(await maestro.send(item["id"], await maestro.lease(loja))))
    await maestro.pool.execute("UPDATE log_downloads_boletos SET enviado_em = now() - interval '61 s'")
    varredor = sweeper(maestro, FileStore(f"file://{tmp_path}"))
    assert await varredor.resend() == 0
    await see_namer(maestro)
    assert await varredor.resend() == 1


async def test_events_are_kept_for_a_week_or_longer_after_the_execution_ended(maestro: Maestro, tmp_path: Path) -> None:
    loja = await add_loja(maestro.pool, clientes=1)
    velha, recente, viva = [await submit(maestro.pool, loja) for _ in range(3)]
    fim = "UPDATE execucoes_automacao SET finalizado_em = now() - $2::interval WHERE automacao_id = $1"
    await maestro.pool.execute(fim, velha, timedelta(days=8))
    await maestro.pool.execute(fim, recente, timedelta(days=6))
    await maestro.pool.execute("UPDATE eventos SET em = now() - interval '9 days'")
    files = FileStore(f"file://{tmp_path}")
    await sweeper(maestro, files, Guarda(eventos_dias=9)).clean()
    assert await maestro.pool.fetchval("SELECT count(DISTINCT execucao_id) FROM eventos") == 3
    await sweeper(maestro, files).clean()
    ficaram = await maestro.pool.fetch(
        "SELECT DISTINCT e.automacao_id FROM eventos v JOIN execucoes_automacao e ON e.id = v.execucao_id"
    )
    assert {linha["automacao_id"] for linha in ficaram} == {recente, viva}


async def test_sessions_go_a_week_after_they_ended_and_keys_stay(maestro: Maestro, tmp_path: Path) -> None:
    async with maestro.pool.acquire() as conn:
        await create_chave(conn, "crm", Escopo.LEITURA, None, quem="teste")
        id = await create_pessoa(conn, "ana@exemplo.com.br", "Ana", "x", Escopo.LEITURA, None)
        abertas = [await open_sessao(conn, id, "x") for _ in range(5)]
    viva, vencida, velha_vencida, encerrada, velha_encerrada = [s.chave_id for s in abertas if s]
    muda = "UPDATE chaves_api SET expira_em = now() - $2::interval WHERE id = $1"
    await maestro.pool.execute(muda, vencida, timedelta(days=6))
    await maestro.pool.execute(muda, velha_vencida, timedelta(days=8))
    muda = "UPDATE chaves_api SET revogada_em = now() - $2::interval WHERE id = $1 OR nome = 'crm'"
    await maestro.pool.execute(muda, velha_encerrada, timedelta(days=8))
    await maestro.pool.execute(muda.partition(" OR ")[0], encerrada, timedelta(days=6))
    await sweeper(maestro, FileStore(f"file://{tmp_path}")).clean()
    ficaram = await maestro.pool.fetch("SELECT id, pessoa_id FROM chaves_api ORDER BY id")
    assert [linha["id"] for linha in ficaram if linha["pessoa_id"]] == [viva, vencida, encerrada]
    assert len(ficaram) == 4


async def test_a_capture_whose_result_never_came_goes_after_a_day(maestro: Maestro, tmp_path: Path) -> None:
    files = FileStore(f"file://{tmp_path}")
    esquecida, em_uso = [await files.put_interno("capturas", dados) for dados in (b"1", b"2")]
    loja = await add_loja(maestro.pool, clientes=1)
    (item,) = await list_itens(maestro.pool, await submit(maestro.pool, loja))
    captura = capturado(await maestro.send(item["id"], await maestro.lease(loja)))
    await maestro.apply(captura.model_copy(update={"captura": em_uso}))
    recente = await files.put_interno("capturas", b"3")
    ontem = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
    for velha in (esquecida, em_uso):
        os.utime(tmp_path / velha.caminho, (ontem, ontem))
    await sweeper(maestro, files).clean()
    assert [await files.exists(a.caminho) for a in (esquecida, em_uso, recente)] == [False, True, True]


async def test_boletos_go_when_their_time_is_over_and_unasked_none_does(maestro: Maestro, tmp_path: Path) -> None:
    files, pool = FileStore(f"file://{tmp_path}"), maestro.pool
    loja = await add_loja(pool, clientes=4)
    feita = await submit(pool, loja, limite=1)
    await maestro.succeed((await list_itens(pool, feita))[0]["id"], await maestro.lease(loja))
    velho, recente, de_novo, em_uso = [await add_boleto(pool, loja, numero, mes=9) for numero in (1, 2, 3, 4)]
    await pool.execute("UPDATE log_downloads_boletos SET boleto_id = $1 WHERE automacao_id = $2", velho, feita)
    await pool.execute("DELETE FROM boletos WHERE mes_referencia = 11")
    vencido = "UPDATE boletos SET data_vencimento = current_date - $2::int, baixado_em = now() - $3 * interval '1 day'"
    for id, dias, baixado in ((velho, 61, 61), (recente, 59, 59), (de_novo, 61, 1), (em_uso, 61, 61)):
        await pool.execute(f"{vencido} WHERE id = $1", id, dias, baixado)
    linhas = await pool.fetch("SELECT arquivo_caminho FROM boletos ORDER BY id")
    for linha in linhas:
        await files.place(linha["arquivo_caminho"], b"%PDF")
        await files.place(caminho_lugar(linha["arquivo_caminho"]), b"{}")
    await submit(pool, loja, cpfs=(cpf_de(4),), mes=10)
    await sweeper(maestro, files).clean()
    assert await pool.fetchval("SELECT count(*) FROM boletos") == 4
    await sweeper(maestro, files, Guarda(boletos_dias=60)).clean()
    assert [b["id"] for b in await pool.fetch("SELECT id FROM boletos ORDER BY id")] == [recente, de_novo, em_uso]
    assert [await files.exists(linha["arquivo_caminho"]) for linha in linhas] == [False, True, True, True]
    assert [await files.exists(caminho_lugar(linha["arquivo_caminho"])) for linha in linhas] == [
        False, True, True, True,
    ]  # fmt: skip
    # Who follows the changes is told that it is gone.
    async with pool.acquire() as conn:
        assert velho in [linha["boleto_id"] for linha in (await read_mudancas(conn, None, 0, 500)).apagados]
    (item,) = await list_itens(pool, feita)
    assert (item["status"], item["boleto_id"], item["arquivo_caminho"]) == ("sucesso", None, None)
    await list_quadros(pool, feita)


async def test_deliveries_are_kept_for_thirty_days_after_they_were_last_tried(maestro: Maestro, tmp_path: Path) -> None:
    pool = maestro.pool
    id = await add_webhook(pool, Chaveiro(Fernet.generate_key().decode()), Receptor(url="https://crm.exemplo.com.br/"))
    for idade, tentada in ((31, 31), (31, 29), (31, None), (29, None)):
        await pool.execute(
            "INSERT INTO webhooks_entregas (webhook_id, evento_id, tipo, corpo, criada_em, tentada_em) VALUES"
            " ($1, gen_random_uuid(), $2, '{}', now() - make_interval(days => $3), now() - make_interval(days => $4))",
            id, f"{idade}/{tentada}", idade, tentada,
        )  # fmt: skip
    await sweeper(maestro, FileStore(f"file://{tmp_path}")).clean()
    ficaram = [linha["tipo"] for linha in await pool.fetch("SELECT tipo FROM webhooks_entregas ORDER BY id")]
    assert ficaram == ["31/29", "29/None"]


async def test_a_temporary_file_goes_when_it_has_lain_unchanged_for_long_whatever_its_date(
    maestro: Maestro, tmp_path: Path
) -> None:
    """A clock that was moved, here or where the files lie, takes no write under way for an old one."""
    files, agora = FileStore(f"file://{tmp_path}"), [0.0]
    varredor = Sweeper(maestro.pool, files, lambda: None, Guarda(), relogio=lambda: agora[0])
    captura = await files.put_interno("capturas", b"1")
    deixada, em_uso = (tmp_path / f"{captura.caminho}#{n}" for n in (1, 2))
    for arquivo in (deixada, em_uso):
        arquivo.write_bytes(b"%PDF")
        os.utime(arquivo, (0, 0))
    assert await varredor.sweep_sobras() == 0
    agora[0] += 599
    assert await varredor.sweep_sobras() == 0
    em_uso.write_bytes(b"%PDF-1.4")
    agora[0] += 1
    assert await varredor.sweep_sobras() == 1
    assert (deixada.exists(), em_uso.exists(), await files.exists(captura.caminho)) == (False, True, True)
    agora[0] += 600
    assert await varredor.sweep_sobras() == 1
    assert not em_uso.exists()


async def test_of_peoples_files_only_what_was_to_be_ours_goes_and_one_that_cannot_go_keeps_no_other(
    maestro: Maestro, tmp_path: Path
) -> None:
    files, agora = FileStore(f"file://{tmp_path}"), [0.0]
    varredor = Sweeper(maestro.pool, files, lambda: None, Guarda(), relogio=lambda: agora[0])
    await files.place(caminho_lugar("ANA/BETO.pdf"), b"{}")
    nossa, alheia, laco = (tmp_path / "ANA" / nome for nome in ("BETO.pdf#1", "CONTRATO.pdf#2", "A.pdf#3"))
    nossa.parent.mkdir()
    nossa.write_bytes(b"%PDF")
    alheia.write_bytes(b"%PDF")
    laco.symlink_to(laco)
    await varredor.sweep_sobras()
    agora[0] += 600
    assert await varredor.sweep_sobras() == 1
    assert (nossa.exists(), alheia.exists(), laco.is_symlink()) == (False, True, True)


async def test_firings_are_kept_for_a_year_and_the_last_one_of_the_clock_for_ever(
    maestro: Maestro, tmp_path: Path
) -> None:
    loja = await add_loja(maestro.pool, clientes=0)
    id = await maestro.pool.fetchval(
        "INSERT INTO agendamentos (nome, ponto_venda_id, mes, regra, fuso, perdidos, criado_por)"
        " VALUES ('a', $1, 'atual', '{}', 'UTC', 'pular', 'teste') RETURNING id",
        loja.id,
    )
    for idade, quem in ((800, None), (400, None), (390, "ana"), (300, "ana")):
        await maestro.pool.execute(
            "INSERT INTO disparos (agendamento_id, previsto_para, feito_em, quem, resultado)"
            " SELECT $1, em, em, $3::text, 'pulado' FROM (SELECT now() - make_interval(days => $2) AS em) v",
            id, idade, quem,
        )  # fmt: skip
    await sweeper(maestro, FileStore(f"file://{tmp_path}")).clean()
    ficaram = await maestro.pool.fetch("SELECT (now()::date - feito_em::date) AS idade FROM disparos ORDER BY id")
    assert [linha["idade"] for linha in ficaram] == [400, 300]


async def test_notices_too(maestro: Maestro, tmp_path: Path) -> None:
    pool = maestro.pool
    canal = await add_whatsapp(pool, Chaveiro(Fernet.generate_key().decode()), "https://graph.facebook.com/v25.0")
    destinatario = await add_destinatario(pool, canal)
    async with pool.acquire() as conn:
        velho, novo = await tell_teste(conn, destinatario), await tell_teste(conn, destinatario)
    await pool.execute("UPDATE avisos SET criado_em = now() - interval '31 days' WHERE id = $1", velho)
    await sweeper(maestro, FileStore(f"file://{tmp_path}")).clean()
    assert [linha["id"] for linha in await pool.fetch("SELECT id FROM avisos")] == [novo]


async def test_evidence_goes_after_the_time_that_is_set(maestro: Maestro, tmp_path: Path) -> None:
    files = FileStore(f"file://{tmp_path}")
    guardadas = [await files.put_interno(tipo, b"x") for tipo in ("evidencias", "quarentena", "sem_nome")]
    antigo = (datetime.now(UTC) - timedelta(days=9)).timestamp()
    for guardada in guardadas:
        os.utime(tmp_path / guardada.caminho, (antigo, antigo))
    await sweeper(maestro, files, Guarda(evidencias=timedelta(days=10))).clean()
    assert [await files.exists(a.caminho) for a in guardadas] == [True, True, True]
    await sweeper(maestro, files, Guarda(evidencias=timedelta(days=8))).clean()
    assert [await files.exists(a.caminho) for a in guardadas] == [False, False, False]
