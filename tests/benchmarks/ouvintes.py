"""A thousand sockets read with as little as can be: counts text frames and notes when each came.

`ouvintes <host> <port> <path> <how many> <authorization or -> <subscription or ->`. Says "pronto" once every socket
has what its subscription is answered with; then, for each line `<events> <file>` on stdin, waits until every socket
has got so many more frames, writes the times of arrival (seq of the event, seconds) to the file and says "visto".
"""

from __future__ import annotations

import array
import asyncio
import base64
import os
import struct
import sys
import time

PONG = b"\x8a\x80" + bytes(4)


class Conta:
    """Of all sockets: frames since the last order, and their times."""

    def __init__(self) -> None:
        self.seqs = array.array("q")
        self.tempos = array.array("d")
        self.espera = 0
        self.completa = asyncio.Event()

    def note(self, seq: int, agora: float) -> None:
        self.seqs.append(seq)
        self.tempos.append(agora)
        if len(self.seqs) == self.espera:
            self.completa.set()

    def start(self, quantos: int) -> None:
        self.espera = quantos
        if len(self.seqs) >= quantos:
            self.completa.set()


class Ouvinte(asyncio.Protocol):
    """The handshake, then frames without a mask: length, text, nothing else looked at but `"seq":`."""

    def __init__(self, pedido: bytes, assinatura: bytes, conta: Conta) -> None:
        self._pedido, self._assinatura, self._conta = pedido, assinatura, conta
        self._resto = b""
        self._aberto = False
        self.pronto: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._respondido = not assinatura

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._pedido)

    def data_received(self, data: bytes) -> None:
        agora = time.time()
        dados = self._resto + data if self._resto else data
        if not self._aberto:
            cabecalho, separador, dados = dados.partition(b"\r\n\r\n")
            if not separador:
                self._resto = cabecalho
                return
            if b" 101 " not in cabecalho:
                raise RuntimeError(cabecalho.decode())
            self._aberto = True
            if self._assinatura:
                self._transport.write(self._assinatura)
            else:
                self.pronto.set_result(None)
        self._resto = self._read_quadros(dados, agora)

    def _read_quadros(self, dados: bytes, agora: float) -> bytes:
        inicio, fim = 0, len(dados)
        while fim - inicio >= 2:
            tamanho, corpo = dados[inicio + 1], inicio + 2
            if tamanho == 126:
                if fim - inicio < 4:
                    break
                tamanho, corpo = int.from_bytes(dados[inicio + 2 : inicio + 4], "big"), inicio + 4
            elif tamanho == 127:
                if fim - inicio < 10:
                    break
                tamanho, corpo = int.from_bytes(dados[inicio + 2 : inicio + 10], "big"), inicio + 10
            if fim < corpo + tamanho:
                break
            self._read(dados[inicio], dados, corpo, corpo + tamanho, agora)
            inicio = corpo + tamanho
        return dados[inicio:]

    def _read(self, tipo: int, dados: bytes, inicio: int, fim: int, agora: float) -> None:
        if tipo == 0x89:
            self._transport.write(PONG)
        elif not self._respondido:
            self._respondido = True
            self.pronto.set_result(None)
        elif tipo == 0x81:
            marca = dados.find(b'"seq":', inicio, fim)
            if marca > 0:
                self._conta.note(int(dados[marca + 6 : dados.index(b",", marca)]), agora)


def mask_quadro(texto: bytes) -> bytes:
    return struct.pack("!BB", 0x81, 0x80 | len(texto)) + bytes(4) + texto


async def main(host: str, porta: str, caminho: str, quantos: str, chave: str, assinatura: str) -> None:
    linhas = [
        f"GET {caminho} HTTP/1.1", f"Host: {host}:{porta}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Version: 13",
    ]  # fmt: skip
    if chave != "-":
        linhas += [f"Authorization: Bearer {chave}", "Sec-WebSocket-Protocol: canopus.v1"]
    pedido = "\r\n".join([*linhas, "", ""]).encode()
    quadro = b"" if assinatura == "-" else mask_quadro(assinatura.encode())
    conta, loop = Conta(), asyncio.get_running_loop()
    for _ in range(int(quantos)):
        _, ouvinte = await loop.create_connection(lambda: Ouvinte(pedido, quadro, conta), host, int(porta))
        await ouvinte.pronto
    sys.stdout.write("pronto\n")
    sys.stdout.flush()
    entrada = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(entrada), sys.stdin)
    while linha := await entrada.readline():
        eventos, arquivo = linha.decode().split()
        conta.start(int(eventos) * int(quantos))
        await conta.completa.wait()
        with open(arquivo, "wb") as saida:  # noqa: ASYNC230, PTH123
            conta.seqs.tofile(saida)
            conta.tempos.tofile(saida)
        conta.seqs, conta.tempos = array.array("q"), array.array("d")
        conta.completa.clear()
        sys.stdout.write("visto\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
