"""The gateway as the scraper meets it: grants leases, answers pulses, sends tasks, keeps the reports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid4

from shared.bus import Bus, Delivery
from shared.bus.topology import GATEWAY_EVENTOS, GATEWAY_SINAIS
from shared.contrato import Cota
from shared.crypto import Chaveiro
from shared.events import (
    BoletoSolicitado,
    Evento,
    ScraperPulso,
    SessaoConcedida,
    SessaoRenovada,
    Tarefa,
)
from tests.eventually import eventually
from tests.scraper.scenes import ANA, COTA_ANA, HOJE, PV, SENHA, USUARIO

E = TypeVar("E", bound=Evento)


class GatewayFalso:
    """`cercas_vivas`: the leases that a pulse is told to live on."""

    def __init__(self, bus: Bus, chaveiro: Chaveiro, url_base: str) -> None:
        self._bus = bus
        self._chaveiro = chaveiro
        self._url_base = url_base
        self.eventos: list[Evento] = []
        self.pulsos: list[ScraperPulso] = []
        self.cercas_vivas: set[int] = set()
        self.responde = True
        self._despacho = 0

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        async with (
            self._bus.consume(GATEWAY_EVENTOS, self._keep, prefetch=16),
            self._bus.consume(GATEWAY_SINAIS, self._answer, prefetch=16),
        ):
            yield

    async def _keep(self, evento: Evento, _: Delivery) -> None:
        self.eventos.append(evento)

    async def _answer(self, pulso: ScraperPulso, _: Delivery) -> None:
        self.pulsos.append(pulso)
        if self.responde:
            vivas = tuple(cerca for cerca in pulso.ociosas_s if cerca in self.cercas_vivas)
            await self._bus.publish(SessaoRenovada(pulso_id=pulso.id, cercas=vivas), queue=pulso.fila)

    async def fila(self) -> str:
        await eventually(lambda: self.pulsos)
        return self.pulsos[0].fila

    async def grant(self, cerca: int = 1, senha: str = SENHA, **campos: Any) -> None:
        self.cercas_vivas.add(cerca)
        concedida = SessaoConcedida(
            cerca=cerca,
            credencial_id=7,
            ponto_venda=PV,
            url_base=self._url_base,
            perfil="canopus",
            usuario=USUARIO,
            senha_cifrada=self._chaveiro.encrypt(senha),
            **campos,
        )
        await self._bus.publish(concedida, queue=await self.fila(), ttl_s=60.0)

    async def ask(
        self,
        cpf: str = ANA,
        cota: Cota | None = COTA_ANA,
        *,
        cerca: int = 1,
        automacao_id: UUID | None = None,
        **campos: Any,
    ) -> Tarefa:
        self._despacho += 1
        tarefa = Tarefa(
            automacao_id=automacao_id or uuid4(),
            item_id=self._despacho,
            despacho=self._despacho,
            tentativa=1,
            cerca=cerca,
        )
        mes_ano = {"mes": 12, "ano": 2026} | campos
        onde = {"grupo": cota.grupo, "cota": cota.cota} if cota else {}
        solicitado = BoletoSolicitado(tarefa=tarefa, ponto_venda=PV, cpf=cpf, hoje=HOJE, **onde, **mes_ano)
        await self.resend(solicitado)
        return tarefa

    async def resend(self, solicitado: BoletoSolicitado) -> None:
        self.ultimo = solicitado
        await self._bus.publish(solicitado, queue=await self.fila())

    def of(self, tipo: type[E], tarefa: Tarefa | None = None) -> list[E]:
        return [
            e for e in self.eventos if isinstance(e, tipo) and (tarefa is None or getattr(e, "tarefa", 0) == tarefa)
        ]

    async def wait_for(self, tipo: type[E], tarefa: Tarefa | None = None, timeout_s: float = 20.0) -> E:
        await eventually(lambda: self.of(tipo, tarefa), timeout_s)
        return self.of(tipo, tarefa)[-1]

    async def publish(self, evento: Evento, *, to_scraper: bool = True) -> None:
        await self._bus.publish(evento, queue=await self.fila() if to_scraper else None)

    async def settle(self) -> None:
        await asyncio.sleep(0)
