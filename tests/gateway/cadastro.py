"""A small register for the engine's tests, written straight into the database: invented people, valid CPFs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from validate_docbr import CPF

from services.gateway.store import Pool, migrate, open_pool
from services.gateway.store.execucoes import NovaExecucao, submit_execucao
from shared.outcomes import TipoExecucao

HOJE = date(2026, 11, 24)
PORTAL = "http://127.0.0.1:9"


def cpf_de(numero: int) -> str:
    """The CPF of an invented person, by number."""
    raiz = f"{100_000_000 + numero * 37:09d}"
    return raiz + "".join(str(d) for d in _digitos(raiz))


def _digitos(raiz: str) -> tuple[int, int]:
    def digito(numeros: Sequence[int]) -> int:
        soma = sum(n * p for n, p in zip(numeros, range(len(numeros) + 1, 1, -1), strict=True))
        return (soma * 10 % 11) % 10

    primeiros = [int(c) for c in raiz]
    um = digito(primeiros)
    return um, digito([*primeiros, um])


assert CPF().validate(cpf_de(1))


@dataclass(frozen=True)
class Loja:
    """A ponto de venda with one consultor and one credential."""

    id: int
    codigo: str
    consultor_id: int
    credencial_id: int


@asynccontextmanager
async def open_base(url: str) -> AsyncIterator[Pool]:
    """A migrated database and its pool."""
    pool = await open_pool(url, max_size=20)
    try:
        await migrate(pool)
        yield pool
    finally:
        await pool.close()


async def add_loja(
    pool: Pool,
    codigo: str = "17.308",
    *,
    clientes: int = 3,
    max_sessoes: int = 1,
    url_base: str = PORTAL,
    base: int = 0,
    empresa_id: int = 1,
) -> Loja:
    """`base`: where the numbers of its clients begin, so that two pontos de venda share no CPF."""
    async with pool.acquire() as conn:
        pv = await conn.fetchval(
            "INSERT INTO pontos_venda (codigo, nome, empresa, url_base, empresa_id) VALUES ($1, $1, 'credms', $2, $3)"
            " RETURNING id",
            codigo,
            url_base,
            empresa_id,
        )
        consultor = await conn.fetchval(
            "INSERT INTO consultores (nome, nome_limpo, empresa, ponto_venda_id, pasta_boletos)"
            " VALUES ($1::text, $1, 'credms', $2, $1) RETURNING id",
            f"CONSULTOR {codigo}",
            pv,
        )
        credencial = await add_credencial(pool, pv, max_sessoes=max_sessoes)
        for numero in range(1, clientes + 1):
            await add_cliente(conn, pv, consultor, base + numero)
    return Loja(pv, codigo, consultor, credencial)


async def add_credencial(pool: Pool, pv: int, usuario: str = "operador", *, max_sessoes: int = 1) -> int:
    id: int = await pool.fetchval(
        "INSERT INTO credenciais_canopus (ponto_venda_id, usuario, senha_encrypted, max_sessoes)"
        " VALUES ($1, $2, 'cifrada', $3) RETURNING id",
        pv,
        usuario,
        max_sessoes,
    )
    return id


async def add_cliente(conn: Any, pv: int, consultor: int | None, numero: int, cota: int | None = None) -> int:
    id: int = await conn.fetchval(
        "INSERT INTO clientes_finais"
        " (nome_completo, cpf, grupo_consorcio, cota_consorcio, ponto_venda_id, consultor_id)"
        " VALUES ($1, $2, 6650, $3, $4, $5) RETURNING id",
        f"CLIENTE {numero}",
        cpf_de(numero),
        numero if cota is None else cota,
        pv,
        consultor,
    )
    return id


async def add_boleto(pool: Pool, loja: Loja, numero: int, mes: int = 11, ano: int = 2026) -> int:
    """A boleto already filed for client `numero`."""
    id: int = await pool.fetchval(
        "INSERT INTO boletos (ponto_venda_id, cpf, grupo, cota, mes_referencia, ano_referencia, data_vencimento,"
        " valor_original, arquivo_caminho, arquivo_sha256, arquivo_tamanho, automacao_id)"
        " VALUES ($1, $2, 6650, $3, $4, $5, $6, 100, $7, repeat('0', 64), 10, gen_random_uuid()) RETURNING id",
        loja.id,
        cpf_de(numero),
        numero,
        mes,
        ano,
        date(ano, mes, 10),
        f"PASTA/CLIENTE_{numero}_{mes}_{ano}_{loja.id}.pdf",
    )
    return id


def nova(loja: Loja, **campos: Any) -> NovaExecucao:
    return NovaExecucao(
        **{"ponto_venda_id": loja.id, "tipo": TipoExecucao.DOWNLOAD_BOLETOS, "usuario": "teste", "mes": 11, **campos}
    )


async def submit(pool: Pool, loja: Loja, **campos: Any) -> UUID:
    async with pool.acquire() as conn, conn.transaction():
        return await submit_execucao(conn, nova(loja, **campos), HOJE)


async def list_itens(pool: Pool, automacao_id: UUID) -> list[asyncpg.Record]:
    return await pool.fetch("SELECT * FROM log_downloads_boletos WHERE automacao_id = $1 ORDER BY id", automacao_id)


async def get_execucao(pool: Pool, automacao_id: UUID) -> asyncpg.Record:
    execucao = await pool.fetchrow("SELECT * FROM execucoes_automacao WHERE automacao_id = $1", automacao_id)
    assert execucao is not None
    return execucao
