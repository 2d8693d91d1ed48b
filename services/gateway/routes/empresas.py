"""The offices of this installation, for whoever looks after it."""

from __future__ import annotations

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.paging import Pagina, page
from services.gateway.store import empresas as store
from services.gateway.store.chaves import Escopo
from services.gateway.vistas import EmpresaVista, list_of

rotas = Rotas("Escritórios")

EXEMPLO = {
    "codigo": "filial", "nome": "Filial", "ativa": True, "max_sessoes": None, "created_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip


@rotas.get(
    "empresas",
    escopo=Escopo.ADMIN,
    instalacao=True,
    resumo="Lista os escritórios desta instalação",
    descricao="Para quem administra o primeiro. Criam-se, exportam-se e apagam-se com `canopus empresas`.",
    dados=list_of("empresas", EmpresaVista),
    exemplo={"empresas": [EXEMPLO], "cursor": None},
)
async def list_empresas(chamada: Chamada, consulta: Pagina) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await store.list_empresas(conn, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("empresas", linhas, consulta, lambda linha: {campo: linha[campo] for campo in EXEMPLO}))
