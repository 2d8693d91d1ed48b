"""The three services as processes of their own, as they run apart in an installation."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil
from cryptography.fernet import Fernet

from tests.crm import Cliente
from tests.demonstracao import find_porta

RAIZ = Path(__file__).parent.parent.parent
ENCERRAMENTO_S = 60


@dataclass
class Deployment:
    """`pasta` holds what the run leaves: files, logs. Each process's output goes to `<name>.log` there."""

    pasta: Path
    ambiente: dict[str, str]
    porta: int
    processos: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    # How each was started, so that it can be started again.
    _partidas: dict[str, tuple[tuple[str, ...], dict[str, str]]] = field(default_factory=dict)

    @property
    def origem(self) -> str:
        return f"http://127.0.0.1:{self.porta}"

    @property
    def downloads(self) -> Path:
        return self.pasta / "downloads"

    def start(self, nome: str, *argumentos: str, **ambiente: str) -> None:
        """`ambiente`: what is other for this process."""
        self._partidas[nome] = argumentos, ambiente
        with (self.pasta / f"{nome}.log").open("ab") as registro:
            self.processos[nome] = subprocess.Popen(
                [sys.executable, "-m", "services", *argumentos], cwd=RAIZ, env=self.ambiente | ambiente,
                stdout=registro, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def restart(self, nome: str, **ambiente: str) -> None:
        """As it was started before, once it has ended."""
        argumentos, antes = self._partidas[nome]
        self.start(nome, *argumentos, **antes | ambiente)

    def kill(self, nome: str) -> None:
        """-9, the process alone: its children have to notice."""
        self.processos[nome].kill()
        self.processos[nome].wait(ENCERRAMENTO_S)

    def end(self, nome: str) -> float:
        """SIGTERM; how many seconds it took. Raises TimeoutExpired."""
        inicio = time.monotonic()
        self.processos[nome].terminate()
        self.processos[nome].wait(ENCERRAMENTO_S)
        return time.monotonic() - inicio

    def children(self, nome: str, parte: str = "") -> list[psutil.Process]:
        """Processes below `nome` whose name contains `parte`."""
        with contextlib.suppress(psutil.NoSuchProcess):
            filhos = psutil.Process(self.processos[nome].pid).children(recursive=True)
            return [filho for filho in filhos if parte in filho.name()]
        return []

    def run(self, *argumentos: str) -> str:
        """A command that ends; its stdout."""
        return subprocess.run(
            [sys.executable, "-m", "services", *argumentos], cwd=RAIZ, env=self.ambiente, capture_output=True,
            text=True, timeout=60, check=True,
        ).stdout  # fmt: skip

    def stop(self) -> None:
        """Politely, all at once; what does not end is killed and named by an error."""
        for processo in self.processos.values():
            processo.send_signal(signal.SIGTERM)
        teimosos: list[str] = []
        for nome, processo in self.processos.items():
            try:
                processo.wait(ENCERRAMENTO_S)
            except subprocess.TimeoutExpired:
                teimosos.append(nome)
                os.killpg(processo.pid, signal.SIGKILL)
                processo.wait(ENCERRAMENTO_S)
        assert not teimosos, f"did not end on SIGTERM: {teimosos}"

    def logs(self) -> str:
        return "\n".join(arquivo.read_text(errors="replace") for arquivo in sorted(self.pasta.glob("*.log")))


@contextlib.asynccontextmanager
async def deployed(
    pasta: Path,
    amqp_url: str | None,
    database_url: str,
    *,
    scrapers: int = 2,
    namers: int = 1,
    gateways: int = 1,
    **ambiente: str,
) -> AsyncIterator[tuple[Deployment, Cliente]]:
    """So many of each running, `gateway`, `namer` and `scraper-1` being the first ones, and a caller with an admin's
    key. Without `amqp_url` it is `up`, all in one process of that name."""
    porta = find_porta(0)
    limpo = {nome: valor for nome, valor in os.environ.items() if not nome.startswith("CANOPUS_")}
    chromium = os.environ.get("CANOPUS_CHROMIUM")
    implantacao = Deployment(pasta, limpo | {
        "CANOPUS_DATA_DIR": str(pasta),
        **({"CANOPUS_AMQP_URL": amqp_url} if amqp_url else {}),
        "CANOPUS_DATABASE_URL": database_url,
        "CANOPUS_FERNET_KEYS": Fernet.generate_key().decode(),
        "CANOPUS_PORT": str(porta),
        "CANOPUS_RITMO_MS": "0",
        **({"CANOPUS_CHROMIUM": chromium} if chromium else {}),
        **ambiente,
    }, porta)  # fmt: skip
    try:
        if amqp_url is None:
            implantacao.start("up", "up")
        else:
            _start_services(implantacao, scrapers, namers, gateways)
        async with aiohttp.ClientSession() as sessao:
            cliente = Cliente(sessao, implantacao.origem)
            await cliente.wait_saude()
            chave = await asyncio.to_thread(implantacao.run, "chaves", "criar", "--nome", "teste", "--escopo", "admin")
            sessao.headers["Authorization"] = f"Bearer {chave.strip()}"
            yield implantacao, cliente
    finally:
        await asyncio.to_thread(implantacao.stop)


def _start_services(implantacao: Deployment, scrapers: int, namers: int, gateways: int) -> None:
    implantacao.start("gateway", "gateway")
    for numero in range(2, gateways + 1):
        implantacao.start(f"gateway-{numero}", "gateway", CANOPUS_PORT=str(find_porta(0)))
    for nome in ("namer", *(f"namer-{numero}" for numero in range(2, namers + 1))):
        implantacao.start(nome, "namer")
    for numero in range(1, scrapers + 1):
        implantacao.start(f"scraper-{numero}", "scraper")
