"""What no HTTP parser can read is refused like all else, and neither answer nor log repeats it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao, send_raw


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


@pytest.mark.parametrize(
    "bruto",
    [
        b"GET /api/automation/execucoes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer cano_segredo\x00\r\n\r\n",
        b"GET /api/automation/execucoes HTTP/1.1\r\nHost: a\r\nAuthorization: " + b"cano_segredo" * 900 + b"\r\n\r\n",
        b"GET /api/automation/clientes?cpf=" + b"cano_segredo" * 900 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"cano_segredo / HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["control-character", "long-header", "long-address", "no-method"],
)
async def test_an_unreadable_request_is_refused_in_the_one_shape_and_never_repeated(
    balcao: Balcao, bruto: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    cabeca, corpo = await send_raw(balcao, bruto)
    assert cabeca.startswith(b"HTTP/1.") and b" 400 " in cabeca.splitlines()[0]
    assert b"aiohttp" not in cabeca
    assert b"X-Content-Type-Options: nosniff" in cabeca
    recusa = json.loads(corpo)
    assert (recusa["success"], recusa["codigo"], recusa["detalhes"]) == (False, "requisicao.ilegivel", [])
    assert "segredo" not in corpo.decode() + caplog.text


async def test_what_is_refused_before_any_handler_comes_in_the_one_shape_too(balcao: Balcao) -> None:
    for caminho in (b"execucoes", b"nada"):
        cabeca, corpo = await send_raw(
            balcao,
            b"GET /api/automation/" + caminho + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: tea\r\n\r\n",
        )
        assert b" 417 " in cabeca.splitlines()[0]
        assert b"X-Content-Type-Options: nosniff" in cabeca
        recusa = json.loads(corpo)
        assert (recusa["codigo"], recusa["detalhes"]) == ("requisicao.expect", [])
        assert "100-continue" in recusa["error"]


async def test_a_key_that_is_no_text_is_a_wrong_key(balcao: Balcao) -> None:
    cabeca, corpo = await send_raw(
        balcao,
        b"GET /api/automation/execucoes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"Authorization: Bearer cano_\xff\xfe\r\n\r\n",
    )
    assert b" 401 " in cabeca.splitlines()[0]
    assert json.loads(corpo)["codigo"] == "acesso.chave_invalida"


async def test_a_caller_that_hangs_up_is_not_taken_for_a_database_that_is_away(
    balcao: Balcao, caplog: pytest.LogCaptureFixture
) -> None:
    chave = balcao.headers()["Authorization"].encode()
    _, escritor = await asyncio.open_connection("127.0.0.1", balcao.gateway.porta)
    escritor.write(
        b"POST /api/automation/bilhetes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: 50\r\nAuthorization: " + chave + b"\r\n\r\nabc"
    )
    await eventually(is_serving)
    escritor.close()
    await eventually(lambda: not is_serving())
    assert "database away" not in caplog.text


def is_serving() -> bool:
    return any("_handle_request" in repr(tarefa) for tarefa in asyncio.all_tasks())


async def test_a_body_that_is_not_what_its_headers_say_is_refused_likewise(
    balcao: Balcao, caplog: pytest.LogCaptureFixture
) -> None:
    chave = balcao.headers()["Authorization"].encode()
    for headers, corpo in (
        (b"Content-Encoding: gzip\r\nContent-Length: 7\r\n", b"segredo"),
        (b"Transfer-Encoding: chunked\r\n", b"segredo\r\n\r\n"),
    ):
        bruto = (
            b"POST /api/automation/bilhetes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: "
        )
        cabeca, resposta = await send_raw(balcao, bruto + chave + b"\r\n" + headers + b"\r\n" + corpo)
        assert b" 400 " in cabeca.splitlines()[0]
        assert json.loads(resposta)["codigo"] == "requisicao.ilegivel"
    assert not [registro for registro in caplog.records if registro.levelname == "ERROR"]
