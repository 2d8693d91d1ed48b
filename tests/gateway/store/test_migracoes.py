"""Whatever version an office comes from, its rows arrive whole and the system works on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.gateway.copia import create_copia
from services.gateway.restauracao import restore_copia
from services.gateway.store import (
    Pool,
    apply_migracoes,
    boletos,
    cadastros,
    estatisticas,
    execucoes,
    list_migracoes,
    migrate,
)
from services.gateway.store.boletos import FiltroBoletos
from services.gateway.store.cabecas import read_estado
from services.gateway.store.cadastros import FiltroClientes
from services.gateway.store.execucoes import resume_execucao
from services.gateway.store.planilhas import list_planilhas
from shared.contrato import fold
from shared.files import FileStore
from tests.gateway.cadastro import cpf_de, open_base

# What each version of the schema could write first, a file a version: rows in the words of their time.
ERAS = Path(__file__).parent / "eras"
VERSOES = list_migracoes()
ANA = cpf_de(1)


async def build_era(url: str, versao: str) -> None:
    """The schema as that version had it, with rows in every table of its time."""
    prontas = VERSOES[: VERSOES.index(versao) + 1]
    conn = await asyncpg.connect(url)
    try:
        await apply_migracoes(conn, ate=versao)
        for nome in prontas:
            await conn.execute((ERAS / f"{nome}.sql").read_text())
    finally:
        await conn.close()


async def count_rows(url: str) -> dict[str, int]:
    conn = await asyncpg.connect(url)
    try:
        nomes = [linha[0] for linha in await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        return {
            nome: await conn.fetchval(f"SELECT count(*) FROM {nome}")  # noqa: S608
            for nome in nomes
            if nome != "migracoes"
        }
    finally:
        await conn.close()


async def check_esquema(url: str, novo: str) -> None:
    """Column for column, index for index and constraint for constraint as a new database has it."""
    assert await read_esquema(url) == await read_esquema(novo)


async def read_esquema(url: str) -> list[Any]:
    conn = await asyncpg.connect(url)
    try:
        return [
            [tuple(linha) for linha in await conn.fetch(sql)]
            for sql in (
                "SELECT table_name::text, column_name::text, data_type::text, character_maximum_length,"
                " is_nullable::text, column_default, generation_expression"
                " FROM information_schema.columns WHERE table_schema = 'public'"
                " ORDER BY 1, 2",
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
                "SELECT conrelid::regclass::text, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
                "SELECT nome FROM migracoes ORDER BY 1",
            )
        ]
    finally:
        await conn.close()


async def check_rows(pool: Pool) -> None:
    """What was there is still said of everyone, by the queries that the doors ask."""
    async with pool.acquire() as conn:
        ultima, primeira = await execucoes.list_execucoes(
            conn, alcance=(1,), status=None, tipo=None, antes=None, limite=10
        )
        assert (ultima["status"], primeira["status"], primeira["usuario_execucao"]) == (
            "pausada", "concluida_com_falhas", "ana",
        )  # fmt: skip
        clientes = await execucoes.list_clientes(conn, primeira["id"], limite=10)
        assert [execucoes.cliente_row(linha)["status"] for linha in clientes] == ["sucesso", "erro"]
        assert [linha["seq"] for linha in await execucoes.list_eventos(conn, primeira["id"], 0, 10)] == [1, 2]
        estado = await read_estado(conn, primeira["automacao_id"], None, None)
        assert estado and (estado.seq, estado.contadores["sucesso"], estado.contadores["erro"]) == (2, 1, 1)
        (boleto,) = await boletos.list_boletos(conn, FiltroBoletos(busca=fold("d'avila ca")), None, 10)
        assert (boleto["cpf"], float(boleto["valor_original"])) == (ANA, 812.45)
        (ana,) = await cadastros.list_clientes(conn, FiltroClientes(busca=fold("D'Ávila")), 0, 10)
        assert (ana["nome_completo"], ana["nome_limpo"], ana["whatsapp"]) == (
            "ANA D'ÁVILA ÇA", fold("ANA D'ÁVILA ÇA"), "(67) 9",
        )  # fmt: skip
        (planilha,) = await list_planilhas(conn, None, None, None, 10)
        assert planilha["importada_por"] == "ana"
        assert await conn.fetchval("SELECT parametros -> 'alcance' FROM pedidos") == [1]
        totais = await estatisticas.read_estatisticas(conn, None)
        assert totais
        async with conn.transaction():
            await resume_execucao(conn, ultima["automacao_id"], "ana")
        retomada = await execucoes.find_execucao(conn, ultima["automacao_id"])
        assert retomada and retomada["status"] == "na_fila"


def test_every_version_says_what_it_wrote() -> None:
    """A new migration without its file is one that no data ever went through."""
    assert sorted(arquivo.stem for arquivo in ERAS.glob("*.sql")) == VERSOES


@pytest.mark.parametrize("versao", VERSOES)
async def test_the_rows_of_each_version_arrive_whole(versao: str, empty_database_url: str, vazio: str) -> None:
    await build_era(empty_database_url, versao)
    antes = await count_rows(empty_database_url)
    assert not [nome for nome, linhas in antes.items() if not linhas]
    assert await migrate(empty_database_url) == VERSOES[VERSOES.index(versao) + 1 :]
    depois = await count_rows(empty_database_url)
    assert {nome: depois[nome] for nome in antes} == antes
    await migrate(vazio)
    await check_esquema(empty_database_url, vazio)
    async with open_base(empty_database_url) as pool:
        await check_rows(pool)


@pytest.mark.parametrize("versao", VERSOES)
async def test_a_copy_of_each_version_is_brought_up_to_date(
    versao: str, empty_database_url: str, vazio: str, tmp_path: Path
) -> None:
    await build_era(empty_database_url, versao)
    files = FileStore((tmp_path / "boletos").as_uri())
    await create_copia(empty_database_url, files, tmp_path / "c.zip")
    _, aplicadas = await restore_copia(vazio, files, tmp_path / "c.zip", substituir=False)
    assert aplicadas == VERSOES[VERSOES.index(versao) + 1 :]
    antes, depois = await count_rows(empty_database_url), await count_rows(vazio)
    assert {nome: depois[nome] for nome in antes} == antes
    async with open_base(vazio) as pool:
        await check_rows(pool)
