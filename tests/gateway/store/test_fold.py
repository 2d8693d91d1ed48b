"""The database folds names as `shared.contrato.fold` does, whatever its locale."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.gateway.store import Pool
from shared.contrato import fold
from tests.gateway.cadastro import open_base

NOMES = (
    "Zélia Queirós Sant'Anna", "MARIA D’ÁVILA", "Ana-Lúcia  Corrêa", "joão pÃo_de açúcar", "José\u0301 Müller",
    "  Ñuñez ",
    "ANA (70%)", "Straße & Cia. Ltda. nº 2", "Søren Łukasz Đorđe Æther œuvre þing ð", "a\tb\nc", "", "---", "ﬁm ª º ²",
    "Ana\u00a0Paula – Lima — Souza…", "“Ana” «Lima»", "R$ 1.000,00", "ana/paula\\lima%_", "ИВАН ΩΜΕΓΑ", "李雷",
)  # fmt: skip


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_base(database_url) as aberta:
        yield aberta


async def test_names_fold_alike(pool: Pool) -> None:
    for nome in NOMES:
        assert await pool.fetchval("SELECT fold($1)", nome) == fold(nome), nome
    assert await pool.fetchval("SELECT fold(NULL)") is None


async def test_every_latin_letter_and_sign_folds_alike(pool: Pool) -> None:
    """One by one, between two others: Latin with its supplements and extensions, punctuation, currency."""
    faixas = [*range(1, 0x180), *range(0x1E00, 0x1EFA), *range(0x2000, 0x2090)]
    textos = [f"a{chr(ponto)}b" for ponto in faixas]
    dobrados = await pool.fetchval(
        "SELECT array_agg(fold(t) ORDER BY o) FROM unnest($1::text[]) WITH ORDINALITY u(t, o)", textos
    )
    assert {t: (d, fold(t)) for t, d in zip(textos, dobrados, strict=True) if d != fold(t)} == {}
