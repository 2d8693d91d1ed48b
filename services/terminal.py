"""Work asked for at a terminal: one client's boleto with each step shown, and a walk through the portal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from services.gateway.__main__ import open_chaveiro, open_database_url
from services.gateway.admin import QUEM, Falhou, check_ativa, choose_ponto_venda
from services.gateway.app import open_database, open_gateway
from services.gateway.emprestimo import ConcessaoPerdida, Recusada, SemVaga, borrow_sessao
from services.gateway.execucao import hoje
from services.gateway.presenca import OutroSistema
from services.gateway.sessoes import note_teste_falho, note_teste_ok
from services.gateway.settings import GatewaySettings
from services.gateway.store import Conn, Pool
from services.gateway.store import execucoes as store
from services.gateway.store.credenciais import end_unserved
from services.gateway.store.empresas import restrict
from services.gateway.store.quadro import Linha
from services.gateway.store.recusas import PontoVendaInativo, Recusa
from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from services.scraper.portal import Acesso
from services.scraper.portal.browser.chromium import ChromiumAusente
from services.scraper.portal.errors import Falha, NavegadorCaiu
from services.scraper.portal.profile import PerfilInvalido
from services.scraper.settings import ScraperSettings
from services.scraper.teste import walk_portal
from services.scraper.worker import Scraper
from shared.bus.memory import MemoryBus
from shared.contrato import mask_documentos
from shared.crypto import ChaveInvalida
from shared.events import EVENTOS, PassoTeste
from shared.files import open_files
from shared.outcomes import StatusExecucao, TipoExecucao
from shared.settings import load_settings

# A client whose every attempt fails takes under two minutes; a portal that is down, its probes too.
LIMITE_S = 600.0
_OLHADA_S = 0.3
_EVENTOS = 500

Mostrar = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class UmCliente:
    """What `canopus baixar` was asked for. cpf: bare. empresa: where two offices have the ponto de venda."""

    ponto_venda: str
    cpf: str
    mes: int | None = None
    ano: int | None = None
    empresa: str | None = None


async def download_boleto(pedido: UmCliente, mostrar: Mostrar) -> list[dict[str, Any]]:
    """Run one client's contracts to their end, in the running system or in one started for it.

    mostrar: told of each event. Returns the rows. Raises Falhou, ConfiguracaoInvalida.
    """
    settings = load_settings(GatewaySettings)
    async with open_database_url(settings) as url, open_database(url) as pool:
        async with pool.acquire() as conn:
            ponto = await _choose_ativo(conn, pedido.ponto_venda, pedido.empresa)
            await check_ativa(conn, ponto["empresa_id"])
        async with _system(settings, url):
            automacao_id = await _submit(pool, ponto, pedido)
            try:
                async with asyncio.timeout(LIMITE_S):
                    await _follow(pool, automacao_id, mostrar)
            except TimeoutError:
                raise Falhou(f"não terminou em {LIMITE_S:.0f} s; veja a execução {automacao_id} no painel.") from None
            return await _list_linhas(pool, automacao_id)


async def _choose_ativo(conn: Conn, ponto_venda: str, empresa: str | None) -> Linha:
    ponto = await choose_ponto_venda(conn, ponto_venda, empresa)
    if not ponto["ativo"]:
        raise Falhou(str(PontoVendaInativo()))
    return ponto


@asynccontextmanager
async def _system(settings: GatewaySettings, url: str) -> AsyncIterator[None]:
    """Where none runs on this database, a whole one for as long as the context is open."""
    chaveiro, files = open_chaveiro(settings, create=False), await open_files(settings)
    bus = MemoryBus(EVENTOS)
    fora_da_rede = settings.model_copy(update={"host": "127.0.0.1", "port": 0})
    async with AsyncExitStack() as pilha:
        try:
            await pilha.enter_async_context(bus)
            await pilha.enter_async_context(
                open_gateway(fora_da_rede, url, bus, files, chaveiro, alone=True, presenca_s=0.0)
            )
            await pilha.enter_async_context(Namer(bus, files, load_settings(NamerSettings)))
            await pilha.enter_async_context(Scraper(bus, files, chaveiro, load_settings(ScraperSettings)))
        except OutroSistema:
            pass  # its dispatcher takes the work from the database
        yield


async def _submit(pool: Pool, ponto: Linha, pedido: UmCliente) -> UUID:
    async with pool.acquire() as conn, conn.transaction():
        nova = store.NovaExecucao(
            ponto["id"], TipoExecucao.TESTE, QUEM, mes=pedido.mes, ano=pedido.ano, cpfs=(pedido.cpf,)
        )
        try:
            async with restrict(conn, ponto["empresa_id"]):
                return await store.submit_execucao(conn, nova, hoje(datetime.now(UTC)))
        except Recusa as recusa:
            raise Falhou(str(recusa)) from recusa


async def _follow(pool: Pool, automacao_id: UUID, mostrar: Mostrar) -> None:
    desde = 0
    while True:
        async with pool.acquire() as conn:
            execucao = await store.find_execucao(conn, automacao_id)
            assert execucao is not None
            eventos = await store.list_eventos(conn, execucao["id"], desde, _EVENTOS)
        for evento in eventos:
            desde = evento["seq"]
            mostrar(orjson.loads(evento["corpo"]))
        status = StatusExecucao(execucao["status"])
        if desde >= execucao["seq"] and (status.is_final or status is StatusExecucao.BLOQUEADA):
            return
        await asyncio.sleep(_OLHADA_S)


async def _list_linhas(pool: Pool, automacao_id: UUID) -> list[dict[str, Any]]:
    async with pool.acquire() as conn:
        execucao = await store.find_execucao(conn, automacao_id)
        assert execucao is not None
        linhas = await store.list_clientes(conn, execucao["id"], limite=_EVENTOS)
    return [store.cliente_row(linha) for linha in linhas]


async def walk_ponto_venda(
    ponto_venda: str, empresa: str | None, *, visivel: bool
) -> AsyncIterator[tuple[PassoTeste, str | None]]:
    """Each step of the walk as it ends, and the code of the one that failed. Raises Falhou, ConfiguracaoInvalida."""
    settings, scraper = load_settings(GatewaySettings), load_settings(ScraperSettings)
    chaveiro = open_chaveiro(settings, create=False)
    async with open_database_url(settings) as url, open_database(url) as pool:
        ponto, credencial = await _find_testavel(pool, ponto_venda, empresa)
        falha: Falha | None = None
        try:
            senha = chaveiro.decrypt(credencial["senha_encrypted"])
            acesso = Acesso(ponto["url_base"], credencial["usuario"], senha, credencial["codigo_empresa"])
            async with borrow_sessao(pool, credencial["id"]) as cerca:
                async for passo, falha in walk_portal(
                    acesso, ponto["perfil"], visivel=visivel, ritmo_ms=scraper.ritmo_ms, chromium=scraper.chromium
                ):
                    yield passo, falha.codigo if falha else None
                # Before the slot is free: no other session may post what was refused.
                await _note_teste(pool, credencial["id"], cerca, falha)
        except ChaveInvalida as erro:
            raise Falhou(f"a senha guardada não abre com as chaves daqui ({erro}): grave-a de novo.") from erro
        except SemVaga:
            texto = (
                "a credencial, ou tudo o que o escritório pode abrir, está em uso: pause a execução ou espere o fim."
            )
            raise Falhou(texto) from None
        except Recusada:
            raise Falhou(_explain_recusada(credencial["id"])) from None
        except ConcessaoPerdida:
            raise Falhou("o banco de dados parou de responder, e o portal foi deixado. Tente de novo.") from None
        except (PerfilInvalido, ChromiumAusente, NavegadorCaiu) as erro:
            raise Falhou(str(erro)) from erro


async def _find_testavel(pool: Pool, ponto_venda: str, empresa: str | None) -> tuple[Linha, Linha]:
    """The ponto de venda and a credential to try. A refused password is not tried again: it locks accounts."""
    async with pool.acquire() as conn:
        ponto = await _choose_ativo(conn, ponto_venda, empresa)
        credencial = await conn.fetchrow(
            "SELECT * FROM credenciais_canopus WHERE ponto_venda_id = $1 AND ativo "
            "ORDER BY parada_codigo IS NOT DISTINCT FROM 'login.recusado', id LIMIT 1",
            ponto["id"],
        )
    if credencial is None:
        raise Falhou(f"o ponto de venda {ponto_venda} não tem credencial ativa: cadastre-a antes.")
    if credencial["parada_codigo"] == "login.recusado":
        raise Falhou(_explain_recusada(credencial["id"]))
    return ponto, credencial


def _explain_recusada(credencial_id: int) -> str:
    return (
        "o portal já recusou este usuário e senha, e outra tentativa pode bloquear a conta: altere a senha "
        f"(PATCH credenciais/{credencial_id}) e teste."
    )


async def _note_teste(pool: Pool, credencial_id: int, cerca: int, falha: Falha | None) -> None:
    """What the gateway does with a test of its own: right again, or stopped before anything tries once more."""
    async with pool.acquire() as conn, conn.transaction():
        if falha is None:
            await note_teste_ok(conn, credencial_id)
            return
        mensagem = mask_documentos(falha.mensagem)
        parado = await note_teste_falho(conn, credencial_id, cerca, falha.codigo, mensagem)
    if parado is not None:
        await end_unserved(pool, parado)
