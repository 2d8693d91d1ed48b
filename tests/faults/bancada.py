"""The bench: the services as processes, proxies before broker and database, the simulator, a job, and a socket client
that is cut; what a case does to them, and the moments it waits for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import psutil

from shared.outcomes import Etapa
from tests.crm import Cliente, import_planilhas, register
from tests.eventually import eventually
from tests.faults.procuracao import Procuracao
from tests.flow.deployment import Deployment, deployed
from tests.samples.contratos import cem_contratos
from tests.samples.register import Amostra
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitMQ
from tests.simulator import Simulador
from tests.socket_client import Quadro, SocketClient, Visao

# Its steps take this long, so that a fault has something to fall into.
LATENCIA: dict[str, Any] = dict.fromkeys(
    ("login", "busca", "atendimento", "cobranca", "emissao", "impressao"), (20, 60)
)
# bloqueada and pausada are no ends: a case that expects them says what lifts them.
FINAIS = {"concluida", "concluida_com_falhas", "erro", "cancelada"}
TRABALHO_S = 240


@dataclass(frozen=True)
class Arranjo:
    """What stands on the bench. `up`: all in one process, with a bus of its own. `ambiente`: settings of all."""

    gateways: int = 1
    scrapers: int = 1
    namers: int = 1
    up: bool = False
    contratos: int = 20
    sessoes: int = 2
    driver: str = "http"
    ambiente: dict[str, str] = field(default_factory=dict)
    botoes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Servidores:
    rabbitmq: RabbitMQ
    postgres: PostgresServer


@dataclass
class Bancada:
    arranjo: Arranjo
    servidores: Servidores
    amostra: Amostra
    portal: Simulador
    implantacao: Deployment
    cliente: Cliente
    broker: Procuracao
    banco: Procuracao
    database_url: str  # past the proxy
    ids: list[str] = field(default_factory=list)
    ouvintes: list[SocketClient] = field(default_factory=list)
    quadros: list[Quadro] = field(default_factory=list)
    # When each contract was first heard to be a success, on the clock of the simulator's log.
    prontos: dict[tuple[str, int, int], float] = field(default_factory=dict)
    recusas: int = 0  # logins not let in that the case itself makes unavoidable
    # The case itself kicks sessions out; or one may have died without logging out: the portal counts it on, and the
    # next login may be at the cost of one that lives.
    derruba: bool = False
    _tarefas: list[asyncio.Task[Visao]] = field(default_factory=list)
    _chegou: asyncio.Event = field(default_factory=asyncio.Event)

    # --- the job ------------------------------------------------------------------------------------------------------

    async def submit(self) -> None:
        """Every job of the sample, each heard by a socket client."""
        cabecalhos = {"Authorization": self.cliente.sessao.headers["Authorization"]}
        for trabalho in self.amostra.trabalhos:
            dados = await self.cliente.call("POST", "processar-downloads-ponto-venda", json=trabalho.corpo)
            self.ids.append(str(dados["automacao_id"]))
            ouvinte = SocketClient(
                self.implantacao.origem, self.ids[-1], cabecalhos, self._hear, espera_s=lambda _: 0.1
            )
            self.ouvintes.append(ouvinte)
            self._tarefas.append(asyncio.create_task(ouvinte.run(_has_ended)))

    def _hear(self, quadro: Quadro) -> None:
        self.quadros.append(quadro)
        if quadro["tipo"] == "evento" and quadro["evento"] == "cliente.resultado" and quadro["status"] == "sucesso":
            cliente = quadro["cliente"]
            chave = (cliente["cpf"], cliente["grupo"], cliente["cota"])
            self.prontos.setdefault(chave, self.portal.log.elapsed_s())
        self._chegou.set()

    async def finish(self, timeout_s: float = TRABALHO_S) -> None:
        """Until every client has heard of the end. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await asyncio.gather(*self._tarefas)

    @property
    def has_ended(self) -> bool:
        return all(tarefa.done() for tarefa in self._tarefas)

    async def cut_ouvintes(self) -> None:
        for ouvinte in self.ouvintes:
            await ouvinte.cut()

    def close(self) -> None:
        for tarefa in self._tarefas:
            tarefa.cancel()

    async def call(self, metodo: str, caminho: str, **opcoes: Any) -> dict[str, Any]:
        """A call that is repeated until the gateway answers it."""

        async def answered() -> dict[str, Any]:
            try:
                return {"dados": await self.cliente.call(metodo, caminho, **opcoes)}
            except (aiohttp.ClientError, RuntimeError) as erro:
                raise AssertionError(str(erro)) from erro

        dados: dict[str, Any] = (await eventually(answered, 60, 0.2))["dados"]
        return dados

    # --- moments ------------------------------------------------------------------------------------------------------

    async def wait_quadro(self, certo: Callable[[Quadro], bool], timeout_s: float = 60.0) -> Quadro:
        """The first frame that is so, of all that were heard."""
        desde = 0
        async with asyncio.timeout(timeout_s):
            while True:
                for quadro in self.quadros[desde:]:
                    if certo(quadro):
                        return quadro
                desde = len(self.quadros)
                self._chegou.clear()
                await self._chegou.wait()

    async def wait_etapa(self, etapa: Etapa) -> Quadro:
        return await self.wait_quadro(lambda q: q["tipo"] == "evento" and q["etapa"] == etapa.value)

    async def wait_prontos(self, quantos: int) -> None:
        """So many contracts have their result."""
        resultados = 0

        def count(quadro: Quadro) -> bool:
            nonlocal resultados
            if quadro["tipo"] == "evento" and quadro["evento"] == "cliente.resultado":
                resultados += 1
            return resultados >= quantos

        await self.wait_quadro(count)

    async def wait_store(self, tipo: str, timeout_s: float = 60.0) -> None:
        """A new file of this kind lies in the store: between its writer's lines, as near as one can look."""
        pasta = self.implantacao.downloads / "_interno" / tipo
        antes = set(_names(pasta))
        await eventually(lambda: set(_names(pasta)) - antes, timeout_s, 0.001)

    async def wait_saude(self) -> None:
        await self.cliente.wait_saude()

    # --- faults -------------------------------------------------------------------------------------------------------

    async def kill(self, nome: str) -> list[psutil.Process]:
        """-9 of a process, of the broker, of the database, or of the Chromium below a scraper. What it leaves behind:
        its children."""
        match nome:
            case "rabbitmq":
                await asyncio.to_thread(self.servidores.rabbitmq.flush)
                await asyncio.to_thread(self.servidores.rabbitmq.kill)
            case "postgres":
                await asyncio.to_thread(self.servidores.postgres.kill)
            case "chromium":
                donos = [n for n in self.implantacao.processos if n.startswith(("scraper", "up"))]
                for chromium in [p for dono in donos for p in self.implantacao.children(dono, "chrom")][:1]:
                    chromium.kill()
            case _:
                self.derruba |= nome.startswith("scraper") and self.arranjo.scrapers > 1
                filhos = self.implantacao.children(nome)
                await asyncio.to_thread(self.implantacao.kill, nome)
                return filhos
        return []

    async def restart(self, nome: str, **ambiente: str) -> None:
        match nome:
            case "rabbitmq":
                await asyncio.to_thread(self.servidores.rabbitmq.start)
            case "postgres":
                await asyncio.to_thread(self.servidores.postgres.start)
            case "chromium":
                pass  # its scraper's own business
            case _:
                self.implantacao.restart(nome, **ambiente)

    async def end(self, nome: str) -> float:
        return await asyncio.to_thread(self.implantacao.end, nome)


