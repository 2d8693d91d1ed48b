"""The pipeline as a Celery task: acknowledged late, confirmed, on a quorum queue, its rows by psycopg."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import psycopg
from celery import Celery
from psycopg.rows import dict_row

from tests.benchmarks.pares.linhas import BOLETO, CONTA, EVENTO, FIM, PASSO, PASSOS, PDF, encode_evento, write_pdf

app = Celery("pares", broker=os.environ["BENCH_AMQP_URL"].replace("amqp://", "pyamqp://"))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_default_queue="celery",
    task_default_queue_type="quorum",
    worker_prefetch_multiplier=4,
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
)
_conn: psycopg.Connection[dict[str, Any]] | None = None


def _connect() -> psycopg.Connection[dict[str, Any]]:
    """One connection for each process of the pool."""
    global _conn
    if _conn is None:
        _conn = psycopg.connect(os.environ["BENCH_DATABASE_URL"], row_factory=dict_row, prepare_threshold=0)
    return _conn


def _sql(texto: str) -> str:
    return re.sub(r"\$(\d)", r"%(p\1)s", texto)


PASSO_, BOLETO_, CONTA_, EVENTO_, FIM_ = map(_sql, (PASSO, BOLETO, CONTA, EVENTO, FIM))


def _run(sql: str, *valores: Any) -> Any:
    cursor = _connect().execute(sql, {f"p{n}": valor for n, valor in enumerate(valores, 1)})
    return cursor.fetchone() if cursor.description else None


def _tell(linha: Mapping[str, Any], comecou: int, terminou: int) -> None:
    execucao = _run(CONTA_, linha["execucao_id"], comecou, terminou)
    _run(EVENTO_, linha["execucao_id"], execucao["seq"], encode_evento(linha, execucao))


def fetch(item_id: int) -> None:
    conn = _connect()
    for numero, passo in enumerate(PASSOS):
        with conn.transaction():
            _tell(_run(PASSO_, item_id, passo), int(numero == 0), 0)
    caminho = write_pdf(os.environ["BENCH_PASTA"], item_id)
    with conn.transaction():
        boleto = _run(BOLETO_, item_id, caminho, len(PDF))
        _tell(_run(FIM_, item_id, boleto["id"], caminho), 0, 1)


fetch_task = app.task(fetch, name="fetch")
