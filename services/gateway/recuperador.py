"""The automatic recovery: technical failures of an ended execution are tried again, in rounds with growing pauses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from services.gateway.agendador import Relogio
from services.gateway.lacos import repeat
from services.gateway.store import Conn, Pool, load_sql, read_agora
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.diario import Diario, open_diario
from services.gateway.store.empresas import restrict
from services.gateway.store.recusas import Recusa
from services.gateway.store.submissao import reprocess_execucao
from shared.outcomes import RECUPERAVEIS, StatusCliente

log = logging.getLogger(__name__)
SQL = load_sql("recuperacao")

QUEM = "recuperação automática"
# No pause is longer; and a round that could not begin for so long is of no use any more.
PRAZO = timedelta(days=1)
# Further ahead than this a round is only where the clock was set back; a clock that is put right by seconds is not.
ADIANTE = PRAZO + timedelta(minutes=1)


class Recuperador:
    """Any number of gateways may run it: a round begins under its execution's lock. on_commit: called after one."""

    def __init__(
        self, pool: Pool, on_commit: Callable[[], None], relogio: Relogio = read_agora, ritmo_s: float = 5.0
    ) -> None:
        self._pool = pool
        self._on_commit = on_commit
        self._relogio = relogio
        self._ritmo_s = ritmo_s

    async def run(self) -> None:
        await repeat(self.tick, self._ritmo_s, ja=False)

    async def tick(self) -> list[UUID]:
        """The executions begun."""
        iniciadas: list[UUID] = []
        mudou = False
        async with self._pool.acquire() as conn:
            agora = await self._relogio(conn)
            for linha in await conn.fetch(SQL["list_devidas"], agora, agora + ADIANTE):
                try:
                    async with conn.transaction(), open_diario(conn, linha["id"]) as diario:
                        nova = await _begin(conn, diario, agora)
                        mudou |= diario.recuperacao_em is None
                except Exception:  # edge: one execution of many; the others go on
                    log.exception("recuperador.execution_failed", extra={"execucao_id": linha["id"]})
                    continue
                iniciadas += [nova] if nova else []
        if mudou:
            self._on_commit()
        return iniciadas


async def _begin(conn: Conn, diario: Diario, agora: datetime) -> UUID | None:
    """The round that is due; None: it is dropped, left for later, or another gateway began it."""
    if diario.recuperacao_em is None or agora < diario.recuperacao_em <= agora + ADIANTE:
        return None
    condicao = await conn.fetchrow(SQL["find_condicao"], diario.ponto_venda_id)
    assert condicao is not None
    rodada = diario.rodada + 1
    if not condicao["ativo"] or rodada > condicao["rodadas"]:
        diario.drop_rodada("Sem nova tentativa automática: o ponto de venda não a pede mais.")
        return None
    motivo = None
    if not condicao["atendivel"]:
        motivo = "a credencial espera uma pessoa"
    elif not condicao["livre"]:
        motivo = "o portal não voltou"
    if agora - diario.recuperacao_em > PRAZO:
        motivo = motivo or "o sistema esteve parado"
        diario.drop_rodada(f"Sem nova tentativa automática: em um dia, {motivo}. Reprocesse quando puder.")
        return None
    if motivo:
        return None
    try:
        async with conn.transaction(), restrict(conn, diario.empresa_id):
            nova = await reprocess_execucao(
                conn,
                diario.automacao_id,
                status=[StatusCliente.ERRO],
                codigos=RECUPERAVEIS,
                usuario=QUEM,
                rodada=rodada,
                rodadas=condicao["rodadas"],
            )
    except Recusa as recusa:
        diario.drop_rodada(f"Sem nova tentativa automática: {recusa}")
        return None
    diario.note_rodada(nova)
    await record_auditoria(
        conn,
        quem=QUEM,
        acao="execucao.reprocessar",
        alvo=f"execucoes/{diario.automacao_id}",
        detalhes={"nova": str(nova), "rodada": rodada},
        empresa_id=diario.empresa_id,
    )
    return nova
