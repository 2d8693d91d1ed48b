"""Schedules: made, changed, paused and shown; fired by hand or by the clock. Each in the caller's transaction, which
holds the lock of the `agendamento` that is given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record

from services.gateway.agenda import find_mes, last_disparo, list_disparos, next_disparo, read_feriados
from services.gateway.execucao import hoje
from services.gateway.regras import Regra, describe, parse_regra
from services.gateway.store import Conn
from services.gateway.store import agendamentos as store
from services.gateway.store.agendamentos import Disparo
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.recusas import AgendamentoParado, ExecucaoAtiva, Recusa
from services.gateway.store.submissao import NovaExecucao, submit_execucao
from shared.outcomes import TipoExecucao

# Held later than this a firing was missed: nothing ran when it was due.
ATRASO = timedelta(minutes=10)
# So long a due firing waits for an execution of its ponto de venda to end.
ESPERA = timedelta(minutes=30)
MOSTRADAS = 5

PERDIDO = "agendamento.perdido"
_PERDIDO_TEXTO = (
    "O sistema estava parado nesta hora, e este agendamento pula o que se perde. Execute-o à mão se precisar."
)
_MESES_TEXTO = "Baixa {} apenas: os meses anteriores, que também se perderam, peça à mão se precisar."
_ILEGIVEL = "Regra ou fuso que este sistema não lê: edite o agendamento"


async def prepare(agendamentos: Iterable[Record | Mapping[str, Any]]) -> None:
    """Load the holidays off the loop where one of these rules needs them: the library is large."""
    if any(agendamento["regra"].get("tipo") == "dia_util" for agendamento in agendamentos):
        await asyncio.to_thread(read_feriados)


async def create(conn: Conn, colunas: Mapping[str, Any], agora: datetime, quem: str) -> int:
    """colunas: of a new schedule, without what is known here."""
    completas = {**colunas, "criado_por": quem}
    completas["proxima_em"] = await _find_proxima(completas, agora)
    id = await store.insert_agendamento(conn, completas)
    await _audit(conn, quem, "criar", id, colunas)
    return id


async def change(
    conn: Conn, agendamento: Record, mudancas: Mapping[str, Any], agora: datetime, quem: str, verbo: str
) -> None:
    """Another rule, zone, state or ponto de venda counts from now on: what was due under the former one is not made up
    for."""
    completas = {**dict(agendamento), **mudancas}
    novas = dict(mudancas)
    if any(completas[coluna] != agendamento[coluna] for coluna in ("regra", "fuso", "ativo", "ponto_venda_id")):
        novas |= {"proxima_em": await _find_proxima(completas, agora), "adiado_em": None}
    await store.update_agendamento(conn, agendamento["id"], novas)
    await _audit(conn, quem, verbo, agendamento["id"], mudancas)


async def pause(conn: Conn, agendamento: Record, agora: datetime, quem: str) -> None:
    """Raises AgendamentoParado."""
    if not agendamento["ativo"]:
        raise AgendamentoParado("Este agendamento já está pausado.")
    await change(conn, agendamento, {"ativo": False}, agora, quem, "pausar")


async def resume(conn: Conn, agendamento: Record, agora: datetime, quem: str) -> None:
    """What would have fired during the pause is not made up for. Raises AgendamentoParado."""
    if agendamento["ativo"]:
        raise AgendamentoParado("Este agendamento não está pausado.")
    await change(conn, agendamento, {"ativo": True}, agora, quem, "retomar")


async def remove(conn: Conn, agendamento: Record, quem: str) -> None:
    """With the history of its firings; what they downloaded stays."""
    await store.delete_agendamento(conn, agendamento["id"])
    await _audit(conn, quem, "excluir", agendamento["id"])


async def run_now(conn: Conn, agendamento: Record, agora: datetime, quem: str) -> UUID:
    """A firing by hand, beside those of the clock. Raises ExecucaoAtiva and what a submission raises."""
    id = agendamento["id"]
    if await store.find_execucao_ativa(conn, agendamento["ponto_venda_id"]):
        raise ExecucaoAtiva
    automacao_id = await _submit(conn, agendamento, agora, agora, quem)
    await store.insert_disparo(conn, id, Disparo(agora, agora, "enviado", automacao_id, quem=quem))
    return automacao_id


async def replan(conn: Conn, id: int, agora: datetime) -> None:
    """Another release may know other holidays or clock changes: the next firing is that of the rule as it is read now,
    counted from the last one. A month whose business day has fired has no other."""
    agendamento = await store.take_planejado(conn, id, agora)
    if agendamento is not None:
        desde, fuso = agendamento["desde"], ZoneInfo(agendamento["fuso"])
        proxima = await _find_proxima(agendamento, desde)
        if agendamento["disparado"] and agendamento["regra"]["tipo"] == "dia_util":
            while proxima and find_mes("atual", proxima, fuso) == find_mes("atual", desde, fuso):
                proxima = await _find_proxima(agendamento, proxima)
        if proxima != agendamento["proxima_em"]:
            await store.advance_agendamento(conn, id, proxima)


async def fire(conn: Conn, id: int, agora: datetime) -> UUID | None:
    """What is due of a schedule, once whichever gateway comes first; the execution that it began, if any."""
    agendamento = await store.take_devido(conn, id, agora)
    if agendamento is None:
        return None
    regra, fuso = parse_regra(agendamento["regra"]), ZoneInfo(agendamento["fuso"])
    primeira = agendamento["proxima_em"]
    previsto_para = last_disparo(regra, fuso, primeira, agora)
    disparo = None
    if not await store.has_disparo(conn, id, previsto_para):
        disparo = await _attempt(conn, agendamento, previsto_para, agora)
        if disparo is None:
            return None
        if primeira < previsto_para:
            disparo = replace(disparo, perdidos_desde=primeira)
            mes = find_mes(agendamento["mes"], previsto_para, fuso)
            if disparo.resultado == "enviado" and find_mes(agendamento["mes"], primeira, fuso) != mes:
                disparo = replace(disparo, mensagem=_MESES_TEXTO.format(mes))
        await store.insert_disparo(conn, id, disparo)
    await store.advance_agendamento(conn, id, next_disparo(regra, fuso, max(previsto_para, agora)))
    return disparo.automacao_id if disparo else None


def view(agendamento: Record, ultimo: Record | None, agora: datetime) -> dict[str, Any]:
    """For AgendamentoVisto."""
    campos = (
        "id", "nome", "ponto_venda", "consultor", "consultor_id", "mes", "regra", "fuso", "perdidos", "ativo",
        "adiado_em", "criado_por", "created_at", "updated_at",
    )  # fmt: skip
    proxima: datetime | None = agendamento["proxima_em"]
    try:
        agenda = view_agenda(parse_regra(agendamento["regra"]), agendamento["fuso"], max(proxima or agora, agora))
    except (ValueError, KeyError):  # as pydantic and zoneinfo say so; the others are shown all the same
        agenda, proxima = {"descricao": _ILEGIVEL}, None
    proximas = [proxima, *agenda["proximas"]][:MOSTRADAS] if proxima else []
    return {
        **{campo: agendamento[campo] for campo in campos},
        **agenda,
        "proximas": proximas,
        "ultimo": view_disparo(ultimo) if ultimo else None,
    }


def view_agenda(regra: Regra, fuso: str, depois: datetime) -> dict[str, Any]:
    return {"descricao": describe(regra), "proximas": list_disparos(regra, ZoneInfo(fuso), depois, MOSTRADAS)}


def view_disparo(disparo: Record) -> dict[str, Any]:
    campos = (
        "id", "previsto_para", "perdidos_desde", "feito_em", "quem", "resultado", "codigo", "mensagem", "automacao_id",
        "status",
    )  # fmt: skip
    return {campo: disparo[campo] for campo in campos}


async def _find_proxima(agendamento: Record | Mapping[str, Any], depois: datetime) -> datetime | None:
    if not agendamento["ativo"]:
        return None
    await prepare([agendamento])
    return next_disparo(parse_regra(agendamento["regra"]), ZoneInfo(agendamento["fuso"]), depois)


async def _attempt(conn: Conn, agendamento: Record, previsto_para: datetime, agora: datetime) -> Disparo | None:
    """None: it waits for an execution to end."""
    disparo, adiado_em = Disparo(previsto_para, agora, "recusado"), agendamento["adiado_em"]
    if adiado_em is not None and adiado_em < previsto_para:
        adiado_em = None  # an earlier firing waited, until nothing ran
    atraso = agora - (previsto_para if adiado_em is None else adiado_em + ESPERA)
    if agendamento["perdidos"] == "pular" and atraso > ATRASO:
        return replace(disparo, resultado="pulado", codigo=PERDIDO, mensagem=_PERDIDO_TEXTO)
    ativa = await store.find_execucao_ativa(conn, agendamento["ponto_venda_id"])
    # The clock may have been moved since it began to wait.
    if ativa and (adiado_em is None or abs(agora - adiado_em) < ESPERA):
        if adiado_em is None:
            await store.hold_agendamento(conn, agendamento["id"], agora)
        return None
    try:
        if ativa:
            raise ExecucaoAtiva
        async with conn.transaction():
            quem = f"agendamento {agendamento['id']} ({agendamento['nome']})"
            automacao_id = await _submit(conn, agendamento, previsto_para, agora, quem)
    except Recusa as recusa:
        return replace(disparo, codigo=recusa.codigo, mensagem=str(recusa))
    return replace(disparo, resultado="enviado", automacao_id=automacao_id)


async def _submit(conn: Conn, agendamento: Record, previsto_para: datetime, agora: datetime, quem: str) -> UUID:
    referencia = find_mes(agendamento["mes"], previsto_para, ZoneInfo(agendamento["fuso"]))
    nova = NovaExecucao(
        ponto_venda_id=agendamento["ponto_venda_id"],
        tipo=TipoExecucao.AGENDADA,
        usuario=quem,
        mes=referencia.mes,
        ano=referencia.ano,
        consultor_id=agendamento["consultor_id"],
        parametros={"agendamento": {"id": agendamento["id"], "nome": agendamento["nome"]}},
    )
    automacao_id = await submit_execucao(conn, nova, hoje(agora))
    feita = {"automacao_id": str(automacao_id)}
    await _audit(conn, quem, "executar", agendamento["id"], feita, agendamento["empresa_id"])
    return automacao_id


async def _audit(
    conn: Conn,
    quem: str,
    verbo: str,
    id: int,
    detalhes: Mapping[str, Any] | None = None,
    empresa_id: int | None = None,
) -> None:
    await record_auditoria(
        conn,
        quem=quem,
        acao=f"agendamento.{verbo}",
        alvo=f"agendamentos/{id}",
        detalhes=dict(detalhes or {}),
        empresa_id=empresa_id,
    )
