"""Credenciais: who logs in at the portal for a ponto de venda. The password goes in and never comes out."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from asyncpg import Record
from pydantic import Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.campos import Linha, Mudado, PontoVenda, Senha
from services.gateway.concessoes import RECUSADA
from services.gateway.errors import conflict, not_found
from services.gateway.paging import Pagina, page
from services.gateway.routes.pedidos import EXEMPLO_202, SEM_ESPERA, wait_pedido
from services.gateway.store import Conn, cadastros
from services.gateway.store import pedidos as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.store.execucoes import credential_fixed
from services.gateway.store.pedidos import Pedido
from services.gateway.validation import Corpo
from services.gateway.vistas import CredencialVista, TesteCredencial, list_of

rotas = Rotas("Credenciais", "Os acessos ao portal. A senha entra e nunca sai.")

MaxSessoes = Annotated[int, Field(ge=1, le=64)]
Usuario = Annotated[Linha, Field(min_length=1, max_length=100)]
CodigoEmpresa = Annotated[Linha, Field(min_length=1, max_length=10)]
EMPRESA_PADRAO = "0101"

EXEMPLO = {
    "id": 1, "ponto_venda": "17.308", "usuario": "17308", "codigo_empresa": EMPRESA_PADRAO, "max_sessoes": 2,
    "ativo": True, "ultimo_login": "2026-11-24T09:00:00-03:00", "ultimo_erro": None, "mensagem_erro": None,
    "parada_codigo": None, "parada_em": None, "parada_texto": None,
    "created_at": "2026-11-24T09:00:00-03:00", "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip
EXEMPLO_TESTE = {
    "ok": False,
    "codigo": "login.recusado",
    "mensagem": "O portal recusou usuário ou senha. Atualize a credencial e teste de novo.",
    "passos": [{"passo": "login", "ok": False, "detalhe": "Usuário ou senha inválida", "duracao_s": 1.8}],
}


class NovaCredencial(Corpo):
    ponto_venda: PontoVenda
    usuario: Usuario
    senha: Senha
    codigo_empresa: CodigoEmpresa | None = None
    max_sessoes: MaxSessoes = 1
    ativo: bool = True


class MudancaCredencial(Corpo):
    ponto_venda: Mudado[PontoVenda] = None
    usuario: Mudado[Usuario] = None
    senha: Mudado[Senha] = None
    codigo_empresa: Mudado[CodigoEmpresa] = None
    max_sessoes: Mudado[MaxSessoes] = None
    ativo: Mudado[bool] = None


# Any of these is a person putting the credential right.
CONSERTOS = {"ponto_venda", "usuario", "senha", "ativo"}


@rotas.get(
    "credenciais",
    resumo="Lista as credenciais",
    dados=list_of("credenciais", CredencialVista),
    exemplo={"credenciais": [EXEMPLO], "cursor": None},
)
async def list_credenciais(chamada: Chamada, consulta: Pagina) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await cadastros.list_credenciais(conn, chamada.acesso.alcance, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("credenciais", linhas, consulta, cadastros.view_credencial))


@rotas.get("credenciais/{id}", resumo="Mostra uma credencial", dados=CredencialVista, exemplo=EXEMPLO)
async def show_credencial(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        return Resposta(cadastros.view_credencial(await _find(chamada, conn, id)))


@rotas.post(
    "credenciais",
    escopo=Escopo.ADMIN,
    status=201,
    resumo="Cadastra uma credencial",
    dados=CredencialVista,
    exemplo=EXEMPLO,
    respostas={409: "o ponto de venda já tem uma credencial com este usuário"},
)
async def create_credencial(chamada: Chamada, corpo: NovaCredencial) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        colunas = await _resolve(chamada, conn, corpo.model_dump())
        colunas["codigo_empresa"] = corpo.codigo_empresa or EMPRESA_PADRAO
        id = await cadastros.insert_credencial(conn, colunas)
        # Executions that were blocked for want of a credential go on with this one.
        await credential_fixed(conn, id)
        await _audit(chamada, conn, "criar", id, corpo.model_dump())
        vista = cadastros.view_credencial(await _find(chamada, conn, id))
    chamada.ctx.wake()
    return Resposta(vista, "Credencial cadastrada. Teste-a antes da primeira execução.")


@rotas.patch(
    "credenciais/{id}",
    escopo=Escopo.ADMIN,
    resumo="Altera uma credencial",
    dados=CredencialVista,
    exemplo=EXEMPLO,
    respostas={409: "o ponto de venda já tem uma credencial com este usuário"},
)
async def change_credencial(chamada: Chamada, id: int, corpo: MudancaCredencial) -> Resposta:
    pedidas = corpo.model_dump(exclude_unset=True)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(chamada, conn, id)
        colunas = await _resolve(chamada, conn, pedidas)
        # Before the row itself is changed: executions are locked before credentials, as everywhere.
        if CONSERTOS & pedidas.keys() and pedidas.get("ativo") is not False:
            await credential_fixed(conn, id, colunas.get("ponto_venda_id"))
        await cadastros.update_credencial(conn, id, colunas)
        await _audit(chamada, conn, "alterar", id, pedidas)
        vista = cadastros.view_credencial(await _find(chamada, conn, id))
    chamada.ctx.wake()
    return Resposta(vista, "Credencial alterada.")


@rotas.delete(
    "credenciais/{id}",
    escopo=Escopo.ADMIN,
    resumo="Exclui uma credencial, ou a desativa quando já entrou no portal",
    exemplo={"id": 1, "excluido": True, "ativo": False},
)
async def delete_credencial(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(chamada, conn, id)
        excluido = await cadastros.delete_credencial(conn, id)
        await _audit(chamada, conn, "excluir" if excluido else "desativar", id)
    chamada.ctx.wake()
    mensagem = "Credencial excluída." if excluido else "A credencial já foi usada: foi desativada e o histórico fica."
    return Resposta({"id": id, "excluido": excluido, "ativo": False}, mensagem)


@rotas.post(
    "credenciais/{id}/testar",
    resumo="Entra no portal uma vez com a credencial e diz o que aconteceu",
    dados=TesteCredencial,
    exemplo=EXEMPLO_TESTE,
    cabecalhos={"Prefer": f"`{SEM_ESPERA}`: 202 na hora; o endereço de Location mostra os passos enquanto corre"},
    respostas={
        202: f"o teste ainda corre: veja Location ({EXEMPLO_202})",
        409: "a credencial está inativa, ou o portal já recusou esta senha",
        503: "nenhum scraper está no ar",
    },
)
async def test_credencial(chamada: Chamada, id: int) -> web.StreamResponse:
    async with chamada.ctx.pool.acquire() as conn:
        credencial = await _find(chamada, conn, id)
    if not (credencial["ativo"] and credencial["ponto_venda_ativo"]):
        raise conflict("credencial.inativa", "A credencial ou o ponto de venda está inativo. Ative-o e teste de novo.")
    if credencial["parada_codigo"] == "login.recusado":
        raise conflict("credencial.recusada", RECUSADA)
    await chamada.ctx.pedidos.check_servico("testar")
    return await wait_pedido(chamada, await _ask_teste(chamada, credencial))


async def _ask_teste(chamada: Chamada, credencial: Record) -> UUID:
    """One test at a time: whoever asks while one runs gets its answer."""
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        if aberto := await store.find_teste_aberto(conn, credencial["id"]):
            return aberto
        pedido = Pedido("testar", {}, credencial["ponto_venda_id"], chamada.acesso.quem, credencial_id=credencial["id"])
        await store.insert_pedido(conn, pedido)
        await _audit(chamada, conn, "testar", credencial["id"])
    chamada.ctx.wake()
    return pedido.id


async def _find(chamada: Chamada, conn: Conn, id: int) -> Record:
    linha = await cadastros.find_credencial(conn, id, chamada.acesso.alcance)
    if linha is None:
        raise not_found("Credencial", "credencial.nao_encontrada")
    return linha


async def _resolve(chamada: Chamada, conn: Conn, campos: dict[str, Any]) -> dict[str, Any]:
    """The body's fields as columns: the password only as ciphertext."""
    colunas = dict(campos)
    if "ponto_venda" in colunas:
        colunas["ponto_venda_id"] = (await chamada.acesso.find_ponto_venda(conn, colunas.pop("ponto_venda")))["id"]
    if "senha" in colunas:
        colunas["senha_encrypted"] = chamada.ctx.chaveiro.encrypt(colunas.pop("senha"))
    return colunas


async def _audit(chamada: Chamada, conn: Conn, verbo: str, id: int, campos: dict[str, Any] | None = None) -> None:
    """That a password was changed is told, never which."""
    detalhes = {campo: "alterada" if campo == "senha" else valor for campo, valor in (campos or {}).items()}
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao=f"credencial.{verbo}", alvo=f"credenciais/{id}", detalhes=detalhes
    )
