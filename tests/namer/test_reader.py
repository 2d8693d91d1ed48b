"""Reading in a child process: the same rows, and a parser that dies, hangs or swells costs one process."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import time
import zipfile
from pathlib import Path

import pytest

from services.namer.intake import PlanilhaRecusada
from services.namer.reader import Leitor, LeituraFalhou, run_filho
from services.namer.workbook import read_planilha
from tests.eventually import eventually
from tests.namer.planilhas import make_cpf, make_generica

DADOS = make_generica(["CPF", "NOME"], [[make_cpf(1), "ANA LIMA - IMÓVEL 70%"], [make_cpf(2), "RUI"], ["x", "EVA"]])


async def test_the_child_reads_what_the_reader_reads() -> None:
    leitor = Leitor(("IMOVEL",))
    lida = await leitor.read(DADOS)
    assert lida == read_planilha(DADOS, ("IMOVEL",))
    assert lida.linhas[0].nome == "ANA LIMA"


async def test_a_refusal_crosses_the_process_with_its_text() -> None:
    with pytest.raises(PlanilhaRecusada, match="não é uma planilha do Excel"):
        await Leitor(()).read(b"CPF;NOME")


def test_the_child_answers_rows_or_a_refusal() -> None:
    saidas = []
    for dados in (DADOS, b""):
        saida = io.BytesIO()
        run_filho(io.BytesIO(json.dumps([]).encode() + b"\n" + dados), saida)
        saidas.append(saida.getvalue())
    assert saidas[0].startswith(b'L{"aba":')
    assert saidas[1].decode().startswith("RO arquivo está vazio")


def make_gigante() -> bytes:
    """A sheet of a few kilobytes whose last cell stands so far out that all before it fill three gigabytes."""
    original = io.BytesIO(make_generica(["CPF", "NOME"], [[make_cpf(1), "ANA"]]))
    saida = io.BytesIO()
    with zipfile.ZipFile(original) as antes, zipfile.ZipFile(saida, "w", zipfile.ZIP_DEFLATED) as depois:
        for nome in antes.namelist():
            dados = antes.read(nome)
            if nome.endswith("sheet1.xml"):
                longe = b'<row r="1048576"><c r="CL1048576"><v>1</v></c></row></sheetData>'
                dados = dados.replace(b"</sheetData>", longe)
            depois.writestr(nome, dados)
    return saida.getvalue()


async def test_a_sheet_that_claims_all_memory_is_an_error_and_not_the_end() -> None:
    leitor = Leitor(())
    inicio = time.perf_counter()
    with pytest.raises(LeituraFalhou, match="caiu"):
        await leitor.read(make_gigante())
    assert time.perf_counter() - inicio < 10
    assert (await leitor.read(DADOS)).total == 3


def list_filhos() -> list[int]:
    """The reading children of this process."""
    return [pid for pid in list_pids() if b"services.namer.reader" in read_proc(pid, "cmdline")]


def list_pids() -> list[int]:
    pids = []
    for tarefa in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            pids += [int(pid) for pid in (tarefa / "children").read_text().split()]
    return pids


def read_proc(pid: int, nome: str) -> bytes:
    with contextlib.suppress(OSError):  # a process that has just ended
        return Path("/proc", str(pid), nome).read_bytes()
    return b""


async def find_filho() -> int:
    return (await eventually(list_filhos))[0]


async def test_a_reader_that_is_killed_is_an_error_and_not_a_hang() -> None:
    leitor = Leitor((), paralelas=1)
    leitura = asyncio.create_task(leitor.read(DADOS))
    os.kill(await find_filho(), signal.SIGKILL)
    with pytest.raises(LeituraFalhou, match="caiu"):
        await leitura
    assert (await leitor.read(DADOS)).total == 3


async def test_a_reader_that_hangs_is_ended() -> None:
    leitor = Leitor((), timeout_s=1)
    leitura = asyncio.create_task(leitor.read(DADOS))
    os.kill(await find_filho(), signal.SIGSTOP)
    with pytest.raises(LeituraFalhou, match="não terminou em 1 s"):
        await leitura
    await eventually(lambda: not list_filhos())


@pytest.mark.parametrize("passos", [*range(10), 100, 1000])
async def test_a_reading_that_is_cancelled_at_any_moment_leaves_no_process(passos: int) -> None:
    leitura = asyncio.create_task(Leitor(()).read(DADOS))
    for _ in range(passos):
        await asyncio.sleep(0)
    leitura.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(leitura, 5)
    assert not list_filhos()


async def test_the_child_is_given_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANOPUS_FERNET_KEYS", "segredo")
    leitura = asyncio.create_task(Leitor(()).read(DADOS))
    pid = await find_filho()
    ambiente = read_proc(pid, "environ")
    await leitura
    assert b"segredo" not in ambiente
