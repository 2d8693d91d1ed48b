"""A private RabbitMQ for a test run: own ports, own data, no service manager, ended with the run."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from setup import debian
from tests.servers.process import GuardedProcess, find_program, free_port

READY_TIMEOUT_S = 90.0
_USER = "guest:guest"
_ALL = '<<".*">>, <<".*">>, <<".*">>'
_AMQP_HEADER = b"AMQP\x00\x00\x09\x01"


class RabbitMQ:
    """Starts on construction. `stop`, `kill`, `start` and `restart` block for seconds: use `asyncio.to_thread`."""

    def __init__(self) -> None:
        server = find_program("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
        erlang = find_program("usr/lib/erlang/bin/erl")
        self._pasta = Path(tempfile.mkdtemp(prefix="canopus-rabbitmq-"))
        self._server, self._erlang = self._without_spaces(server), self._without_spaces(erlang).parent
        self.port = free_port()
        self._no = f"canopus{self.port}@localhost"
        self._vhosts = 0
        self._env = self._environment()
        self._epmd: GuardedProcess | None = None
        self._broker: GuardedProcess | None = None
        try:
            self.start()
        except RuntimeError:
            self.close()
            raise

    def url(self, vhost: str = "/") -> str:
        return f"amqp://{_USER}@127.0.0.1:{self.port}/{'' if vhost == '/' else vhost}"

    def create_vhost(self) -> str:
        """A fresh, empty virtual host: the broker as new, for one test."""
        self._vhosts += 1
        vhost = f"teste{self._vhosts}"
        self._call(
            f'rabbit_vhost:add(<<"{vhost}">>, <<"tests">>),'
            f'rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"{vhost}">>, {_ALL}, <<"tests">>)'
        )
        return vhost

    def delete_vhost(self, vhost: str) -> None:
        self._call(f'rabbit_vhost:delete(<<"{vhost}">>, <<"tests">>)')

    def start(self) -> None:
        if self._epmd is None or not self._epmd.is_running:
            self._epmd = self._spawn(
                self._erlang / "epmd", "-address", "127.0.0.1", "-port", self._env["ERL_EPMD_PORT"]
            )
        self._broker = self._spawn(self._server)
        self._wait_ready(self._broker)

    def flush(self) -> None:
        """What was declared is on disk: without it the broker writes that down within seconds."""
        self._call("mnesia:sync_log()")

    def stop(self) -> None:
        """As an operator would: connections are told, queues written down."""
        if self._broker:
            self._broker.end(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut would."""
        if self._broker:
            self._broker.end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.kill()
        if self._epmd:
            self._epmd.end(signal.SIGKILL)
        shutil.rmtree(self._pasta, ignore_errors=True)

    def _without_spaces(self, program: Path) -> Path:
        """An unpacked program through a link: start scripts cannot bear a space, which the checkout's path may have."""
        if not program.is_relative_to(debian.UNPACKED):
            return program
        link = self._pasta / "debian"
        if not link.exists():
            link.symlink_to(debian.UNPACKED)
        return link / program.relative_to(debian.UNPACKED)

    def _spawn(self, *argv: str | Path) -> GuardedProcess:
        return GuardedProcess(argv, env=self._env, cwd=self._pasta, log=self._pasta / "saida.log")

    def _environment(self) -> dict[str, str]:
        config = self._pasta / "rabbitmq.conf"
        config.write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            "vm_memory_high_watermark.absolute = 1GiB\n"
            "disk_free_limit.absolute = 50MB\n"
            "log.file.level = warning\n"
        )
        plugins = self._pasta / "enabled_plugins"
        plugins.write_text("[].\n")
        env = debian.environment()
        return env | {
            "PATH": f"{self._erlang}:{env['PATH']}",
            "HOME": str(self._pasta),  # the Erlang cookie
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": self._no,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self._pasta / "dados"),
            "RABBITMQ_LOG_BASE": str(self._pasta / "log"),
            "RABBITMQ_PID_FILE": str(self._pasta / "pid"),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # Makes the start script become the Erlang machine, so that its process is ours to signal.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _wait_ready(self, broker: GuardedProcess) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self._answers():
            if not broker.is_running or time.monotonic() > deadline:
                saida = (self._pasta / "saida.log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"RabbitMQ did not start on port {self.port}:\n{saida}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as conexao:
                conexao.settimeout(5)
                conexao.sendall(_AMQP_HEADER)
                return bool(conexao.recv(8))
        except OSError:
            return False

    def _call(self, erlang: str) -> None:
        """Run Erlang in the broker: 20 ms, where rabbitmqctl takes seconds."""
        cookie = (self._pasta / ".erlang.cookie").read_text().strip()
        feito = subprocess.run(
            [self._erlang / "erl_call", "-sname", self._no, "-c", cookie, "-e"],
            input=f"ok = begin {erlang} end.\n",
            env=self._env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if feito.returncode or not feito.stdout.startswith("{ok, ok}"):
            raise RuntimeError(f"{erlang}: {feito.stdout}{feito.stderr}")
