"""The fan-out library's child: chats that speak their own protocols, what it may not do, and what it may not say."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram

from services.gateway.leque import fill_url, name_servico, send
from services.gateway.leque_filho import deliver, make_guarda, redact
from tests.gateway.agencia import Conversas, open_conversas, refuse_telegram
from tests.gateway.receptor import answer, cut, make_certificado

TOKEN = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456"
TELEGRAM = f"tgram://{TOKEN}/987654321"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.fixture
async def conversas(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Conversas]:
    async with open_conversas() as abertas:
        monkeypatch.setattr(NotifyTelegram, "notify_url", f"{abertas.origem}/bot")
        monkeypatch.setattr(NotifySlack, "webhook_url", f"{abertas.origem}/services")
        yield abertas


async def post(url: str) -> dict[str, Any]:
    pedido = {
        "url": url,
        "privados": True,
        "enviar": True,
        "titulo": "Execução <1>",
        "texto": "2 & 3 baixados.",
        "chave": "c",
    }
    return await asyncio.to_thread(deliver, pedido)


async def test_telegram_and_slack_are_told_in_their_own_words(conversas: Conversas) -> None:
    assert await post(TELEGRAM) == {"servico": "Telegram", "status": 200, "pede": None, "erro": None}
    assert await post(SLACK) == {"servico": "Slack", "status": 200, "pede": None, "erro": None}
    (caminho, telegrama), (webhook, recado) = conversas.recebidas
    assert caminho == f"/bot{TOKEN}/sendMessage" and webhook.startswith("/services/T1JJ3T3L2/A1BRTD4JD/")
    assert str(telegrama["chat_id"]) == "987654321"
    assert "Execução &lt;1&gt;" in telegrama["text"] and "2 &amp; 3 baixados." in telegrama["text"]
    assert "baixados." in str(recado)


async def test_teams_is_told_by_its_workflow(tmp_path: Path) -> None:
    async with open_conversas(make_certificado(tmp_path)) as teams:
        url = f"{teams.origem.replace('https:', 'workflow:')}/643e69f83c8944/iXvGcmM0ryt5dGMa/?verify=no"
        teams.respostas.extend([answer(429, "slow down", Retry_After="30"), answer(404)])
        ditos = [await send(url, None, "t", "3 baixados.", "c", privados=True, limite_s=20) for _ in range(3)]
    assert [(dito.status, dito.pede_s) for dito in ditos] == [(429, 30), (404, None), (200, None)]
    assert ditos[2].erro is None
    caminho, cartao = teams.recebidas[-1]
    assert "/workflows/643e69f83c8944/" in caminho and "3 baixados" in str(cartao)
    assert "AdaptiveCard" in str(cartao) and "iXvGcmM0ryt5dGMa" not in str(ditos)


async def test_what_they_refuse_is_quoted_without_the_token(conversas: Conversas) -> None:
    for responder, status, palavras in (
        (refuse_telegram(400, "Bad Request: chat not found"), 400, "chat not found"),
        (refuse_telegram(429, "Too Many Requests: retry after 35", retry_after=35), 429, "retry after 35"),
        (refuse_telegram(401, "Unauthorized"), 401, "Unauthorized"),
        (answer(502, "<html>"), 502, "error=502"),
        (cut, None, "connection error"),
    ):
        conversas.respostas.append(responder)
        dito = await post(TELEGRAM)
        assert (dito["status"], palavras in dito["erro"]) == (status, True), dito
        assert TOKEN not in dito["erro"] and "AAabc" not in dito["erro"]
        assert dito["pede"] == ("35" if status == 429 else None)
    for status, texto in ((404, "no_service"), (403, "invalid_token"), (429, "rate_limited")):
        conversas.respostas.append(answer(status, texto, Retry_After="30"))
        dito = await post(SLACK)
        assert (dito["status"], dito["pede"]) == (status, "30") and "TIiajkdn" not in dito["erro"]


async def test_a_service_is_known_before_anything_is_sent() -> None:
    assert (
        await name_servico("tgram://123456789:AAabcdefghijklmnopqrstuvwxyz0123456/{endereco}", privados=False)
        == "Telegram"
    )
    assert await name_servico("mailtos://u:s@exemplo.com.br?to={endereco}", privados=False) == "E-Mail"
    assert await name_servico(SLACK, privados=False) == "Slack"
    for url in ("x", "nada://a/b", "https://", f"{TELEGRAM}/111111111", f"{TELEGRAM}?retry=3", "file:///etc/passwd"):
        with pytest.raises(ValueError, match="endereço"):
            await name_servico(url, privados=False)
    with pytest.raises(ValueError, match="cifrado"):
        await name_servico("mailto://u:s@exemplo.com.br?to={endereco}", privados=False)
    with pytest.raises(ValueError, match="endereço"):
        await name_servico("mailtos://u:s@exemplo.com.br?to={endereco}", "não é e-mail", privados=False)


@pytest.mark.parametrize(
    "url",
    [
        "jsons://127.0.0.1:9/",
        "xmls://localhost/",
        "ntfys://169.254.169.254/t",
        "mailtos://u:s@e.com.br?smtp=10.0.0.1&to=a@exemplo.com.br",
    ],
)
async def test_nothing_inside_is_connected_to(url: str) -> None:
    feito = await send(url, None, "t", "x", "c", privados=False, limite_s=20)
    assert feito.erro is not None and "rede interna" in feito.erro


async def test_no_file_of_ours_is_read_for_anyone(tmp_path: Path, conversas: Conversas) -> None:
    """Addresses may name a template to be filled in: a file of this machine, sent to wherever."""
    segredo = tmp_path / "chaves_fernet.json"
    segredo.write_text('{"text": "segredo"}')
    url = f"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?template={segredo}"
    feito = await send(url, None, "t", "x", "c", privados=True, limite_s=20)
    assert feito.erro is not None and conversas.recebidas == []


def test_the_guard_lets_through_what_python_needs_and_nothing_else(tmp_path: Path) -> None:
    proibidos: list[str] = []
    guard = make_guarda(proibidos, privados=False)
    needed: list[tuple[str, tuple[Any, ...]]] = [
        ("open", (subprocess.__file__, "r", 0)), ("open", (pytest.__file__, "r", 0)), ("open", (3, "r", 0)),
        ("socket.connect", (None, ("8.8.8.8", 443))), ("socket.getaddrinfo", ("localhost", 1, 2, 3, 4)),
    ]  # fmt: skip
    for evento, argumentos in needed:
        guard(evento, argumentos)
    lib = Path(subprocess.__file__).parent
    others: list[tuple[str, tuple[Any, ...]]] = [
        ("open", (str(tmp_path / "a"), "r", 0)), ("open", (b"/etc/passwd", "r", 0)),
        ("open", (f"{lib}/../../../etc/passwd", "r", 0)), ("socket.connect", (None, ("127.0.0.1", 1))),
        ("socket.connect", (None, "/run/x.sock")), ("socket.connect", (None, ("::1", 1, 0, 0))),
        ("socket.sendto", (None, ("10.0.0.1", 514))), ("subprocess.Popen", ("sh",)), ("os.system", ("sh",)),
        ("syslog.syslog", (1, "x")),
    ]  # fmt: skip
    for evento, argumentos in others:
        with pytest.raises(PermissionError):
            guard(evento, argumentos)
    assert len(proibidos) == 7
    make_guarda([], privados=True)("socket.connect", (None, ("127.0.0.1", 1)))


async def test_a_service_that_never_answers_costs_its_time_and_no_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as surdo:
        feito = await send(
            f"json://127.0.0.1:{surdo.getsockname()[1]}/", None, "t", "x", "c", privados=True, limite_s=2
        )
    assert (feito.status, feito.erro) == (None, "O serviço não respondeu a tempo.")
    assert feito.duracao_ms < 5000


def test_a_persons_address_is_no_part_of_the_channels() -> None:
    assert fill_url("mailtos://h?to={endereco}", "a@b.c&bcc=x@y.z/?") == "mailtos://h?to=a@b.c%26bcc%3Dx@y.z%2F%3F"
    assert redact("falhou em https://h/bot123:segredo/x", "tgram://bot123:segredo/1") == "falhou em https://h/…:…/x"
