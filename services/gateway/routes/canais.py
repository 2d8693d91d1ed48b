"""Channels of notices: WhatsApp, and whatever the fan-out library reaches. Their secrets go in and never come out."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any

import orjson
from asyncpg import Record
from pydantic import AfterValidator, Field

from services.gateway import leque, whatsapp
from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.campos import Linha, Mudado
from services.gateway.destinos import parse_destino
from services.gateway.errors import Detalhe, invalid_field, invalid_fields, not_found
from services.gateway.paging import Pagina, page
from services.gateway.store import Conn
from services.gateway.store import canais as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Corpo
from services.gateway.vistas import list_of
from services.gateway.vistas_avisos import CanalVisto
from shared.crypto import ChaveInvalida

rotas = Rotas(
    "Avisos",
    "Pessoas, avisadas quando uma execução termina, espera por alguém ou falha demais: por WhatsApp (um modelo "
    "aprovado na Meta), e-mail, Telegram, Slack, Teams e outros. Aceito pelo serviço não é entregue: o WhatsApp diz os "
    "dois.",
)

EXEMPLO = {
    "id": 1, "nome": "WhatsApp do escritório", "tipo": "whatsapp", "servico": "WhatsApp", "pede_endereco": True,
    "ativo": True, "em_espera_ate": None, "destinatarios": 2, "numero_id": "106540352242922", "modelo": "aviso_canopus",
    "idioma": "pt_BR", "url_base": whatsapp.URL_BASE, "created_at": "2026-11-24T09:00:00-03:00",
    "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip
_CONFIG = ("numero_id", "modelo", "idioma", "url_base")
_SEGREDOS = ("token", "segredo_app", "token_verificacao")
# What a WhatsApp channel cannot be without.
_PRECISOS = ("numero_id", "modelo", *_SEGREDOS)


def _check_trecho(texto: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]+", texto):
        raise ValueError("use só letras, números e _")
    return texto


NomeCanal = Annotated[Linha, Field(min_length=1, max_length=100)]
Url = Annotated[Linha, Field(min_length=1, max_length=2000)]
Trecho = Annotated[Linha, Field(min_length=1, max_length=512), AfterValidator(_check_trecho)]
Segredo = Annotated[Linha, Field(min_length=1, max_length=2000)]


class NovoCanal(Corpo):
    """url: of any service but WhatsApp, `{endereco}` where the person's own goes. Without it, a WhatsApp number, and
    all of its fields are needed but idioma and url_base."""

    nome: NomeCanal
    url: Url | None = None
    numero_id: Trecho | None = None
    modelo: Trecho | None = None
    idioma: Trecho | None = None
    url_base: Url | None = None
    token: Segredo | None = None
    segredo_app: Segredo | None = None
    token_verificacao: Segredo | None = None


class MudancaCanal(Corpo):
    """What is absent stays as it is, secrets too."""

    nome: Mudado[NomeCanal] = None
    url: Mudado[Url] = None
    numero_id: Mudado[Trecho] = None
    modelo: Mudado[Trecho] = None
    idioma: Mudado[Trecho] = None
    url_base: Mudado[Url] = None
    token: Mudado[Segredo] = None
    segredo_app: Mudado[Segredo] = None
    token_verificacao: Mudado[Segredo] = None
    ativo: Mudado[bool] = None


@rotas.get(
    "canais", resumo="Lista os canais de aviso; como são ajustados, só a quem administra tudo",
    dados=list_of("canais", CanalVisto), exemplo={"canais": [EXEMPLO], "cursor": None},
)  # fmt: skip
async def list_canais(chamada: Chamada, consulta: Pagina) -> Resposta:
    view = partial(store.view_canal, inteiro=chamada.acesso.administers)
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await store.list_canais(conn, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("canais", linhas, consulta, view))


@rotas.post(
    "canais", escopo=Escopo.ADMIN, status=201, resumo="Cadastra um canal de aviso", dados=CanalVisto, exemplo=EXEMPLO,
    respostas={409: "já há canais demais"},
)  # fmt: skip
async def create_canal(chamada: Chamada, corpo: NovoCanal) -> Resposta:
    chamada.acesso.require_todos()
    pedidos = {campo: valor for campo, valor in corpo.model_dump().items() if valor is not None}
    tipo = "servico" if corpo.url else "whatsapp"
    if tipo == "whatsapp":
        _require(_PRECISOS, pedidos)
    base = {"tipo": tipo, "servico": "WhatsApp", "pede_endereco": True}
    colunas = base | await _resolve(chamada, tipo, pedidos, {"idioma": "pt_BR", "url_base": whatsapp.URL_BASE}, {})
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        id = await store.insert_canal(conn, colunas)
        await _audit(chamada, conn, "criar", id, pedidos)
        vista = store.view_canal(await find_canal(conn, id))
    return Resposta(vista, "Canal cadastrado. Cadastre quem recebe por ele, e envie um teste.")


@rotas.patch(
    "canais/{id}", escopo=Escopo.ADMIN, resumo="Altera um canal de aviso, ou o liga e desliga", dados=CanalVisto,
    exemplo=EXEMPLO,
)  # fmt: skip
async def change_canal(chamada: Chamada, id: int, corpo: MudancaCanal) -> Resposta:
    chamada.acesso.require_todos()
    pedidos = corpo.model_dump(exclude_unset=True)
    async with chamada.ctx.pool.acquire() as conn:
        canal = await find_canal(conn, id)
    colunas = await _resolve(chamada, canal["tipo"], pedidos, canal["config"], open_segredos(chamada, canal))
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await store.update_canal(conn, id, colunas)
        await _audit(chamada, conn, "alterar", id, pedidos)
        vista = store.view_canal(await find_canal(conn, id))
    chamada.ctx.wake()
    return Resposta(vista, "Canal alterado.")


@rotas.delete(
    "canais/{id}", escopo=Escopo.ADMIN, resumo="Exclui um canal, quem recebe por ele e os avisos",
    exemplo={"id": 1, "excluido": True},
)  # fmt: skip
async def delete_canal(chamada: Chamada, id: int) -> Resposta:
    chamada.acesso.require_todos()
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await find_canal(conn, id)
        await store.delete_canal(conn, id)
        await _audit(chamada, conn, "excluir", id)
    return Resposta({"id": id, "excluido": True}, "Canal excluído.")


async def find_canal(conn: Conn, id: int) -> Record:
    """Raises ApiError 404."""
    linha = await store.find_canal(conn, id)
    if linha is None:
        raise not_found("Canal", "canal.nao_encontrado")
    return linha


def open_segredos(chamada: Chamada, canal: Record) -> dict[str, str]:
    """Empty where no key opens them: they must be given anew."""
    try:
        segredos: dict[str, str] = orjson.loads(chamada.ctx.chaveiro.decrypt(canal["segredos"]))
    except ChaveInvalida:
        return {}
    return segredos


async def _resolve(
    chamada: Chamada, tipo: str, pedidos: dict[str, Any], config: dict[str, str], segredos: dict[str, str]
) -> dict[str, Any]:
    """The body's fields as columns, over what the channel has already. Raises ApiError 422."""
    alheios = (*_CONFIG, *_SEGREDOS) if tipo == "servico" else ("url",)
    if estranhos := [campo for campo in alheios if campo in pedidos]:
        raise invalid_fields(*(Detalhe(campo, "não é deste tipo de canal") for campo in estranhos))
    colunas: dict[str, Any] = {campo: pedidos[campo] for campo in ("nome", "ativo") if campo in pedidos}
    cifrar = chamada.ctx.chaveiro.encrypt
    if url := pedidos.get("url"):
        try:
            colunas["servico"] = await leque.name_servico(url, privados=chamada.ctx.settings.webhooks_privados)
        except ValueError as erro:
            raise invalid_field("url", str(erro)) from erro
        colunas |= {"pede_endereco": leque.ENDERECO in url, "segredos": cifrar(orjson.dumps({"url": url}).decode())}
    if url_base := pedidos.get("url_base"):
        try:
            parse_destino(url_base, privados=chamada.ctx.settings.webhooks_privados)
        except ValueError as erro:
            raise invalid_field("url_base", str(erro)) from erro
        pedidos = pedidos | {"url_base": url_base.rstrip("/")}
        if pedidos["url_base"] != config["url_base"] and "token" not in pedidos:
            # Whoever answers there is given it.
            raise invalid_field("token", "com outro endereço, mande de novo o token")
    colunas["config"] = {} if tipo == "servico" else config | {c: pedidos[c] for c in _CONFIG if c in pedidos}
    if not pedidos.keys().isdisjoint(_SEGREDOS):
        novos = segredos | {campo: pedidos[campo] for campo in _SEGREDOS if campo in pedidos}
        _require(_SEGREDOS, novos)
        colunas["segredos"] = cifrar(orjson.dumps(novos).decode())
    return colunas


def _require(campos: tuple[str, ...], dados: dict[str, Any]) -> None:
    if faltam := [campo for campo in campos if campo not in dados]:
        raise invalid_fields(*(Detalhe(campo, "campo obrigatório num canal do WhatsApp") for campo in faltam))


async def _audit(chamada: Chamada, conn: Conn, verbo: str, id: int, campos: dict[str, Any] | None = None) -> None:
    """That a secret was changed, not to what."""
    detalhes = {
        campo: True if campo in ("url", *_SEGREDOS) else valor for campo, valor in (campos or {}).items()
    }  # fmt: skip
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao=f"canal.{verbo}", alvo=f"canais/{id}", detalhes=detalhes
    )
