"""An attacker who weighs on the gateway: bodies too large or packed, slowness on either side, and guesses."""

from __future__ import annotations

import asyncio
import gzip
import resource
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.gateway import middleware, protocolo
from services.gateway.api import BASE
from services.gateway.protocolo import DESCRITORES
from services.gateway.store.chaves import PREFIXO
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao, write_request
from tests.gateway.cadastro import add_loja
from tests.gateway.operacoes import OPERACOES
from tests.gateway.vizinhos import settle


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


# --- size -------------------------------------------------------------------------------------------------------------


async def test_a_body_over_the_limit_is_refused_by_its_length_before_it_is_read(balcao: Balcao) -> None:
    vizinho = await settle(balcao, "17.308", 0)
    for operacao in OPERACOES:
        if operacao.corpo is None and operacao.formulario is None:
            continue
        tipo = "multipart/form-data; boundary=x" if operacao.formulario else "application/json"
        pedido = write_request(
            balcao,
            f"{operacao.metodo} {operacao.fill(vizinho.ids)}",
            f"Content-Type: {tipo}",
            "Content-Length: 30000000",
        )
        async with asyncio.timeout(5):
            leitor, escritor = await asyncio.open_connection("127.0.0.1", balcao.gateway.porta)
            escritor.write(pedido)
            assert (await leitor.readline()).split()[1] == b"413", str(operacao)
            escritor.close()


async def test_a_body_that_unpacks_to_more_than_the_limit_is_refused_while_it_unpacks(balcao: Balcao) -> None:
    bomba = gzip.compress(b" " * (40 << 20), 9)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    antes = psutil.Process().memory_info().rss
    resposta = await balcao.call("POST", "bilhetes", data=bomba, headers=headers)
    assert resposta.recusa == (413, "requisicao.grande_demais")
    assert psutil.Process().memory_info().rss - antes < 20 << 20


async def test_a_packed_form_is_refused_unopened(balcao: Balcao) -> None:
    """A form's preamble has no end of its own: 20 MB of it may be gigabytes of lines."""
    await add_loja(balcao.pool)
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": "gzip"}
    inicio = time.monotonic()
    resposta = await balcao.call("POST", "planilhas", data=gzip.compress(b"\n" * (20 << 20), 9), headers=headers)
    assert resposta.recusa == (415, "requisicao.comprimida")
    assert time.monotonic() - inicio < 5


# --- slowness ---------------------------------------------------------------------------------------------------------


async def drip(balcao: Balcao, inicio: bytes, gota: bytes) -> float:
    """Send a beginning, then a drop at a time, until the gateway closes; how long it let that go on."""
    leitor, escritor = await asyncio.open_connection("127.0.0.1", balcao.gateway.porta)
    antes = time.monotonic()
    escritor.write(inicio)
    try:
        async with asyncio.timeout(10):
            while not leitor.at_eof():
                escritor.write(gota)
                try:
                    async with asyncio.timeout(0.05):
                        await leitor.read(1000)
                except TimeoutError:
                    continue
    except ConnectionError:
        pass
    finally:
        escritor.close()
    return time.monotonic() - antes


PEDIDO = b"GET / HTTP/1.1\r\nHost: a\r\n"
COMECOS = (b"", PEDIDO, PEDIDO + b"\r\n" + PEDIDO)


async def test_heads_that_come_a_letter_at_a_time_hold_nobody_up(
    balcao: Balcao, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocolo, "CABECALHO_S", 0.5)
    gotas = [(inicio, b"X-A: b\r\n" if inicio else b"") for inicio in COMECOS]
    lentas = [asyncio.create_task(drip(balcao, *gota)) for gota in gotas * 30]
    async with asyncio.timeout(5):
        assert (await balcao.call("GET", "execucoes")).status == 200
    assert all(0.3 < duracao < 6 for duracao in await asyncio.gather(*lentas))


async def test_a_body_that_comes_a_letter_at_a_time_is_given_up(
    balcao: Balcao, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "LEITURA_S", 0.3)
    pedido = write_request(balcao, f"POST {BASE}/bilhetes", "Content-Type: application/json", "Content-Length: 999999")
    leitor, escritor = await asyncio.open_connection("127.0.0.1", balcao.gateway.porta)
    escritor.write(pedido + b"{")
    async with asyncio.timeout(5):
        assert b"408" in await leitor.readline()
    escritor.close()


async def test_an_answer_that_nobody_takes_is_not_kept_for_ever(
    balcao: Balcao, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocolo, "PARADA_S", 0.3)
    vizinho = await settle(balcao, "17.308", 0)
    arquivo = await balcao.gateway.ctx.files.place("PASTA/grande.pdf", b"%PDF" + bytes(12 << 20))
    await balcao.pool.execute(
        "UPDATE boletos SET arquivo_caminho = $1, arquivo_sha256 = $2", arquivo.caminho, arquivo.sha256
    )
    with socket.socket() as parado:
        parado.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        parado.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        parado.connect(("127.0.0.1", balcao.gateway.porta))
        parado.sendall(write_request(balcao, f"GET {BASE}/boletos/{vizinho.ids['boletos/{id}']}/pdf"))
        await eventually(is_sending)
        await eventually(lambda: not is_sending(), 10)


def is_sending() -> bool:
    return any("_handle_request" in repr(tarefa) for tarefa in asyncio.all_tasks())


async def test_as_many_connections_as_the_system_lets_it_have(database_url: str, tmp_path: Path) -> None:
    """A shell's 1,024 are fewer than the sockets that a gateway is to hold."""
    mole, duro = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as pilha:
        pilha.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (mole, duro))
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, duro))
        async with open_balcao(database_url, tmp_path):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(DESCRITORES, duro)


# --- guessing ---------------------------------------------------------------------------------------------------------


async def test_who_guesses_is_told_how_long_to_wait(balcao: Balcao) -> None:
    entrada: Any = {"email": "ana@exemplo.com.br", "senha": "errada"}
    balcao.chaves["errada"] = PREFIXO + "y" * 43
    balcao.gateway.ctx.falhas_senha.maximo = 1
    chaves = [await balcao.call("GET", "execucoes", chave="errada") for _ in range(21)]
    senhas = [await balcao.call("POST", "sessao", entrada, chave=None) for _ in range(2)]
    for recusa, janela_s in ((chaves[-1], 60), (senhas[-1], 300)):
        assert recusa.recusa == (429, "acesso.muitas_tentativas")
        assert 1 <= int(recusa.headers["Retry-After"]) <= janela_s


async def test_a_network_of_ipv6_addresses_guesses_as_one(database_url: str, tmp_path: Path) -> None:
    """A customer is given 2^64 of them: counted one by one, nobody would ever be slowed down."""
    async with open_balcao(database_url, tmp_path, proxies="127.0.0.1") as balcao:
        balcao.chaves["errada"] = PREFIXO + "y" * 43

        async def guess(endereco: str) -> int:
            headers = {"X-Forwarded-For": endereco}
            return (await balcao.call("GET", "execucoes", chave="errada", headers=headers)).status

        assert [await guess(f"2001:db8:1:2:{numero}::9") for numero in range(21)] == [401] * 20 + [429]
        assert await guess("2001:db8:1:3::9") == 401
        # The same address in its other notation.
        assert [await guess("::ffff:203.0.113.7") for _ in range(20)] == [401] * 20
        assert await guess("203.0.113.7") == 429
