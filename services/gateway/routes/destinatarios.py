"""Who is told of what, by which channel; and the notices themselves: how they were taken, and sending one again.

Who administers everything sees and sets everybody's; any other person, her own, and finds nobody else's.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from asyncpg import Record
from pydantic import Field

from services.gateway import leque
from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.auth import Acesso
from services.gateway.campos import Linha, Mudado
from services.gateway.errors import ApiError, conflict, invalid_field, not_found
from services.gateway.paging import Pagina, page
from services.gateway.routes.canais import find_canal, open_segredos
from services.gateway.store import Conn, correio
from services.gateway.store import canais as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Corpo
from services.gateway.vistas import list_of
from services.gateway.vistas_avisos import AvisoVisto, DestinatarioVisto

rotas = Rotas("Avisos")

EXEMPLO = {
    "id": 1, "pessoa_id": 1, "pessoa": "Ana Lima", "canal_id": 1, "canal": "WhatsApp do escritório",
    "servico": "WhatsApp", "endereco": "5567999990000", "eventos": ["execucao.bloqueada"], "limite_falhas": 5,
    "ativo": True, "pendentes": 0, "falhando": 0, "desistidos": 0, "ultimo_aceito_em": "2026-11-24T09:00:00-03:00",
    "created_at": "2026-11-24T09:00:00-03:00", "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip
EXEMPLO_AVISO = {
    "id": 12, "pessoa": "Ana Lima", "canal": "WhatsApp do escritório", "destinatario_id": 1,
    "tipo": "execucao.encerrada", "titulo": "Execução concluída · 17.308", "texto": "Baixados: 26, contratos: 26.",
    "estado": "entregue", "tentativas": 1, "criado_em": "2026-11-24T09:00:00-03:00",
    "tentado_em": "2026-11-24T09:00:00-03:00", "proxima_em": None, "aceito_em": "2026-11-24T09:00:01-03:00",
    "entregue_em": "2026-11-24T09:00:03-03:00", "lido_em": None, "erro": None,
}  # fmt: skip
# A number without its country is a Brazilian one.
_PAIS = "55"

Eventos = Annotated[
    tuple[Literal["execucao.encerrada", "execucao.bloqueada", "execucao.falhas"], ...],
    Field(min_length=1, max_length=3),
]
Endereco = Annotated[Linha, Field(min_length=1, max_length=200)]
LimiteFalhas = Annotated[int, Field(ge=0, le=1_000_000)]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NovoDestinatario(Corpo):
    """pessoa_id absent: whoever calls. endereco: where the channel asks for one. eventos null or absent: all.
    Told of the pontos de venda that the person sees; of failures past limite_falhas, once in each execution."""

    pessoa_id: Id | None = None
    canal_id: Id
    endereco: Endereco | None = None
    eventos: Eventos | None = None
    limite_falhas: LimiteFalhas = 5


class MudancaDestinatario(Corpo):
    """eventos null: all; absent: as they are."""

    endereco: Mudado[Endereco] = None
    eventos: Eventos | None = None
    limite_falhas: Mudado[LimiteFalhas] = None
    ativo: Mudado[bool] = None


class ConsultaAvisos(Pagina):
    estado: Literal["pendente", "falhou", "aceito", "entregue", "lido", "desistiu"] | None = None


@rotas.get(
    "destinatarios", resumo="Lista quem é avisado, de quê e por onde; de si, quem não administra tudo",
    dados=list_of("destinatarios", DestinatarioVisto), exemplo={"destinatarios": [EXEMPLO], "cursor": None},
)  # fmt: skip
async def list_destinatarios(chamada: Chamada, consulta: Pagina) -> Resposta:
    dono = _find_dono(chamada.acesso)
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await store.list_destinatarios(conn, dono, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("destinatarios", linhas, consulta, store.view_destinatario))


@rotas.post(
    "destinatarios", escopo=Escopo.LEITURA, status=201, resumo="Cadastra quem é avisado", dados=DestinatarioVisto,
    exemplo=EXEMPLO, respostas={403: "os avisos são de outra pessoa", 404: "a pessoa ou o canal não existe",
    409: "a pessoa já é avisada por lugares demais"},
)  # fmt: skip
async def create_destinatario(chamada: Chamada, corpo: NovoDestinatario) -> Resposta:
    pedidos = corpo.model_dump() | {"pessoa_id": _find_pessoa(chamada.acesso, corpo.pessoa_id)}
    async with chamada.ctx.pool.acquire() as conn:
        canal = await find_canal(conn, corpo.canal_id)
    colunas = pedidos | {"endereco": await _check_endereco(chamada, canal, corpo.endereco)}
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        id = await store.insert_destinatario(conn, colunas)
        await _audit(chamada, conn, "criar", id, pedidos)
        vista = store.view_destinatario(await _find(chamada, conn, id))
    return Resposta(vista, "Cadastrado. Envie um teste.")


@rotas.patch(
    "destinatarios/{id}", escopo=Escopo.LEITURA, resumo="Altera de que, ou onde, alguém é avisado",
    dados=DestinatarioVisto, exemplo=EXEMPLO,
)  # fmt: skip
async def change_destinatario(chamada: Chamada, id: int, corpo: MudancaDestinatario) -> Resposta:
    pedidos = corpo.model_dump(exclude_unset=True)
    async with chamada.ctx.pool.acquire() as conn:
        canal = await find_canal(conn, (await _find(chamada, conn, id))["canal_id"])
    mudancas = dict(pedidos)
    if "endereco" in pedidos:
        mudancas["endereco"] = await _check_endereco(chamada, canal, corpo.endereco)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await store.update_destinatario(conn, id, mudancas)
        await _audit(chamada, conn, "alterar", id, pedidos)
        vista = store.view_destinatario(await _find(chamada, conn, id))
    chamada.ctx.wake()
    return Resposta(vista, "Alterado.")


@rotas.delete(
    "destinatarios/{id}", escopo=Escopo.LEITURA, resumo="Exclui quem é avisado, e os seus avisos",
    exemplo={"id": 1, "excluido": True},
)  # fmt: skip
async def delete_destinatario(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(chamada, conn, id)
        await store.delete_destinatario(conn, id)
        await _audit(chamada, conn, "excluir", id)
    return Resposta({"id": id, "excluido": True}, "Excluído.")


@rotas.post(
    "destinatarios/{id}/testar", escopo=Escopo.LEITURA, status=202,
    resumo="Envia um teste, uma vez; o aviso diz o que foi feito dele", dados=AvisoVisto,
    exemplo=EXEMPLO_AVISO | {"tipo": "teste", "estado": "pendente"},
    respostas={409: "o canal, a pessoa ou o que ela recebe está desligado"},
)  # fmt: skip
async def test_destinatario(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        if not (await _find(chamada, conn, id))["recebe"]:
            raise store.Desligado
        aviso_id = await correio.tell_teste(conn, id)
        await _audit(chamada, conn, "testar", id)
        vista = correio.view_aviso(await _find_aviso(chamada, conn, aviso_id))
    chamada.ctx.wake()
    return Resposta(vista, "Teste enviado.")


@rotas.get(
    "avisos", resumo="Lista os avisos, os mais novos primeiro; os seus, quem não administra tudo",
    descricao="São guardados por 30 dias.", dados=list_of("avisos", AvisoVisto),
    exemplo={"avisos": [EXEMPLO_AVISO], "cursor": None},
)  # fmt: skip
async def list_avisos(chamada: Chamada, consulta: ConsultaAvisos) -> Resposta:
    dono = _find_dono(chamada.acesso)
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await correio.list_avisos(conn, dono, consulta.estado, consulta.cursor, consulta.buscar)
    return Resposta(page("avisos", linhas, consulta, correio.view_aviso))


@rotas.post(
    "avisos/{id}/reenviar", escopo=Escopo.LEITURA, resumo="Envia de novo um aviso que não foi aceito ou entregue",
    dados=AvisoVisto, exemplo=EXEMPLO_AVISO | {"estado": "pendente"},
    respostas={409: "o aviso está a caminho, ou foi aceito"},
)  # fmt: skip
async def resend_aviso(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find_aviso(chamada, conn, id)
        if not await correio.resend(conn, id):
            raise conflict("aviso.enviado", "Este aviso está a caminho, ou já foi aceito: não há o que reenviar.")
        await record_auditoria(conn, quem=chamada.acesso.quem, acao="aviso.reenviar", alvo=f"avisos/{id}")
        vista = correio.view_aviso(await _find_aviso(chamada, conn, id))
    chamada.ctx.wake()
    return Resposta(vista, "O aviso será enviado de novo.")


def _find_dono(acesso: Acesso) -> int | None:
    """Whose notices these are to the caller: one person's; None: everybody's. Raises ApiError 403."""
    if acesso.administers:
        return None
    if acesso.pessoa is None:
        texto = "Uma chave não tem avisos próprios, e os de todos são de quem administra tudo. Entre no painel."
        raise ApiError(403, "aviso.de_outros", texto)
    return acesso.pessoa.id


def _find_pessoa(acesso: Acesso, pedida: int | None) -> int:
    """Who is to be told. Raises ApiError 403, 422."""
    dono = _find_dono(acesso)
    if pedida is None:
        if acesso.pessoa is None:
            raise invalid_field("pessoa_id", "campo obrigatório para uma chave")
        return acesso.pessoa.id
    if dono not in (None, pedida):
        raise ApiError(403, "aviso.de_outros", "Só quem administra tudo diz o que os outros recebem. Tire pessoa_id.")
    return pedida


async def _find(chamada: Chamada, conn: Conn, id: int) -> Record:
    linha = await store.find_destinatario(conn, _find_dono(chamada.acesso), id)
    if linha is None:
        raise not_found("Destinatário", "destinatario.nao_encontrado")
    return linha


async def _find_aviso(chamada: Chamada, conn: Conn, id: int) -> Record:
    linha = await correio.find_aviso(conn, _find_dono(chamada.acesso), id)
    if linha is None:
        raise not_found("Aviso", "aviso.nao_encontrado")
    return linha


async def _check_endereco(chamada: Chamada, canal: Record, endereco: str | None) -> str | None:
    """As it is kept. Raises ApiError 422."""
    if not canal["pede_endereco"]:
        if endereco is not None:
            raise invalid_field("endereco", "este canal leva a um lugar só: deixe em branco")
        return None
    if endereco is None:
        raise invalid_field("endereco", "campo obrigatório neste canal")
    if canal["tipo"] == "whatsapp":
        numero = re.sub(r"\D", "", endereco)
        if not endereco.startswith("+"):
            numero = numero.lstrip("0")  # (067): no DDD and no country begins with it
        if not re.fullmatch(r"[0-9+() .-]+", endereco) or not 10 <= len(numero) <= 15:
            raise invalid_field("endereco", "use DDD e número, como (67) 99999-0000")
        return numero if len(numero) > 11 or endereco.startswith("+") else _PAIS + numero
    if "url" not in (segredos := open_segredos(chamada, canal)):
        raise invalid_field("canal_id", "o segredo do canal não abre com as chaves deste sistema: cadastre-o de novo")
    try:
        await leque.name_servico(segredos["url"], endereco, privados=chamada.ctx.settings.webhooks_privados)
    except ValueError as erro:
        raise invalid_field("endereco", f"não serve para {canal['servico']}: confira-o") from erro
    return endereco


async def _audit(chamada: Chamada, conn: Conn, verbo: str, id: int, campos: dict[str, Any] | None = None) -> None:
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao=f"destinatario.{verbo}", alvo=f"destinatarios/{id}", detalhes=campos or {}
    )
