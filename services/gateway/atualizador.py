"""Workbooks that lie behind a link: opened when they are due or when a person asks, and imported as an upload is.

A link is taken for a short while and opened outside any transaction; then the question of the import and the link's row
are written as one. Whoever dies before leaves it to be taken again; from there on the question's own promise holds
(`pedidos`). What was imported once is not imported again.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import struct
import unicodedata
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PureWindowsPath
from uuid import UUID

from asyncpg import Record

from services.gateway.destinos import DestinoFalhou
from services.gateway.execucao import FUSO
from services.gateway.google import Conta
from services.gateway.lacos import Despertador, share_out
from services.gateway.links import parse_link
from services.gateway.nuvem import Nuvem, Planilha
from services.gateway.pedidos import VISTO_S, Pedidos
from services.gateway.store import Pool
from services.gateway.store import links as store
from services.gateway.store.empresas import restrict
from services.gateway.store.pedidos import Pedido, is_servico_alive
from shared.crypto import ChaveInvalida, Chaveiro
from shared.files import ArquivoFalhou, FileStore

log = logging.getLogger(__name__)

QUEM = "atualização automática"
# Before an office's day begins.
HORA = 6


class Ocupada(Exception):
    """Somebody else is opening it at this moment."""


@dataclass(frozen=True)
class Ritmo:
    """de_uma_vez: links opened at once, of this gateway. prazo_s: for one, all its accounts tried. reserva_s: longer
    than that, and within two minutes, as nothing longer is believed (`is_ahead`)."""

    de_uma_vez: int = 2
    prazo_s: float = 90.0
    reserva_s: float = 110.0
    olhada_s: float = 5.0
    pausa_s: float = 0.05


class Atualizador:
    """Any number of gateways may run it. horas: from one look to the next, counted from six in the morning."""

    def __init__(
        self,
        pool: Pool,
        files: FileStore,
        chaveiro: Chaveiro,
        pedidos: Pedidos,
        nuvem: Nuvem,
        *,
        horas: int = 24,
        ritmo: Ritmo | None = None,
    ) -> None:
        self._pool = pool
        self._files = files
        self._chaveiro = chaveiro
        self._pedidos = pedidos
        self._nuvem = nuvem
        self._horas = horas
        self._ritmo = ritmo or Ritmo()
        self._despertador = Despertador()
        self._em_voo = 0

    def wake(self) -> None:
        """A link is new, or somebody asked."""
        self._despertador.wake()

    async def run(self) -> None:
        olhada_s, pausa_s = self._ritmo.olhada_s, self._ritmo.pausa_s
        await share_out(self._claim, self._look, self._despertador, olhada_s=olhada_s, pausa_s=pausa_s)

    async def refresh(self, consultor_id: int, quem: str, *, forcar: bool) -> UUID | None:
        """The question of the import; None: what lies there was imported already. forcar: it is again all the same.
        Raises Ocupada, DestinoFalhou."""
        async with self._pool.acquire() as conn:
            tomados = await store.claim_links(conn, 1, self._ritmo.reserva_s, consultor_id)
        if not tomados:
            raise Ocupada
        return await self._bring(tomados[0], quem, forcar=forcar or tomados[0]["recusa"] is not None)

    async def _claim(self) -> list[Record]:
        async with self._pool.acquire() as conn:
            if not await is_servico_alive(conn, "namer", VISTO_S):
                return []
            devidos = await store.claim_links(conn, self._ritmo.de_uma_vez - self._em_voo, self._ritmo.reserva_s)
        self._em_voo += len(devidos)
        return devidos

    async def _look(self, link: Record) -> None:
        try:
            # A person who asks may have put right why it could not be read.
            forcar = link["recusa"] is not None and link["pedida_por"] is not None
            await self._bring(link, link["pedida_por"] or QUEM, forcar=forcar)
        except (DestinoFalhou, Ocupada) as erro:
            log.warning("workbook not refreshed: %s", erro, extra={"consultor": link["consultor_id"]})
        except Exception:  # edge: top of a background task; what was taken is due again when its time is over
            log.exception("atualizador.link_failed", extra={"consultor": link["consultor_id"]})
        finally:
            self._em_voo -= 1
            self.wake()

    async def _bring(self, link: Record, quem: str, *, forcar: bool) -> UUID | None:
        try:
            achada = await self._open(link, forcar=forcar)
            marca = await asyncio.to_thread(make_marca, achada) if achada else link["marca"]
            if achada is not None and (forcar or marca != link["marca"]):
                return await self._import(link, make_pedido(link, achada, marca, quem), achada.dados)
        except DestinoFalhou as erro:
            async with self._pool.acquire() as conn:
                await store.fail_link(conn, link, self._wait_s(link), str(erro))
            raise
        async with self._pool.acquire() as conn:
            await store.keep_link(conn, link, self._wait_s(link), achada.versao if achada else None)
        return None

    async def _open(self, link: Record, *, forcar: bool) -> Planilha | None:
        try:
            async with asyncio.timeout(self._ritmo.prazo_s), AsyncExitStack() as pilha:
                contas = [conta async for conta in self._list_contas(link["empresa_id"], pilha)]
                versao = None if forcar else link["versao"]
                return await self._nuvem.open(parse_link(link["link"]), contas, versao)
        except TimeoutError as erro:
            raise DestinoFalhou("O Google não respondeu a tempo; será tentado de novo.") from erro

    async def _list_contas(self, empresa_id: int, pilha: AsyncExitStack) -> AsyncIterator[Conta]:
        """The office's own, closed with the stack; one that cannot be used is left out: its mirror says so."""
        async with self._pool.acquire() as conn:
            linhas = await store.list_contas(conn, empresa_id)
        for linha in linhas:
            with suppress(ChaveInvalida, ValueError):
                segredo = self._chaveiro.decrypt(linha["segredo"])
                conta = Conta(segredo, linha["endereco"], self._nuvem.limite_s, privados=self._nuvem.privados)
                pilha.push_async_callback(conta.close)
                yield conta

    async def _import(self, link: Record, pedido: Pedido, dados: bytes) -> UUID:
        try:
            arquivo = await self._files.put_interno("planilhas", dados)
        except ArquivoFalhou as erro:
            raise DestinoFalhou("O armazenamento de arquivos não respondeu; será tentado de novo.") from erro
        pedido.parametros["arquivo"] = arquivo.model_dump()
        async with self._pool.acquire() as conn, conn.transaction(), restrict(conn, link["empresa_id"]):
            if not await store.hold_link(conn, link):
                raise Ocupada
            await self._pedidos.record(conn, pedido)
            await store.begin_importacao(conn, link, pedido.id, self._wait_s(link))
        return pedido.id

    def _wait_s(self, link: Record) -> float:
        agora: datetime = link["agora"]
        return (next_horario(agora, self._horas) - agora).total_seconds()


