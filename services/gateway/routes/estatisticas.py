"""Statistics: plain counts over all executions that the caller may see."""

from __future__ import annotations

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.store.estatisticas import read_estatisticas
from services.gateway.vistas import Estatisticas

rotas = Rotas("Estatísticas")

_CONTAGEM = {
    "total": 40, "sucesso": 30, "erro": 2, "cpf_nao_encontrado": 1, "sem_boleto": 3, "ja_baixado": 4, "cancelado": 0,
    "taxa_sucesso": 0.8333,
}  # fmt: skip
EXEMPLO = {
    "totais": {"hoje": _CONTAGEM, "dias_7": _CONTAGEM, "dias_30": _CONTAGEM},
    "etapas": [{"etapa": "emitindo", "medidas": 36, "p50_s": 1.4, "p95_s": 3.2}],
    "por_consultor": [{"consultor_id": 1, "consultor": "Marta Lima", **_CONTAGEM}],
    "por_causa": [
        {"codigo": "boleto.inexistente", "titulo": "Sem boleto", "quem_age": "ninguém", "quantidade": 3}
    ],
}  # fmt: skip


@rotas.get(
    "estatisticas",
    resumo="O que foi feito hoje, em 7 e em 30 dias; tempos por etapa, consultores e causas dos últimos 30 dias",
    descricao="taxa_sucesso: sucessos entre os contratos tentados no portal (sem ja_baixado e cancelado). Os dias são "
    "os de São Paulo, hoje incluído.",
    dados=Estatisticas,
    exemplo=EXEMPLO,
)
async def show_estatisticas(chamada: Chamada) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        return Resposta(await read_estatisticas(conn, chamada.acesso.alcance))
