"""Connections to the broker and to the database cut, refused, half-open and slow, with a job under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.bancada import Arranjo, Servidores, open_bancada
from tests.faults.casos import casos
from tests.faults.invariantes import check
from tests.faults.procuracao import Procuracao

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Avaria:
    """What happens to the connections of `lado`."""

    nome: str
    lado: str
    faz: Callable[[Procuracao], Awaitable[None]]

    def __str__(self) -> str:
        return f"{self.lado} {self.nome}"


async def cut(procuracao: Procuracao) -> None:
    for _ in range(6):
        procuracao.cut()
        await asyncio.sleep(0.4)


async def refuse(procuracao: Procuracao) -> None:
    procuracao.refuse()
    await asyncio.sleep(8)


async def hang(procuracao: Procuracao) -> None:
    procuracao.hang()
    await asyncio.sleep(15)


async def hang_long(procuracao: Procuracao) -> None:
    """Longer than a lease, a heartbeat and a statement may take."""
    procuracao.hang()
    await asyncio.sleep(50)


async def stall(procuracao: Procuracao) -> None:
    """What was held back arrives late, all at once."""
    procuracao.hang()
    await asyncio.sleep(12)
    procuracao.heal(reset=False)


async def lag(procuracao: Procuracao) -> None:
    procuracao.slow(atraso_s=0.1)
    await asyncio.sleep(15)


async def trickle(procuracao: Procuracao) -> None:
    procuracao.slow(bytes_s=30_000)
    await asyncio.sleep(15)


AVARIAS = [
    Avaria(nome, lado, faz)
    for lado in ("broker", "banco")
    for nome, faz in (
        ("cortado seis vezes", cut), ("recusa", refuse), ("meio aberto", hang), ("meio aberto por 50 s", hang_long),
        ("parado e de volta", stall), ("com atraso", lag), ("a conta-gotas", trickle),
    )
]  # fmt: skip


@pytest.mark.parametrize("avaria", casos(AVARIAS))
async def test_a_broken_connection_costs_nothing(avaria: Avaria, tmp_path: Path, servidores: Servidores) -> None:
    async with open_bancada(tmp_path, servidores, Arranjo()) as bancada:
        procuracao = bancada.broker if avaria.lado == "broker" else bancada.banco
        await bancada.submit()
        await bancada.wait_prontos(3)
        await avaria.faz(procuracao)
        procuracao.heal()
        await bancada.finish()
        await check(bancada)
