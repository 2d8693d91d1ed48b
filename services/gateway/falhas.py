"""What a failed attempt does: to its row by the outcome table, to the credential, the portal and the execution."""

from __future__ import annotations

from asyncpg import Record

from services.gateway.execucao import (
    PORTAL_BLOQUEADO,
    SEGUIDOS,
    SEM_NOME,
    Situacao,
    Tentar,
    append_seguido,
    decide_falha,
    espera_s,
    is_portal_answer,
    raiz_codigo,
)
from services.gateway.relatos import end_failed, is_naming, make_falha, open_relato
from services.gateway.store import Conn, credenciais, load_sql, portais
from services.gateway.store.controle import end_waiting, revoke_tarefas
from services.gateway.store.diario import Diario
from services.gateway.store.itens import SQL, return_item
from services.gateway.store.nomeacao import adopt_new_planilha
from shared.events import BoletoFalhou
from shared.outcomes import Classe, Etapa, StatusCliente, StatusExecucao, find_desfecho

CONCESSOES = load_sql("concessoes")


async def fail(conn: Conn, evento: BoletoFalhou) -> int | None:
    """Returns the ponto de venda whose credential this failure stopped."""
    async with open_relato(conn, evento.tarefa) as (diario, item):
        if item is None or is_naming(item) != (evento.etapa.ordem >= Etapa.NOMEANDO.ordem):
            return None
        diario.begin()
        if is_naming(item):
            await _fail_naming(diario, item, evento)
            return None
        return await _fail_download(diario, item, evento)


async def _fail_naming(diario: Diario, item: Record, evento: BoletoFalhou) -> None:
    """The PDF is there whatever becomes of its name: a retry asks the namer alone, even where the execution ended."""
    situacao = Situacao(item["tentativas"], codigos=_codigos(item))
    decisao = decide_falha(find_desfecho(evento.codigo), situacao)
    falha = make_falha(evento.codigo, evento.etapa, evento.mensagem)
    if evento.codigo == SEM_NOME and await adopt_new_planilha(diario.conn, item):
        decisao = Tentar(espera_s(1), gasta=True)
    if isinstance(decisao, Tentar):
        entrada = falha.entry(item["tentativas"] + 1)
        linhas = await diario.conn.fetch(
            SQL["delay_naming"], item["id"], decisao.espera_s, falha.codigo, falha.mensagem, entrada
        )
        diario.tell(linhas, item["status"])
        return
    if evento.quarentena is not None:
        await diario.conn.execute(SQL["keep_captura"], item["id"], evento.quarentena.model_dump())
    await end_failed(diario, item, decisao, falha)


async def _fail_download(diario: Diario, item: Record, evento: BoletoFalhou) -> int | None:
    conn, desfecho = diario.conn, find_desfecho(evento.codigo)
    credencial_id = await credenciais.find_credencial_cerca(conn, evento.tarefa.cerca)
    parada = credencial_id is not None and await _stops(conn, credencial_id, evento)
    mudou = _note_mudou(diario, evento)
    situacao = Situacao(
        tentativas=item["tentativas"],
        perdas=item["perdas"],
        codigos=_codigos(item),
        encerrada=diario.has_ended or mudou,
        outra_credencial=await credenciais.has_saudavel(conn, item["ponto_venda_id"]),
    )
    decisao = decide_falha(desfecho, situacao)
    falha = make_falha(evento.codigo, evento.etapa, evento.mensagem, evento.evidencia)
    if evento.quarentena is not None:
        await conn.execute(SQL["keep_quarentena"], item["id"], evento.quarentena.model_dump())
    await _note_portal(conn, item, evento, credencial_id)
    if isinstance(decisao, Tentar):
        await return_item(
            diario, item, espera_s=decisao.espera_s, gasta=decisao.gasta, perda=not decisao.gasta, falha=falha
        )
    else:
        await end_failed(diario, item, decisao, falha)
    if mudou and not diario.has_ended:
        await _give_up(diario, evento.codigo)
    return diario.ponto_venda_id if parada else None


async def _stops(conn: Conn, credencial_id: int, evento: BoletoFalhou) -> bool:
    """Whether this failure stops the credential."""
    codigo = evento.codigo
    if raiz_codigo(codigo) == "documento.divergente":
        if not await credenciais.note_divergente(conn, credencial_id, evento.tarefa.item_id):
            return False
        codigo = "documento.divergente"
    elif find_desfecho(codigo).classe is not Classe.PESSOA:
        return False
    elif codigo == PORTAL_BLOQUEADO and evento.etapa != Etapa.AUTENTICANDO:
        # The session that met the block page says so when it ends: one new login is allowed.
        return False
    evidencia = [arquivo.model_dump() for arquivo in evento.evidencia]
    return await credenciais.stop_credencial(conn, credencial_id, evento.tarefa.cerca, codigo, evidencia=evidencia)


def _note_mudou(diario: Diario, evento: BoletoFalhou) -> bool:
    """True: the third different contract in a row that found the portal changed at the same step."""
    if raiz_codigo(evento.codigo) == "portal.mudou":
        seguidos = diario.mudou_itens if diario.mudou_etapa == evento.etapa else []
        diario.mudou_etapa = evento.etapa
        diario.mudou_itens = append_seguido(seguidos, evento.tarefa.item_id)
        return len(diario.mudou_itens) >= SEGUIDOS
    if is_portal_answer(find_desfecho(evento.codigo)):
        diario.mudou_itens = []
    return False


async def _note_portal(conn: Conn, item: Record, evento: BoletoFalhou, credencial_id: int | None) -> None:
    """What the failure says of the portal itself."""
    if raiz_codigo(evento.codigo) == "portal.fora_do_ar":
        await portais.note_fora_do_ar(conn, item["ponto_venda_id"], item["id"])
    elif is_portal_answer(find_desfecho(evento.codigo)):
        # The news of the login may have been lost.
        await conn.execute(CONCESSOES["note_aberta"], item["cerca"])
        if credencial_id is not None:
            await credenciais.note_resposta(conn, credencial_id, confere=False)
        await portais.note_resposta(conn, item["ponto_venda_id"])


async def _give_up(diario: Diario, codigo: str) -> None:
    """The execution itself cannot go on: the portal is not what the profile says."""
    await end_waiting(diario, StatusCliente.ERRO, "portal.mudou")
    diario.set_status(StatusExecucao.ERRO, codigo)
    await revoke_tarefas(diario, "cancelada")


def _codigos(item: Record) -> list[str]:
    """Since a person last set the row back."""
    return [entrada["codigo"] for entrada in item["historico"][item["historico_antes"] :]]
