"""Filed boletos, as the routes show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql
from shared.contrato import mask_documento, mask_documentos
from shared.events import Arquivo

SQL = load_sql("boletos")


@dataclass(frozen=True)
class FiltroBoletos:
    """What a list of boletos is asked for; None: all."""

    alcance: Alcance = None
    consultor_id: int | None = None
    mes: int | None = None
    ano: int | None = None
    cpf: str | None = None
    desde: datetime | None = None
    busca: str | None = None


async def list_boletos(conn: Conn, filtro: FiltroBoletos, antes: int | None, limite: int) -> list[Record]:
    """The newest first."""
    return await conn.fetch(SQL["list_boletos"], *astuple(filtro), antes, limite)


async def list_por_consultor(conn: Conn, filtro: FiltroBoletos, depois: int | None, limite: int) -> list[Record]:
    """The latest month first, in it by consultor and client; depois: the id of the last one seen."""
    return await conn.fetch(SQL["list_boletos_por_consultor"], *astuple(filtro), depois, limite)


async def find_boleto(conn: Conn, id: int, alcance: Alcance) -> Record | None:
    return await conn.fetchrow(SQL["find_boleto"], id, alcance)


async def list_arquivos(conn: Conn, automacao_id: UUID) -> list[Arquivo]:
    """The PDFs that an execution found or had already, each once."""
    linhas: Sequence[Record] = await conn.fetch(SQL["list_arquivos_execucao"], automacao_id)
    return [get_arquivo(linha) for linha in linhas]


async def list_dados(conn: Conn, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What a report says of each boleto, by its id."""
    linhas: Sequence[Record] = await conn.fetch(SQL["list_dados"], list(ids))
    return {linha["id"]: _view_dados(linha) for linha in linhas}


def get_arquivo(linha: Record) -> Arquivo:
    return Arquivo(caminho=linha["arquivo_caminho"], sha256=linha["arquivo_sha256"], tamanho=linha["arquivo_tamanho"])


def view_boleto(linha: Record) -> dict[str, Any]:
    return {
        "id": linha["id"],
        "automacao_id": linha["automacao_id"],
        "ponto_venda": linha["ponto_venda"],
        "consultor": linha["consultor"],
        "cliente_id": linha["cliente_final_id"],
        "nome": linha["nome_cliente"] and mask_documentos(linha["nome_cliente"]),
        "cpf": mask_documento(linha["cpf"]),
        "grupo": linha["grupo"],
        "cota": linha["cota"],
        "mes": linha["mes_referencia"],
        "ano": linha["ano_referencia"],
        "numero_parcela": linha["numero_parcela"],
        "contrato": linha["contrato"],
        **_view_dados(linha),
        "status": linha["status"],
        "data_pagamento": linha["data_pagamento"],
        "valor_pago": None if linha["valor_pago"] is None else float(linha["valor_pago"]),
        "arquivo": linha["arquivo_caminho"],
        "tamanho": linha["arquivo_tamanho"],
        "sha256": linha["arquivo_sha256"],
        "baixado_em": linha["baixado_em"],
    }


def _view_dados(linha: Record) -> dict[str, Any]:
    return {
        "vencimento": linha["data_vencimento"],
        "valor": float(linha["valor_original"]),
        "linha_digitavel": linha["linha_digitavel"],
        "codigo_barras": linha["codigo_barras"],
        "banco": linha["banco"],
        "nosso_numero": linha["nosso_numero"],
        "pagador": linha["pagador"] and mask_documentos(linha["pagador"]),
        "origens": linha["origens"],
    }
