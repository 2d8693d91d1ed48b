"""Signatures against the standard's own library, and against an example worked by hand."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.gateway.assinatura import make_segredo, sign

SEGREDO = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@given(st.text(max_size=200))
def test_what_we_sign_the_library_verifies(texto: str) -> None:
    corpo = texto.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
    headers = sign([SEGREDO], "evt_1", int(time.time()), corpo)
    Webhook(SEGREDO).verify(corpo, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(make_segredo()).verify(corpo, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(SEGREDO).verify(corpo + b" ", headers, json_parse=False)


def test_each_secret_signs_and_is_enough() -> None:
    antigo, novo = make_segredo(), make_segredo()
    headers = sign([novo, antigo], "evt_1", int(time.time()), b"{}")
    assert headers["webhook-signature"].count("v1,") == 2
    for segredo in (antigo, novo):
        Webhook(segredo).verify(b"{}", headers)


def test_a_secret_is_made_of_32_random_bytes() -> None:
    feitos = {make_segredo() for _ in range(100)}
    assert len(feitos) == 100
    assert {len(base64.b64decode(segredo.removeprefix("whsec_"))) for segredo in feitos} == {32}
