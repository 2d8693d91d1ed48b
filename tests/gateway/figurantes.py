"""Stand-ins for the scraper and the namer on the bus: they answer as the real ones do, in a fixed time per step."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.bus import Bus
from shared.bus.topology import NAMER_BOLETOS, scraper_queue
from shared.events import (
    BoletoArquivado,
    BoletoDevolvido,
    BoletoEtapa,
    BoletoNomear,
    BoletoSolicitado,
    CredencialTestada,
    Evento,
    NamerPulso,
    ScraperPulso,
    SessaoAberta,
    SessaoConcedida,
    SessaoEncerrada,
    SessaoRenovada,
    SessaoRevogada,
)
from shared.outcomes import Etapa
from tests.gateway.motor import arquivo, capturado

# What a task ends with: an event made from it; None: as captured.
Desfecho = Callable[[BoletoSolicitado], Evento | None]


@dataclass
class SessaoFigurante:
    """One session: contracts one after another, until it is asked back."""

    concedida: SessaoConcedida
    tarefas: deque[BoletoSolicitado] = field(default_factory=deque)
    novidade: asyncio.Event = field(default_factory=asyncio.Event)
    revogada: bool = False
    ociosa_desde: float = field(default_factory=time.monotonic)
    maximo: int = 0


class ScraperFigurante:
    """`morto`: falls silent, as a killed process does."""

    def __init__(
        self,
        bus: Bus,
        id: str = "s1",
        *,
        capacidade: int = 2,
        login_s: float = 0.0,
        contrato_s: float = 0.0,
        desfecho: Desfecho = lambda pedido: None,
        pulso_s: float = 0.1,
    ) -> None:
        self.bus, self.id, self.capacidade = bus, id, capacidade
        self.login_s, self.contrato_s, self.desfecho, self.pulso_s = login_s, contrato_s, desfecho, pulso_s
        self.fila = scraper_queue(id)
        self.sessoes: dict[int, SessaoFigurante] = {}
        self.pedidos: list[BoletoSolicitado] = []
        self.abertas_ao_mesmo_tempo = 0
        self.logins = 0
        self.renovadas: list[SessaoRenovada] = []
        self.morto = False
        self._group: asyncio.TaskGroup | None = None
        self._tarefas: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def run(self) -> AsyncIterator[ScraperFigurante]:
        async with asyncio.TaskGroup() as group:
            self._group = group
            async with self.bus.consume(self.fila, self.handle, prefetch=50):
                pulso = group.create_task(self._pulse())
                yield self
                self.morto = True
                pulso.cancel()
            for tarefa in self._tarefas:
                tarefa.cancel()

    async def handle(self, evento: Evento, entrega: Any) -> None:
        if self.morto:
            return
        match evento:
            case SessaoConcedida():
                assert self._group
                self.sessoes[evento.cerca] = SessaoFigurante(evento)
                self.abertas_ao_mesmo_tempo = max(self.abertas_ao_mesmo_tempo, len(self.sessoes))
                self._tarefas.append(self._group.create_task(self._work(self.sessoes[evento.cerca])))
            case BoletoSolicitado():
                self.pedidos.append(evento)
                sessao = self.sessoes.get(evento.tarefa.cerca)
                if sessao is None:
                    return
                sessao.tarefas.append(evento)
                sessao.maximo = max(sessao.maximo, len(sessao.tarefas))
                sessao.novidade.set()
            case SessaoRevogada():
                if sessao := self.sessoes.get(evento.cerca):
                    sessao.revogada = True
                    sessao.novidade.set()
            case SessaoRenovada():
                self.renovadas.append(evento)

    async def _work(self, sessao: SessaoFigurante) -> None:
        concedida = sessao.concedida
        self.logins += 1
        await asyncio.sleep(self.login_s)
        if concedida.pedido_id is not None:
            await self.bus.publish(
                CredencialTestada(
                    cerca=concedida.cerca,
                    credencial_id=concedida.credencial_id,
                    pedido_id=concedida.pedido_id,
                    ok=True,
                    mensagem="Entrou.",
                )
            )
            return await self.close(sessao, "teste")
        await self.bus.publish(
            SessaoAberta(cerca=concedida.cerca, credencial_id=concedida.credencial_id, duracao_s=self.login_s)
        )
        while not sessao.revogada:
            if not sessao.tarefas:
                sessao.ociosa_desde = time.monotonic()
                sessao.novidade.clear()
                await sessao.novidade.wait()
                continue
            await self._fetch(sessao.tarefas[0])
            sessao.tarefas.popleft()
        for pedido in sessao.tarefas:
            await self.bus.publish(BoletoDevolvido(tarefa=pedido.tarefa, motivo="sessao"))
        await self.close(sessao, "revogada")

    async def _fetch(self, pedido: BoletoSolicitado) -> None:
        await self.bus.publish(BoletoEtapa(tarefa=pedido.tarefa, etapa=Etapa.BUSCANDO))
        await asyncio.sleep(self.contrato_s)
        if self.morto:
            return
        captura = capturado(pedido.tarefa, pedido.mes or 11, pedido.ano or 2026)
        dados = captura.boleto.model_copy(update={"grupo": pedido.grupo or 6650, "cota": pedido.cota or 1})
        evento = self.desfecho(pedido)
        await self.bus.publish(evento or captura.model_copy(update={"boleto": dados}))

    async def close(
        self, sessao: SessaoFigurante, motivo: Literal["revogada", "teste", "derrubada", "erro", "bloqueada"]
    ) -> None:
        self.sessoes.pop(sessao.concedida.cerca, None)
        if not self.morto:
            concedida = sessao.concedida
            await self.bus.publish(
                SessaoEncerrada(cerca=concedida.cerca, credencial_id=concedida.credencial_id, motivo=motivo)
            )

    async def _pulse(self) -> None:
        while True:
            if not self.morto:
                agora = time.monotonic()
                ociosas = {c: 0.0 if s.tarefas else agora - s.ociosa_desde for c, s in self.sessoes.items()}
                await self.bus.publish(
                    ScraperPulso(scraper_id=self.id, fila=self.fila.name, capacidade=self.capacidade, ociosas_s=ociosas)
                )
            await asyncio.sleep(self.pulso_s)


@asynccontextmanager
async def run_namer(bus: Bus) -> AsyncIterator[None]:
    """Files every boleto at once, each under a name of its own."""

    async def handle(evento: BoletoNomear, entrega: Any) -> None:
        caminho = f"{evento.pasta}/{evento.cpf}_{evento.grupo}_{evento.cota}_{evento.mes}_{evento.ano}.pdf"
        await bus.publish(BoletoArquivado(tarefa=evento.tarefa, arquivo=arquivo(caminho), nome="CLIENTE"))

    async with bus.consume(NAMER_BOLETOS, handle, prefetch=10):
        await bus.publish(NamerPulso(namer_id="n1"))
        yield
