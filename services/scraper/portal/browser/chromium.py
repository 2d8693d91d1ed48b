"""Finds the Chromium to start, and says with which options."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PROJETO = Path(__file__).parents[4]
# What `make setup` found to work here, or unpacked: a link or a launcher.
CHROMIUM_DO_PROJETO = PROJETO / ".servicos" / "chromium"
# Browsers that Playwright downloaded: by `make setup`, and by hand with `playwright install`.
PASTAS_PLAYWRIGHT = (PROJETO / ".servicos" / "playwright", Path.home() / ".cache" / "ms-playwright")
# The shell starts in less than half the time of the full browser and takes a third of its memory; it has no window.
SEM_JANELA = ("chromium-headless-shell",)
COM_JANELA = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTOS = (
    # Looks up nothing outside but the portal: the browser's own traffic would be refused in a closed network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's /dev/shm has 64 MB
)


class ChromiumAusente(Exception):
    """No Chromium to start; the text, in pt-BR, says what to do."""


@dataclass(frozen=True)
class ChromiumFound:
    """For Playwright's `launch(executable_path=…, args=…, chromium_sandbox=…)`."""

    executable: Path
    sandbox: bool
    args: tuple[str, ...] = ARGUMENTOS


def find_chromium(explicit: str | None = None, *, headless: bool = True) -> ChromiumFound:
    """The one named by CANOPUS_CHROMIUM, else the project's, else Playwright's own, else the system's."""
    if explicit:
        executable = shutil.which(explicit)
        if not executable:
            raise ChromiumAusente(f"CANOPUS_CHROMIUM: {explicit} não é um programa. Corrija o caminho ou apague-a.")
        return ChromiumFound(Path(executable).resolve(), has_sandbox())
    for candidato in _candidates(headless):
        if os.access(candidato, os.X_OK):
            return ChromiumFound(candidato, has_sandbox())
    if headless:
        raise ChromiumAusente("Chromium não encontrado. Rode `make setup`, ou aponte CANOPUS_CHROMIUM para ele.")
    raise ChromiumAusente("Para ver a janela, instale o pacote `chromium` ou aponte CANOPUS_CHROMIUM para ele.")


def _candidates(headless: bool) -> Iterator[Path]:
    if headless:
        yield CHROMIUM_DO_PROJETO
    for pasta in PASTAS_PLAYWRIGHT:
        if headless:
            yield from pasta.glob(f"chromium_headless_shell-{_revision()}/*/*headless*shell")
        yield from pasta.glob(f"chromium-{_revision()}/*/chrome")
    for nome in (SEM_JANELA if headless else ()) + COM_JANELA:
        if achado := shutil.which(nome):
            yield Path(achado)


@cache
def _revision() -> str:
    """The build that this Playwright was made for; an older one in the same folder may not obey it."""
    spec = find_spec("playwright")
    if not spec or not spec.origin:
        return "none"
    lista = json.loads((Path(spec.origin).parent / "driver/package/browsers.json").read_text(encoding="utf-8"))
    return next(str(item["revision"]) for item in lista["browsers"] if item["name"] == "chromium")


@cache
def has_sandbox() -> bool:
    """Whether Chromium's sandbox can work: not as root, nor where user namespaces are closed (most containers)."""
    if os.geteuid() == 0:
        return False
    try:
        probe = subprocess.run(
            ["unshare", "--user", "--map-root-user", "true"], capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0
