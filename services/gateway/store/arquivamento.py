"""Filed boletos, as results make them: a boleto is one row for its ponto de venda, contract, month and year."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record

from services.gateway.store import Conn, load_sql
from services.gateway.store.quadro import Linha
from shared.events import Arquivo, BoletoConhecido, DadosBoleto

SQL = load_sql("arquivamento")


@dataclass(frozen=True)
class Arquivamento:
    """A row whose boleto was placed: under which name, where, and how long it took."""

    item: Linha
    boleto: DadosBoleto
    nome: str
    arquivo: Arquivo
    duracao_s: float

    @property
    def chave(self) -> tuple[Any, ...]:
        boleto = self.boleto
        return (self.item["ponto_venda_id"], self.item["cpf"], boleto.grupo, boleto.cota, boleto.ano, boleto.mes)


async def list_ocupados(conn: Conn, feitos: Sequence[Arquivamento]) -> set[int]:
    """The rows whose path is another boleto's."""
    colunas = _columns([(feito.item["id"], *feito.chave, feito.arquivo.caminho) for feito in feitos], 8)
    return {linha["item_id"] for linha in await conn.fetch(SQL["list_ocupados"], *colunas)}


async def upsert_boletos(conn: Conn, feitos: Sequence[Arquivamento]) -> list[int]:
    """The boletos of these rows, filed; their ids in the same order."""
    linhas = [
        (
            *feito.chave,
            feito.item["cliente_final_id"],
            feito.item["consultor_id"],
            feito.nome,
            feito.boleto.numero_parcela,
            feito.boleto.contrato,
            feito.boleto.vencimento,
            feito.boleto.valor,
            feito.boleto.linha_digitavel,
            feito.boleto.codigo_barras,
            feito.boleto.nosso_numero,
            feito.boleto.banco,
            feito.boleto.pagador,
            json.dumps(feito.boleto.origens),
            feito.arquivo.caminho,
            feito.arquivo.sha256,
            feito.arquivo.tamanho,
            feito.item["automacao_id"],
        )
        for feito in feitos
    ]
    ids = {tuple(boleto)[1:]: boleto["id"] for boleto in await conn.fetch(SQL["upsert_boletos"], *_columns(linhas, 23))}
    return [ids[feito.chave] for feito in feitos]


def _columns(linhas: Sequence[tuple[Any, ...]], quantas: int) -> list[list[Any]]:
    return [[linha[coluna] for linha in linhas] for coluna in range(quantas)]


async def find_boleto(conn: Conn, item: Record, boleto: BoletoConhecido) -> int | None:
    id: int | None = await conn.fetchval(
        SQL["find_boleto"], item["ponto_venda_id"], item["cpf"], boleto.grupo, boleto.cota, boleto.ano, boleto.mes
    )
    return id
