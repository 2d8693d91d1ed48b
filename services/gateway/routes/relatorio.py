"""An execution's Excel report: its rows go to the namer, the workbook comes back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from services.gateway.api import Chamada, Rotas
from services.gateway.routes.pedidos import EXEMPLO_202, XLSX, wait_pedido
from services.gateway.store import Conn
from services.gateway.store.boletos import list_dados
from services.gateway.store.execucoes import (
    NaoEncontrada,
    cliente_row,
    contadores,
    execucao_dict,
    find_execucao,
    list_clientes,
)
from services.gateway.store.pedidos import Pedido
from shared.events import DadosRelatorio

rotas = Rotas("Execuções")

LOTE = 500


@rotas.get(
    "execucoes/{automacao_id}/relatorio.xlsx",
    resumo="O relatório de uma execução em Excel",
    conteudo=XLSX,
    respostas={
        202: f"o relatório ainda é gerado: veja Location ({EXEMPLO_202})",
        404: "a execução não existe",
        503: "nenhum namer está no ar",
    },
)
async def download_relatorio(chamada: Chamada, automacao_id: UUID) -> web.StreamResponse:
    ctx = chamada.ctx
    async with ctx.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        execucao = await find_execucao(conn, automacao_id, chamada.acesso.alcance)
        if execucao is None:
            raise NaoEncontrada
        dados = DadosRelatorio(
            execucao=_plain(execucao_dict(execucao)),
            contadores=contadores(execucao),
            clientes=tuple([_plain(linha) for linha in await _list_rows(conn, execucao["id"])]),
        )
    await ctx.pedidos.check_servico("relatorio")
    arquivo = await ctx.files.put_interno("relatorios", dados.model_dump_json().encode())
    parametros = {"arquivo": arquivo.model_dump(), "nome_arquivo": f"relatorio-{automacao_id}.xlsx"}
    pedido = Pedido("relatorio", parametros, execucao["ponto_venda_id"], chamada.acesso.quem)
    await ctx.pedidos.ask(pedido, ctx.pool)
    ctx.wake()
    return await wait_pedido(chamada, pedido.id)


async def _list_rows(conn: Conn, execucao_id: int) -> list[dict[str, Any]]:
    linhas: list[dict[str, Any]] = []
    while lote := await list_clientes(conn, execucao_id, desde=linhas[-1]["id"] if linhas else 0, limite=LOTE):
        boletos = await list_dados(conn, [linha["boleto_id"] for linha in lote if linha["boleto_id"]])
        linhas += [cliente_row(linha) | _describe(boletos.get(linha["boleto_id"], {})) for linha in lote]
    return linhas


def _describe(boleto: dict[str, Any]) -> dict[str, Any]:
    """Its origins in one cell: each of them once."""
    if not boleto:
        return {}
    origens = ",".join(dict.fromkeys(boleto["origens"].values()))
    return boleto | {"vencimento": boleto["vencimento"].isoformat(), "origens": origens or None}


def _plain(campos: dict[str, Any]) -> dict[str, str | int | float | None]:
    return {campo: valor for campo, valor in campos.items() if isinstance(valor, str | int | float | None)}
