"""Sends people's notices: each until its service accepts it, or given up about a day later.

Whoever dies between sending and writing the answer leaves it to be sent again when its reservation is over. WhatsApp
tells by then, over its callback, whether it was taken, and it is not; e-mail goes again under the same Message-ID; the
other services have nothing to know a repetition by, and may show it twice.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import aiohttp
import orjson
from asyncpg import Record

from services.gateway import leque, whatsapp
from services.gateway.envio import Decisao, Resultado, decide_envio
from services.gateway.ocasioes import Ocasiao
from services.gateway.remessa import Remetente, Ritmo
from services.gateway.store import Conn, Pool, correio
from shared.crypto import ChaveInvalida, Chaveiro

log = logging.getLogger(__name__)

# A mail server may take its time; a child process at a time for each channel is enough.
RITMO = Ritmo(por_destino=2, limite_s=45.0, reserva_s=90.0)
# So long a message whose answer was lost waits for word of it.
INCERTO_S = 60.0


class Carteiro(Remetente):
    destino = "canal_id"

    def __init__(
        self,
        pool: Pool,
        chaveiro: Chaveiro,
        *,
        privados: bool = False,
        ritmo: Ritmo = RITMO,
        incerto_s: float = INCERTO_S,
    ) -> None:
        super().__init__(pool, privados=privados, ritmo=ritmo)
        self._chaveiro = chaveiro
        self._incerto_s = incerto_s

    async def _claim(self, conn: Conn, em_voo: Mapping[int, int]) -> list[Record]:
        return await correio.claim_avisos(conn, em_voo, self._ritmo.por_destino, self._ritmo.reserva_s)

    async def _send(self, sessao: aiohttp.ClientSession, remessa: Record) -> Resultado:
        try:
            segredos = orjson.loads(self._chaveiro.decrypt(remessa["segredos"]))
        except ChaveInvalida:
            return Resultado(None, 0, "Os segredos do canal não abrem com as chaves deste sistema. Troque-os.")
        if remessa["canal_tipo"] == "whatsapp":
            conta = remessa["config"] | segredos
            if not self._privados and not conta["url_base"].startswith("https://"):
                return Resultado(None, 0, "O endereço da Meta não é https, e nada é enviado assim.")
            return await whatsapp.send(sessao, conta, remessa["endereco"], remessa)
        return await leque.send(
            segredos["url"], remessa["endereco"], remessa["titulo"], remessa["texto"], str(remessa["chave"]),
            privados=self._privados, limite_s=self._ritmo.limite_s,
        )  # fmt: skip

    async def _record(self, remessa: Record, feito: Resultado) -> None:
        # A test is answered once: the person who asked looks at it.
        esperas_s = () if remessa["tipo"] == Ocasiao.TESTE else self._ritmo.esperas_s
        decisao = decide_envio(feito, remessa["tentativas"], esperas_s=esperas_s)
        async with self._pool.acquire() as conn, conn.transaction():
            if decisao.aceita:
                await correio.accept_aviso(conn, remessa, feito)
                return
            if decisao.segura_s:
                await correio.hold_canal(conn, remessa["canal_id"], decisao.segura_s)
            espera_s = decisao.espera_s
            incerto = feito.status is None or feito.status >= 500
            if espera_s is not None and incerto and remessa["canal_tipo"] == "whatsapp":
                espera_s = max(espera_s, self._incerto_s)
            await correio.fail_aviso(conn, remessa, feito, espera_s)
        _log(remessa, feito, decisao)


def _log(remessa: Record, feito: Resultado, decisao: Decisao) -> None:
    extra = {"canal": remessa["canal_id"], "status": feito.status, "tentativa": remessa["tentativas"]}
    if decisao.espera_s is None:
        log.warning("notice given up", extra=extra)
    else:
        log.info("notice failed, to be tried again", extra=extra)
