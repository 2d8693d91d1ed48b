"""The three services as processes of their own, as they run apart in an installation."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from cryptography.fernet import Fernet

from tests.crm import Cliente
from tests.demonstracao import find_porta

RAIZ = Path(__file__).parent.parent.parent
ENCERRAMENTO_S = 30


@dataclass
class Deployment:
    """`pasta` holds what the run leaves: files, logs. Each process's output goes to `<name>.log` there."""

    pasta: Path
    ambiente: dict[str, str]
    porta: int
    processos: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def origem(self) -> str:
        return f"http://127.0.0.1:{self.porta}"

    @property
    def downloads(self) -> Path:
        return self.pasta / "downloads"

    def start(self, nome: str, *argumentos: str) -> None:
        with (self.pasta / f"{nome}.log").open("ab") as registro:
            self.processos[nome] = subprocess.Popen(
                [sys.executable, "-m", "services", *argumentos], cwd=RAIZ, env=self.ambiente, stdout=registro,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

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
        teimosos = []
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
    pasta: Path, amqp_url: str, database_url: str, *, scrapers: int = 2, **ambiente: str
) -> AsyncIterator[tuple[Deployment, Cliente]]:
    """Gateway, namer and `scrapers` scrapers running, and a caller with an admin's key."""
    porta = find_porta(0)
    limpo = {nome: valor for nome, valor in os.environ.items() if not nome.startswith("CANOPUS_")}
    chromium = os.environ.get("CANOPUS_CHROMIUM")
    implantacao = Deployment(pasta, limpo | {
        "CANOPUS_DATA_DIR": str(pasta),
        "CANOPUS_AMQP_URL": amqp_url,
        "CANOPUS_DATABASE_URL": database_url,
        "CANOPUS_FERNET_KEYS": Fernet.generate_key().decode(),
        "CANOPUS_PORT": str(porta),
        "CANOPUS_RITMO_MS": "0",
        **({"CANOPUS_CHROMIUM": chromium} if chromium else {}),
        **ambiente,
    }, porta)  # fmt: skip
    try:
        implantacao.start("gateway", "gateway")
        implantacao.start("namer", "namer")
        for numero in range(1, scrapers + 1):
            implantacao.start(f"scraper-{numero}", "scraper")
        async with aiohttp.ClientSession() as sessao:
            cliente = Cliente(sessao, implantacao.origem)
            await cliente.wait_saude()
            chave = implantacao.run("chaves", "criar", "--nome", "teste", "--escopo", "admin").strip()
            sessao.headers["Authorization"] = f"Bearer {chave}"
            yield implantacao, cliente
    finally:
        implantacao.stop()
