"""The file store: claim checks between services, and the filed boletos that people see.

Anything `obstore` opens by URL (file, S3 and compatible, Google Cloud, Azure). Puts are atomic there: a file is whole
or absent; what a server refuses for a moment (5xx, 429, a cut connection) it is asked again. Under the root only filed
boletos end in `.pdf`; all else lies at `_interno/<tipo>/<sha256>`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import unicodedata
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from shared.events import Arquivo
from shared.settings import ConfiguracaoInvalida, Settings
from shared.sobras import Sobra, find_sobras, read_sobra

log = logging.getLogger(__name__)

TipoInterno = Literal[
    "capturas", "sem_nome", "quarentena", "planilhas", "evidencias", "linhas", "relatorios", "lugares", "historias"
]

# A server that will go on saying no: its key, bucket or region is another one.
_RECUSA = re.compile(r"status code: (3\d\d|40[0134])\b")
ABERTURA_S = 10.0
_SEM_ESPACO = ("StorageFull", "No space left", "os error 28", "os error 122", "os error 27", "QuotaExceeded")


class ArquivoFalhou(Exception):
    """The store did not do what was asked."""


class DiscoCheio(ArquivoFalhou):
    """The store has no room left."""


class ArquivoExiste(ArquivoFalhou):
    """A file is there already, and overwriting was not asked for."""


class ArquivoAusente(ArquivoFalhou):
    """The file is not in the store."""


class AcessoRecusado(ArquivoFalhou):
    """The store does not open with this key, bucket or region."""


class ArquivoCorrompido(ArquivoFalhou):
    """The bytes are not the ones whose sha256 was promised."""


@dataclass(frozen=True)
class Guardado:
    """A listed file; `modificado` with its time zone."""

    caminho: str
    tamanho: int
    modificado: datetime


def sha256_hex(dados: bytes) -> str:
    return hashlib.sha256(dados).hexdigest()


class FileStore:
    """`timeout_s` bounds each call. Paths are relative, `/` between parts; `..` is refused by the library."""

    def __init__(self, url: str, timeout_s: float = 60.0) -> None:
        self._raiz = Path(unquote(urlsplit(url).path)) if url.startswith("file://") else None
        if self._raiz is not None:
            self._raiz.mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = from_url(url)
        self._timeout_s = timeout_s

    async def put_interno(self, tipo: TipoInterno, dados: bytes) -> Arquivo:
        """Store bytes under their own hash: the same bytes twice are one file."""
        arquivo = describe_interno(tipo, dados)
        await self._put(arquivo.caminho, dados, overwrite=True)
        return arquivo

    async def place(self, caminho: str, dados: bytes, *, overwrite: bool = False) -> Arquivo:
        """Put a file at a path of its own. Raises ArquivoExiste unless `overwrite`."""
        await self._put(caminho, dados, overwrite=overwrite)
        return Arquivo(caminho=caminho, sha256=sha256_hex(dados), tamanho=len(dados))

    async def read(self, caminho: str) -> bytes:
        """Raises ArquivoAusente."""
        try:
            async with asyncio.timeout(self._timeout_s):
                resposta = await obstore.get_async(self._store, caminho)
                return bytes(await resposta.bytes_async())
        except FileNotFoundError as erro:
            raise ArquivoAusente(caminho) from erro
        except (BaseError, OSError, TimeoutError) as erro:
            raise _translate(erro) from erro

    async def get(self, arquivo: Arquivo) -> bytes:
        """Redeem a claim check. Raises ArquivoCorrompido where the bytes are not the promised ones."""
        dados = await self.read(arquivo.caminho)
        if sha256_hex(dados) != arquivo.sha256:
            raise ArquivoCorrompido(arquivo.caminho)
        return dados

    async def exists(self, caminho: str) -> bool:
        try:
            async with asyncio.timeout(self._timeout_s):
                await obstore.head_async(self._store, caminho)
        except FileNotFoundError:
            return False
        except (BaseError, OSError, TimeoutError) as erro:
            raise _translate(erro) from erro
        return True

    async def check(self) -> None:
        """Raises ArquivoFalhou where nothing can be read. Of a bucket that is not there only a listing tells."""
        if self._raiz is not None:
            await self.exists("_interno/saude")
            return
        async for _ in self.list("_interno/saude"):
            break

    async def delete(self, caminho: str) -> None:
        """Remove a file; one that is not there is fine."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await obstore.delete_async(self._store, caminho)
        except FileNotFoundError:
            return
        except (BaseError, OSError, TimeoutError) as erro:
            raise _translate(erro) from erro

    async def list(self, prefixo: str) -> AsyncIterator[Guardado]:
        """Each batch has `timeout_s` to come."""
        lotes = aiter(obstore.list(self._store, prefixo))
        while True:
            try:
                async with asyncio.timeout(self._timeout_s):
                    lote = await anext(lotes, None)
            except (BaseError, OSError, TimeoutError) as erro:
                raise _translate(erro) from erro
            if lote is None:
                return
            for objeto in lote:
                yield Guardado(objeto["path"], objeto["size"], objeto["last_modified"])

    async def sweep(self, tipo: TipoInterno, idade: timedelta, keep: set[str] | None = None) -> int:
        """Remove internal files older than `idade` whose path is not in `keep`; returns how many."""
        limite = datetime.now(UTC) - idade
        velhos = [g.caminho async for g in self.list(f"_interno/{tipo}") if g.modificado < limite]
        removidos = [caminho for caminho in velhos if not keep or caminho not in keep]
        for caminho in removidos:
            await self.delete(caminho)
        return len(removidos)

    async def list_sobras(self) -> Sequence[Sobra]:
        """Only a folder has any: other stores keep nothing of a put that did not end."""
        return [] if self._raiz is None else await asyncio.to_thread(find_sobras, self._raiz)

    async def drop_sobra(self, sobra: Sobra) -> None:
        """Unless it has changed since. Raises ArquivoFalhou."""
        if self._raiz is None:
            return
        try:
            if await asyncio.to_thread(read_sobra, self._raiz, sobra.caminho) == sobra:
                await asyncio.to_thread((self._raiz / sobra.caminho).unlink, missing_ok=True)
        except OSError as erro:
            raise _translate(erro) from erro

    async def _put(self, caminho: str, dados: bytes, *, overwrite: bool) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                # In one piece: of one in parts that is broken off, the server would keep those that arrived for ever.
                await obstore.put_async(
                    self._store, caminho, dados, mode="overwrite" if overwrite else "create", use_multipart=False
                )
        except AlreadyExistsError as erro:
            raise ArquivoExiste(caminho) from erro
        except (BaseError, OSError, TimeoutError) as erro:
            raise _translate(erro) from erro


