"""The gateway alone, over RabbitMQ: `canopus gateway`, or `python -m services.gateway`."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.gateway.app import Gateway, open_gateway
from services.gateway.senhas import hash_senha, make_senha
from services.gateway.settings import GatewaySettings
from services.gateway.store.embedded import EmbeddedFailed, FolderUnusable, embedded_postgres
from services.gateway.store.pessoas import create_primeira
from shared.bus.rabbitmq import RabbitMQBus
from shared.crypto import ChaveInvalida, Chaveiro, create_chaves, find_chaves
from shared.events import EVENTOS
from shared.files import open_files
from shared.lifecycle import Stop, run
from shared.logs import configure_logs
from shared.settings import ConfiguracaoInvalida, load_settings

log = logging.getLogger(__name__)


async def main(stop: Stop) -> None:
    settings = load_settings(GatewaySettings)
    configure_logs(settings.log_formato, settings.log_nivel)
    if settings.amqp_url is None:
        raise ConfiguracaoInvalida(
            "CANOPUS_AMQP_URL: falta o endereço do RabbitMQ (amqp://usuario:senha@servidor:5672/). "
            "Para o sistema inteiro num processo só, use `canopus up`."
        )
    chaveiro, files = open_chaveiro(settings), await open_files(settings)
    async with (
        open_database_url(settings) as database_url,
        RabbitMQBus(settings.amqp_url, EVENTOS, name="canopus gateway") as bus,
        open_gateway(settings, database_url, bus, files, chaveiro) as gateway,
    ):
        await welcome(gateway)
        log.info("gateway ready at %s", gateway.origem)
        await stop.wait()


async def welcome(gateway: Gateway) -> None:
    """At the first start, the first admin: the password goes to the terminal alone, this once, never to a log."""
    email, senha = gateway.ctx.settings.admin_email.lower(), make_senha()
    senha_hash = await hash_senha(senha)
    async with gateway.ctx.pool.acquire() as conn:
        if await create_primeira(conn, email, senha_hash):
            texto = f"Primeiro acesso ao painel: {gateway.origem}/  e-mail {email}  senha provisória {senha}"
            sys.stderr.write(f"{texto}\n")
            sys.stderr.flush()


@asynccontextmanager
async def open_database_url(settings: GatewaySettings) -> AsyncIterator[str]:
    """The server of the setting, else the embedded one, started or joined. Raises ConfiguracaoInvalida."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    try:
        async with embedded_postgres(settings.data_dir) as url:
            yield url
    except EmbeddedFailed as erro:
        nome = "CANOPUS_DATA_DIR" if isinstance(erro, FolderUnusable) else "CANOPUS_DATABASE_URL"
        raise ConfiguracaoInvalida(f"{nome}: {erro}") from erro


def open_chaveiro(settings: GatewaySettings, *, create: bool = True) -> Chaveiro:
    """The keys of the setting, else this installation's own, made at the first start. Raises ConfiguracaoInvalida.

    create False: for commands beside the system; the keys are its own to make.
    """
    chaves = settings.fernet_keys or (create_chaves if create else find_chaves)(settings.data_dir)
    if chaves is None:
        raise ConfiguracaoInvalida(
            "CANOPUS_FERNET_KEYS: ainda não há chaves. Inicie o sistema antes (`canopus up`), ou aponte "
            "CANOPUS_DATA_DIR para a pasta dele."
        )
    try:
        return Chaveiro(chaves)
    except ChaveInvalida as erro:
        raise ConfiguracaoInvalida(f"CANOPUS_FERNET_KEYS: {erro}.") from erro


if __name__ == "__main__":
    sys.exit(run(main))
