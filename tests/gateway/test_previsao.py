"""The prediction of failures from the office's log to its doors: learned, judged, told, used, or silent."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.gateway.execucao import FUSO
from services.gateway.riscos import list_altas
from services.gateway.store import Conn, Pool
from services.gateway.store.chaves import Escopo
from services.gateway.store.previsao import PADRAO_TECNICO
from services.gateway.sweeper import Guarda, Sweeper
from services.gateway.treinador import Treinador
from services.previsor.settings import PrevisorSettings
from services.previsor.worker import Previsor
from shared.events import Historia, Modelo
from shared.outcomes import DESFECHOS, FALHAS_TECNICAS
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_loja, cpf_de, submit
from tests.gateway.passado import add_passado, make_passado
from tests.gateway.porta import Porta, open_porta
from tests.previsor.historias import at_ten, by_contract, none

MODELO = Modelo(
    intercepto=-2.5, pesos={"contrato": {"seguidas": 3.0, "ultima": 2.0, "nenhuma": -0.5}, "hora": {"10": 1.5}},
    calibracao=(1.0, 0.0), horas={1: tuple([None] * 9 + [0.06, 0.32, 0.3] + [0.05] * 12)}, medias={1: 0.08},
)  # fmt: skip
JUIZO = {
    "motivo": None, "linhas": 2400, "falhas": 211, "julgadas": 1440, "dias": 36, "frequencia": 0.0879, "brier": 0.07,
    "brier_frequencia": 0.08, "ganho": 0.125, "minimo": 0.03,
    "calibracao": [{"previsto": 0.05, "observado": 0.06, "quantas": 700}],
}  # fmt: skip


@asynccontextmanager
async def open_cena(database_url: str, pasta: Path, *, clientes: int = 12) -> AsyncIterator[tuple[Porta, Loja]]:
    async with open_porta(database_url, pasta) as porta:
        yield porta, await add_loja(porta.pool, clientes=clientes)


@pytest.fixture
async def cena(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Porta, Loja]]:
    async with open_cena(database_url, tmp_path) as aberta:
        yield aberta


async def learn(porta: Porta) -> dict[str, Any]:
    """As in a night, with a real previsor; what the door then says."""
    async with Previsor(porta.bus, porta.files, PrevisorSettings()):
        assert await Treinador(porta.pool, porta.files, porta.engine.wake).tick()
        await eventually(
            lambda: porta.pool.fetchval("SELECT count(*) FROM treinos WHERE respondido_em IS NOT NULL"), 90
        )
    dados: dict[str, Any] = (await porta.call("GET", "previsao", chave="leitura")).data
    return dados


async def put_modelo(pool: Pool, *, idade: timedelta = timedelta(0), motivo: str | None = None) -> None:
    """As if it had been learned so long ago."""
    modelo = None if motivo else json.loads(MODELO.model_dump_json())
    await pool.execute(
        "INSERT INTO treinos (linhas, pedido_em, respondido_em, juizo, modelo)"
        " VALUES (2400, now() - $1::interval, now() - $1::interval, $2, $3)",
        idade, JUIZO | {"motivo": motivo}, modelo,
    )  # fmt: skip


# --- from the log to the door -----------------------------------------------------------------------------------------


@pytest.mark.timeout(180)
async def test_a_bad_hour_of_the_portal_is_learned_from_the_log_and_warned_of(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    await add_passado(porta.pool, loja, make_passado(at_ten))
    dados = await learn(porta)
    assert dados["fala"] and dados["motivo"] is None and "menos que a frequência simples" in dados["texto"]
    assert dados["juizo"]["brier"] < dados["juizo"]["brier_frequencia"] and dados["juizo"]["linhas"] == 4800
    assert dados["razoes"][0]["texto"].startswith("às 10 h: aumenta o risco")
    (ponto,) = dados["pontos_venda"]
    assert ponto["horas"][10]["risco"] == pytest.approx(0.35, abs=0.1) and ponto["horas"][3]["risco"] is None
    assert any("costuma falhar às 10 h" in aviso for aviso in ponto["avisos"])
    await check_nameless(porta)


async def check_nameless(porta: Porta) -> None:
    """Neither what is kept nor what was handed over says who a contract is."""
    guardado = await porta.pool.fetchval("SELECT string_agg(t::text, '') FROM treinos t")
    (historia,) = [caminho for caminho in porta.list_files() if "/historias/" in caminho]
    for texto in (guardado, (porta.pasta / historia).read_text()):
        assert "contrato" in texto
        assert not [numero for numero in range(1, 13) if cpf_de(numero) in texto or f"CLIENTE {numero}" in texto]


@pytest.mark.timeout(180)
async def test_without_a_hazard_it_says_why_it_is_silent_and_tells_no_risk(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    await add_passado(porta.pool, loja, make_passado(none, dias=60))
    dados = await learn(porta)
    assert (dados["fala"], dados["motivo"], dados["razoes"], dados["pontos_venda"]) == (False, "nao_supera", [], [])
    assert "fica calada" in dados["texto"] and dados["juizo"]["calibracao"]
    assert (await porta.call("GET", "previsao/contratos?ponto_venda=17308")).data == {"contratos": [], "cursor": None}


async def test_answers_about_clients_are_no_failures(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    historia = make_passado(at_ten, dias=12)
    for codigo, falhas in (("cliente.nao_encontrado", 0), ("login.recusado", 0), ("sessao.derrubada", None)):
        await porta.pool.execute("DELETE FROM log_downloads_boletos")
        await add_passado(porta.pool, loja, historia, codigo)
        treinador = Treinador(porta.pool, porta.files, lambda: None)
        await porta.pool.execute("DELETE FROM treinos")
        assert await treinador.tick()
        lida = await read_historia(porta)
        esperadas = sum(t.falhou for t in historia.tentativas) if falhas is None else falhas
        assert sum(t.falhou for t in lida.tentativas) == esperadas, codigo


async def read_historia(porta: Porta) -> Historia:
    """Of the training that was asked for last."""
    corpo = json.loads(
        await porta.pool.fetchval("SELECT corpo FROM outbox WHERE rota = 'previsao.treinar' ORDER BY id DESC LIMIT 1")
        or await last_sent(porta)
    )
    return Historia.model_validate_json(await porta.files.read(corpo["historia"]["caminho"]))


async def last_sent(porta: Porta) -> str:
    """Where the outbox was quicker: the newest file."""
    caminhos = sorted(
        (caminho for caminho in porta.list_files() if "/historias/" in caminho),
        key=lambda caminho: (porta.pasta / caminho).stat().st_mtime_ns,
    )
    return json.dumps({"historia": {"caminho": caminhos[-1]}})


async def test_what_is_handed_over_is_the_log_try_by_try(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    historia = make_passado(by_contract, dias=12)
    await add_passado(porta.pool, loja, historia)
    assert await Treinador(porta.pool, porta.files, lambda: None).tick()
    lida = await read_historia(porta)
    pares = dict(zip([t.contrato for t in historia.tentativas], [t.contrato for t in lida.tentativas], strict=True))
    assert len(set(pares.values())) == len(pares)
    esperada = [t.model_copy(update={"contrato": pares[t.contrato], "grupo": 6650}) for t in historia.tentativas]
    vistas = [
        t.model_copy(update={"fim": e.fim}) if not e.falhou else t
        for t, e in zip(lida.tentativas, esperada, strict=True)
    ]
    assert vistas == esperada


def test_a_failure_is_technical_by_the_table_of_outcomes() -> None:
    for codigo, desfecho in DESFECHOS.items():
        assert bool(re.search(PADRAO_TECNICO, codigo)) == (desfecho.classe in FALHAS_TECNICAS), codigo
    assert re.search(PADRAO_TECNICO, "portal.fora_do_ar.novo") and not re.search(PADRAO_TECNICO, "portal.mudou.novo")


# --- when -------------------------------------------------------------------------------------------------------------


async def test_two_gateways_ask_once_a_night_and_only_where_something_new_was_tried(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    agora = datetime.now(FUSO).replace(hour=9, minute=0)

    async def relogio(_: Conn) -> datetime:
        return agora

    dois = [Treinador(porta.pool, porta.files, lambda: None, relogio) for _ in range(2)]

    async def tick() -> int:
        return sum(len(feito) for feito in await asyncio.gather(*(um.tick() for um in dois)))

    assert await tick() == 0, "there is nothing to learn from"
    await add_passado(porta.pool, loja, make_passado(none, dias=2))
    assert [await tick(), await tick()] == [1, 0]
    agora += timedelta(hours=17)  # two in the morning
    assert await tick() == 0
    agora += timedelta(hours=2)
    assert await tick() == 0, "nothing was tried since"
    await porta.pool.execute("UPDATE log_downloads_boletos SET finalizado_em = $1", agora - timedelta(hours=5))
    assert [await tick(), await tick()] == [1, 0]
    # Else what was learned would be too old where boletos are fetched in a few days of each month.
    agora += timedelta(days=6)
    assert [await tick(), await tick()] == [1, 0]


async def test_of_too_little_nobody_is_asked(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    await add_passado(porta.pool, loja, make_passado(at_ten, dias=2))
    assert await Treinador(porta.pool, porta.files, porta.engine.wake).tick()
    dados = (await porta.call("GET", "previsao")).data
    assert dados["motivo"] == "poucas_linhas" and "80 tentativas, das 400" in dados["texto"]
    assert not any("/historias/" in caminho for caminho in porta.list_files())


async def test_it_is_asked_for_by_hand_once_while_one_is_under_way(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    assert (await porta.call("POST", "previsao/treinar")).data == {"pedida_em": None}
    await add_passado(porta.pool, loja, make_passado(none, dias=12))
    primeira = (await porta.call("POST", "previsao/treinar")).data["pedida_em"]
    assert (await porta.call("POST", "previsao/treinar")).data["pedida_em"] == primeira
    assert await porta.pool.fetchval("SELECT count(*) FROM treinos") == 1
    assert (await porta.call("POST", "previsao/treinar", chave="operador")).status == 403
    await porta.add_chave("daqui", Escopo.ADMIN, loja.codigo)
    assert (await porta.call("POST", "previsao/treinar", chave="daqui")).status == 403


async def test_histories_are_swept_and_trainings_kept_for_some_months(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    await add_passado(porta.pool, loja, make_passado(none, dias=12))
    await porta.pool.execute(
        "INSERT INTO treinos (linhas, pedido_em) SELECT 1, now() - interval '2 days' FROM generate_series(1, 120)"
    )
    assert await Treinador(porta.pool, porta.files, lambda: None).tick()
    assert await porta.pool.fetchval("SELECT count(*) FROM treinos") == 90
    assert any("/historias/" in caminho for caminho in porta.list_files())
    await Sweeper(porta.pool, porta.files, lambda: None, Guarda(historias=timedelta(0))).clean()
    assert not any("/historias/" in caminho for caminho in porta.list_files())


# --- what is told -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("motivo", "idade", "texto"),
    [("poucas_linhas", 0, "2400 tentativas, das 400"), ("poucos_dias", 0, "dias de trabalho"),
     ("poucas_falhas", 0, "211 em 2400"), ("nao_supera", 0, "fica calada"), (None, 8, "mais de 7 dias")],
)  # fmt: skip
async def test_its_silence_has_a_reason_in_words(
    cena: tuple[Porta, Loja], motivo: str | None, idade: int, texto: str
) -> None:
    porta, _ = cena
    await put_modelo(porta.pool, motivo=motivo, idade=timedelta(days=idade))
    dados = (await porta.call("GET", "previsao")).data
    assert not dados["fala"] and texto in dados["texto"] and dados["pontos_venda"] == [] == dados["razoes"]


async def test_before_the_first_training_and_without_a_previsor_it_says_so(cena: tuple[Porta, Loja]) -> None:
    porta, _ = cena
    assert (await porta.call("GET", "previsao")).data["motivo"] == "sem_treino"
    await porta.pool.execute("INSERT INTO treinos (linhas, pedido_em) VALUES (9, now() - interval '2 hours')")
    dados = (await porta.call("GET", "previsao")).data
    assert dados["motivo"] == "sem_previsor" and "canopus previsor" in dados["texto"]
    await porta.pool.execute("UPDATE treinos SET respondido_em = now(), erro = 'O treino não chegou ao fim.'")
    assert (await porta.call("GET", "previsao")).data["texto"] == "O treino não chegou ao fim."
    await porta.pool.execute('UPDATE treinos SET juizo = \'{"de": "outra versão"}\', erro = NULL')
    assert "outra versão" in (await porta.call("GET", "previsao")).data["texto"]


async def test_the_riskiest_contracts_come_first_with_their_reasons_and_masked(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    await put_modelo(porta.pool)
    await add_passado(porta.pool, loja, make_passado(lambda d, i, c: float(c == 4), dias=3, contratos=12))
    await porta.pool.execute("UPDATE clientes_finais SET nome_completo = nome_completo || ' 123.456.789-09'")
    contratos = (await porta.call("GET", "previsao/contratos?ponto_venda=17308&limite=3", chave="leitura")).data[
        "contratos"
    ]
    assert (
        len(contratos) == 3
        and contratos[0]["nome"] == "CLIENTE 5 ***.456.789-**"
        and contratos[0]["cpf"].startswith("***.")
    )
    assert contratos[0]["razoes"][0]["texto"].startswith("contrato que falhou nas duas últimas vezes: aumenta o risco")
    assert contratos[0]["risco"] > 2 * contratos[1]["risco"]


async def test_a_bound_key_is_told_of_its_own_ponto_de_venda_alone(cena: tuple[Porta, Loja]) -> None:
    porta, _ = cena
    await add_loja(porta.pool, "21.400", clientes=1, base=50)
    await put_modelo(porta.pool)
    await porta.add_chave("outra", Escopo.LEITURA, "21.400")
    dados = (await porta.call("GET", "previsao", chave="outra")).data
    assert dados["fala"] and dados["pontos_venda"] == [] and "17.308" not in json.dumps(dados)


def test_hours_in_a_row_that_stand_out_are_one_warning() -> None:
    horas = [None] * 8 + [0.05, 0.3, 0.4, 0.06, None, 0.2] + [0.05] * 10
    assert list_altas(horas, 0.08) == [(9, 10, 0.4), (13, 13, 0.2)]
    assert list_altas([0.03] * 24, 0.01) == [], "three in a hundred is nothing to warn of"


# --- the order of work ------------------------------------------------------------------------------------------------


async def list_ordem(porta: Porta, automacao_id: UUID) -> list[str]:
    linhas = await porta.pool.fetch(
        "SELECT nome_cliente FROM log_downloads_boletos WHERE automacao_id = $1 ORDER BY id", automacao_id
    )
    return [linha["nome_cliente"] for linha in linhas]


async def test_where_it_is_wanted_an_execution_begins_with_what_risks_least(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    todos = [f"CLIENTE {numero}" for numero in range(1, 13)]
    await put_modelo(porta.pool)
    await add_passado(porta.pool, loja, make_passado(lambda d, i, c: float(c == 2), dias=3, contratos=12))
    assert await list_ordem(porta, await submit(porta.pool, loja)) == todos, "nobody asked for it"
    assert (await porta.call("PATCH", "pontos-venda/17308", {"ordem_risco": True})).data["ordem_risco"] is True
    ordem = await list_ordem(porta, await submit(porta.pool, loja))
    assert ordem[-1] == "CLIENTE 3" and sorted(ordem) == sorted(todos)
    assert ordem[:-1] == [nome for nome in todos if nome != "CLIENTE 3"], "equals stay as they were"


async def test_while_it_is_silent_the_order_is_the_registers(cena: tuple[Porta, Loja]) -> None:
    porta, loja = cena
    await porta.pool.execute("UPDATE pontos_venda SET ordem_risco = true")
    await add_passado(porta.pool, loja, make_passado(lambda d, i, c: float(c == 2), dias=3, contratos=12))
    await put_modelo(porta.pool)
    await put_modelo(porta.pool, motivo="nao_supera")
    assert (await list_ordem(porta, await submit(porta.pool, loja)))[2] == "CLIENTE 3"
