"""Everything of one office that names one person, in the database and in the files: listed, taken along, erased (LGPD).

What counts stays and is nobody's: rows of executions, their events, the report of an import. What is only this
person's goes: register, boletos, PDFs, evidence, claims. A workbook with a row of theirs holds others' rows too, and
naming needs those: its file is replaced by its rows without this person's, as the namer had read them.
"""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import asyncpg
import orjson
from asyncpg import Record

from services.gateway.admin import QUEM, Falhou
from services.gateway.store import Conn, Pool
from services.gateway.store import titular as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.empresas import PRIMEIRA, Empresa, restrict
from services.gateway.store.titular import Titular
from shared.events import Arquivo, LinhasPlanilha
from shared.files import ArquivoAusente, FileStore

Ler = Callable[[bytes], Awaitable[LinhasPlanilha]]
_AO_MESMO_TEMPO = 32
_TENTATIVAS = 3


@dataclass(frozen=True)
class Rastro:
    """What was found. lugares: claims of this person's, and the paths they stand for. planilhas: path → its rows
    without this person's. vistas: every workbook that was looked into."""

    titular: Titular
    arquivos: Sequence[str]
    lugares: Mapping[str, str]
    planilhas: Mapping[str, LinhasPlanilha]
    vistas: frozenset[str]

    @property
    def contagens(self) -> dict[str, int]:
        """Of whom nothing is said."""
        return {
            "contratos": len(self.titular.clientes),
            "boletos": len(self.titular.boletos),
            "linhas": len(self.titular.itens),
            "planilhas": len(self.planilhas),
            "arquivos": len(self.arquivos),
        }


async def find_rastro(pool: Pool, files: FileStore, cpf: str, ler: Ler, empresa: Empresa = PRIMEIRA) -> Rastro:
    """Nothing is changed. Raises Falhou where nothing is known of this person."""
    lugares = await _find_lugares(files, cpf, empresa)
    async with pool.acquire() as conn, conn.transaction(), restrict(conn, empresa.id):
        guardadas = await store.list_planilhas(conn)
    planilhas = await _read_planilhas(files, cpf, guardadas, ler)
    vistas = frozenset(linha["caminho"] for linha in guardadas)
    async with pool.acquire() as conn, conn.transaction():
        return await _gather(conn, files, cpf, empresa, lugares, planilhas, vistas)


async def erase_titular(pool: Pool, files: FileStore, cpf: str, ler: Ler, empresa: Empresa = PRIMEIRA) -> Rastro:
    """Cut short, the same again ends it. Raises Falhou, while a contract of this person is under way too."""
    for _ in range(_TENTATIVAS):
        rastro = await find_rastro(pool, files, cpf, ler, empresa)
        try:
            async with pool.acquire() as conn, conn.transaction():
                feito = await _erase(conn, files, rastro, empresa)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            continue
        if feito is not None:
            async with pool.acquire() as conn:
                # Another office may have sent in the same one.
                outras = {linha["caminho"] for linha in await store.list_planilhas(conn)}
            for caminho in feito.planilhas.keys() - outras:
                await files.delete(caminho)
            return feito
    raise Falhou("o sistema está ocupado demais para apagar agora: tente de novo quando nada estiver sendo importado.")


async def export_titular(
    pool: Pool, files: FileStore, cpf: str, ler: Ler, destino: Path, empresa: Empresa = PRIMEIRA
) -> Rastro:
    """A ZIP of what is known of this person, for them: the rows as JSON, and the files. Raises Falhou."""
    rastro = await find_rastro(pool, files, cpf, ler, empresa)
    titular = rastro.titular
    linhas = {
        "clientes": [dict(linha) for linha in titular.clientes],
        "boletos": [dict(linha) for linha in titular.boletos],
        "execucoes": [dict(linha) for linha in titular.itens],
    }
    relatorios = {
        parte["caminho"] for linha in titular.relatorios for parte in (linha["arquivo"], linha["dados"]) if parte
    }
    try:
        with _open_novo(destino) as saida, zipfile.ZipFile(saida, "w") as pacote:
            pacote.writestr("dados.json", orjson.dumps(linhas, default=str, option=orjson.OPT_INDENT_2))
            for caminho in sorted({*rastro.arquivos} - {*rastro.lugares} - relatorios):
                with suppress(ArquivoAusente):
                    pacote.writestr(f"arquivos/{caminho}", await files.read(caminho))
    except FileExistsError as erro:
        raise Falhou(f"{destino} já existe: dê outro nome ao arquivo.") from erro
    except OSError as erro:
        raise Falhou(f"{destino}: o arquivo não se deixa gravar ({erro.strerror or erro}).") from erro
    return rastro


