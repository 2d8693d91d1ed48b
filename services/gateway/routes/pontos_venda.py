"""Pontos de venda: the offices whose clients' boletos are fetched, and where their portal is."""

from __future__ import annotations

from typing import Annotated, Any

from asyncpg import Record
from pydantic import Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.campos import Codigo, Linha, Mudado, Nome, Perfil, UrlBase
from services.gateway.errors import invalid_field
from services.gateway.paging import Pagina, page
from services.gateway.store import Conn, cadastros
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Corpo
from services.gateway.vistas import PontoVendaVisto, list_of

PERFIL_PADRAO = "canopus"
# The portal of each profile that has one of its own; a ponto de venda may name another.
PORTAIS = {PERFIL_PADRAO: "https://cnp3.consorciocanopus.com.br/WWW"}

rotas = Rotas("Pontos de venda", "Os pontos de venda e o endereço do portal de cada um.")

Empresa = Annotated[Linha, Field(min_length=1, max_length=50)]
Rodadas = Annotated[int, Field(ge=0, le=10)]
PausaMinutos = Annotated[int, Field(ge=1, le=1440)]
EXEMPLO = {
    "id": 1, "codigo": "17.308", "nome": "Loja Centro", "empresa": "credms", "url_base": PORTAIS[PERFIL_PADRAO],
    "perfil": PERFIL_PADRAO, "ativo": True, "clientes": 152, "credenciais": 1,
    "recuperacao_rodadas": 3, "recuperacao_pausa_min": 30, "ordem_risco": False,
    "created_at": "2026-11-24T09:00:00-03:00", "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip


class NovoPontoVenda(Corpo):
    """url_base: an origin, optionally with the virtual root; absent, the profile's portal. recuperacao_*: rounds of the
    automatic recovery of technical failures, none unless asked for, and the pause before the first. ordem_risco: begin
    with the contracts that risk least, while the prediction of failures speaks."""

    codigo: Codigo
    nome: Nome
    empresa: Empresa
    url_base: UrlBase | None = None
    perfil: Perfil = PERFIL_PADRAO
    ativo: bool = True
    recuperacao_rodadas: Rodadas = 0
    recuperacao_pausa_min: PausaMinutos = 30
    ordem_risco: bool = False


class MudancaPontoVenda(Corpo):
    codigo: Mudado[Codigo] = None
    nome: Mudado[Nome] = None
    empresa: Mudado[Empresa] = None
    url_base: Mudado[UrlBase] = None
    perfil: Mudado[Perfil] = None
    ativo: Mudado[bool] = None
    recuperacao_rodadas: Mudado[Rodadas] = None
    recuperacao_pausa_min: Mudado[PausaMinutos] = None
    ordem_risco: Mudado[bool] = None


@rotas.get(
    "pontos-venda",
    resumo="Lista os pontos de venda",
    dados=list_of("pontos-venda", PontoVendaVisto),
    exemplo={"pontos-venda": [EXEMPLO], "cursor": None},
)
async def list_pontos_venda(chamada: Chamada, consulta: Pagina) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        linhas = await cadastros.list_pontos_venda(conn, chamada.acesso.alcance, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("pontos-venda", linhas, consulta, cadastros.view_ponto_venda))


@rotas.get("pontos-venda/{codigo}", resumo="Mostra um ponto de venda", dados=PontoVendaVisto, exemplo=EXEMPLO)
async def show_ponto_venda(chamada: Chamada, codigo: str) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        return await _answer(chamada, conn, codigo)


@rotas.post(
    "pontos-venda",
    escopo=Escopo.ADMIN,
    status=201,
    resumo="Cadastra um ponto de venda",
    dados=PontoVendaVisto,
    exemplo=EXEMPLO,
    respostas={409: "já existe um ponto de venda com este código, pontuação à parte"},
)
async def create_ponto_venda(chamada: Chamada, corpo: NovoPontoVenda) -> Resposta:
    chamada.acesso.require_todos()
    url_base = corpo.url_base or PORTAIS.get(corpo.perfil)
    if url_base is None:
        raise invalid_field("url_base", f"informe o endereço do portal do perfil {corpo.perfil}")
    ponto = corpo.model_dump() | {"url_base": url_base}
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await cadastros.insert_ponto_venda(conn, ponto)
        await _audit(chamada, conn, "criar", corpo.codigo, ponto)
        return await _answer(chamada, conn, corpo.codigo, "Ponto de venda cadastrado.")


@rotas.patch(
    "pontos-venda/{codigo}",
    escopo=Escopo.ADMIN,
    resumo="Altera um ponto de venda",
    dados=PontoVendaVisto,
    exemplo=EXEMPLO,
    respostas={409: "já existe um ponto de venda com este código, pontuação à parte"},
)
async def change_ponto_venda(chamada: Chamada, codigo: str, corpo: MudancaPontoVenda) -> Resposta:
    mudancas = corpo.model_dump(exclude_unset=True)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        ponto = await chamada.acesso.find_ponto_venda(conn, codigo)
        await cadastros.update_ponto_venda(conn, ponto["id"], mudancas)
        await _audit(chamada, conn, "alterar", ponto["codigo"], mudancas)
        linha = await cadastros.find_ponto_venda(conn, mudancas.get("codigo", codigo))
    chamada.ctx.wake()
    return _show(linha, "Ponto de venda alterado.")


@rotas.delete(
    "pontos-venda/{codigo}",
    escopo=Escopo.ADMIN,
    resumo="Exclui um ponto de venda, ou o desativa quando algo se refere a ele",
    exemplo={"codigo": "17.308", "excluido": False, "ativo": False},
)
async def delete_ponto_venda(chamada: Chamada, codigo: str) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        ponto = await chamada.acesso.find_ponto_venda(conn, codigo)
        excluido = await cadastros.delete_ponto_venda(conn, ponto["id"])
        await _audit(chamada, conn, "excluir" if excluido else "desativar", ponto["codigo"])
    mensagem = (
        "Ponto de venda excluído."
        if excluido
        else "O ponto de venda tem cadastros, pessoas, agendamentos ou execuções: foi desativado e o histórico fica."
    )
    return Resposta({"codigo": ponto["codigo"], "excluido": excluido, "ativo": False}, mensagem)


async def _answer(chamada: Chamada, conn: Conn, codigo: str, mensagem: str = "Pronto.") -> Resposta:
    return _show(await chamada.acesso.find_ponto_venda(conn, codigo), mensagem)


def _show(linha: Record | None, mensagem: str) -> Resposta:
    assert linha is not None
    return Resposta(cadastros.view_ponto_venda(linha), mensagem)


async def _audit(chamada: Chamada, conn: Conn, verbo: str, codigo: str, detalhes: dict[str, Any] | None = None) -> None:
    await record_auditoria(
        conn,
        quem=chamada.acesso.quem,
        acao=f"ponto_venda.{verbo}",
        alvo=f"pontos-venda/{codigo}",
        detalhes=detalhes,
    )
