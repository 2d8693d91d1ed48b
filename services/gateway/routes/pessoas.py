"""People who sign in at the dashboard, administered by those who administer everything."""

from __future__ import annotations

from typing import Annotated, Any

from asyncpg import Record
from pydantic import AfterValidator, Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.campos import Linha, Mudado, PontoVenda, check_email
from services.gateway.errors import not_found
from services.gateway.paging import Pagina, page
from services.gateway.senhas import hash_senha, make_senha
from services.gateway.store import Conn
from services.gateway.store import pessoas as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Corpo
from services.gateway.vistas import PessoaCriada, PessoaVista, list_of

rotas = Rotas("Pessoas", "Quem entra no painel, com que papel e em quais pontos de venda.")

EXEMPLO = {
    "id": 1, "email": "ana@exemplo.com.br", "nome": "Ana Lima", "escopo": "operador", "pontos_venda": ["17.308"],
    "trocar_senha": False, "ativo": True, "ultimo_acesso": "2026-11-24T09:00:00-03:00",
    "created_at": "2026-11-24T09:00:00-03:00", "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip
EmailPessoa = Annotated[Linha, Field(max_length=150), AfterValidator(lambda texto: check_email(texto).lower())]
NomePessoa = Annotated[Linha, Field(min_length=1, max_length=100)]
PontosVenda = Annotated[tuple[PontoVenda, ...], Field(min_length=1, max_length=1000)]


class NovaPessoa(Corpo):
    """pontos_venda null or absent: all of them."""

    email: EmailPessoa
    nome: NomePessoa
    escopo: Escopo
    pontos_venda: PontosVenda | None = None


class MudancaPessoa(Corpo):
    """pontos_venda null: all of them; absent: as they are."""

    email: Mudado[EmailPessoa] = None
    nome: Mudado[NomePessoa] = None
    escopo: Mudado[Escopo] = None
    pontos_venda: PontosVenda | None = None
    ativo: Mudado[bool] = None


@rotas.get(
    "pessoas",
    escopo=Escopo.ADMIN,
    resumo="Lista as pessoas",
    dados=list_of("pessoas", PessoaVista),
    exemplo={"pessoas": [EXEMPLO], "cursor": None},
)
async def list_pessoas(chamada: Chamada, consulta: Pagina) -> Resposta:
    chamada.acesso.require_todos()
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await store.list_pessoas(conn, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("pessoas", linhas, consulta, store.view_pessoa))


@rotas.post(
    "pessoas",
    escopo=Escopo.ADMIN,
    status=201,
    resumo="Cadastra uma pessoa, com uma senha provisória que só aparece aqui",
    dados=PessoaCriada,
    exemplo=EXEMPLO | {"trocar_senha": True, "senha_provisoria": "Xy7k-…"},
    respostas={409: "já há uma pessoa com este e-mail"},
)
async def create_pessoa(chamada: Chamada, corpo: NovaPessoa) -> Resposta:
    chamada.acesso.require_todos()
    senha = make_senha()
    senha_hash = await hash_senha(senha)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        pontos = await _find_pontos(chamada, conn, corpo.pontos_venda)
        id = await store.create_pessoa(conn, corpo.email, corpo.nome, senha_hash, corpo.escopo, pontos)
        await _audit(chamada, conn, "criar", id, corpo.model_dump(mode="json"))
        vista = store.view_pessoa(await _find(conn, id))
    return Resposta(vista | {"senha_provisoria": senha}, "Pessoa cadastrada. Entregue a ela a senha provisória.")


@rotas.patch(
    "pessoas/{id}",
    escopo=Escopo.ADMIN,
    resumo="Altera uma pessoa; as sessões dela terminam",
    dados=PessoaVista,
    exemplo=EXEMPLO,
    respostas={409: "o e-mail é de outra pessoa, ou não sobraria quem administre"},
)
async def change_pessoa(chamada: Chamada, id: int, corpo: MudancaPessoa) -> Resposta:
    chamada.acesso.require_todos()
    pedidas = corpo.model_dump(mode="json", exclude_unset=True)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(conn, id)
        colunas = {campo: valor for campo, valor in pedidas.items() if campo != "pontos_venda"}
        pontos = None
        if "pontos_venda" in pedidas:
            colunas["todos_pontos_venda"] = corpo.pontos_venda is None
            pontos = await _find_pontos(chamada, conn, corpo.pontos_venda) or ()
        encerradas = await store.update_pessoa(conn, id, colunas, pontos)
        await _audit(chamada, conn, "alterar", id, pedidas)
        vista = store.view_pessoa(await _find(conn, id))
    chamada.ctx.live.close_chaves(encerradas)
    return Resposta(vista, "Pessoa alterada.")


@rotas.delete(
    "pessoas/{id}", escopo=Escopo.ADMIN, resumo="Exclui uma pessoa", exemplo={"id": 1, "excluido": True},
    respostas={409: "não sobraria quem administre"},
)  # fmt: skip
async def delete_pessoa(chamada: Chamada, id: int) -> Resposta:
    chamada.acesso.require_todos()
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(conn, id)
        encerradas = await store.delete_pessoa(conn, id)
        await _audit(chamada, conn, "excluir", id)
    chamada.ctx.live.close_chaves(encerradas)
    return Resposta({"id": id, "excluido": True}, "Pessoa excluída.")


@rotas.post(
    "pessoas/{id}/senha",
    escopo=Escopo.ADMIN,
    resumo="Dá à pessoa uma senha provisória; as sessões dela terminam",
    exemplo={"id": 1, "senha_provisoria": "Xy7k-…"},
)
async def reset_senha(chamada: Chamada, id: int) -> Resposta:
    chamada.acesso.require_todos()
    senha = make_senha()
    senha_hash = await hash_senha(senha)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(conn, id)
        encerradas = await store.set_senha(conn, id, senha_hash, trocar=True)
        await _audit(chamada, conn, "dar_senha", id)
    chamada.ctx.live.close_chaves(encerradas or ())
    return Resposta({"id": id, "senha_provisoria": senha}, "Entregue à pessoa a senha provisória.")


async def _find(conn: Conn, id: int) -> Record:
    linha = await store.find_pessoa(conn, id)
    if linha is None:
        raise not_found("Pessoa", "pessoa.nao_encontrada")
    return linha


async def _find_pontos(chamada: Chamada, conn: Conn, codigos: tuple[str, ...] | None) -> list[int] | None:
    if codigos is None:
        return None
    return [(await chamada.acesso.find_ponto_venda(conn, codigo))["id"] for codigo in dict.fromkeys(codigos)]


async def _audit(chamada: Chamada, conn: Conn, verbo: str, id: int, campos: dict[str, Any] | None = None) -> None:
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao=f"pessoa.{verbo}", alvo=f"pessoas/{id}", detalhes=campos or {}
    )
