"""Statistics as a CSV that a pt-BR Excel opens with a double click: UTF-8 with its mark, semicolons, decimal commas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shared.celulas import quote_formula

_MARCA = "\ufeff"
_SEM_CONSULTOR = "Sem consultor"

_CONTAGEM = {
    "total": "Total",
    "sucesso": "Baixados",
    "ja_baixado": "Já baixados",
    "sem_boleto": "Sem boleto",
    "cpf_nao_encontrado": "CPF não encontrado",
    "erro": "Erro",
    "cancelado": "Cancelados",
    "taxa_sucesso": "Taxa de sucesso",
}
_JANELAS = {"hoje": "Hoje", "dias_7": "7 dias", "dias_30": "30 dias"}
# Title, field of the statistics, its columns: field → header.
_TABELAS: Sequence[tuple[str, str, Mapping[str, str]]] = (
    ("Resultados por dia", "por_dia", {"dia": "Dia", **_CONTAGEM}),
    ("Resultados por mês e consultor", "por_mes", {"ano": "Ano", "mes": "Mês", "consultor": "Consultor", **_CONTAGEM}),
    ("Resultados por consultor, 30 dias", "por_consultor", {"consultor": "Consultor", **_CONTAGEM}),
    (
        "Causas, 30 dias",
        "por_causa",
        {"codigo": "Código", "titulo": "Causa", "quem_age": "Quem age", "quantidade": "Quantidade"},
    ),
    (
        "Tempo das etapas em segundos, 30 dias",
        "etapas",
        {"etapa": "Etapa", "medidas": "Medidas", "p50_s": "Metade em até", "p95_s": "95% em até"},
    ),
    (
        "Portal por hora do dia, 30 dias",
        "por_hora",
        {
            "hora": "Hora",
            "tentativas": "Tentativas",
            "p50_s": "Metade em até (s)",
            "p95_s": "95% em até (s)",
            "falhas_tecnicas": "Falhas técnicas",
            "taxa_falhas_tecnicas": "Taxa de falhas técnicas",
        },
    ),
)


def write_csv(dados: Mapping[str, Any]) -> bytes:
    """dados: what `read_estatisticas` answers. One table below the other, each with its title and a blank line."""
    saida = io.StringIO()
    saida.write(_MARCA)
    escritor = csv.writer(saida, delimiter=";")
    totais = [{"janela": nome, **dados["totais"][janela]} for janela, nome in _JANELAS.items()]
    tabelas = [("Totais", {"janela": "Período", **_CONTAGEM}, totais)]
    tabelas += [(titulo, dict(colunas), dados[campo]) for titulo, campo, colunas in _TABELAS]
    for titulo, colunas, linhas in tabelas:
        escritor.writerows([[titulo], colunas.values(), *_write_linhas(colunas, linhas), []])
    return saida.getvalue().encode()


def _write_linhas(colunas: Iterable[str], linhas: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    return [[_SEM_CONSULTOR if _is_sem_consultor(c, linha) else _cell(linha[c]) for c in colunas] for linha in linhas]


def _is_sem_consultor(coluna: str, linha: Mapping[str, Any]) -> bool:
    return coluna == "consultor" and linha[coluna] is None


def _cell(valor: str | int | float | date | None) -> str:
    match valor:
        case None:
            return ""
        case str():
            return quote_formula(valor)
        case float():
            return str(valor).replace(".", ",")
        case date():
            return valor.strftime("%d/%m/%Y")
        case _:
            return str(valor)
