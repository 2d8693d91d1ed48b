"""What an operator sees before a job starts: how much of it is there already, and what failed the last time."""

from __future__ import annotations

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.execucao import hoje
from services.gateway.routes.execucoes import read_submissao
from services.gateway.schemas import Previa, Submissao
from services.gateway.store import read_agora
from services.gateway.store.submissao import preview_execucao

rotas = Rotas("Execuções")


@rotas.post(
    "previa-downloads-ponto-venda",
    resumo="Diz o que o mesmo corpo de processar-downloads-ponto-venda faria; nada muda",
    dados=Previa,
    respostas={409: "O ponto de venda está inativo."},
)
async def show_previa(chamada: Chamada, corpo: Submissao) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction(readonly=True):
        nova = await read_submissao(conn, chamada.acesso, corpo)
        return Resposta(await preview_execucao(conn, nova, hoje(await read_agora(conn))))
