"""Sockets: everybody back at once after a restart, readers that stop, and executions whose events are gone."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from asyncpg import Record

from services.gateway import socket as gateway_socket
from services.gateway.api import BASE
from services.gateway.live import PAGINA, LiveOptions
from services.gateway.protocolo import widen_descritores
from services.gateway.store import Conn, Pool
from services.gateway.store.execucoes import list_eventos, pause_execucao, submit_execucao
from services.gateway.sweeper import Guarda, Sweeper
from shared.files import FileStore
from tests import socket_client
from tests.eventually import eventually
from tests.faults.casos import casos
from tests.flow.deployment import deployed
from tests.gateway.balcao import Balcao, open_balcao, read_eventos, read_quadro, subscribe
from tests.gateway.cadastro import HOJE, add_loja, nova, open_base, submit
from tests.gateway.motor import add_eventos, list_quadros
from tests.socket_client import Quadro, SocketClient, Visao

pytestmark = pytest.mark.timeout(300)

SEM_FIM = 1 << 62


@dataclass
class Plateia:
    """Clients of one execution until its `alvo`, and every number that each of them was told."""

    origem: str
    automacao_id: str
    headers: dict[str, str]
    espera_s: float
    alvo: int = SEM_FIM
    clientes: list[SocketClient] = field(default_factory=list)
    ditos: list[list[int]] = field(default_factory=list)

    def add(self) -> SocketClient:
        numeros: list[int] = []
        cliente = SocketClient(
            self.origem, self.automacao_id, self.headers, partial(_note, numeros),
            espera_s=lambda _: random.uniform(0, self.espera_s),
        )  # fmt: skip
        self.clientes.append(cliente)
        self.ditos.append(numeros)
        return cliente

    def has_all(self, visao: Visao) -> bool:
        return (visao.seq or 0) >= self.alvo

    async def wait_seq(self, seq: int) -> None:
        await eventually(lambda: all((c.visao.seq or 0) >= seq for c in self.clientes), 60)

    async def wait_estados(self, quantos: int) -> None:
        """Each has been answered so many times."""
        await eventually(lambda: all(len(c.visao.modos) >= quantos for c in self.clientes), 120, 0.05)


def _note(numeros: list[int], quadro: Quadro) -> None:
    if quadro["tipo"] == "evento":
        numeros.append(quadro["seq"])


@pytest.mark.parametrize("quantos", casos([100, 1000]))
async def test_everybody_comes_back_at_once_after_a_restart_and_has_missed_nothing(
    quantos: int, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widen_descritores()
    # By the socket alone, as often as they like: no one waits longer each time, no one turns to REST.
    monkeypatch.setattr(socket_client, "FALHAS_ATE_REST", SEM_FIM)
    async with deployed(tmp_path, None, database_url) as (implantacao, cliente), open_base(database_url) as pool:
        loja = await add_loja(pool, clientes=20)
        async with pool.acquire() as conn, conn.transaction():
            id = await submit_execucao(conn, nova(loja), HOJE)
            # What is told of it is what is put into the table here, and nothing else.
            await pause_execucao(conn, id, "teste")
        headers = {"Authorization": cliente.sessao.headers["Authorization"]}
        plateia = Plateia(implantacao.origem, str(id), headers, espera_s=quantos / 500)
        async with asyncio.TaskGroup() as grupo:
            for _ in range(quantos):
                grupo.create_task(plateia.add().run(plateia.has_all))
            await plateia.wait_estados(1)
            await add_eventos(pool, id, 20)
            implantacao.kill("up")
            await add_eventos(pool, id, 20)
            inicio = time.monotonic()
            implantacao.restart("up")
            await plateia.wait_estados(2)
            voltaram_s = time.monotonic() - inicio
            plateia.alvo = await add_eventos(pool, id, 20)
        await check_plateia(pool, plateia)
    # The start of the process is part of it.
    assert voltaram_s < 10 + quantos / 50, f"{quantos} clients were back in {voltaram_s:.1f} s"


async def check_plateia(pool: Pool, plateia: Plateia) -> None:
    """Each was told every event behind its first snapshot once, in order, and resumed where it had been cut."""
    linhas = await pool.fetch("SELECT corpo FROM eventos ORDER BY seq")
    todos = [json.loads(linha["corpo"]) for linha in linhas]
    assert plateia.alvo == todos[-1]["seq"] == len(todos)
    for cliente, numeros in zip(plateia.clientes, plateia.ditos, strict=True):
        visao = cliente.visao
        assert numeros == list(range(numeros[0], plateia.alvo + 1))
        assert visao.modos[0] == "inicial" and set(visao.modos[1:]) <= {"retomada"}
        assert visao.eventos == todos[numeros[0] - 1 :]


async def test_readers_that_stop_hold_up_nobody_and_are_cut(database_url: str, tmp_path: Path) -> None:
    opcoes = LiveOptions(fila_maxima=50, espera_leitor_s=1, pulso_s=60, olhada_s=0.02)
    async with open_balcao(database_url, tmp_path, live_options=opcoes) as balcao:
        id = await submit(balcao.pool, await add_loja(balcao.pool))
        plateia = Plateia(balcao.origem, str(id), balcao.headers("leitura"), espera_s=0.1)
        async with aiohttp.ClientSession(read_bufsize=1024) as sessao, asyncio.TaskGroup() as grupo:
            parados = [await open_parado(sessao, balcao, str(id)) for _ in range(5)]
            for _ in range(5):
                grupo.create_task(plateia.add().run(plateia.has_all))
            await plateia.wait_estados(1)
            inicio = time.monotonic()
            for _ in range(20):
                # More than the network between takes: 12 MB for each.
                await plateia.wait_seq(await add_eventos(balcao.pool, id, 30, enchimento="x" * 20_000))
            demora_s = time.monotonic() - inicio
            await eventually(lambda: len(balcao.gateway.ctx.live.sockets) == 5, 20)
            plateia.alvo = await add_eventos(balcao.pool, id, 1)
            for parado in parados:
                assert await read_fim(parado) in (4008, 1006)
        await check_plateia(balcao.pool, plateia)
        assert demora_s < 30


async def open_parado(sessao: aiohttp.ClientSession, balcao: Balcao, id: str) -> aiohttp.ClientWebSocketResponse:
    """Subscribed; then its connection takes nothing more."""
    ws = await sessao.ws_connect(f"{balcao.origem}{BASE}/ws", headers=balcao.headers(), protocols=["canopus.v1"])
    await subscribe(ws, id)
    assert ws._conn is not None and ws._conn.transport is not None
    ws._conn.transport.pause_reading()
    return ws


async def read_fim(ws: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code of its end, past all that waited in the network."""
    if ws._conn is not None and ws._conn.transport is not None:
        ws._conn.transport.resume_reading()
    while (await ws.receive(timeout=20)).type is aiohttp.WSMsgType.TEXT:
        pass
    return ws.close_code


