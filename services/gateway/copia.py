"""A copy of the whole system in one file: the database of one instant, and the file store behind it.

The file is a ZIP: `banco/<table>` as COPY writes it, `arquivos/<path>`, last `manifesto.json` with the sha256 of each.
Invariants: the database's picture is taken before the files are read, so a file that a row names was there (one that
went or changed meanwhile is named in the manifest); a copy is whole or not there. Memory: one file of the store at a
time, and everybody's names.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.gateway.admin import NAO_ABRE, Falhou
from services.gateway.store import Conn, retrato
from shared.files import ArquivoAusente, ArquivoFalhou, FileStore
from shared.settings import ConfiguracaoInvalida

FORMATO = 1
MANIFESTO = "manifesto.json"
_PEDACO = 1 << 20
_ESTRAGADA = (zipfile.BadZipFile, ValidationError, KeyError, EOFError, NotImplementedError)


class Parte(BaseModel):
    """What the copy holds of a table or a file. linhas: of a table."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    tamanho: int
    linhas: int | None = None
    colunas: tuple[str, ...] = ()


class Manifesto(BaseModel):
    """faltando: files that a row names and that were not there; alterados: that were not what their row says."""

    formato: int = FORMATO
    criada_em: datetime
    esquema: list[str] = Field(min_length=1)
    tabelas: dict[str, Parte] = Field(default_factory=dict)
    sequencias: dict[str, int | None] = Field(default_factory=dict)
    arquivos: dict[str, Parte] = Field(default_factory=dict)
    faltando: list[str] = Field(default_factory=list)
    alterados: list[str] = Field(default_factory=list)

    @property
    def resumo(self) -> dict[str, object]:
        """For people and programs, without the lists of files."""
        return {
            "criada_em": self.criada_em.isoformat(timespec="seconds"),
            "esquema": self.esquema[-1],
            "linhas": sum(parte.linhas or 0 for parte in self.tabelas.values()),
            "arquivos": len(self.arquivos),
            "faltando": self.faltando,
            "alterados": self.alterados,
        }


# --- making one -------------------------------------------------------------------------------------------------------


async def create_copia(url: str, files: FileStore, destino: Path, loja: str = "") -> Manifesto:
    """While the system works or not. loja: the store's URL, in which the copy may not lie. Raises Falhou."""
    _check_destino(destino, loja)
    parcial = destino.with_name(f".{destino.name}.parcial")
    try:
        parcial.touch(mode=0o600)
        with parcial.open("wb") as saida:
            with zipfile.ZipFile(saida, "w") as pacote:
                manifesto, precisos = await _write_banco(url, pacote)
                await _write_arquivos(files, pacote, manifesto, precisos)
                pacote.writestr(MANIFESTO, manifesto.model_dump_json(indent=1), zipfile.ZIP_DEFLATED)
            saida.flush()
            os.fsync(saida.fileno())
        parcial.rename(destino)
    except OSError as erro:
        raise Falhou(f"{destino}: a cópia não se deixa gravar ({erro.strerror or erro}).") from erro
    except ArquivoFalhou as erro:
        raise Falhou(f"CANOPUS_STORAGE_URL: os arquivos não se deixam ler ({erro}). Tente de novo.") from erro
    finally:
        parcial.unlink(missing_ok=True)
    return manifesto


def _check_destino(destino: Path, loja: str) -> None:
    if destino.exists():
        raise Falhou(f"{destino} já existe: dê outro nome à cópia.")
    if not destino.parent.is_dir():
        raise Falhou(f"não há a pasta {destino.parent}: crie-a antes.")
    if loja.startswith("file://") and destino.resolve().is_relative_to(unquote(urlsplit(loja).path)):
        raise Falhou(f"{destino} fica na pasta dos próprios boletos: guarde a cópia em outro lugar.")


async def _write_banco(url: str, pacote: zipfile.ZipFile) -> tuple[Manifesto, dict[str, str]]:
    """The tables of one instant, and the files that their rows cannot do without."""
    async with connect(url) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        await retrato.fix_formatos(conn)
        esquema = await retrato.list_esquema(conn)
        if not esquema:
            raise Falhou("o banco está vazio: não há o que copiar. Confira CANOPUS_DATABASE_URL e CANOPUS_DATA_DIR.")
        manifesto = Manifesto(criada_em=datetime.now(UTC), esquema=esquema)
        for tabela in await retrato.list_tabelas(conn):
            with _write_parte(pacote, f"banco/{tabela.nome}", zipfile.ZIP_DEFLATED) as membro:
                linhas = await retrato.dump_tabela(conn, tabela, membro.write)
            manifesto.tabelas[tabela.nome] = membro.describe(linhas, tabela.colunas)
        manifesto.sequencias.update(await retrato.read_sequencias(conn))
        return manifesto, await retrato.list_arquivos(conn)


