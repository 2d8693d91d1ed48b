"""What reports that are no progress (those: lote.py) do to a contract's row: tasks handed back, lost or buried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from asyncpg import Record

from services.gateway.execucao import (
    DISCO_CHEIO,
    PERDAS_MAXIMAS,
    Encerrar,
)
from services.gateway.store import Conn, credenciais, load_sql, portais
from services.gateway.store.arquivamento import find_boleto
from services.gateway.store.controle import pause
from services.gateway.store.diario import Diario, open_diario_item
from services.gateway.store.itens import SQL, Falha, end_item, end_items, have_items, restart_items, return_item
from services.gateway.store.nomeacao import rename_items
from services.gateway.store.quadro import Linha
from shared.contrato import mask_documentos
from shared.events import (
    Arquivo,
    BoletoDevolvido,
    BoletoJaBaixado,
    Tarefa,
)
from shared.outcomes import Etapa, StatusCliente, StatusExecucao, find_desfecho

CONCESSOES = load_sql("concessoes")
ABERTOS = (StatusCliente.PENDENTE, StatusCliente.PROCESSANDO)


@asynccontextmanager
async def open_relato(conn: Conn, tarefa: Tarefa) -> AsyncIterator[tuple[Diario, Record | None]]:
    """The journal and the row of a report, both locked; the row is None unless this dispatch is in force."""
    async with open_diario_item(conn, tarefa.item_id) as diario:
        item = await conn.fetchrow(SQL["lock_item"], tarefa.item_id)
        yield diario, item if item is not None and is_current(item, tarefa) else None


def is_current(item: Linha, tarefa: Tarefa) -> bool:
    """Whether the row is open and this dispatch in force."""
    return _is_of(item, tarefa) and item["status"] in ABERTOS


def _is_of(item: Linha, tarefa: Tarefa) -> bool:
    return bool(item["despacho"] == tarefa.despacho and item["automacao_id"] == tarefa.automacao_id)


def is_naming(item: Linha) -> bool:
    return bool(item["etapa"] == Etapa.NOMEANDO)


async def have(conn: Conn, evento: BoletoJaBaixado) -> None:
    """The grid led to a boleto that is filed already."""
    async with open_relato(conn, evento.tarefa) as (diario, item):
        if item is None or is_naming(item):
            return
        diario.begin()
        boleto_id = await find_boleto(conn, item, evento.boleto)
        if boleto_id is None:
            # Removed since the task was sent: the next task does not name it any more.
            await put_back(diario, item, perda=True)
        else:
            await have_items(diario, [item["id"]], [boleto_id], item["status"])
        await _note_acerto(diario, item)
        await diario.conclude()


async def give_back(conn: Conn, evento: BoletoDevolvido) -> None:
    """The task came back without a result: no attempt is spent, though a contract that never lives on must end."""
    async with open_relato(conn, evento.tarefa) as (diario, item):
        if item is None or is_naming(item):
            return
        perda = evento.motivo == "sessao" and item["status"] == StatusCliente.PROCESSANDO
        if perda and not diario.has_ended and item["perdas"] >= PERDAS_MAXIMAS:
            await end_failed(diario, item, Encerrar(StatusCliente.ERRO), make_falha("sessao.expirada", item["etapa"]))
            return
        await put_back(diario, item, perda=perda)


async def put_back(diario: Diario, item: Record, *, perda: bool = False) -> None:
    """To the queue, or to its end where the execution takes nothing more."""
    if diario.has_ended:
        await end_items(diario, [item], StatusCliente.CANCELADO, None)
    else:
        await return_item(diario, item, perda=perda)
    await diario.conclude()


async def lose(diario: Diario, item: Record) -> None:
    """Its consumers died with it again and again."""
    await end_failed(diario, item, Encerrar(StatusCliente.ERRO), make_falha("interno", item["etapa"]))


async def bury(conn: Conn, tarefa: Tarefa, motivo: str) -> None:
    """A task or its report was dead-lettered."""
    async with open_relato(conn, tarefa) as (diario, item):
        if item is not None:
            diario.begin()
            falha = make_falha("interno", item["etapa"], f"Mensagem não processada: {mask_documentos(motivo)}")
            await end_failed(diario, item, Encerrar(StatusCliente.ERRO), falha)


async def unbury(conn: Conn, tarefa: Tarefa) -> bool:
    """A person puts a dead task back: its row is done again from what the database has of it, not by the old message.
    Its execution is open again if it had ended; False where a person had cancelled it, and nothing is to be done."""
    async with open_diario_item(conn, tarefa.item_id) as diario:
        item = await conn.fetchrow(SQL["lock_item"], tarefa.item_id)
        if item is None or not _is_of(item, tarefa) or item["codigo"] != "interno":
            return True
        if is_naming(item):
            await rename_items(diario, [item])
            return True
        if diario.status is StatusExecucao.CANCELADA:
            return False
        if diario.has_ended:
            diario.resume()
        await restart_items(diario, [item])
        return True


async def _note_acerto(diario: Diario, item: Record) -> None:
    """The portal served a contract, without a document."""
    diario.mudou_itens = []
    # The news of the login may have been lost.
    await diario.conn.execute(CONCESSOES["note_aberta"], item["cerca"])
    credencial_id = await credenciais.find_credencial_cerca(diario.conn, item["cerca"])
    if credencial_id is not None:
        await credenciais.note_resposta(diario.conn, credencial_id, confere=False)
    await portais.note_resposta(diario.conn, diario.ponto_venda_id)


async def end_failed(diario: Diario, item: Linha, decisao: Encerrar, falha: Falha) -> None:
    await end_item(diario, item, decisao.status, falha, parado=decisao.parado)
    if falha.codigo == DISCO_CHEIO and diario.status in (StatusExecucao.NA_FILA, StatusExecucao.EM_ANDAMENTO):
        await pause(diario, DISCO_CHEIO)
    await diario.conclude()


def make_falha(codigo: str, etapa: str, mensagem: str = "", evidencia: Sequence[Arquivo] = ()) -> Falha:
    texto = mask_documentos(mensagem) or find_desfecho(codigo).texto
    return Falha(codigo, texto, etapa, [arquivo.model_dump() for arquivo in evidencia])
