"""The servers of a test run: private, restartable, and gone when the run is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from setup import debian
from tests.eventually import eventually
from tests.servers.postgres import PostgresServer
from tests.servers.process import GuardedProcess, ServerMissing, find_program
from tests.servers.rabbitmq import RabbitMQ


@pytest.mark.completo
async def test_durable_messages_survive_a_killed_broker(rabbitmq: RabbitMQ, amqp_url: str) -> None:
    async with await aio_pika.connect(amqp_url) as conexao:
        canal = await conexao.channel()
        await canal.declare_queue("fila", durable=True)
        mensagem = aio_pika.Message(b"oi", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await canal.default_exchange.publish(mensagem, "fila")
        await asyncio.to_thread(rabbitmq.flush)
        await asyncio.to_thread(rabbitmq.kill)
    await asyncio.to_thread(rabbitmq.start)
    async with await aio_pika.connect(amqp_url) as conexao:
        fila = await (await conexao.channel()).get_queue("fila")
        assert (await fila.get(timeout=5)).body == b"oi"


async def test_each_test_has_a_virtual_host_of_its_own(rabbitmq: RabbitMQ, amqp_url: str) -> None:
    outro = await asyncio.to_thread(rabbitmq.create_vhost)
    async with await aio_pika.connect(amqp_url) as a, await aio_pika.connect(rabbitmq.url(outro)) as b:
        await (await a.channel()).declare_queue("fila")
        with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
            await (await b.channel()).get_queue("fila")


async def test_a_database_comes_empty_and_survives_a_restart(postgres_server: PostgresServer, vazio: str) -> None:
    conexao = await asyncpg.connect(vazio)
    assert await conexao.fetchval("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == 0
    await conexao.execute("CREATE TABLE t (x int)")
    await conexao.close()
    await asyncio.to_thread(postgres_server.restart)
    conexao = await asyncpg.connect(vazio)
    assert await conexao.fetchval("SELECT count(*) FROM t") == 0
    await conexao.close()


def test_a_missing_program_says_what_to_run() -> None:
    with pytest.raises(ServerMissing, match="make test"):
        find_program("usr/lib/no-such-server/bin/*")


async def test_a_server_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    codigo = (
        "import sys, time; from pathlib import Path; from tests.servers.process import GuardedProcess;"
        f"p = GuardedProcess(['sleep', '600'], env={{}}, cwd=Path('/'), log=Path('{tmp_path}/log'));"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", codigo, cwd=debian.ROOT, stdout=subprocess.PIPE
    )
    assert starter.stdout
    pid = int(await starter.stdout.readline())
    assert _is_alive(pid)
    starter.kill()
    await starter.wait()
    await eventually(lambda: not _is_alive(pid))


def test_ending_a_server_twice_is_harmless(tmp_path: Path) -> None:
    processo = GuardedProcess(["/bin/sleep", "600"], env={}, cwd=tmp_path, log=tmp_path / "log")
    processo.end(signal.SIGTERM)
    processo.end(signal.SIGTERM)
    assert not processo.is_running


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
