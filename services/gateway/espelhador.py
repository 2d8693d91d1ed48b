"""Keeps the mirrors: each filed boleto is copied to each, what was removed goes there too, until it is done.

A copy is taken for a short while, made outside any transaction, and its row written. Whoever dies in between leaves it
to be taken again: what lies there already is known by its hash and not sent twice. What a mirror refuses holds that
mirror and all that waits for it; what is wrong with one file holds that file.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from asyncpg import Record

from services.gateway.balde import Acesso, Balde
from services.gateway.destinos import DestinoFalhou
from services.gateway.drive import ESQUEMA, Drive
from services.gateway.google import Conta
from services.gateway.lacos import Despertador, share_out
from services.gateway.store import Pool
from services.gateway.store import espelhos as store
from shared.crypto import ChaveInvalida, Chaveiro
from shared.events import Arquivo
from shared.files import ArquivoAusente, ArquivoCorrompido, ArquivoFalhou, FileStore

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ritmo:
    """por_espelho: copies on their way at once to each, of this gateway. limite_s: for one call. reserva_s: longer than
    a copy may take. espera_s, espera_maxima_s: the pause after a failure, doubled at each further one."""

    por_espelho: int = 4
    limite_s: float = 45.0
    reserva_s: float = 100.0
    olhada_s: float = 2.0
    pausa_s: float = 0.05
    espera_s: float = 5.0
    espera_maxima_s: float = 900.0


class Destino(Protocol):
    """Where a mirror lies. Both raise DestinoFalhou."""

    async def put(self, caminho: str, dados: bytes, sha256: str) -> bool:
        """False: these bytes lie there already."""
        ...

    async def remove(self, caminho: str) -> None:
        """What is not there is fine."""
        ...


class Espelhador:
    """Any number of gateways may run it. privados: whether Google may be at an internal address, and by http."""

    def __init__(
        self,
        pool: Pool,
        files: FileStore,
        chaveiro: Chaveiro,
        ritmo: Ritmo | None = None,
        *,
        privados: bool = False,
    ) -> None:
        self._pool = pool
        self._files = files
        self._chaveiro = chaveiro
        self._ritmo = ritmo or Ritmo()
        self._despertador = Despertador()
        self._em_voo: Counter[int] = Counter()
        self._privados = privados
        self._destinos: dict[int, tuple[tuple[str | None, ...], Destino]] = {}
        self._contas = AsyncExitStack()

    def wake(self) -> None:
        """Something was committed."""
        self._despertador.wake()

    async def run(self) -> None:
        olhada_s, pausa_s = self._ritmo.olhada_s, self._ritmo.pausa_s
        async with self._contas:
            await share_out(self._claim, self._copy, self._despertador, olhada_s=olhada_s, pausa_s=pausa_s)

    async def _claim(self) -> list[Record]:
        async with self._pool.acquire() as conn:
            devidas = await store.claim_copias(conn, self._em_voo, self._ritmo.por_espelho, self._ritmo.reserva_s)
        self._em_voo.update(copia["espelho_id"] for copia in devidas)
        return devidas

    async def _copy(self, copia: Record) -> None:
        try:
            await self._make(copia)
        except DestinoFalhou as erro:
            await self._hold(copia, str(erro), erro.pede_s)
        except (ArquivoFalhou, ChaveInvalida) as erro:
            await self._fail(copia, _explain(erro))
        except Exception:  # edge: top of a background task; what was taken is due again when its time is over
            log.exception("espelhador.copy_failed", extra={"copia": copia["id"]})
        finally:
            self._em_voo -= Counter([copia["espelho_id"]])
            self.wake()

    async def _make(self, copia: Record) -> None:
        destino = self._open(copia)
        if copia["sha256"] is None:
            await destino.remove(copia["caminho"])
        else:
            arquivo = Arquivo(caminho=copia["caminho"], sha256=copia["sha256"], tamanho=copia["tamanho"])
            await destino.put(arquivo.caminho, await self._files.get(arquivo), arquivo.sha256)
        async with self._pool.acquire() as conn, conn.transaction():
            await store.finish_copia(conn, copia)

    async def _hold(self, copia: Record, erro: str, pede_s: float | None) -> None:
        """When the pause is over the others are tried first: one that alone is refused holds up none for ever."""
        espera_s = max(self._pause(copia["falhas"]), pede_s or 0.0)
        async with self._pool.acquire() as conn, conn.transaction():
            await store.hold_espelho(conn, copia, espera_s, erro)
            await store.fail_copia(conn, copia, espera_s, erro)
        log.warning("mirror held: %s", erro, extra={"espelho": copia["espelho_id"]})

    async def _fail(self, copia: Record, erro: str) -> None:
        async with self._pool.acquire() as conn:
            await store.fail_copia(conn, copia, self._pause(copia["tentativas"] - 1), erro)
        log.warning("copy failed: %s", erro, extra={"espelho": copia["espelho_id"], "copia": copia["id"]})

    def _pause(self, antes: int) -> float:
        return min(self._ritmo.espera_s * 2.0 ** min(antes, 20), self._ritmo.espera_maxima_s)

    def _open(self, copia: Record) -> Destino:
        """One for as long as its mirror is reached the same way: it keeps connections. Raises ChaveInvalida,
        DestinoFalhou."""
        acesso = tuple(copia[campo] for campo in ("destino", "endereco", "regiao", "chave", "segredo"))
        antes = self._destinos.get(copia["espelho_id"])
        if antes is None or antes[0] != acesso:
            segredo = self._chaveiro.decrypt(copia["segredo"])
            abrir = self._open_drive if copia["destino"].startswith(ESQUEMA) else self._open_balde
            antes = self._destinos[copia["espelho_id"]] = (acesso, abrir(copia, segredo))
        return antes[1]

    def _open_balde(self, copia: Record, segredo: str) -> Destino:
        acesso = Acesso(copia["destino"], copia["endereco"], copia["regiao"], copia["chave"], segredo)
        return Balde(acesso, self._ritmo.limite_s)

    def _open_drive(self, copia: Record, segredo: str) -> Destino:
        try:
            conta = Conta(segredo, copia["endereco"], self._ritmo.limite_s, privados=self._privados)
        except ValueError as erro:
            raise DestinoFalhou(f"A conta do Google não serve: {erro}.") from erro
        # Copies that are on their way may still use one that another has followed.
        self._contas.push_async_callback(conta.close)
        lugares = store.Lugares(self._pool, copia["espelho_id"])
        return Drive(conta, copia["destino"].removeprefix(ESQUEMA), lugares, self._ritmo.limite_s)


def _explain(erro: Exception) -> str:
    match erro:
        case ArquivoAusente():
            return "O arquivo não está mais no armazenamento. Baixe o boleto de novo do portal com forcar."
        case ArquivoCorrompido():
            return "O arquivo foi alterado depois de conferido. Baixe o boleto de novo do portal com forcar."
        case ChaveInvalida():
            return "O segredo não abre com as chaves deste sistema. Cadastre-o de novo no espelho."
        case _:
            return "O armazenamento dos boletos não respondeu."
