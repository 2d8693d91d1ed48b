"""The previsor, or the gateway that asked it, killed while a training is under way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.gateway.store import open_pool
from tests.eventually import eventually
from tests.faults.bancada import Servidores
from tests.flow.deployment import deployed
from tests.gateway.cadastro import add_loja
from tests.gateway.passado import add_passado, make_passado
from tests.previsor.historias import at_ten

pytestmark = pytest.mark.timeout(400)


@pytest.mark.faltas
@pytest.mark.parametrize("quem", ["previsor", "gateway"])
async def test_a_training_is_answered_once_whoever_is_killed_meanwhile(
    tmp_path: Path, servidores: Servidores, quem: str
) -> None:
    amqp_url = servidores.rabbitmq.url(servidores.rabbitmq.create_vhost())
    database_url = servidores.postgres.url(servidores.postgres.create_database())
    async with deployed(tmp_path, amqp_url, database_url, scrapers=1) as (implantacao, cliente):
        pool = await open_pool(database_url)
        await add_passado(pool, await add_loja(pool, clientes=1), make_passado(at_ten))
        implantacao.start("previsor", "previsor")
        await cliente.call("POST", "previsao/treinar")
        filhos = await eventually(lambda: implantacao.children("previsor"), 60)
        await asyncio.to_thread(implantacao.kill, quem)
        assert await pool.fetchval("SELECT count(*) FROM treinos WHERE respondido_em IS NULL") == 1
        implantacao.restart(quem)
        await eventually(lambda: pool.fetchval("SELECT respondido_em FROM treinos"), 120)
        (treino,) = await pool.fetch("SELECT juizo, erro FROM treinos")
        assert treino["erro"] is None and treino["juizo"]["linhas"] == 4800
        await eventually(lambda: not any(filho.is_running() for filho in filhos), 30)
        await cliente.wait_saude()
        assert (await cliente.call("GET", "previsao"))["fala"]
        assert not (await cliente.call("GET", "mortas"))["mortas"]
        await pool.close()
