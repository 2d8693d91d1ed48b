"""Workbooks: uploaded, read by the namer, imported whole or only simulated."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import PureWindowsPath

from aiohttp import web
from asyncpg import Record

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.errors import (
    ApiError,
    Detalhe,
    invalid_field,
    invalid_fields,
    too_slow,
)
from services.gateway.formularios import read_formulario
from services.gateway.paging import Pagina, page
from services.gateway.routes.pedidos import EXEMPLO_202, wait_pedido
from services.gateway.store import Conn, cadastros
from services.gateway.store import planilhas as store
from services.gateway.store.pedidos import Pedido
from services.gateway.validation import Consulta
from services.gateway.vistas import Importacao, PlanilhaVista, list_of

rotas = Rotas("Planilhas", "As planilhas dos consultores: enviadas, conferidas e importadas.")

LIMITE_BYTES = 20 * 1024 * 1024
# A workbook over a slow line: longer than a JSON body may take.
ENVIO_S = 300.0

EXEMPLO_RELATO = {
    "id": 7, "total": 152, "importados": 140, "atualizados": 8, "inativos": 2, "ignorados": 1, "rejeitados": 1,
    "erros": [
        {"aba": "PLANILHA GERAL ", "linha": 33, "campo": "P.V", "motivo": "Ponto de venda 99.999 não cadastrado."},
        {"aba": "PLANILHA GERAL ", "linha": 41, "campo": "CPF", "motivo": "Linha sem CPF."},
    ],
    "simulado": False,
}  # fmt: skip
DESCRICAO = (
    "Cada linha conta uma vez: total = importados + atualizados + inativos + ignorados + rejeitados. Importados são "
    "contratos novos; inativos, os que a planilha dá por cancelados ou que uma pessoa desativou; ignorados, linhas de "
    "ponto de venda não cadastrado e as que não se sabe de que contrato são; rejeitados, linhas sem documento ou com "
    "documento inválido. Ignorados e rejeitados estão em erros, com o motivo. O que uma pessoa preencheu à mão "
    "(WhatsApp, e-mail, nome, ponto de venda, desativação) não é alterado. Com simular=true nada é gravado."
)
FORMULARIO = {
    "type": "object",
    "required": ["arquivo", "consultor"],
    "properties": {
        "arquivo": {"type": "string", "format": "binary", "description": ".xlsx, .xls ou .xlsm, até 20 MB"},
        "consultor": {"type": "string", "description": "id ou nome"},
        "ponto_venda": {"type": "string", "description": "das linhas sem ponto de venda; senão, o do consultor"},
    },
}


class ConsultaEnvio(Consulta):
    simular: bool = False


class ConsultaPlanilhas(Pagina):
    consultor: str | None = None


@dataclass(frozen=True)
class Formulario:
    arquivo: bytes
    nome_arquivo: str
    consultor: str
    ponto_venda: str | None


@rotas.get(
    "planilhas",
    resumo="Lista as planilhas importadas, as mais novas primeiro",
    dados=list_of("planilhas", PlanilhaVista),
)
async def list_planilhas(chamada: Chamada, consulta: ConsultaPlanilhas) -> Resposta:
    alcance = chamada.acesso.alcance
    async with chamada.ctx.pool.acquire() as conn:
        consultor_id = await find_consultor_filtro(chamada, conn, consulta.consultor)
        linhas = await store.list_planilhas(conn, alcance, consultor_id, consulta.cursor, consulta.buscar)
    return Resposta(page("planilhas", linhas, consulta, store.view_planilha))


@rotas.post(
    "planilhas",
    status=201,
    resumo="Importa a planilha de um consultor, ou só a confere",
    descricao=DESCRICAO,
    dados=Importacao,
    exemplo=EXEMPLO_RELATO,
    formulario=FORMULARIO,
    respostas={
        200: "conferida com simular=true: nada foi gravado",
        202: f"a leitura ainda corre: veja Location ({EXEMPLO_202})",
        413: "o arquivo passa de 20 MB",
        422: "campo faltando, ou o arquivo não é uma planilha de clientes",
        503: "nenhum namer está no ar",
    },
)
async def upload_planilha(chamada: Chamada, consulta: ConsultaEnvio) -> web.StreamResponse:
    try:
        async with asyncio.timeout(ENVIO_S):
            partes, nome_arquivo = await read_formulario(chamada.request, LIMITE_BYTES, ("consultor", "ponto_venda"))
    except TimeoutError as erro:
        raise too_slow() from erro
    formulario = _check_formulario(partes, nome_arquivo)
    async with chamada.ctx.pool.acquire() as conn:
        consultor = await _find_consultor(chamada, conn, formulario.consultor)
        ponto = await _find_ponto_venda(chamada, conn, formulario.ponto_venda or consultor["ponto_venda"])
    await chamada.ctx.pedidos.check_servico("planilha")
    pedido = await _store_pedido(chamada, formulario, consultor, ponto, simular=consulta.simular)
    await chamada.ctx.pedidos.ask(pedido, chamada.ctx.pool)
    chamada.ctx.wake()
    return await wait_pedido(chamada, pedido.id, forget=consulta.simular)


async def find_consultor_filtro(chamada: Chamada, conn: Conn, consultor: str | None) -> int | None:
    """The id of the consultor that a list is filtered by, of whatever ponto de venda: the rows shown are the caller's
    own. Raises ApiError 422 where there is none."""
    if consultor is None:
        return None
    id = await cadastros.find_consultor_id(conn, consultor)
    if id is None:
        raise _no_consultor()
    return id


def _no_consultor() -> ApiError:
    return invalid_field("consultor", "consultor não encontrado: use o id ou o nome de um consultor cadastrado")


def _check_formulario(partes: dict[str, bytes], nome_arquivo: str) -> Formulario:
    textos = {
        campo: partes[campo].decode("utf-8", "replace").replace("\x00", "").strip()
        for campo in ("consultor", "ponto_venda")
        if campo in partes
    }
    faltas = [] if "arquivo" in partes else [Detalhe("arquivo", "campo obrigatório: a planilha do consultor")]
    if not textos.get("consultor"):
        faltas.append(Detalhe("consultor", "campo obrigatório: id ou nome do consultor"))
    if faltas:
        raise invalid_fields(*faltas)
    nome = PureWindowsPath(nome_arquivo).name.replace("\x00", "") or "planilha"
    return Formulario(partes["arquivo"], nome[:255], textos["consultor"], textos.get("ponto_venda") or None)


async def _find_consultor(chamada: Chamada, conn: Conn, texto: str) -> Record:
    """Whose workbook it is: a consultor within the caller's reach."""
    id = await find_consultor_filtro(chamada, conn, texto)
    consultor = await cadastros.find_consultor(conn, id, chamada.acesso.alcance) if id is not None else None
    if consultor is None:
        raise _no_consultor()
    if not consultor["ativo"]:
        raise invalid_field("consultor", "consultor inativo: reative-o antes de importar")
    return consultor


async def _find_ponto_venda(chamada: Chamada, conn: Conn, codigo: str) -> Record:
    ponto = await chamada.acesso.find_ponto_venda(conn, codigo)
    if not ponto["ativo"]:
        raise invalid_field("ponto_venda", "ponto de venda inativo: reative-o antes de importar")
    return ponto


async def _store_pedido(
    chamada: Chamada, formulario: Formulario, consultor: Record, ponto: Record, *, simular: bool
) -> Pedido:
    """Put the workbook in the store. One that is only simulated lies under its question's id and goes with it."""
    pedido = Pedido("planilha", {}, ponto["id"], chamada.acesso.quem)
    files = chamada.ctx.files
    if simular:
        arquivo = await files.place(f"_interno/planilhas/simular-{pedido.id}", formulario.arquivo, overwrite=True)
    else:
        arquivo = await files.put_interno("planilhas", formulario.arquivo)
    pedido.parametros.update(
        arquivo=arquivo.model_dump(),
        nome_arquivo=formulario.nome_arquivo,
        consultor_id=consultor["id"],
        ponto_venda_id=ponto["id"],
        ponto_venda=ponto["codigo"],
        alcance=chamada.acesso.alcance,
        simular=simular,
    )
    return pedido
