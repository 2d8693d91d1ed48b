"""The scraper alone, over RabbitMQ: `canopus scraper`, or `python -m services.scraper`."""

from __future__ import annotations

import logging
import sys

from services.scraper.settings import ScraperSettings
from services.scraper.worker import Scraper
from shared.bus.rabbitmq import RabbitMQBus
from shared.crypto import ChaveInvalida, Chaveiro, wait_for_chaves
from shared.events import EVENTOS
from shared.files import open_files
from shared.lifecycle import Stop, run
from shared.logs import configure_logs
from shared.settings import ConfiguracaoInvalida, load_settings

log = logging.getLogger(__name__)

ESPERA_CHAVES_S = 30.0


async def main(stop: Stop) -> None:
    settings = load_settings(ScraperSettings)
    configure_logs(settings.log_formato, settings.log_nivel)
    if settings.amqp_url is None:
        raise ConfiguracaoInvalida(
            "CANOPUS_AMQP_URL: falta o endereço do RabbitMQ (amqp://usuario:senha@servidor:5672/). "
            "Para o sistema inteiro num processo só, use `canopus up`."
        )
    chaveiro = await open_chaveiro(settings)
    files = await open_files(settings)
    async with (
        RabbitMQBus(settings.amqp_url, EVENTOS, name="canopus scraper") as bus,
        Scraper(bus, files, chaveiro, settings) as scraper,
    ):
        log.info("scraper %s ready", scraper.scraper_id)
        await stop.wait()


async def open_chaveiro(settings: ScraperSettings) -> Chaveiro:
    """The keys of the setting, else those that the gateway makes at its first start. Raises ConfiguracaoInvalida."""
    chaves = settings.fernet_keys or await wait_for_chaves(settings.data_dir, ESPERA_CHAVES_S)
    if chaves is None:
        raise ConfiguracaoInvalida(
            "CANOPUS_FERNET_KEYS: não há chaves para abrir as senhas do portal. Copie as do gateway, ou aponte "
            "CANOPUS_DATA_DIR para a pasta dele."
        )
    try:
        return Chaveiro(chaves)
    except ChaveInvalida as erro:
        raise ConfiguracaoInvalida(f"CANOPUS_FERNET_KEYS: {erro}.") from erro


if __name__ == "__main__":
    sys.exit(run(main))
