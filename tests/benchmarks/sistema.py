"""The system over a real RabbitMQ and a real PostgreSQL, each service a process, its scraper before a no-op portal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg
from cryptography.fernet import Fernet

from tests.benchmarks.processos import pss_mb
from tests.crm import Cliente
from tests.demonstracao import find_porta
from tests.flow.deployment import RAIZ, Deployment
from tests.namer.planilhas import make_cpf, make_generica
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitMQ

PV = "17.308"
FIM = """SELECT total_clientes, processados_sucesso,
       extract(epoch FROM finalizado_em - criado_em)::float8 AS segundos
FROM execucoes_automacao WHERE automacao_id = $1 AND finalizado_em IS NOT NULL"""


@dataclass(frozen=True)
class Servidores:
    rabbitmq: RabbitMQ
    postgres: PostgresServer

    def create(self) -> tuple[str, str]:
        """(amqp url, database url), both as new."""
        return self.rabbitmq.url(self.rabbitmq.create_vhost()), self.postgres.url(self.postgres.create_database())


@contextlib.contextmanager
def open_servidores() -> Iterator[Servidores]:
    with contextlib.ExitStack() as pilha:
        rabbitmq = RabbitMQ()
        pilha.callback(rabbitmq.close)
        postgres = PostgresServer()
        pilha.callback(postgres.close)
        yield Servidores(rabbitmq, postgres)


@dataclass
class Sistema:
    implantacao: Deployment
    cliente: Cliente
    database_url: str

    def start_modulo(self, nome: str, modulo: str) -> None:
        """A service composed for the measure: a module of ours instead of the command."""
        with (self.implantacao.pasta / f"{nome}.log").open("ab") as registro:
            self.implantacao.processos[nome] = subprocess.Popen(
                [sys.executable, "-m", modulo], cwd=RAIZ, env=self.implantacao.ambiente, stdout=registro,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def pss_mb(self, nome: str) -> float:
        return pss_mb(self.implantacao.processos[nome].pid)

    async def register(
        self, contratos: int, sessoes: int, *, url_base: str = "http://127.0.0.1:9", senha: str = "x"
    ) -> None:
        """One ponto de venda with a credential, and a consultor whose workbook has the contracts."""
        await self.cliente.call("POST", "pontos-venda", json={
            "codigo": PV, "nome": "Matriz", "empresa": "credms", "url_base": url_base})  # fmt: skip
        await self.cliente.call("POST", "credenciais", json={
            "ponto_venda": PV, "usuario": "17308", "senha": senha, "max_sessoes": sessoes})  # fmt: skip
        await self.cliente.call("POST", "consultores", json={"nome": "Marta", "ponto_venda": PV})
        linhas = [[make_cpf(n), f"CLIENTE {n:06d}", 6650, n % 9999, 17308] for n in range(1, contratos + 1)]
        planilha = await asyncio.to_thread(make_generica, ["CPF", "NOME", "GRUPO", "COTA", "P.V"], linhas)
        formulario = aiohttp.FormData()
        formulario.add_field("consultor", "Marta")
        formulario.add_field("arquivo", planilha, filename="MARTA__PLANILHA_GERAL.xlsx")
        relato = await self.cliente.call("POST", "planilhas", data=formulario)
        if relato["importados"] != contratos:
            raise RuntimeError(f"a planilha não entrou inteira: {relato}")

    async def submit(self, **campos: object) -> str:
        dados = await self.cliente.call("POST", "processar-downloads-ponto-venda", json={"ponto_venda": PV, **campos})
        return str(dados["automacao_id"])

    async def finish(self, automacao_id: str, timeout_s: float = 600.0) -> float:
        """Seconds from the submission to the end, which is waited for at the database, as of the peers.

        Raises RuntimeError unless every contract was a success.
        """
        conn = await asyncpg.connect(self.database_url)
        try:
            async with asyncio.timeout(timeout_s):
                fim = None
                while fim is None:
                    await asyncio.sleep(0.05)
                    fim = await conn.fetchrow(FIM, UUID(automacao_id))
        finally:
            await conn.close()
        if fim["processados_sucesso"] != fim["total_clientes"]:
            raise RuntimeError(f"nem tudo deu certo: {dict(fim)}\n{self.implantacao.logs()[-3000:]}")
        return float(fim["segundos"])


@contextlib.asynccontextmanager
async def open_sistema(servidores: Servidores, pasta: Path, *, scraper: bool = True) -> AsyncIterator[Sistema]:
    """scraper False: nobody works at what is submitted."""
    amqp_url, database_url = servidores.create()
    limpo = {nome: valor for nome, valor in os.environ.items() if not nome.startswith("CANOPUS_")}
    porta = find_porta(0)
    implantacao = Deployment(pasta, limpo | {
        "CANOPUS_DATA_DIR": str(pasta),
        "CANOPUS_AMQP_URL": amqp_url,
        "CANOPUS_DATABASE_URL": database_url,
        "CANOPUS_FERNET_KEYS": Fernet.generate_key().decode(),
        "CANOPUS_PORT": str(porta),
        "CANOPUS_RITMO_MS": "0",
        "CANOPUS_SESSOES_POR_SCRAPER": "32",
        "CANOPUS_LOG_NIVEL": "WARNING",
    }, porta)  # fmt: skip
    async with aiohttp.ClientSession() as sessao:
        sistema = Sistema(implantacao, Cliente(sessao, implantacao.origem), database_url)
        try:
            implantacao.start("gateway", "gateway")
            implantacao.start("namer", "namer")
            if scraper:
                sistema.start_modulo("scraper", "tests.benchmarks.portal_nulo")
            await _wait_servicos(sistema, {"namer", *(["scraper"] if scraper else [])})
            chave = (await asyncio.to_thread(implantacao.run, *_CHAVE)).strip()
            sessao.headers["Authorization"] = f"Bearer {chave}"
            yield sistema
        finally:
            await asyncio.to_thread(implantacao.stop)


_CHAVE = ("chaves", "criar", "--nome", "bench", "--escopo", "admin")


async def _wait_servicos(sistema: Sistema, esperados: set[str]) -> None:
    """health answers 503 while a scraper is wanted, which some measures do without."""
    async with asyncio.timeout(90):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with sistema.cliente.sessao.get(f"{sistema.implantacao.origem}/api/automation/health") as r:
                    checks = (await r.json())["data"]["checks"]
                    if all(checks[f"{nome}s"]["ok"] for nome in esperados):
                        return
            await asyncio.sleep(0.2)
