"""People are told with what happens: an end, a block, too many failures; whom it concerns, once, in plain words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.fernet import Fernet

from services.gateway.store import Pool
from services.gateway.store.execucoes import cancel_execucao, resume_execucao
from shared.crypto import Chaveiro
from tests.gateway.agencia import add_destinatario, add_whatsapp
from tests.gateway.cadastro import add_loja, cpf_de, list_itens, open_base, submit
from tests.gateway.motor import Maestro, parada

CHAVEIRO = Chaveiro(Fernet.generate_key().decode())
META = "https://graph.facebook.com/v25.0"


@pytest.fixture
async def maestro(database_url: str) -> AsyncIterator[Maestro]:
    async with open_base(database_url) as pool:
        yield Maestro(pool)


async def list_avisos(pool: Pool, destinatario_id: int | None = None) -> list[Any]:
    return await pool.fetch(
        "SELECT * FROM avisos WHERE $1::int IS NULL OR destinatario_id = $1 ORDER BY id", destinatario_id
    )


async def test_an_end_is_told_with_its_counts_and_nothing_of_any_client(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=3)
    await add_destinatario(pool, await add_whatsapp(pool, CHAVEIRO, META))
    id = await submit(pool, loja)
    cerca = await maestro.lease(loja)
    um, dois, tres = await list_itens(pool, id)
    await maestro.succeed(um["id"], cerca)
    await maestro.succeed(dois["id"], cerca)
    assert await list_avisos(pool) == []
    await maestro.fail(tres["id"], cerca, "cliente.ambiguo")
    (aviso,) = await list_avisos(pool)
    assert (aviso["tipo"], aviso["titulo"]) == ("execucao.encerrada", "Execução concluída com falhas · 17.308")
    assert aviso["texto"].startswith("Baixados: 2, com erro: 1, contratos: 3. De ")
    assert "CLIENTE" not in aviso["texto"] and cpf_de(3)[-4:] not in aviso["texto"]


async def test_a_block_is_told_with_its_cause_and_again_only_when_it_blocks_again(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=1)
    await add_destinatario(pool, await add_whatsapp(pool, CHAVEIRO, META), eventos=["execucao.bloqueada"])
    id = await submit(pool, loja)
    for slot in (0, 1):
        await maestro.apply(parada(loja, await maestro.lease(loja, slot)))
        async with pool.acquire() as conn, conn.transaction():
            await resume_execucao(conn, id, "ana")
    async with pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, id, "ana")
    primeiro, segundo = await list_avisos(pool)
    assert primeiro["titulo"] == segundo["titulo"] == "Execução espera uma pessoa · 17.308"
    assert primeiro["texto"].startswith("Senha recusada pelo portal") or "credencial" in primeiro["texto"]
    assert primeiro["evento_id"] != segundo["evento_id"]


async def test_failures_past_a_persons_limit_are_told_that_person_once(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=4)
    canal = await add_whatsapp(pool, CHAVEIRO, META)
    cedo, tarde, nunca = [
        await add_destinatario(pool, canal, eventos=["execucao.falhas"], limite_falhas=limite) for limite in (0, 1, 9)
    ]
    cerca = await maestro.lease(loja)
    quando: list[tuple[int, int]] = []
    for item in (await list_itens(pool, await submit(pool, loja)))[:3]:
        await maestro.fail(item["id"], cerca, "cliente.ambiguo")
        quando.append((len(await list_avisos(pool, cedo)), len(await list_avisos(pool, tarde))))
    assert quando == [(1, 0), (1, 1), (1, 1)]
    assert await list_avisos(pool, nunca) == []
    assert (await list_avisos(pool, tarde))[0]["titulo"] == "Execução com falhas demais · 17.308"


async def test_a_limit_that_is_lowered_under_way_counts_from_the_next_failure(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=5)
    ana = await add_destinatario(
        pool, await add_whatsapp(pool, CHAVEIRO, META), eventos=["execucao.falhas"], limite_falhas=9
    )
    cerca = await maestro.lease(loja)
    quando = []
    for n, item in enumerate((await list_itens(pool, await submit(pool, loja)))[:4]):
        if n == 2:
            await pool.execute("UPDATE destinatarios SET limite_falhas = 0")
        await maestro.fail(item["id"], cerca, "cliente.ambiguo")
        quando.append(len(await list_avisos(pool, ana)))
    assert quando == [0, 0, 1, 1]


async def test_only_those_whom_it_concerns_are_told(maestro: Maestro) -> None:
    pool = maestro.pool
    loja, outra = await add_loja(pool, clientes=1), await add_loja(pool, "21.400", clientes=1, base=100)
    canal, parado = await add_whatsapp(pool, CHAVEIRO, META), await add_whatsapp(pool, CHAVEIRO, META, ativo=False)
    todos = await add_destinatario(pool, canal)
    da_loja = await add_destinatario(pool, canal)
    await add_destinatario(pool, canal, ativo=False)
    await add_destinatario(pool, canal, eventos=["execucao.bloqueada"])
    await add_destinatario(pool, parado)
    saiu = await add_destinatario(pool, canal)
    await pool.execute(
        "UPDATE pessoas SET ativo = false WHERE id = (SELECT pessoa_id FROM destinatarios WHERE id = $1)", saiu
    )
    await pool.execute(
        "WITH p AS (UPDATE pessoas SET todos_pontos_venda = false WHERE id ="
        " (SELECT pessoa_id FROM destinatarios WHERE id = $1) RETURNING id)"
        " INSERT INTO pessoas_pontos_venda SELECT id, $2 FROM p",
        da_loja, loja.id,
    )  # fmt: skip
    for n, ponto in enumerate((loja, outra)):
        (item,) = await list_itens(pool, await submit(pool, ponto))
        await maestro.succeed(item["id"], await maestro.lease(ponto, n))
    contados = [(aviso["destinatario_id"], aviso["titulo"][-6:]) for aviso in await list_avisos(pool)]
    assert contados == [(todos, "17.308"), (da_loja, "17.308"), (todos, "21.400")]


async def test_an_end_past_the_limit_is_told_once_to_who_wants_both(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=1)
    canal = await add_whatsapp(pool, CHAVEIRO, META)
    ambos = await add_destinatario(pool, canal, limite_falhas=0)
    do_limite = await add_destinatario(pool, canal, limite_falhas=0, eventos=["execucao.falhas"])
    (item,) = await list_itens(pool, await submit(pool, loja))
    await maestro.fail(item["id"], await maestro.lease(loja), "cliente.ambiguo")
    contados = [(aviso["destinatario_id"], aviso["tipo"]) for aviso in await list_avisos(pool)]
    assert contados == [(ambos, "execucao.encerrada"), (do_limite, "execucao.falhas")]


async def test_a_block_that_passes_the_limit_too_is_told_once(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=2)
    await add_destinatario(pool, await add_whatsapp(pool, CHAVEIRO, META), limite_falhas=0)
    await submit(pool, loja)
    await maestro.apply(parada(loja, await maestro.lease(loja)))
    assert [aviso["tipo"] for aviso in await list_avisos(pool)] == ["execucao.bloqueada"]


async def test_an_end_says_when_what_failed_is_tried_again(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=1)
    await pool.execute("UPDATE pontos_venda SET recuperacao_rodadas = 2")
    await add_destinatario(pool, await add_whatsapp(pool, CHAVEIRO, META))
    (item,) = await list_itens(pool, await submit(pool, loja))
    await pool.execute("UPDATE log_downloads_boletos SET tentativas = 3")
    await maestro.fail(item["id"], await maestro.lease(loja), "download.falhou")
    (aviso,) = await list_avisos(pool)
    assert aviso["texto"].startswith("O que falhou por problema técnico será tentado de novo em ")
