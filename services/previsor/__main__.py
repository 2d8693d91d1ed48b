"""The previsor alone, over RabbitMQ: `canopus previsor`, or `python -m services.previsor`."""

from __future__ import annotations

import logging
import sys

from services.previsor.settings import PrevisorSettings
from services.previsor.worker import Previsor
from shared.bus.rabbitmq import RabbitMQBus
from shared.events import EVENTOS
from shared.files import open_files
from shared.lifecycle import Stop, run
from shared.logs import configure_logs
from shared.settings import ConfiguracaoInvalida, load_settings

log = logging.getLogger(__name__)


async def main(stop: Stop) -> None:
    settings = load_settings(PrevisorSettings)
    configure_logs(settings.log_formato, settings.log_nivel)
    if settings.amqp_url is None:
        raise ConfiguracaoInvalida(
            "CANOPUS_AMQP_URL: falta o endereço do RabbitMQ (amqp://usuario:senha@servidor:5672/). "
            "Para o sistema inteiro num processo só, use `canopus up`."
        )
    files = await open_files(settings)
    async with RabbitMQBus(settings.amqp_url, EVENTOS, name="canopus previsor") as bus, Previsor(bus, files, settings):
        log.info("previsor ready")
        await stop.wait()


if __name__ == "__main__":
    sys.exit(run(main))
