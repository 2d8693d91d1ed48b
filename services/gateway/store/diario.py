"""The journal of one execution: its lock, its counters and its events with gapless `seq`, in one transaction.

Invariants: whoever changes a row of an execution holds the execution's row lock first (several: in the order of their
ids), so `seq` has no gap and the counters are the rows'. What was told is committed with the change it tells, or not
at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record

from services.gateway.execucao import COLUNAS, status_final
from services.gateway.ocasioes import Ocasiao
from services.gateway.store import Conn, load_sql
from services.gateway.store.avisos import tell_encerrada
from services.gateway.store.correio import tell_pessoas
from services.gateway.store.quadro import Linha, cliente_row, contadores, recuperacao_dict
from shared.events import ExecucaoEvento
from shared.outcomes import RECUPERAVEIS, StatusCliente, StatusExecucao, find_desfecho

SQL = load_sql("diario")
# So many events are written while the next are put into words.
LOTE = 500


class ExecucaoAusente(Exception):
    """The execution is not in this database: a report from before it was made anew."""


class Diario:
    """What happens to one locked execution. Made by `open_diario`, which writes it at the end."""

    def __init__(self, conn: Conn, execucao: Linha) -> None:
        self.conn = conn
        self.id: int = execucao["id"]
        self.automacao_id: UUID = execucao["automacao_id"]
        self.ponto_venda_id: int = execucao["ponto_venda_id"]
        self.empresa_id: int = execucao["empresa_id"]
        self.status = StatusExecucao(execucao["status"])
        self.codigo: str | None = execucao["codigo"]
        self.mensagem: str | None = execucao["mensagem_atual"]
        self.contadores = contadores(execucao)
        self.mudou_etapa: str | None = execucao["mudou_etapa"]
        self.mudou_itens: list[int] = list(execucao["mudou_itens"])
        self._had_settled = self._has_settled
        self.rodada: int = execucao["rodada"]
        self.rodadas: int = execucao["rodadas"]
        self.recuperacao_em: datetime | None = execucao["recuperacao_em"]
        self.recuperada_por: UUID | None = execucao["recuperada_por"]
        self._recuperacao_dispensada: bool = execucao["recuperacao_dispensada"]
        self._was_blocked = self.status is StatusExecucao.BLOQUEADA
        self._erros_antes = self.contadores["erro"]
        self._began: bool = execucao["iniciado_em"] is not None
        self._pausa_mantida: bool = execucao["pausa_mantida"]
        self._seq: int = execucao["seq"]
        self._seq_antes = self._seq
        self._em = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._eventos: list[str] = []

    @property
    def has_ended(self) -> bool:
        """Nothing new begins in it, though a contract in hand may still come to its true end."""
        return self.status.is_final

    @property
    def _has_settled(self) -> bool:
        """Its counts will not change by themselves: none of its contracts is in hand."""
        return self.has_ended and not (self.contadores["pendente"] or self.contadores["processando"])

    def tell(self, linhas: Iterable[Linha], antes: StatusCliente | str | None) -> None:
        """These rows, as they are now, were `antes` (None: new). One event each."""
        for linha in linhas:
            if antes is not None:
                self.contadores[antes] -= 1
                self.contadores[linha["status"]] += 1
            final = StatusCliente(linha["status"]).is_final
            self._append(
                "cliente.resultado" if final else "cliente.etapa",
                cliente_row(linha),
                linha["etapa"],
                linha["status"],
                linha["codigo"],
            )

    async def tell_novas(self, linhas: Sequence[Linha]) -> None:
        """New rows, many of them: some are written while the next are put into words."""
        escrita: asyncio.Task[str] | None = None
        try:
            for inicio in range(0, len(linhas), LOTE):
                self.tell(linhas[inicio : inicio + LOTE], antes=None)
                if escrita is not None:
                    await escrita
                eventos, self._eventos = self._eventos, []
                escrita = asyncio.create_task(self.conn.execute(SQL["write_eventos"], self.id, self._seq, eventos))
                await asyncio.sleep(0)
            if escrita is not None:
                await escrita
        finally:
            if escrita is not None and not escrita.done():
                escrita.cancel()
                await asyncio.wait([escrita])

    def count(self, linhas: Iterable[Linha]) -> None:
        """Take new rows into the counters, before anything is told of them."""
        for linha in linhas:
            self.contadores[linha["status"]] += 1

    def set_status(self, status: StatusExecucao, codigo: str | None = None, mensagem: str | None = None) -> None:
        paused = self._pausa_mantida or self.status is StatusExecucao.PAUSADA
        self._pausa_mantida = paused and status is StatusExecucao.BLOQUEADA
        self.status, self.codigo = status, codigo
        self.mensagem = mensagem or (find_desfecho(codigo).texto if codigo else None)
        if status is not StatusExecucao.CONCLUIDA_COM_FALHAS:
            self.recuperacao_em = None
        self._append("execucao.status", None, None, status.value, codigo)

    def resume(self, mensagem: str | None = None) -> None:
        """Where it stood before it was held up."""
        self.set_status(StatusExecucao.EM_ANDAMENTO if self._began else StatusExecucao.NA_FILA, mensagem=mensagem)

    def unblock(self) -> None:
        """What stopped it was put right: a pause that the block covered is a pause again."""
        if self._pausa_mantida:
            self.set_status(StatusExecucao.PAUSADA)
        else:
            self.resume()

    def note_rodada(self, nova: UUID) -> None:
        """The next round of the automatic recovery began."""
        self.recuperada_por = nova
        self._leave_plan()

    def drop_rodada(self, motivo: str) -> None:
        """The next round cannot begin."""
        self._leave_plan(motivo)

    def dispense_rodadas(self, motivo: str) -> None:
        """A person wants no further round, even where the execution is opened again."""
        self._recuperacao_dispensada = True
        self._leave_plan(motivo)

    def _leave_plan(self, mensagem: str | None = None) -> None:
        self.recuperacao_em = None
        self.set_status(self.status, self.codigo, mensagem or self.mensagem)

    def begin(self) -> None:
        """The first sign of work."""
        if self.status is StatusExecucao.NA_FILA:
            self.set_status(StatusExecucao.EM_ANDAMENTO)

    async def conclude(self) -> None:
        """End the execution when none of its rows is open any more; called after every result."""
        if self.contadores["pendente"] or self.contadores["processando"]:
            return
        parado = None
        if self.contadores["erro"]:
            parado = await self.conn.fetchval(SQL["find_codigo_parado"], self.id)
        status = status_final(self.status, self.codigo, self.contadores, parado)
        if status is self.status:
            return
        if status is StatusExecucao.CONCLUIDA_COM_FALHAS:
            await self._plan_rodada()
        self.set_status(status, parado)

    async def _plan_rodada(self) -> None:
        plano = await self.conn.fetchrow(SQL["plan_rodada"], self.id, RECUPERAVEIS)
        if plano is not None:
            self.rodadas, self.recuperacao_em = plano["rodadas"], plano["em"]

    async def write(self) -> None:
        if self._seq == self._seq_antes:
            return
        novidade = ExecucaoEvento(automacao_id=self.automacao_id, seq=self._seq)
        await self.conn.execute(
            SQL["write"],
            self.id,
            self._seq,
            self._eventos,
            self.status,
            self.codigo,
            self.mensagem,
            sum(self.contadores.values()),
            *(self.contadores[status] for status in COLUNAS),
            self.mudou_etapa,
            self.mudou_itens,
            self._pausa_mantida,
            novidade.rota,
            novidade.model_dump_json(),
            self.rodadas,
            self.recuperacao_em,
            self.recuperada_por,
            self._recuperacao_dispensada,
        )
        if self._has_settled and not self._had_settled:
            await tell_encerrada(self.conn, self.id, self.ponto_venda_id)
        if ocasioes := list(self._list_ocasioes()):
            await tell_pessoas(self.conn, self.id, self.ponto_venda_id, ocasioes, self.contadores["erro"])

    def _list_ocasioes(self) -> Iterator[Ocasiao]:
        if self._has_settled and not self._had_settled:
            yield Ocasiao.ENCERRADA
        if self.status is StatusExecucao.BLOQUEADA and not self._was_blocked:
            yield Ocasiao.BLOQUEADA
        if self.contadores["erro"] > self._erros_antes:
            yield Ocasiao.FALHAS

    def _append(
        self, evento: str, cliente: dict[str, Any] | None, etapa: str | None, status: str, codigo: str | None
    ) -> None:
        self._seq += 1
        corpo = {
            "tipo": "evento",
            "automacao_id": str(self.automacao_id),
            "seq": self._seq,
            "em": self._em,
            "evento": evento,
            "cliente": cliente,
            "etapa": etapa,
            "status": status,
            "codigo": codigo,
            "contadores": self.contadores,
        }
        if cliente is None:
            corpo["recuperacao"] = recuperacao_dict(vars(self))
        self._eventos.append(orjson.dumps(corpo).decode())


@asynccontextmanager
async def open_diario(conn: Conn, execucao_id: int) -> AsyncIterator[Diario]:
    """Lock the execution until the caller's transaction ends; write what was told when the block is left."""
    async with _open(conn, await conn.fetchrow(SQL["lock_execucao"], execucao_id)) as diario:
        yield diario


@asynccontextmanager
async def open_diario_item(conn: Conn, item_id: int) -> AsyncIterator[Diario]:
    """The same, of the execution to which a row belongs."""
    async with _open(conn, await conn.fetchrow(SQL["lock_execucao_item"], item_id)) as diario:
        yield diario


@asynccontextmanager
async def open_diario_automacao(conn: Conn, automacao_id: UUID) -> AsyncIterator[Diario]:
    """The same, by the execution's public number."""
    async with _open(conn, await conn.fetchrow(SQL["lock_execucao_automacao"], automacao_id)) as diario:
        yield diario


@asynccontextmanager
async def _open(conn: Conn, execucao: Record | None) -> AsyncIterator[Diario]:
    if execucao is None:
        raise ExecucaoAusente
    diario = Diario(conn, execucao)
    yield diario
    await diario.write()
