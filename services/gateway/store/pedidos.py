"""Pedidos: work asked of another service, kept so that its answer outlives the call, the reader and the process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from asyncpg import Record

from services.gateway.store import Alcance, Conn, load_sql
from services.gateway.store.empresas import PADRAO
from shared.events import Arquivo

SQL = load_sql("pedidos")

# A test of a credential that takes longer has lost its scraper.
PACIENCIA_TESTE = timedelta(minutes=5)

TipoPedido = Literal["planilha", "relatorio", "testar"]


@dataclass(frozen=True)
class Pedido:
    """A question. parametros: what asking it again takes. empresa_id: as the row has it."""

    tipo: TipoPedido
    parametros: dict[str, Any]
    ponto_venda_id: int | None
    criado_por: str
    credencial_id: int | None = None
    id: UUID = field(default_factory=uuid4)
    empresa_id: int = PADRAO


@dataclass(frozen=True)
class Resposta:
    """What the call answers. arquivo: a file of the store, sent in the body's place."""

    status: int
    corpo: dict[str, Any]
    arquivo: Arquivo | None = None
    nome_arquivo: str = ""


async def is_servico_alive(conn: Conn, tipo: Literal["scraper", "namer"], visto_s: float) -> bool:
    alive: bool = await conn.fetchval(SQL["is_servico_alive"], tipo, timedelta(seconds=visto_s))
    return alive


async def insert_pedido(conn: Conn, pedido: Pedido) -> None:
    await conn.execute(
        SQL["insert_pedido"],
        pedido.id,
        pedido.tipo,
        pedido.parametros,
        pedido.credencial_id,
        pedido.ponto_venda_id,
        pedido.criado_por,
    )


async def find_pedido(conn: Conn, id: UUID, alcance: Alcance = None) -> Record | None:
    return await conn.fetchrow(SQL["find_pedido"], id, alcance)


async def lock_pedido(conn: Conn, id: UUID) -> Pedido | None:
    """The question, its row locked; None when it is answered already or gone."""
    linha = await conn.fetchrow(SQL["lock_pedido"], id)
    return get_pedido(linha) if linha else None


async def answer_pedido(conn: Conn, id: UUID, resposta: Resposta) -> None:
    arquivo = resposta.arquivo.model_dump_json() if resposta.arquivo else None
    await conn.execute(SQL["answer_pedido"], id, resposta.status, resposta.corpo, arquivo)


async def set_passos(conn: Conn, id: UUID, passos: list[dict[str, Any]]) -> None:
    """How far the question has come; fewer steps than are known already change nothing."""
    await conn.execute(SQL["set_passos"], id, passos)


async def delete_pedido(conn: Conn, id: UUID) -> None:
    await conn.execute(SQL["delete_pedido"], id)


async def find_teste_aberto(conn: Conn, credencial_id: int) -> UUID | None:
    """The test that runs now; until the transaction ends no other caller begins one."""
    await conn.execute(SQL["lock_teste"], credencial_id)
    id: UUID | None = await conn.fetchval(SQL["find_teste_aberto"], credencial_id, PACIENCIA_TESTE)
    return id


async def lock_silenciosos(conn: Conn, silencio: timedelta) -> list[Record]:
    """Questions without an answer for that long; none that another replica is looking at."""
    return await conn.fetch(SQL["lock_silenciosos"], silencio)


async def mark_perguntado(conn: Conn, id: UUID) -> None:
    await conn.execute(SQL["mark_perguntado"], id)


async def delete_velhos(conn: Conn, idade: timedelta) -> None:
    await conn.execute(SQL["delete_velhos"], idade)


async def list_arquivos_em_uso(conn: Conn, aberto_alem_de: UUID | None = None) -> set[str]:
    """Internal files that a workbook or a question (but that one) still refers to."""
    return {linha["caminho"] for linha in await conn.fetch(SQL["list_arquivos_em_uso"], aberto_alem_de)}


def get_pedido(linha: Record) -> Pedido:
    return Pedido(
        tipo=linha["tipo"],
        parametros=linha["parametros"],
        ponto_venda_id=linha["ponto_venda_id"],
        criado_por=linha["criado_por"],
        credencial_id=linha["credencial_id"],
        id=linha["id"],
        empresa_id=linha["empresa_id"],
    )


def get_resposta(linha: Record) -> Resposta | None:
    if linha["respondido_em"] is None:
        return None
    arquivo = Arquivo.model_validate(linha["arquivo"]) if linha["arquivo"] else None
    nome = linha["parametros"].get("nome_arquivo", "")
    return Resposta(linha["status_http"], linha["resposta"] or {}, arquivo, nome)
