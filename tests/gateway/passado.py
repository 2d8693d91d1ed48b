"""A seeded history as rows of ended executions, so that the prediction has an office's log to learn from."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.gateway.store import Pool
from shared.events import Historia
from shared.previsao import FUSO
from tests.gateway.cadastro import Loja, cpf_de
from tests.previsor.historias import Perigo, make_historia

FORA = "portal.fora_do_ar.http_5xx"


def make_passado(perigo: Perigo, *, dias: int = 120, por_dia: int = 40, contratos: int = 150) -> Historia:
    """It ends yesterday: what is older than half a year is not remembered."""
    ontem = datetime.now(FUSO).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=dias)
    return make_historia(perigo, dias=dias, por_dia=por_dia, contratos=contratos, pontos=1, comeco=ontem)


async def add_passado(pool: Pool, loja: Loja, historia: Historia, codigo: str = FORA) -> None:
    """One execution with a row a try, of the clients 1, 2, 3… in group 6650, as `add_loja` makes them."""
    execucao = await pool.fetchrow(
        "INSERT INTO execucoes_automacao"
        " (tipo, ponto_venda_id, status, total_clientes, processados_sucesso, finalizado_em)"
        " VALUES ('download_boletos', $1, 'concluida', $2, $2, now()) RETURNING id, automacao_id",
        loja.id, len(historia.tentativas),
    )  # fmt: skip
    assert execucao is not None
    linhas = [
        (
            execucao["id"], execucao["automacao_id"], loja.id, cpf_de(t.contrato + 1), t.contrato + 1,
            [{"tentativa": 1, "codigo": codigo, "mensagem": "visto", "etapa": "buscando", "em": t.fim.isoformat()}]
            if t.falhou else [],
            t.inicio, t.fim + timedelta(seconds=30),
        )
        for t in historia.tentativas
    ]  # fmt: skip
    await pool.executemany(
        "INSERT INTO log_downloads_boletos (execucao_id, automacao_id, ponto_venda_id, cpf, grupo, cota, historico,"
        " iniciado_em, finalizado_em, status, etapa, tentativas)"
        " VALUES ($1, $2, $3, $4, 6650, $5, $6, $7, $8, 'sucesso', 'arquivado', 1)",
        linhas,
    )
