"""The real servers that tests ask for by name; one that is missing fails them, none is skipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from playwright.async_api import Browser

from services.gateway import senhas
from tests.gateway.cadastro import open_base
from tests.navegador import open_browser
from tests.servers.postgres import PostgresServer
from tests.servers.process import ServerMissing
from tests.servers.rabbitmq import RabbitMQ


@pytest.fixture(scope="session", autouse=True)
def senhas_baratas() -> Iterator[None]:
    """What makes a password dear to guess makes every test with a login slow; services started apart keep it."""
    with pytest.MonkeyPatch.context() as troca:
        troca.setattr(senhas, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a module, which then run on one loop; each takes a context of its own."""
    async with open_browser() as aberto:
        yield aberto


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """The run's broker, to stop, kill and restart: leave it running."""
    try:
        broker = RabbitMQ()
    except ServerMissing as erro:
        pytest.fail(str(erro), pytrace=False)
    yield broker
    broker.close()


@pytest.fixture
def amqp_url(rabbitmq: RabbitMQ) -> Iterator[str]:
    """A virtual host of the test's own: a broker as new."""
    vhost = rabbitmq.create_vhost()
    yield rabbitmq.url(vhost)
    rabbitmq.delete_vhost(vhost)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The run's database server, to stop, kill and restart: leave it running."""
    try:
        server = PostgresServer()
    except ServerMissing as erro:
        pytest.fail(str(erro), pytrace=False)
    yield server
    server.close()


@pytest.fixture(scope="session")
def banco_modelo(postgres_server: PostgresServer) -> str:
    """A migrated database that nobody is connected to: a copy of it takes half the time."""
    nome = postgres_server.create_database()

    async def build() -> None:
        async with open_base(postgres_server.url(nome)):
            pass

    asyncio.run(build())
    return nome


@pytest.fixture
def database_url(postgres_server: PostgresServer, banco_modelo: str) -> Iterator[str]:
    """A migrated database of the test's own, with nothing in it."""
    nome = postgres_server.create_database(banco_modelo)
    yield postgres_server.url(nome)
    postgres_server.drop_database(nome)


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without a schema."""
    nome = postgres_server.create_database()
    yield postgres_server.url(nome)
    postgres_server.drop_database(nome)


@pytest.fixture
def vazio(postgres_server: PostgresServer) -> Iterator[str]:
    """Another empty database."""
    nome = postgres_server.create_database()
    yield postgres_server.url(nome)
    postgres_server.drop_database(nome)
