"""Signatures of what is sent to other systems, as Standard Webhooks has them: any of its libraries verifies them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIXO = "whsec_"
_SEGREDO_BYTES = 32


def make_segredo() -> str:
    return PREFIXO + base64.b64encode(secrets.token_bytes(_SEGREDO_BYTES)).decode()


def sign(segredos: Sequence[str], id: str, momento: int, corpo: bytes) -> dict[str, str]:
    """The headers of one attempt. segredos: each signs, so that a receiver may change its own in peace. momento: Unix
    seconds, of this attempt; id: the same at each."""
    dito = f"{id}.{momento}.".encode() + corpo
    return {
        "webhook-id": id,
        "webhook-timestamp": str(momento),
        "webhook-signature": " ".join(f"v1,{_sign(segredo, dito)}" for segredo in segredos),
    }


def _sign(segredo: str, dito: bytes) -> str:
    chave = base64.b64decode(segredo.removeprefix(PREFIXO))
    return base64.b64encode(hmac.digest(chave, dito, hashlib.sha256)).decode()
