"""The loop that sends what was committed for others: each piece taken for a short while, sent outside any transaction,
and its answer written.

Whoever dies in between leaves it to be sent again. Each destination has its own few places, so that one that is slow
or gone holds up no other.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import aiohttp
from asyncpg import Record

from services.gateway.destinos import open_sessao
from services.gateway.envio import ESPERAS_S, Resultado
from services.gateway.lacos import Despertador, share_out
from services.gateway.store import Conn, Pool

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ritmo:
    """por_destino: requests on their way at once to each, of this gateway. limite_s: for one. reserva_s: longer than
    that, so that no other sends what is being sent; well within two minutes, as nothing longer is believed
    (`is_ahead`). pausa_s: between two looks, however much is committed."""

    por_destino: int = 4
    limite_s: float = 20.0
    conexao_s: float = 5.0
    reserva_s: float = 60.0
    olhada_s: float = 1.0
    pausa_s: float = 0.05
    esperas_s: tuple[float, ...] = ESPERAS_S


class Remetente(ABC):
    """Any number of gateways may run it. privados: whether internal addresses and http are allowed. destino: the column
    of what is sent that says where to."""

    destino: ClassVar[str]

    def __init__(self, pool: Pool, *, privados: bool, ritmo: Ritmo) -> None:
        self._pool = pool
        self._privados = privados
        self._ritmo = ritmo
        self._despertador = Despertador()
        self._em_voo: Counter[int] = Counter()

    @abstractmethod
    async def _claim(self, conn: Conn, em_voo: Mapping[int, int]) -> list[Record]:
        """What is due, each piece for this gateway alone while it is reserved."""

    @abstractmethod
    async def _send(self, sessao: aiohttp.ClientSession, remessa: Record) -> Resultado:
        """One attempt."""

    @abstractmethod
    async def _record(self, remessa: Record, feito: Resultado) -> None:
        """How the attempt ended."""

    def wake(self) -> None:
        """Something was committed."""
        self._despertador.wake()

    async def run(self) -> None:
        ritmo = self._ritmo
        async with open_sessao(privados=self._privados, limite_s=ritmo.limite_s, conexao_s=ritmo.conexao_s) as sessao:
            deliver = partial(self._deliver, sessao)
            await share_out(self._take, deliver, self._despertador, olhada_s=ritmo.olhada_s, pausa_s=ritmo.pausa_s)

    async def _take(self) -> list[Record]:
        async with self._pool.acquire() as conn:
            devidas = await self._claim(conn, self._em_voo)
        self._em_voo.update(remessa[self.destino] for remessa in devidas)
        return devidas

    async def _deliver(self, sessao: aiohttp.ClientSession, remessa: Record) -> None:
        try:
            await self._record(remessa, await self._send(sessao, remessa))
        except Exception:  # edge: top of a background task; what was taken is due again when its time is over
            log.exception("remessa.delivery_failed", extra={self.destino: remessa[self.destino], "id": remessa["id"]})
        finally:
            self._em_voo -= Counter([remessa[self.destino]])
            self.wake()
