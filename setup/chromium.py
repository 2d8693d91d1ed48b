"""Sees that Playwright and a Chromium start, and leaves that at .servicos/chromium: Playwright's own, else Debian's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import playwright

from services.scraper.portal.browser.chromium import (
    CHROMIUM_DO_PROJETO,
    PASTAS_PLAYWRIGHT,
    ChromiumAusente,
    ChromiumFound,
    find_chromium,
)
from setup import debian

DOWNLOAD_TIMEOUT_S = 240
START_TIMEOUT_S = 60
LIBATOMIC = "usr/lib/*-linux-gnu*/libatomic.so.1"
# Its own list of folders, since fontconfig knows those of / alone.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{unpacked}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{unpacked}/var/cache/fontconfig</cachedir>
</fontconfig>
"""


def main() -> int:
    _provide_driver()
    explicit = os.environ.get("CANOPUS_CHROMIUM")
    if explicit or CHROMIUM_DO_PROJETO.exists():
        return 0
    CHROMIUM_DO_PROJETO.parent.mkdir(exist_ok=True)
    for provide in (_nothing, _playwright, _debian):
        provide()
        if found := _found_and_starts():
            if found.executable != CHROMIUM_DO_PROJETO:
                CHROMIUM_DO_PROJETO.unlink(missing_ok=True)
                CHROMIUM_DO_PROJETO.symlink_to(found.executable)
            return 0
        CHROMIUM_DO_PROJETO.unlink(missing_ok=True)
    sys.exit("O Chromium não abriu. Instale o pacote `chromium` e repita, ou aponte CANOPUS_CHROMIUM para ele.")


def _provide_driver() -> None:
    """Playwright's own Node.js wants a library that a small Debian lacks."""
    node = Path(playwright.__file__).parent / "driver/node"
    if _runs(node, "--version"):
        return
    debian.provide(LIBATOMIC, "libatomic1")
    (library,) = debian.find(LIBATOMIC)
    if library.is_relative_to(debian.UNPACKED):
        program = node.rename(node.with_name("node.bin"))
        node.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{library.parent}" exec "{program}" "$@"\n')
        node.chmod(0o755)
    if not _runs(node, "--version"):
        sys.exit(f"O Playwright não abre: {node} não roda nesta máquina.")


def _runs(*comando: str | Path) -> bool:
    try:
        return subprocess.run(comando, capture_output=True, timeout=START_TIMEOUT_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _found_and_starts() -> ChromiumFound | None:
    try:
        found = find_chromium()
    except ChromiumAusente:
        return None
    return found if _starts(found) else None


def _starts(found: ChromiumFound) -> bool:
    """Whether it renders a page: one downloaded for another system often lacks a library."""
    sandbox = () if found.sandbox else ("--no-sandbox",)
    comando = [found.executable, *found.args, *sandbox, "--headless", "--dump-dom", "data:text/html,<p>pronto</p>"]
    try:
        feito = subprocess.run(comando, capture_output=True, text=True, timeout=START_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "<p>pronto</p>" in feito.stdout


def _nothing() -> None:
    """What is there already may do."""


def _playwright() -> None:
    """Playwright's download, into the project; given up soon where its servers are out of reach."""
    print("· baixando o Chromium do Playwright", flush=True)
    env = os.environ | {
        "PLAYWRIGHT_BROWSERS_PATH": str(PASTAS_PLAYWRIGHT[0]),
        "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000",
    }
    comando = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]
    try:
        subprocess.run(comando, env=env, capture_output=True, timeout=DOWNLOAD_TIMEOUT_S, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        print("  não deu; usando o do sistema", flush=True)


def _debian() -> None:
    debian.provide("usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell", "fonts-liberation")
    (program,) = debian.find("usr/lib/chromium/chromium-headless-shell")
    if program.is_relative_to(debian.UNPACKED):
        _write_launcher(program)


def _write_launcher(program: Path) -> None:
    """Shows an unpacked Chromium its libraries and fonts."""
    fonts = debian.UNPACKED / "fonts.conf"
    fonts.write_text(FONTS.format(unpacked=debian.UNPACKED))
    libraries = debian.environment()["LD_LIBRARY_PATH"]
    CHROMIUM_DO_PROJETO.write_text(
        f'#!/bin/sh\nexport LD_LIBRARY_PATH="{libraries}" FONTCONFIG_FILE="{fonts}"\nexec "{program}" "$@"\n'
    )
    CHROMIUM_DO_PROJETO.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
