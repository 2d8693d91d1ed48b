"""Google's token endpoint as its documentation has it: a service account's signed JWT, a person's refresh token.

https://developers.google.com/identity/protocols/oauth2/service-account
"""

from __future__ import annotations

import base64
import json
import time
from functools import cache
from itertools import count

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ESCOPO = "https://www.googleapis.com/auth/drive"
SERVICO = "espelho@projeto.iam.gserviceaccount.com"
PESSOA = "pessoa@escritorio.exemplo"
CLIENTE = {"client_id": "cliente.apps.exemplo", "client_secret": "do-cliente"}
CONSENTIMENTO = "1//da-pessoa"


@cache
def make_chave() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def make_servico(token_uri: str) -> str:
    """The JSON key of the service account."""
    pem = make_chave().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    dito = {"type": "service_account", "project_id": "projeto", "private_key_id": "1", "private_key": pem.decode()}
    return json.dumps({**dito, "client_email": SERVICO, "token_uri": token_uri}, indent=2)


def make_pessoa(token_uri: str) -> str:
    """The JSON that holds the person's consent."""
    return json.dumps({"type": "authorized_user", "token_uri": token_uri, "refresh_token": CONSENTIMENTO, **CLIENTE})


class Contas:
    """dadas: tokens that were given. revogados: accounts that are let in no more."""

    def __init__(self) -> None:
        self.revogados: set[str] = set()
        self.dadas = 0
        self._tokens: dict[str, str] = {}
        self._numeros = count(1)

    def expire(self) -> None:
        """No token is good any more; new ones are given."""
        self._tokens.clear()

    def authorize(self, request: web.Request) -> str | None:
        quem = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return None if quem in self.revogados else quem

    async def give_token(self, request: web.Request, url: str) -> web.Response:
        pedido = {campo: str(valor) for campo, valor in (await request.post()).items()}
        if pedido["grant_type"] == "refresh_token":
            if any(pedido.get(campo) != valor for campo, valor in CLIENTE.items()):
                return web.json_response({"error": "invalid_client", "error_description": "Unauthorized"}, status=401)
            quem, certo = PESSOA, pedido.get("refresh_token") == CONSENTIMENTO
        else:
            assert pedido["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            quem, certo = SERVICO, _check_jwt(pedido["assertion"], url)
        if not certo or quem in self.revogados:
            return web.json_response(
                {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, status=400
            )
        self.dadas += 1
        token = f"ya29.{next(self._numeros)}"
        self._tokens[token] = quem
        return web.json_response({"access_token": token, "expires_in": 3599, "token_type": "Bearer", "scope": ESCOPO})


def _check_jwt(texto: str, url: str) -> bool:
    cabeca, dito, assinatura = texto.split(".")
    try:
        make_chave().public_key().verify(
            _decode(assinatura), f"{cabeca}.{dito}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        return False
    lido, agora = json.loads(_decode(dito)), time.time()
    return (
        json.loads(_decode(cabeca))["alg"] == "RS256"
        and (lido["iss"], lido["scope"], lido["aud"]) == (SERVICO, ESCOPO, url)
        and lido["iat"] <= agora < lido["exp"] <= lido["iat"] + 3600
    )


def _decode(texto: str) -> bytes:
    return base64.urlsafe_b64decode(texto + "=" * (-len(texto) % 4))
