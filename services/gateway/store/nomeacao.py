"""Verified captures on their way to the namer: asked for the first time, again, or once a workbook has the name."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Record

from services.gateway.store import Conn, load_sql
from services.gateway.store.diario import Diario, open_diario
from services.gateway.store.itens import SQL as ITENS
from services.gateway.store.outbox import post
from shared.events import Arquivo, BoletoNomear, Tarefa

SQL = load_sql("nomeacao")


async def name_pending(conn: Conn, cpfs: Sequence[str]) -> int:
    """The register has these CPFs now: boletos kept aside for want of a name go to the namer. Returns how many."""
    nomeados = 0
    for grupo in await conn.fetch(SQL["list_sem_nome"], cpfs):
        async with open_diario(conn, grupo["execucao_id"]) as diario:
            itens = await conn.fetch(SQL["lock_itens"], grupo["ids"])
            await conn.execute(SQL["adopt_items"], [item["id"] for item in itens])
            await rename_items(diario, itens)
            nomeados += len(itens)
    return nomeados


async def adopt_new_planilha(conn: Conn, item: Record) -> bool:
    """Whether a workbook with the row's CPF came after the namer was asked; the row is then its consultor's."""
    if not await conn.fetchval(SQL["has_new_planilha"], item["cpf"], item["enviado_em"], item["empresa_id"]):
        return False
    await conn.execute(SQL["adopt_items"], [item["id"]])
    return True


async def rename_items(diario: Diario, itens: Sequence[Record]) -> None:
    """Failed rows whose capture is kept: to the namer again, as processando."""
    ids = [item["id"] for item in itens]
    if ids:
        diario.tell(await diario.conn.fetch(ITENS["rename_items"], ids), itens[0]["status"])
        await ask_names(diario.conn, ids)


async def resend_late(conn: Conn, limite_s: float) -> int:
    """Ask again where the namer's answer, or the question, was lost."""
    ids = [linha["id"] for linha in await conn.fetch(SQL["take_atrasados"], limite_s)]
    await ask_names(conn, ids)
    return len(ids)


async def ask_names(conn: Conn, ids: Sequence[int]) -> None:
    linhas = await conn.fetch(SQL["list_nomear"], ids)
    await post(conn, *(_boleto_nomear(linha) for linha in linhas))


def _boleto_nomear(linha: Record) -> BoletoNomear:
    boleto = linha["dados_boleto"]
    planilha = None
    if linha["caminho"]:
        planilha = Arquivo(caminho=linha["caminho"], sha256=linha["sha256"], tamanho=linha["tamanho"])
    return BoletoNomear(
        # No lease stands behind a naming: the portal is not touched.
        tarefa=Tarefa(
            automacao_id=linha["automacao_id"],
            item_id=linha["id"],
            despacho=linha["despacho"],
            tentativa=linha["tentativas"] + 1,
            cerca=0,
        ),
        ponto_venda=linha["ponto_venda"],
        captura=Arquivo.model_validate(linha["captura"]),
        cpf=linha["cpf"],
        grupo=boleto["grupo"],
        cota=boleto["cota"],
        mes=boleto["mes"],
        ano=boleto["ano"],
        planilha=planilha,
        pasta=linha["pasta"],
        escritorio=linha["escritorio"],
        arquivo_anterior=linha["arquivo_anterior"],
    )
