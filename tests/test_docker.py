"""Images and compose file, checked without an engine; `make test-all` also replays each Dockerfile and starts it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from setup import venv
from tests.eventually import eventually
from tests.servers.process import GuardedProcess, free_port

RAIZ = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
DOCKERFILES = sorted([*RAIZ.glob("services/*/Dockerfile"), *RAIZ.glob("tests/*/Dockerfile")])
INSTALL = "pip install --require-hashes --only-binary=:all: -r requirements.txt"
# Steps that prepare the image's system, where the replay has the machine's: users, folders, Debian packages.
SYSTEM_STEPS = ("useradd ", "apt-get ")
SERVICES = yaml.safe_load((RAIZ / "docker-compose.yml").read_text(encoding="utf-8"))["services"]


@dataclass
class Image:
    """A Dockerfile's instructions, each in its order."""

    steps: list[tuple[str, str]]
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, arquivo: Path) -> Image:
        linhas = [linha for linha in arquivo.read_text(encoding="utf-8").splitlines() if not linha.startswith("#")]
        texto = "\n".join(linhas).replace("\\\n", " ")
        steps = [(nome, resto.strip()) for nome, _, resto in (linha.partition(" ") for linha in texto.splitlines())]
        image = cls([step for step in steps if step[0]])
        for nome, resto in image.steps:
            if nome == "ENV":
                image.env |= dict(par.split("=", 1) for par in shlex.split(resto))
        return image

    def last(self, instruction: str) -> str:
        return [resto for nome, resto in self.steps if nome == instruction][-1]

    def command(self, instruction: str) -> list[str]:
        comando: list[str] = json.loads(self.last(instruction).partition("[")[2].join(("[", "")))
        return comando

    def copies(self) -> list[tuple[list[str], str]]:
        partes = [resto.split() for nome, resto in self.steps if nome == "COPY"]
        return [(parte[:-1], parte[-1]) for parte in partes]


def image_of(arquivo: Path) -> str:
    return arquivo.parent.name


def test_every_service_has_an_image() -> None:
    assert {image_of(arquivo) for arquivo in DOCKERFILES} == {"gateway", "scraper", "namer", "previsor", "simulator"}


@pytest.mark.parametrize("arquivo", DOCKERFILES, ids=image_of)
def test_a_dockerfile_passes_its_linter(arquivo: Path) -> None:
    feito = subprocess.run([BIN / "hadolint", arquivo], capture_output=True, text=True, timeout=60, check=False)
    assert feito.returncode == 0, feito.stdout


@pytest.mark.parametrize("arquivo", DOCKERFILES, ids=image_of)
def test_an_image_is_pinned_runs_as_nobody_in_particular_and_tells_its_health(arquivo: Path) -> None:
    image = Image.read(arquivo)
    assert image.last("FROM") == "python:3.11.14-slim-bookworm"
    assert int(image.last("USER")) > 0
    assert image.command("HEALTHCHECK")[0] == "python"
    assert ("RUN", INSTALL) in image.steps


@pytest.mark.parametrize("arquivo", DOCKERFILES, ids=image_of)
def test_what_an_image_copies_is_in_the_tree_and_not_ignored(arquivo: Path) -> None:
    linhas = (RAIZ / ".dockerignore").read_text(encoding="utf-8").splitlines()
    permitidos = tuple(linha[1:].rstrip("*.tx") for linha in linhas if linha.startswith("!"))
    for fontes, _ in Image.read(arquivo).copies():
        for fonte in fontes:
            assert list(RAIZ.glob(fonte))
            assert fonte.startswith(permitidos)


def test_the_compose_file_follows_the_compose_specification() -> None:
    comando = [f"{BIN}/check-jsonschema", "--builtin-schema", "vendor.compose-spec", f"{RAIZ}/docker-compose.yml"]
    feito = subprocess.run(comando, capture_output=True, text=True, timeout=60, check=False)
    assert feito.returncode == 0, feito.stdout


