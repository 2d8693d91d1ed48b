"""One attempt to deliver, and what becomes of a delivery after it: accepted, tried again later, or given up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from services.gateway.destinos import DestinoProibido
from shared.contrato import mask_documentos

# Seconds before each further attempt, each ± 20 %: the last one comes about a day after the first.
ESPERAS_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 21600.0, 36000.0)
VARIACAO = 0.2
# However long a server asks to be left alone.
ESPERA_MAXIMA_S = 86_400.0
IDO = 410
_OCUPADO = (429, 503)
_RESPOSTA_BYTES = 2000
_RESPOSTA_TEXTO = 500


@dataclass(frozen=True)
class Resultado:
    """How an attempt ended. status None: no answer came. erro: pt-BR. pede_s: as Retry-After asks. definitivo: another
    attempt would end the same way. externo_id: the other side's own number of it. corpo: what was answered, as it came.
    """

    status: int | None
    duracao_ms: int
    erro: str | None = None
    resposta: str | None = None
    pede_s: float | None = None
    definitivo: bool = False
    externo_id: str | None = None
    corpo: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Decisao:
    """espera_s: until the next attempt; None: there is none. segura_s: so long nothing goes to this server. desliga: it
    is gone for good."""

    aceita: bool = False
    espera_s: float | None = None
    segura_s: float | None = None
    desliga: bool = False


def decide_envio(
    resultado: Resultado,
    tentativas: int,
    *,
    esperas_s: tuple[float, ...] = ESPERAS_S,
    acaso: Callable[[float, float], float] = random.uniform,
) -> Decisao:
    """tentativas: made so far, this one included."""
    if resultado.erro is None:
        return Decisao(aceita=True)
    if resultado.status == IDO:
        return Decisao(desliga=True)
    if resultado.definitivo:
        return Decisao()
    segura_s = resultado.pede_s if resultado.status in _OCUPADO else None
    if tentativas > len(esperas_s):
        return Decisao(segura_s=segura_s)
    espera_s = esperas_s[tentativas - 1] * acaso(1 - VARIACAO, 1 + VARIACAO)
    return Decisao(espera_s=max(espera_s, segura_s or 0.0), segura_s=segura_s)


def parse_retry_after(texto: str | None, agora: datetime) -> float | None:
    """Seconds, from a number of them or a date (RFC 9110); what cannot be read counts as absent."""
    if not texto:
        return None
    texto = texto.strip()
    if texto.isascii() and texto.isdigit():
        pede_s = float(texto[:9])
    else:
        try:
            momento = parsedate_to_datetime(texto)
        except (ValueError, OverflowError):
            return None
        pede_s = (momento.replace(tzinfo=momento.tzinfo or UTC) - agora).total_seconds()
    return min(max(pede_s, 0.0), ESPERA_MAXIMA_S)


async def post(sessao: aiohttp.ClientSession, url: str, corpo: bytes, headers: Mapping[str, str]) -> Resultado:
    """Never raises for what the other side does."""
    inicio = time.monotonic()
    try:
        async with sessao.post(url, data=corpo, headers=headers, allow_redirects=False) as resposta:
            trecho = b""
            # The status is the answer: that its body is cut short changes nothing.
            with suppress(aiohttp.ClientError, TimeoutError):
                trecho = await resposta.content.read(_RESPOSTA_BYTES)
            return Resultado(
                resposta.status,
                _ms_since(inicio),
                _explain_status(resposta.status),
                _clean(trecho),
                parse_retry_after(resposta.headers.get("Retry-After"), datetime.now(UTC)),
                corpo=trecho,
            )
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as erro:
        return Resultado(None, _ms_since(inicio), _explain_falha(erro))


def _ms_since(inicio: float) -> int:
    return round(1000 * (time.monotonic() - inicio))


def _clean(trecho: bytes) -> str | None:
    """For a person to read: documents masked, nothing that the database does not keep."""
    texto = mask_documentos(trecho.decode("utf-8", "replace").replace("\x00", ""))
    return texto[:_RESPOSTA_TEXTO] or None


def _explain_status(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"O servidor respondeu {status}, e redirecionamentos não são seguidos. Cadastre o endereço final."
    if status == IDO:
        return "O servidor respondeu 410: este endereço não recebe mais."
    return f"O servidor respondeu {status}."


def _explain_falha(erro: Exception) -> str:
    match erro:
        case TimeoutError():
            return "O servidor não respondeu a tempo."
        case aiohttp.ClientConnectorDNSError():
            return "O nome do servidor não foi encontrado. Confira o endereço."
        case aiohttp.ClientConnectorError(os_error=DestinoProibido()):
            return "O endereço leva a uma rede interna, e nada é enviado para lá (CANOPUS_WEBHOOKS_PRIVADOS)."
        case aiohttp.ClientSSLError():
            return "O certificado do servidor não é válido."
        case aiohttp.ClientConnectorError():
            return "Não houve conexão com o servidor."
        case aiohttp.InvalidURL():
            return "O endereço é inválido. Corrija-o."
        case _:
            return "A conexão com o servidor caiu antes da resposta."
