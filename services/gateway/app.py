"""The gateway as one object: database, engine, live hub and HTTP server, opened together and closed in reverse."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import asyncpg
from aiohttp import web

from services.gateway.atualizador import Atualizador
from services.gateway.auth import FailedLogins
from services.gateway.carteiro import Carteiro
from services.gateway.context import CONTEXT, AppContext
from services.gateway.engine import open_engine
from services.gateway.entregador import Entregador
from services.gateway.espelhador import Espelhador
from services.gateway.live import Live, LiveOptions
from services.gateway.middleware import CORPO_BYTES, add_security_headers, errors, serve
from services.gateway.nuvem import Nuvem
from services.gateway.pages import add_pages
from services.gateway.pedidos import Pedidos
from services.gateway.presenca import hold_presenca
from services.gateway.protocolo import listen
from services.gateway.routes import list_rotas
from services.gateway.settings import GatewaySettings
from services.gateway.store import Pool, migrate, open_pool
from services.gateway.store.empresas import SemPapel, open_restritos
from services.gateway.sweeper import Guarda
from shared.bus import Bus
from shared.crypto import Chaveiro
from shared.files import FileStore
from shared.settings import ConfiguracaoInvalida

log = logging.getLogger(__name__)

CONEXOES = 16
# As long as a service waits for the broker: whatever is started last, the others are there.
BANCO_S = 30.0
# The server is not there yet; a wrong password or name is said at once.
_AUSENCIAS = (OSError, TimeoutError, asyncpg.CannotConnectNowError)
ENCERRAMENTO_S = 10.0


@dataclass(frozen=True)
class Gateway:
    """A running gateway. porta: the real one, also where 0 was asked for."""

    ctx: AppContext
    porta: int

    @property
    def origem(self) -> str:
        host = self.ctx.settings.host
        return f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{self.porta}"


@asynccontextmanager
async def open_gateway(
    settings: GatewaySettings,
    database_url: str,
    bus: Bus,
    files: FileStore,
    chaveiro: Chaveiro,
    *,
    alone: bool = False,
    presenca_s: float = 10.0,
    live_options: LiveOptions | None = None,
    nuvem: Nuvem | None = None,
) -> AsyncIterator[Gateway]:
    """alone: its bus is its own, so nothing else of this system runs (`canopus up`). presenca_s: how long to wait for
    another system on this database to end. nuvem: where links are opened, if not at Google. Raises
    ConfiguracaoInvalida (OutroSistema).
    """
    replica_id = f"{platform.node()}-{os.getpid()}-{uuid4().hex[:6]}"
    async with (
        open_database(database_url, BANCO_S) as pool,
        hold_presenca(database_url, alone=alone, espera_s=presenca_s),
        open_engine(
            pool,
            bus,
            files,
            guarda=_read_guarda(settings),
            remetentes=(
                Entregador(pool, chaveiro, privados=settings.webhooks_privados),
                Carteiro(pool, chaveiro, privados=settings.webhooks_privados),
                Espelhador(pool, files, chaveiro, privados=settings.webhooks_privados),
            ),
            alone=alone,
        ) as engine,
        _open_pedidos(Pedidos(pool, files, replica_id), bus) as pedidos,
        _open_atualizador(
            Atualizador(
                pool,
                files,
                chaveiro,
                pedidos,
                nuvem or Nuvem(privados=settings.webhooks_privados),
                horas=settings.planilhas_horas,
            )
        ) as atualizador,
        Live(pool, bus, replica_id, live_options) as live,
        _open_restritos(pool, database_url) as restritos,
    ):
        ctx = AppContext(
            pool,
            bus,
            files,
            chaveiro,
            settings,
            replica_id,
            engine.wake,
            live,
            pedidos,
            atualizador,
            falhas=FailedLogins(),
            falhas_entrada=FailedLogins(maximo=100, janela_s=300.0),
            falhas_senha=FailedLogins(maximo=5, janela_s=300.0),
            restritos=restritos,
        )
        async with _serve(build_app(ctx), settings) as porta:
            yield Gateway(ctx, porta)


def _read_guarda(settings: GatewaySettings) -> Guarda:
    return Guarda(
        eventos_dias=settings.guarda_eventos_dias,
        boletos_dias=settings.guarda_boletos_dias,
        evidencias=timedelta(days=settings.guarda_evidencias_dias),
        sobras=timedelta(seconds=settings.guarda_sobras_s),
    )


def build_app(ctx: AppContext) -> web.Application:
    app = web.Application(middlewares=[errors], client_max_size=CORPO_BYTES)
    app[CONTEXT] = ctx
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(_close_sockets)
    for rota in list_rotas():
        app.router.add_route(rota.metodo, rota.url, serve(rota))
    add_pages(app)
    return app


async def _close_sockets(app: web.Application) -> None:
    """Before the server waits for its handlers: a socket's handler would never end by itself."""
    app[CONTEXT].live.close_sockets()


