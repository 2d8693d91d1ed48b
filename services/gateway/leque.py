"""E-mail, Telegram, Slack, Teams and the rest, by one library, in a child process (`leque_filho`).

The library waits in the middle of its work and follows whatever its addresses say: in a process of its own it holds up
nothing, can be stopped, knows no secret but the one address, and goes nowhere that it may not.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from services.gateway.envio import Resultado, parse_retry_after
from shared.children import kill, spawn

FILHO = "services.gateway.leque_filho"
ENDERECO = "{endereco}"
_CADASTRO_S = 20.0
_FALHA: dict[str, Any] = {"status": None, "pede": None}


def fill_url(url: str, endereco: str | None) -> str:
    """The channel's address with the person's own in it."""
    return url.replace(ENDERECO, quote(endereco or "", safe="@"))


async def name_servico(url: str, endereco: str | None = None, *, privados: bool) -> str:
    """Which service this is; nothing is sent. Raises ValueError in pt-BR."""
    if "://" not in url:
        raise ValueError("endereço inválido: começa com o serviço, como tgram://<token>/{endereco}")
    pedido = {"url": fill_url(url, endereco) if endereco else url, "enviar": False, "privados": privados}
    try:
        dito = await _run_filho(pedido, _CADASTRO_S)
    except (TimeoutError, RuntimeError) as erro:
        raise ValueError("não pôde ser conferido agora: tente de novo") from erro
    if dito["erro"]:
        raise ValueError(dito["erro"])
    return str(dito["servico"])


async def send(
    url: str, endereco: str | None, titulo: str, texto: str, chave: str, *, privados: bool, limite_s: float
) -> Resultado:
    """chave: by which e-mail knows a repetition. Never raises for what the other side does."""
    inicio = time.monotonic()
    pedido = {"url": fill_url(url, endereco), "enviar": True, "privados": privados}
    try:
        dito = await _run_filho(pedido | {"titulo": titulo, "texto": texto, "chave": chave}, limite_s)
    except TimeoutError:
        dito = _FALHA | {"erro": "O serviço não respondeu a tempo."}
    except RuntimeError:
        dito = _FALHA | {"erro": "O envio parou no meio. Se persistir, avise o suporte."}
    duracao_ms = round(1000 * (time.monotonic() - inicio))
    pede_s = parse_retry_after(dito["pede"], datetime.now(UTC))
    return Resultado(dito["status"], duracao_ms, dito["erro"], pede_s=pede_s)


async def _run_filho(pedido: dict[str, Any], limite_s: float) -> dict[str, Any]:
    """Raises TimeoutError, RuntimeError (the child died)."""
    filho = await spawn(FILHO)
    try:
        async with asyncio.timeout(limite_s):
            saida, _ = await filho.communicate(json.dumps(pedido).encode())
    finally:
        await kill(filho)
    try:
        dito: dict[str, Any] = json.loads(saida)
    except ValueError as erro:
        raise RuntimeError(f"child ended with {filho.returncode}") from erro
    return dito
