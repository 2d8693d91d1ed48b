"""A gateway that starts before its database does."""

from __future__ import annotations

import asyncio
import time

import pytest

from services.gateway.app import open_database
from shared.settings import ConfiguracaoInvalida
from tests.servers.postgres import PostgresServer


async def test_a_gateway_waits_for_a_database_that_starts_after_it(
    postgres_server: PostgresServer, database_url: str
) -> None:
    """Services are started in any order: one that gave up at once was gone when the database came."""
    await asyncio.to_thread(postgres_server.stop)

    async def read() -> int:
        async with open_database(database_url, 30.0) as pool:
            return int(await pool.fetchval("SELECT 1"))

    leitura = asyncio.create_task(read())
    await asyncio.sleep(1)
    assert not leitura.done()
    await asyncio.to_thread(postgres_server.start)
    assert await leitura == 1


async def test_a_wrong_password_is_said_at_once(database_url: str) -> None:
    inicio = time.monotonic()
    with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_DATABASE_URL"):
        async with open_database(database_url.replace("canopus:", "canopus:x"), 30.0):
            raise AssertionError("it opened")
    assert time.monotonic() - inicio < 5
