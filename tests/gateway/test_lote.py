"""Reports that come together are committed together, and told one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from shared.events import BoletoEtapa, Evento, Tarefa
from shared.outcomes import Etapa
from tests.gateway.cadastro import add_loja, list_itens, open_base, submit
from tests.gateway.motor import ENTREGA, PASSOS, Maestro, arquivado, capturado, list_quadros, list_rotas

CLIENTES = 8


@pytest.fixture
async def maestro(database_url: str) -> AsyncIterator[Maestro]:
    async with open_base(database_url) as pool:
        yield Maestro(pool)


async def start(maestro: Maestro) -> tuple[UUID, list[Tarefa]]:
    loja = await add_loja(maestro.pool, clientes=CLIENTES)
    automacao_id = await submit(maestro.pool, loja)
    cerca = await maestro.lease(loja)
    itens = await list_itens(maestro.pool, automacao_id)
    return automacao_id, [await maestro.send(item["id"], cerca) for item in itens]


async def apply_together(maestro: Maestro, eventos: list[Evento]) -> None:
    await asyncio.gather(*(maestro.projector.handle(evento, ENTREGA) for evento in eventos))


async def test_reports_that_come_together_are_told_one_by_one_with_few_commits(maestro: Maestro) -> None:
    automacao_id, tarefas = await start(maestro)
    antes = len(await list_rotas(maestro.pool))
    passos: list[Evento] = [BoletoEtapa(tarefa=tarefa, etapa=passo) for passo in PASSOS for tarefa in tarefas]
    await apply_together(maestro, [*passos, *map(capturado, tarefas)])
    await apply_together(maestro, list(map(arquivado, tarefas)))
    quadros = await list_quadros(maestro.pool, automacao_id)
    for tarefa in tarefas:
        meus = [q["etapa"] for q in quadros if q["cliente"] and q["cliente"]["id"] == tarefa.item_id]
        assert meus == ["na_fila", *PASSOS, Etapa.NOMEANDO, Etapa.ARQUIVADO]
    rotas = (await list_rotas(maestro.pool))[antes:]
    assert rotas.count("boleto.nomear") == CLIENTES
    assert rotas.count("novas.execucao.evento") < CLIENTES
    assert quadros[-1]["status"] == "concluida"


async def test_steps_taken_since_the_last_report_are_each_told(maestro: Maestro) -> None:
    automacao_id, tarefas = await start(maestro)
    passos = (Etapa.BUSCANDO, Etapa.EMITINDO)
    await maestro.apply(
        BoletoEtapa(tarefa=tarefas[0], etapa=Etapa.BAIXANDO, anteriores=passos),
        BoletoEtapa(tarefa=tarefas[0], etapa=Etapa.VERIFICANDO, anteriores=(Etapa.EMITINDO,)),
    )
    quadros = [q for q in await list_quadros(maestro.pool, automacao_id) if q["cliente"]]
    assert [q["etapa"] for q in quadros[CLIENTES:]] == ["buscando", "emitindo", "baixando", "verificando"]


async def test_who_is_at_fault_in_a_lot_fails_alone(maestro: Maestro) -> None:
    """Two boletos that claim one path cannot be committed together: each is then taken by itself."""
    automacao_id, tarefas = await start(maestro)
    await apply_together(maestro, list(map(capturado, tarefas)))
    mesmos = [arquivado(tarefa, "PASTA/MESMO.pdf" if n < 2 else None) for n, tarefa in enumerate(tarefas)]
    await apply_together(maestro, list(mesmos))
    codigos = [item["codigo"] for item in await list_itens(maestro.pool, automacao_id)]
    assert codigos == [None, "arquivo.falhou.conflito", *[None] * (CLIENTES - 2)]
    await list_quadros(maestro.pool, automacao_id)


@pytest.mark.parametrize("passos", [0, 1, 2, 5, 20, 50])
async def test_a_report_whose_handler_is_cancelled_holds_up_no_other(maestro: Maestro, passos: int) -> None:
    automacao_id, tarefas = await start(maestro)
    trabalhos = [
        asyncio.create_task(maestro.projector.handle(BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO), ENTREGA))
        for tarefa in tarefas
    ]
    for _ in range(passos):
        await asyncio.sleep(0)
    for trabalho in trabalhos[::3]:
        trabalho.cancel()
    await asyncio.gather(*trabalhos, return_exceptions=True)
    # Redelivered, as the bus does with what was not acknowledged.
    await maestro.apply(*(BoletoEtapa(tarefa=tarefa, etapa=Etapa.BUSCANDO) for tarefa in tarefas))
    quadros = await list_quadros(maestro.pool, automacao_id)
    assert quadros[-1]["contadores"]["processando"] == CLIENTES
