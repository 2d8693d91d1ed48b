"""The way back from a copy: nothing is written before all of it was checked, and the database changes as a whole."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from services.gateway.admin import Falhou
from services.gateway.copia import FORMATO, Manifesto, check_copia, connect, open_copia, read_parte
from services.gateway.presenca import claim_presenca
from services.gateway.store import Conn, list_migracoes, retrato
from services.gateway.store.retrato import Tabela
from shared.files import ArquivoFalhou, FileStore


async def restore_copia(url: str, files: FileStore, origem: Path, *, substituir: bool) -> tuple[Manifesto, list[str]]:
    """Into an empty database and store, or (`substituir`) in place of what is there; no system may be running.

    Returns what came back, and the migrations that an older copy needed. Cut short, it leaves the database as it was;
    the same command again does all of it. Raises Falhou, OutroSistema.
    """
    manifesto = await asyncio.to_thread(check_copia, origem)
    _check_esquema(manifesto)
    with open_copia(origem) as (pacote, _):
        try:
            async with connect(url) as conn, conn.transaction():
                await claim_presenca(conn)
                await _check_alvo(conn, files, substituir)
                aplicadas = await _load_banco(conn, pacote, manifesto)
                for caminho in manifesto.arquivos:
                    await files.place(caminho, pacote.read(f"arquivos/{caminho}"), overwrite=True)
            async for guardado in files.list(""):
                if guardado.caminho not in manifesto.arquivos:
                    await files.delete(guardado.caminho)
        except ArquivoFalhou as erro:
            raise Falhou(f"CANOPUS_STORAGE_URL: os arquivos não se deixam gravar ({erro}). Tente de novo.") from erro
        except asyncpg.PostgresError as erro:
            texto = f"o banco não recebeu a cópia e ficou como estava ({type(erro).__name__}): {erro}"
            raise Falhou(" ".join(texto.split())) from erro
    return manifesto, aplicadas


def _check_esquema(manifesto: Manifesto) -> None:
    conhecidas = list_migracoes()
    if manifesto.formato != FORMATO or manifesto.esquema != conhecidas[: len(manifesto.esquema)]:
        raise Falhou(
            f"a cópia é de uma versão mais nova do Canopus (esquema {manifesto.esquema[-1]}; este vai até "
            f"{conhecidas[-1]}): atualize o programa e restaure de novo."
        )


async def _check_alvo(conn: Conn, files: FileStore, substituir: bool) -> None:
    if substituir:
        return
    if await retrato.list_tabelas(conn):
        raise Falhou("o banco não está vazio: use outro, ou --substituir para trocar tudo o que há nele.")
    async for guardado in files.list(""):
        texto = "use outra pasta, ou --substituir para trocar tudo o que há nela."
        raise Falhou(f"a pasta dos arquivos não está vazia ({guardado.caminho}): {texto}")


async def _load_banco(conn: Conn, pacote: zipfile.ZipFile, manifesto: Manifesto) -> list[str]:
    await retrato.fix_formatos(conn)
    await retrato.build_esquema(conn, manifesto.esquema[-1])
    for nome in [tabela.nome for tabela in await retrato.list_tabelas(conn)]:
        parte = manifesto.tabelas[nome]
        linhas = await retrato.load_tabela(conn, Tabela(nome, parte.colunas), _stream(pacote, f"banco/{nome}"))
        assert linhas == parte.linhas, nome
    return await retrato.finish_carga(conn, manifesto.sequencias)


async def _stream(pacote: zipfile.ZipFile, nome: str) -> AsyncIterator[bytes]:
    for pedaco in read_parte(pacote, nome):
        yield pedaco
