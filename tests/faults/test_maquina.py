"""The machine's own faults: the file store out of reach, the disk full, the clock moved."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
import pytest

from setup.clock import LIBRARY
from tests.eventually import eventually
from tests.faults.bancada import FINAIS, Arranjo, Bancada, Servidores, open_bancada
from tests.faults.casos import casos
from tests.faults.invariantes import check
from tests.servers.postgres import PostgresServer
from tests.servers.process import find_program

pytestmark = pytest.mark.timeout(400)

# Less than a boleto has, more than what else a service writes at once.
TETO_BYTES = 60_000


@contextlib.contextmanager
def store_away(bancada: Bancada) -> Iterator[None]:
    """Where the folder was lies something that is none, as where a share is no longer mounted. Root minds no rights."""
    raiz = bancada.implantacao.downloads
    longe = raiz.with_name("longe")
    raiz.rename(longe)
    raiz.write_bytes(b"")
    try:
        yield
    finally:
        raiz.unlink()
        longe.rename(raiz)


@pytest.mark.faltas
@pytest.mark.parametrize("arranjo", [Arranjo(), Arranjo(up=True)], ids=["separados", "up"])
async def test_a_file_store_out_of_reach_for_some_seconds_costs_nothing(
    arranjo: Arranjo, tmp_path: Path, servidores: Servidores
) -> None:
    async with open_bancada(tmp_path, servidores, arranjo) as bancada:
        await bancada.submit()
        await bancada.wait_prontos(3)
        with store_away(bancada):
            await asyncio.sleep(6)
        await bancada.finish()
        await check(bancada)


@pytest.mark.parametrize("alvo", casos(["scraper-1", "namer", "up"]))
async def test_a_full_disk_pauses_and_goes_on_when_there_is_room(
    alvo: str, tmp_path: Path, servidores: Servidores
) -> None:
    async with open_bancada(tmp_path, servidores, Arranjo(up=alvo == "up")) as bancada:
        await bancada.submit()
        await bancada.wait_prontos(2)
        processo = psutil.Process(bancada.implantacao.processos[alvo].pid)
        processo.rlimit(resource.RLIMIT_FSIZE, (TETO_BYTES, resource.RLIM_INFINITY))
        parados = [await wait_parada(bancada, automacao_id) for automacao_id in bancada.ids]
        assert "pausada" in parados
        processo.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for automacao_id, status in zip(bancada.ids, parados, strict=True):
            if status == "pausada":
                await bancada.call("POST", f"execucoes/{automacao_id}/retomar")
        await bancada.finish()
        await check(bancada)


async def wait_parada(bancada: Bancada, automacao_id: str) -> str:
    """Its status when it has ended, or is paused with nothing in hand any more."""

    async def look() -> str | None:
        execucao = (await bancada.call("GET", f"execucoes/{automacao_id}"))["execucao"]
        calma = execucao["status"] == "pausada" and not execucao["contadores"]["processando"]
        return str(execucao["status"]) if calma or execucao["status"] in FINAIS else None

    achado = await eventually(look, 90, 0.2)
    assert achado
    return achado


@dataclass(frozen=True)
class Relogio:
    """The clock of whoever is started with `ambiente`; the monotonic one goes on undisturbed, as it does in truth."""

    arquivo: Path
    ambiente: dict[str, str]

    def move(self, quanto: str) -> None:
        self.arquivo.write_text(quanto)


@contextlib.contextmanager
def open_relogio() -> Iterator[Relogio]:
    with tempfile.TemporaryDirectory(prefix="canopus-relogio-") as pasta:
        Path(pasta).chmod(0o755)  # the database runs as another user
        arquivo = Path(pasta) / "agora"
        ambiente = {
            "LD_PRELOAD": str(find_program(LIBRARY)), "FAKETIME_TIMESTAMP_FILE": str(arquivo),
            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
        relogio = Relogio(arquivo, ambiente)
        relogio.move("+0")
        yield relogio


@dataclass(frozen=True)
class Salto:
    """`quem`'s clock moves by `quanto`."""

    quem: str
    quanto: str

    def __str__(self) -> str:
        return f"{self.quem} {self.quanto}"


SALTOS = [Salto(quem, quanto) for quem in ("postgres", "servicos", "todos") for quanto in ("+2h", "-2h", "+45s")]


@pytest.mark.parametrize("salto", casos(SALTOS))
async def test_a_clock_that_is_moved_costs_nothing(salto: Salto, tmp_path: Path, servidores: Servidores) -> None:
    with open_relogio() as relogio:
        arranjo = Arranjo(scrapers=2, contratos=40)
        if salto.quem != "postgres":
            arranjo = replace(arranjo, ambiente=relogio.ambiente)
        do_banco = {} if salto.quem == "servicos" else relogio.ambiente
        async with (
            open_postgres(servidores, do_banco) as com_banco,
            open_bancada(tmp_path, com_banco, arranjo) as bancada,
        ):
            await bancada.submit()
            await bancada.wait_prontos(4)
            relogio.move(salto.quanto)
            if do_banco:
                await wait_moved(bancada)
            await bancada.finish()
            await check(bancada)


async def wait_moved(bancada: Bancada) -> None:
    conn = await asyncpg.connect(bancada.database_url)
    try:

        async def is_moved() -> bool:
            agora = await conn.fetchval("SELECT clock_timestamp()")
            return bool(abs((agora - datetime.now(UTC)).total_seconds()) > 30)

        await eventually(is_moved, 10, 0.2)
    finally:
        await conn.close()


@contextlib.asynccontextmanager
async def open_postgres(servidores: Servidores, ambiente: dict[str, str]) -> AsyncIterator[Servidores]:
    if not ambiente:
        yield servidores
        return
    postgres = await asyncio.to_thread(lambda: PostgresServer(duravel=True, ambiente=ambiente))
    try:
        yield replace(servidores, postgres=postgres)
    finally:
        await asyncio.to_thread(postgres.close)
