"""Plain counts over all executions: what was done, how well, how fast, and why not."""

from __future__ import annotations

from typing import Any

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql
from shared.outcomes import StatusCliente, find_desfecho

SQL = load_sql("estatisticas")

JANELAS = ("hoje", "dias_7", "dias_30")
# What an attempt at the portal ended in: the success rate is over these alone.
TENTADOS = (
    StatusCliente.SUCESSO,
    StatusCliente.ERRO,
    StatusCliente.CPF_NAO_ENCONTRADO,
    StatusCliente.SEM_BOLETO,
)


async def read_estatisticas(conn: Conn, alcance: Alcance) -> dict[str, Any]:
    """`etapas`, `por_consultor` and `por_causa` tell of the last 30 days."""
    resultados = await conn.fetch(SQL["count_resultados"], alcance)
    etapas = await conn.fetch(SQL["measure_etapas"], alcance)
    consultores = await conn.fetch(SQL["count_por_consultor"], alcance)
    causas = await conn.fetch(SQL["count_por_causa"], alcance)
    return {
        "totais": {janela: _count([r for r in resultados if r["janela"] == janela]) for janela in JANELAS},
        "etapas": [_view_etapa(etapa) for etapa in etapas],
        "por_consultor": _group_consultores(consultores),
        "por_causa": [_view_causa(causa) for causa in causas],
    }


def _count(linhas: list[Record]) -> dict[str, Any]:
    """Every final status, zeros included, their total, and the share of successes among what was tried."""
    contagem = {status.value: 0 for status in StatusCliente if status.is_final}
    contagem |= {linha["status"]: linha["quantidade"] for linha in linhas if linha["status"] in contagem}
    tentados = sum(contagem[status] for status in TENTADOS)
    taxa = round(contagem[StatusCliente.SUCESSO] / tentados, 4) if tentados else None
    return {"total": sum(contagem.values()), **contagem, "taxa_sucesso": taxa}


def _group_consultores(linhas: list[Record]) -> list[dict[str, Any]]:
    """`consultor` null: contracts of no consultor's workbook."""
    ids = {linha["id"]: linha["nome"] for linha in linhas}
    return [
        {"consultor_id": id, "consultor": nome, **_count([linha for linha in linhas if linha["id"] == id])}
        for id, nome in ids.items()
    ]


def _view_etapa(linha: Record) -> dict[str, Any]:
    return {
        "etapa": linha["etapa"],
        "medidas": linha["medidas"],
        "p50_s": round(linha["p50_s"], 3),
        "p95_s": round(linha["p95_s"], 3),
    }


def _view_causa(linha: Record) -> dict[str, Any]:
    desfecho = find_desfecho(linha["codigo"])
    return {
        "codigo": linha["codigo"],
        "titulo": desfecho.titulo,
        "quem_age": desfecho.quem_age,
        "quantidade": linha["quantidade"],
    }
