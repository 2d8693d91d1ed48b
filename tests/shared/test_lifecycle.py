"""Signals end a process gracefully, and a bound ends what does not; shown on processes of their own."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.bus import BusUnavailable
from shared.lifecycle import Stop, run
from shared.settings import ConfiguracaoInvalida

RAIZ = Path(__file__).parents[2]

SERVICE = """
import asyncio, sys
from shared.lifecycle import Stop, run

async def main(stop: Stop) -> int | None:
    print("ready", flush=True)
    try:
        await stop.wait()
        {ending}
    finally:
        print("closed", flush=True)

sys.exit(run(main, grace_s={grace_s}))
"""


def start(ending: str, grace_s: float = 30) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE.format(ending=ending, grace_s=grace_s)],
        cwd=RAIZ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        saida, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    return process.returncode, saida


@pytest.mark.parametrize("numero", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_process_close_what_it_opened_and_exit_with_zero(numero: signal.Signals) -> None:
    process = start("print('handing back', flush=True)")
    process.send_signal(numero)
    assert end(process) == (0, "handing back\nclosed\n")


def test_what_does_not_stop_within_its_grace_is_cancelled_and_the_exit_code_says_so() -> None:
    process = start("await asyncio.sleep(600)", grace_s=0.1)
    process.send_signal(signal.SIGTERM)
    assert end(process) == (1, "closed\n")


def test_a_second_signal_stops_at_once() -> None:
    process = start("print('waiting', flush=True); await asyncio.sleep(600)")
    process.send_signal(signal.SIGINT)
    assert process.stdout
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    assert end(process) == (1, "closed\n")


def test_the_exit_code_is_what_main_returns() -> None:
    async def main(stop: Stop) -> int | None:
        return 3

    assert run(main) == 3


@pytest.mark.parametrize(
    "erro", [ConfiguracaoInvalida("CANOPUS_X: faltou."), BusUnavailable("RabbitMQ não respondeu.")]
)
def test_a_start_that_cannot_succeed_ends_with_one_line_even_from_inside_a_task_group(
    erro: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main(stop: Stop) -> int | None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())
        return 0

    async def fail() -> None:
        raise erro

    with pytest.raises(SystemExit) as saida:
        run(main)
    assert saida.value.code == 1
    assert capsys.readouterr().err == f"canopus: {erro}\n"


def test_another_error_keeps_its_traceback() -> None:
    async def main(stop: Stop) -> int | None:
        raise KeyError("defect")

    with pytest.raises(KeyError):
        run(main)
