"""Whether boletos were paid: as a system says of one, or a bank's return file of many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.gateway.conciliacao import Baixa, Candidato, digitos, settle
from services.gateway.retorno import Retorno
from services.gateway.store import Alcance, Conn, load_sql

SQL = load_sql("pagamentos")


@dataclass(frozen=True)
class Pagamento:
    """status: pendente, pago, vencido or cancelado; the others only of one that was paid."""

    status: str
    data_pagamento: date | None
    valor_pago: Decimal | None


async def lock_pagamento(conn: Conn, id: int, alcance: Alcance) -> Pagamento | None:
    linha = await conn.fetchrow(SQL["lock_boleto"], id, alcance)
    return None if linha is None else Pagamento(linha["status"], linha["data_pagamento"], linha["valor_pago"])


async def set_pagamento(conn: Conn, id: int, pagamento: Pagamento) -> None:
    await conn.execute(SQL["set_pagamento"], id, pagamento.status, pagamento.data_pagamento, pagamento.valor_pago)


async def settle_retorno(conn: Conn, retorno: Retorno, alcance: Alcance) -> list[Baixa]:
    """What each payment of the file comes to. The boletos are held until the caller's transaction ends."""
    titulos = [titulo for titulo in retorno.titulos if titulo.is_pagamento]
    linhas = await conn.fetch(
        SQL["list_candidatos"],
        alcance,
        retorno.banco,
        [titulo.linha for titulo in titulos],
        [digitos(titulo.nosso_numero) for titulo in titulos],
        [digitos(titulo.numero_documento) for titulo in titulos],
        [titulo.vencimento for titulo in titulos],
        [titulo.valor for titulo in titulos],
        [titulo.documento for titulo in titulos],
    )
    candidatos: dict[int, list[Candidato]] = defaultdict(list)
    for linha in linhas:
        campos = {campo: linha[campo] for campo in Candidato.__dataclass_fields__}
        candidatos[linha["linha"]].append(Candidato(**campos))
    return settle(titulos, candidatos)


async def pay(conn: Conn, baixas: Sequence[Baixa]) -> None:
    """Those that were not paid yet."""
    novas = [baixa for baixa in baixas if baixa.situacao == "pago"]
    await conn.execute(
        SQL["set_pagamentos"],
        [baixa.boletos[0] for baixa in novas],
        [baixa.titulo.data_ocorrencia for baixa in novas],
        [baixa.titulo.valor_pago for baixa in novas],
    )
