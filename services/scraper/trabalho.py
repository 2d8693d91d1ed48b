"""A contract in a session's hands, and the two ways in which it leaves them: with a report, or handed back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from services.scraper.attempt import Andamento
from services.scraper.reports import Relator
from shared.bus import BusError
from shared.events import BoletoCapturado, BoletoDevolvido, BoletoFalhou, BoletoJaBaixado, BoletoSolicitado

Devolucao = Literal["sessao", "cancelada", "pausada", "parando"]
Relato = BoletoCapturado | BoletoJaBaixado | BoletoFalhou


@dataclass(eq=False)
class Trabalho:
    """A contract in this session's hands. `fim` is done once its report is published: then its message is settled."""

    solicitado: BoletoSolicitado
    fim: asyncio.Future[Relato | None]
    andamento: Andamento = field(default_factory=Andamento)
    abandono: Devolucao | None = None
    perdas: int = 0
    limites: int = 0


async def finish(relator: Relator, trabalho: Trabalho, relato: Relato) -> None:
    await relator.publish(relato)
    if not trabalho.fim.done():
        trabalho.fim.set_result(relato)


async def give_back(relator: Relator, trabalho: Trabalho, motivo: Devolucao) -> None:
    """Published first, then settled; where the bus is away the message stays unsettled, and comes again."""
    if trabalho.fim.done():
        return
    try:
        await relator.publish(BoletoDevolvido(tarefa=trabalho.solicitado.tarefa, motivo=motivo))
    except BusError as erro:
        if not trabalho.fim.done():
            trabalho.fim.set_exception(erro)
        return
    if not trabalho.fim.done():
        trabalho.fim.set_result(None)
