"""Events to 1,000 sockets: deliveries a second at most, and how late they are at 50 events a second.

The floor is a bare aiohttp server that sends one ready text to each. The same reader counts for both. Ours counts
from the commit of the event: the outbox, RabbitMQ and the table that it is read from are part of it.
"""

from __future__ import annotations

import array
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.medidas import Alvo, Linha, Plano, alternate, percentil
from tests.benchmarks.processos import Processo, start
from tests.benchmarks.sistema import Servidores, open_servidores
from tests.socket_client import API

TITULO = "Eventos para 1.000 sockets"
SOCKETS, RAJADA, RITMO, SEGUNDOS = 1000, 200, 50, 10


@dataclass
class Lado:
    """A server and its listeners."""

    servidor: Processo
    ouvintes: Processo
    pasta: Path

    async def run(self, eventos: int, ritmo: int) -> tuple[float, list[float]]:
        """(deliveries a second, seconds late of each) from an event's being ready to each socket's having it."""
        ditos, vistos = self.pasta / "ditos", self.pasta / "vistos"
        await self.ouvintes.tell(f"{eventos} {vistos}")
        await self.servidor.tell(f"{eventos} {ritmo} {ditos}")
        await self.servidor.read(120)
        await self.ouvintes.read(120)
        prontos = dict(zip(*_read(ditos), strict=True))
        seqs, tempos = _read(vistos)
        duracao = max(tempos) - min(prontos.values())
        return len(seqs) / duracao, [tempo - prontos[seq] for seq, tempo in zip(seqs, tempos, strict=True)]


def _read(arquivo: Path) -> tuple[array.array[int], array.array[float]]:
    dados = arquivo.read_bytes()
    seqs, tempos = array.array("q"), array.array("d")
    seqs.frombytes(dados[: len(dados) // 2])
    tempos.frombytes(dados[len(dados) // 2 :])
    return seqs, tempos


async def medir(plano: Plano) -> list[Linha]:
    sockets, rajada = plano.scale(SOCKETS, 20), plano.scale(RAJADA, 10)
    eventos = plano.scale(RITMO * SEGUNDOS, 20)
    with open_servidores() as servidores, tempfile.TemporaryDirectory() as nome:
        async with (
            _open_nosso(servidores, Path(nome), sockets) as nosso,
            _open_puro(Path(nome), sockets) as puro,
        ):
            lados = {"nosso": nosso, "puro": puro}
            for lado in lados.values():
                await lado.run(10, 0)
            rajadas = await alternate(plano, {n: partial(lado.run, rajada, 0) for n, lado in lados.items()})
            calmas = await alternate(plano, {n: partial(lado.run, eventos, RITMO) for n, lado in lados.items()})
    taxas = {n: tuple(taxa for taxa, _ in rodadas) for n, rodadas in rajadas.items()}
    linhas = [
        Linha("entregas por segundo, no máximo", "/s", taxas["nosso"], "aiohttp puro", taxas["puro"],
              Alvo("nosso/par", "≥", 0.8)),
    ]  # fmt: skip
    for parte, alvo in ((0.5, None), (0.99, Alvo("nosso/par", "≤", 1.5))):
        atrasos = {n: tuple(1000 * percentil(a, parte) for _, a in rodadas) for n, rodadas in calmas.items()}
        rotulo = f"atraso a {RITMO} eventos por segundo, p{100 * parte:.0f}"
        linhas.append(Linha(rotulo, "ms", atrasos["nosso"], "aiohttp puro", atrasos["puro"], alvo))
    return linhas


@contextlib.asynccontextmanager
async def _open_nosso(servidores: Servidores, pasta: Path, sockets: int) -> AsyncIterator[Lado]:
    minha = pasta / "nosso"
    (minha / "dados").mkdir(parents=True)
    amqp_url, database_url = servidores.create()
    emissor = ("-m", "tests.benchmarks.emissor", database_url, amqp_url, str(minha / "dados"))
    async with start(*emissor, log=minha / "log") as servidor:
        porta, chave, automacao_id = (await servidor.read()).split()
        assinatura = json.dumps({"tipo": "assinar", "automacao_id": automacao_id, "desde": None})
        async with _listen(minha, porta, f"{API}/ws", sockets, chave, assinatura) as ouvintes:
            yield Lado(servidor, ouvintes, minha)


@contextlib.asynccontextmanager
async def _open_puro(pasta: Path, sockets: int) -> AsyncIterator[Lado]:
    minha = pasta / "puro"
    minha.mkdir()
    async with start("-m", "tests.benchmarks.pares.aiohttp_puro", log=minha / "log") as servidor:
        porta = await servidor.read()
        async with _listen(minha, porta, "/ws", sockets, "-", "-") as ouvintes:
            yield Lado(servidor, ouvintes, minha)


@contextlib.asynccontextmanager
async def _listen(
    pasta: Path, porta: str, caminho: str, sockets: int, chave: str, assinatura: str
) -> AsyncIterator[Processo]:
    argumentos = ("-m", "tests.benchmarks.ouvintes", "127.0.0.1", porta, caminho, str(sockets), chave, assinatura)
    async with start(*argumentos, log=pasta / "ouvintes.log") as ouvintes:
        if await ouvintes.read(120) != "pronto":
            raise RuntimeError((pasta / "ouvintes.log").read_text(errors="replace"))
        yield ouvintes
