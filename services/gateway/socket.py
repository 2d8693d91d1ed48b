"""One socket: its reader, its bounded queue and its subscriptions."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import UUID

from aiohttp import WSCloseCode, WSMsgType, web

from services.gateway.auth import Acesso
from services.gateway.errors import ApiError
from services.gateway.frames import (
    Assinar,
    Autenticar,
    CancelarAssinatura,
    encode_erro,
    encode_estado,
    encode_estado_geral,
    encode_pulso,
    parse_quadro,
    text_header,
)
from services.gateway.live import PAGINA, SEM_ACESSO, Canal, Live
from services.gateway.store import Pool
from services.gateway.store.cabecas import read_estado
from services.gateway.store.chaves import list_chaves_vivas
from services.gateway.store.empresas import PoolEmpresa
from services.gateway.store.execucoes import find_epoca, list_eventos

log = logging.getLogger(__name__)

LENTO = 4008
# Of one client's frame: none of them needs more.
QUADRO_BYTES = 16_384
QUADROS_RUINS = 20
FALTAS = 2
_ADEUS_S = 10.0
# Bytes that wait at most, beside the frame put last: `estado` may be of thousands of contracts, events are small.
FILA_BYTES = 4 << 20
# Bytes that may wait in the transport while events still go straight to it.
FOLGA_REDE = 65_536

_PING = object()


class LeitorLento(Exception):
    """The queue stayed full: the reader does not keep up."""


@dataclass(eq=False)
class Assinatura:
    """One execution on one socket. seq: the last event queued; ao_vivo: the canal feeds it, it reads no more."""

    canal: Canal
    seq: int
    ao_vivo: bool = False
    leitura: asyncio.Task[None] | None = None


class Fila:
    """Frames that wait to be sent, in order; `put_now` is for events, `put` for what is read at the reader's pace."""

    def __init__(self, maxima: int) -> None:
        self._maxima = maxima
        self._bytes = 0
        self._quadros: deque[bytes | object] = deque()
        self._tem = asyncio.Event()
        self._cabe = asyncio.Event()
        self._cabe.set()

    def add(self, quadro: bytes | object) -> None:
        """Its reader is not woken: `wake` does that, unless `take_all` comes first. Raises LeitorLento."""
        if len(self._quadros) >= self._maxima:
            raise LeitorLento
        self._quadros.append(quadro)
        self._bytes += _measure(quadro)
        if not self._has_room():
            self._cabe.clear()

    def wake(self) -> None:
        if self._quadros:
            self._tem.set()

    def put_now(self, quadro: bytes | object) -> None:
        """Raises LeitorLento."""
        self.add(quadro)
        self._tem.set()

    def take_all(self) -> list[bytes]:
        """Everything that waits, where all of it is frames of text; else nothing."""
        if any(not isinstance(quadro, bytes) for quadro in self._quadros):
            return []
        quadros = [quadro for quadro in self._quadros if isinstance(quadro, bytes)]
        self.clear()
        return quadros

    async def put(self, quadro: bytes, timeout_s: float) -> None:
        """Wait for room in the lower half, and for bytes. Raises LeitorLento."""
        try:
            # Not wait_for: on Python 3.11 it loses the cancellation of a reader whose wait is over at that moment.
            async with asyncio.timeout(timeout_s):
                await self._cabe.wait()
        except TimeoutError as erro:
            raise LeitorLento from erro
        self.put_now(quadro)

    def clear(self) -> None:
        self._quadros.clear()
        self._bytes = 0
        self._cabe.set()

    async def get(self) -> bytes | object:
        while not self._quadros:
            self._tem.clear()
            await self._tem.wait()
        quadro = self._quadros.popleft()
        self._bytes -= _measure(quadro)
        if self._has_room():
            self._cabe.set()
        return quadro

    def _has_room(self) -> bool:
        return len(self._quadros) < self._maxima // 2 and self._bytes < FILA_BYTES


def _measure(quadro: bytes | object) -> int:
    return len(quadro) if isinstance(quadro, bytes) else 0


