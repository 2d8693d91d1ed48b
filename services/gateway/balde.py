"""A mirror in S3 or a compatible store: a file a boleto, marked with the hash of its content."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from services.gateway.destinos import DestinoFalhou

if TYPE_CHECKING:
    from obstore.store import S3Credential

_STATUS = re.compile(r"status code: (\d{3})")
_MARCA = "sha256"
_TEXTOS = {
    "301": "O balde é de outra região. Confira a região do espelho.",
    "400": "O servidor do balde não aceitou o pedido (400). Confira a região e o endereço do espelho.",
    "401": "O balde recusou a chave (401). Confira a chave e o segredo do espelho.",
    "403": "O balde recusou o acesso (403). Confira a chave, o segredo e as permissões de ler, gravar e apagar.",
    "404": "O balde não existe neste endereço (404). Confira o destino do espelho.",
    "429": "O servidor do balde pediu uma pausa (429).",
    "503": "O servidor do balde pediu uma pausa (503).",
    "507": "O balde está cheio (507). Libere espaço nele.",
}


@dataclass(frozen=True)
class Acesso:
    """How a mirror is reached. destino: s3://balde/prefixo. endereco: the origin of its server."""

    destino: str
    endereco: str
    regiao: str
    chave: str
    segredo: str


class Balde:
    """limite_s bounds each call. Nothing is taken from the environment, which is the primary store's."""

    def __init__(self, acesso: Acesso, limite_s: float) -> None:
        partes = urlsplit(acesso.destino)
        credencial: S3Credential = {
            "access_key_id": acesso.chave, "secret_access_key": acesso.segredo, "token": None, "expires_at": None,
        }  # fmt: skip
        self._store = S3Store(
            partes.netloc,
            prefix=partes.path.strip("/") or None,
            endpoint=acesso.endereco,
            region=acesso.regiao,
            virtual_hosted_style_request=False,
            client_options={"allow_http": acesso.endereco.startswith("http://")},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=limite_s)},
            credential_provider=lambda: credencial,
        )
        self._limite_s = limite_s

    async def put(self, caminho: str, dados: bytes, sha256: str) -> bool:
        """False: these bytes lie there already. Raises DestinoFalhou."""
        try:
            async with asyncio.timeout(self._limite_s):
                if await self._read_marca(caminho) == (sha256, len(dados)):
                    return False
                atributos = {"Content-Type": "application/pdf", _MARCA: sha256}
                await obstore.put_async(self._store, caminho, dados, attributes=atributos, use_multipart=False)
                return True
        except (BaseError, OSError) as erro:
            raise DestinoFalhou(_explain(erro)) from erro

    async def remove(self, caminho: str) -> None:
        """What is not there is fine. Raises DestinoFalhou."""
        try:
            async with asyncio.timeout(self._limite_s):
                await obstore.delete_async(self._store, caminho)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as erro:
            raise DestinoFalhou(_explain(erro)) from erro

    async def _read_marca(self, caminho: str) -> tuple[str | None, int] | None:
        try:
            achado = await obstore.get_async(self._store, caminho, options={"head": True})
        except FileNotFoundError:
            return None
        return achado.attributes.get(_MARCA), achado.meta["size"]


def _explain(erro: Exception) -> str:
    """obstore keeps what the server answered in its text alone."""
    achado = _STATUS.search(str(erro))
    if achado is None:
        return "O servidor do balde não respondeu. Confira o endereço do espelho e a rede."
    return _TEXTOS.get(achado[1], f"O servidor do balde respondeu {achado[1]}.")
