"""Boletos: the filed PDFs, one by one or an execution's all together."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from asyncpg import Record
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.errors import ApiError, invalid_field, not_found
from services.gateway.mudancas import Marco, parse_desde
from services.gateway.paging import Pagina, page
from services.gateway.routes.pedidos import disposition
from services.gateway.routes.planilhas import find_consultor_filtro
from services.gateway.store import boletos as store
from services.gateway.store.boletos import FiltroBoletos
from services.gateway.store.execucoes import NaoEncontrada, find_epoca, find_execucao
from services.gateway.store.mudancas import Mudancas, find_topo, read_mudancas
from services.gateway.vistas import BoletoVisto, ListaBoletos
from shared.contrato import fold, parse_documento, parse_mes
from shared.events import Arquivo
from shared.files import ArquivoAusente, ArquivoCorrompido, FileStore

rotas = Rotas("Boletos", "Os PDFs conferidos e arquivados.")

EXEMPLO = {
    "id": 31, "automacao_id": "0f8fad5b-d9cb-469f-a165-70867728950e", "ponto_venda": "17.308",
    "consultor": "Marta Lima", "cliente_id": 10, "nome": "ANA PAULA SOUZA LIMA", "cpf": "***.456.789-**",
    "grupo": 6650, "cota": 7, "mes": 11, "ano": 2026, "numero_parcela": "12", "contrato": "123456",
    "vencimento": "2026-11-15", "valor": 812.45, "linha_digitavel": "23793381286000782713695000063305416310000081245",
    "codigo_barras": "23794163100000812453381260007827139500006330", "nosso_numero": "26/34567-8", "banco": "237",
    "pagador": "ANA PAULA SOUZA LIMA",
    "origens": {"linha_digitavel": "texto", "codigo_barras": "texto", "banco": "texto", "valor": "texto"},
    "status": "pendente", "data_pagamento": None, "valor_pago": None,
    "arquivo": "Marta Lima/ANA_PAULA_SOUZA_LIMA_NOVEMBRO.pdf", "tamanho": 171204, "sha256": "9f…",
    "baixado_em": "2026-11-24T09:00:00-03:00",
}  # fmt: skip
LEIA_ME = "_FALTAM_BOLETOS.txt"


# With a cursor of changes only these go along.
COM_MARCO = {"desde", "ponto_venda", "limite"}
DESCRICAO = (
    "`ordem=consultor`: do mês mais novo ao mais antigo e, em cada um, por consultor e cliente.\n\n"
    "Para acompanhar o que muda: comece com `desde=inicio` (tudo) ou `desde=agora` (só o que vier), guarde o `cursor` "
    "da resposta e mande-o em `desde` na vez seguinte. Vêm os boletos arquivados, emitidos de novo, pagos ou alterados "
    "depois dele, cada um uma vez e como está agora, e em `apagados` os que foram removidos; `ha_mais` diz se há outra "
    "página já. Nada falta, nem o que uma transação demorada gravou; um boleto que muda de novo vem de novo. "
    "Só `ponto_venda` e `limite` combinam com esse cursor."
)


class ConsultaBoletos(Pagina):
    """mes: 1–12 or its name. desde: downloaded since that moment, or changed since that cursor. busca: part of the
    name, accents ignored."""

    ponto_venda: str | None = None
    consultor: str | None = None
    mes: Annotated[int, BeforeValidator(parse_mes)] | None = None
    ano: Annotated[int, Field(ge=2000, le=2100)] | None = None
    cpf: Annotated[str, AfterValidator(parse_documento)] | None = None
    desde: (
        Annotated[
            datetime | Marco,
            PlainValidator(parse_desde),
            WithJsonSchema({"type": "string", "description": "data e hora, inicio, agora, ou um cursor de mudanças"}),
        ]
        | None
    ) = None
    busca: Annotated[str, BeforeValidator(fold)] | None = None
    ordem: Literal["recentes", "consultor"] = "recentes"


@rotas.get(
    "boletos",
    resumo="Lista os boletos, os mais novos primeiro",
    descricao=DESCRICAO,
    dados=ListaBoletos,
    exemplo={"boletos": [EXEMPLO], "cursor": None},
    respostas={410: "o banco voltou de uma cópia: recomece com desde=inicio"},
)
async def list_boletos(chamada: Chamada, consulta: ConsultaBoletos) -> Resposta:
    acesso = chamada.acesso
    if isinstance(consulta.desde, Marco):
        return await _list_mudancas(chamada, consulta, consulta.desde)
    async with chamada.ctx.pool.acquire() as conn:
        filtro = FiltroBoletos(
            alcance=await acesso.narrow(conn, consulta.ponto_venda),
            consultor_id=await find_consultor_filtro(chamada, conn, consulta.consultor),
            mes=consulta.mes,
            ano=consulta.ano,
            cpf=consulta.cpf,
            desde=consulta.desde,
            busca=consulta.busca,
        )
        listar = store.list_por_consultor if consulta.ordem == "consultor" else store.list_boletos
        linhas = await listar(conn, filtro, consulta.cursor, consulta.buscar)
    return Resposta(page("boletos", linhas, consulta, store.view_boleto))


async def _list_mudancas(chamada: Chamada, consulta: ConsultaBoletos, desde: Marco) -> Resposta:
    if sobra := sorted(consulta.model_fields_set - COM_MARCO):
        raise invalid_field(sobra[0], "não combina com o cursor de mudanças em desde: tire um dos dois")
    async with chamada.ctx.pool.acquire() as conn:
        alcance = await chamada.acesso.narrow(conn, consulta.ponto_venda)
        epoca = await find_epoca(conn)
        if desde.epoca not in (None, epoca):
            texto = "O banco voltou de uma cópia, e este cursor é de antes. Recomece com desde=inicio."
            raise ApiError(410, "boletos.cursor_antigo", texto)
        if desde.numero is None:
            lidas = Mudancas([], [], await find_topo(conn), ha_mais=False)
        else:
            lidas = await read_mudancas(conn, alcance, desde.numero, consulta.limite)
    return Resposta(
        {
            "boletos": [store.view_boleto(linha) for linha in lidas.boletos],
            "apagados": [
                {"id": linha["boleto_id"], "ponto_venda": linha["ponto_venda"], "apagado_em": linha["apagado_em"]}
                for linha in lidas.apagados
            ],
            "cursor": Marco(lidas.ate, epoca).encode(),
            "ha_mais": lidas.ha_mais,
        }
    )


@rotas.get("boletos/{id}", resumo="Mostra um boleto", dados=BoletoVisto, exemplo=EXEMPLO)
async def show_boleto(chamada: Chamada, id: int) -> Resposta:
    return Resposta(store.view_boleto(await _find(chamada, id)))


@rotas.get(
    "boletos/{id}/pdf",
    resumo="O PDF de um boleto, como foi conferido",
    conteudo="application/pdf",
    respostas={404: "o boleto ou o seu arquivo não existe", 500: "o arquivo foi alterado depois de conferido"},
)
async def download_boleto(chamada: Chamada, id: int) -> web.StreamResponse:
    arquivo = store.get_arquivo(await _find(chamada, id))
    try:
        conteudo = await chamada.ctx.files.get(arquivo)
    except ArquivoCorrompido as erro:
        texto = "O arquivo deste boleto foi alterado depois de conferido. Baixe-o de novo do portal com forcar."
        raise ApiError(500, "arquivo.alterado", texto) from erro
    nome = arquivo.caminho.rpartition("/")[2]
    return web.Response(
        body=conteudo,
        content_type="application/pdf",
        headers={"Content-Disposition": disposition("inline", nome), "ETag": f'"{arquivo.sha256}"'},
    )


@rotas.get(
    "execucoes/{automacao_id}/boletos.zip",
    resumo="Os PDFs de uma execução, baixados agora ou antes",
    conteudo="application/zip",
    respostas={404: "a execução não existe, ou não tem boleto"},
)
async def download_boletos(chamada: Chamada, automacao_id: UUID) -> web.StreamResponse:
    async with chamada.ctx.pool.acquire() as conn:
        if await find_execucao(conn, automacao_id, chamada.acesso.alcance) is None:
            raise NaoEncontrada
        arquivos = await store.list_arquivos(conn, automacao_id)
    if not arquivos:
        raise ApiError(404, "execucao.sem_boletos", "Esta execução ainda não tem boleto baixado.")
    nome = f"boletos-{automacao_id}.zip"
    resposta = web.StreamResponse(headers={"Content-Disposition": disposition("attachment", nome)})
    resposta.content_type = "application/zip"
    await resposta.prepare(chamada.request)
    async for pedaco in _zip(chamada.ctx.files, arquivos):
        await resposta.write(pedaco)
    await resposta.write_eof()
    return resposta


class _Saida:
    """A file that is only written to: what was written since the last look is taken away."""

    def __init__(self) -> None:
        self._partes: list[bytes] = []

    def write(self, dados: bytes, /) -> int:
        self._partes.append(bytes(dados))
        return len(dados)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        partes, self._partes = self._partes, []
        return b"".join(partes)


async def _zip(files: FileStore, arquivos: list[Arquivo]) -> AsyncIterator[bytes]:
    """One PDF in memory at a time. The answer has begun: a file that is missing is told inside."""
    saida, faltam = _Saida(), []
    # PDFs are compressed already.
    with zipfile.ZipFile(saida, "w", zipfile.ZIP_STORED) as pacote:
        for arquivo in arquivos:
            try:
                pacote.writestr(zipfile.ZipInfo(arquivo.caminho, (1980, 1, 1, 0, 0, 0)), await files.get(arquivo))
            except (ArquivoAusente, ArquivoCorrompido):
                faltam.append(arquivo.caminho)
            yield saida.take()
        if faltam:
            linhas = ["Estes boletos não estão no armazenamento, ou foram alterados. Baixe-os de novo:", *faltam]
            pacote.writestr(LEIA_ME, "\r\n".join(linhas))
    yield saida.take()


async def _find(chamada: Chamada, id: int) -> Record:
    async with chamada.ctx.pool.acquire() as conn:
        linha = await store.find_boleto(conn, id, chamada.acesso.alcance)
    if linha is None:
        raise not_found("Boleto", "boleto.nao_encontrado")
    return linha