async def test_what_is_purged_before_it_was_read_is_told_by_a_new_beginning(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of what ended a week ago, and the sweeper between two pages of it."""

    async def read_and_purge(conn: Conn, execucao_id: int, desde: int, limite: int) -> Sequence[Record]:
        linhas = await list_eventos(conn, execucao_id, desde, limite)
        await conn.execute("DELETE FROM eventos WHERE execucao_id = $1", execucao_id)
        return linhas

    async with open_balcao(database_url, tmp_path) as balcao:
        id = await submit(balcao.pool, await add_loja(balcao.pool))
        ultimo = await add_eventos(balcao.pool, id, 2 * PAGINA)
        async with balcao.socket() as ws:
            epoca = (await subscribe(ws, id))["epoca"]
            monkeypatch.setattr(gateway_socket, "list_eventos", read_and_purge)
            await subscribe(ws, id, {"epoca": epoca, "seq": 0})
            vistos: list[int] = []
            while (mensagem := await ws.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
                vistos.append(mensagem.json()["seq"])
            # Never silently on, and never for ever in search of them.
            assert (vistos, ws.close_code) == (list(range(1, PAGINA + 1)), 1011)
        cliente = SocketClient(balcao.origem, str(id), balcao.headers())
        cliente.visao.epoca, cliente.visao.seq = epoca, PAGINA
        visao = await asyncio.wait_for(cliente.run(lambda v: bool(v.modos)), 10)
        assert (visao.modos, visao.seq) == (["reinicio"], ultimo)


async def purge(balcao: Balcao, pasta: Path) -> None:
    """As the sweeper does when an execution has ended long ago."""
    await balcao.pool.execute(
        "UPDATE execucoes_automacao SET status = 'cancelada', finalizado_em = now() - interval '9 days'"
    )
    await balcao.pool.execute("UPDATE eventos SET em = now() - interval '9 days'")
    await Sweeper(balcao.pool, FileStore((pasta / "vazia").as_uri()), lambda: None, Guarda()).clean()
    assert await balcao.pool.fetchval("SELECT count(*) FROM eventos") == 0


async def test_who_listens_to_what_has_ended_stays_and_hears_how_it_ended(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path, live_options=LiveOptions(pulso_s=0.2)) as balcao:
        id = await submit(balcao.pool, await add_loja(balcao.pool, clientes=1))
        async with balcao.socket() as ws:
            estado = await subscribe(ws, id)
            assert (await balcao.call("POST", f"execucoes/{id}/cancelar")).status == 200
            ultimo: int = await balcao.pool.fetchval("SELECT seq FROM execucoes_automacao")
            eventos = await read_eventos(ws, ultimo)
            assert eventos == (await list_quadros(balcao.pool, id))[estado["seq"] :]
            assert eventos[-1]["status"] == "cancelada"
            await purge(balcao, tmp_path)
            assert (await read_quadro(ws))["seqs"] == {str(id): ultimo}
            # Level with the end, a cursor holds though nothing before it is kept; behind it, it does not.
            for seq, modo in ((ultimo, "retomada"), (ultimo - 1, "reinicio")):
                await ws.send_json(
                    {"tipo": "assinar", "automacao_id": str(id), "desde": {"epoca": estado["epoca"], "seq": seq}}
                )
                while (quadro := await read_quadro(ws))["tipo"] == "pulso":
                    pass
                assert (quadro["modo"], quadro["seq"], quadro["execucao"]["status"]) == (modo, ultimo, "cancelada")
            # Its rows may be done again, and the new execution is heard like any other.
            assert (await subscribe_again(balcao, ws))["modo"] == "inicial"


async def subscribe_again(balcao: Balcao, ws: aiohttp.ClientWebSocketResponse) -> Quadro:
    antes = await balcao.pool.fetchval("SELECT automacao_id FROM execucoes_automacao")
    nova = await balcao.call("POST", f"execucoes/{antes}/reprocessar", {"status": ["cancelado"]})
    await ws.send_json({"tipo": "assinar", "automacao_id": nova.data["id"]})
    while (quadro := await read_quadro(ws))["tipo"] == "pulso":
        pass
    return quadro
