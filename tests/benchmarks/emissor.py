"""The gateway with a feeder beside it, in one process: commits steps of contracts, as the projector would.

Says its port, a key and the execution's number; then, for each line `<events> <a second, 0: at once> <file>` on
stdin, commits them, writes when each was committed (seq, seconds) to the file and says "dito".
"""

from __future__ import annotations

import array
import asyncio
import sys
import time
from pathlib import Path

from services.gateway.store.diario import open_diario
from shared.bus.rabbitmq import RabbitMQBus
from shared.events import EVENTOS
from shared.outcomes import Etapa
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.passos import tell_passo

CONTRATOS = 200
PASSOS = (Etapa.BUSCANDO, Etapa.EMITINDO)


class Fonte:
    """One step of one contract after another, for ever."""

    def __init__(self, balcao: Balcao, execucao_id: int, itens: list[int]) -> None:
        self._balcao, self._execucao_id, self._itens = balcao, execucao_id, itens
        self._vez = 0

    async def commit(self, quantos: int, seqs: array.array[int], tempos: array.array[float]) -> None:
        async with self._balcao.pool.acquire() as conn:
            async with conn.transaction(), open_diario(conn, self._execucao_id) as diario:
                for _ in range(quantos):
                    volta, lugar = divmod(self._vez, len(self._itens))
                    await tell_passo(conn, diario, self._itens[lugar], PASSOS[volta % 2])
                    self._vez += 1
            seq = await conn.fetchval("SELECT seq FROM execucoes_automacao WHERE id = $1", self._execucao_id)
        self._balcao.gateway.ctx.wake()
        agora = time.time()
        for numero in range(quantos):
            seqs.append(seq - quantos + 1 + numero)
            tempos.append(agora)


async def main(database_url: str, amqp_url: str, pasta: str) -> None:
    async with (
        RabbitMQBus(amqp_url, EVENTOS, name="bench") as bus,
        open_balcao(database_url, Path(pasta), bus=bus) as balcao,
    ):
        loja = await add_loja(balcao.pool, clientes=CONTRATOS)
        automacao_id = await submit(balcao.pool, loja)
        itens = await list_itens(balcao.pool, automacao_id)
        # Nobody works at it: the dispatcher has nothing to do but to look.
        fonte = Fonte(balcao, itens[0]["execucao_id"], [item["id"] for item in itens])
        await fonte.commit(1, array.array("q"), array.array("d"))
        sys.stdout.write(f"{balcao.gateway.porta} {balcao.chaves['leitura']} {automacao_id}\n")
        sys.stdout.flush()
        entrada = asyncio.StreamReader()
        protocolo = asyncio.StreamReaderProtocol(entrada)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocolo, sys.stdin)
        while linha := await entrada.readline():
            eventos, ritmo, arquivo = linha.decode().split()
            seqs, tempos = array.array("q"), array.array("d")
            if float(ritmo) == 0:
                await fonte.commit(int(eventos), seqs, tempos)
            else:
                proximo = time.monotonic()
                for _ in range(int(eventos)):
                    await fonte.commit(1, seqs, tempos)
                    proximo += 1 / float(ritmo)
                    await asyncio.sleep(max(0.0, proximo - time.monotonic()))
            with open(arquivo, "wb") as saida:  # noqa: ASYNC230, PTH123
                seqs.tofile(saida)
                tempos.tofile(saida)
            sys.stdout.write("dito\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
