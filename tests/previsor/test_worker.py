"""The previsor on the bus: it answers each request once it was learned, in a child process, or says why not."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.previsor import worker
from services.previsor.settings import PrevisorSettings
from services.previsor.worker import Previsor
from shared.bus import Delivery
from shared.bus.memory import MemoryBus
from shared.bus.rabbitmq import RabbitMQBus
from shared.bus.topology import GATEWAY_EVENTOS
from shared.events import EVENTOS, Evento, PrevisaoTreinada, PrevisaoTreinar
from shared.files import FileStore
from tests.eventually import eventually
from tests.previsor.historias import at_ten, make_historia

RAIZ = Path(__file__).parents[2]


class Respostas:
    def __init__(self) -> None:
        self.vistas: list[PrevisaoTreinada] = []

    async def note(self, evento: Evento, _: Delivery) -> None:
        assert isinstance(evento, PrevisaoTreinada)
        self.vistas.append(evento)


async def ask(files: FileStore, dados: bytes, settings: PrevisorSettings) -> PrevisaoTreinada:
    respostas = Respostas()
    async with (
        MemoryBus(EVENTOS) as bus,
        bus.consume(GATEWAY_EVENTOS, respostas.note),
        Previsor(bus, files, settings),
    ):
        await bus.publish(PrevisaoTreinar(treino_id=7, historia=await files.put_interno("historias", dados)))
        await eventually(lambda: respostas.vistas, timeout_s=60)
    (resposta,) = respostas.vistas
    assert resposta.treino_id == 7
    return resposta


async def test_a_request_is_answered_with_what_was_learned_and_the_parent_stays_light(tmp_path: Path) -> None:
    historia = make_historia(at_ten, dias=120).model_dump_json().encode()
    resposta = await ask(FileStore(tmp_path.as_uri()), historia, PrevisorSettings())
    assert resposta.erro is None and resposta.juizo and resposta.juizo.motivo is None and resposta.modelo
    codigo = (
        "import sys, services.previsor.worker, services.up; print(*{'sklearn', 'scipy', 'pandas'} & {*sys.modules})"
    )
    processo = await asyncio.create_subprocess_exec(
        sys.executable, "-c", codigo, cwd=RAIZ, stdout=asyncio.subprocess.PIPE
    )
    assert (await processo.communicate())[0].strip() == b""


async def test_a_history_that_is_none_is_an_answer_too(tmp_path: Path) -> None:
    resposta = await ask(FileStore(tmp_path.as_uri()), b"{", PrevisorSettings())
    assert resposta.juizo is None and "memória" in (resposta.erro or "")


async def test_a_training_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FILHO", "tests.previsor.aprendiz_parado")
    resposta = await ask(FileStore(tmp_path.as_uri()), b"{}", PrevisorSettings(treino_timeout_s=0.5))
    assert resposta.juizo is None and resposta.erro


async def test_a_history_that_was_swept_is_said(tmp_path: Path) -> None:
    files = FileStore(tmp_path.as_uri())
    respostas = Respostas()
    arquivo = await files.put_interno("historias", b"{}")
    await files.delete(arquivo.caminho)
    async with (
        MemoryBus(EVENTOS) as bus,
        bus.consume(GATEWAY_EVENTOS, respostas.note),
        Previsor(bus, files, PrevisorSettings()),
    ):
        await bus.publish(PrevisaoTreinar(treino_id=1, historia=arquivo))
        await eventually(lambda: respostas.vistas)
    assert "não está mais" in (respostas.vistas[0].erro or "")


@asynccontextmanager
async def previsor(**ambiente: str) -> AsyncIterator[asyncio.subprocess.Process]:
    processo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.previsor", cwd=RAIZ, env=ambiente, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield processo
    finally:
        if processo.returncode is None:
            processo.kill()
        await processo.wait()


async def test_the_process_learns_over_rabbitmq_and_stops_when_asked(amqp_url: str, tmp_path: Path) -> None:
    files, respostas = FileStore(tmp_path.as_uri()), Respostas()
    historia = make_historia(at_ten, dias=2).model_dump_json().encode()
    async with (
        RabbitMQBus(amqp_url, EVENTOS) as bus,
        bus.consume(GATEWAY_EVENTOS, respostas.note),
        previsor(CANOPUS_AMQP_URL=amqp_url, CANOPUS_STORAGE_URL=tmp_path.as_uri()) as processo,
    ):
        await bus.publish(PrevisaoTreinar(treino_id=3, historia=await files.put_interno("historias", historia)))
        await eventually(lambda: respostas.vistas, timeout_s=60)
        processo.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(processo.wait(), 20) == 0
    assert respostas.vistas[0].juizo and respostas.vistas[0].juizo.motivo == "poucas_linhas"


async def test_without_a_broker_it_says_so_in_one_line() -> None:
    async with previsor() as processo:
        _, erro = await asyncio.wait_for(processo.communicate(), 20)
    assert processo.returncode == 1
    assert erro.decode().startswith("canopus: CANOPUS_AMQP_URL: ") and erro.count(b"\n") == 1
