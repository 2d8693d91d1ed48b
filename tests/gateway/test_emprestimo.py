"""A lease borrowed for the terminal: held while it is renewed, and the portal left in time where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.gateway import emprestimo
from services.gateway.emprestimo import ConcessaoPerdida, SemVaga, borrow_sessao
from services.gateway.store import Pool
from services.gateway.store.empresas import create_empresa
from tests.eventually import eventually
from tests.gateway.cadastro import add_loja, open_base
from tests.gateway.motor import Maestro

VIVAS = "SELECT count(*) FROM concessoes WHERE encerrada_em IS NULL"


@pytest.fixture
async def pool(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pool]:
    monkeypatch.setattr(emprestimo, "_PULSO_S", 0.1)
    async with open_base(database_url) as aberto:
        yield aberto


async def test_a_slot_is_held_alone_and_given_back_whatever_happens(pool: Pool) -> None:
    loja = await add_loja(pool)
    with pytest.raises(ZeroDivisionError):
        async with borrow_sessao(pool, loja.credencial_id):
            assert await pool.fetchval(VIVAS) == 1
            with pytest.raises(SemVaga):
                async with borrow_sessao(pool, loja.credencial_id, espera_s=0):
                    raise AssertionError("two sessions of one credential")
            raise ZeroDivisionError
    assert await pool.fetchval(VIVAS) == 0


async def test_the_terminals_session_is_one_of_those_that_its_office_may_have(pool: Pool) -> None:
    async with pool.acquire() as conn:
        filial = await create_empresa(conn, "filial", "Filial", 1)
    loja, outra = [await add_loja(pool, codigo, clientes=0, empresa_id=filial) for codigo in ("1", "2")]
    cerca = await Maestro(pool).lease(outra)
    await pool.execute("UPDATE concessoes SET aberta = true, ociosa_desde = now() - interval '5 s'")
    with pytest.raises(SemVaga):
        async with borrow_sessao(pool, loja.credencial_id, espera_s=0):
            raise AssertionError("two sessions of an office that may have one")
    assert await pool.fetchval("SELECT cerca FROM concessoes WHERE revogada_em IS NOT NULL") == cerca
    await pool.execute("UPDATE concessoes SET encerrada_em = now()")
    async with borrow_sessao(pool, loja.credencial_id, espera_s=0):
        assert await pool.fetchval(VIVAS) == 1


async def test_a_database_that_is_away_for_a_moment_loses_nothing(pool: Pool) -> None:
    loja = await add_loja(pool)
    async with borrow_sessao(pool, loja.credencial_id):
        await pool.execute("ALTER TABLE concessoes RENAME TO fora")
        await asyncio.sleep(0.3)
        await pool.execute("ALTER TABLE fora RENAME TO concessoes")
        antes = await pool.fetchval("SELECT expira_em FROM concessoes")
        await eventually(lambda: pool.fetchval("SELECT expira_em > $1 FROM concessoes", antes))


async def test_a_lease_that_is_lost_ends_what_it_was_for(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emprestimo, "_USO_S", 0.5)
    loja = await add_loja(pool)
    with pytest.raises(ConcessaoPerdida):
        async with borrow_sessao(pool, loja.credencial_id):
            await pool.execute("UPDATE concessoes SET encerrada_em = now()")
            await asyncio.sleep(5)


async def test_a_wait_of_the_borrowers_own_that_is_over_is_told_as_it_is(pool: Pool) -> None:
    loja = await add_loja(pool)
    with pytest.raises(TimeoutError) as fim:
        async with borrow_sessao(pool, loja.credencial_id):
            raise TimeoutError("do portal")
    assert str(fim.value) == "do portal" and fim.value.__cause__ is None
