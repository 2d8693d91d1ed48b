"""A job of 10,000 contracts: how long until the 202, the first event, the last row on the screen; nobody works at it.

A socket that hears everything waits beforehand. The last row is visible when the event of the 10,000th contract is
there; the snapshot is what a page gets that opens the execution afterwards.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.benchmarks.medidas import Alvo, Linha, Plano
from tests.benchmarks.sistema import Sistema, open_servidores, open_sistema
from tests.socket_client import API, SUBPROTOCOLO

TITULO = "Envio de 10.000 contratos"
CONTRATOS = 10_000


async def medir(plano: Plano) -> list[Linha]:
    contratos = plano.scale(CONTRATOS, 200)
    medidas: list[tuple[float, float, float, float]] = []
    with open_servidores() as servidores, tempfile.TemporaryDirectory() as pasta:
        async with open_sistema(servidores, Path(pasta), scraper=False) as sistema:
            await sistema.register(contratos, 1)
            await sistema.cliente.call("GET", "execucoes")
            for mes in range(1, plano.rodadas + 1):
                medidas.append(await _measure(sistema, contratos, mes))
    aceite, primeiro, ultimo, retrato = (tuple(coluna) for coluna in zip(*medidas, strict=True))
    return [
        Linha("até o 202", "s", aceite, alvo=Alvo("nosso", "≤", 1.0)),
        Linha("do 202 ao primeiro evento", "ms", primeiro, alvo=Alvo("nosso", "≤", 200.0)),
        Linha("do envio à última linha visível", "s", ultimo),
        Linha("retrato de uma página que abre depois", "s", retrato),
    ]


async def _measure(sistema: Sistema, contratos: int, mes: int) -> tuple[float, float, float, float]:
    async with _open_socket(sistema, "*") as ws:
        await ws.receive_str()
        ouvinte = asyncio.create_task(_listen(ws, contratos))
        inicio = time.perf_counter()
        automacao_id = await sistema.submit(mes=mes, ano=2026)
        aceite = time.perf_counter()
        primeiro, ultimo = await ouvinte
    antes = time.perf_counter()
    async with _open_socket(sistema, automacao_id) as ws:
        estado = json.loads(await ws.receive_str())
    if len(estado["clientes"]) != contratos:
        raise RuntimeError(f"o retrato tem {len(estado['clientes'])} linhas de {contratos}")
    retrato = time.perf_counter() - antes
    await sistema.cliente.call("POST", f"execucoes/{automacao_id}/cancelar")
    return aceite - inicio, max(0.0, 1000 * (primeiro - aceite)), ultimo - inicio, retrato


def _open_socket(sistema: Sistema, automacao_id: str) -> _Aberto:
    return _Aberto(sistema, automacao_id)


class _Aberto:
    """A socket that has subscribed."""

    def __init__(self, sistema: Sistema, automacao_id: str) -> None:
        self._sistema, self._automacao_id = sistema, automacao_id

    async def __aenter__(self) -> aiohttp.ClientWebSocketResponse:
        url = f"{self._sistema.implantacao.origem}{API}/ws"
        sessao = self._sistema.cliente.sessao
        self._ws = await sessao.ws_connect(url, protocols=[SUBPROTOCOLO], max_msg_size=0)
        await self._ws.send_json({"tipo": "assinar", "automacao_id": self._automacao_id, "desde": None})
        return self._ws

    async def __aexit__(self, *_: Any) -> None:
        await self._ws.close()


async def _listen(ws: aiohttp.ClientWebSocketResponse, contratos: int) -> tuple[float, float]:
    """(when the first event came, when that of the last contract did)."""
    primeiro, vistos = 0.0, 0
    async with asyncio.timeout(120):
        async for mensagem in ws:
            if '"tipo":"evento"' not in mensagem.data[:40]:
                continue
            primeiro = primeiro or time.perf_counter()
            vistos += '"cliente":null' not in mensagem.data
            if vistos == contratos:
                break
    return primeiro, time.perf_counter()
