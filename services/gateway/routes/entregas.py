"""Deliveries to a webhook: what was sent, how it was answered, and sending it again."""

from __future__ import annotations

from typing import Literal

from asyncpg import Record
from pydantic import AwareDatetime

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.errors import not_found
from services.gateway.paging import Pagina, page
from services.gateway.routes.webhooks import audit, find_webhook
from services.gateway.store import Conn
from services.gateway.store import entregas as store
from services.gateway.store.avisos import tell_teste
from services.gateway.store.chaves import Escopo
from services.gateway.store.webhooks import Desligado
from services.gateway.validation import Corpo
from services.gateway.vistas import list_of
from services.gateway.vistas_cobranca import EntregaVista

rotas = Rotas("Webhooks")

EXEMPLO = {
    "id": 12, "evento_id": "evt_4f…", "tipo": "boleto.arquivado", "estado": "falhou", "tentativas": 2,
    "criada_em": "2026-11-24T09:00:00-03:00", "tentada_em": "2026-11-24T09:00:05-03:00", "aceita_em": None,
    "proxima_em": "2026-11-24T09:00:35-03:00", "status_http": 503, "erro": "O servidor respondeu 503.",
    "resposta": "manutenção", "duracao_ms": 41,
    "corpo": {"specversion": "1.0", "type": "br.canopus.boleto.arquivado"},
}  # fmt: skip
_TESTE = "Se você lê isto, o endereço e a assinatura estão certos."


class ConsultaEntregas(Pagina):
    estado: Literal["pendente", "falhou", "aceita", "desistiu"] | None = None


class Reenvio(Corpo):
    """desde: of events since then; absent: of all that are kept."""

    desde: AwareDatetime | None = None


@rotas.get(
    "webhooks/{id}/entregas",
    escopo=Escopo.ADMIN,
    resumo="Lista as entregas de um webhook, as mais novas primeiro",
    descricao="São guardadas por 30 dias.",
    dados=list_of("entregas", EntregaVista),
    exemplo={"entregas": [EXEMPLO], "cursor": None},
)
async def list_entregas(chamada: Chamada, id: int, consulta: ConsultaEntregas) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        await find_webhook(chamada, conn, id)
        linhas = await store.list_entregas(conn, id, consulta.estado, consulta.cursor, consulta.buscar)
    return Resposta(page("entregas", linhas, consulta, store.view_entrega))


@rotas.get(
    "webhooks/{id}/entregas/{entrega_id}",
    escopo=Escopo.ADMIN,
    resumo="Mostra uma entrega",
    dados=EntregaVista,
    exemplo=EXEMPLO,
)
async def show_entrega(chamada: Chamada, id: int, entrega_id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        await find_webhook(chamada, conn, id)
        return Resposta(store.view_entrega(await _find(conn, id, entrega_id)))


@rotas.post(
    "webhooks/{id}/testar",
    escopo=Escopo.ADMIN,
    status=202,
    resumo="Envia um teste, uma vez; a entrega diz como foi respondido",
    dados=EntregaVista,
    exemplo=EXEMPLO | {"tipo": "teste", "estado": "pendente"},
    respostas={409: "o webhook está desligado"},
)
async def test_webhook(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find_ligado(chamada, conn, id)
        entrega_id = await tell_teste(conn, id, _TESTE)
        await audit(chamada, conn, "testar", id)
        vista = store.view_entrega(await _find(conn, id, entrega_id))
    chamada.ctx.wake()
    return Resposta(vista, "Teste enviado.")


@rotas.post(
    "webhooks/{id}/entregas/{entrega_id}/reenviar",
    escopo=Escopo.ADMIN,
    resumo="Envia uma entrega de novo, com o mesmo webhook-id",
    dados=EntregaVista,
    exemplo=EXEMPLO | {"estado": "pendente"},
    respostas={409: "o webhook está desligado"},
)
async def resend_entrega(chamada: Chamada, id: int, entrega_id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find_ligado(chamada, conn, id)
        await _find(conn, id, entrega_id)
        await store.resend(conn, id, entrega_id)
        await audit(chamada, conn, "reenviar", id, {"entrega": entrega_id})
        vista = store.view_entrega(await _find(conn, id, entrega_id))
    chamada.ctx.wake()
    return Resposta(vista, "A entrega será enviada de novo.")


@rotas.post(
    "webhooks/{id}/reenviar",
    escopo=Escopo.ADMIN,
    resumo="Envia de novo tudo o que não foi aceito",
    exemplo={"id": 1, "reenviadas": 7},
    respostas={409: "o webhook está desligado"},
)
async def resend_falhas(chamada: Chamada, id: int, corpo: Reenvio) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find_ligado(chamada, conn, id)
        quantas = await store.resend_falhas(conn, id, corpo.desde)
        await audit(chamada, conn, "reenviar", id, {"entregas": quantas})
    chamada.ctx.wake()
    return Resposta({"id": id, "reenviadas": quantas}, f"Entregas a enviar de novo: {quantas}.")


async def _find_ligado(chamada: Chamada, conn: Conn, id: int) -> None:
    if not (await find_webhook(chamada, conn, id))["ativo"]:
        raise Desligado


async def _find(conn: Conn, webhook_id: int, id: int) -> Record:
    linha = await store.find_entrega(conn, webhook_id, id)
    if linha is None:
        raise not_found("Entrega", "entrega.nao_encontrada")
    return linha