def _open_novo(destino: Path) -> IO[bytes]:
    destino.touch(mode=0o600, exist_ok=False)
    return destino.open("wb")


async def _erase(conn: Conn, files: FileStore, achado: Rastro, empresa: Empresa) -> Rastro | None:
    """None: a workbook came since that one was found."""
    cpf = achado.titular.cpf
    await store.lock(conn)
    async with restrict(conn, empresa.id):
        if automacoes := await store.list_em_andamento(conn, cpf):
            lista = ", ".join(map(str, automacoes))
            raise Falhou(
                f"há contrato desta pessoa em execução que não terminou ({lista}): espere o fim, ou cancele-a, e "
                "repita."
            )
        if {linha["caminho"] for linha in await store.list_planilhas(conn)} != achado.vistas:
            return None
    rastro = await _gather(conn, files, cpf, empresa, achado.lugares, achado.planilhas, achado.vistas)
    await store.delete_mensagens(conn, rastro.titular)
    async with restrict(conn, empresa.id):
        for caminho, linhas in rastro.planilhas.items():
            nova = await files.put_interno("planilhas", linhas.model_dump_json().encode())
            await store.replace_planilha(conn, caminho, nova)
        # Before the rows that name them: cut short, the next try finds the rest by them.
        for caminho in rastro.arquivos:
            await files.delete(caminho)
        await store.erase(conn, rastro.titular)
        await record_auditoria(conn, quem=QUEM, acao="titular.apagar", alvo="titular", detalhes=rastro.contagens)
    return rastro


async def _gather(
    conn: Conn,
    files: FileStore,
    cpf: str,
    empresa: Empresa,
    lugares: Mapping[str, str],
    planilhas: Mapping[str, LinhasPlanilha],
    vistas: frozenset[str],
) -> Rastro:
    async with restrict(conn, empresa.id):
        titular = await store.find_titular(conn, cpf)
    if not (titular.is_known or lugares or planilhas):
        raise Falhou("nada se sabe deste CPF ou CNPJ: confira os dígitos.")
    caminhos = titular.arquivos | set(lugares.values())
    meus = caminhos - await store.list_alheios(conn, titular, sorted(caminhos))
    # Claims last: cut short, a file that only its claim names is found again.
    ordem = [*sorted(meus), *sorted(lugares)]
    arquivos = [caminho for caminho in ordem if await files.exists(caminho)]
    return Rastro(titular, arquivos, lugares, planilhas, vistas)


async def _find_lugares(files: FileStore, cpf: str, empresa: Empresa) -> dict[str, str]:
    """Every place that a boleto of this person ever claimed there, also under names given up long ago."""
    # Notes of contents are empty: only claims are read.
    claims = [g.caminho async for g in files.list("_interno/lugares") if g.tamanho]
    vagas = asyncio.Semaphore(_AO_MESMO_TEMPO)

    async def read(claim: str) -> tuple[str, str] | None:
        async with vagas:
            try:
                registro = orjson.loads(await files.read(claim))
            except ArquivoAusente:
                return None
        # As naming.Identidade writes itself: ponto de venda, document, grupo, cota, month.
        dono = registro["identidade"].split("/")[1]
        return (claim, registro["caminho"]) if dono == cpf and empresa.has_boleto(registro["caminho"]) else None

    return dict(achado for achado in await asyncio.gather(*map(read, claims)) if achado)


async def _read_planilhas(
    files: FileStore, cpf: str, guardadas: Sequence[Record], ler: Ler
) -> dict[str, LinhasPlanilha]:
    """Of the workbooks that have this person: the rows of the others."""
    restos = {}
    for linha in guardadas:
        try:
            lidas = await ler(await files.get(Arquivo(**{campo: linha[campo] for campo in Arquivo.model_fields})))
        except ArquivoAusente:
            continue
        outras = tuple(contrato for contrato in lidas.linhas if contrato.cpf != cpf)
        if len(outras) < len(lidas.linhas):
            restos[linha["caminho"]] = LinhasPlanilha(aba=lidas.aba, total=len(outras), linhas=outras)
    return restos
