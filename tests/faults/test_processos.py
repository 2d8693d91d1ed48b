"""Every process killed or stopped at any line: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.faults import momentos as m
from tests.faults.bancada import Arranjo, Servidores, open_bancada
from tests.faults.casos import casos
from tests.faults.invariantes import check
from tests.faults.momentos import Momento

pytestmark = pytest.mark.timeout(400)

UM = Arranjo()
POUCOS = Arranjo(contratos=8)
UP = Arranjo(up=True)
NAVEGADOR = Arranjo(driver="navegador", contratos=8)
VARIOS = Arranjo(gateways=2, scrapers=3, namers=2, contratos=40, sessoes=4)
PARADA_S = 3
LOGO = {"CANOPUS_PARADA_S": str(PARADA_S)}


@dataclass(frozen=True)
class Morte:
    """`alvo` is killed with -9 at the moment and started again `volta_s` later."""

    alvo: str
    momento: Momento
    arranjo: Arranjo = UM
    volta_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.alvo} {self.momento.nome}"


DE_PORTAL = (m.LOGIN, m.BUSCA, m.EMISSAO, m.DOWNLOAD, m.VERIFICACAO)
DE_REGISTRO = (m.CAPTURA, m.NOMEACAO, m.ARQUIVO, m.GRAVACAO)
MORTES = [
    *(Morte("gateway", momento) for momento in (m.LOGIN, m.DOWNLOAD, *DE_REGISTRO, *m.ACASO)),
    *(Morte("scraper-1", momento) for momento in (*DE_PORTAL, *DE_REGISTRO, *m.ACASO)),
    *(Morte("namer", momento) for momento in (m.CAPTURA, m.NOMEACAO, m.ARQUIVO, m.GRAVACAO, *m.ACASO)),
    *(Morte("rabbitmq", momento, volta_s=2) for momento in (m.LOGIN, m.DOWNLOAD, *DE_REGISTRO, *m.ACASO)),
    *(Morte("postgres", momento, volta_s=2) for momento in (m.LOGIN, m.DOWNLOAD, *DE_REGISTRO, *m.ACASO)),
    *(Morte("chromium", momento, NAVEGADOR) for momento in DE_PORTAL),
    *(Morte("up", momento, UP) for momento in (*DE_PORTAL, *DE_REGISTRO, *m.ACASO)),
]
RAPIDAS = [Morte("namer", m.ARQUIVO, POUCOS)]


@pytest.mark.parametrize("morte", casos([*MORTES, *RAPIDAS], rapidos=[str(morte) for morte in RAPIDAS]))
async def test_a_process_killed_at_any_moment_costs_nothing(
    morte: Morte, tmp_path: Path, servidores: Servidores
) -> None:
    arranjo = replace(morte.arranjo, botoes={"latencia": morte.momento.latencia})
    async with open_bancada(tmp_path, servidores, arranjo) as bancada:
        await bancada.submit()
        async with morte.momento.chega(bancada):
            filhos = await bancada.kill(morte.alvo)
        await asyncio.sleep(morte.volta_s)
        await bancada.restart(morte.alvo)
        await bancada.cut_ouvintes()
        await bancada.finish()
        await check(bancada)
        await eventually(lambda: not any(filho.is_running() for filho in filhos), 30)


@dataclass(frozen=True)
class Parada:
    """`alvo` gets SIGTERM at the moment."""

    alvo: str
    momento: Momento
    arranjo: Arranjo = UM

    def __str__(self) -> str:
        return f"{self.alvo} {self.momento.nome}"


LENTO = replace(m.DOWNLOAD, nome="no download que não termina", latencia={"impressao": 15_000})
PARADAS = [
    *(Parada(alvo, momento) for alvo in ("scraper-1",) for momento in (m.LOGIN, m.BUSCA, m.DOWNLOAD, LENTO)),
    *(Parada("gateway", momento) for momento in (m.DOWNLOAD, m.NOMEACAO)),
    *(Parada("namer", momento) for momento in (m.NOMEACAO, m.ARQUIVO)),
    *(Parada("up", momento, UP) for momento in (m.LOGIN, m.DOWNLOAD, LENTO)),
]


@pytest.mark.parametrize("parada", casos(PARADAS))
async def test_asked_to_stop_a_process_ends_or_hands_back_what_it_has(
    parada: Parada, tmp_path: Path, servidores: Servidores
) -> None:
    arranjo = replace(parada.arranjo, ambiente=LOGO, botoes={"latencia": parada.momento.latencia})
    async with open_bancada(tmp_path, servidores, arranjo) as bancada:
        await bancada.submit()
        async with parada.momento.chega(bancada):
            segundos = await bancada.end(parada.alvo)
        assert bancada.implantacao.processos[parada.alvo].returncode == 0
        assert segundos < 1.5 * PARADA_S + 5
        bancada.portal.turn(latencia={"impressao": 50})
        await bancada.restart(parada.alvo)
        await bancada.finish()
        await check(bancada)


ORDENS = [
    ("rabbitmq", "postgres", "gateway", "namer", "scraper-1"),
    ("scraper-1", "namer", "postgres", "gateway", "rabbitmq"),
    ("namer", "rabbitmq", "scraper-1", "gateway", "postgres"),
    ("gateway", "scraper-1", "namer", "rabbitmq", "postgres"),
]


@pytest.mark.parametrize("ordem", casos(ORDENS))
async def test_all_killed_and_started_in_any_order_goes_on(
    ordem: Sequence[str], tmp_path: Path, servidores: Servidores
) -> None:
    async with open_bancada(tmp_path, servidores, Arranjo()) as bancada:
        await bancada.submit()
        await bancada.wait_prontos(4)
        for alvo in ("gateway", "scraper-1", "namer", "rabbitmq", "postgres"):
            await bancada.kill(alvo)
        for alvo in ordem:
            await bancada.restart(alvo)
            await asyncio.sleep(1)
        await bancada.finish()
        await check(bancada)


VITIMAS = [("gateway-2",), ("scraper-2",), ("namer-2",), ("gateway-2", "scraper-1", "scraper-3", "namer")]


@pytest.mark.parametrize("vitimas", casos(VITIMAS))
async def test_of_several_those_that_live_do_the_work_of_those_that_died(
    vitimas: Sequence[str], tmp_path: Path, servidores: Servidores
) -> None:
    async with open_bancada(tmp_path, servidores, VARIOS) as bancada:
        await bancada.submit()
        await bancada.wait_prontos(6)
        for vitima in vitimas:
            await bancada.kill(vitima)
        await bancada.finish()
        await check(bancada)
