"""Google Drive as one account reads and writes it: tokens, calls, and what each refusal means to a person.

Two accounts there are: a service account, by its key, and a person, by the refresh token of their consent. Both come as
the JSON that Google itself writes. https://developers.google.com/identity/protocols/oauth2/service-account and
https://developers.google.com/workspace/drive/api/guides/handle-errors
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import orjson

from services.gateway.destinos import DestinoFalhou, DestinoProibido, make_sessao, parse_destino
from services.gateway.envio import parse_retry_after
from shared.crypto import ChaveInvalida, sign_rs256

ORIGEM = "https://www.googleapis.com"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105
ESCOPO = "https://www.googleapis.com/auth/drive"
# Where Google's own API and tokens are: what an account opens is told to nobody else.
_SERVIDOR, _ENTRADA = ".googleapis.com", "accounts.google.com"
# What each kind of account cannot be without.
_CAMPOS = {
    "service_account": ("client_email", "private_key"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}
_VALIDADE_S = 3600
# A token is renewed so long before its end, and dated back for a clock that is ahead.
_FOLGA_S = 60
_CONEXAO_S = 10.0
_RESPOSTA_BYTES = 1_000_000
_PEDACO_BYTES = 65_536
_TODOS_OS_DRIVES = {"supportsAllDrives": "true"}
_PAUSAS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded", "dailyLimitExceeded"})
_DESLIGADA = "A API do Google Drive não está ligada no projeto da conta. Ative-a no console do Google Cloud."
_SEM_ESCOPO = f"O consentimento não inclui o Google Drive. Dê-o de novo com o escopo {ESCOPO}."
_REMEDIOS = {
    "accessNotConfigured": _DESLIGADA,
    "SERVICE_DISABLED": _DESLIGADA,
    "insufficientPermissions": _SEM_ESCOPO,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": _SEM_ESCOPO,
    "teamDriveFileLimitExceeded": "O drive compartilhado chegou ao limite de itens do Google. Use outro.",
    "numChildrenInNonRootLimitExceeded": "A pasta chegou ao limite de itens do Google. Use outra.",
    "domainPolicy": "A organização não permite aplicativos no Drive. Fale com quem administra o Google Workspace.",
    "exportSizeLimitExceeded": "O documento é grande demais para ser exportado pelo Google (10 MB). Divida-o.",
}


@dataclass(frozen=True)
class Resposta:
    status: int
    corpo: bytes
    headers: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        """Raises DestinoFalhou."""
        lido = _read_json(self.corpo)
        if not lido:
            raise DestinoFalhou("O Google respondeu o que não se entende. Confira o endereço.", status=self.status)
        return lido


def parse_endereco(texto: str, *, privados: bool = False) -> str:
    """An address of Google. privados: or any other, beside ours. Raises ValueError in pt-BR."""
    parse_destino(texto, privados=privados)
    if not privados and not _is_google(texto):
        raise ValueError(f"o endereço não é do Google: use o dele, como {ORIGEM}")
    return texto


def _is_google(url: str) -> bool:
    partes = urlsplit(url)
    servidor = partes.hostname or ""
    return partes.scheme == "https" and (servidor.endswith(_SERVIDOR) or servidor == _ENTRADA)


def parse_conta(segredo: str, *, privados: bool = False) -> dict[str, str]:
    """The key of a service account or a person's consent, as Google's tools write them. Raises ValueError in pt-BR,
    which quotes nothing of it."""
    try:
        lido = orjson.loads(segredo)
    except orjson.JSONDecodeError:
        lido = None
    if not isinstance(lido, dict):
        raise ValueError("cole o arquivo JSON inteiro da conta de serviço ou do consentimento")
    tipo = lido.get("type", "authorized_user" if "refresh_token" in lido else None)
    if not isinstance(tipo, str) or tipo not in _CAMPOS:
        raise ValueError(
            "o JSON não é de uma conta de serviço (service_account) nem de um consentimento (authorized_user)"
        )
    conta = {"type": tipo, "token_uri": lido.get("token_uri") or TOKEN_URI}
    conta |= {campo: lido.get(campo) for campo in _CAMPOS[tipo]}
    if faltam := [campo for campo, valor in conta.items() if not _is_texto(valor, linhas=campo == "private_key")]:
        raise ValueError(f"no JSON falta {', '.join(faltam)}: baixe-o de novo no Google e cole-o inteiro")
    try:
        parse_endereco(conta["token_uri"], privados=privados)
    except ValueError as erro:
        raise ValueError(f"token_uri do JSON: {erro}") from erro
    if tipo == "service_account":
        try:
            sign_rs256(conta["private_key"], b"")
        except ChaveInvalida as erro:
            raise ValueError(f"private_key do JSON {erro}: baixe-o de novo no Google e cole-o inteiro") from erro
    return conta


class Conta:
    """segredo: as parse_conta takes it. endereco: the origin of Google's API. limite_s bounds each request. privados:
    whether internal addresses and http are allowed. Raises ValueError; every call raises DestinoFalhou."""

    def __init__(self, segredo: str, endereco: str, limite_s: float, *, privados: bool = False) -> None:
        self._conta = parse_conta(segredo, privados=privados)
        parse_endereco(endereco, privados=privados)
        self._endereco = endereco.rstrip("/")
        self._limite_s = limite_s
        self._privados = privados
        self._aberta: aiohttp.ClientSession | None = None
        self._token = ""
        self._vence_s = 0.0
        self._renovando = asyncio.Lock()

    @property
    def quem(self) -> str:
        """With whom a folder is shared."""
        return self._conta.get("client_email", "a pessoa que deu o consentimento")

    @property
    def is_servico(self) -> bool:
        return self._conta["type"] == "service_account"

    async def close(self) -> None:
        if self._aberta is not None:
            await self._aberta.close()

    async def call(
        self,
        metodo: str,
        caminho_ou_url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        aceita: tuple[int, ...] = (),
        limite_bytes: int = _RESPOSTA_BYTES,
    ) -> Resposta:
        """A path of the API, or a whole URL that it gave. aceita: answers beside 2xx that are no failure."""
        url = caminho_ou_url if "://" in caminho_ou_url else f"{self._endereco}{caminho_ou_url}"
        enviados = dict(headers or {})
        if json is not None:
            data = orjson.dumps(json)
            enviados["Content-Type"] = "application/json; charset=UTF-8"
        resposta = None
        for _ in range(2):
            # The token goes to nobody else.
            token = await self._get_token() if url.startswith(f"{self._endereco}/") else ""
            if token:
                enviados["Authorization"] = f"Bearer {token}"
            resposta = await self._request(metodo, url, params, data, enviados, limite_bytes)
            if resposta.status != 401 or not token:
                break
            self._forget(token)
        assert resposta is not None
        if 200 <= resposta.status < 300 or resposta.status in aceita:
            return resposta
        raise self._explain(resposta)

    async def find_file(self, id: str, campos: str) -> dict[str, Any]:
        """campos: as Drive's `fields`, `id,name,mimeType`."""
        return (await self.call("GET", _path(id), params={"fields": campos, **_TODOS_OS_DRIVES})).json()

    async def read_file(self, id: str, limite_bytes: int) -> bytes:
        params = {"alt": "media", **_TODOS_OS_DRIVES}
        return (await self.call("GET", _path(id), params=params, limite_bytes=limite_bytes)).corpo

    async def export_file(self, id: str, mime: str, limite_bytes: int) -> bytes:
        """A Google document, as another format; Google gives at most 10 MB."""
        caminho = f"{_path(id)}/export"
        return (await self.call("GET", caminho, params={"mimeType": mime}, limite_bytes=limite_bytes)).corpo

    async def _get_token(self) -> str:
        async with self._renovando:
            if time.monotonic() >= self._vence_s:
                pedido = self._make_assertion() if self.is_servico else {"grant_type": "refresh_token"} | {
                    campo: self._conta[campo] for campo in _CAMPOS["authorized_user"]
                }  # fmt: skip
                self._token, validade_s = await self._ask_token(pedido)
                self._vence_s = time.monotonic() + max(validade_s - _FOLGA_S, 0)
            return self._token

    def _forget(self, token: str) -> None:
        """It was refused; another call may have renewed it meanwhile."""
        if token == self._token:
            self._vence_s = 0.0

    def _make_assertion(self) -> dict[str, str]:
        agora = int(time.time()) - _FOLGA_S
        cabeca = {"alg": "RS256", "typ": "JWT"}
        dito = {
            "iss": self._conta["client_email"], "scope": ESCOPO, "aud": self._conta["token_uri"],
            "iat": agora, "exp": agora + _VALIDADE_S,
        }  # fmt: skip
        texto = b".".join(_encode(orjson.dumps(parte)) for parte in (cabeca, dito))
        assinado = texto + b"." + _encode(sign_rs256(self._conta["private_key"], texto))
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assinado.decode()}

    async def _ask_token(self, pedido: dict[str, str]) -> tuple[str, float]:
        """And for how many seconds it is good."""
        corpo = aiohttp.FormData(pedido)
        resposta = await self._request("POST", self._conta["token_uri"], None, corpo, {}, _RESPOSTA_BYTES)
        lido = _read_json(resposta.corpo)
        token, validade_s = lido.get("access_token"), lido.get("expires_in", _VALIDADE_S)
        if resposta.status == 200 and isinstance(token, str) and isinstance(validade_s, int | float):
            return token, validade_s
        raise self._explain_token(resposta, lido)

    async def _request(
        self, metodo: str, url: str, params: Mapping[str, str] | None, data: Any, headers: dict[str, str], limite: int
    ) -> Resposta:
        if self._aberta is None:
            self._aberta = make_sessao(
                privados=self._privados, limite_s=self._limite_s, conexao_s=_CONEXAO_S, mantem=True
            )
        headers["User-Agent"] = "Canopus/1.0"
        try:
            if not self._privados and not _is_google(url):
                raise DestinoFalhou("O endereço não é do Google, e nada é enviado para lá. Confira-o no espelho.")
            async with self._aberta.request(
                metodo, url, params=params, data=data, headers=headers, allow_redirects=False
            ) as resposta:
                maximo = limite if resposta.status < 300 else max(limite, _RESPOSTA_BYTES)
                return Resposta(resposta.status, await _read(resposta, maximo), resposta.headers)
        except (aiohttp.ClientError, OSError, ValueError) as erro:
            raise DestinoFalhou(_explain_falha(erro)) from erro

    def _explain(self, resposta: Resposta) -> DestinoFalhou:
        motivo = _find_motivo(_read_json(resposta.corpo))
        pede_s = parse_retry_after(resposta.headers.get("Retry-After"), datetime.now(UTC))
        return DestinoFalhou(
            self._find_texto(resposta.status, motivo), status=resposta.status, motivo=motivo, pede_s=pede_s
        )

    def _find_texto(self, status: int, motivo: str) -> str:
        if status == 429 or motivo in _PAUSAS:
            return f"O Google pediu uma pausa ({motivo or status}); será tentado de novo."
        if motivo in _REMEDIOS:
            return _REMEDIOS[motivo]
        match status:
            case 401:
                return (
                    "O Google recusou o acesso (401). Troque o segredo: gere outra chave ou dê o consentimento de novo."
                )
            case 403 if motivo == "storageQuotaExceeded" and self.is_servico:
                return (
                    "Uma conta de serviço não tem espaço próprio: use uma pasta de um drive compartilhado, com "
                    f"{self.quem} como administrador de conteúdo, ou o consentimento de uma pessoa."
                )
            case 403 if motivo == "storageQuotaExceeded":
                return "O Google Drive está cheio. Libere espaço nele."
            case 403:
                return (
                    f"O Google Drive não permitiu ({motivo or status}). Dê a {self.quem} o papel de administrador de "
                    "conteúdo (ou de editor) na pasta."
                )
            case 404:
                return f"A pasta ou o arquivo não existe, ou não foi compartilhado com {self.quem}."
            case status if status >= 500:
                return f"O Google respondeu {status}; será tentado de novo."
            case _:
                return f"O Google recusou o pedido ({status}{f' {motivo}' if motivo else ''})."

    def _explain_token(self, resposta: Resposta, lido: dict[str, Any]) -> DestinoFalhou:
        motivo = _find_motivo(lido)
        if resposta.status == 429 or resposta.status >= 500 or motivo in _PAUSAS:
            return self._explain(resposta)
        if motivo == "invalid_grant" and self.is_servico:
            texto = (
                f"O Google recusou a chave de {self.quem}: ela foi apagada, ou o relógio deste computador está errado. "
                "Acerte o relógio, ou gere outra chave e troque o segredo."
            )
        elif motivo == "invalid_grant":
            texto = "O consentimento foi revogado ou venceu. Dê-o de novo e troque o segredo."
        else:
            texto = f"O Google não reconhece a conta ({motivo or resposta.status}). Confira o JSON e troque o segredo."
        return DestinoFalhou(texto, status=resposta.status, motivo=motivo)


