"""Cancelled, paused and resumed at any moment, with the gateway or the scraper killed right after it said yes."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.outcomes import Etapa
from tests.eventually import eventually
from tests.faults import momentos as m
from tests.faults.bancada import Arranjo, Bancada, Servidores, open_bancada
from tests.faults.casos import casos
from tests.faults.invariantes import check
from tests.faults.momentos import Momento
from tests.samples.contratos import cem_contratos

pytestmark = pytest.mark.timeout(400)

# From the answer to the request, or from when a gateway that was killed answers again.
PRAZO_S = 2.0
# Of the machine alone: its two cores also run the portal, the broker and the database, and we look every 50 ms.
FOLGA_S = 1.0
# An idle session would be kept for a minute.
DEVOLUCAO_S = 20.0
ARRANJO = Arranjo(contratos=20)
NAO_EMITIDAS = {etapa for etapa in Etapa if etapa.ordem < Etapa.BAIXANDO.ordem}
ANTES_DE_EMITIR = ("busca", "atendimento", "cobranca")


@dataclass(frozen=True)
class Ordem:
    """The order comes at the moment; `morre` is killed with -9 as soon as it was taken, and started again."""

    momento: Momento
    morre: str = ""

    def __str__(self) -> str:
        return f"{self.momento.nome}, {self.morre} morre" if self.morre else self.momento.nome


DO_SCRAPER = (m.LOGIN, m.BUSCA, m.EMISSAO, m.DOWNLOAD, m.VERIFICACAO, m.CAPTURA)
MOMENTOS = (*DO_SCRAPER, m.NOMEACAO, m.ARQUIVO)
ORDENS = [
    *(Ordem(momento) for momento in MOMENTOS),
    *(Ordem(momento, "gateway") for momento in MOMENTOS),
    *(Ordem(momento, "scraper-1") for momento in DO_SCRAPER),
]
ORDENS_SEGUIDAS = [
    *(Ordem(momento) for momento in MOMENTOS),
    Ordem(m.EMISSAO, "gateway"),
    Ordem(m.EMISSAO, "scraper-1"),
]


@pytest.mark.parametrize("ordem", casos(ORDENS))
async def test_cancelled_at_any_moment_nothing_new_begins_after_two_seconds(
    ordem: Ordem, tmp_path: Path, servidores: Servidores
) -> None:
    amostra = cem_contratos(quantos=ARRANJO.contratos)
    arranjo = replace(ARRANJO, botoes={"latencia": ordem.momento.latencia})
    amostra = replace(amostra, trabalhos=amostra.trabalhos[:1])
    async with open_bancada(tmp_path, servidores, arranjo, amostra) as bancada:
        pedida_s = await tell(bancada, ordem, "cancelar")
        await eventually(lambda: is_cancelada(bancada, morreu=ordem.morre == "scraper-1"), PRAZO_S + FOLGA_S, 0.05)
        parado_s = bancada.portal.log.elapsed_s()
        await bancada.finish()
        assert not list_tocados(bancada, parado_s)
        assert not list_logins(bancada, max(parado_s, pedida_s + PRAZO_S))
        assert ordem.morre == "scraper-1" or not await list_emitidas_canceladas(bancada)
        assert (await read(bancada))["status"] == "cancelada"
        check_emissoes(bancada, ordem)
        await check(bancada, cancelados=True)


@pytest.mark.parametrize("ordem", casos(ORDENS))
async def test_paused_at_any_moment_nothing_new_begins_after_two_seconds_until_it_is_resumed(
    ordem: Ordem, tmp_path: Path, servidores: Servidores
) -> None:
    amostra = cem_contratos(quantos=ARRANJO.contratos)
    arranjo = replace(ARRANJO, botoes={"latencia": ordem.momento.latencia})
    amostra = replace(amostra, trabalhos=amostra.trabalhos[:1])
    async with open_bancada(tmp_path, servidores, arranjo, amostra) as bancada:
        await tell(bancada, ordem, "pausar")
        assert (await read(bancada))["status"] == "pausada"
        await asyncio.sleep(PRAZO_S)
        em_mao = {linha["cpf"] for linha in await list_linhas(bancada) if linha["status"] == "processando"}
        parado_s = bancada.portal.log.elapsed_s()
        await eventually(lambda: has_nothing_in_hand(bancada), 90, 0.1)
        await eventually(lambda: has_no_sessao(bancada), 90 if ordem.morre == "scraper-1" else DEVOLUCAO_S, 0.2)
        assert set(list_tocados(bancada, parado_s)) <= em_mao
        assert not list_logins(bancada, parado_s)
        assert (await read(bancada))["status"] == "pausada"
        await bancada.call("POST", f"execucoes/{bancada.ids[0]}/retomar")
        assert (await read(bancada))["status"] == "em_andamento"
        await bancada.finish()
        check_emissoes(bancada, ordem)
        await check(bancada)


@pytest.mark.parametrize("ordem", casos(ORDENS_SEGUIDAS))
async def test_paused_and_resumed_in_one_breath_each_contract_comes_to_its_end_once(
    ordem: Ordem, tmp_path: Path, servidores: Servidores
) -> None:
    amostra = cem_contratos(quantos=ARRANJO.contratos)
    arranjo = replace(ARRANJO, botoes={"latencia": ordem.momento.latencia})
    amostra = replace(amostra, trabalhos=amostra.trabalhos[:1])
    async with open_bancada(tmp_path, servidores, arranjo, amostra) as bancada:
        await tell(bancada, ordem, "pausar")
        await bancada.call("POST", f"execucoes/{bancada.ids[0]}/retomar")
        await bancada.finish()
        check_emissoes(bancada, ordem)
        await check(bancada)


async def tell(bancada: Bancada, ordem: Ordem, verbo: str) -> float:
    """Returns when the answer is there; where the gateway died of it, when it answers again. When it was asked for."""
    await bancada.submit()
    async with ordem.momento.chega(bancada):
        pedida_s = bancada.portal.log.elapsed_s()
        await bancada.cliente.call("POST", f"execucoes/{bancada.ids[0]}/{verbo}")
        if ordem.morre:
            await bancada.kill(ordem.morre)
    if ordem.morre:
        await bancada.restart(ordem.morre)
        await read(bancada)
    return pedida_s


async def read(bancada: Bancada) -> dict[str, Any]:
    execucao: dict[str, Any] = (await bancada.call("GET", f"execucoes/{bancada.ids[0]}"))["execucao"]
    return execucao


async def list_linhas(bancada: Bancada) -> list[dict[str, Any]]:
    linhas: list[dict[str, Any]] = (await bancada.call("GET", f"execucoes/{bancada.ids[0]}/clientes"))["clientes"]
    return linhas


async def is_cancelada(bancada: Bancada, *, morreu: bool) -> bool:
    """Only what the portal was asked to issue is still in hand. morreu: whoever has the rest in hand cannot say so, and
    it ends with the lease."""
    assert (await read(bancada))["status"] == "cancelada"
    abertas = [linha for linha in await list_linhas(bancada) if linha["status"] in ("pendente", "processando")]
    assert not [linha for linha in abertas if linha["status"] == "pendente"], abertas
    assert morreu or not [linha for linha in abertas if linha["etapa"] in NAO_EMITIDAS], abertas
    return True


async def has_nothing_in_hand(bancada: Bancada) -> bool:
    return not any(linha["status"] == "processando" for linha in await list_linhas(bancada))


async def has_no_sessao(bancada: Bancada) -> bool:
    """The portal's sessions are given back: whoever paused may log in."""
    conn = await asyncpg.connect(bancada.database_url)
    try:
        return not await conn.fetchval("SELECT count(*) FROM concessoes WHERE encerrada_em IS NULL")
    finally:
        await conn.close()