def test_a_service_waits_only_for_what_exists_and_can_become_ready() -> None:
    for nome, service in SERVICES.items():
        for alvo, espera in service.get("depends_on", {}).items():
            assert alvo in SERVICES, f"{nome} waits for {alvo}"
            if espera["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[alvo] or "HEALTHCHECK" in _dockerfile(SERVICES[alvo])
            if espera["condition"] == "service_completed_successfully":
                assert SERVICES[alvo]["restart"] == "no"


def _dockerfile(service: dict[str, Any]) -> str:
    return (RAIZ / service["build"]["dockerfile"]).read_text(encoding="utf-8") if "build" in service else ""


def test_the_scraper_can_be_scaled() -> None:
    assert not SERVICES["scraper"].keys() & {"container_name", "ports", "hostname"}


def test_only_the_gateway_and_its_migration_know_the_database() -> None:
    com_banco = {nome for nome, service in SERVICES.items() if "CANOPUS_DATABASE_URL" in service.get("environment", {})}
    assert com_banco == {"gateway", "migrate"}


def test_images_of_others_are_pinned_and_no_password_is_written_down() -> None:
    for service in SERVICES.values():
        assert "build" in service or service["image"].rsplit(":", 1)[1][0].isdigit()
    texto = (RAIZ / "docker-compose.yml").read_text(encoding="utf-8")
    assert texto.count("SENHA") == texto.count("${CANOPUS_SENHA") + texto.count("defina CANOPUS_SENHA")


def replay(image: Image, app: Path) -> None:
    """Do in an empty folder what the build does: the same files, and a virtual environment of the same lock."""
    for nome, resto in image.steps:
        if nome == "COPY":
            *fontes, destino = resto.split()
            for fonte in (achado for padrao in fontes for achado in RAIZ.glob(padrao)):
                copy(fonte, app / destino / fonte.name if destino.endswith("/") else app / destino)
        elif nome == "RUN" and resto == INSTALL:
            venv.create(app / "venv")
            venv.install(app / "venv", app / "requirements.txt")
        elif nome == "RUN" and not resto.startswith(SYSTEM_STEPS):
            subprocess.run(["/bin/sh", "-ec", resto], cwd=app, env=environment(image, app), timeout=300, check=True)


def copy(fonte: Path, destino: Path) -> None:
    if fonte.is_dir():
        shutil.copytree(fonte, destino, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        destino.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(fonte, destino)


def environment(image: Image, app: Path) -> dict[str, str]:
    """The image's own variables and nothing of ours, its folders moved into the replay's."""
    env = image.env | {"PATH": f"{app / 'venv/bin'}:{os.defpath}", "HOME": str(app)}
    env.pop("CANOPUS_CHROMIUM", None)
    return env | {"CANOPUS_DATA_DIR": str(app.parent / "dados")}


@pytest.mark.completo
@pytest.mark.timeout(600)
@pytest.mark.parametrize("arquivo", DOCKERFILES, ids=image_of)
async def test_an_image_replayed_in_an_empty_folder_starts_and_becomes_healthy(
    arquivo: Path, tmp_path: Path, amqp_url: str, database_url: str
) -> None:
    """Its own code and its own lock must be enough: a module that was not copied, a library not listed, show here."""
    image = Image.read(arquivo)
    app = tmp_path / "app"
    app.mkdir()
    await asyncio.to_thread(replay, image, app)
    port = str(free_port())
    env = environment(image, app) | {"CANOPUS_AMQP_URL": amqp_url, "CANOPUS_HOST": "127.0.0.1", "CANOPUS_PORT": port}
    if image_of(arquivo) == "gateway":
        env["CANOPUS_DATABASE_URL"] = database_url
    if image_of(arquivo) == "scraper":
        env["CANOPUS_FERNET_KEYS"] = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    comando = [app / "venv/bin/python", *image.command("ENTRYPOINT")[1:], *image.command("CMD")]
    servico = GuardedProcess(
        [str(port if parte == "8090" else parte) for parte in comando], env=env, cwd=app, log=tmp_path / "log"
    )
    try:
        check = [parte.replace("8090", port) for parte in image.command("HEALTHCHECK")[1:]]
        await eventually(lambda: _has_ended_or_is_healthy(servico, app, env, check), 90, 0.5)
        assert servico.is_running, (tmp_path / "log").read_text()[-3000:]
    finally:
        await asyncio.to_thread(servico.end)


async def _has_ended_or_is_healthy(servico: GuardedProcess, app: Path, env: dict[str, str], check: list[str]) -> bool:
    if not servico.is_running:
        return True
    processo = await asyncio.create_subprocess_exec(app / "venv/bin/python", *check, env=env, cwd=app)
    return await processo.wait() == 0
