"""The servers that are killed here: their own, and a database that keeps what it committed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.bancada import Servidores
from tests.servers.postgres import PostgresServer
from tests.servers.process import ServerMissing
from tests.servers.rabbitmq import RabbitMQ


@pytest.fixture(scope="package")
def servidores() -> Iterator[Servidores]:
    try:
        rabbitmq, postgres = RabbitMQ(), PostgresServer(duravel=True)
    except ServerMissing as erro:
        pytest.fail(str(erro), pytrace=False)
    yield Servidores(rabbitmq, postgres)
    rabbitmq.close()
    postgres.close()