def list_tocados(bancada: Bancada, desde_s: float) -> list[str]:
    """Clients that the portal was asked for since, on the way to their boleto."""
    return [
        entrada["cliente"]
        for entrada in bancada.portal.registro
        if entrada["t"] > desde_s and entrada["pagina"] in ANTES_DE_EMITIR and entrada["cliente"]
    ]


def list_logins(bancada: Bancada, desde_s: float) -> list[dict[str, Any]]:
    return [e for e in bancada.portal.registro if e["t"] > desde_s and e["pagina"] == "login" and e["metodo"] == "POST"]


async def list_emitidas_canceladas(bancada: Bancada) -> list[dict[str, Any]]:
    """What the portal was asked to issue comes to its true end."""
    emitidas = {(e["cpf"], int(e["grupo"]), int(e["cota"])) for e in bancada.portal.emitidos}
    linhas = [linha for linha in await list_linhas(bancada) if linha["status"] == "cancelado"]
    return [linha for linha in linhas if (linha["cpf"], linha["grupo"], linha["cota"]) in emitidas]


def check_emissoes(bancada: Bancada, ordem: Ordem) -> None:
    """Nothing was issued twice, but for what died with the scraper."""
    vezes = Counter((e["cpf"], e["grupo"], e["cota"]) for e in bancada.portal.emitidos)
    assert ordem.morre == "scraper-1" or not [chave for chave, quantas in vezes.items() if quantas > 1], vezes
