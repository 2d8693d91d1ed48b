"""Slowness over a real database: fewer sessions, as many again where that does not help, and upwards after a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from asyncpg import Record

from services.gateway.dispatcher import Dispatcher
from services.gateway.lentidao import Regras
from services.gateway.store import Pool
from services.gateway.store.controle import credential_fixed
from services.gateway.store.credenciais import SQL, reduce_sessoes
from services.gateway.vigia import Vigia
from shared.events import BoletoEtapa
from shared.outcomes import Etapa
from tests.gateway.cadastro import Loja, add_loja, list_itens, open_base, submit
from tests.gateway.motor import Maestro
from tests.gateway.test_concessoes import count_mantidas, open_sessoes

REGRAS = Regras()
MINUTOS_10 = 600


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_base(database_url) as aberta:
        yield aberta


@pytest.fixture
def vigia(pool: Pool) -> Vigia:
    return Vigia(pool, lambda: None, REGRAS)


async def search(pool: Pool, loja: Loja, quantas: int, sessoes: int, ms: int) -> None:
    """So many searches one after another, the last of them now: contracts of nothing else."""
    cada_s = ms / 1000 / sessoes
    await let_pass(pool, quantas * cada_s)
    await pool.execute(
        "INSERT INTO medidas_busca (credencial_id, em, sessoes, ms)"
        " SELECT $1, now() - make_interval(secs => $2::float8 * n), $3, $4 FROM generate_series(0, $5 - 1) AS n",
        loja.credencial_id,
        cada_s,
        sessoes,
        ms,
        quantas,
    )


async def slow_down(pool: Pool, loja: Loja) -> None:
    """With one session a search took half a second; with four it takes two."""
    await search(pool, loja, 5, 1, 500)
    await search(pool, loja, 20, 4, 2000)


async def let_pass(pool: Pool, segundos: float) -> None:
    """As if so long had passed since all there is."""
    await pool.execute(
        "UPDATE credenciais_canopus SET reduzida_ate = reduzida_ate - make_interval(secs => $1),"
        " lenta_ate = lenta_ate - make_interval(secs => $1)",
        segundos,
    )
    await pool.execute("UPDATE medidas_busca SET em = em - make_interval(secs => $1)", segundos)


async def get_credencial(pool: Pool) -> Record:
    credencial = await pool.fetchrow("SELECT * FROM credenciais_canopus")
    assert credencial is not None
    return credencial


async def count_limite(pool: Pool, loja: Loja) -> int | None:
    """How many sessions it may have now."""
    async with pool.acquire() as conn, conn.transaction():
        limite: int | None = await conn.fetchval(SQL["lock_sessoes"], loja.credencial_id)
        return limite


async def test_a_search_is_noted_once_with_the_sessions_at_work(pool: Pool) -> None:
    loja = await add_loja(pool, max_sessoes=3)
    maestro = Maestro(pool)
    itens = await list_itens(pool, await submit(pool, loja))
    tarefas = [await maestro.send(i["id"], await maestro.lease(loja, slot)) for slot, i in enumerate(itens)]
    await maestro.apply(*(BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO) for tarefa in tarefas[:2]))
    fim = BoletoEtapa(tarefa=tarefas[0], etapa=Etapa.EMITINDO, busca_ms=850)
    await maestro.apply(fim, fim)
    medidas = await pool.fetch("SELECT credencial_id, sessoes, ms FROM medidas_busca")
    assert [tuple(medida) for medida in medidas] == [(loja.credencial_id, 2, 850)]


async def test_nothing_is_noted_of_a_credential_with_one_session(pool: Pool) -> None:
    loja = await add_loja(pool, clientes=1)
    maestro = Maestro(pool)
    (item,) = await list_itens(pool, await submit(pool, loja))
    tarefa = await maestro.send(item["id"], await maestro.lease(loja))
    await maestro.apply(BoletoEtapa(tarefa=tarefa, etapa=Etapa.EMITINDO, busca_ms=850))
    assert await pool.fetchval("SELECT count(*) FROM medidas_busca") == 0


async def test_sessions_that_only_queue_are_asked_back_and_come_again_after_ten_minutes(
    pool: Pool, vigia: Vigia
) -> None:
    loja = await add_loja(pool, clientes=20, max_sessoes=4)
    await submit(pool, loja)
    dispatcher = Dispatcher(pool, lambda: None)
    await open_sessoes(pool, dispatcher, loja, 4)
    await slow_down(pool, loja)
    await vigia.look()
    await dispatcher.tick()
    assert (await count_limite(pool, loja), await count_mantidas(pool)) == (1, 1)
    await search(pool, loja, 20, 1, 500)
    await vigia.look()
    await let_pass(pool, MINUTOS_10 - 20.0)
    assert await count_limite(pool, loja) == 1
    await let_pass(pool, 20.0)
    assert await count_limite(pool, loja) == 4


async def test_after_that_the_portal_is_measured_with_all_of_them_before_it_has_fewer_again(
    pool: Pool, vigia: Vigia
) -> None:
    loja = await add_loja(pool, max_sessoes=4)
    await slow_down(pool, loja)
    await vigia.look()
    await search(pool, loja, 20, 1, 500)
    await let_pass(pool, MINUTOS_10)
    await search(pool, loja, 19, 4, 2000)
    await vigia.look()
    assert await count_limite(pool, loja) == 4
    await search(pool, loja, 1, 4, 2000)
    await vigia.look()
    assert await count_limite(pool, loja) == 1


async def test_a_reduction_that_does_not_help_is_taken_back_and_not_tried_again(pool: Pool, vigia: Vigia) -> None:
    loja = await add_loja(pool, max_sessoes=4)
    await search(pool, loja, 5, 1, 500)
    await let_pass(pool, REGRAS.trecho_s)
    await search(pool, loja, 20, 4, 2000)
    await vigia.look()
    await search(pool, loja, 19, 1, 2000)
    await vigia.look()
    assert await count_limite(pool, loja) == 1, "too few to tell"
    await search(pool, loja, 1, 1, 2000)
    await vigia.look()
    assert await count_limite(pool, loja) == 4
    await search(pool, loja, 30, 4, 2000)
    await vigia.look()
    assert await count_limite(pool, loja) == 4, "as slow as it is now is what the portal can do"


async def test_two_gateways_reduce_once(pool: Pool) -> None:
    loja = await add_loja(pool, max_sessoes=8)
    await search(pool, loja, 5, 4, 1000)
    await search(pool, loja, 40, 8, 2000)
    mudancas: list[str] = []
    duas = [Vigia(pool, partial(mudancas.append, nome), REGRAS) for nome in ("uma", "outra")]
    await asyncio.gather(*(vigia.look() for vigia in duas for _ in range(3)))
    assert len(mudancas) == 1
    credencial = await get_credencial(pool)
    assert (credencial["sessoes_reduzidas"], credencial["lenta_sessoes"]) == (4, 8)


async def test_a_kick_while_there_are_fewer_is_not_taken_back_with_them(pool: Pool, vigia: Vigia) -> None:
    loja = await add_loja(pool, max_sessoes=8)
    await search(pool, loja, 5, 4, 1000)
    await search(pool, loja, 40, 8, 2000)
    await vigia.look()
    async with pool.acquire() as conn, conn.transaction():
        await reduce_sessoes(conn, loja.credencial_id)
    await search(pool, loja, 30, 3, 2000)
    await vigia.look()
    assert await count_limite(pool, loja) == 3


async def test_slowness_after_a_kick_waits_for_what_the_kick_does(pool: Pool, vigia: Vigia) -> None:
    loja = await add_loja(pool, max_sessoes=4)
    async with pool.acquire() as conn, conn.transaction():
        await reduce_sessoes(conn, loja.credencial_id)
    await slow_down(pool, loja)
    await vigia.look()
    assert await count_limite(pool, loja) == 3


async def test_other_credentials_keep_theirs(pool: Pool, vigia: Vigia) -> None:
    loja, outra = await add_loja(pool, max_sessoes=4), await add_loja(pool, "20.001", max_sessoes=4, base=100)
    await slow_down(pool, loja)
    await search(pool, outra, 30, 4, 2000)
    await vigia.look()
    assert (await count_limite(pool, loja), await count_limite(pool, outra)) == (1, 4)


async def test_what_is_older_than_an_hour_is_forgotten(pool: Pool, vigia: Vigia) -> None:
    loja = await add_loja(pool, max_sessoes=4)
    await search(pool, loja, 3, 1, 500)
    await let_pass(pool, REGRAS.memoria_s)
    await search(pool, loja, 2, 1, 500)
    await vigia.look()
    assert await pool.fetchval("SELECT count(*) FROM medidas_busca") == 2


async def test_a_credential_that_is_put_right_has_all_its_sessions(pool: Pool, vigia: Vigia) -> None:
    loja = await add_loja(pool, max_sessoes=4)
    await slow_down(pool, loja)
    await vigia.look()
    async with pool.acquire() as conn, conn.transaction():
        await credential_fixed(conn, loja.credencial_id)
    assert await count_limite(pool, loja) == 4
