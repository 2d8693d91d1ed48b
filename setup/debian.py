"""Debian packages: installed where that is allowed, else unpacked beside the project with what they depend on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNPACKED = ROOT / ".servicos" / "debian"
APT_TIMEOUT_S = 900
LIBRARIES = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/*")  # some keep theirs in a subfolder


def is_debian() -> bool:
    return shutil.which("apt-get") is not None and shutil.which("dpkg") is not None


def find(pattern: str) -> list[Path]:
    """Matches of a pattern relative to /, installed ones before unpacked ones."""
    for base in (Path("/"), UNPACKED):
        if achados := sorted(base.glob(pattern)):
            return achados
    return []


def environment() -> dict[str, str]:
    """What a program needs to run whether it was installed or unpacked: where programs and libraries are."""
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    pastas = (pasta for padrao in LIBRARIES for pasta in sorted(UNPACKED.glob(padrao)))
    if libraries := [str(pasta) for pasta in pastas if any(pasta.glob("lib*.so*"))]:
        env["LD_LIBRARY_PATH"] = ":".join(libraries)
        env["PATH"] = f"{UNPACKED / 'usr/bin'}:{env['PATH']}"
    return env


def provide(pattern: str, *packages: str) -> None:
    """See that `pattern` is there; get the packages otherwise, or end with what a person has to install."""
    if find(pattern):
        return
    print(f"· instalando {', '.join(packages)}", flush=True)
    if is_debian() and (_install(packages) or unpack(*packages)) and find(pattern):
        return
    sys.exit(f"Não foi possível instalar {', '.join(packages)}. Instale com o gerenciador do sistema e repita.")


def _install(packages: Sequence[str]) -> bool:
    if os.geteuid() != 0:
        return False
    install = ["install", "-y", "-q", "--no-install-recommends", *packages]
    # The lists of a fresh machine are empty or old: only if they do not do is it worth asking for new ones.
    return _apt(install) or (_apt(["update", "-q"]) and _apt(install))


def unpack(*packages: str) -> bool:
    """Download the packages, and those they depend on that the machine lacks, and unpack them. Needs no rights."""
    apt = UNPACKED.with_name("apt")
    for pasta in ("lists/partial", "archives/partial"):
        (apt / pasta).mkdir(parents=True, exist_ok=True)
    opcoes = [
        f"Dir::State::lists={apt}/lists",
        f"Dir::Cache={apt}",
        f"Dir::Cache::archives={apt}/archives",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=",
    ]
    privado = [parte for opcao in opcoes for parte in ("-o", opcao)]
    install = [*privado, "install", "-y", "-q", "--no-install-recommends", "--download-only", *packages]
    if not (_apt([*privado, "update", "-q"]) and _apt(install)):
        return False
    UNPACKED.mkdir(exist_ok=True)
    for deb in sorted((apt / "archives").glob("*.deb")):
        subprocess.run(["dpkg", "-x", deb, UNPACKED], check=True, timeout=APT_TIMEOUT_S)
        deb.unlink()
    return True


def _apt(argumentos: Sequence[str]) -> bool:
    """Run apt-get quietly; what it said is shown only if it failed."""
    # RUNLEVEL=1: a machine without systemd is not to start the system's own servers, which nobody asked for.
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "RUNLEVEL": "1"}
    comando = ["apt-get", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120", *argumentos]
    nada = subprocess.DEVNULL
    try:
        subprocess.run(comando, env=env, stdin=nada, capture_output=True, timeout=APT_TIMEOUT_S, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as erro:
        saida = (erro.stdout or b"") + (erro.stderr or b"")
        print(saida.decode(errors="replace")[-2000:], file=sys.stderr)
        return False
    return True
