"""The least an aiohttp server can do: one ready text sent to every socket, one after another, for each event.

Says its port; then orders as `tests.benchmarks.emissor` takes them.
"""

from __future__ import annotations

import array
import asyncio
import json
import sys
import time

from aiohttp import web

ESPERA = json.dumps({"cliente": "x" * 560})[1:]


async def main() -> None:
    sockets: list[web.WebSocketResponse] = []

    async def accept(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        sockets.append(ws)
        async for _ in ws:
            pass
        return ws

    app = web.Application()
    app.router.add_get("/ws", accept)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    entrada = asyncio.StreamReader()
    protocolo = asyncio.StreamReaderProtocol(entrada)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocolo, sys.stdin)
    numero = 0
    while linha := await entrada.readline():
        eventos, ritmo, arquivo = linha.decode().split()
        seqs, tempos = array.array("q"), array.array("d")
        proximo = time.monotonic()
        for _ in range(int(eventos)):
            numero += 1
            texto = f'{{"tipo":"evento","seq":{numero},{ESPERA}'
            seqs.append(numero)
            tempos.append(time.time())
            for ws in sockets:
                await ws.send_str(texto)
            if float(ritmo):
                proximo += 1 / float(ritmo)
                await asyncio.sleep(max(0.0, proximo - time.monotonic()))
        with open(arquivo, "wb") as saida:  # noqa: ASYNC230, PTH123
            seqs.tofile(saida)
            tempos.tofile(saida)
        sys.stdout.write("dito\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
