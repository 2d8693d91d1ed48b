"""Every declared route, by resource."""

from __future__ import annotations

from services.gateway.api import Rota, Rotas
from services.gateway.routes import (
    agendamentos,
    bilhetes,
    boletos,
    canais,
    clientes,
    consultores,
    credenciais,
    desfechos,
    destinatarios,
    docs,
    empresas,
    entregas,
    espelhos,
    estatisticas,
    evidencias,
    execucoes,
    health,
    links,
    live,
    mortas,
    pagamentos,
    pedidos,
    pessoas,
    planilhas,
    pontos_venda,
    previa,
    previsao,
    relatorio,
    sessao,
    situacoes,
    webhooks,
)

RECURSOS: tuple[Rotas, ...] = tuple(
    modulo.rotas
    for modulo in (
        execucoes,
        previa,
        agendamentos,
        evidencias,
        desfechos,
        relatorio,
        live,
        bilhetes,
        boletos,
        pagamentos,
        planilhas,
        clientes,
        pontos_venda,
        consultores,
        links,
        credenciais,
        pedidos,
        sessao,
        destinatarios,
        canais,
        situacoes,
        pessoas,
        estatisticas,
        previsao,
        webhooks,
        entregas,
        espelhos,
        mortas,
        empresas,
        health,
        docs,
    )
)


def list_rotas() -> list[Rota]:
    return [rota for recurso in RECURSOS for rota in recurso.todas]
