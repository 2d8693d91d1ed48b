"""Two offices at work at once in one installation, with the same codes and names: each ends as it must, and hears
nothing of the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from shared.contrato import mask_documento
from tests.crm import API, Cliente, import_planilhas, match_linha, register
from tests.flow.deployment import Deployment, deployed
from tests.flow.rodada import Execucao, finish, read_pdfs, submit
from tests.samples.contratos import cem_contratos
from tests.samples.register import Amostra
from tests.simulator import Simulador

pytestmark = [pytest.mark.completo, pytest.mark.timeout(600)]

LEITURAS = (
    "execucoes", "clientes?limite=200", "boletos?limite=200", "boletos?desde=inicio", "consultores", "pontos-venda",
    "credenciais", "planilhas", "estatisticas", "pessoas", "webhooks", "agendamentos",
)  # fmt: skip


@dataclass
class Escritorio:
    """pasta: where its files lie. lido: all that it was ever told, frame by frame and answer by answer."""

    cliente: Cliente
    amostra: Amostra
    pasta: str
    lido: list[str] = field(default_factory=list)
    execucoes: list[Execucao] = field(default_factory=list)

    @property
    def marcas(self) -> set[str]:
        pessoas = {marca for c in self.amostra.contratos for marca in (c.nome, mask_documento(c.documento))}
        return pessoas | {execucao.automacao_id for execucao in self.execucoes}


@asynccontextmanager
async def second_office(implantacao: Deployment) -> AsyncIterator[Cliente]:
    criar = ("empresas", "criar", "--codigo", "filial", "--nome", "Filial", "--admin-email", "a@exemplo.com.br")
    await asyncio.to_thread(implantacao.run, *criar)
    criar = ("chaves", "criar", "--nome", "teste", "--escopo", "admin", "--empresa", "filial")
    chave = (await asyncio.to_thread(implantacao.run, *criar)).strip()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {chave}"}) as sessao:
        yield Cliente(sessao, implantacao.origem)


async def listen(escritorio: Escritorio) -> None:
    cliente = escritorio.cliente
    async with cliente.sessao.ws_connect(f"{cliente.origem}{API}/ws", protocols=["canopus.v1"], max_msg_size=0) as ws:
        await ws.send_json({"tipo": "assinar", "automacao_id": "*"})
        async for quadro in ws:
            escritorio.lido.append(quadro.data)


async def work(escritorio: Escritorio, url_portal: str, pasta: Path) -> None:
    cliente, amostra = escritorio.cliente, escritorio.amostra
    await register(cliente, amostra, url_portal)
    await import_planilhas(cliente, amostra, pasta)
    ouvinte = asyncio.create_task(listen(escritorio))
    ids = [await submit(cliente, trabalho.corpo) for trabalho in amostra.trabalhos]
    escritorio.execucoes = [await finish(cliente, id) for id in ids]
    ouvinte.cancel()
    await asyncio.gather(ouvinte, return_exceptions=True)
    for leitura in LEITURAS:
        async with cliente.sessao.get(f"{cliente.origem}{API}/{leitura}") as resposta:
            assert resposta.status == 200, leitura
            escritorio.lido.append(await resposta.text())


async def test_two_offices_at_once_hear_nothing_of_each_other(tmp_path: Path, database_url: str) -> None:
    minha, dela = cem_contratos(100, quantos=60), cem_contratos(200, quantos=60)
    async with (
        Simulador(minha.cenario) as um,
        Simulador(dela.cenario) as outro,
        deployed(tmp_path, None, database_url) as (implantacao, cliente),
        second_office(implantacao) as da_filial,
    ):
        primeiro = Escritorio(cliente, minha, "")
        segundo = Escritorio(da_filial, dela, "escritorios/filial/")
        async with asyncio.TaskGroup() as juntos:
            juntos.create_task(work(primeiro, um.url, tmp_path / "p1"))
            juntos.create_task(work(segundo, outro.url, tmp_path / "p2"))
        pdfs = read_pdfs(implantacao)
    for escritorio, alheio in ((primeiro, segundo), (segundo, primeiro)):
        certos = set()
        for trabalho, execucao in zip(escritorio.amostra.trabalhos, escritorio.execucoes, strict=True):
            linhas = list(execucao.linhas)
            for esperado in trabalho.esperados:
                linha = match_linha(linhas, esperado)
                arquivo = esperado.arquivo and f"{escritorio.pasta}{esperado.arquivo}"
                assert linha and (linha["status"], linha["codigo"], linha["arquivo"]) == (
                    esperado.status, esperado.codigo, arquivo,
                )  # fmt: skip
                certos |= {arquivo} if arquivo else set()
            assert not linhas
        assert certos == {caminho for caminho in pdfs if caminho.startswith("escritorios/") == bool(escritorio.pasta)}
        tudo = "\n".join(escritorio.lido)
        assert len(escritorio.lido) > 100 and sum(marca in tudo for marca in escritorio.marcas) > 60
        assert not [marca for marca in alheio.marcas - escritorio.marcas if marca in tudo]
