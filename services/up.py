"""The whole system in one process, `canopus up`: embedded PostgreSQL and in-process bus unless settings differ."""

from __future__ import annotations

import logging

from services.gateway.__main__ import open_chaveiro, open_database_url, welcome
from services.gateway.app import open_gateway
from services.gateway.settings import GatewaySettings
from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from services.previsor.settings import PrevisorSettings
from services.previsor.worker import Previsor
from services.scraper.settings import ScraperSettings
from services.scraper.worker import Scraper
from shared.bus.memory import MemoryBus
from shared.bus.rabbitmq import RabbitMQBus
from shared.events import EVENTOS
from shared.files import open_files
from shared.lifecycle import Stop
from shared.logs import configure_logs
from shared.settings import load_settings

log = logging.getLogger(__name__)


async def main(stop: Stop) -> None:
    settings = load_settings(GatewaySettings)
    configure_logs(settings.log_formato, settings.log_nivel)
    scraper_settings, namer_settings = load_settings(ScraperSettings), load_settings(NamerSettings)
    previsor_settings = load_settings(PrevisorSettings)
    chaveiro, files = open_chaveiro(settings), await open_files(settings)
    async with (
        open_database_url(settings) as database_url,
        open_bus(settings) as bus,
        # With a bus of its own, nothing else of this system can be running.
        open_gateway(settings, database_url, bus, files, chaveiro, alone=settings.amqp_url is None) as gateway,
        Namer(bus, files, namer_settings),
        Previsor(bus, files, previsor_settings),
        Scraper(bus, files, chaveiro, scraper_settings),
    ):
        await welcome(gateway)
        log.info("canopus ready at %s", gateway.origem)
        await stop.wait()


def open_bus(settings: GatewaySettings) -> MemoryBus | RabbitMQBus:
    if settings.amqp_url is None:
        return MemoryBus(EVENTOS)
    return RabbitMQBus(settings.amqp_url, EVENTOS, name="canopus up")
