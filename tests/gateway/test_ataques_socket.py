"""An attacker at the socket: frames that may not be, too many of everything, and a reader that does not read."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import socket as sockets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from services.gateway import socket as gateway_socket
from services.gateway.api import BASE
from services.gateway.live import LiveOptions
from services.gateway.socket import FILA_BYTES, QUADRO_BYTES, Socket
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao, read_quadro, subscribe
from tests.gateway.cadastro import add_loja, submit

TEXTO, CONTINUACAO, PING = 0x1, 0x0, 0x9


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    opcoes = LiveOptions(assinaturas_maximo=3, sockets_maximo=3, espera_leitor_s=0.5, autenticacao_s=0.5)
    async with open_balcao(database_url, tmp_path, live_options=opcoes) as aberto:
        yield aberto


def frame(
    dados: bytes, tipo: int = TEXTO, *, fim: bool = True, mascara: bool = True, tamanho: int | None = None
) -> bytes:
    """As it goes over the wire; tamanho: what it says of itself."""
    tamanho = len(dados) if tamanho is None else tamanho
    bit = 0x80 if mascara else 0
    if tamanho < 126:
        cabeca = struct.pack("!BB", fim << 7 | tipo, bit | tamanho)
    elif tamanho < 1 << 16:
        cabeca = struct.pack("!BBH", fim << 7 | tipo, bit | 126, tamanho)
    else:
        cabeca = struct.pack("!BBQ", fim << 7 | tipo, bit | 127, tamanho)
    return cabeca + (bytes(4) if mascara else b"") + dados


@asynccontextmanager
async def raw_socket(
    balcao: Balcao, *, recebe: int | None = None, chave: str = "leitura"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Behind the handshake. recebe: how many bytes its system takes for it while it reads nothing."""
    sock = sockets.socket()
    if recebe is not None:
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, recebe)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", balcao.gateway.porta))
    leitor, escritor = await asyncio.open_connection(sock=sock, limit=1 << 14)
    linhas = [
        f"GET {BASE}/ws HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Protocol: canopus.v1",
        f"Authorization: {balcao.headers(chave)['Authorization']}",
    ]  # fmt: skip
    escritor.write("\r\n".join([*linhas, "", ""]).encode())
    assert b" 101 " in await leitor.readuntil(b"\r\n\r\n")
    yield leitor, escritor
    escritor.close()


async def read_close(leitor: asyncio.StreamReader) -> int | None:
    """The code of the farewell, past all that comes before it; None: there was none, just the end."""
    async with asyncio.timeout(15):
        while True:
            try:
                tipo, tamanho = await leitor.readexactly(2)
                if tamanho > 125:
                    tamanho = int.from_bytes(await leitor.readexactly(2 if tamanho == 126 else 8))
                dados = await leitor.readexactly(tamanho)
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            if tipo == 0x88:
                return int.from_bytes(dados[:2])


RUINS = {
    "longer than any frame needs": (frame(b"x" * (QUADRO_BYTES + 1)), 1009),
    "that says it is endless": (frame(b"", tamanho=1 << 62), 1009),
    "in parts, longer together": (
        frame(b"x" * 10_000, fim=False) + frame(b"x" * 10_000, CONTINUACAO), 1009,
    ),
    "of a kind that does not exist": (frame(b"x", 0x3), 1002),
    "a part of nothing": (frame(b"x", CONTINUACAO), 1002),
    "a ping longer than pings are": (frame(b"x" * 200, PING), 1002),
    "a text that is no text": (frame(b"\xff\xfe"), 1007),
    "no frame": (b"\xff" * 64, 1002),
}  # fmt: skip


async def test_a_frame_that_may_not_be_ends_its_socket_alone(balcao: Balcao) -> None:
    async with balcao.socket() as vizinho:
        for nome, (bruto, codigo) in RUINS.items():
            async with raw_socket(balcao) as (leitor, escritor):
                escritor.write(bruto)
                assert await read_close(leitor) == codigo, nome
            await eventually(lambda: len(balcao.gateway.ctx.live.sockets) == 1)
        assert (await subscribe(vizinho, "*"))["tipo"] == "estado"


async def test_bytes_at_random_never_end_more_than_their_socket(
    balcao: Balcao, caplog: pytest.LogCaptureFixture
) -> None:
    sorte = random.Random(7)
    async with balcao.socket() as vizinho:
        for _ in range(30):
            async with raw_socket(balcao) as (_, escritor):
                escritor.write(sorte.randbytes(sorte.randrange(1, 400)))
            await eventually(lambda: len(balcao.gateway.ctx.live.sockets) == 1)
        assert (await subscribe(vizinho, "*"))["tipo"] == "estado"
    assert not [registro for registro in caplog.records if registro.levelname == "ERROR"]


