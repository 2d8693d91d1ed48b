"""Consultores: whose workbooks bring the clients, and into whose folder the boletos go."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from asyncpg import Record
from pydantic import AfterValidator, Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.campos import Cor, Email, Linha, LinkDrive, Mudado, Pasta, PontoVenda, Telefone, clean_pasta
from services.gateway.errors import not_found
from services.gateway.paging import Pagina, page
from services.gateway.store import Conn, cadastros, links
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Corpo
from services.gateway.vistas import ConsultorVisto, list_of
from shared.contrato import fold

rotas = Rotas("Consultores", "Os consultores, donos das planilhas e das pastas de boletos.")

EXEMPLO = {
    "id": 1, "nome": "Marta Lima", "ponto_venda": "17.308", "email": "marta@exemplo.com.br",
    "whatsapp": "(67) 99999-0000", "pasta_boletos": "Marta Lima", "cor_identificacao": "#22AA66", "ativo": True,
    "clientes": 73, "link_planilha_drive": "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz/view",
    "ultima_atualizacao_planilha": "2026-11-24T06:00:03-03:00", "erro_planilha": None, "atualizando_planilha": False,
    "created_at": "2026-11-24T09:00:00-03:00", "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip


def _check_nome(nome: str) -> str:
    if not any(c.isalpha() for c in fold(nome)):
        raise ValueError("use um nome com letras: só números se confundem com o id")
    return nome


NomeConsultor = Annotated[Linha, Field(min_length=1, max_length=100), AfterValidator(_check_nome)]


class NovoConsultor(Corpo):
    """ponto_venda: the default of the consultor's uploads. pasta_boletos: absent, the name. link_planilha_drive: of the
    workbook, as Google Drive gives it."""

    nome: NomeConsultor
    ponto_venda: PontoVenda
    email: Email = None
    whatsapp: Telefone = None
    pasta_boletos: Pasta | None = None
    cor_identificacao: Cor = None
    link_planilha_drive: LinkDrive = None
    ativo: bool = True


class MudancaConsultor(Corpo):
    nome: Mudado[NomeConsultor] = None
    ponto_venda: Mudado[PontoVenda] = None
    email: Email = None
    whatsapp: Telefone = None
    pasta_boletos: Mudado[Pasta] = None
    cor_identificacao: Cor = None
    link_planilha_drive: LinkDrive = None
    ativo: Mudado[bool] = None


@rotas.get(
    "consultores",
    resumo="Lista os consultores",
    dados=list_of("consultores", ConsultorVisto),
    exemplo={"consultores": [EXEMPLO], "cursor": None},
)
async def list_consultores(chamada: Chamada, consulta: Pagina) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await cadastros.list_consultores(conn, chamada.acesso.alcance, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("consultores", linhas, consulta, partial(_view, chamada)))


@rotas.get("consultores/{id}", resumo="Mostra um consultor", dados=ConsultorVisto, exemplo=EXEMPLO)
async def show_consultor(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        return Resposta(_view(chamada, await _find(chamada, conn, id)))


@rotas.post(
    "consultores",
    status=201,
    resumo="Cadastra um consultor",
    dados=ConsultorVisto,
    exemplo=EXEMPLO,
    respostas={409: "já existe um consultor com este nome, maiúsculas e acentos à parte"},
)
async def create_consultor(chamada: Chamada, corpo: NovoConsultor) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        consultor = await _resolve(chamada, conn, corpo.model_dump())
        consultor["pasta_boletos"] = corpo.pasta_boletos or clean_pasta(corpo.nome)
        id = await cadastros.insert_consultor(conn, consultor)
        pedidas = corpo.model_dump(exclude_unset=True)
        await _set_link(chamada, conn, id, pedidas)
        await _audit(chamada, conn, "criar", id, pedidas)
        vista = _view(chamada, await _find(chamada, conn, id))
    chamada.ctx.atualizador.wake()
    return Resposta(vista, "Consultor cadastrado.")


@rotas.patch(
    "consultores/{id}",
    resumo="Altera um consultor",
    dados=ConsultorVisto,
    exemplo=EXEMPLO,
    respostas={409: "já existe um consultor com este nome, maiúsculas e acentos à parte"},
)
async def change_consultor(chamada: Chamada, id: int, corpo: MudancaConsultor) -> Resposta:
    pedidas = corpo.model_dump(exclude_unset=True)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(chamada, conn, id)
        await cadastros.update_consultor(conn, id, await _resolve(chamada, conn, pedidas))
        await _set_link(chamada, conn, id, pedidas)
        await _audit(chamada, conn, "alterar", id, pedidas)
        vista = _view(chamada, await _find(chamada, conn, id))
    chamada.ctx.atualizador.wake()
    return Resposta(vista, "Consultor alterado.")


@rotas.delete(
    "consultores/{id}",
    resumo="Exclui um consultor, ou o desativa quando algo se refere a ele",
    exemplo={"id": 1, "excluido": False, "ativo": False},
)
async def delete_consultor(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(chamada, conn, id)
        excluido = await cadastros.delete_consultor(conn, id)
        await _audit(chamada, conn, "excluir" if excluido else "desativar", id)
    mensagem = (
        "Consultor excluído." if excluido else "O consultor tem clientes, agendamentos ou histórico: foi desativado."
    )
    return Resposta({"id": id, "excluido": excluido, "ativo": False}, mensagem)


async def _find(chamada: Chamada, conn: Conn, id: int) -> Record:
    linha = await cadastros.find_consultor(conn, id, chamada.acesso.alcance)
    if linha is None:
        raise not_found("Consultor", "consultor.nao_encontrado")
    return linha


def _view(chamada: Chamada, linha: Record) -> dict[str, Any]:
    return cadastros.view_consultor(linha, link_inteiro=chamada.acesso.escopo.covers(Escopo.OPERADOR))


async def _set_link(chamada: Chamada, conn: Conn, id: int, pedidas: dict[str, Any]) -> None:
    if "link_planilha_drive" in pedidas:
        await links.set_link(conn, id, pedidas["link_planilha_drive"], chamada.acesso.alcance)


async def _resolve(chamada: Chamada, conn: Conn, campos: dict[str, Any]) -> dict[str, Any]:
    """The body's fields as columns; the link has a table of its own."""
    colunas = {campo: valor for campo, valor in campos.items() if campo != "link_planilha_drive"}
    if "ponto_venda" in colunas:
        colunas["ponto_venda_id"] = (await chamada.acesso.find_ponto_venda(conn, colunas.pop("ponto_venda")))["id"]
    if "nome" in colunas:
        colunas["nome_limpo"] = fold(colunas["nome"])
    return colunas


async def _audit(chamada: Chamada, conn: Conn, verbo: str, id: int, detalhes: dict[str, Any] | None = None) -> None:
    if detalhes and detalhes.get("link_planilha_drive"):
        # It opens the workbook.
        detalhes = detalhes | {"link_planilha_drive": "trocado"}
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao=f"consultor.{verbo}", alvo=f"consultores/{id}", detalhes=detalhes
    )
