"""Sends what other systems are told: each delivery until it is accepted, or given up about a day later.

Whoever dies while sending leaves it to be sent again under the same `webhook-id`: it may arrive twice, it is never
lost, and it is accepted once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace

import aiohttp
from asyncpg import Record

from services.gateway.assinatura import sign
from services.gateway.cloudevents import TIPO_CONTEUDO, TipoAviso
from services.gateway.envio import Decisao, Resultado, decide_envio, post
from services.gateway.remessa import Remetente, Ritmo
from services.gateway.store import Conn, Pool, entregas, webhooks
from services.gateway.store.auditoria import record_auditoria
from shared.crypto import ChaveInvalida, Chaveiro

log = logging.getLogger(__name__)

SISTEMA = "sistema"


class Entregador(Remetente):
    destino = "webhook_id"

    def __init__(self, pool: Pool, chaveiro: Chaveiro, *, privados: bool = False, ritmo: Ritmo | None = None) -> None:
        super().__init__(pool, privados=privados, ritmo=ritmo or Ritmo())
        self._chaveiro = chaveiro

    async def _claim(self, conn: Conn, em_voo: Mapping[int, int]) -> list[Record]:
        return await entregas.claim_entregas(conn, em_voo, self._ritmo.por_destino, self._ritmo.reserva_s)

    async def _send(self, sessao: aiohttp.ClientSession, remessa: Record) -> Resultado:
        if not self._privados and not remessa["url"].lower().startswith("https://"):
            return Resultado(None, 0, "O endereço não é https, e nada é enviado assim (CANOPUS_WEBHOOKS_PRIVADOS).")
        try:
            segredos = webhooks.open_segredos(self._chaveiro, remessa)
        except ChaveInvalida:
            return Resultado(None, 0, "O segredo não abre com as chaves deste sistema. Troque-o por outro.")
        corpo = remessa["corpo"].encode()
        headers = sign(segredos, remessa["evento_id"], int(time.time()), corpo) | {"Content-Type": TIPO_CONTEUDO}
        return await post(sessao, remessa["url"], corpo, headers)

    async def _record(self, remessa: Record, feito: Resultado) -> None:
        # A test is answered once: the person who asked looks at it.
        esperas_s = () if remessa["tipo"] == TipoAviso.TESTE else self._ritmo.esperas_s
        decisao = decide_envio(feito, remessa["tentativas"], esperas_s=esperas_s)
        async with self._pool.acquire() as conn, conn.transaction():
            if decisao.aceita:
                await entregas.accept_entrega(conn, remessa, feito)
                return
            # The webhook before its delivery, as whoever removes both.
            diz_de_si = decisao.desliga or decisao.segura_s
            if diz_de_si and await webhooks.lock_url(conn, remessa["webhook_id"]) != remessa["url"]:
                # A person has moved it meanwhile: what the old address says of itself is nothing of the new one's.
                decisao = decide_envio(replace(feito, status=None), remessa["tentativas"], esperas_s=esperas_s)
            if decisao.segura_s:
                await webhooks.hold_webhook(conn, remessa["webhook_id"], decisao.segura_s)
            if decisao.desliga and await webhooks.switch_off(conn, remessa["webhook_id"], feito.erro or ""):
                alvo = f"webhooks/{remessa['webhook_id']}"
                await record_auditoria(
                    conn, quem=SISTEMA, acao="webhook.desligar", alvo=alvo, empresa_id=remessa["empresa_id"]
                )
            await entregas.fail_entrega(conn, remessa, feito, decisao.espera_s)
        _log(remessa, feito, decisao)


def _log(remessa: Record, feito: Resultado, decisao: Decisao) -> None:
    """Without the address: it may hold a secret of its own."""
    extra = {"webhook": remessa["webhook_id"], "status": feito.status, "tentativa": remessa["tentativas"]}
    if decisao.desliga:
        log.warning("webhook switched off: its server says that it is gone", extra=extra)
    elif decisao.espera_s is None:
        log.warning("delivery given up", extra=extra)
    else:
        log.info("delivery failed, to be tried again", extra=extra)