@contextlib.asynccontextmanager
async def open_bancada(
    pasta: Path, servidores: Servidores, arranjo: Arranjo, amostra: Amostra | None = None
) -> AsyncIterator[Bancada]:
    """Everything running, registered and imported; nothing submitted yet. `amostra`: instead of the usual one."""
    amostra = amostra or cem_contratos(quantos=arranjo.contratos, max_sessoes=arranjo.sessoes)
    botoes = amostra.cenario.botoes.change({"latencia": LATENCIA}).change(arranjo.botoes)
    rabbitmq, postgres = servidores.rabbitmq, servidores.postgres
    vhost, nome = await asyncio.to_thread(rabbitmq.create_vhost), await asyncio.to_thread(postgres.create_database)
    try:
        async with (
            Simulador(amostra.cenario.model_copy(update={"botoes": botoes})) as portal,
            Procuracao(rabbitmq.port) as broker,
            Procuracao(postgres.port) as banco,
            deployed(
                pasta, None if arranjo.up else _through(rabbitmq.url(vhost), broker),
                _through(postgres.url(nome), banco), scrapers=arranjo.scrapers, namers=arranjo.namers,
                gateways=arranjo.gateways,
                **{"CANOPUS_DRIVER": arranjo.driver, "CANOPUS_GUARDA_SOBRAS_S": "5"} | arranjo.ambiente,
            ) as (implantacao, cliente),
        ):  # fmt: skip
            bancada = Bancada(
                arranjo, servidores, amostra, portal, implantacao, cliente, broker, banco, postgres.url(nome)
            )
            await register(cliente, amostra, portal.url)
            await import_planilhas(cliente, amostra, pasta / "planilhas")
            try:
                yield bancada
            finally:
                bancada.close()
    finally:
        await asyncio.to_thread(postgres.drop_database, nome)
        await asyncio.to_thread(rabbitmq.delete_vhost, vhost)


@contextlib.asynccontextmanager
async def open_outra(bancada: Bancada, amostra: Amostra) -> AsyncIterator[Bancada]:
    """Beside it, on the same system: the sample's pontos de venda, at a portal of their own."""
    async with Simulador(amostra.cenario) as portal:
        outra = Bancada(
            bancada.arranjo, bancada.servidores, amostra, portal, bancada.implantacao, bancada.cliente, bancada.broker,
            bancada.banco, bancada.database_url,
        )  # fmt: skip
        await register(outra.cliente, amostra, portal.url)
        planilhas = outra.implantacao.pasta / "planilhas" / amostra.pontos_venda[0].codigo
        await import_planilhas(outra.cliente, amostra, planilhas)
        try:
            yield outra
        finally:
            outra.close()


def _through(url: str, procuracao: Procuracao) -> str:
    partes = urlsplit(url)
    acesso = partes.netloc.rpartition("@")[0]
    return urlunsplit(partes._replace(netloc=f"{acesso}@127.0.0.1:{procuracao.porta}"))


def _names(pasta: Path) -> list[str]:
    return [arquivo.name for arquivo in pasta.iterdir()] if pasta.is_dir() else []


def _has_ended(visao: Visao) -> bool:
    """Of one that was cancelled, what was in hand comes to its own end after it."""
    abertos = visao.contadores.get("pendente") or visao.contadores.get("processando")
    return visao.execucao.get("status") in FINAIS and not abertos
