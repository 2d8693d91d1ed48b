"""A reference client of the socket: cut it anywhere and it goes on with what it missed, once, in order.

`Visao` is the reducer: what a client holds and how each frame changes it. `SocketClient` keeps one up to date over any
number of connections; past three failures in a row it reads the same events over REST.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

API = "/api/automation"
SUBPROTOCOLO = "canopus.v1"
FALHAS_ATE_REST = 3
ESPERA_PRIMEIRA_S = 0.5
ESPERA_MAIOR_S = 30.0

# What an `execucao.status` tells of the execution.
MUDAM = ("status", "codigo", "recuperacao")

Quadro = dict[str, Any]


@dataclass
class Visao:
    """What a client holds of one execution. seq: the last event applied; None before the first `estado`."""

    epoca: str | None = None
    seq: int | None = None
    execucao: dict[str, Any] = field(default_factory=dict)
    contadores: dict[str, int] = field(default_factory=dict)
    clientes: dict[int, dict[str, Any]] = field(default_factory=dict)
    eventos: list[Quadro] = field(default_factory=list)
    modos: list[str] = field(default_factory=list)

    @property
    def cursor(self) -> dict[str, Any] | None:
        return None if self.seq is None else {"epoca": self.epoca, "seq": self.seq}

    def apply(self, quadro: Quadro) -> bool:
        """Take one frame in. True: something is missing, so subscribe again with `cursor`."""
        match quadro["tipo"]:
            case "estado":
                self._apply_estado(quadro)
            case "evento":
                return self._apply_evento(quadro)
            case "pulso":
                return bool(quadro["seqs"].get(self.execucao.get("automacao_id"), 0) > (self.seq or 0))
        return False

    def _apply_estado(self, quadro: Quadro) -> None:
        self.modos.append(quadro["modo"])
        antes, execucao = self.execucao, quadro["execucao"]
        if quadro["modo"] == "retomada" and self.seq is not None and execucao["seq"] > self.seq:
            # Ahead of the events that follow, each with its own: taken now, they would jump there and back.
            self.execucao = execucao | _pick(antes)
            return
        self.execucao, self.contadores = execucao, quadro["contadores"]
        if quadro["modo"] != "retomada":
            self.epoca, self.seq = quadro["epoca"], quadro["seq"]
            self.clientes = {linha["id"]: linha for linha in quadro["clientes"]}
            self.eventos.clear()

    def _apply_evento(self, quadro: Quadro) -> bool:
        if self.seq is None or quadro["seq"] <= self.seq:
            return False
        if quadro["seq"] != self.seq + 1:
            return True
        self.seq, self.contadores = quadro["seq"], quadro["contadores"]
        self.eventos.append(quadro)
        if quadro["cliente"] is not None:
            self.clientes[quadro["cliente"]["id"]] = quadro["cliente"]
        else:
            self.execucao = self.execucao | _pick(quadro)
        return False


def _pick(campos: dict[str, Any]) -> dict[str, Any]:
    return {campo: campos[campo] for campo in MUDAM if campo in campos}


def backoff_s(falhas: int) -> float:
    """Exponential with full jitter, so that a thousand clients cut at once do not come back at once."""
    return random.uniform(0, min(ESPERA_MAIOR_S, ESPERA_PRIMEIRA_S * 2**falhas))


class SocketClient:
    """`run` follows one execution until `until(visao)` is true. `on_frame` sees each frame as it arrives."""

    def __init__(
        self,
        origem: str,
        automacao_id: str,
        headers: Mapping[str, str],
        on_frame: Callable[[Quadro], None] = lambda quadro: None,
        espera_s: Callable[[int], float] = backoff_s,
        ws: str = f"{API}/ws",
    ) -> None:
        self.visao = Visao()
        self.conexoes = 0
        self._origem = origem
        self._automacao_id = automacao_id
        self._headers = dict(headers)
        self._on_frame = on_frame
        self._espera_s = espera_s
        self._ws = ws
        self._sessao: aiohttp.ClientSession | None = None

    async def cut(self) -> None:
        """Break the connection in hand, without a goodbye."""
        if self._sessao is not None and self._sessao.connector is not None:
            await self._sessao.connector.close()

    async def run(self, until: Callable[[Visao], bool]) -> Visao:
        falhas = 0
        while not until(self.visao):
            antes = self.visao.seq
            try:
                if falhas < FALHAS_ATE_REST:
                    await self._follow(until)
                else:
                    await self._read_rest()
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            falhas = 0 if self.visao.seq != antes else falhas + 1
            if not until(self.visao):
                await asyncio.sleep(self._espera_s(falhas))
        return self.visao

    async def _follow(self, until: Callable[[Visao], bool]) -> None:
        async with aiohttp.ClientSession(headers=self._headers) as self._sessao:
            url = self._origem + self._ws
            async with self._sessao.ws_connect(url, protocols=[SUBPROTOCOLO], max_msg_size=0) as ws:
                self.conexoes += 1
                await self._subscribe(ws)
                async for mensagem in ws:
                    if mensagem.type is not aiohttp.WSMsgType.TEXT:
                        break
                    quadro = json.loads(mensagem.data)
                    self._on_frame(quadro)
                    if self.visao.apply(quadro):
                        await self._subscribe(ws)
                    if until(self.visao):
                        return

    async def _subscribe(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        await ws.send_json({"tipo": "assinar", "automacao_id": self._automacao_id, "desde": self.visao.cursor})

    async def _read_rest(self) -> None:
        """The same events, for networks that let no socket through."""
        caminho = f"{self._origem}{API}/execucoes/{self._automacao_id}/eventos"
        async with aiohttp.ClientSession(headers=self._headers) as sessao:
            params = {"desde": str(self.visao.seq or 0), "limite": "500"}
            async with sessao.get(caminho, params=params) as resposta:
                resposta.raise_for_status()
                dados = (await resposta.json())["data"]
        if dados["epoca"] != (self.visao.epoca or dados["epoca"]):
            self.visao = Visao()
            return
        self.visao.epoca, self.visao.seq = dados["epoca"], self.visao.seq or 0
        for evento in dados["eventos"]:
            self.visao.apply(evento)
