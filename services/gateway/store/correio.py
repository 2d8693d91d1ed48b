"""Notices to people: written in the transaction of what they tell, taken and answered by whoever sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from asyncpg import Record

from services.gateway.envio import Resultado
from services.gateway.ocasioes import Ocasiao, write_aviso
from services.gateway.store import Conn, load_sql
from services.gateway.store.avisos import SQL as AVISOS

SQL = load_sql("correio")


async def tell_pessoas(
    conn: Conn, execucao_id: int, ponto_venda_id: int, ocasioes: Iterable[Ocasiao], erros: int
) -> None:
    """A row for each person who wants to know: of several occasions at one moment, the first that each wants. erros:
    failures so far; past a person's limit it is told once."""
    if not await conn.fetchval(SQL["has_destinatarios"]):
        return
    execucao = await conn.fetchrow(AVISOS["find_execucao"], execucao_id)
    assert execucao is not None
    ditas: list[str] = []
    for ocasiao in ocasioes:
        de_falhas = ocasiao is Ocasiao.FALHAS
        vez = "limite" if de_falhas else execucao["seq"]
        evento_id = f"{ocasiao}:{execucao['automacao_id']}:{vez}"
        await conn.execute(
            SQL["insert_avisos"],
            ocasiao,
            evento_id,
            ponto_venda_id,
            *write_aviso(ocasiao, execucao),
            erros if de_falhas else None,
            ditas,
        )
        ditas.append(evento_id)


async def tell_teste(conn: Conn, destinatario_id: int) -> int:
    """For one of them alone; returns the notice's id."""
    titulo, texto = "Teste do Canopus", "Se você lê isto, os avisos chegam aqui."
    id: int = await conn.fetchval(
        SQL["insert_teste"], destinatario_id, f"{Ocasiao.TESTE}:{uuid4()}", Ocasiao.TESTE, titulo, texto
    )
    return id


async def claim_avisos(conn: Conn, em_voo: Mapping[int, int], por_destino: int, reserva_s: float) -> list[Record]:
    """Those due, each for this caller alone for so long. em_voo: requests on their way already, by channel."""
    return await conn.fetch(SQL["claim_avisos"], list(em_voo), list(em_voo.values()), por_destino, reserva_s)


async def accept_aviso(conn: Conn, aviso: Record, feito: Resultado) -> None:
    await conn.execute(SQL["accept_aviso"], aviso["id"], feito.externo_id)


async def fail_aviso(conn: Conn, aviso: Record, feito: Resultado, espera_s: float | None) -> None:
    """espera_s None: it is not tried again."""
    await conn.execute(SQL["fail_aviso"], aviso["id"], aviso["reserva"], espera_s, feito.erro)


async def hold_canal(conn: Conn, canal_id: int, segundos: float) -> None:
    """The service asked to be left alone so long."""
    await conn.execute(SQL["hold_canal"], canal_id, segundos)


async def note_situacao(
    conn: Conn, canal_id: int, externo_id: str, chave: str | None, estado: str, em: datetime | None
) -> None:
    """What the service says became of it. It only goes forward, however often and in whatever order it is said."""
    await conn.execute(SQL["note_situacao"], canal_id, externo_id, chave, estado, em)


async def note_falha(
    conn: Conn, canal_id: int, externo_id: str, chave: str | None, erro: str, esperas_s: Sequence[float]
) -> None:
    """Taken, and not delivered after all. esperas_s: before each further attempt."""
    await conn.execute(SQL["note_falha"], canal_id, externo_id, chave, erro, list(esperas_s))


async def list_avisos(
    conn: Conn, pessoa_id: int | None, estado: str | None, antes: int | None, limite: int
) -> list[Record]:
    """The newest first. pessoa_id: hers alone; None: everybody's."""
    return await conn.fetch(SQL["list_avisos"], None, estado, antes, limite, pessoa_id)


async def find_aviso(conn: Conn, pessoa_id: int | None, id: int) -> Record | None:
    return await conn.fetchrow(SQL["list_avisos"], id, None, None, 1, pessoa_id)


async def resend(conn: Conn, id: int) -> bool:
    """False: it is on its way, or was taken."""
    return await conn.fetchval(SQL["resend"], id) is not None


def view_aviso(linha: Record) -> dict[str, Any]:
    return dict(linha)
