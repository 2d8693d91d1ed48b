"""S3 as the file store of the services apart: killed between upload and row, out of reach, told to slow down."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.faults.bancada import Arranjo, Bancada, Servidores, open_bancada
from tests.faults.invariantes import check
from tests.servers.s3 import S3, Falha, open_s3

pytestmark = pytest.mark.timeout(400)


@asynccontextmanager
async def bench_on_s3(pasta: Path, servidores: Servidores) -> AsyncIterator[tuple[Bancada, S3]]:
    """Afterwards the bucket's objects lie in the folder that the invariants look at."""
    with open_s3() as s3:
        arranjo = Arranjo(ambiente=s3.ambiente | {"CANOPUS_STORAGE_URL": "s3://balde/prefixo"})
        async with open_bancada(pasta, servidores, arranjo) as bancada:
            yield bancada, s3
            await bancada.finish()
            assert not s3.partes_soltas
            for chave, dados in s3.objetos.items():
                destino = bancada.implantacao.downloads / chave.removeprefix("prefixo/")
                destino.parent.mkdir(parents=True, exist_ok=True)
                destino.write_bytes(dados)
            await check(bancada)


def is_boleto(chave: str) -> bool:
    return chave.endswith(".pdf")


def is_captura(chave: str) -> bool:
    return "/capturas/" in chave


@pytest.mark.faltas
@pytest.mark.parametrize(
    ("nome", "gravou"), [("namer", is_boleto), ("scraper-1", is_captura)], ids=["boleto", "captura"]
)
async def test_a_process_killed_between_upload_and_row_costs_nothing(
    tmp_path: Path, servidores: Servidores, nome: str, gravou: Callable[[str], bool]
) -> None:
    async with bench_on_s3(tmp_path, servidores) as (bancada, s3):
        morto = threading.Event()

        def kill(chave: str) -> None:
            if gravou(chave) and not morto.is_set():
                morto.set()
                bancada.implantacao.kill(nome)

        s3.ao_gravar = kill
        await bancada.submit()
        await eventually(morto.is_set, 60)
        await asyncio.to_thread(bancada.implantacao.processos[nome].wait)
        bancada.implantacao.restart(nome)


@pytest.mark.faltas
@pytest.mark.parametrize("falha", [Falha(0), Falha(503, "SlowDown")], ids=["fora", "devagar"])
async def test_a_bucket_out_of_reach_for_some_seconds_costs_nothing(
    tmp_path: Path, servidores: Servidores, falha: Falha
) -> None:
    async with bench_on_s3(tmp_path, servidores) as (bancada, s3):
        await bancada.submit()
        await bancada.wait_prontos(3)
        s3.falhas = [falha] * 1_000_000
        await asyncio.sleep(8)
        s3.falhas = []
