"""What other systems are told is written with what it tells: boletos filed, executions ended, to whom it concerns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.fernet import Fernet

from services.gateway.cloudevents import Aviso, ExecucaoEncerrada
from services.gateway.store import Pool
from services.gateway.store.avisos import tell_boletos
from services.gateway.store.diario import open_diario_automacao
from services.gateway.store.execucoes import cancel_execucao, resume_execucao
from services.gateway.store.nomeacao import rename_items
from shared.crypto import Chaveiro
from shared.outcomes import Etapa
from tests.gateway.cadastro import add_boleto, add_loja, list_itens, open_base, submit
from tests.gateway.motor import Maestro, arquivado, capturado, falhou, parada
from tests.gateway.receptor import Receptor, add_webhook

CHAVEIRO = Chaveiro(Fernet.generate_key().decode())
RECEPTOR = Receptor(url="https://crm.exemplo.com.br/canopus")


@pytest.fixture
async def maestro(database_url: str) -> AsyncIterator[Maestro]:
    async with open_base(database_url) as pool:
        yield Maestro(pool)


async def list_avisos(pool: Pool, webhook_id: int = 1) -> list[dict[str, Any]]:
    linhas = await pool.fetch("SELECT corpo FROM webhooks_entregas WHERE webhook_id = $1 ORDER BY id", webhook_id)
    return [json.loads(linha["corpo"]) for linha in linhas]


async def test_each_boleto_filed_and_the_end_of_its_execution_are_told_once(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=3)
    await add_webhook(pool, CHAVEIRO, RECEPTOR)
    id = await submit(pool, loja)
    cerca = await maestro.lease(loja)
    um, dois, tres = await list_itens(pool, id)
    await maestro.succeed(um["id"], cerca)
    tarefa = await maestro.succeed(dois["id"], cerca)
    # A report that comes again changes nothing.
    await maestro.apply(arquivado(tarefa))
    await maestro.fail(tres["id"], cerca, "cliente.ambiguo")
    avisos = await list_avisos(pool)
    assert [aviso["type"] for aviso in avisos] == [
        "br.canopus.boleto.arquivado", "br.canopus.boleto.arquivado", "br.canopus.execucao.encerrada",
    ]  # fmt: skip
    assert len({aviso["id"] for aviso in avisos}) == 3
    fim = Aviso[ExecucaoEncerrada].model_validate(avisos[-1])
    assert (fim.subject, fim.data.status, fim.data.contadores.sucesso, fim.data.contadores.erro) == (
        f"execucoes/{id}", "concluida_com_falhas", 2, 1,
    )  # fmt: skip
    assert fim.data.finalizado_em is not None
    # What is said of it later is no second end.
    async with pool.acquire() as conn, conn.transaction(), open_diario_automacao(conn, id) as diario:
        diario.set_status(diario.status, mensagem="Vista por ana.")
    assert len(await list_avisos(pool)) == 3


async def test_an_execution_with_nothing_to_fetch_is_told_as_it_ends(maestro: Maestro) -> None:
    loja = await add_loja(maestro.pool, clientes=1)
    await add_boleto(maestro.pool, loja, 1)
    await add_webhook(maestro.pool, CHAVEIRO, RECEPTOR)
    await submit(maestro.pool, loja)
    (aviso,) = await list_avisos(maestro.pool)
    assert (aviso["data"]["status"], aviso["data"]["contadores"]["ja_baixado"]) == ("concluida", 1)


async def test_a_cancelled_execution_is_told_when_what_was_in_hand_has_ended(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=2)
    await add_webhook(pool, CHAVEIRO, RECEPTOR, eventos=["execucao.encerrada"])
    id = await submit(pool, loja)
    um, _ = await list_itens(pool, id)
    tarefa = await maestro.send(um["id"], await maestro.lease(loja))
    await maestro.apply(capturado(tarefa))
    async with pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, id, "ana")
    assert await list_avisos(pool) == []
    await maestro.apply(arquivado(tarefa))
    (aviso,) = await list_avisos(pool)
    contadores = aviso["data"]["contadores"]
    assert (aviso["data"]["status"], contadores["sucesso"], contadores["cancelado"]) == ("cancelada", 1, 1)


async def test_one_that_is_opened_again_is_told_again_with_its_new_counts(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=1)
    await add_webhook(pool, CHAVEIRO, RECEPTOR, eventos=["execucao.encerrada"])
    id = await submit(pool, loja)
    (item,) = await list_itens(pool, id)
    tarefa = await maestro.send(item["id"], await maestro.lease(loja))
    await maestro.apply(capturado(tarefa))
    await maestro.apply(falhou(tarefa, "nome.nao_encontrado", Etapa.NOMEANDO))
    async with pool.acquire() as conn, conn.transaction(), open_diario_automacao(conn, id) as diario:
        await rename_items(diario, await conn.fetch("SELECT * FROM log_downloads_boletos"))
    (item,) = await list_itens(pool, id)
    nova = tarefa.model_copy(update={"despacho": item["despacho"]})
    await maestro.apply(arquivado(nova))
    assert [aviso["data"]["status"] for aviso in await list_avisos(pool)] == ["concluida_com_falhas", "concluida"]


async def test_only_those_whom_it_concerns_are_told(maestro: Maestro) -> None:
    pool = maestro.pool
    loja, outra = await add_loja(pool, clientes=1), await add_loja(pool, "21.400", clientes=1, base=100)
    todos = await add_webhook(pool, CHAVEIRO, RECEPTOR)
    da_loja = await add_webhook(pool, CHAVEIRO, RECEPTOR, ponto_venda_id=loja.id, eventos=["boleto.arquivado"])
    so_fins = await add_webhook(pool, CHAVEIRO, RECEPTOR, eventos=["execucao.encerrada"])
    await add_webhook(pool, CHAVEIRO, RECEPTOR, ativo=False)
    for n, ponto in enumerate((loja, outra)):
        (item,) = await list_itens(pool, await submit(pool, ponto))
        await maestro.succeed(item["id"], await maestro.lease(ponto, n))
    contagem = Counter(
        (linha["webhook_id"], linha["tipo"]) for linha in await pool.fetch("SELECT * FROM webhooks_entregas")
    )
    assert contagem == {
        (todos, "boleto.arquivado"): 2, (todos, "execucao.encerrada"): 2, (da_loja, "boleto.arquivado"): 1,
        (so_fins, "execucao.encerrada"): 2,
    }  # fmt: skip


async def test_what_was_not_committed_is_not_told(maestro: Maestro) -> None:
    loja = await add_loja(maestro.pool, clientes=1)
    await add_webhook(maestro.pool, CHAVEIRO, RECEPTOR)
    boleto = await add_boleto(maestro.pool, loja, 1)
    with pytest.raises(ZeroDivisionError):
        async with maestro.pool.acquire() as conn, conn.transaction():
            await tell_boletos(conn, loja.id, [boleto])
            raise ZeroDivisionError
    assert await list_avisos(maestro.pool) == []


async def test_a_blocked_execution_has_not_ended(maestro: Maestro) -> None:
    pool = maestro.pool
    loja = await add_loja(pool, clientes=1)
    await add_webhook(pool, CHAVEIRO, RECEPTOR)
    id = await submit(pool, loja)
    await maestro.apply(parada(loja, await maestro.lease(loja)))
    assert await list_avisos(pool) == []
    async with pool.acquire() as conn, conn.transaction():
        await resume_execucao(conn, id, "ana")
        await cancel_execucao(conn, id, "ana")
    (aviso,) = await list_avisos(pool)
    assert aviso["data"]["status"] == "cancelada"
