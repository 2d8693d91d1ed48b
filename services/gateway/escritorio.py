"""One office as a whole: taken along in a file of its own, and erased."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

import asyncpg
import orjson

from services.gateway.admin import QUEM, Falhou, choose_empresa
from services.gateway.store import Conn, Pool, load_sql, retrato
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.empresas import PADRAO, switch_empresa
from shared.files import ArquivoAusente, FileStore, pasta_escritorio

T = TypeVar("T")
SQL = load_sql("empresas")
LUGARES = "_interno/lugares"
_DE_UMA_VEZ = 32
_GEMEOS = ("_interno/capturas/", "_interno/sem_nome/")


async def export_escritorio(pool: Pool, files: FileStore, codigo: str, destino: Path) -> dict[str, int]:
    """A ZIP: `dados/<table>.csv` of one instant, without what opens doors, and `arquivos/<path>`. Returns how many rows
    and files. Raises Falhou."""
    with _open_novo(destino) as saida, zipfile.ZipFile(saida, "w", zipfile.ZIP_DEFLATED) as pacote:
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            empresa = await choose_empresa(conn, codigo)
            linhas = await _write_tabelas(conn, pacote, empresa["id"])
            arquivos = await _list_arquivos(conn, empresa["id"], dele=True)
        arquivos |= {guardado.caminho async for guardado in files.list(pasta_escritorio(codigo))}
        escritos = 0
        for caminho in sorted(arquivos):
            with suppress(ArquivoAusente):
                pacote.writestr(f"arquivos/{caminho}", await files.read(caminho))
                escritos += 1
        resumo = {"linhas": linhas, "arquivos": escritos}
        pacote.writestr("escritorio.json", orjson.dumps({"codigo": codigo, "nome": empresa["nome"], **resumo}))
    return resumo


@contextmanager
def _open_novo(destino: Path) -> Iterator[IO[bytes]]:
    """A whole file or none. Raises Falhou."""
    try:
        destino.touch(mode=0o600, exist_ok=False)
    except FileExistsError as erro:
        raise Falhou(f"{destino} já existe: dê outro nome ao arquivo.") from erro
    except OSError as erro:
        raise Falhou(f"{destino}: o arquivo não se deixa gravar ({erro.strerror or erro}).") from erro
    inteiro = False
    try:
        with destino.open("wb") as saida:
            yield saida
        inteiro = True
    finally:
        if not inteiro:
            destino.unlink(missing_ok=True)


async def erase_escritorio(pool: Pool, files: FileStore, codigo: str) -> dict[str, int]:
    """Nobody of it gets in from here on. Cut short, the same again ends it. Returns how many rows and files went.
    Raises Falhou: of the first office, and while anything of it is under way."""
    async with pool.acquire() as conn:
        empresa = await choose_empresa(conn, codigo)
        if empresa["id"] == PADRAO:
            raise Falhou("o primeiro escritório é a própria instalação: não se apaga.")
        await _check_parado(conn, empresa["id"])
        await switch_empresa(conn, empresa["id"], ativa=False)
        # Something may have begun in between.
        await _check_parado(conn, empresa["id"])
        # What takes long comes first, while the others work on.
        pasta, nomeados = f"{pasta_escritorio(codigo)}/", await _list_seus(conn, empresa["id"])
        arquivos = await _erase_pasta(files, pasta, nomeados)
        ausentes = {caminho for caminho in nomeados if caminho.startswith(("_interno/", pasta))}
        ausentes -= {guardado.caminho async for guardado in files.list("_interno")}
        async with conn.transaction():
            # Whoever writes waits, so that nothing of this office comes in between.
            await conn.execute("SET LOCAL lock_timeout = '10s'")
            tabelas = await _list_tabelas(conn)
            try:
                await conn.execute(f"LOCK TABLE {', '.join(tabelas)} IN EXCLUSIVE MODE")
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as erro:
                raise Falhou("o sistema está ocupado demais para apagar agora: tente de novo.") from erro
            await _check_parado(conn, empresa["id"])
            # Before the rows that name them: cut short, the next try finds the rest by them.
            restam = await _list_seus(conn, empresa["id"]) - ausentes
            restam |= {guardado.caminho async for guardado in files.list(pasta.rstrip("/"))}
            arquivos += len(await _map(files.delete, restam))
            linhas = 0
            for tabela in tabelas:
                feito: str = await conn.execute(
                    f"DELETE FROM {tabela} WHERE empresa_id = $1",  # noqa: S608
                    empresa["id"],
                    timeout=retrato.TABELA_S,
                )
                linhas += int(feito.rpartition(" ")[2])
            await conn.execute(SQL["delete_empresa"], empresa["id"])
            resumo = {"linhas": linhas, "arquivos": arquivos}
            await record_auditoria(conn, quem=QUEM, acao="empresa.apagar", alvo=f"empresas/{codigo}", detalhes=resumo)
    return resumo


async def _check_parado(conn: Conn, empresa_id: int) -> None:
    if vivas := await conn.fetch(SQL["list_vivas"], empresa_id):
        lista = ", ".join(str(linha["automacao_id"]) for linha in vivas[:5])
        raise Falhou(f"há execução que não terminou ({lista}): cancele-a, ou espere o fim, e repita.")


async def _list_tabelas(conn: Conn) -> list[str]:
    """What refers to others before what they are. A boleto that goes leaves a note, which goes after it."""
    dele = {linha["nome"] for linha in await conn.fetch(SQL["list_tabelas"])}
    ordem = [tabela.nome for tabela in reversed(await retrato.list_tabelas(conn)) if tabela.nome in dele]
    ordem.remove("boletos_apagados")
    ordem.insert(ordem.index("pontos_venda"), "boletos_apagados")
    return ordem


async def _list_arquivos(conn: Conn, empresa_id: int, *, dele: bool) -> set[str]:
    return {linha["caminho"] for linha in await conn.fetch(SQL["list_arquivos"], empresa_id, dele)}


async def _list_seus(conn: Conn, empresa_id: int) -> set[str]:
    """Those that no other office's rows name. A capture kept without a name left its bytes where it lay before, too."""
    seus = await _list_arquivos(conn, empresa_id, dele=True)
    for de, para in (_GEMEOS, _GEMEOS[::-1]):
        seus |= {para + caminho.removeprefix(de) for caminho in seus if caminho.startswith(de)}
    return seus - await _list_arquivos(conn, empresa_id, dele=False)


