"""The background for two offices: clocks, notices, copies and prediction of each are its own, and rest with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from services.gateway import agendamentos
from services.gateway.agendador import Agendador
from services.gateway.recuperador import Recuperador
from services.gateway.riscos import read_previsao
from services.gateway.store import Conn, Pool, correio, entregas, espelhos, links, previsao, read_agora
from services.gateway.store.agendamentos import list_ultimos
from services.gateway.store.empresas import PADRAO, create_empresa, restrict
from services.gateway.store.webhooks import insert_webhook
from services.gateway.treinador import Treinador
from shared.crypto import Chaveiro
from shared.files import FileStore
from tests.gateway.agencia import add_destinatario, add_whatsapp
from tests.gateway.cadastro import Loja, add_loja, list_itens, open_base, submit
from tests.gateway.motor import Maestro
from tests.gateway.passado import FORA, add_passado, make_passado
from tests.gateway.test_previsao import JUIZO, MODELO

CHAVEIRO = Chaveiro(Fernet.generate_key().decode())
FILIAL = 2


@dataclass
class Escritorio:
    """One ponto de venda, a channel with somebody to tell, a mirror, a webhook and a schedule that is due."""

    loja: Loja
    destinatario: int
    espelho: int
    webhook: int
    agendamento: int


async def settle(pool: Pool, empresa_id: int) -> Escritorio:
    loja = await add_loja(pool, "17.308", clientes=3, empresa_id=empresa_id)
    async with pool.acquire() as conn, conn.transaction(), restrict(conn, empresa_id):
        destinatario = await add_destinatario(conn, await add_whatsapp(conn, CHAVEIRO, "https://127.0.0.1:9"))
        espelho = await espelhos.insert_espelho(conn, {
            "nome": "Nuvem", "destino": "s3://balde", "endereco": "http://127.0.0.1:9", "regiao": "x", "chave": "x",
            "segredo": "x"})  # fmt: skip
        webhook = await insert_webhook(conn, {
            "nome": "CRM", "url": "https://127.0.0.1:9/", "eventos": None, "ponto_venda_id": None, "segredo": "x"
        })  # fmt: skip
        agendamento = await agendamentos.create(conn, {
            "nome": "Mensal", "ponto_venda_id": loja.id, "consultor_id": None, "mes": "proximo",
            "regra": {"tipo": "dia_do_mes", "dia": 5, "hora": "08:00"}, "fuso": "America/Sao_Paulo",
            "perdidos": "recuperar", "ativo": True}, await read_agora(conn), "teste")  # fmt: skip
        await links.set_link(conn, loja.consultor_id, "https://drive.google.com/open?id=1AbCdEfGhIjK", None)
    return Escritorio(loja, destinatario, espelho, webhook, agendamento)


@asynccontextmanager
async def two_offices(database_url: str) -> AsyncIterator[tuple[Pool, Escritorio, Escritorio]]:
    async with open_base(database_url) as pool:
        async with pool.acquire() as conn:
            assert await create_empresa(conn, "filial", "Filial", None) == FILIAL
        yield pool, await settle(pool, PADRAO), await settle(pool, FILIAL)


async def in_forty_days(conn: Conn) -> datetime:
    return await read_agora(conn) + timedelta(days=40)


async def read(pool: Pool, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(linha) for linha in await pool.fetch(sql)]


async def switch(pool: Pool, *, ativa: bool) -> None:
    await pool.execute("UPDATE empresas SET ativa = $2 WHERE id = $1", FILIAL, ativa)


async def test_what_is_filed_is_copied_and_told_in_its_own_office(database_url: str) -> None:
    async with two_offices(database_url) as (pool, meu, dele):
        maestro = Maestro(pool)
        [item, *_] = await list_itens(pool, await submit(pool, dele.loja, limite=1))
        await maestro.succeed(item["id"], await maestro.lease(dele.loja))
        assert await read(pool, "SELECT espelho_id, empresa_id FROM copias") == [(dele.espelho, FILIAL)]
        assert await read(pool, "SELECT destinatario_id, empresa_id FROM avisos") == [(dele.destinatario, FILIAL)]
        webhooks = await read(pool, "SELECT DISTINCT webhook_id, empresa_id FROM webhooks_entregas")
        assert webhooks == [(dele.webhook, FILIAL)]
        async with pool.acquire() as conn, conn.transaction():
            assert await espelhos.fill_espelho(conn, meu.espelho) == 0
            assert await espelhos.fill_espelho(conn, dele.espelho) == 1
        await pool.execute("DELETE FROM boletos")
        assert [linha["sha256"] for linha in await pool.fetch("SELECT sha256 FROM copias")] == [None]


async def test_an_office_learns_from_its_own_log_and_goes_by_its_own_model(database_url: str, tmp_path: Path) -> None:
    async with two_offices(database_url) as (pool, meu, dele):
        for escritorio, dias in ((meu, 2), (dele, 3)):
            passado = make_passado(lambda d, i, c: float(c == 1), dias=dias, por_dia=6, contratos=3)
            await add_passado(pool, escritorio.loja, passado)
        await pool.execute("UPDATE pontos_venda SET ordem_risco = true")
        pedidos = await Treinador(pool, FileStore(tmp_path.as_uri()), lambda: None).tick()
        treinos = await read(pool, "SELECT id, empresa_id, linhas FROM treinos ORDER BY id")
        assert treinos == [(pedidos[0], PADRAO, 12), (pedidos[1], FILIAL, 18)]
        await pool.execute(
            "INSERT INTO treinos (linhas, respondido_em, juizo, modelo, empresa_id) VALUES (9, now(), $1, $2, $3)",
            JUIZO, MODELO.model_dump_json(), FILIAL,
        )  # fmt: skip
        for empresa_id, fala in ((PADRAO, False), (FILIAL, True)):
            async with pool.acquire() as conn, conn.transaction(), restrict(conn, empresa_id):
                assert ((await read_previsao(conn, await read_agora(conn))).modelo is not None) is fala
        # So do the clocks, which are of no office.
        minha, dela = await Agendador(pool, lambda: None, in_forty_days).tick()
        assert await list_cotas(pool, minha) == [1, 2, 3]
        assert await list_cotas(pool, dela) == [1, 3, 2]


async def list_cotas(pool: Pool, automacao_id: Any) -> list[int]:
    return [item["cota"] for item in await list_itens(pool, automacao_id)]


async def test_an_office_whose_log_is_not_read_holds_up_no_other(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_historia, falhas = previsao.read_historia, [TimeoutError()]

    async def fail_once(conn: Conn) -> tuple[bytes, int]:
        if falhas:
            raise falhas.pop()
        return await read_historia(conn)

    monkeypatch.setattr(previsao, "read_historia", fail_once)
    async with two_offices(database_url) as (pool, meu, dele):
        for escritorio in (meu, dele):
            passado = make_passado(lambda d, i, c: float(c == 1), dias=2, por_dia=6, contratos=3)
            await add_passado(pool, escritorio.loja, passado)
        pedidos = await Treinador(pool, FileStore(tmp_path.as_uri()), lambda: None).tick()
        assert await read(pool, "SELECT id, empresa_id FROM treinos") == [(pedidos[0], FILIAL)]


async def test_of_an_office_that_is_switched_off_all_clocks_rest_until_it_is_on_again(
    database_url: str, tmp_path: Path
) -> None:
    async with two_offices(database_url) as (pool, meu, dele):
        await pool.execute("UPDATE pontos_venda SET recuperacao_rodadas = 1, recuperacao_pausa_min = 1")
        maestro = Maestro(pool)
        for escritorio in (meu, dele):
            await add_passado(pool, escritorio.loja, make_passado(lambda d, i, c: 0.0, dias=1, por_dia=4))
            [item, *_] = await list_itens(pool, await submit(pool, escritorio.loja, limite=1))
            await pool.execute("UPDATE log_downloads_boletos SET tentativas = 3")
            await maestro.fail(item["id"], await maestro.lease(escritorio.loja), FORA)
        await pool.execute("UPDATE portais SET falhas = '{}'")
        await pool.execute(
            "INSERT INTO copias (espelho_id, caminho) VALUES ($1, 'a'), ($2, 'a')", meu.espelho, dele.espelho
        )
        await switch(pool, ativa=False)
        assert [await count_feitos(pool, tmp_path), await count_feitos(pool, tmp_path)] == [[1] * 7, [0] * 7]
        await switch(pool, ativa=True)
        assert await count_feitos(pool, tmp_path) == [1] * 7
        assert [linha["resultado"] for linha in await list_disparos(pool, dele)] == ["enviado"]


async def test_an_office_with_many_workbooks_due_holds_up_no_others(database_url: str) -> None:
    async with two_offices(database_url) as (pool, meu, _), pool.acquire() as conn:
        for n in range(5):
            consultor = await conn.fetchval(
                "INSERT INTO consultores (nome, nome_limpo, empresa, ponto_venda_id, pasta_boletos)"
                " VALUES ($1::text, $1::text, 'credms', $2, $1::text) RETURNING id", f"C{n}", meu.loja.id,
            )  # fmt: skip
            await links.set_link(conn, consultor, f"https://drive.google.com/open?id=1AbCdEfGhIj{n}", None)
        await conn.execute(
            "UPDATE links_planilha SET proxima_em = now() - interval '1 hour' WHERE empresa_id = $1", PADRAO
        )

        async def claim(quantos: int) -> list[int]:
            return sorted(link["empresa_id"] for link in await links.claim_links(conn, quantos, 60.0))

        assert await claim(2) == [PADRAO, FILIAL]
        # Due again while the first office's is still being opened.
        await conn.execute("UPDATE links_planilha SET reservada_ate = NULL WHERE empresa_id = $1", FILIAL)
        assert await claim(1) == [FILIAL]
        assert [await claim(3), await claim(9)] == [[PADRAO] * 3, [PADRAO] * 2]


async def list_disparos(pool: Pool, escritorio: Escritorio) -> list[Any]:
    async with pool.acquire() as conn:
        return list((await list_ultimos(conn, [escritorio.agendamento])).values())


async def count_feitos(pool: Pool, pasta: Path) -> list[int]:
    """Of schedules, rounds, trainings, and of notices, deliveries, copies and workbooks on their way."""

    async def in_an_hour(conn: Conn) -> datetime:
        return await read_agora(conn) + timedelta(hours=1)

    disparos = await Agendador(pool, lambda: None, in_forty_days).tick()
    rodadas = await Recuperador(pool, lambda: None, in_an_hour).tick()
    treinos = await Treinador(pool, FileStore(pasta.as_uri()), lambda: None).tick()
    async with pool.acquire() as conn:
        avisos = await correio.claim_avisos(conn, {}, 9, 60.0)
        enviadas = await entregas.claim_entregas(conn, {}, 9, 60.0)
        copias = await espelhos.claim_copias(conn, {}, 9, 60.0)
        planilhas = await links.claim_links(conn, 9, 60.0)
    return [len(feitos) for feitos in (disparos, rodadas, treinos, avisos, enviadas, copias, planilhas)]
