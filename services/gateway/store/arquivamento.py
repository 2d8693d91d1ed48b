"""Filed boletos, as results make them: a boleto is one row for its ponto de venda, contract, month and year."""

from __future__ import annotations

from asyncpg import Record

from services.gateway.store import Conn, load_sql
from shared.events import Arquivo, BoletoConhecido, DadosBoleto

SQL = load_sql("arquivamento")


class CaminhoOcupado(Exception):
    """The path is another boleto's."""


async def upsert_boleto(conn: Conn, item: Record, boleto: DadosBoleto, nome: str, arquivo: Arquivo) -> int:
    """The boleto of a row, filed. Raises CaminhoOcupado."""
    chave = (item["ponto_venda_id"], item["cpf"], boleto.grupo, boleto.cota, boleto.ano, boleto.mes)
    if await conn.fetchval(SQL["find_outro_dono"], *chave, arquivo.caminho) is not None:
        raise CaminhoOcupado
    id: int = await conn.fetchval(
        SQL["upsert_boleto"],
        *chave,
        item["cliente_final_id"],
        item["consultor_id"],
        nome,
        boleto.numero_parcela,
        boleto.contrato,
        boleto.vencimento,
        boleto.valor,
        boleto.linha_digitavel,
        boleto.codigo_barras,
        boleto.nosso_numero,
        arquivo.caminho,
        arquivo.sha256,
        arquivo.tamanho,
        item["automacao_id"],
    )
    return id


async def find_boleto(conn: Conn, item: Record, boleto: BoletoConhecido) -> int | None:
    id: int | None = await conn.fetchval(
        SQL["find_boleto"], item["ponto_venda_id"], item["cpf"], boleto.grupo, boleto.cota, boleto.ano, boleto.mes
    )
    return id
