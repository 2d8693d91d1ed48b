"""What people do to an execution under way: cancel, pause, resume; and to a credential that stopped it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal
from uuid import UUID

from services.gateway.store import Conn, Pool, load_sql
from services.gateway.store.diario import Diario, open_diario
from services.gateway.store.itens import end_items, restart_items
from services.gateway.store.nomeacao import rename_items
from services.gateway.store.outbox import post, post_many
from services.gateway.store.recusas import EstadoImpossivel, NaoEncontrada
from shared.events import ExecucaoRevogada, SessaoRevogada
from shared.outcomes import StatusCliente, StatusExecucao

SQL = load_sql("controle")
CREDENCIAIS = load_sql("credenciais")
DESPACHO = load_sql("despacho")

# The next one comes sooner.
LEMBRETE_TTL_S = 5.0

_ATIVAS = (StatusExecucao.NA_FILA, StatusExecucao.EM_ANDAMENTO)


async def cancel_execucao(conn: Conn, automacao_id: UUID, usuario: str) -> None:
    """Waiting rows end `cancelado` at once; rows in hand end by the scraper's answer. Of one that has ended, the round
    of the automatic recovery that is to follow it."""
    async with _open(conn, automacao_id) as diario:
        if diario.recuperacao_em is not None:
            return diario.dispense_rodadas(f"Nova tentativa automática dispensada por {usuario}.")
        if diario.status.is_final:
            raise EstadoImpossivel("A execução já terminou: não há o que cancelar.")
        await end_waiting(diario, StatusCliente.CANCELADO, None)
        diario.set_status(StatusExecucao.CANCELADA, mensagem=f"Cancelada por {usuario}.")
        await revoke_tarefas(diario, "cancelada")


async def pause_execucao(conn: Conn, automacao_id: UUID, usuario: str) -> None:
    """Nothing more is sent, what was not begun comes back; rows in hand go on to their end."""
    async with _open(conn, automacao_id) as diario:
        if diario.status not in _ATIVAS:
            raise EstadoImpossivel("Só uma execução na fila ou em andamento pode ser pausada.")
        await pause(diario, None, f"Pausada por {usuario}.")


async def resume_execucao(conn: Conn, automacao_id: UUID, usuario: str) -> None:
    """Go on after a pause, or after a person acted on what stopped the credential: it is tried once."""
    async with _open(conn, automacao_id) as diario:
        if diario.status not in (StatusExecucao.PAUSADA, StatusExecucao.BLOQUEADA):
            raise EstadoImpossivel("Só uma execução pausada ou bloqueada pode ser retomada.")
        if diario.status is StatusExecucao.BLOQUEADA:
            await conn.execute(CREDENCIAIS["fix_credenciais_paradas"], diario.ponto_venda_id)
        diario.resume(f"Retomada por {usuario}.")
        await _lift_parada(diario)
        await _lift_pausa(diario)
        await diario.conclude()


async def credential_fixed(conn: Conn, credencial_id: int, ponto_venda_id: int | None = None) -> None:
    """The credential was put right: its stop is lifted, and the rows it stopped wait again in their executions.

    ponto_venda_id: the one it serves from now on, where that changes.
    """
    # The rows' executions are locked before the credential, as everywhere.
    if ponto_venda_id is None:
        ponto_venda_id = await conn.fetchval(SQL["find_ponto_venda"], credencial_id)
    execucoes = await conn.fetch(SQL["list_execucoes_paradas"], ponto_venda_id)
    for execucao in execucoes:
        async with open_diario(conn, execucao["id"]) as diario:
            if not diario.has_ended:
                await _lift_parada(diario)
    await conn.execute(CREDENCIAIS["fix_credencial"], credencial_id)


async def unblock_served(pool: Pool, execucao_id: int) -> None:
    """A credential that was put right while this execution was being blocked serves it too."""
    async with pool.acquire() as conn, conn.transaction(), open_diario(conn, execucao_id) as diario:
        saudavel = await conn.fetchval(CREDENCIAIS["has_saudavel"], diario.ponto_venda_id)
        if saudavel and diario.status is StatusExecucao.BLOQUEADA:
            await _lift_parada(diario)


async def end_waiting(diario: Diario, status: StatusCliente, codigo: str | None) -> None:
    """Close every row that is not in hand."""
    await end_items(diario, await diario.conn.fetch(SQL["lock_pendentes"], diario.id), status, codigo)


async def end_stopped(diario: Diario, codigo: str, evidencia: Sequence[dict[str, Any]]) -> bool:
    """Close every row that no credential can serve, until a person acts. False: there was none."""
    itens = await diario.conn.fetch(SQL["lock_sem_sessao"], diario.id)
    await end_items(diario, itens, StatusCliente.ERRO, codigo, parado=True, evidencia=evidencia)
    return bool(itens)


async def pause(diario: Diario, codigo: str | None, mensagem: str | None = None) -> None:
    # What the dispatcher is sending at this moment is called back as well. It waits for no row, so this cannot lock up.
    # Each scraper says what it gives back: of what it has just begun, the boleto may be issued already.
    await diario.conn.execute(DESPACHO["lock"])
    diario.set_status(StatusExecucao.PAUSADA, codigo, mensagem)
    await revoke_tarefas(diario, "pausada")


async def revoke_tarefas(diario: Diario, motivo: Literal["cancelada", "pausada"]) -> None:
    """Tell every scraper to drop the tasks of this execution that were sent so far."""
    ultimo = await diario.conn.fetchval(SQL["last_despacho"])
    await post(diario.conn, ExecucaoRevogada(automacao_id=diario.automacao_id, ate_despacho=ultimo, motivo=motivo))


async def remind(conn: Conn) -> bool:
    """Say it again to scrapers that have not done what they were told: their connection may have been down then."""
    execucoes = [ExecucaoRevogada(**linha) for linha in await conn.fetch(SQL["list_desouvidas"])]
    await post(conn, *execucoes)
    sessoes = [(SessaoRevogada(cerca=linha["cerca"]), linha["fila"]) for linha in await conn.fetch(SQL["list_retidas"])]
    await post_many(conn, sessoes, LEMBRETE_TTL_S)
    return bool(execucoes or sessoes)


async def _lift_parada(diario: Diario) -> None:
    """Rows that waited for a person wait for a session again."""
    if diario.status is StatusExecucao.BLOQUEADA:
        diario.unblock()
    await restart_items(diario, await diario.conn.fetch(SQL["lock_parados"], diario.id))


async def _lift_pausa(diario: Diario) -> None:
    """Rows that found no room are done again; those whose PDF is kept go to the namer alone."""
    sem_espaco = await diario.conn.fetch(SQL["lock_sem_espaco"], diario.id)
    await restart_items(diario, [item for item in sem_espaco if item["captura"] is None])
    await rename_items(diario, [item for item in sem_espaco if item["captura"] is not None])


@asynccontextmanager
async def _open(conn: Conn, automacao_id: UUID) -> AsyncIterator[Diario]:
    id = await conn.fetchval(SQL["find_id"], automacao_id)
    if id is None:
        raise NaoEncontrada
    async with open_diario(conn, id) as diario:
        yield diario
