"""Builds .venv from a lock: `python3 -m setup.venv requirements.txt`. Quick when nothing changed, safe to repeat."""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setup import debian

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Also a program: /bin/sh reads the first line, since a path with spaces, or a long one, fits no #! line.
LAUNCHER = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys
from {module} import {function}
sys.exit({function}())
"""


def main() -> int:
    lock = ROOT / sys.argv[1]
    with _one_at_a_time():
        if not _is_done(lock):
            if not _is_healthy():
                print(f"· criando {VENV.name} com Python {sys.version.split()[0]}", flush=True)
                create(VENV)
            print(f"· instalando {lock.name}", flush=True)
            install(VENV, lock)
            _install_tree()
            _stamp(lock).write_text(_fingerprint(lock))
    return 0


def create(folder: Path) -> None:
    """An empty virtual environment; without pip, which not every Python brings."""
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(folder)


def install(folder: Path, lock: Path) -> None:
    """What the lock names, with the first pip that can be had; ends with what a person has to install if none can."""
    python = folder / "bin" / "python"
    for find in (_own_pip, _system_pip, _system_uv, _pip_wheel):
        if pip := find(python):
            subprocess.run(
                [*pip, "-qq", "--require-hashes", "--only-binary=:all:", "-r", lock],
                check=True,
                env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"},
            )
            return
    sys.exit("Falta o pip. Instale-o (em Debian e Ubuntu: apt install python3-venv) e repita o comando.")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """`make demo` and `make test` may run at once in one checkout."""
    pasta = ROOT / ".servicos"
    pasta.mkdir(exist_ok=True)
    with (pasta / "setup.lock").open("w") as arquivo:
        fcntl.flock(arquivo, fcntl.LOCK_EX)
        yield


def _stamp(lock: Path) -> Path:
    return VENV / f"{lock.name}.ok"


def _fingerprint(lock: Path) -> str:
    """What an environment depends on; a moved checkout needs a new one, for scripts hold absolute paths."""
    partes = (lock.read_bytes(), Path(__file__).read_bytes(), bytes(ROOT), repr(_scripts()).encode())
    return hashlib.sha256(b"\0".join(partes)).hexdigest()


def _is_done(lock: Path) -> bool:
    stamp = _stamp(lock)
    return stamp.is_file() and stamp.read_text() == _fingerprint(lock) and _is_healthy()


def _is_healthy() -> bool:
    """Whether .venv is this checkout's, and its interpreter still there and of the version it was made for."""
    if not PYTHON.exists():
        return False
    codigo = f"import sys, os; sys.exit(not (sys.prefix == {str(VENV)!r} and any(map(os.path.isdir, sys.path[3:]))))"
    return subprocess.run([PYTHON, "-I", "-c", codigo], check=False).returncode == 0


def _works(*argv: str | Path) -> bool:
    return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def _own_pip(python: Path) -> list[str | Path] | None:
    if _works(python, "-m", "pip", "--version") or _works(python, "-m", "ensurepip", "--default-pip"):
        return [python, "-m", "pip", "install"]
    return None


def _system_pip(python: Path) -> list[str | Path] | None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python]
    return [*pip, "install"] if _works(*pip, "--version") else None


def _system_uv(python: Path) -> list[str | Path] | None:
    uv = shutil.which("uv")
    return [uv, "pip", "install", "--python", python] if uv else None


def _pip_wheel(python: Path) -> list[str | Path] | None:
    """The wheel that Debian keeps for virtualenv, installed or unpacked beside the project."""
    pattern = "usr/share/python-wheels/pip-*.whl"
    if not (wheels := debian.find(pattern)) and debian.is_debian():
        debian.unpack("python3-pip-whl")
        wheels = debian.find(pattern)
    return [python, wheels[-1] / "pip", "install"] if wheels else None


def _scripts() -> dict[str, str]:
    projeto = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    scripts: dict[str, str] = projeto["scripts"]
    return scripts


def _install_tree() -> None:
    """The project in develop mode, with no build and no network: a .pth file and the commands.

    Bytecode is compiled here, since PYTHONDONTWRITEBYTECODE in an environment makes every start 2 to 8 times slower.
    """
    (site_packages,) = VENV.glob("lib/python3*/site-packages")
    (site_packages / "canopus.pth").write_text(f"{ROOT}\n")
    for nome, alvo in _scripts().items():
        module, function = alvo.split(":")
        script = VENV / "bin" / nome
        script.write_text(LAUNCHER.format(python=PYTHON, module=module, function=function))
        script.chmod(0o755)
    for pasta in ("services", "shared", "tests"):
        compileall.compile_dir(ROOT / pasta, quiet=2)


if __name__ == "__main__":
    sys.exit(main())