async def _write_arquivos(
    files: FileStore, pacote: zipfile.ZipFile, manifesto: Manifesto, precisos: Mapping[str, str]
) -> None:
    """Those that rows name before all others: they are the ones that a running system may move meanwhile."""
    for caminho, sha256 in precisos.items():
        if not await _write_arquivo(files, pacote, manifesto, caminho):
            manifesto.faltando.append(caminho)
        elif manifesto.arquivos[caminho].sha256 != sha256:
            manifesto.alterados.append(caminho)
    async for guardado in files.list(""):
        if guardado.caminho not in manifesto.arquivos:
            await _write_arquivo(files, pacote, manifesto, guardado.caminho)


async def _write_arquivo(files: FileStore, pacote: zipfile.ZipFile, manifesto: Manifesto, caminho: str) -> bool:
    try:
        dados = await files.read(caminho)
    except ArquivoAusente:
        return False
    # PDFs and workbooks are compressed already.
    with _write_parte(pacote, f"arquivos/{caminho}", zipfile.ZIP_STORED) as membro:
        await membro.write(dados)
    manifesto.arquivos[caminho] = membro.describe()
    return True


class _Membro:
    """One entry of the ZIP while it is written."""

    def __init__(self, saida: IO[bytes]) -> None:
        self._saida, self._sha256, self._tamanho = saida, hashlib.sha256(), 0

    async def write(self, dados: bytes) -> None:
        self._saida.write(dados)
        self._sha256.update(dados)
        self._tamanho += len(dados)

    def describe(self, linhas: int | None = None, colunas: tuple[str, ...] = ()) -> Parte:
        return Parte(sha256=self._sha256.hexdigest(), tamanho=self._tamanho, linhas=linhas, colunas=colunas)


@contextmanager
def _write_parte(pacote: zipfile.ZipFile, nome: str, compressao: int) -> Iterator[_Membro]:
    entrada = zipfile.ZipInfo(nome, datetime.now().timetuple()[:6])
    entrada.compress_type = compressao
    with pacote.open(entrada, "w", force_zip64=True) as saida:
        yield _Membro(saida)


# --- looking into one -------------------------------------------------------------------------------------------------


def check_copia(origem: Path) -> Manifesto:
    """All of it, byte by byte. Raises Falhou."""
    with open_copia(origem) as (pacote, manifesto):
        for nome, parte in _list_partes(manifesto):
            sha256 = hashlib.sha256()
            for pedaco in read_parte(pacote, nome):
                sha256.update(pedaco)
            if sha256.hexdigest() != parte.sha256:
                raise Falhou(f"{origem}: a cópia está estragada em {nome}: use outra.")
        return manifesto


@contextmanager
def open_copia(origem: Path) -> Iterator[tuple[zipfile.ZipFile, Manifesto]]:
    try:
        with zipfile.ZipFile(origem) as pacote:
            yield pacote, Manifesto.model_validate_json(pacote.read(MANIFESTO))
    except OSError as erro:
        raise Falhou(f"{origem}: a cópia não se deixa ler ({erro.strerror or erro}).") from erro
    except _ESTRAGADA as erro:
        raise Falhou(f"{origem}: não é uma cópia do Canopus, ou está estragada: use outra.") from erro


def read_parte(pacote: zipfile.ZipFile, nome: str) -> Iterator[bytes]:
    with pacote.open(nome) as entrada:
        while pedaco := entrada.read(_PEDACO):
            yield pedaco


def _list_partes(manifesto: Manifesto) -> Iterator[tuple[str, Parte]]:
    yield from ((f"banco/{nome}", parte) for nome, parte in manifesto.tabelas.items())
    yield from ((f"arquivos/{caminho}", parte) for caminho, parte in manifesto.arquivos.items())


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Conn]:
    """A connection of its own, whose statements take the time they need. Raises ConfiguracaoInvalida."""
    try:
        conn = await asyncpg.connect(url, timeout=30)
    except NAO_ABRE as erro:
        raise ConfiguracaoInvalida(f"CANOPUS_DATABASE_URL: o banco não abre ({type(erro).__name__}).") from erro
    try:
        yield conn
    finally:
        await conn.close(timeout=10)
