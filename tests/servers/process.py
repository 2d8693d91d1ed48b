"""A server process that never outlives the test run, however the run ends."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from setup import debian


class ServerMissing(Exception):
    """A program that the tests need is not on this machine; the message says what to run."""


def free_port() -> int:
    """A free TCP port of the loopback, below the range that outgoing connections take theirs from.

    A server that is stopped and started again must find its port still free.
    """
    for _ in range(200):
        port = random.randint(10_000, 30_000)
        with socket.socket() as sonda:
            try:
                sonda.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 10000 and 30000")


def find_program(pattern: str) -> Path:
    """The newest match of a pattern relative to /, installed or unpacked beside the project."""
    if achados := debian.find(pattern):
        return achados[-1]
    raise ServerMissing(f"/{pattern} not found. Run `make test`, which installs what the tests need.")


class GuardedProcess:
    """A process group that a watcher kills as soon as this process is gone.

    The watcher reads a pipe that only we hold open. (`PR_SET_PDEATHSIG` would not do: it fires when the *thread* that
    started the child ends, and tests restart servers from worker threads.)
    """

    def __init__(
        self, argv: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path, log: Path, user: int | None = None
    ) -> None:
        with log.open("ab") as saida:
            self._process = subprocess.Popen(
                [str(parte) for parte in argv],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=saida,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
            )
        self.pid = self._process.pid
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", f"cat >/dev/null; kill -s KILL -- -{self.pid}"],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def end(self, first: signal.Signals = signal.SIGTERM, timeout_s: float = 30) -> None:
        """Ask with `first`, wait, then kill what is left of the group. Safe to repeat."""
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.kill(self.pid, first)
            self._process.wait(timeout_s)
        if self._guard.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._guard.kill()
        self._process.wait()
        self._guard.wait()
        if self._guard.stdin:
            self._guard.stdin.close()
