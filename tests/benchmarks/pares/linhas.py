"""What a task queue's worker writes for one contract: the same rows and events as the gateway, a commit a step.

The statements take no more than they need: the row, the execution's counters with the next `seq`, the event.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PASSOS = ("buscando", "emitindo", "baixando", "verificando", "nomeando")
PDF = b"%PDF-1.4\n" + bytes(20_000) + b"%%EOF"
CAMPOS = (
    "id", "cliente_final_id", "nome_cliente", "cpf", "grupo", "cota", "status", "etapa", "codigo", "mensagem_erro",
    "tentativas", "mes_referencia", "ano_referencia", "boleto_id", "arquivo_caminho", "iniciado_em", "finalizado_em",
)  # fmt: skip

PASSO = """UPDATE log_downloads_boletos
SET status = 'processando', etapa = $2, iniciado_em = coalesce(iniciado_em, now()) WHERE id = $1 RETURNING *"""
BOLETO = """INSERT INTO boletos (ponto_venda_id, cliente_final_id, consultor_id, cpf, nome_cliente, grupo, cota,
    mes_referencia, ano_referencia, data_vencimento, valor_original, arquivo_caminho, arquivo_sha256, arquivo_tamanho,
    automacao_id)
SELECT ponto_venda_id, cliente_final_id, consultor_id, cpf, nome_cliente, grupo, cota, mes_referencia, ano_referencia,
       make_date(ano_referencia, mes_referencia, 10), 123.45, $2, repeat('0', 64), $3, automacao_id
FROM log_downloads_boletos WHERE id = $1 RETURNING id"""
FIM = """UPDATE log_downloads_boletos
SET status = 'sucesso', etapa = 'arquivado', boleto_id = $2, arquivo_caminho = $3, finalizado_em = now(),
    baixado_em = now()
WHERE id = $1 RETURNING *"""
CONTA = """UPDATE execucoes_automacao
SET seq = seq + 1, status = 'em_andamento', pendentes = pendentes - $2, processando = processando + $2 - $3,
    processados_sucesso = processados_sucesso + $3
WHERE id = $1
RETURNING seq, pendentes, processando, processados_sucesso, processados_erro, processados_nao_encontrado,
          processados_sem_boleto, ja_baixados, cancelados"""
EVENTO = "INSERT INTO eventos (execucao_id, seq, corpo) VALUES ($1, $2, $3)"


def encode_evento(linha: Mapping[str, Any], execucao: Mapping[str, Any]) -> str:
    """The frame that a socket would get."""
    cliente = {campo: linha[campo] for campo in CAMPOS}
    return json.dumps(
        {
            "tipo": "evento", "automacao_id": linha["automacao_id"], "seq": execucao["seq"], "cliente": cliente,
            "etapa": linha["etapa"], "status": linha["status"], "contadores": dict(execucao),
        },
        default=str,
    )  # fmt: skip


def write_pdf(pasta: str, item_id: int) -> str:
    caminho = Path(pasta) / f"CLIENTE_{item_id}.pdf"
    caminho.write_bytes(PDF)
    return str(caminho)