async def open_files(settings: Settings) -> FileStore:
    """For composition roots. Raises ConfiguracaoInvalida where the store does not open. A server that does not answer
    for now stops nothing."""
    try:
        files = FileStore(settings.files_url)
        async with asyncio.timeout(ABERTURA_S):
            await files.check()
    except TimeoutError:
        log.warning("files.store_unavailable", extra={"erro": "sem resposta"})
    except (OSError, ValueError, BaseError, AcessoRecusado) as erro:
        nome, partes = (
            ("CANOPUS_STORAGE_URL", "o endereço, as chaves e as permissões")
            if settings.storage_url
            else ("CANOPUS_DATA_DIR", "a pasta e as permissões")
        )
        raise ConfiguracaoInvalida(
            f"{nome}: o armazenamento de arquivos não abre. Confira {partes} ({type(erro).__name__})."
        ) from erro
    except ArquivoFalhou as erro:
        log.warning("files.store_unavailable", extra={"erro": str(erro)})
    return files


def describe_interno(tipo: TipoInterno, dados: bytes) -> Arquivo:
    sha256 = sha256_hex(dados)
    return Arquivo(caminho=f"_interno/{tipo}/{sha256}", sha256=sha256, tamanho=len(dados))


def chave_lugar(caminho: str) -> str:
    """What two paths share that a file system without case would take for one."""
    return unicodedata.normalize("NFC", caminho.casefold())


def caminho_lugar(caminho: str) -> str:
    """Where the claim of a path lies: it says whose boleto may lie there."""
    return f"_interno/lugares/{sha256_hex(chave_lugar(caminho).encode())}"


def pasta_escritorio(codigo: str) -> str:
    """Where the boletos of an office lie, each consultor's folder in it; those of the first one lie at the top."""
    return f"escritorios/{codigo}"


def _translate(erro: Exception) -> ArquivoFalhou:
    """obstore keeps the cause in its text alone, so a full disk and a refusal are known by their words."""
    texto = str(erro)
    resumo = texto.partition("\n")[0]
    if any(sinal in texto for sinal in _SEM_ESPACO):
        return DiscoCheio(resumo)
    return AcessoRecusado(resumo) if _RECUSA.search(resumo) else ArquivoFalhou(resumo)
