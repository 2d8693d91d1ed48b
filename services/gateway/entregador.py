"""Sends what other systems are told: each delivery until it is accepted, or given up about a day later.

A delivery is taken for a short while, sent outside any transaction, and its answer written. Whoever dies in between
leaves it to be sent again under the same `webhook-id`: it may arrive twice, it is never lost, and it is accepted once.
Each webhook has its own few places, so that a server that is slow or gone holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from asyncpg import Record

from services.gateway.assinatura import sign
from services.gateway.cloudevents import TIPO_CONTEUDO, TipoAviso
from services.gateway.destinos import open_sessao
from services.gateway.envio import ESPERAS_S, Decisao, Resultado, decide_envio, post
from services.gateway.store import Pool, entregas, webhooks
from services.gateway.store.auditoria import record_auditoria
from shared.crypto import ChaveInvalida, Chaveiro

log = logging.getLogger(__name__)

SISTEMA = "sistema"


@dataclass(frozen=True)
class Ritmo:
    """por_webhook: requests on their way at once to each, of this gateway. limite_s: for one. reserva_s: longer than
    that, so that no other sends what is being sent. pausa_s: between two looks, however much is committed."""

    por_webhook: int = 4
    limite_s: float = 20.0
    conexao_s: float = 5.0
    reserva_s: float = 60.0
    olhada_s: float = 1.0
    pausa_s: float = 0.05
    esperas_s: tuple[float, ...] = ESPERAS_S


class Entregador:
    """Any number of gateways may run it. privados: whether internal addresses and http are allowed."""

    def __init__(self, pool: Pool, chaveiro: Chaveiro, *, privados: bool = False, ritmo: Ritmo | None = None) -> None:
        self._pool = pool
        self._chaveiro = chaveiro
        self._privados = privados
        self._ritmo = ritmo or Ritmo()
        self._acordar = asyncio.Event()
        self._em_voo: Counter[int] = Counter()

    def wake(self) -> None:
        """Something was committed."""
        self._acordar.set()

    async def run(self) -> None:
        ritmo = self._ritmo
        async with (
            open_sessao(privados=self._privados, limite_s=ritmo.limite_s, conexao_s=ritmo.conexao_s) as sessao,
            asyncio.TaskGroup() as grupo,
        ):
            while True:
                self._acordar.clear()
                try:
                    for entrega in await self._claim():
                        grupo.create_task(self._deliver(sessao, entrega))
                except Exception:  # edge: top of a background loop
                    log.exception("entregador.failed")
                with suppress(TimeoutError):
                    async with asyncio.timeout(ritmo.olhada_s):
                        await self._acordar.wait()
                await asyncio.sleep(ritmo.pausa_s)

    async def _claim(self) -> list[Record]:
        async with self._pool.acquire() as conn:
            devidas = await entregas.claim_entregas(conn, self._em_voo, self._ritmo.por_webhook, self._ritmo.reserva_s)
        self._em_voo.update(entrega["webhook_id"] for entrega in devidas)
        return devidas

    async def _deliver(self, sessao: aiohttp.ClientSession, entrega: Record) -> None:
        try:
            await self._record(entrega, await self._post(sessao, entrega))
        except Exception:  # edge: top of a background task; what was taken is due again when its time is over
            log.exception("entregador.delivery_failed", extra={"entrega": entrega["id"]})
        finally:
            self._em_voo -= Counter([entrega["webhook_id"]])
            self.wake()

    async def _post(self, sessao: aiohttp.ClientSession, entrega: Record) -> Resultado:
        if not self._privados and not entrega["url"].lower().startswith("https://"):
            return Resultado(None, 0, "O endereço não é https, e nada é enviado assim (CANOPUS_WEBHOOKS_PRIVADOS).")
        cifrados = [entrega[campo] for campo in ("segredo", "segredo_anterior") if entrega[campo]]
        try:
            segredos = [self._chaveiro.decrypt(cifrado) for cifrado in cifrados]
        except ChaveInvalida:
            return Resultado(None, 0, "O segredo não abre com as chaves deste sistema. Troque-o por outro.")
        corpo = entrega["corpo"].encode()
        headers = sign(segredos, entrega["evento_id"], int(time.time()), corpo) | {"Content-Type": TIPO_CONTEUDO}
        return await post(sessao, entrega["url"], corpo, headers)

    async def _record(self, entrega: Record, feito: Resultado) -> None:
        # A test is answered once: the person who asked looks at it.
        esperas_s = () if entrega["tipo"] == TipoAviso.TESTE else self._ritmo.esperas_s
        decisao = decide_envio(feito, entrega["tentativas"], esperas_s=esperas_s)
        async with self._pool.acquire() as conn, conn.transaction():
            if decisao.aceita:
                await entregas.accept_entrega(conn, entrega, feito)
                return
            # The webhook before its delivery, as whoever removes both.
            if decisao.segura_s:
                await webhooks.hold_webhook(conn, entrega["webhook_id"], decisao.segura_s)
            if decisao.desliga and await webhooks.switch_off(conn, entrega["webhook_id"], feito.erro or ""):
                alvo = f"webhooks/{entrega['webhook_id']}"
                await record_auditoria(conn, quem=SISTEMA, acao="webhook.desligar", alvo=alvo)
            await entregas.fail_entrega(conn, entrega, feito, decisao.espera_s)
        _log(entrega, feito, decisao)


def _log(entrega: Record, feito: Resultado, decisao: Decisao) -> None:
    """Without the address: it may hold a secret of its own."""
    extra = {"webhook": entrega["webhook_id"], "status": feito.status, "tentativa": entrega["tentativas"]}
    if decisao.desliga:
        log.warning("webhook switched off: its server says that it is gone", extra=extra)
    elif decisao.espera_s is None:
        log.warning("delivery given up", extra=extra)
    else:
        log.info("delivery failed, to be tried again", extra=extra)
