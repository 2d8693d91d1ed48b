"""What `make setup` promises: locks that say everything and name no registry, and commands that start anywhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from setup import debian, venv

RAIZ = Path(__file__).parents[1]
SERVICOS = ("gateway", "scraper", "namer", "previsor")
LOCKS = sorted([*RAIZ.glob("requirements*.txt"), *RAIZ.glob("services/*/requirements.txt")])
REQUIREMENT = re.compile(r"^(?P<nome>[a-z0-9-]+)==(?P<versao>\S+)(?P<marca> ;.*?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lock_name(lock: Path) -> str:
    return lock.relative_to(RAIZ).as_posix()


def pins(lock: Path) -> dict[str, str]:
    achados = map(REQUIREMENT.match, lock.read_text(encoding="utf-8").splitlines())
    return {f"{achado['nome']}{achado['marca'] or ''}": achado["versao"] for achado in achados if achado}


def versions(lock: Path) -> set[tuple[str, str]]:
    return {(nome.split(" ")[0], versao) for nome, versao in pins(lock).items()}


def test_there_is_a_lock_for_each_service_one_for_all_and_those_for_development_and_benchmarks() -> None:
    esperados = {f"services/{servico}/requirements.txt" for servico in SERVICOS}
    todos = {"requirements.txt", "requirements-dev.txt", "requirements-bench.txt"}
    assert set(map(lock_name, LOCKS)) == esperados | todos


@pytest.mark.parametrize("lock", LOCKS, ids=lock_name)
def test_a_lock_holds_versions_and_hashes_and_nothing_else(lock: Path) -> None:
    """An address in a lock would send every other machine to the registry of the one that wrote it."""
    linhas = lock.read_text(encoding="utf-8").splitlines()
    assert not [linha for linha in linhas if not (REQUIREMENT.match(linha) or HASH.match(linha))]
    assert len(pins(lock)) > 20


@pytest.mark.parametrize("lock", LOCKS, ids=lock_name)
def test_a_library_has_one_version_everywhere(lock: Path) -> None:
    """Where a library is needed may be said otherwise: that depends on who else needs it."""
    comuns = {nome for nome, _ in versions(RAIZ / "requirements-dev.txt")}
    if lock.name != "requirements-bench.txt":
        assert {nome for nome, _ in versions(lock)} <= comuns
    assert {(nome, versao) for nome, versao in versions(lock) if nome in comuns} <= versions(
        RAIZ / "requirements-dev.txt"
    )


@pytest.mark.parametrize("servico", SERVICOS)
def test_a_lock_has_all_that_its_service_declares(servico: str) -> None:
    projeto = tomllib.loads((RAIZ / f"services/{servico}/pyproject.toml").read_text(encoding="utf-8"))["project"]
    declaradas = {re.split(r"[<>=~ ]", dependencia, maxsplit=1)[0] for dependencia in projeto["dependencies"]}
    assert declaradas <= {nome.split(" ")[0] for nome in pins(RAIZ / f"services/{servico}/requirements.txt")}


@pytest.mark.parametrize(
    ("lock", "pastas"),
    [(f"services/{servico}/requirements.txt", [f"services/{servico}"]) for servico in SERVICOS]
    + [("requirements.txt", ["services", "shared", "tests/simulator", "tests/samples", "tests/demonstracao.py"])],
)
def test_a_lock_has_all_that_its_code_imports(lock: str, pastas: list[str]) -> None:
    """A library that only the development lock has is there in every test, and missing where it counts."""
    pinned = {nome.split(" ")[0] for nome in pins(RAIZ / lock)}
    distribuicoes = packages_distributions()
    faltam = {
        f"{arquivo.relative_to(RAIZ)}: {modulo}"
        for arquivo in code_of(pastas)
        for modulo in imports_of(arquivo)
        if (donos := distribuicoes.get(modulo.split(".")[0])) and not pinned & {canonical(dono) for dono in donos}
    }
    assert not faltam


def code_of(pastas: list[str]) -> set[Path]:
    """The modules in the folders, tests of theirs aside, and all of `shared` that they reach."""
    fila = [arquivo for pasta in pastas for arquivo in ([RAIZ / pasta] if pasta.endswith(".py") else modules(pasta))]
    achados: set[Path] = set()
    while fila:
        arquivo = fila.pop()
        if arquivo not in achados:
            achados.add(arquivo)
            fila += [found for modulo in imports_of(arquivo) if modulo.startswith("shared.") for found in files(modulo)]
    return achados


def modules(pasta: str) -> list[Path]:
    return [
        arquivo for arquivo in (RAIZ / pasta).rglob("*.py") if "tests" not in arquivo.relative_to(RAIZ / pasta).parts
    ]


def files(modulo: str) -> list[Path]:
    caminho = RAIZ / modulo.replace(".", "/")
    return [found for found in (caminho.with_suffix(".py"), caminho / "__init__.py") if found.is_file()]


def imports_of(arquivo: Path) -> set[str]:
    achados = set()
    for no in ast.walk(ast.parse(arquivo.read_text(encoding="utf-8"))):
        if isinstance(no, ast.Import):
            achados |= {alias.name for alias in no.names}
        elif isinstance(no, ast.ImportFrom) and no.module and not no.level:
            achados |= {no.module} | {f"{no.module}.{alias.name}" for alias in no.names}
    return achados


def canonical(nome: str) -> str:
    return re.sub(r"[-_.]+", "-", nome).lower()


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
