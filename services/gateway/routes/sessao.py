"""Signing in and out of the dashboard, and the own password."""

from __future__ import annotations

import logging
from typing import Annotated

from aiohttp import web
from asyncpg import Record
from pydantic import Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.auth import BISCOITO, find_endereco, forbid_anonymous, forbid_ended, is_same_origin
from services.gateway.campos import Linha
from services.gateway.context import AppContext
from services.gateway.errors import ApiError, conflict, invalid_field
from services.gateway.senhas import MAXIMO, MINIMO, hash_senha, verify_senha
from services.gateway.store import pessoas as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.store.pessoas import PROVISORIA_VALIDADE, SESSAO_VALIDADE
from services.gateway.validation import Corpo
from services.gateway.vistas import SessaoVista

log = logging.getLogger(__name__)

rotas = Rotas("Sessão", "Entrar no painel e sair dele.")

EXEMPLO = {
    "id": 12, "nome": "Ana Lima", "email": "ana@exemplo.com.br", "escopo": "operador", "pontos_venda": ["17.308"],
    "trocar_senha": False, "csrf": "…", "escritorio": None, "instalacao": False,
}  # fmt: skip
_DE_CHAVE = {409: "quem chama é uma chave, que não tem sessão"}


class Entrada(Corpo):
    """Without them nobody has named themselves: 401, as anywhere."""

    email: Annotated[Linha, Field(max_length=150)] = ""
    senha: Annotated[str, Field(max_length=MAXIMO)] = ""


class TrocaSenha(Corpo):
    atual: Annotated[str, Field(min_length=1, max_length=MAXIMO)]
    nova: Annotated[str, Field(min_length=MINIMO, max_length=MAXIMO)]


@rotas.post(
    "sessao",
    escopo=None,
    status=201,
    resumo="Entra no painel",
    descricao="A sessão vem num cookie HttpOnly. O que muda algo leva `csrf` no cabeçalho X-CSRF-Token.",
    dados=SessaoVista,
    exemplo=EXEMPLO,
    respostas={
        401: "e-mail ou senha não conferem, ou a senha provisória venceu",
        403: "o pedido veio de uma página de outra origem",
        429: "tentativas demais",
    },
)
async def sign_in(chamada: Chamada, corpo: Entrada) -> Resposta:
    request, ctx = chamada.request, chamada.ctx
    if not is_same_origin(request):
        raise ApiError(403, "acesso.csrf", "O pedido não veio do painel. Abra o painel e entre por ele.")
    if not corpo.email or not corpo.senha:
        raise forbid_anonymous()
    endereco = find_endereco(request, ctx.settings)
    try:
        pessoa = await _check_senha(ctx, corpo.email.lower(), corpo.senha, endereco)
    except ApiError as recusa:
        log.warning("sessao.refused", extra={"endereco": endereco, "status": recusa.status, "codigo": recusa.codigo})
        raise
    async with ctx.of(pessoa["empresa_id"]).pool.acquire() as conn, conn.transaction():
        sessao = await store.open_sessao(conn, pessoa["id"], pessoa["senha_hash"])
        if sessao is None:
            raise _refuse()
        linha = await store.find_pessoa(conn, pessoa["id"])
        assert linha
        quem = f"pessoa {linha['id']} ({linha['nome']})"
        await record_auditoria(conn, quem=quem, acao="sessao.abrir", alvo=f"pessoas/{linha['id']}")
    vista = store.view_sessao(linha, sessao.chave_id, sessao.csrf)
    return Resposta(vista, "Bem-vindo.", headers={"Set-Cookie": _biscoito(request, sessao.token)})


async def _check_senha(ctx: AppContext, email: str, senha: str, endereco: str) -> Record:
    """The person whose password it is. Raises ApiError 401, 429, 503."""
    with ctx.falhas_entrada.reserve(endereco), ctx.falhas_senha.reserve(f"{email} {endereco}"):
        async with ctx.pool.acquire() as conn:
            pessoa = await store.find_login(conn, email)
        certa = await verify_senha(senha, pessoa["senha_hash"] if pessoa else None)
        if pessoa is None or not certa:
            raise _refuse()
    if pessoa["vencida"]:
        texto = (
            f"Esta senha provisória venceu: ela valia {PROVISORIA_VALIDADE.days} dias. Peça outra a quem administra o "
            "painel, ou crie-a com `canopus pessoas senha`."
        )
        raise ApiError(401, "acesso.senha_vencida", texto)
    return pessoa


