"""Sends the contracts of an execution to Celery or taskiq, one task each: `celery|taskiq <first id> <last id>`."""

from __future__ import annotations

import asyncio
import sys


def send_celery(primeiro: int, ultimo: int) -> None:
    from tests.benchmarks.pares.celery_app import fetch_task

    for item_id in range(primeiro, ultimo + 1):
        fetch_task.delay(item_id)


async def send_taskiq(primeiro: int, ultimo: int) -> None:
    from tests.benchmarks.pares.taskiq_app import broker, fetch_task

    await broker.startup()
    for inicio in range(primeiro, ultimo + 1, 100):
        await asyncio.gather(*(fetch_task.kiq(id) for id in range(inicio, min(inicio + 100, ultimo + 1))))
    await broker.shutdown()


if __name__ == "__main__":
    limites = (int(sys.argv[2]), int(sys.argv[3]))
    if sys.argv[1] == "celery":
        send_celery(*limites)
    else:
        asyncio.run(send_taskiq(*limites))
    sys.stdout.write("enviado\n")
