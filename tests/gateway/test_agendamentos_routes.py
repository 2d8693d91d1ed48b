"""Schedules over REST: made, shown with their next firings, refused with field and remedy, run, paused and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.gateway.store.chaves import Escopo
from tests.eventually import eventually
from tests.gateway.cadastro import add_cliente
from tests.gateway.motor import count_presas
from tests.gateway.porta import Porta, open_porta

DIA_5 = {"tipo": "dia_do_mes", "dia": 5, "hora": "08:00"}
CORPO = {"nome": "Dia 5", "ponto_venda": "17308", "mes": "proximo", "regra": DIA_5}


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        async with aberta.pool.acquire() as conn:
            await add_cliente(conn, 1, 1, 1)
        yield aberta


async def add(porta: Porta, **campos: Any) -> dict[str, Any]:
    resposta = await porta.call("POST", "agendamentos", CORPO | campos, chave="operador")
    assert resposta.status == 201, resposta.corpo
    dados: dict[str, Any] = resposta.data
    return dados


async def test_a_schedule_is_made_shown_changed_and_deleted(porta: Porta) -> None:
    feito = await add(porta, consultor="marta")
    assert (feito["ponto_venda"], feito["consultor"], feito["fuso"]) == ("17.308", "Marta", "America/Sao_Paulo")
    assert (feito["perdidos"], feito["ativo"], feito["ultimo"]) == ("recuperar", True, None)
    assert feito["descricao"] == "Todo dia 5, às 08:00"
    proximas = [datetime.fromisoformat(proxima) for proxima in feito["proximas"]]
    assert len(proximas) == 5 and proximas == sorted(proximas) and proximas[0] > datetime.now(UTC)
    assert {(p.astimezone(UTC).day, p.astimezone(UTC).hour) for p in proximas} == {(5, 11)}
    lugar = f"agendamentos/{feito['id']}"
    outra = {"tipo": "dia_util", "numero": 2, "hora": "07:30"}
    mudado = await porta.call("PATCH", lugar, {"regra": outra, "consultor": None, "ponto_venda": "21400"})
    assert (mudado.data["regra"], mudado.data["consultor"], mudado.data["ponto_venda"]) == (outra, None, "21.400")
    assert mudado.data["descricao"] == "No 2º dia útil do mês, às 07:30"
    assert mudado.data["proximas"] != feito["proximas"]
    assert (await porta.call("GET", lugar, chave="leitura")).data == mudado.data
    nome = await porta.call("PATCH", lugar, {"nome": "Outro"})
    assert nome.data["proximas"] == mudado.data["proximas"]
    assert (await porta.call("DELETE", lugar)).data == {"id": feito["id"], "excluido": True}
    assert (await porta.call("GET", lugar)).corpo["codigo"] == "agendamento.nao_encontrado"
    feitas = [linha["acao"] for linha in await porta.pool.fetch("SELECT acao FROM auditoria WHERE alvo = $1", lugar)]
    assert feitas == ["agendamento.criar", "agendamento.alterar", "agendamento.alterar", "agendamento.excluir"]


ERROS: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"regra": {**DIA_5, "dia": 32}}, "regra.dia", "no máximo 31"),
    ({"regra": {**DIA_5, "hora": "8h"}}, "regra.hora", "como 08:00"),
    ({"regra": {"tipo": "dia_util", "numero": 0, "hora": "08:00"}}, "regra.numero", "no mínimo 1"),
    ({"regra": {"tipo": "semanal", "dias": [], "hora": "08:00"}}, "regra.dias", "no mínimo 1"),
    ({"regra": {"tipo": "semanal", "dias": ["lua"], "hora": "08:00"}}, "regra.dias[0]", "segunda, terca"),
    ({"regra": {"tipo": "cron", "expressao": "8 5"}}, "regra.expressao", "cinco campos"),
    ({"regra": {"tipo": "cron", "expressao": "0 0 30 2 *"}}, "regra.expressao", "como 0 8 5 * *"),
    ({"regra": {"tipo": "cron", "expressao": "0 8 */20 * 1L"}}, "regra.expressao", "nunca chega"),
    ({"regra": {"tipo": "cron", "expressao": "* 8 5 * *"}}, "regra.expressao", "mais de uma vez em 30 minutos: fixe"),
    ({"regra": {"tipo": "lua"}}, "regra", "tipo deve ser um destes: dia_do_mes, dia_util, semanal, cron"),
    ({"regra": {"dia": 5}}, "regra", "falta tipo"),
    ({"regra": {**DIA_5, "extra": 1}}, "regra.extra", "desconhecido"),
    ({"fuso": "Brasilia"}, "fuso", "America/Sao_Paulo"),
    ({"fuso": "localtime"}, "fuso", "America/Sao_Paulo"),
    ({"fuso": "Factory"}, "fuso", "America/Sao_Paulo"),
    ({"fuso": "../etc/passwd"}, "fuso", "America/Sao_Paulo"),
    ({"mes": "passado"}, "mes", "atual, proximo"),
    ({"perdidos": "talvez"}, "perdidos", "recuperar, pular"),
    ({"nome": " "}, "nome", "curto demais"),
)


async def test_what_is_wrong_is_named_with_its_remedy(porta: Porta) -> None:
    for campos, campo, erro in ERROS:
        recusa = await porta.call("POST", "agendamentos", CORPO | campos)
        assert (recusa.status, recusa.campos) == (422, [campo]), recusa.corpo
        assert erro in recusa.corpo["detalhes"][0]["erro"], recusa.corpo
    assert await porta.pool.fetchval("SELECT count(*) FROM agendamentos") == 0


async def test_a_rule_is_said_in_words_with_its_next_firings_before_it_is_kept(porta: Porta) -> None:
    corpo = {"regra": {"tipo": "cron", "expressao": "0 8 * * 1-5"}, "fuso": "America/Campo_Grande"}
    previa = (await porta.call("POST", "agendamentos/previa", corpo, chave="operador")).data
    assert previa["descricao"] == "Cron 0 8 * * 1-5"
    assert {datetime.fromisoformat(p).astimezone(UTC).hour for p in previa["proximas"]} == {12}
    assert (await porta.call("GET", "agendamentos")).data["agendamentos"] == []


async def test_one_that_cannot_be_read_is_shown_beside_the_others(porta: Porta) -> None:
    estragado, bom = await add(porta), await add(porta)
    await porta.pool.execute("UPDATE agendamentos SET fuso = 'Lua/Mar' WHERE id = $1", estragado["id"])
    vistos = (await porta.call("GET", "agendamentos")).data["agendamentos"]
    assert vistos[1] == bom
    assert "edite o agendamento" in vistos[0]["descricao"] and vistos[0]["proximas"] == []
    assert (await porta.call("PATCH", f"agendamentos/{estragado['id']}", {"fuso": "UTC"})).data["proximas"]


async def test_of_two_who_delete_it_at_once_one_is_told_that_it_is_gone(porta: Porta) -> None:
    lugar = f"agendamentos/{(await add(porta))['id']}"
    feitas = await asyncio.gather(*(porta.call("DELETE", lugar) for _ in range(2)))
    assert sorted(feita.status for feita in feitas) == [200, 404]
    assert await porta.pool.fetchval("SELECT count(*) FROM auditoria WHERE acao = 'agendamento.excluir'") == 1


async def test_one_moved_out_of_reach_meanwhile_is_not_run(porta: Porta) -> None:
    agendamento = await add(porta)
    await porta.add_chave("minha", Escopo.OPERADOR, "17.308")
    async with porta.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "UPDATE agendamentos SET ponto_venda_id = (SELECT id FROM pontos_venda WHERE codigo = '21.400')"
        )
        pedido = asyncio.create_task(porta.call("POST", f"agendamentos/{agendamento['id']}/executar", chave="minha"))
        await eventually(lambda: count_presas(porta.pool))
    assert (await pedido).corpo["codigo"] == "agendamento.nao_encontrado"


async def test_it_is_paused_resumed_and_neither_twice(porta: Porta) -> None:
    lugar = f"agendamentos/{(await add(porta))['id']}"
    pausado = await porta.call("POST", f"{lugar}/pausar", chave="operador")
    assert (pausado.data["ativo"], pausado.data["proximas"]) == (False, [])
    de_novo = await porta.call("POST", f"{lugar}/pausar")
    assert (de_novo.status, de_novo.corpo["codigo"]) == (409, "agendamento.estado_impossivel")
    assert "já está pausado" in de_novo.corpo["error"]
    assert len((await porta.call("POST", f"{lugar}/retomar")).data["proximas"]) == 5
    assert (await porta.call("POST", f"{lugar}/retomar")).status == 409
    assert [a["ativo"] for a in (await porta.call("GET", "agendamentos?ativo=true")).data["agendamentos"]] == [True]
    assert (await porta.call("GET", "agendamentos?ativo=false")).data["agendamentos"] == []


async def test_it_is_run_now_and_not_beside_another_execution(porta: Porta) -> None:
    agendamento = await add(porta)
    lugar = f"agendamentos/{agendamento['id']}"
    rodado = await porta.call("POST", f"{lugar}/executar", chave="operador")
    assert rodado.status == 202
    assert rodado.data["proximas"] == agendamento["proximas"]
    ultimo = rodado.data["ultimo"]
    assert rodado.headers["Location"] == f"/api/automation/execucoes/{ultimo['automacao_id']}"
    assert ultimo["quem"].startswith("chave ")
    execucao = (await porta.call("GET", f"execucoes/{ultimo['automacao_id']}")).data["execucao"]
    assert (execucao["tipo"], execucao["parametros"]["agendamento"]["nome"]) == ("agendada", "Dia 5")
    recusa = await porta.call("POST", f"{lugar}/executar")
    assert (recusa.status, recusa.corpo["codigo"]) == (409, "agendamento.execucao_ativa")
    assert "cancele-a" in recusa.corpo["error"]
    disparos = (await porta.call("GET", f"{lugar}/disparos", chave="leitura")).data
    assert [d["resultado"] for d in disparos["disparos"]] == ["enviado"] and disparos["cursor"] is None
    # The history goes with it, the execution stays.
    assert (await porta.call("DELETE", lugar)).status == 200
    assert (await porta.call("GET", f"execucoes/{ultimo['automacao_id']}")).status == 200


async def test_what_no_submission_would_take_is_refused_as_one(porta: Porta) -> None:
    lugar = f"agendamentos/{(await add(porta))['id']}/executar"
    await porta.pool.execute("UPDATE clientes_finais SET ativo = false")
    assert (await porta.call("POST", lugar)).corpo["codigo"] == "ponto_venda.sem_clientes"
    await porta.pool.execute("UPDATE pontos_venda SET ativo = false")
    recusa = await porta.call("POST", lugar)
    assert (recusa.status, recusa.corpo["codigo"]) == (409, "ponto_venda.inativo")
    assert await porta.pool.fetchval("SELECT count(*) FROM disparos") == 0


async def test_who_may_not_submit_may_not_schedule(porta: Porta) -> None:
    agendamento = await add(porta)
    lugar = f"agendamentos/{agendamento['id']}"
    assert (await porta.call("POST", "agendamentos", CORPO, chave="leitura")).status == 403
    assert (await porta.call("POST", f"{lugar}/executar", chave="leitura")).status == 403
    await porta.add_chave("outra", Escopo.OPERADOR, "21.400")
    assert (await porta.call("POST", "agendamentos", CORPO, chave="outra")).status == 403
    for metodo, caminho in (
        ("GET", lugar), ("PATCH", lugar), ("DELETE", lugar), ("POST", f"{lugar}/executar"),
        ("GET", f"{lugar}/disparos"),
    ):  # fmt: skip
        corpo = {"nome": "Meu"} if metodo == "PATCH" else None
        assert (await porta.call(metodo, caminho, corpo, chave="outra")).status == 404
    assert (await porta.call("GET", "agendamentos", chave="outra")).data["agendamentos"] == []
    meu = await porta.call("POST", "agendamentos", CORPO | {"ponto_venda": "21.400"}, chave="outra")
    assert meu.status == 201
    leva = await porta.call("PATCH", f"agendamentos/{meu.data['id']}", {"ponto_venda": "17.308"}, chave="outra")
    assert leva.status == 403
    assert len((await porta.call("GET", "agendamentos?ponto_venda=21400")).data["agendamentos"]) == 1


async def test_what_a_schedule_refers_to_is_only_deactivated(porta: Porta) -> None:
    await add(porta, ponto_venda="21.400", consultor="Marta")
    assert (await porta.call("DELETE", "pontos-venda/21400")).data["excluido"] is False
    await porta.pool.execute("UPDATE clientes_finais SET consultor_id = NULL")
    desativado = await porta.call("DELETE", "consultores/1")
    assert desativado.data["excluido"] is False and "agendamentos" in desativado.corpo["message"]
    assert (await porta.call("POST", "agendamentos", CORPO | {"consultor": "Ivo"})).corpo["codigo"] == (
        "consultor.nao_encontrado"
    )