@asynccontextmanager
async def open_database(url: str, espera_s: float = 0.0) -> AsyncIterator[Pool]:
    """The pool, on the schema brought up to date. espera_s: for a server to come. Raises ConfiguracaoInvalida."""
    limite = asyncio.get_running_loop().time() + espera_s
    try:
        while True:
            try:
                pool = await open_pool(url, max_size=CONEXOES)
                break
            except _AUSENCIAS as erro:
                if asyncio.get_running_loop().time() >= limite:
                    raise
                log.warning("waiting for the database", extra={"erro": type(erro).__name__})
                await asyncio.sleep(0.5)
    except (OSError, TimeoutError, ValueError, OverflowError, asyncpg.PostgresError, asyncpg.InterfaceError) as erro:
        raise ConfiguracaoInvalida(f"CANOPUS_DATABASE_URL: o banco não abre ({type(erro).__name__}).") from erro
    try:
        if aplicadas := await migrate(pool):
            log.info("schema brought up to date: %s", ", ".join(aplicadas))
        yield pool
    finally:
        try:
            await asyncio.wait_for(pool.close(), ENCERRAMENTO_S)
        except TimeoutError:
            pool.terminate()


@asynccontextmanager
async def _open_restritos(pool: Pool, url: str) -> AsyncIterator[Pool | None]:
    try:
        async with open_restritos(pool, url, max_size=CONEXOES) as restritos:
            yield restritos
    except SemPapel as erro:
        raise ConfiguracaoInvalida(str(erro)) from erro


@asynccontextmanager
async def _open_pedidos(pedidos: Pedidos, bus: Bus) -> AsyncIterator[Pedidos]:
    async with asyncio.TaskGroup() as grupo, bus.consume(pedidos.fila, pedidos.handle):
        laco = grupo.create_task(pedidos.run(), name="pedidos")
        yield pedidos
        laco.cancel()


@asynccontextmanager
async def _open_atualizador(atualizador: Atualizador) -> AsyncIterator[Atualizador]:
    async with asyncio.TaskGroup() as grupo:
        laco = grupo.create_task(atualizador.run(), name="atualizador")
        yield atualizador
        laco.cancel()


@asynccontextmanager
async def _serve(app: web.Application, settings: GatewaySettings) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=ENCERRAMENTO_S)
    await runner.setup()
    try:
        servidor = await listen(runner, settings.host, settings.port)
    except OSError as erro:
        await runner.cleanup()
        motivos = {errno.EADDRINUSE: "a porta já está em uso", errno.EACCES: "falta permissão para esta porta"}
        nome = "CANOPUS_PORT" if erro.errno in motivos else "CANOPUS_HOST"
        motivo = motivos.get(erro.errno or 0, "este computador não tem este endereço")
        texto = f"{nome}: não se pode ouvir em {settings.host}:{settings.port}: {motivo}. Use outro valor."
        raise ConfiguracaoInvalida(texto) from erro
    porta: int = servidor.sockets[0].getsockname()[1]
    try:
        yield porta
    finally:
        servidor.close()
        await runner.cleanup()