class Socket:
    """`run` serves until the socket closes. `acesso`: who listens; each frame is held against it."""

    def __init__(
        self, ws: web.WebSocketResponse, request: web.Request, live: Live, pool: Pool | PoolEmpresa, acesso: Acesso
    ) -> None:
        self._ws = ws
        self._request = request
        self._live = live
        self._pool = pool
        self._acesso = acesso
        self._fila = Fila(live.options.fila_maxima)
        self._assinaturas: dict[UUID, Assinatura] = {}
        self._geral = False
        # Executions whose `estado` is being read: their events follow it, whatever brought them before.
        self._lendo: set[UUID] = set()
        self._tocados: dict[UUID, int] = {}
        self._faltas = 0
        self._quadros_ruins = 0
        self._fim: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._grupo = asyncio.TaskGroup()

    @property
    def chave_id(self) -> int:
        return self._acesso.chave_id

    @property
    def empresa_id(self) -> int:
        return self._acesso.empresa_id

    async def run(self) -> None:
        self._live.sockets.add(self)
        try:
            async with self._grupo:
                tarefas = [self._grupo.create_task(trabalho) for trabalho in (self._send(), self._beat())]
                leitura = self._grupo.create_task(self._receive())
                fins: set[asyncio.Future[Any]] = {leitura, self._fim}
                await asyncio.wait(fins, return_when=asyncio.FIRST_COMPLETED)
                for tarefa in (leitura, *tarefas, *(a.leitura for a in self._assinaturas.values() if a.leitura)):
                    tarefa.cancel()
        finally:
            self._live.sockets.discard(self)
            self._live.detach_geral(self)
            for assinatura in self._assinaturas.values():
                self._live.detach(self, assinatura.canal)
        if self._fim.done():
            await self._say_goodbye(*self._fim.result())

    def close(self, codigo: int, motivo: str) -> None:
        """From anywhere: what waits is dropped, the reader is told why, and resumes by its cursor."""
        if not self._fim.done():
            self._fim.set_result((codigo, motivo))
            self._fila.clear()

    async def _say_goodbye(self, codigo: int, motivo: str) -> None:
        """What was sent is still delivered, and the farewell behind it; one who takes nothing is cut off in the end."""
        if self._request.transport is not None:
            asyncio.get_running_loop().call_later(_ADEUS_S, self._request.transport.abort)
        # Here, not where it was asked: aiohttp waits for the peer's own farewell only while nobody else is reading.
        await self._ws.close(code=codigo, message=motivo.encode(), drain=False)

    # --- out ----------------------------------------------------------------------------------------------------------

    def hear(self, canal: Canal, seq: int, quadro: bytes) -> None:
        """An event from the canal. Only what this caller may see, once, in order."""
        if self._fim.done() or not self._acesso.sees(canal.empresa_id, canal.ponto_venda_id):
            return
        if canal.automacao_id in self._lendo:
            return
        assinatura = self._assinaturas.get(canal.automacao_id)
        if assinatura is not None:
            if not assinatura.ao_vivo or seq <= assinatura.seq:
                return
            if seq != assinatura.seq + 1:
                # Never silently on: the reader comes back with its cursor and is told what holds.
                return self.close(WSCloseCode.INTERNAL_ERROR, "eventos fora de ordem")
            assinatura.seq = seq
        elif not self._geral:
            return
        self._tocados[canal.automacao_id] = seq
        try:
            self._fila.add(quadro)
        except LeitorLento:
            self.close(LENTO, "leitor lento: volte com o seu cursor")

    def flush(self) -> None:
        """Straight to the network while it takes what it is given; else at the reader's pace, by `_send`.

        Frames reach the transport whole and in order from either side: neither awaits between the parts of one.
        """
        transport = self._request.transport
        if transport is None or self._ws.closed or transport.is_closing():
            return
        if transport.get_write_buffer_size() > FOLGA_REDE:
            return self._fila.wake()
        if quadros := self._fila.take_all():
            transport.write(b"".join([parte for quadro in quadros for parte in (text_header(len(quadro)), quadro)]))
        self._fila.wake()

    def _put_now(self, quadro: bytes | object) -> None:
        try:
            self._fila.put_now(quadro)
        except LeitorLento:
            self.close(LENTO, "leitor lento: volte com o seu cursor")

    async def _send(self) -> None:
        with suppress(ConnectionError):
            while True:
                quadro = await self._fila.get()
                if isinstance(quadro, bytes):
                    await self._ws.send_frame(quadro, WSMsgType.TEXT)
                else:
                    await self._ws.ping()

    async def _beat(self) -> None:
        """The pulse with the heads, the protocol's ping, and a look at whether the key still holds."""
        while True:
            await asyncio.sleep(self._live.options.pulso_s)
            if self._faltas >= FALTAS:
                self.close(WSCloseCode.GOING_AWAY, "sem resposta ao ping")
                return
            self._faltas += 1
            self._put_now(encode_pulso(self._list_seqs()))
            self._put_now(_PING)
            if not await self._is_key_alive():
                self.close(SEM_ACESSO, "chave revogada")
                return

    def _list_seqs(self) -> dict[str, int]:
        seqs = {str(id): a.seq for id, a in self._assinaturas.items() if a.ao_vivo}
        if self._geral:
            for canal in self._live.list_canais():
                if self._acesso.sees(canal.empresa_id, canal.ponto_venda_id) and (
                    canal.viva or canal.automacao_id in self._tocados
                ):
                    seqs.setdefault(str(canal.automacao_id), canal.seq)
        self._tocados.clear()
        return seqs

    async def _is_key_alive(self) -> bool:
        try:
            async with self._pool.acquire(timeout=5) as conn:
                return bool(await list_chaves_vivas(conn, [self._acesso.chave_id]))
        except Exception:  # edge: top of a background loop; asked again at the next pulse
            log.exception("socket.key_check_failed")
            return True

    # --- in -----------------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        async for mensagem in self._ws:
            self._faltas = 0
            match mensagem.type:
                case WSMsgType.TEXT:
                    await self._handle(mensagem.data)
                case WSMsgType.PING:
                    await self._ws.pong(mensagem.data)
                case WSMsgType.BINARY:
                    self._refuse(ApiError(422, "quadro.binario", "Os quadros são textos JSON."))
                case WSMsgType.ERROR:
                    return
            if self._quadros_ruins >= QUADROS_RUINS:
                return self.close(WSCloseCode.POLICY_VIOLATION, "quadros inválidos demais")

    async def _handle(self, texto: str) -> None:
        try:
            quadro = parse_quadro(texto)
        except ApiError as erro:
            return self._refuse(erro)
        try:
            match quadro:
                case Assinar(automacao_id="*"):
                    await self._subscribe_geral()
                case Assinar():
                    await self._subscribe(quadro)
                case CancelarAssinatura():
                    self._unsubscribe(quadro.automacao_id)
                case Autenticar():
                    self._refuse(ApiError(422, "quadro.invalido", "Este socket já está autenticado."))
                case _:
                    assert_never(quadro)
        except LeitorLento:
            self.close(LENTO, "leitor lento: volte com o seu cursor")
        except Exception:  # edge: one frame of one socket; the client is told and may ask again
            log.exception("socket.frame_failed")
            texto_erro = "O pedido não pôde ser atendido agora. Tente de novo em instantes."
            falha = ApiError(503, "indisponivel", texto_erro)
            self._put_now(encode_erro(falha, str(getattr(quadro, "automacao_id", "")) or None))

    def _refuse(self, erro: ApiError, automacao_id: str | None = None) -> None:
        self._quadros_ruins += 1
        self._put_now(encode_erro(erro, automacao_id))

    async def _subscribe_geral(self) -> None:
        async with self._pool.acquire() as conn:
            epoca = await find_epoca(conn)
        if not self._geral:
            await self._live.attach_geral(self)
        await self._fila.put(encode_estado_geral(epoca), self._live.options.espera_leitor_s)
        self._geral = True

    async def _subscribe(self, quadro: Assinar) -> None:
        assert isinstance(quadro.automacao_id, UUID)
        is_nova = quadro.automacao_id not in self._assinaturas
        if is_nova and len(self._assinaturas) >= self._live.options.assinaturas_maximo:
            texto = "Assinaturas demais neste socket. Cancele alguma ou assine `*`."
            return self._refuse(ApiError(422, "socket.assinaturas_demais", texto), str(quadro.automacao_id))
        self._lendo.add(quadro.automacao_id)
        try:
            async with self._pool.acquire() as conn:
                estado = await read_estado(conn, quadro.automacao_id, self._acesso.alcance, quadro.get_desde())
            if estado is None:
                texto = "Execução não encontrada. Confira o número."
                return self._refuse(ApiError(404, "execucao.nao_encontrada", texto), str(quadro.automacao_id))
            # Asked for again: what was being read for the former subscription stops.
            self._unsubscribe(quadro.automacao_id)
            canal = self._live.attach(self, estado)
            assinatura = self._assinaturas[quadro.automacao_id] = Assinatura(canal, estado.seq)
            await self._fila.put(encode_estado(estado), self._live.options.espera_leitor_s)
        finally:
            self._lendo.discard(quadro.automacao_id)
        assinatura.leitura = self._grupo.create_task(self._catch_up(assinatura))

    async def _catch_up(self, assinatura: Assinatura) -> None:
        """Read from the table, at the reader's pace, until level with the canal; then hear it."""
        while not assinatura.ao_vivo:
            try:
                await self._read_on(assinatura)
            except LeitorLento:
                return self.close(LENTO, "leitor lento: volte com o seu cursor")
            except Exception:  # edge: top of a background loop; what was queued is counted, so it goes on behind it
                log.exception("socket.catch_up_failed")
                await asyncio.sleep(self._live.options.olhada_s)

    async def _read_on(self, assinatura: Assinatura) -> None:
        canal = assinatura.canal
        atrasada = assinatura.seq < canal.seq
        async with self._pool.acquire() as conn:
            linhas = await list_eventos(conn, canal.execucao_id, assinatura.seq, PAGINA)
        if atrasada and (not linhas or linhas[0]["seq"] != assinatura.seq + 1):
            # What it had not read yet was removed after its time: it is told so by the snapshot that it asks for.
            return self.close(WSCloseCode.INTERNAL_ERROR, "os eventos seguintes saíram: volte com o seu cursor")
        for linha in linhas:
            await self._fila.put(linha["corpo"].encode(), self._live.options.espera_leitor_s)
            assinatura.seq = linha["seq"]
        # In one step of the loop with the reading's end: what is committed from here on, the canal hands out.
        assinatura.ao_vivo = not linhas and canal.seq <= assinatura.seq

    def _unsubscribe(self, automacao_id: UUID | str) -> None:
        if not isinstance(automacao_id, UUID):
            self._geral = False
            self._live.detach_geral(self)
            return
        assinatura = self._assinaturas.pop(automacao_id, None)
        if assinatura is not None:
            if assinatura.leitura is not None:
                assinatura.leitura.cancel()
            self._live.detach(self, assinatura.canal)
