"""Events, queues and short times for the tests of the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from shared.bus import BusOptions, Delivery, Queue, Registry
from shared.bus.topology import GATEWAY_MORTAS, NAMER_PEDIDOS


class Pedido(BaseModel):
    rota: ClassVar[str] = "teste.pedido"
    versao: Literal[1] = 1
    n: int


class Segredo(BaseModel):
    """What must never be kept."""

    rota: ClassVar[str] = "teste.segredo"
    versao: Literal[1] = 1
    n: int


class Sinal(BaseModel):
    rota: ClassVar[str] = "teste.sinal"
    versao: Literal[1] = 1
    n: int


class Novidade(BaseModel):
    rota: ClassVar[str] = "novas.teste"
    versao: Literal[1] = 1
    n: int


class SemFila(BaseModel):
    rota: ClassVar[str] = "teste.sem_fila"
    versao: Literal[1] = 1
    n: int = 0


REGISTRY: Registry = {modelo.rota: modelo for modelo in (Pedido, Segredo, Sinal, Novidade, SemFila)}

TRABALHO = Queue("teste.trabalho", ("teste.pedido",), delivery_limit=3)
SINAIS = Queue("teste.sinais", ("teste.sinal",), dead_letters=False, broker_dead_letters=False, message_ttl_s=0.2)
OUTRA = Queue("teste.outra", ("teste.outra",))
TOPOLOGY = (TRABALHO, SINAIS, OUTRA, NAMER_PEDIDOS, GATEWAY_MORTAS)

OPTIONS = BusOptions(
    connect_timeout_s=20.0,
    publish_timeout_s=10.0,
    stop_timeout_s=0.5,
    pause_first_s=0.001,
    pause_most_s=0.01,
    reconnect_first_s=0.05,
    reconnect_most_s=0.5,
    watchdog_s=0.3,
)


class Recorder:
    """A handler that remembers what came, holds it while `gate` is closed, and fails as told."""

    def __init__(self, fail: Callable[[Any, Delivery], Exception | None] = lambda event, delivery: None) -> None:
        self.events: list[Any] = []
        self.deliveries: list[Delivery] = []
        self.in_hand = 0
        self.most_in_hand = 0
        self.done: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._fail = fail

    async def __call__(self, event: Any, delivery: Delivery) -> None:
        self.events.append(event)
        self.deliveries.append(delivery)
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        try:
            await self.gate.wait()
            if erro := self._fail(event, delivery):
                raise erro
            self.done.append(getattr(event, "n", -1))
        finally:
            self.in_hand -= 1

    @property
    def numbers(self) -> list[int]:
        return [event.n for event in self.events]