def next_horario(agora: datetime, horas: int) -> datetime:
    """Six in the morning, and each so many hours after it until the next day's."""
    local = agora.astimezone(FUSO)
    dia = local.replace(hour=HORA, minute=0, second=0, microsecond=0)
    if dia > local:
        dia -= timedelta(days=1)
    passados = int((local - dia) / timedelta(hours=horas)) + 1
    return min(dia + timedelta(hours=horas * passados), dia + timedelta(days=1))


def make_marca(planilha: Planilha) -> str:
    """What the same workbook has each time. Google packs an export anew, so of one it is what is packed that counts."""
    dados = planilha.dados
    if planilha.exportada:
        with suppress(zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error):
            pacote = zipfile.ZipFile(io.BytesIO(dados))
            dados = repr(sorted((parte.filename, parte.CRC, parte.file_size) for parte in pacote.infolist())).encode()
    return hashlib.sha256(dados).hexdigest()


def make_pedido(link: Record, planilha: Planilha, marca: str, quem: str) -> Pedido:
    """As of an upload, within the reach of whoever gave the link. Its file is still to be put there."""
    limpo = "".join(c for c in PureWindowsPath(planilha.nome).name if unicodedata.category(c) not in ("Cc", "Cs"))
    do_link = ("consultor_id", "ponto_venda_id", "ponto_venda", "alcance")
    parametros = {campo: link[campo] for campo in do_link} | {
        "nome_arquivo": limpo[:255] or "planilha.xlsx", "simular": False, "marca": marca, "versao": planilha.versao,
    }  # fmt: skip
    return Pedido("planilha", parametros, link["ponto_venda_id"], quem, empresa_id=link["empresa_id"])
