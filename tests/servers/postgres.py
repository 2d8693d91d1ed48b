"""A private PostgreSQL server for a test run, and a fresh database for each test."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from setup import debian
from tests.servers.process import GuardedProcess, find_program, free_port

READY_TIMEOUT_S = 30.0
# Data that nobody will miss: what makes the server slow is what makes data safe.
_FAST = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200",
    "max_wal_size": "256MB",
}  # fmt: skip
# A test's own database is a copy of ten megabytes: where there is memory for it, no disk is asked.
_MEMORIA, _LIVRES = Path("/dev/shm"), 4 << 30


class PostgresServer:
    """Starts on construction. As root the server runs as the unprivileged user the package made, or as nobody.

    duravel: what was committed outlives a `kill` (though not the machine); without it the last moments may be lost.
    ambiente: of the server's processes, beside what they need.
    """

    def __init__(self, *, duravel: bool = False, ambiente: Mapping[str, str] | None = None) -> None:
        self._ambiente = dict(ambiente or {})
        self._config = _FAST | ({"synchronous_commit": "on"} if duravel else {})
        self._bin = find_program("usr/lib/postgresql/*/bin/postgres").parent
        self._pasta = Path(tempfile.mkdtemp(prefix="canopus-postgres-", dir=_find_memoria()))
        self._user = _unprivileged_user()
        if self._user is not None:
            os.chown(self._pasta, self._user, -1)
        self.port = free_port()
        self._senha = secrets.token_hex(16)
        self._numbers = count(1)
        self._env = debian.environment() | {"PGPASSWORD": self._senha, "HOME": str(self._pasta)}
        self._init()
        self._server = self._start()
        # Files are copied as files, as all versions before 15 do; the way through the log takes twice as long.
        self._como = "STRATEGY FILE_COPY" if int(self.execute("SHOW server_version_num")) >= 150_000 else ""

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://canopus:{self._senha}@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template0") -> str:
        """The name of a new database, a copy of `template` (to which nobody may be connected)."""
        nome = f"teste{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {nome} TEMPLATE {template} {self._como}")
        return nome

    def drop_database(self, nome: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {nome} WITH (FORCE)")

    def execute(self, sql: str, database: str = "postgres") -> str:
        """Run SQL from outside the code under test; its rows come back as psql prints them, unaligned."""
        comando: list[str | Path] = [
            self._bin / "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            self.url(database),
            "-c",
            sql,
        ]
        feito = subprocess.run(comando, env=self._env, capture_output=True, text=True, timeout=60, check=False)
        if feito.returncode:
            raise RuntimeError(f"{sql}: {feito.stderr}")
        return feito.stdout.strip()

    def stop(self) -> None:
        """Fast shutdown: open sessions are cut."""
        self._server.end(signal.SIGINT)

    def kill(self) -> None:
        """As a crash would."""
        self._server.end(signal.SIGQUIT)

    def start(self) -> None:
        self._server = self._start()

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._pasta, ignore_errors=True)

    def _init(self) -> None:
        arquivo = self._pasta / "senha"
        arquivo.write_text(self._senha)
        arquivo.chmod(0o600)
        if self._user is not None:
            os.chown(arquivo, self._user, -1)
        # "password", not scram: its 4096 hash rounds would cost every connection of every test 10 ms.
        opcoes = ["-U", "canopus", f"--pwfile={arquivo}", "--auth=password", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [self._bin / "initdb", "-D", self._pasta / "dados", *opcoes],
            env=self._env,
            cwd=self._pasta,
            user=self._user,
            stdout=subprocess.DEVNULL,
            timeout=120,
            check=True,
        )

    def _start(self) -> GuardedProcess:
        config = self._config | {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        argv: list[str | Path] = [self._bin / "postgres", "-D", self._pasta / "dados"]
        for nome, valor in config.items():
            argv += ["-c", f"{nome}={valor}"]
        log = self._pasta / "saida.log"
        server = GuardedProcess(argv, env=self._env | self._ambiente, cwd=self._pasta, log=log, user=self._user)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self._answers():
            if not server.is_running or time.monotonic() > deadline:
                server.end(signal.SIGKILL)
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)
        return server

    def _answers(self) -> bool:
        comando: list[str | Path] = [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(comando, env=self._env, timeout=10, check=False).returncode == 0


def _find_memoria() -> Path | None:
    """Where files live in memory, if there is room; None: the usual place."""
    try:
        return _MEMORIA if os.access(_MEMORIA, os.W_OK) and shutil.disk_usage(_MEMORIA).free >= _LIVRES else None
    except OSError:
        return None


def _unprivileged_user() -> int | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for nome in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(nome).pw_uid
        except KeyError:
            continue
    raise RuntimeError("no unprivileged user to run PostgreSQL as")