async def _erase_pasta(files: FileStore, pasta: str, nomeados: set[str]) -> int:
    """The office's folder, and the claims of places in it or of files that its rows name. Notes of what was written are
    empty, and stay."""
    caminhos = {guardado.caminho async for guardado in files.list(pasta.rstrip("/"))}
    lugares = [guardado.caminho async for guardado in files.list(LUGARES) if guardado.tamanho]

    async def find_seu(lugar: str) -> str | None:
        with suppress(ArquivoAusente, ValueError, KeyError, TypeError):
            caminho = json.loads(await files.read(lugar))["caminho"]
            if caminho.startswith(pasta) or caminho in nomeados:
                return lugar
        return None

    caminhos.update(lugar for lugar in await _map(find_seu, lugares) if lugar)
    return len(await _map(files.delete, caminhos))


async def _map(faz: Callable[[str], Awaitable[T]], caminhos: Iterable[str]) -> list[T]:
    """Many at a time: most of each is waiting for a server."""
    ordem, feitos = sorted(caminhos), list[T]()
    for inicio in range(0, len(ordem), _DE_UMA_VEZ):
        feitos += await asyncio.gather(*(faz(caminho) for caminho in ordem[inicio : inicio + _DE_UMA_VEZ]))
    return feitos


async def _write_tabelas(conn: Conn, pacote: zipfile.ZipFile, empresa_id: int) -> int:
    total = 0
    for tabela in await conn.fetch(SQL["list_tabelas"]):
        colunas = ", ".join(f'"{coluna}"' for coluna in tabela["colunas"])
        with pacote.open(f"dados/{tabela['nome']}.csv", "w", force_zip64=True) as saida:

            async def write(dados: bytes, saida: object = saida) -> None:
                saida.write(dados)  # type: ignore[attr-defined]

            feito: str = await conn.copy_from_query(
                f"SELECT {colunas} FROM {tabela['nome']} WHERE empresa_id = $1",  # noqa: S608
                empresa_id, output=write, format="csv", header=True, timeout=retrato.TABELA_S,
            )  # fmt: skip
        total += int(feito.rpartition(" ")[2])
    return total
