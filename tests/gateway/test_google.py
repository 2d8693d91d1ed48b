"""An account of Google: what is taken for one, what its calls send to whom, and what each refusal tells a person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.gateway.destinos import DestinoFalhou
from services.gateway.google import Conta, parse_conta
from tests.servers.drive import PASTA_ESPELHO, Falha, GoogleDrive, open_drive
from tests.servers.google import SERVICO, make_pessoa, make_servico

TOKEN_URI = "https://oauth2.googleapis.com/token"


@pytest.fixture
async def drive() -> AsyncIterator[GoogleDrive]:
    async with open_drive() as aberto:
        yield aberto


@pytest.fixture
async def conta(drive: GoogleDrive) -> AsyncIterator[Conta]:
    aberta = Conta(drive.servico, drive.url, 5.0, privados=True)
    yield aberta
    await aberta.close()


def test_a_key_and_a_consent_are_taken_as_google_writes_them() -> None:
    assert parse_conta(make_servico(TOKEN_URI))["client_email"] == SERVICO
    pessoa = json.loads(make_pessoa(TOKEN_URI))
    # gcloud writes no token_uri, google-auth no type.
    for campo in ("token_uri", "type"):
        assert parse_conta(json.dumps({c: v for c, v in pessoa.items() if c != campo})) == pessoa


@pytest.mark.parametrize(
    ("mudanca", "texto"),
    [
        ({"client_email": None}, "falta client_email"),
        ({"private_key": "", "client_email": 3}, "falta client_email, private_key"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----"}, "private_key do JSON não é uma chave"),
        ({"client_email": "a@b.c\x00"}, "falta client_email"),
        ({"type": "external_account"}, "não é de uma conta de serviço"),
        ({"token_uri": "http://oauth2.googleapis.com/token"}, "token_uri do JSON: use um endereço https"),
        ({"token_uri": "https://169.254.169.254/token"}, "token_uri do JSON: o endereço leva a uma rede interna"),
        (
            {"token_uri": "https://oauth2.googleapis.com.mau.exemplo/token"},
            "token_uri do JSON: o endereço não é do Google",
        ),
        ({"type": ["service_account"]}, "não é de uma conta de serviço"),
    ],
)
def test_what_lacks_is_named_and_nothing_of_it_is_quoted(mudanca: dict[str, Any], texto: str) -> None:
    with pytest.raises(ValueError, match=texto) as erro:
        parse_conta(json.dumps(json.loads(make_servico(TOKEN_URI)) | mudanca))
    assert "BEGIN" not in str(erro.value)


def test_an_account_is_used_at_google_alone() -> None:
    for endereco in ("https://www.googleapis.com", "https://private.googleapis.com"):
        Conta(make_servico(TOKEN_URI), endereco, 5.0)
    for endereco in ("https://mau.exemplo", "https://googleapis.com.mau.exemplo", "https://maugoogleapis.com"):
        with pytest.raises(ValueError, match="não é do Google"):
            Conta(make_servico(TOKEN_URI), endereco, 5.0)


async def test_nor_does_an_upload_go_where_another_answers() -> None:
    aberta = Conta(make_servico(TOKEN_URI), "https://www.googleapis.com", 5.0)
    with pytest.raises(DestinoFalhou, match="não é do Google"):
        await aberta.call("PUT", "https://mau.exemplo/upload", data=b"%PDF")
    await aberta.close()


@pytest.mark.parametrize("segredo", ["", "AKIA", "[]", "3", '{"type": 3'])
def test_what_is_no_json_of_an_account_is_refused(segredo: str) -> None:
    with pytest.raises(ValueError, match="arquivo JSON inteiro"):
        parse_conta(segredo)


async def test_a_file_is_read_within_a_limit_and_the_token_goes_to_google_alone(
    conta: Conta, drive: GoogleDrive
) -> None:
    item = drive.add_pasta("1PlanilhaDoEscritorio", "mes.xlsx", PASTA_ESPELHO)
    item.dados = b"0123456789"
    assert (await conta.find_file(item.id, "name,size")) == {"name": "mes.xlsx", "size": "10"}
    assert await conta.read_file(item.id, 10) == b"0123456789"
    with pytest.raises(DestinoFalhou, match="passa de"):
        await conta.read_file(item.id, 9)
    async with open_drive() as outro:
        with pytest.raises(DestinoFalhou, match="401"):
            await conta.call("GET", f"{outro.url}/drive/v3/files/x")
        assert outro.autorizacoes == [None]


@pytest.mark.parametrize(
    ("falha", "texto", "pede_s"),
    [
        (Falha(429, "rateLimitExceeded", retry_after="7"), "pediu uma pausa", 7.0),
        (Falha(403, "userRateLimitExceeded"), "pediu uma pausa", None),
        (Falha(403, "accessNotConfigured"), "API do Google Drive não está ligada", None),
        (Falha(403, "insufficientPermissions"), "não inclui o Google Drive", None),
        (Falha(403, "novidade"), r"não permitiu \(novidade\)", None),
        (Falha(404, "notFound"), f"compartilhado com {SERVICO}", None),
        (Falha(400, "x" * 99), r"recusou o pedido \(400\)\.", None),
        (Falha(503), "respondeu 503", None),
    ],
)
async def test_each_refusal_tells_what_to_do(
    conta: Conta, drive: GoogleDrive, falha: Falha, texto: str, pede_s: float | None
) -> None:
    drive.alvo = lambda metodo, caminho: caminho != "/token"
    drive.falhas = [falha]
    with pytest.raises(DestinoFalhou, match=texto) as erro:
        await conta.find_file(PASTA_ESPELHO, "id")
    assert (erro.value.status, erro.value.pede_s) == (falha.status, pede_s)
