"""The data as a whole, asked for at a terminal: its copy and the return of it; what is known of one person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from services.gateway import copia, restauracao, titular
from services.gateway.__main__ import open_chaveiro, open_database_url
from services.gateway.admin import Falhou, choose_empresa
from services.gateway.alheias import find_donos
from services.gateway.app import open_database
from services.gateway.copia import Manifesto
from services.gateway.settings import GatewaySettings
from services.gateway.store import Pool
from services.gateway.store.empresas import Empresa
from services.gateway.titular import Rastro
from shared.bus import BusError, DeadLetter, DeadLetterGone
from shared.bus.rabbitmq import RabbitMQBus
from shared.contrato import format_documento
from shared.crypto import ChaveInvalida
from shared.events import EVENTOS, LinhasPlanilha, Tarefa
from shared.files import ArquivoFalhou, FileStore, open_files
from shared.settings import ConfiguracaoInvalida, load_settings

_MORTAS = 10_000


@dataclass(frozen=True)
class Volta:
    """What came back. chaves_abrem: the keys of this installation open the portal's passwords of the copy."""

    manifesto: Manifesto
    aplicadas: list[str]
    chaves_abrem: bool


async def make_copia(destino: Path) -> Manifesto:
    settings = load_settings(GatewaySettings)
    async with open_database_url(settings) as url:
        return await copia.create_copia(url, await open_files(settings), destino, settings.files_url)


async def examine_copia(origem: Path) -> Manifesto:
    return await asyncio.to_thread(copia.check_copia, origem)


async def bring_back(origem: Path, *, substituir: bool) -> Volta:
    settings = load_settings(GatewaySettings)
    async with open_database_url(settings) as url:
        files = await open_files(settings)
        manifesto, aplicadas = await restauracao.restore_copia(url, files, origem, substituir=substituir)
        return Volta(manifesto, aplicadas, await _opens_senhas(url, settings))


async def find_titular(cpf: str, empresa: str | None) -> Rastro:
    async with _open_titular(empresa) as (pool, files, ler, dona):
        return await titular.find_rastro(pool, files, cpf, ler, dona)


async def export_titular(cpf: str, empresa: str | None, destino: Path) -> Rastro:
    async with _open_titular(empresa) as (pool, files, ler, dona):
        return await titular.export_titular(pool, files, cpf, ler, destino, dona)


async def erase_titular(cpf: str, empresa: str | None) -> Rastro:
    """Of a broker's dead letters too; those of the bus within `canopus up` end with it."""
    amqp_url = load_settings(GatewaySettings).amqp_url
    try:
        async with AsyncExitStack() as aberto:
            # Before anything goes: a broker that is away stops it all.
            bus = RabbitMQBus(amqp_url, EVENTOS, name="canopus titular") if amqp_url is not None else None
            if bus:
                await aberto.enter_async_context(bus)
            pool, files, ler, dona = await aberto.enter_async_context(_open_titular(empresa))
            rastro = await titular.erase_titular(pool, files, cpf, ler, dona)
            if bus:
                await _drop_mortas(bus, pool, rastro, dona)
            return rastro
    except BusError as erro:
        raise Falhou(f"as mensagens mortas desta pessoa não foram apagadas: {erro}") from erro


@asynccontextmanager
async def _open_titular(empresa: str | None) -> AsyncIterator[tuple[Pool, FileStore, titular.Ler, Empresa]]:
    """With the reader of workbooks, which is the namer's. Raises Falhou where it is not installed, and where there are
    several offices and none was named."""
    try:
        from services.namer.indice import read_planilha
        from services.namer.intake import PlanilhaRecusada
        from services.namer.reader import Leitor, LeituraFalhou
        from services.namer.settings import NamerSettings
    except ImportError as erro:
        raise Falhou(f"o leitor de planilhas não está instalado aqui ({erro.name}): use `make setup`.") from erro
    settings, do_namer = load_settings(GatewaySettings), load_settings(NamerSettings)
    leitor = Leitor(do_namer.tags, do_namer.planilha_timeout_s)

    async def ler(dados: bytes) -> LinhasPlanilha:
        try:
            return await read_planilha(dados, leitor)
        except (PlanilhaRecusada, LeituraFalhou) as erro:
            raise Falhou(f"uma planilha guardada não se deixa ler, e nada foi apagado: {erro}") from erro

    async with open_database_url(settings) as url, open_database(url) as pool:
        async with pool.acquire() as conn:
            dona = await choose_empresa(conn, empresa)
        try:
            yield pool, await open_files(settings), ler, Empresa(dona["id"], dona["codigo"])
        except ArquivoFalhou as erro:
            raise Falhou(f"os arquivos não responderam ({type(erro).__name__}): repita o comando.") from erro


async def _drop_mortas(bus: RabbitMQBus, pool: Pool, rastro: Rastro, dona: Empresa) -> None:
    """Those that name this person, or a row of theirs; but none about what another office does."""
    dizeres = [documento.encode() for documento in (rastro.titular.cpf, format_documento(rastro.titular.cpf))]
    itens = {item["id"] for item in rastro.titular.itens}

    def names(morta: DeadLetter) -> bool:
        tarefa = getattr(morta.evento, "tarefa", None)
        return (isinstance(tarefa, Tarefa) and tarefa.item_id in itens) or any(d in morta.corpo for d in dizeres)

    delas = [morta for morta in await bus.dead_letters(_MORTAS) if names(morta)]
    async with pool.acquire() as conn:
        donos = await find_donos(conn, delas)
    for morta in delas:
        if donos[morta.id] <= {dona.id}:
            with suppress(DeadLetterGone):
                await bus.drop_dead_letter(morta.id)


async def _opens_senhas(url: str, settings: GatewaySettings) -> bool:
    async with copia.connect(url) as conn:
        cifradas = [linha[0] for linha in await conn.fetch("SELECT senha_encrypted FROM credenciais_canopus")]
    try:
        chaveiro = open_chaveiro(settings, create=False) if cifradas else None
        for cifrada in cifradas:
            assert chaveiro
            chaveiro.decrypt(cifrada)
    except (ChaveInvalida, ConfiguracaoInvalida):
        return False
    return True
