"""How root runs PostgreSQL, which refuses to run as root, also where only root may pass."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROBE_TIMEOUT_S = 10
# Whether a process started so is not root, can run the server, read its files and work in its folder.
PROBE = 'test "$(id -u)" != 0 && test -x "$1" && test -r "$2" && test -w "$3" && cd "$3"'

# initdb looks for its neighbours with access(2), which leaves a non-root user's capabilities aside unless told not to.
ACCESS_COUNTS = ("--securebits=+no_setuid_fixup",)


class NoWayDown(Exception):
    """None of the ways of running as somebody else works on this machine."""


@dataclass(frozen=True)
class Identity:
    """Whom the server runs as: what stands before its commands, and who must own its files."""

    prefix: tuple[str, ...]
    owner: int | None  # None: whoever we are


def find_identity(server: Path, shared: Path, folder: Path) -> Identity:
    """The first way that works, `folder` and all in it made its owner's.

    Raises NoWayDown. An ordinary user needs none of this and runs the server as himself.
    """
    if os.geteuid() != 0:
        return Identity((), None)
    for identity in _identities(folder):
        assert identity.owner is not None
        give(folder, identity.owner)
        if _works(identity.prefix, server, shared, folder):
            return identity
    raise NoWayDown


def _identities(folder: Path) -> Iterator[Identity]:
    """From the least right to the most.

    A plain change of user does where every folder above is open. Under a closed one (/root, a home of mode 0700) the
    server must pass where only root may. `dac_read_search` lets it pass and read; containers often lack it. In a user
    namespace the server is another user in its own eyes and a root without capabilities in the kernel's, so it owns
    what root owns; many containers forbid those. `dac_override`, which containers do have, comes last, since it lets
    the server write anywhere.
    """
    usuario = _ordinary_user(folder)
    drop = ("setpriv", f"--reuid={usuario.pw_uid}", f"--regid={usuario.pw_gid}", "--clear-groups")

    def capability(nome: str) -> tuple[str, ...]:
        return (*drop, *ACCESS_COUNTS, f"--inh-caps=-all,+{nome}", f"--ambient-caps=-all,+{nome}", "--")

    yield Identity((*drop, "--inh-caps=-all", "--"), usuario.pw_uid)
    yield Identity(capability("dac_read_search"), usuario.pw_uid)
    yield Identity(("unshare", "--user", f"--map-user={usuario.pw_uid}", f"--map-group={usuario.pw_gid}", "--"), 0)
    yield Identity(capability("dac_override"), usuario.pw_uid)


def _ordinary_user(folder: Path) -> pwd.struct_passwd:
    """The data folder's owner, if that is not root (`sudo make demo`), else nobody: initdb wants one with a name."""
    for uid in (folder.parent.stat().st_uid, 65534):
        if uid != 0:
            try:
                return pwd.getpwuid(uid)
            except KeyError:
                continue
    return pwd.getpwnam("nobody")


def _works(prefix: Sequence[str], server: Path, shared: Path, folder: Path) -> bool:
    comando: list[str | Path] = [*prefix, "/bin/sh", "-c", PROBE, "sh", server, shared, folder]
    try:
        return subprocess.run(comando, capture_output=True, timeout=PROBE_TIMEOUT_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def give(folder: Path, owner: int) -> None:
    """Make `folder` and all in it the owner's; quick when it already is."""
    if folder.stat().st_uid == owner:
        return
    for pasta, _, arquivos in os.walk(folder):
        for nome in arquivos:
            os.lchown(Path(pasta, nome), owner, -1)
        if Path(pasta) != folder:
            os.lchown(pasta, owner, -1)
    os.lchown(folder, owner, -1)  # last, so that a walk cut short is done again
