"""Statistics: plain counts, and true."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.gateway.store.chaves import Escopo
from tests.gateway.cadastro import Loja, add_cliente, submit
from tests.gateway.porta import Porta, open_porta


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        yield aberta


# (status, codigo, consultor, days ago, seconds of `emitindo`)
FEITOS = (
    ("sucesso", None, 1, 0, 1.0),
    ("sucesso", None, 1, 0, 2.0),
    ("sucesso", None, None, 3, 3.0),
    ("erro", "portal.fora_do_ar", 1, 0, None),
    ("sem_boleto", "boleto.inexistente", 1, 10, None),
    ("sem_boleto", "boleto.inexistente", 1, 10, None),
    ("ja_baixado", None, 1, 0, None),
    ("sucesso", None, 1, 40, 9.0),
)


async def add_feitos(porta: Porta) -> None:
    for numero in range(1, len(FEITOS) + 1):
        await add_cliente(porta.pool, 1, 1, numero)
    await submit(porta.pool, Loja(1, "17.308", 1, 1))
    itens = await porta.pool.fetch("SELECT id FROM log_downloads_boletos ORDER BY id")
    for item, (status, codigo, consultor, dias, segundos) in zip(itens, FEITOS, strict=True):
        await porta.pool.execute(
            "UPDATE log_downloads_boletos SET status = $2, codigo = $3, consultor_id = $4, duracoes_s = $6,"
            " finalizado_em = now() - make_interval(days => $5) WHERE id = $1",
            item["id"], status, codigo, consultor, dias, {"emitindo": segundos} if segundos else {},
        )  # fmt: skip


async def test_counts_are_those_of_the_rows(porta: Porta) -> None:
    await add_feitos(porta)
    dados = (await porta.call("GET", "estatisticas", chave="leitura")).data
    hoje, semana, mes = (dados["totais"][janela] for janela in ("hoje", "dias_7", "dias_30"))
    assert (hoje["total"], hoje["sucesso"], hoje["erro"], hoje["ja_baixado"]) == (4, 2, 1, 1)
    assert hoje["taxa_sucesso"] == pytest.approx(2 / 3, abs=1e-4)
    assert (semana["total"], mes["total"], mes["sem_boleto"]) == (5, 7, 2)
    assert mes["taxa_sucesso"] == 0.5
    assert dados["etapas"] == [{"etapa": "emitindo", "medidas": 3, "p50_s": 2.0, "p95_s": 2.9}]
    assert [(c["consultor"], c["total"], c["sucesso"]) for c in dados["por_consultor"]] == [
        ("Marta", 6, 2),
        (None, 1, 1),
    ]
    assert [(c["codigo"], c["quantidade"]) for c in dados["por_causa"]] == [
        ("boleto.inexistente", 2), ("portal.fora_do_ar", 1)
    ]  # fmt: skip
    assert dados["por_causa"][0]["titulo"] == "Sem boleto"


async def test_nothing_done_is_zeros_and_no_rate(porta: Porta) -> None:
    dados = (await porta.call("GET", "estatisticas")).data
    assert dados["totais"]["dias_30"]["total"] == 0 and dados["totais"]["dias_30"]["taxa_sucesso"] is None
    assert dados["etapas"] == dados["por_consultor"] == dados["por_causa"] == []


async def test_a_bound_key_counts_only_its_own(porta: Porta) -> None:
    await add_feitos(porta)
    await porta.add_chave("loja", Escopo.LEITURA, "21.400")
    dados = (await porta.call("GET", "estatisticas", chave="loja")).data
    assert dados["totais"]["dias_30"]["total"] == 0 and "Marta" not in json.dumps(dados)
