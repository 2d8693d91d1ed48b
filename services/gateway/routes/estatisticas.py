"""Statistics: plain counts over all executions that the caller may see, as JSON and for a spreadsheet."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.routes.pedidos import disposition
from services.gateway.routes.planilhas import find_consultor_filtro
from services.gateway.store.estatisticas import read_estatisticas
from services.gateway.tabelas import write_csv
from services.gateway.validation import Consulta
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
    "por_dia": [{"dia": "2026-11-24", **_CONTAGEM}],
    "por_mes": [{"ano": 2026, "mes": 11, "consultor_id": 1, "consultor": "Marta Lima", **_CONTAGEM}],
    "por_hora": [
        {
            "hora": 9, "tentativas": 36, "p50_s": 4.1, "p95_s": 9.8, "falhas_tecnicas": 2,
            "taxa_falhas_tecnicas": 0.0556,
        }
    ],
}  # fmt: skip


class ConsultaEstatisticas(Consulta):
    """consultor: id or name."""

    ponto_venda: str | None = None
    consultor: str | None = None


@rotas.get(
    "estatisticas",
    resumo="O que foi feito: totais, dias, meses, consultores, causas, tempos e horas do portal",
    descricao="taxa_sucesso: sucessos entre os contratos tentados no portal (sem ja_baixado, cancelado e os erros que "
    "vieram antes de qualquer tentativa). Os dias são os de São Paulo, hoje incluído. `por_mes` conta 12 meses; o "
    "resto, além dos totais, 30 dias. `por_hora` junta as horas do dia dos 30 dias: tempos das tentativas que "
    "trouxeram um PDF, e a parte das que falharam por causa técnica.",
    dados=Estatisticas,
    exemplo=EXEMPLO,
)
async def show_estatisticas(chamada: Chamada, consulta: ConsultaEstatisticas) -> Resposta:
    return Resposta(await _read(chamada, consulta))


@rotas.get("estatisticas.csv", resumo="As mesmas estatísticas em CSV, para o Excel", conteudo="text/csv")
async def download_estatisticas(chamada: Chamada, consulta: ConsultaEstatisticas) -> web.StreamResponse:
    dados = await _read(chamada, consulta)
    return web.Response(
        body=write_csv(dados),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": disposition("attachment", f"estatisticas-{dados['por_dia'][-1]['dia']}.csv")},
    )


async def _read(chamada: Chamada, consulta: ConsultaEstatisticas) -> dict[str, Any]:
    acesso = chamada.acesso
    async with chamada.ctx.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        alcance = await acesso.narrow(conn, consulta.ponto_venda)
        consultor_id = await find_consultor_filtro(chamada, conn, consulta.consultor)
        return await read_estatisticas(conn, alcance, consultor_id)
