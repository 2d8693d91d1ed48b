"""What `make setup` promises: locks that say everything and name no registry, and commands that start anywhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from setup import debian, venv

RAIZ = Path(__file__).parents[1]
SERVICOS = ("gateway", "scraper", "namer")
LOCKS = sorted([*RAIZ.glob("requirements*.txt"), *RAIZ.glob("services/*/requirements.txt")])
REQUIREMENT = re.compile(r"^(?P<nome>[a-z0-9-]+)==(?P<versao>\S+)(?P<marca> ;.*?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lock_name(lock: Path) -> str:
    return lock.relative_to(RAIZ).as_posix()


def pins(lock: Path) -> dict[str, str]:
    achados = map(REQUIREMENT.match, lock.read_text(encoding="utf-8").splitlines())
    return {f"{achado['nome']}{achado['marca'] or ''}": achado["versao"] for achado in achados if achado}


def test_there_is_a_lock_for_each_service_one_for_all_and_one_for_development() -> None:
    esperados = {f"services/{servico}/requirements.txt" for servico in SERVICOS}
    assert set(map(lock_name, LOCKS)) == esperados | {"requirements.txt", "requirements-dev.txt"}


@pytest.mark.parametrize("lock", LOCKS, ids=lock_name)
def test_a_lock_holds_versions_and_hashes_and_nothing_else(lock: Path) -> None:
    """An address in a lock would send every other machine to the registry of the one that wrote it."""
    linhas = lock.read_text(encoding="utf-8").splitlines()
    assert not [linha for linha in linhas if not (REQUIREMENT.match(linha) or HASH.match(linha))]
    assert len(pins(lock)) > 20


@pytest.mark.parametrize("lock", LOCKS, ids=lock_name)
def test_a_library_has_one_version_everywhere(lock: Path) -> None:
    todas = pins(RAIZ / "requirements-dev.txt")
    assert not {nome: versao for nome, versao in pins(lock).items() if todas.get(nome) != versao}


@pytest.mark.parametrize("servico", SERVICOS)
def test_a_lock_has_all_that_its_service_declares(servico: str) -> None:
    projeto = tomllib.loads((RAIZ / f"services/{servico}/pyproject.toml").read_text(encoding="utf-8"))["project"]
    declaradas = {re.split(r"[<>=~ ]", dependencia, maxsplit=1)[0] for dependencia in projeto["dependencies"]}
    assert declaradas <= pins(RAIZ / f"services/{servico}/requirements.txt").keys()


def test_a_command_starts_from_a_path_with_spaces(tmp_path: Path) -> None:
    pasta = tmp_path / "a pasta de João"
    pasta.mkdir()
    (pasta / "python").symlink_to(sys.executable)
    (pasta / "modulo.py").write_text("import sys\ndef main(): return len(sys.argv[1])\n")
    comando = pasta / "comando"
    comando.write_text(venv.LAUNCHER.format(python=pasta / "python", module="modulo", function="main"))
    comando.chmod(0o755)
    feito = subprocess.run([comando, "três três"], cwd=pasta, env={"PYTHONPATH": str(pasta)}, timeout=30, check=False)
    assert feito.returncode == 9


def test_a_package_that_cannot_be_had_ends_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian, "is_debian", lambda: False)
    with pytest.raises(SystemExit, match="rabbitmq-server"):
        debian.provide("usr/lib/no-such-program", "rabbitmq-server")
    assert "rabbitmq-server" in capsys.readouterr().out


def test_what_is_installed_goes_before_what_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "UNPACKED", tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").touch()
    (tmp_path / "bin/so-aqui").touch()
    assert debian.find("bin/sh") == [Path("/bin/sh")]
    assert debian.find("bin/so-aqui") == [tmp_path / "bin/so-aqui"]
    assert debian.find("bin/em-lugar-nenhum") == []