def _is_texto(valor: object, *, linhas: bool) -> bool:
    return isinstance(valor, str) and bool(valor.strip()) and (linhas or valor.isprintable())


def _path(id: str) -> str:
    return f"/drive/v3/files/{quote(id, safe='')}"


async def _read(resposta: aiohttp.ClientResponse, limite_bytes: int) -> bytes:
    """Raises DestinoFalhou past the limit."""
    corpo = bytearray()
    async for pedaco in resposta.content.iter_chunked(_PEDACO_BYTES):
        corpo += pedaco
        if len(corpo) > limite_bytes:
            resposta.close()
            raise DestinoFalhou(
                f"O arquivo passa de {limite_bytes // 1_000_000} MB.", status=resposta.status, motivo="tamanho"
            )
    return bytes(corpo)


def _read_json(corpo: bytes) -> dict[str, Any]:
    try:
        lido = orjson.loads(corpo)
    except orjson.JSONDecodeError:
        return {}
    return lido if isinstance(lido, dict) else {}


def _find_motivo(lido: dict[str, Any]) -> str:
    """Google's word for a refusal: the old form's `errors[].reason`, or the new one's `details[].reason`."""
    erro = lido.get("error")
    if not isinstance(erro, dict):
        return _clean(erro if isinstance(erro, str) else "")
    for lista in (erro.get("errors"), erro.get("details")):
        for item in lista if isinstance(lista, list) else ():
            if isinstance(item, dict) and isinstance(item.get("reason"), str):
                return _clean(item["reason"])
    return ""


def _clean(motivo: str) -> str:
    return motivo if re.fullmatch(r"[A-Za-z_]{1,60}", motivo) else ""


def _encode(dados: bytes) -> bytes:
    return base64.urlsafe_b64encode(dados).rstrip(b"=")


def _explain_falha(erro: Exception) -> str:
    match erro:
        case TimeoutError():
            return "O Google não respondeu a tempo; será tentado de novo."
        case aiohttp.ClientConnectorError(os_error=DestinoProibido()):
            return "O endereço leva a uma rede interna, e nada é enviado para lá (CANOPUS_WEBHOOKS_PRIVADOS)."
        case aiohttp.ClientSSLError():
            return "O certificado do servidor do Google não é válido. Confira o endereço e a rede."
        case _:
            return "O Google não respondeu. Confira a rede e o endereço; será tentado de novo."
