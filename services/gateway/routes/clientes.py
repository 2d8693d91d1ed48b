"""Clientes: the contracts that workbooks brought, and what people add to them by hand."""

from __future__ import annotations

from typing import Annotated, Any

from asyncpg import Record
from pydantic import AfterValidator, BeforeValidator, Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.campos import Documento, Email, Linha, Mudado, PontoVenda, Telefone, Texto
from services.gateway.errors import invalid_field, not_found
from services.gateway.paging import Pagina, page
from services.gateway.routes.planilhas import find_consultor_filtro
from services.gateway.store import Conn, cadastros, planilhas
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.cadastros import FiltroClientes
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Corpo
from services.gateway.vistas import ClienteVisto, list_of
from shared.contrato import fold, mask_documento, parse_documento

rotas = Rotas("Clientes", "Os contratos das planilhas. O CPF aparece inteiro só para operador e admin.")

EXEMPLO = {
    "id": 10, "nome": "ANA PAULA SOUZA LIMA", "cpf": "12345678909", "grupo": 6650, "cota": 7, "ponto_venda": "17.308",
    "consultor": "Marta Lima", "consultor_id": 1, "email": None, "whatsapp": "(67) 99999-0000", "situacao": "Em dia",
    "contemplado": None, "status_contrato": "ativo", "origem": "planilha", "observacoes": None, "ativo": True,
    "valor_credito": 50000.0, "valor_parcela": 812.45, "planilha_id": 7, "linha_planilha": 14, "editados": ["whatsapp"],
    "created_at": "2026-11-24T09:00:00-03:00", "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip

# The body's field → the column; consultor and ponto_venda are looked up.
COLUNAS = {"nome": "nome_completo", "grupo": "grupo_consorcio", "cota": "cota_consorcio"}


class ConsultaClientes(Pagina):
    """busca: part of the name, accents ignored."""

    ponto_venda: str | None = None
    consultor: str | None = None
    ativo: bool | None = None
    cpf: Annotated[str, AfterValidator(parse_documento)] | None = None
    busca: Annotated[str, BeforeValidator(fold)] | None = None


class MudancaCliente(Corpo):
    """What a person enters here no workbook overwrites. consultor: id or name; null takes it away."""

    nome: Mudado[Annotated[Linha, Field(min_length=1, max_length=255)]] = None
    cpf: Mudado[Documento] = None
    grupo: Annotated[int, Field(ge=1, le=999_999)] | None = None
    cota: Annotated[int, Field(ge=0, le=99_999)] | None = None
    ponto_venda: Mudado[PontoVenda] = None
    consultor: int | Linha | None = None
    email: Email = None
    whatsapp: Telefone = None
    observacoes: Texto | None = None
    ativo: Mudado[bool] = None


@rotas.get(
    "clientes",
    resumo="Lista os contratos",
    dados=list_of("clientes", ClienteVisto),
    exemplo={"clientes": [EXEMPLO], "cursor": None},
)
async def list_clientes(chamada: Chamada, consulta: ConsultaClientes) -> Resposta:
    acesso = chamada.acesso
    async with chamada.ctx.pool.acquire() as conn:
        filtro = FiltroClientes(
            alcance=await acesso.narrow(conn, consulta.ponto_venda),
            consultor_id=await find_consultor_filtro(chamada, conn, consulta.consultor),
            ativo=consulta.ativo,
            cpf=consulta.cpf,
            busca=consulta.busca,
        )
        linhas = await cadastros.list_clientes(conn, filtro, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("clientes", linhas, consulta, lambda linha: _view(chamada, linha)))


@rotas.get("clientes/{id}", resumo="Mostra um contrato", dados=ClienteVisto, exemplo=EXEMPLO)
async def show_cliente(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        return Resposta(_view(chamada, await _find(chamada, conn, id)))


@rotas.patch(
    "clientes/{id}",
    resumo="Altera um contrato: o que se preenche aqui nenhuma planilha sobrescreve",
    dados=ClienteVisto,
    exemplo=EXEMPLO,
    respostas={409: "já existe um contrato com este CPF e grupo/cota"},
)
async def change_cliente(chamada: Chamada, id: int, corpo: MudancaCliente) -> Resposta:
    pedidas = corpo.model_dump(exclude_unset=True)
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        # An import that runs counts on who has which contract.
        await planilhas.lock_importacao(conn)
        atual = await _find(chamada, conn, id)
        _check_cota(pedidas, atual)
        await cadastros.update_cliente(conn, id, await _resolve(chamada, conn, pedidas), sorted(pedidas))
        await _audit(chamada, conn, id, pedidas)
        return Resposta(_view(chamada, await _find(chamada, conn, id)), "Cliente alterado.")


def _view(chamada: Chamada, linha: Record) -> dict[str, Any]:
    return cadastros.view_cliente(linha, cpf_inteiro=chamada.acesso.escopo.covers(Escopo.OPERADOR))


async def _find(chamada: Chamada, conn: Conn, id: int) -> Record:
    linha = await cadastros.find_cliente(conn, id, chamada.acesso.alcance)
    if linha is None:
        raise not_found("Cliente", "cliente.nao_encontrado")
    return linha


def _check_cota(pedidas: dict[str, Any], atual: Record) -> None:
    """A contract has grupo and cota, or neither."""
    depois = {campo: pedidas.get(campo, atual[COLUNAS[campo]]) for campo in ("grupo", "cota")}
    if (depois["grupo"] is None) != (depois["cota"] is None):
        falta = "grupo" if depois["grupo"] is None else "cota"
        raise invalid_field(falta, "informe grupo e cota juntos, ou nenhum dos dois")


async def _resolve(chamada: Chamada, conn: Conn, pedidas: dict[str, Any]) -> dict[str, Any]:
    """The body's fields as columns."""
    colunas = {COLUNAS.get(campo, campo): valor for campo, valor in pedidas.items()}
    if "ponto_venda" in colunas:
        colunas["ponto_venda_id"] = (await chamada.acesso.find_ponto_venda(conn, colunas.pop("ponto_venda")))["id"]
    if "consultor" in colunas:
        consultor = colunas.pop("consultor")
        texto = None if consultor in (None, "") else str(consultor)
        colunas["consultor_id"] = await find_consultor_filtro(chamada, conn, texto)
    return colunas


async def _audit(chamada: Chamada, conn: Conn, id: int, pedidas: dict[str, Any]) -> None:
    detalhes = {campo: mask_documento(valor) if campo == "cpf" else valor for campo, valor in pedidas.items()}
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao="cliente.alterar", alvo=f"clientes/{id}", detalhes=detalhes
    )
