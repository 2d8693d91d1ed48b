"""The rows of an execution: each change through its journal, so that counters and events are never behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asyncpg import Record

from services.gateway.execucao import PAGO
from services.gateway.store import load_sql
from services.gateway.store.diario import Diario
from services.gateway.store.quadro import Linha
from shared.outcomes import StatusCliente, find_desfecho

SQL = load_sql("itens")


@dataclass(frozen=True)
class Falha:
    """Why an attempt ended. evidencia: claim checks, as JSON."""

    codigo: str
    mensagem: str
    etapa: str
    evidencia: list[dict[str, Any]] = field(default_factory=list)

    def entry(self, tentativa: int) -> list[dict[str, Any]]:
        """What `historico` keeps of it."""
        return [
            {
                "tentativa": tentativa,
                "codigo": self.codigo,
                "mensagem": self.mensagem,
                "etapa": self.etapa,
                "em": datetime.now(UTC).isoformat(timespec="milliseconds"),
            }
        ]


async def end_item(diario: Diario, item: Linha, status: StatusCliente, falha: Falha, *, parado: bool) -> None:
    """Close one row with its failure; the attempt that ended so is spent."""
    linhas = await diario.conn.fetch(
        SQL["end_items"],
        [item["id"]],
        status,
        falha.codigo,
        falha.mensagem,
        parado,
        falha.entry(item["tentativas"] + 1),
        falha.evidencia,
        1,
    )
    diario.tell(linhas, item["status"])


async def have_items(diario: Diario, itens: Sequence[int], boletos: Sequence[int], antes: StatusCliente | str) -> None:
    """Close rows whose boletos are filed already; both in the same order."""
    pago = find_desfecho(PAGO)
    linhas = await diario.conn.fetch(SQL["have_items"], list(itens), list(boletos), pago.codigo, pago.texto)
    diario.tell(linhas, antes)


async def return_item(
    diario: Diario,
    item: Record,
    *,
    espera_s: float = 0.0,
    gasta: bool = False,
    perda: bool = False,
    falha: Falha | None = None,
) -> None:
    """Back to the queue. A row that never began goes back silently: nobody was told that it had left."""
    linhas = await diario.conn.fetch(
        SQL["return_items"],
        [item["id"]],
        espera_s,
        int(gasta),
        int(perda),
        falha.codigo if falha else None,
        falha.mensagem if falha else None,
        falha.entry(item["tentativas"] + int(gasta)) if falha else [],
        falha.evidencia if falha else [],
    )
    if falha or item["status"] != StatusCliente.PENDENTE:
        diario.tell(linhas, item["status"])


async def end_items(
    diario: Diario,
    itens: Sequence[Record],
    status: StatusCliente,
    codigo: str | None,
    *,
    parado: bool = False,
    evidencia: Sequence[dict[str, Any]] = (),
) -> None:
    """Close many rows for one reason that is not theirs; `itens` as they were."""
    mensagem = find_desfecho(codigo).texto if codigo else None
    for antes, ids in _by_status(itens):
        linhas = await diario.conn.fetch(
            SQL["end_items"], ids, status, codigo, mensagem, parado, [], list(evidencia), 0
        )
        diario.tell(linhas, antes)


async def restart_items(diario: Diario, itens: Sequence[Record]) -> None:
    """A person acted: closed rows wait again, as new."""
    for antes, ids in _by_status(itens):
        diario.tell(await diario.conn.fetch(SQL["restart_items"], ids), antes)


def _by_status(itens: Sequence[Record]) -> list[tuple[str, list[int]]]:
    grupos: dict[str, list[int]] = {}
    for item in itens:
        grupos.setdefault(item["status"], []).append(item["id"])
    return list(grupos.items())
