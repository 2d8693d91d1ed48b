"""The namer alone, over RabbitMQ: `canopus namer`, or `python -m services.namer`."""

from __future__ import annotations

import logging
import sys

from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from shared.bus.rabbitmq import RabbitMQBus
from shared.events import EVENTOS
from shared.files import open_files
from shared.lifecycle import Stop, run
from shared.logs import configure_logs
from shared.settings import ConfiguracaoInvalida, load_settings

log = logging.getLogger(__name__)


async def main(stop: Stop) -> None:
    settings = load_settings(NamerSettings)
    configure_logs(settings.log_formato, settings.log_nivel)
    if settings.amqp_url is None:
        raise ConfiguracaoInvalida(
            "CANOPUS_AMQP_URL: falta o endereço do RabbitMQ (amqp://usuario:senha@servidor:5672/). "
            "Para o sistema inteiro num processo só, use `canopus up`."
        )
    files = await open_files(settings)
    async with RabbitMQBus(settings.amqp_url, EVENTOS, name="canopus namer") as bus, Namer(bus, files, settings):
        log.info("namer ready")
        await stop.wait()


if __name__ == "__main__":
    sys.exit(run(main))
