"""The file store: claim checks between services, and the filed boletos that people see.

Anything `obstore` opens by URL (file, S3 and compatible, Google Cloud, Azure). Puts are atomic there: a file is whole
or absent. Under the root only filed boletos end in `.pdf`; all else lies at `_interno/<tipo>/<sha256>`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from shared.events import Arquivo
from shared.settings import ConfiguracaoInvalida

TipoInterno = Literal[
    "capturas", "sem_nome", "quarentena", "planilhas", "evidencias", "linhas", "relatorios", "lugares"
]

# What a put to a folder writes to before it gives the file its name. The library neither lists nor opens such names.
_SOBRA = re.compile(r"(?:[0-9a-f]{64}|.+\.pdf)#\d+")
_SEM_ESPACO = ("StorageFull", "No space left", "os error 28", "os error 122", "os error 27", "QuotaExceeded")


class ArquivoFalhou(Exception):
    """The store did not do what was asked."""


class DiscoCheio(ArquivoFalhou):
    """The store has no room left."""


class ArquivoExiste(ArquivoFalhou):
    """A file is there already, and overwriting was not asked for."""


class ArquivoAusente(ArquivoFalhou):
    """The file is not in the store."""


class ArquivoCorrompido(ArquivoFalhou):
    """The bytes are not the ones whose sha256 was promised."""


@dataclass(frozen=True)
class Guardado:
    """A listed file; `modificado` with its time zone."""

    caminho: str
    tamanho: int
    modificado: datetime


@dataclass(frozen=True)
class Sobra:
    """What a put is writing to, or left behind when it was broken off; as it lies at this moment."""

    caminho: str
    tamanho: int
    modificado_ns: int

    @property
    def destino(self) -> str:
        """Where the file was to lie."""
        return self.caminho.rpartition("#")[0]

    @property
    def is_interna(self) -> bool:
        return self.caminho.startswith("_interno/")


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
        return [] if self._raiz is None else await asyncio.to_thread(_find_sobras, self._raiz)

    async def drop_sobra(self, sobra: Sobra) -> None:
        """Unless it has changed since. Raises ArquivoFalhou."""
        if self._raiz is None:
            return
        try:
            if await asyncio.to_thread(_read_sobra, self._raiz, sobra.caminho) == sobra:
                await asyncio.to_thread((self._raiz / sobra.caminho).unlink, missing_ok=True)
        except OSError as erro:
            raise _translate(erro) from erro

    async def _put(self, caminho: str, dados: bytes, *, overwrite: bool) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await obstore.put_async(self._store, caminho, dados, mode="overwrite" if overwrite else "create")
        except AlreadyExistsError as erro:
            raise ArquivoExiste(caminho) from erro
        except (BaseError, OSError, TimeoutError) as erro:
            raise _translate(erro) from erro


def _find_sobras(raiz: Path) -> list[Sobra]:
    achadas = []
    for pasta, _, nomes in os.walk(raiz):
        for nome in filter(_SOBRA.fullmatch, nomes):
            with suppress(OSError):  # it has its name by now, or is none of ours
                achadas.append(_read_sobra(raiz, Path(pasta, nome).relative_to(raiz).as_posix()))
    return achadas


def _read_sobra(raiz: Path, caminho: str) -> Sobra:
    estado = (raiz / caminho).lstat()
    return Sobra(caminho, estado.st_size, estado.st_mtime_ns)


def open_files(url: str) -> FileStore:
    """For composition roots. Raises ConfiguracaoInvalida where the store does not open."""
    try:
        return FileStore(url)
    except (OSError, ValueError, BaseError) as erro:
        raise ConfiguracaoInvalida(
            "CANOPUS_STORAGE_URL: o armazenamento de arquivos não abre. Confira o endereço e as permissões "
            f"({type(erro).__name__})."
        ) from erro


def describe_interno(tipo: TipoInterno, dados: bytes) -> Arquivo:
    sha256 = sha256_hex(dados)
    return Arquivo(caminho=f"_interno/{tipo}/{sha256}", sha256=sha256, tamanho=len(dados))


def chave_lugar(caminho: str) -> str:
    """What two paths share that a file system without case would take for one."""
    return unicodedata.normalize("NFC", caminho.casefold())


def caminho_lugar(caminho: str) -> str:
    """Where the claim of a path lies: it says whose boleto may lie there."""
    return f"_interno/lugares/{sha256_hex(chave_lugar(caminho).encode())}"


def _translate(erro: Exception) -> ArquivoFalhou:
    """obstore keeps the cause in its text alone, so a full disk is known by its words."""
    texto = str(erro)
    resumo = texto.partition("\n")[0]
    return DiscoCheio(resumo) if any(sinal in texto for sinal in _SEM_ESPACO) else ArquivoFalhou(resumo)
