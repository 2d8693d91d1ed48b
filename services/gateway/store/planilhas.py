"""Workbooks in the register: what they meet there, and what an import writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from asyncpg import Record

from services.gateway.importacao import (
    Cadastro,
    Contrato,
    Mudanca,
    Plano,
    PontoVenda,
    chave_linha,
    plan_importacao,
)
from services.gateway.store import Alcance, Conn, load_sql
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.execucoes import name_pending
from shared.events import Arquivo, LinhasPlanilha

SQL = load_sql("planilhas")
# So many documents at once: the driver lets nothing else run while it writes or reads an answer.
_FATIA = 5000


@dataclass(frozen=True)
class Envio:
    """An uploaded workbook and for whom; rows of a ponto de venda outside `alcance` are refused."""

    planilha: Arquivo
    nome_arquivo: str
    consultor_id: int
    ponto_venda_id: int
    alcance: Alcance
    enviada_por: str


async def import_planilha(conn: Conn, envio: Envio, linhas: LinhasPlanilha) -> dict[str, Any]:
    """In the caller's transaction: the workbook, its contracts, and the boletos that waited for their names."""
    await lock_importacao(conn)
    plano = await _plan(conn, envio, linhas)
    relato = await asyncio.to_thread(plano.report)
    id = await _insert_planilha(conn, envio, plano, relato)
    await name_pending(conn, [mudanca.linha.cpf for mudanca in plano.mudancas])
    contagens = {campo: valor for campo, valor in relato.items() if campo != "erros"}
    await record_auditoria(
        conn, quem=envio.enviada_por, acao="planilha.importar", alvo=f"planilhas/{id}", detalhes=contagens
    )
    return {"id": id, **relato}


async def simulate_importacao(conn: Conn, envio: Envio, linhas: LinhasPlanilha) -> dict[str, Any]:
    """The same plan, hence the same numbers; nothing is written."""
    return (await _plan(conn, envio, linhas)).report()


async def lock_importacao(conn: Conn) -> None:
    """Until the transaction ends no other import runs, and no person changes what makes a contract one."""
    await conn.execute(SQL["lock_importacao"])


async def _plan(conn: Conn, envio: Envio, linhas: LinhasPlanilha) -> Plano:
    cpfs = await asyncio.to_thread(lambda: sorted({linha.cpf for linha in linhas.linhas}))
    cadastro = await _read_cadastro(conn, envio, cpfs)
    return await asyncio.to_thread(plan_importacao, linhas, cadastro)


async def _read_cadastro(conn: Conn, envio: Envio, cpfs: Sequence[str]) -> Cadastro:
    pontos = await conn.fetch(SQL["list_pontos"])
    contratos: list[Record] = []
    for inicio in range(0, len(cpfs), _FATIA):
        contratos += await conn.fetch(SQL["list_contratos"], cpfs[inicio : inicio + _FATIA])
    return Cadastro(
        {ponto["codigo_limpo"]: PontoVenda(ponto["id"], ponto["ativo"]) for ponto in pontos},
        envio.ponto_venda_id,
        tuple(Contrato(*contrato) for contrato in contratos),
        envio.alcance,
    )


async def _insert_planilha(conn: Conn, envio: Envio, plano: Plano, relato: dict[str, Any]) -> int:
    """Write the workbook and every row of the plan. Returns the workbook's id."""
    id: int = await conn.fetchval(
        SQL["insert_planilha"],
        envio.consultor_id,
        envio.ponto_venda_id,
        envio.nome_arquivo[:255],
        envio.planilha.caminho,
        envio.planilha.sha256,
        envio.planilha.tamanho,
        *(relato[campo] for campo in ("total", "importados", "atualizados", "inativos", "ignorados")),
        relato["erros"],
        envio.enviada_por,
    )
    novos, velhos = await asyncio.to_thread(_list_contratos, plano, envio, id)
    await conn.executemany(SQL["insert_contrato"], novos)
    await conn.executemany(SQL["update_contrato"], velhos)
    return id


async def list_planilhas(
    conn: Conn, alcance: Alcance, consultor_id: int | None, antes: int | None, limite: int
) -> list[Record]:
    return await conn.fetch(SQL["list_planilhas"], alcance, consultor_id, antes, limite)


def view_planilha(linha: Record) -> dict[str, Any]:
    contagens = ("total", "importados", "atualizados", "inativos", "ignorados")
    soma = sum(linha[contagem] for contagem in contagens[1:])
    return {
        "id": linha["id"],
        "consultor": linha["consultor"],
        "consultor_id": linha["consultor_id"],
        "ponto_venda": linha["ponto_venda"],
        "nome_arquivo": linha["nome_arquivo"],
        "sha256": linha["sha256"],
        "tamanho": linha["tamanho"],
        **{contagem: linha[contagem] for contagem in contagens},
        "rejeitados": linha["total"] - soma,
        "erros": linha["erros"],
        "importada_em": linha["importada_em"],
        "importada_por": linha["importada_por"],
    }


def _list_contratos(
    plano: Plano, envio: Envio, planilha_id: int
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of new contracts, and of those that change: seconds of work for a hundred thousand."""
    novos = [_new_contrato(mudanca, envio, planilha_id) for mudanca in plano.mudancas if mudanca.contrato_id is None]
    velhos = [_changed_contrato(mudanca, envio, planilha_id) for mudanca in plano.mudancas if mudanca.contrato_id]
    return novos, velhos


def _new_contrato(mudanca: Mudanca, envio: Envio, planilha_id: int) -> tuple[Any, ...]:
    cpf, grupo, cota = chave_linha(mudanca.linha)
    return (
        mudanca.linha.nome[:255],
        cpf,
        grupo,
        cota,
        mudanca.ponto_venda_id,
        envio.consultor_id,
        planilha_id,
        mudanca.linha.linha,
        *_details(mudanca),
        mudanca.ativo,
    )


def _changed_contrato(mudanca: Mudanca, envio: Envio, planilha_id: int) -> tuple[Any, ...]:
    _, grupo, cota = chave_linha(mudanca.linha)
    return (
        mudanca.contrato_id,
        mudanca.linha.nome[:255],
        grupo,
        cota,
        mudanca.ponto_venda_id,
        envio.consultor_id,
        planilha_id,
        mudanca.linha.linha,
        *_details(mudanca),
        mudanca.ativo,
        mudanca.linha.ativo,
    )


def _details(mudanca: Mudanca) -> tuple[Any, ...]:
    linha = mudanca.linha
    return (
        _cut(linha.email, 150),
        _cut(linha.whatsapp, 20),
        _cut(linha.situacao, 100),
        _cut(linha.contemplado, 100),
        _money(linha.valor_credito, 10),
        _money(linha.valor_parcela, 8),
    )


def _cut(texto: str | None, tamanho: int) -> str | None:
    return texto[:tamanho] if texto else None


def _money(valor: Decimal | None, digitos: int) -> Decimal | None:
    """None for what the column cannot hold: a cell gone wrong must not stop the import."""
    if valor is None or not valor.is_finite() or abs(valor) >= 10**digitos - 1:
        return None
    return valor