async def test_one_socket_has_so_many_subscriptions_and_those_go_on(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    ids = [await submit(balcao.pool, loja) for _ in range(4)]
    async with balcao.socket() as ws:
        for id in ids[:3]:
            assert (await subscribe(ws, id))["tipo"] == "estado"
        assert (await subscribe(ws, ids[3]))["codigo"] == "socket.assinaturas_demais"
        await ws.send_json({"tipo": "cancelar_assinatura", "automacao_id": str(ids[0])})
        assert (await subscribe(ws, ids[3]))["tipo"] == "estado"
        assert (await subscribe(ws, "*"))["tipo"] == "estado"


async def test_an_execution_asked_for_again_is_no_further_subscription(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    ids = [await submit(balcao.pool, loja) for _ in range(3)]
    async with balcao.socket() as ws:
        for id in (*ids, ids[0], ids[1], ids[2]):
            assert (await subscribe(ws, id))["tipo"] == "estado"


async def test_one_gateway_has_so_many_sockets_and_says_when_to_come_back(balcao: Balcao) -> None:
    async with balcao.socket(), balcao.socket(), balcao.socket():
        with pytest.raises(aiohttp.WSServerHandshakeError) as recusa:
            async with balcao.socket():
                pass
        assert recusa.value.status == 503
        assert recusa.value.headers and int(recusa.value.headers["Retry-After"]) >= 1
    await eventually(lambda: not balcao.gateway.ctx.live.sockets)
    async with balcao.socket() as ws:
        assert (await subscribe(ws, "*"))["tipo"] == "estado"


def measure_fila(balcao: Balcao) -> int:
    """Bytes that wait for the one reader."""
    [aberto] = balcao.gateway.ctx.live.sockets
    assert isinstance(aberto, Socket)
    return sum(len(quadro) for quadro in aberto._fila._quadros if isinstance(quadro, bytes))


async def test_snapshots_that_nobody_reads_are_made_no_faster_than_they_are_taken(
    balcao: Balcao, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is of a whole execution: counted as frames, a queue of them is gigabytes."""
    monkeypatch.setattr(gateway_socket, "FILA_BYTES", 256 << 10)
    loja = await add_loja(balcao.pool, clientes=400)
    id = await submit(balcao.pool, loja)
    pedido = frame(json.dumps({"tipo": "assinar", "automacao_id": str(id)}).encode())
    async with raw_socket(balcao, recebe=4096) as (leitor, escritor):
        escritor.write(pedido * 200)
        await eventually(lambda: measure_fila(balcao))
        maior = 1
        while balcao.gateway.ctx.live.sockets:
            maior = max(maior, measure_fila(balcao))
            await asyncio.sleep(0.01)
        assert maior < 700 << 10
        # Cut by the rule for readers that stop.
        assert await read_close(leitor) in (4008, None)


def test_what_waits_for_one_reader_is_a_few_megabytes() -> None:
    assert FILA_BYTES <= 8 << 20


@pytest.mark.completo
@pytest.mark.timeout(300)
async def test_a_thousand_hostile_sockets_leave_no_memory_behind(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=200)
    id = await submit(balcao.pool, loja)
    pedido = frame(json.dumps({"tipo": "assinar", "automacao_id": str(id)}).encode())
    processo = psutil.Process()
    rss: list[int] = []
    for _ in range(5):
        for rodada in range(200):
            async with raw_socket(balcao, recebe=4096) as (_, escritor):
                escritor.write(pedido * 5 + list(RUINS.values())[rodada % len(RUINS)][0])
            await eventually(lambda: not balcao.gateway.ctx.live.sockets)
        rss.append(processo.memory_info().rss)
    assert rss[-1] - rss[1] < 20 << 20, [f"{valor >> 20} MB" for valor in rss]


async def test_a_socket_without_a_ticket_is_given_little_time_and_one_frame(balcao: Balcao) -> None:
    async with balcao.socket(None) as ws:
        mensagem = await ws.receive(timeout=5)
        assert json.loads(mensagem.data)["codigo"] == "acesso.sem_chave"
    async with balcao.socket(None) as ws:
        for _ in range(5):
            await ws.send_json({"tipo": "autenticar", "bilhete": "x" * 100})
        quadro: Any = await read_quadro(ws)
        assert quadro["codigo"] == "acesso.bilhete_invalido"
        assert (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
