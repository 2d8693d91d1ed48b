"""One whole run over separate processes, recorded: the tests then look at the record, each at its own promise."""

from __future__ import annotations

import asyncio
import hashlib
import random
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from tests.crm import Cliente, import_planilhas, register
from tests.eventually import eventually
from tests.flow.deployment import Deployment, deployed
from tests.samples.contratos import cem_contratos
from tests.samples.register import Amostra
from tests.simulator import Simulador
from tests.socket_client import Quadro, SocketClient, Visao

FINAIS = {"concluida", "concluida_com_falhas", "erro", "cancelada", "bloqueada"}
TRABALHO_S = 600
CORTES = 10


@dataclass
class Execucao:
    """What one job left: its rows, its events over REST, and what two socket clients saw of it."""

    automacao_id: str
    linhas: list[dict[str, Any]]
    eventos: list[Quadro]
    resumo: dict[str, Any]


@dataclass
class Rodada:
    amostra: Amostra
    execucoes: list[Execucao] = field(default_factory=list)
    sem_corte: Visao = field(default_factory=Visao)
    cortada: Visao = field(default_factory=Visao)
    conexoes: int = 0
    quadros: list[Quadro] = field(default_factory=list)
    sessoes: dict[str, dict[str, Any]] = field(default_factory=dict)
    emitidos: list[dict[str, Any]] = field(default_factory=list)
    arquivos: dict[str, bytes] = field(default_factory=dict)
    repetida: Execucao | None = None
    emitidos_repetida: int = 0
    forcada: Execucao | None = None
    arquivos_forcada: dict[str, bytes] = field(default_factory=dict)
    proximo_mes: Execucao | None = None
    arquivos_proximo_mes: dict[str, bytes] = field(default_factory=dict)
    logs: str = ""
    internos: dict[str, bytes] = field(default_factory=dict)
    banco: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


async def run_cem_contratos(pasta: Path, amqp_url: str, database_url: str) -> Rodada:
    amostra = cem_contratos(max_sessoes=2)
    rodada = Rodada(amostra)
    async with (
        Simulador(amostra.cenario) as portal,
        deployed(pasta, amqp_url, database_url, scrapers=2) as (implantacao, cliente),
    ):
        await register(cliente, amostra, portal.url)
        await import_planilhas(cliente, amostra, pasta / "planilhas")
        await _run_jobs(rodada, implantacao, cliente)
        rodada.sessoes, rodada.emitidos = portal.sessoes(), list(portal.emitidos)
        rodada.arquivos = read_pdfs(implantacao)
        corpo = amostra.trabalhos[0].corpo
        rodada.repetida = await finish(cliente, await submit(cliente, corpo))
        rodada.emitidos_repetida = len(portal.emitidos) - len(rodada.emitidos)
        rodada.forcada = await finish(cliente, await submit(cliente, corpo | {"forcar": True, "limite": 8}))
        rodada.arquivos_forcada = read_pdfs(implantacao)
        depois = {"mes": corpo["mes"] % 12 + 1, "ano": corpo["ano"] + corpo["mes"] // 12, "limite": 20}
        rodada.proximo_mes = await finish(cliente, await submit(cliente, corpo | depois))
        rodada.arquivos_proximo_mes = read_pdfs(implantacao)
        rodada.banco = await dump_database(database_url)
    rodada.logs = implantacao.logs()
    internos = implantacao.downloads / "_interno"
    rodada.internos = {p.relative_to(internos).as_posix(): p.read_bytes() for p in internos.rglob("*") if p.is_file()}
    return rodada


async def _run_jobs(rodada: Rodada, implantacao: Deployment, cliente: Cliente) -> None:
    """Both pontos de venda at once; the first watched by a client that is never cut and by one that is, ten times."""
    ids = [await submit(cliente, trabalho.corpo) for trabalho in rodada.amostra.trabalhos]
    chave = {"Authorization": cliente.sessao.headers["Authorization"]}
    inteira = SocketClient(implantacao.origem, ids[0], chave, rodada.quadros.append)
    # It comes back at once: a cut that falls into a pause would cut nothing.
    cortada = SocketClient(implantacao.origem, ids[0], chave, rodada.quadros.append, espera_s=lambda _: 0.05)
    async with asyncio.timeout(TRABALHO_S), asyncio.TaskGroup() as grupo:
        vistas = [grupo.create_task(c.run(_has_ended)) for c in (inteira, cortada)]
        cortes = grupo.create_task(_cut_often(cortada))
        await asyncio.wait(vistas)
        cortes.cancel()
    rodada.sem_corte, rodada.cortada, rodada.conexoes = inteira.visao, cortada.visao, cortada.conexoes
    rodada.execucoes = [await finish(cliente, automacao_id) for automacao_id in ids]


async def _cut_often(cliente: SocketClient) -> None:
    """Ten cuts, each some events after the last, wherever that falls."""
    acaso = random.Random(10)
    for _ in range(CORTES):
        await eventually(partial(_has_come_to, cliente, (cliente.visao.seq or 0) + acaso.randint(3, 25)), TRABALHO_S)
        await cliente.cut()


def _has_come_to(cliente: SocketClient, seq: int) -> bool:
    return (cliente.visao.seq or 0) >= seq


def _has_ended(visao: Visao) -> bool:
    return visao.execucao.get("status") in FINAIS


async def submit(cliente: Cliente, corpo: dict[str, Any]) -> str:
    dados = await cliente.call("POST", "processar-downloads-ponto-venda", json=corpo)
    return str(dados["automacao_id"])


async def finish(cliente: Cliente, automacao_id: str) -> Execucao:
    async with asyncio.timeout(TRABALHO_S):
        while True:
            resumo = (await cliente.call("GET", f"execucoes/{automacao_id}"))["execucao"]
            if resumo["status"] in FINAIS:
                break
            await asyncio.sleep(0.2)
    linhas = (await cliente.call("GET", f"execucoes/{automacao_id}/clientes", params={"limite": "500"}))["clientes"]
    eventos: list[Quadro] = []
    while True:
        desde = eventos[-1]["seq"] if eventos else 0
        parametros = {"desde": str(desde), "limite": "500"}
        lote = (await cliente.call("GET", f"execucoes/{automacao_id}/eventos", params=parametros))["eventos"]
        if not lote:
            return Execucao(automacao_id, linhas, eventos, resumo)
        eventos += lote


def read_pdfs(implantacao: Deployment) -> dict[str, bytes]:
    raiz = implantacao.downloads
    return {p.relative_to(raiz).as_posix(): p.read_bytes() for p in raiz.rglob("*.pdf")}


async def dump_database(url: str) -> dict[str, list[dict[str, Any]]]:
    conn = await asyncpg.connect(url)
    try:
        tabelas = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        nomes = [tabela["tablename"] for tabela in tabelas]
        return {nome: [dict(linha) for linha in await conn.fetch(f'TABLE "{nome}"')] for nome in nomes}
    finally:
        await conn.close()


def sha256(dados: bytes) -> str:
    return hashlib.sha256(dados).hexdigest()
