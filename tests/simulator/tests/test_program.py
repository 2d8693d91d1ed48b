"""The simulator as a program of its own."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.simulator.tests.test_scenario import write_example

ROOT = Path(__file__).parents[3]


def test_it_runs_on_loopback_until_it_is_interrupted(tmp_path: Path) -> None:
    log = tmp_path / "registro.jsonl"
    call = "from pathlib import Path; from tests.simulator import run_simulador; run_simulador({})"
    code = call.format(f"0, Path({str(write_example(tmp_path))!r}), Path({str(log)!r})")
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().split()[3]
            assert url.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(f"{url}/frmCorCcCnsLogin.aspx", timeout=10) as answer:
                assert "Login - Newcon" in answer.read().decode()
        finally:
            program.send_signal(signal.SIGINT)
            code_out = program.wait(timeout=60)
    assert code_out == 0
    assert json.loads(log.read_text(encoding="utf-8").splitlines()[0])["pagina"] == "login"
