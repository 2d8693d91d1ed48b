"""Plain counts over all executions: what was done, how well, how fast, when, and why not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from asyncpg import Record

from services.gateway.execucao import hoje
from services.gateway.store import Alcance, Conn, load_sql
from shared.outcomes import FALHAS_TECNICAS, StatusCliente, find_desfecho

SQL = load_sql("estatisticas")

# How many days, today included, each total counts.
JANELAS = {"hoje": 1, "dias_7": 7, "dias_30": 30}
DIAS = 30
# What an attempt at the portal ended in: the success rate is over these alone.
TENTADOS = (
    StatusCliente.SUCESSO,
    StatusCliente.ERRO,
    StatusCliente.CPF_NAO_ENCONTRADO,
    StatusCliente.SEM_BOLETO,
)

Dados: TypeAlias = dict[str, Any]


async def read_estatisticas(conn: Conn, alcance: Alcance, consultor_id: int | None = None) -> Dados:
    """Of the last 30 days, but for `por_mes`. conn: in one snapshot, so that all of it tells of one moment."""
    filtro = (alcance, consultor_id)
    agora: datetime = await conn.fetchval("SELECT now()")
    dias = await conn.fetch(SQL["count_por_dia"], *filtro)
    meses = await conn.fetch(SQL["count_por_mes"], *filtro)
    etapas = await conn.fetch(SQL["measure_etapas"], *filtro)
    causas = await conn.fetch(SQL["count_por_causa"], *filtro)
    recuos = await conn.fetch(SQL["count_recuos"], *filtro)
    medidas = await conn.fetch(SQL["measure_horas"], *filtro)
    falhas = await conn.fetch(SQL["count_falhas_por_hora"], *filtro)
    return {
        "totais": _count_janelas(dias, hoje(agora)),
        "etapas": [_view_etapa(etapa) for etapa in etapas],
        "por_consultor": _group_consultores(dias),
        "por_causa": [_view_causa(causa) for causa in causas],
        "recuos": [_view_causa(recuo) for recuo in recuos],
        "por_dia": _list_dias(dias, hoje(agora)),
        "por_mes": _list_meses(meses),
        "por_hora": [_view_hora(hora, medidas, falhas) for hora in range(24)],
    }


def _count(linhas: Iterable[Record]) -> Dados:
    """Every final status, zeros included, their total, and the share of successes among what was tried."""
    contagem = {status.value: 0 for status in StatusCliente if status.is_final}
    tentados = 0
    for linha in linhas:
        if linha["status"] in contagem:
            contagem[linha["status"]] += linha["quantidade"]
        if linha["status"] in TENTADOS:
            tentados += linha["tentados"]
    taxa = round(contagem[StatusCliente.SUCESSO] / tentados, 4) if tentados else None
    return {"total": sum(contagem.values()), **contagem, "taxa_sucesso": taxa}


def _count_janelas(linhas: list[Record], ultimo: date) -> Dados:
    return {
        janela: _count(linha for linha in linhas if linha["dia"] > ultimo - timedelta(days=dias))
        for janela, dias in JANELAS.items()
    }


def _list_dias(linhas: list[Record], ultimo: date) -> list[Dados]:
    """Every day, the oldest first, those without work too."""
    dias = [ultimo - timedelta(days=antes) for antes in reversed(range(DIAS))]
    return [{"dia": dia, **_count(linha for linha in linhas if linha["dia"] == dia)} for dia in dias]


def _list_meses(linhas: list[Record]) -> list[Dados]:
    """The oldest month first, in each the consultores who had work."""
    return [
        {"ano": mes.year, "mes": mes.month, **consultor}
        for mes in sorted({linha["mes"] for linha in linhas})
        for consultor in _group_consultores([linha for linha in linhas if linha["mes"] == mes])
    ]


def _group_consultores(linhas: list[Record]) -> list[Dados]:
    """By name. `consultor` null, the last: contracts of no consultor's workbook."""
    nomes = {linha["consultor_id"]: linha["consultor"] for linha in linhas}
    return [
        {"consultor_id": id, "consultor": nome, **_count(linha for linha in linhas if linha["consultor_id"] == id)}
        for id, nome in sorted(nomes.items(), key=lambda par: (par[0] is None, par[1] or "", par[0] or 0))
    ]


def _view_etapa(linha: Record) -> Dados:
    return {
        "etapa": linha["etapa"],
        "medidas": linha["medidas"],
        "p50_s": round(linha["p50_s"], 3),
        "p95_s": round(linha["p95_s"], 3),
    }


def _view_causa(linha: Record) -> Dados:
    desfecho = find_desfecho(linha["codigo"])
    return {
        "codigo": linha["codigo"],
        "titulo": desfecho.titulo,
        "quem_age": desfecho.quem_age,
        "quantidade": linha["quantidade"],
    }


def _view_hora(hora: int, medidas: list[Record], falhas: list[Record]) -> Dados:
    """tentativas: those that brought a PDF, whose times are known, and those that failed."""
    medida = next((linha for linha in medidas if linha["hora"] == hora), None)
    falhas = [linha for linha in falhas if linha["hora"] == hora]
    tentativas = (medida["quantidade"] if medida else 0) + sum(linha["quantidade"] for linha in falhas)
    tecnicas = sum(linha["quantidade"] for linha in falhas if find_desfecho(linha["codigo"]).classe in FALHAS_TECNICAS)
    return {
        "hora": hora,
        "tentativas": tentativas,
        "p50_s": round(medida["p50_s"], 3) if medida else None,
        "p95_s": round(medida["p95_s"], 3) if medida else None,
        "falhas_tecnicas": tecnicas,
        "taxa_falhas_tecnicas": round(tecnicas / tentativas, 4) if tentativas else None,
    }
