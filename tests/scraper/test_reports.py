"""Progress is told without holding up the portal, and never after the result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from services.scraper.reports import Relator
from shared.bus import BusError, BusUnavailable, Message
from shared.bus.memory import MemoryBus
from shared.events import EVENTOS, BoletoDevolvido, BoletoEtapa, Evento, Tarefa
from shared.files import FileStore
from shared.outcomes import Etapa
from tests.eventually import eventually

PASSOS = (Etapa.BUSCANDO, Etapa.EMITINDO, Etapa.BAIXANDO, Etapa.VERIFICANDO)
TAREFA = Tarefa(automacao_id=uuid4(), item_id=1, despacho=1, tentativa=1, cerca=1)


class BarramentoLento(MemoryBus):
    """Confirms when it is told to."""

    def __init__(self, *, recusa: bool = False) -> None:
        super().__init__(EVENTOS)
        self.enviados: list[Evento] = []
        self.confirma = asyncio.Event()
        self._recusa = recusa

    async def publish_many(self, messages: Sequence[Message]) -> list[BusError | None]:
        for message in messages:
            self.enviados.append(EVENTOS[message.rota].model_validate_json(message.corpo))
        await self.confirma.wait()
        return [BusUnavailable("fora") if self._recusa else None for _ in messages]


async def test_steps_taken_while_a_report_is_on_its_way_go_with_the_next(tmp_path: Path) -> None:
    bus = BarramentoLento()
    relator = Relator(bus, FileStore(tmp_path.as_uri()))
    relator.tell_etapa(TAREFA, PASSOS[0])
    await asyncio.sleep(0)
    for passo in PASSOS[1:]:
        relator.tell_etapa(TAREFA, passo)
    fim = asyncio.create_task(relator.publish(BoletoDevolvido(tarefa=TAREFA, motivo="parando")))
    await asyncio.sleep(0)
    bus.confirma.set()
    await fim
    primeiro, segundo, ultimo = bus.enviados
    assert isinstance(primeiro, BoletoEtapa) and (primeiro.anteriores, primeiro.etapa) == ((), PASSOS[0])
    assert isinstance(segundo, BoletoEtapa) and (*segundo.anteriores, segundo.etapa) == PASSOS[1:]
    assert isinstance(ultimo, BoletoDevolvido)


async def test_a_bus_that_is_away_holds_up_no_step(tmp_path: Path) -> None:
    bus = BarramentoLento(recusa=True)
    bus.confirma.set()
    relator = Relator(bus, FileStore(tmp_path.as_uri()))
    for passo in PASSOS:
        relator.tell_etapa(TAREFA, passo)
        await asyncio.sleep(0)
    await eventually(lambda: len(bus.enviados) >= 2)
    ditos = [passo for e in bus.enviados if isinstance(e, BoletoEtapa) for passo in (*e.anteriores, e.etapa)]
    assert ditos == list(PASSOS)
