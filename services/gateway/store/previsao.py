"""The prediction of failures in the database: trainings, and what is known of contracts before they are tried."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql
from shared.events import PrevisaoTreinada
from shared.outcomes import DESFECHOS, FALHAS_TECNICAS
from shared.previsao import JANELA, MEMORIA, MEMORIA_DIAS, Contagem, Situacao

SQL = load_sql("previsao")

MEMORIA_TOTAL = timedelta(days=MEMORIA_DIAS)
LINHAS_MAXIMAS = 100_000
TREINOS_GUARDADOS = 90
# A code is technical where the nearest of its parents that the table knows is.
_TECNICOS = [re.escape(codigo) for codigo, desfecho in DESFECHOS.items() if desfecho.classe in FALHAS_TECNICAS]
PADRAO_TECNICO = rf"^({'|'.join(_TECNICOS)})(\.|$)"


class Chave(Protocol):
    """What a contract is told apart by."""

    @property
    def cpf(self) -> str: ...
    @property
    def grupo(self) -> int | None: ...
    @property
    def cota(self) -> int | None: ...


async def lock(conn: Conn) -> bool:
    """Until the transaction ends. False: another gateway is asking."""
    preso: bool = await conn.fetchval(SQL["lock"])
    return preso


async def read_historia(conn: Conn) -> tuple[bytes, int]:
    """JSON of the shape Historia, and how many tries it has."""
    linhas = await conn.fetch(SQL["list_historia"], PADRAO_TECNICO, MEMORIA_TOTAL, LINHAS_MAXIMAS)
    corpo = ",".join(linha["linha"] for linha in reversed(linhas))
    return f'{{"tentativas":[{corpo}]}}'.encode(), len(linhas)


async def has_novas(conn: Conn, desde: datetime) -> bool:
    novas: bool = await conn.fetchval(SQL["has_novas"], desde)
    return novas


async def insert_treino(conn: Conn, linhas: int, agora: datetime) -> int:
    id: int = await conn.fetchval(SQL["insert_treino"], linhas, agora)
    await conn.execute(SQL["delete_velhos"], TREINOS_GUARDADOS)
    return id


async def answer_treino(conn: Conn, treinada: PrevisaoTreinada) -> None:
    """Once; what comes again changes nothing."""
    juizo, modelo = (parte and parte.model_dump_json() for parte in (treinada.juizo, treinada.modelo))
    await conn.execute(SQL["answer_treino"], treinada.treino_id, juizo, modelo, treinada.erro)


async def find_ultimo(conn: Conn) -> Record | None:
    """The training that was asked for last."""
    return await conn.fetchrow(SQL["find_ultimo"])


async def find_julgado(conn: Conn) -> Record | None:
    """The newest one that came to a judgement."""
    return await conn.fetchrow(SQL["find_julgado"])


async def list_pontos(conn: Conn, alcance: Alcance) -> list[Record]:
    return await conn.fetch(SQL["list_pontos"], alcance)


async def list_contratos(conn: Conn, ponto_venda_id: int) -> list[Record]:
    return await conn.fetch(SQL["list_contratos"], ponto_venda_id)


async def find_ordenado(conn: Conn, ponto_venda_id: int) -> Record | None:
    """The ponto de venda, where it wants its contracts in the order of their risk."""
    return await conn.fetchrow(SQL["find_ordenado"], ponto_venda_id)


async def count_todas(conn: Conn) -> Contagem:
    """All that is remembered."""
    linha = await conn.fetchrow(SQL["count_todas"], PADRAO_TECNICO, MEMORIA_TOTAL)
    assert linha is not None
    return Contagem(linha["falhas"], linha["total"])


async def count_portais(conn: Conn) -> dict[str, Contagem]:
    """Of the last hour, by url_base."""
    linhas = await conn.fetch(SQL["count_portais"], PADRAO_TECNICO, JANELA)
    return {linha["url_base"]: Contagem(linha["falhas"], linha["total"]) for linha in linhas}


async def read_situacoes(
    conn: Conn, ponto_venda_id: int, url_base: str, contratos: Sequence[Chave], agora: datetime
) -> list[Situacao]:
    """What is known of each, were it tried now."""
    filtro = (PADRAO_TECNICO, MEMORIA_TOTAL)
    todas = await count_todas(conn)
    grupos = {
        linha["grupo"]: Contagem(linha["falhas"], linha["total"])
        for linha in await conn.fetch(SQL["count_grupos"], *filtro, ponto_venda_id)
    }
    ultimas = {
        (linha["cpf"], linha["grupo"], linha["cota"]): linha["ultimas"]
        for linha in await conn.fetch(SQL["list_ultimas"], *filtro, ponto_venda_id, MEMORIA)
    }
    portal = (await count_portais(conn)).get(url_base, Contagem())
    return [
        Situacao(
            agora,
            ponto_venda_id,
            ultimas.get((contrato.cpf, contrato.grupo, contrato.cota), ()),
            portal,
            grupos.get(contrato.grupo, Contagem()),
            todas,
        )
        for contrato in contratos
    ]