@rotas.get(
    "sessao",
    resumo="Mostra quem entrou",
    dados=SessaoVista,
    exemplo=EXEMPLO,
    respostas=_DE_CHAVE,
    provisoria=True,
)
async def show_sessao(chamada: Chamada) -> Resposta:
    pessoa = chamada.acesso.pessoa
    if pessoa is None:
        raise _no_pessoa()
    async with chamada.ctx.pool.acquire() as conn:
        linha = await store.find_pessoa(conn, pessoa.id)
    assert linha
    return Resposta(store.view_sessao(linha, chamada.acesso.chave_id, pessoa.csrf))


@rotas.delete(
    "sessao",
    escopo=Escopo.LEITURA,
    resumo="Sai do painel",
    exemplo={"encerrada": True},
    respostas=_DE_CHAVE,
    provisoria=True,
)
async def sign_out(chamada: Chamada) -> Resposta:
    acesso = chamada.acesso
    if acesso.pessoa is None:
        raise _no_pessoa()
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await store.end_sessao(conn, acesso.chave_id)
        await record_auditoria(conn, quem=acesso.quem, acao="sessao.encerrar", alvo=f"pessoas/{acesso.pessoa.id}")
    chamada.ctx.live.close_chaves([acesso.chave_id])
    return Resposta({"encerrada": True}, "Até logo.", headers={"Set-Cookie": _biscoito(chamada.request, "")})


@rotas.post(
    "sessao/senha",
    escopo=Escopo.LEITURA,
    resumo="Troca a própria senha; as sessões terminam e uma nova começa",
    exemplo={"trocada": True, "csrf": "…"},
    respostas=_DE_CHAVE,
    provisoria=True,
)
async def change_senha(chamada: Chamada, corpo: TrocaSenha) -> Resposta:
    ctx, pessoa = chamada.ctx, chamada.acesso.pessoa
    if pessoa is None:
        raise _no_pessoa()
    chave = f"{pessoa.email} {find_endereco(chamada.request, ctx.settings)}"
    with ctx.falhas_senha.reserve(chave):
        async with ctx.pool.acquire() as conn:
            atual = await store.find_login(conn, pessoa.email)
        if atual is None or not await verify_senha(corpo.atual, atual["senha_hash"]):
            raise invalid_field("atual", "não confere com a senha atual")
    if corpo.nova == corpo.atual:
        raise invalid_field("nova", "deve ser diferente da atual")
    nova = await hash_senha(corpo.nova)
    async with ctx.pool.acquire() as conn, conn.transaction():
        encerradas = await store.set_senha(conn, pessoa.id, nova, trocar=False, antiga=atual["senha_hash"])
        sessao = None if encerradas is None else await store.open_sessao(conn, pessoa.id, nova)
        if encerradas is None or sessao is None:
            raise forbid_ended()
        await record_auditoria(conn, quem=chamada.acesso.quem, acao="pessoa.trocar_senha", alvo=f"pessoas/{pessoa.id}")
    ctx.live.close_chaves(encerradas)
    biscoito = _biscoito(chamada.request, sessao.token)
    return Resposta({"trocada": True, "csrf": sessao.csrf}, "Senha trocada.", headers={"Set-Cookie": biscoito})


def _refuse() -> ApiError:
    return ApiError(401, "acesso.senha_invalida", "E-mail ou senha não conferem. Tente de novo.")


def _no_pessoa() -> ApiError:
    return conflict("sessao.de_chave", "Uma chave de acesso não tem sessão. Entre no painel com e-mail e senha.")


def _biscoito(request: web.Request, token: str) -> str:
    """Empty: the browser forgets it. Behind a proxy the proxy says that it speaks TLS."""
    segundos = int(SESSAO_VALIDADE.total_seconds()) if token else 0
    tls = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
    seguro = "; Secure" if tls else ""
    return f"{BISCOITO}={token}; Path=/; Max-Age={segundos}; HttpOnly; SameSite=Strict{seguro}"
