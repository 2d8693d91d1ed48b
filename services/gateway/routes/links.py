"""Workbooks by a Google Drive link: looked at now, one consultor's or all."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.api import Chamada, Resposta, Rotas, send_resposta
from services.gateway.atualizador import Ocupada
from services.gateway.destinos import DestinoFalhou
from services.gateway.errors import ApiError, conflict, not_found, unavailable
from services.gateway.routes.pedidos import EXEMPLO_202, wait_pedido
from services.gateway.routes.planilhas import EXEMPLO_RELATO
from services.gateway.store import Conn, cadastros, planilhas
from services.gateway.store import links as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.validation import Consulta
from services.gateway.vistas import Importacao

rotas = Rotas(
    "Links de planilha",
    "A planilha de um consultor por um link do Google Drive (`link_planilha_drive` do consultor): o sistema a abre "
    "sozinho, todo dia, e importa o que mudou; ou quando uma pessoa pede.",
)

DESCRICAO = (
    "Abre o link com as contas dos espelhos no Google Drive deste escritório ou, se nenhuma o alcança, como qualquer "
    "pessoa com o link; e importa a planilha como um envio, dentro do que vê quem cadastrou o link. O que já foi "
    "importado não é importado outra vez, salvo com forcar=true: responde 200, com o relato daquela importação."
)
_EM_DIA = "A planilha já está em dia: nada mudou desde a última importação."


class ConsultaLink(Consulta):
    forcar: bool = False


@rotas.post(
    "consultores/{id}/atualizar-planilha",
    status=201,
    resumo="Abre agora o link da planilha de um consultor e importa o que mudou",
    descricao=DESCRICAO,
    dados=Importacao,
    exemplo=EXEMPLO_RELATO,
    respostas={
        200: "já está em dia: o relato é o da última importação",
        202: f"a leitura ainda corre: veja Location ({EXEMPLO_202})",
        409: "o consultor não tem link ou está inativo, ou a planilha está sendo aberta agora",
        422: "o link não está aberto, ou não leva a uma planilha de clientes",
        503: "nenhum namer está no ar, ou o Google não respondeu",
    },
)
async def refresh_planilha(chamada: Chamada, id: int, consulta: ConsultaLink) -> web.StreamResponse:
    ctx = chamada.ctx
    async with ctx.pool.acquire() as conn:
        link = await _find_link(chamada, conn, id)
    if link["importando"]:
        return await wait_pedido(chamada, link["pedido_id"])
    await ctx.pedidos.check_servico("planilha")
    async with ctx.pool.acquire() as conn:
        await record_auditoria(
            conn, quem=chamada.acesso.quem, acao="consultor.atualizar_planilha", alvo=f"consultores/{id}",
            detalhes={"forcar": consulta.forcar},
        )  # fmt: skip
    try:
        pedido_id = await ctx.atualizador.refresh(id, chamada.acesso.quem, forcar=consulta.forcar)
    except Ocupada as erro:
        texto = "Esta planilha está sendo aberta agora. Veja o resultado em instantes."
        raise conflict("planilha.ocupada", texto) from erro
    except DestinoFalhou as erro:
        raise _explain(erro) from erro
    if pedido_id is None:
        async with ctx.pool.acquire() as conn:
            return send_resposta(Resposta(await _read_ultima(conn, id), _EM_DIA), 200)
    ctx.wake()
    return await wait_pedido(chamada, pedido_id)


@rotas.post(
    "consultores/atualizar-planilhas",
    status=202,
    resumo="Pede que os links de planilha de todos os consultores sejam abertos agora",
    descricao=(
        "Só os dos consultores ativos que quem chama vê, de pontos de venda ativos. O resultado de cada um fica no "
        "consultor."
    ),
    exemplo={"pedidas": 12},
)
async def refresh_planilhas(chamada: Chamada) -> Resposta:
    ctx = chamada.ctx
    await ctx.pedidos.check_servico("planilha")
    async with ctx.pool.acquire() as conn, conn.transaction():
        pedidas = await store.ask_links(conn, chamada.acesso.alcance, chamada.acesso.quem)
        await record_auditoria(
            conn, quem=chamada.acesso.quem, acao="consultor.atualizar_planilhas", alvo="consultores",
            detalhes={"pedidas": pedidas},
        )  # fmt: skip
    ctx.atualizador.wake()
    return Resposta({"pedidas": pedidas}, f"Planilhas a atualizar: {pedidas}.")


async def _find_link(chamada: Chamada, conn: Conn, id: int) -> Any:
    consultor = await cadastros.find_consultor(conn, id, chamada.acesso.alcance)
    if consultor is None:
        raise not_found("Consultor", "consultor.nao_encontrado")
    if not consultor["ativo"]:
        raise conflict("consultor.inativo", "O consultor está inativo: reative-o antes de atualizar a planilha.")
    if not consultor["ponto_venda_ativo"]:
        raise conflict("ponto_venda.inativo", "O ponto de venda do consultor está inativo: reative-o antes.")
    link = await store.find_link(conn, id)
    if link is None:
        raise conflict("planilha.sem_link", "O consultor não tem link de planilha: cadastre-o e tente de novo.")
    return link


def _explain(erro: DestinoFalhou) -> ApiError:
    if erro.status is None or erro.status == 429 or erro.status >= 500:
        return unavailable("planilha.nuvem_indisponivel", str(erro), 60)
    return ApiError(422, "planilha.link_recusado", str(erro))


async def _read_ultima(conn: Conn, consultor_id: int) -> dict[str, Any]:
    linha = await store.find_planilha(conn, consultor_id)
    if linha is None:
        raise conflict("planilha.ocupada", "O link mudou enquanto era aberto. Tente de novo.")
    vista = planilhas.view_planilha(linha)
    return {campo: vista[campo] for campo in Importacao.model_fields if campo in vista} | {"simulado": False}
