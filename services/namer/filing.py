"""Puts a boleto in its place: one file per boleto for ever, whoever files it, how often and in whatever order.

Invariants, with any number of namers and a kill at any line:
- A path belongs to the boleto whose claim stands first at `_interno/lugares/<sha256 of the path>`; the claim is made
  before the file and never given up, so two boletos never meet in one file.
- Every content we are about to write is noted first (`_interno/lugares/<sha256 of path, boleto and content>`). A file
  at our path whose content is not noted was put there by a person: it is never overwritten.
- A boleto that takes a new name loses its old file only after the new one is whole.
So each step may be repeated, and the same task ends at the same path.
"""

from __future__ import annotations

import json

from services.namer.naming import Identidade, nome_pasta, nomes_arquivo
from shared.events import Arquivo
from shared.files import (
    ArquivoAusente,
    ArquivoExiste,
    FileStore,
    caminho_lugar,
    chave_lugar,
    pasta_escritorio,
    sha256_hex,
)


class LugarOcupado(Exception):
    """Every name this boleto may take is taken by files of others."""

    def __init__(self, caminho: str) -> None:
        super().__init__(caminho)
        self.caminho = caminho


def find_pasta(pasta: str | None, escritorio: str | None) -> str:
    """A consultor's folder; of any office but the first, within that one's own."""
    dela = nome_pasta(pasta)
    return dela if escritorio is None else f"{pasta_escritorio(escritorio)}/{dela}"


async def place_boleto(
    files: FileStore, dados: bytes, identidade: Identidade, nome: str, pasta: str, *, homonimo: bool
) -> Arquivo:
    """File the PDF under the first name that is this boleto's to take. pasta: as `find_pasta` makes it.
    Raises LugarOcupado, ArquivoFalhou."""
    for nome_arquivo in nomes_arquivo(nome, identidade, homonimo=homonimo):
        dono, caminho = await _claim(files, f"{pasta}/{nome_arquivo}", identidade)
        if dono == str(identidade):
            if await _write(files, caminho, identidade, dados):
                return Arquivo(caminho=caminho, sha256=sha256_hex(dados), tamanho=len(dados))
        elif not homonimo and not identidade.is_same_contract(dono):
            # Homonyms after all: of another workbook, or of a consultor who shares the folder.
            return await place_boleto(files, dados, identidade, nome, pasta, homonimo=True)
    raise LugarOcupado(caminho)


async def remove_anterior(files: FileStore, identidade: Identidade, anterior: str, atual: str) -> None:
    """Remove the file of this boleto under its former name, unless it is another's or a person changed it."""
    if chave_lugar(anterior) == chave_lugar(atual):
        return
    try:
        conteudo = await files.read(anterior)
    except ArquivoAusente:
        return
    if await files.exists(_nota(anterior, identidade, sha256_hex(conteudo))):
        await files.delete(anterior)


async def _claim(files: FileStore, caminho: str, identidade: Identidade) -> tuple[str, str]:
    """Who owns the path from now on, and how its owner spells it (upper and lower case are one place)."""
    registro = {"identidade": str(identidade), "caminho": caminho}
    try:
        await files.place(caminho_lugar(caminho), json.dumps(registro, ensure_ascii=False).encode())
    except ArquivoExiste:
        return await _read_lugar(files, caminho)
    return str(identidade), caminho


async def _read_lugar(files: FileStore, caminho: str) -> tuple[str, str]:
    registro = json.loads(await files.read(caminho_lugar(caminho)))
    return registro["identidade"], registro["caminho"]


async def _write(files: FileStore, caminho: str, identidade: Identidade, dados: bytes) -> bool:
    """Put the PDF at a path that is this boleto's; False where a person's file lies there."""
    await files.place(_nota(caminho, identidade, sha256_hex(dados)), b"", overwrite=True)
    try:
        await files.place(caminho, dados)
    except ArquivoExiste:
        existente = sha256_hex(await files.read(caminho))
        if existente == sha256_hex(dados):
            return True
        if not await files.exists(_nota(caminho, identidade, existente)):
            return False
        await files.place(caminho, dados, overwrite=True)
    return True


def _nota(caminho: str, identidade: Identidade, sha256: str) -> str:
    texto = f"{chave_lugar(caminho)}\n{identidade}\n{sha256}"
    return f"_interno/lugares/{sha256_hex(texto.encode())}"
