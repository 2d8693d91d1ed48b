"""The namer as a process of its own, over a real RabbitMQ."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from shared.bus import Delivery
from shared.bus.rabbitmq import RabbitMQBus
from shared.bus.topology import GATEWAY_EVENTOS, GATEWAY_SINAIS
from shared.events import EVENTOS, BoletoArquivado, BoletoNomear, Evento, NamerPulso, Tarefa
from shared.files import FileStore
from tests.eventually import eventually
from tests.namer.planilhas import make_cpf, make_generica

RAIZ = Path(__file__).parents[2]


@asynccontextmanager
async def namer(**ambiente: str) -> AsyncIterator[asyncio.subprocess.Process]:
    processo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.namer", cwd=RAIZ, env=ambiente, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield processo
    finally:
        if processo.returncode is None:
            processo.kill()
        await processo.wait()


async def test_the_process_files_boletos_and_stops_when_asked(amqp_url: str, tmp_path: Path) -> None:
    files = FileStore(tmp_path.as_uri())
    pedido = BoletoNomear(
        tarefa=Tarefa(automacao_id=uuid4(), item_id=1, despacho=1, tentativa=1, cerca=1),
        ponto_venda="17308",
        captura=await files.put_interno("capturas", b"%PDF"),
        cpf=make_cpf(1),
        grupo=6650,
        cota=7,
        mes=3,
        ano=2026,
        planilha=await files.put_interno("planilhas", make_generica(["CPF", "NOME"], [[make_cpf(1), "ANA 70%"]])),
        pasta="DAYLER",
    )
    vistos: list[Evento] = []

    async def note(evento: Evento, _: Delivery) -> None:
        vistos.append(evento)

    def arquivados() -> list[BoletoArquivado]:
        return [evento for evento in vistos if isinstance(evento, BoletoArquivado)]

    async with (
        RabbitMQBus(amqp_url, EVENTOS) as bus,
        bus.consume(GATEWAY_EVENTOS, note),
        bus.consume(GATEWAY_SINAIS, note),
        namer(CANOPUS_AMQP_URL=amqp_url, CANOPUS_STORAGE_URL=tmp_path.as_uri()) as processo,
    ):
        await bus.publish(pedido)
        assert (await eventually(arquivados, timeout_s=20))[0].arquivo.caminho == "DAYLER/ANA_MARÇO.pdf"
        await eventually(lambda: any(isinstance(evento, NamerPulso) for evento in vistos))
        processo.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(processo.wait(), 20) == 0
        assert processo.stderr is not None
        assert make_cpf(1).encode() not in await processo.stderr.read()


async def test_without_a_broker_it_says_so_in_one_line() -> None:
    async with namer() as processo:
        _, erro = await asyncio.wait_for(processo.communicate(), 20)
    assert processo.returncode == 1
    assert erro.decode().startswith("canopus: CANOPUS_AMQP_URL: ")
    assert erro.count(b"\n") == 1
