"""Webhooks: which systems are told of what, and the secrets they know us by. A secret comes out once."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from asyncpg import Record
from pydantic import Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.assinatura import make_segredo
from services.gateway.auth import forbid_ponto_venda
from services.gateway.campos import Linha, Mudado, PontoVenda
from services.gateway.destinos import parse_destino
from services.gateway.errors import invalid_field, not_found
from services.gateway.paging import Pagina, page
from services.gateway.store import Conn
from services.gateway.store import webhooks as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Corpo
from services.gateway.vistas import list_of
from services.gateway.vistas_cobranca import WebhookCriado, WebhookVisto

rotas = Rotas(
    "Webhooks",
    "Outros sistemas, avisados por POST assinado (Standard Webhooks) no envelope CloudEvents. Uma entrega é tentada "
    "por um dia até que o servidor responda 2xx; repetições levam o mesmo `webhook-id`: guarde-o e ignore o que já "
    "veio.",
)

EXEMPLO = {
    "id": 1, "nome": "CRM", "url": "https://crm.exemplo.com.br/canopus", "eventos": ["boleto.arquivado"],
    "ponto_venda": None, "ativo": True, "desligado_em": None, "desligado_motivo": None, "segredo_anterior_ate": None,
    "em_espera_ate": None, "pendentes": 0, "falhando": 0, "desistidas": 0,
    "ultima_aceita_em": "2026-11-24T09:00:00-03:00",
    "created_at": "2026-11-24T09:00:00-03:00", "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip
_SEGREDO = {"segredo": "whsec_…"}

NomeWebhook = Annotated[Linha, Field(min_length=1, max_length=100)]
UrlWebhook = Annotated[Linha, Field(min_length=1, max_length=2000)]
Eventos = Annotated[tuple[Literal["boleto.arquivado", "execucao.encerrada"], ...], Field(min_length=1, max_length=2)]


class NovoWebhook(Corpo):
    """eventos null or absent: all. ponto_venda null or absent: events of all."""

    nome: NomeWebhook
    url: UrlWebhook
    eventos: Eventos | None = None
    ponto_venda: PontoVenda | None = None


class MudancaWebhook(Corpo):
    """eventos, ponto_venda null: all; absent: as they are. ativo true: also switches on one that a 410 switched off."""

    nome: Mudado[NomeWebhook] = None
    url: Mudado[UrlWebhook] = None
    eventos: Eventos | None = None
    ponto_venda: PontoVenda | None = None
    ativo: Mudado[bool] = None


class TrocaSegredo(Corpo):
    """validade_horas: for which the former secrets sign too, at the least; 0: from now on the new one alone."""

    validade_horas: Annotated[int, Field(ge=0, le=168)] = 24


@rotas.get(
    "webhooks",
    escopo=Escopo.ADMIN,
    resumo="Lista os webhooks",
    dados=list_of("webhooks", WebhookVisto),
    exemplo={"webhooks": [EXEMPLO], "cursor": None},
)
async def list_webhooks(chamada: Chamada, consulta: Pagina) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await store.list_webhooks(conn, chamada.acesso.alcance, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("webhooks", linhas, consulta, store.view_webhook))


@rotas.get(
    "webhooks/{id}", escopo=Escopo.ADMIN, resumo="Mostra um webhook", dados=WebhookVisto, exemplo=EXEMPLO
)  # fmt: skip
async def show_webhook(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        return Resposta(store.view_webhook(await find_webhook(chamada, conn, id)))


@rotas.post(
    "webhooks",
    escopo=Escopo.ADMIN,
    status=201,
    resumo="Cadastra um webhook, com um segredo que só aparece aqui",
    dados=WebhookCriado,
    exemplo=EXEMPLO | _SEGREDO,
    respostas={409: "já há webhooks demais"},
)
async def create_webhook(chamada: Chamada, corpo: NovoWebhook) -> Resposta:
    segredo = make_segredo()
    pedidos = corpo.model_dump()
    _check_url(chamada, corpo.url)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        colunas = await _resolve(chamada, conn, pedidos)
        colunas["segredo"] = chamada.ctx.chaveiro.encrypt(segredo)
        id = await store.insert_webhook(conn, colunas)
        await audit(chamada, conn, "criar", id, pedidos)
        vista = store.view_webhook(await find_webhook(chamada, conn, id))
    texto = "Webhook cadastrado. Guarde o segredo no outro sistema: ele não será mostrado de novo."
    return Resposta(vista | {"segredo": segredo}, texto)


@rotas.patch(
    "webhooks/{id}", escopo=Escopo.ADMIN, resumo="Altera um webhook, ou o liga e desliga", dados=WebhookVisto,
    exemplo=EXEMPLO,
)  # fmt: skip
async def change_webhook(chamada: Chamada, id: int, corpo: MudancaWebhook) -> Resposta:
    pedidos = corpo.model_dump(exclude_unset=True)
    if corpo.url is not None:
        _check_url(chamada, corpo.url)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await find_webhook(chamada, conn, id)
        await store.update_webhook(conn, id, await _resolve(chamada, conn, pedidos))
        await audit(chamada, conn, "alterar", id, pedidos)
        vista = store.view_webhook(await find_webhook(chamada, conn, id))
    chamada.ctx.wake()
    return Resposta(vista, "Webhook alterado.")


@rotas.delete(
    "webhooks/{id}", escopo=Escopo.ADMIN, resumo="Exclui um webhook e as suas entregas",
    exemplo={"id": 1, "excluido": True},
)  # fmt: skip
async def delete_webhook(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await find_webhook(chamada, conn, id)
        await store.delete_webhook(conn, id)
        await audit(chamada, conn, "excluir", id)
    return Resposta({"id": id, "excluido": True}, "Webhook excluído.")


@rotas.post(
    "webhooks/{id}/segredo",
    escopo=Escopo.ADMIN,
    resumo="Troca o segredo; por um tempo o antigo também assina",
    descricao="Enquanto os antigos valem, `webhook-signature` leva uma assinatura de cada: basta que uma confira.",
    dados=WebhookCriado,
    exemplo=EXEMPLO | _SEGREDO,
)
async def rotate_segredo(chamada: Chamada, id: int, corpo: TrocaSegredo) -> Resposta:
    segredo = make_segredo()
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await find_webhook(chamada, conn, id)
        await store.rotate_segredo(conn, chamada.ctx.chaveiro, id, segredo, corpo.validade_horas)
        await audit(chamada, conn, "trocar_segredo", id, corpo.model_dump())
        vista = store.view_webhook(await find_webhook(chamada, conn, id))
    return Resposta(vista | {"segredo": segredo}, "Segredo trocado. Guarde o novo no outro sistema.")


async def find_webhook(chamada: Chamada, conn: Conn, id: int) -> Record:
    """Raises ApiError 404."""
    linha = await store.find_webhook(conn, id, chamada.acesso.alcance)
    if linha is None:
        raise not_found("Webhook", "webhook.nao_encontrado")
    return linha


def _check_url(chamada: Chamada, url: str) -> None:
    try:
        parse_destino(url, privados=chamada.ctx.settings.webhooks_privados)
    except ValueError as erro:
        raise invalid_field("url", str(erro)) from erro


async def _resolve(chamada: Chamada, conn: Conn, pedidos: dict[str, Any]) -> dict[str, Any]:
    """The body's fields as columns. Events of every ponto de venda are for who sees every one."""
    colunas = dict(pedidos)
    if "ponto_venda" in colunas:
        codigo = colunas.pop("ponto_venda")
        if codigo is None and chamada.acesso.alcance is not None:
            raise forbid_ponto_venda()
        ponto = await chamada.acesso.find_ponto_venda(conn, codigo) if codigo else None
        colunas["ponto_venda_id"] = ponto["id"] if ponto else None
    return colunas


async def audit(chamada: Chamada, conn: Conn, verbo: str, id: int, campos: dict[str, Any] | None = None) -> None:
    """Of an address only its server: the rest may hold a secret."""
    detalhes = {campo: urlsplit(valor).netloc if campo == "url" else valor for campo, valor in (campos or {}).items()}
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao=f"webhook.{verbo}", alvo=f"webhooks/{id}", detalhes=detalhes
    )
