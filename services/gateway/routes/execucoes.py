"""Executions: submitted, watched, controlled, done again."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record

from services.gateway.acompanhamento import parse_wait, wait_execucao
from services.gateway.api import BASE, Chamada, Resposta, Rotas
from services.gateway.auth import Acesso
from services.gateway.context import AppContext
from services.gateway.errors import ApiError, invalid_field
from services.gateway.execucao import hoje
from services.gateway.paging import encode_cursor, page
from services.gateway.schemas import (
    ExecucaoCriada,
    ExecucaoDetalhe,
    FiltroClientesExecucao,
    FiltroEventos,
    FiltroExecucoes,
    ListaClientesExecucao,
    ListaEventos,
    ListaExecucoes,
    Reprocessamento,
    ResumoSubmissao,
    Submissao,
)
from services.gateway.store import Conn, cadastros, idempotencia, read_agora
from services.gateway.store import execucoes as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.cabecas import find_primeiro_evento
from services.gateway.store.execucoes import NaoEncontrada, NovaExecucao
from shared.outcomes import StatusExecucao, TipoExecucao

rotas = Rotas("Execuções", "Downloads de boletos: enviar, acompanhar, controlar e reprocessar.")

_CHAVE_MAXIMA = 255
_ENVIO = {
    200: "Com `Prefer: wait=<s>`: a execução terminou (ou está bloqueada); contagens finais.",
    403: "A chave é de outro ponto de venda.",
    404: "Ponto de venda ou consultor desconhecido, ou nenhum cliente ativo atende ao pedido.",
    409: "O ponto de venda está inativo.",
}


@rotas.post(
    "processar-downloads-ponto-venda",
    status=202,
    resumo="Baixa os boletos de um ponto de venda",
    descricao="Responde na hora; o trabalho segue e é visto em `Location` e no socket. Um contrato já baixado no "
    "mês não é buscado de novo, salvo com `forcar`.",
    dados=ResumoSubmissao,
    respostas=_ENVIO,
    cabecalhos={
        "Prefer": "`wait=<s>`: segura a resposta até a execução terminar ou ficar bloqueada",
        "Idempotency-Key": "a mesma chave com o mesmo corpo devolve a mesma execução",
    },
)
async def submit(chamada: Chamada, corpo: Submissao) -> Resposta:
    ctx, acesso = chamada.ctx, chamada.acesso
    automacao_id, repetida = await _submit(ctx, acesso, corpo, _read_chave(chamada))
    if not repetida:
        ctx.wake()
    headers = {"Location": _location(automacao_id)} | ({"Idempotent-Replayed": "true"} if repetida else {})
    espera_s = parse_wait(chamada.request.headers.getall("Prefer", []))
    execucao = await wait_execucao(ctx, chamada.request, automacao_id, espera_s) if espera_s else None
    if execucao is not None:
        headers["Preference-Applied"] = f"wait={espera_s}"
        return Resposta(_summarize(execucao), "Execução encerrada.", status=200, headers=headers)
    async with ctx.pool.acquire() as conn:
        return Resposta(_summarize(await _find(conn, automacao_id, acesso)), "Execução enviada.", headers=headers)


async def _submit(ctx: AppContext, acesso: Acesso, corpo: Submissao, chave: str | None) -> tuple[UUID, bool]:
    """The execution, and whether an earlier sending of the same key made it."""
    sha256 = hashlib.sha256(corpo.model_dump_json().encode()).hexdigest()
    async with ctx.pool.acquire() as conn, conn.transaction():
        if chave and (repetida := await idempotencia.find_repetida(conn, acesso.chave_id, chave, sha256)):
            return repetida, True
        nova = await read_submissao(conn, acesso, corpo)
        automacao_id = await store.submit_execucao(conn, nova, hoje(await read_agora(conn)))
        if chave:
            await idempotencia.keep(conn, acesso.chave_id, chave, sha256, automacao_id)
        await _record(conn, acesso, "execucao.enviar", automacao_id, {"ponto_venda": corpo.ponto_venda})
        return automacao_id, False


async def read_submissao(conn: Conn, acesso: Acesso, corpo: Submissao) -> NovaExecucao:
    ponto_venda = await acesso.find_ponto_venda(conn, corpo.ponto_venda)
    consultor_id = None
    if corpo.consultor is not None:
        consultor_id = await read_consultor(conn, corpo.consultor)
    return NovaExecucao(
        ponto_venda_id=ponto_venda["id"],
        tipo=TipoExecucao.DOWNLOAD_BOLETOS,
        usuario=acesso.quem,
        mes=corpo.mes if isinstance(corpo.mes, int) else None,
        ano=corpo.ano,
        limite=corpo.limite,
        consultor_id=consultor_id,
        cpfs=tuple(dict.fromkeys(corpo.cpfs)) if corpo.cpfs else None,
        forcar=corpo.forcar,
    )


async def read_consultor(conn: Conn, consultor: int | str) -> int:
    """Of any ponto de venda: a consultor's contracts may lie in several; those of the one asked for are taken."""
    id = await cadastros.find_consultor_id(conn, consultor)
    if id is None:
        raise ApiError(404, "consultor.nao_encontrado", "Consultor não encontrado. Confira o nome ou o número.")
    return id


@rotas.get("execucoes", resumo="Lista as execuções, a mais nova primeiro", dados=ListaExecucoes)
async def list_execucoes(chamada: Chamada, consulta: FiltroExecucoes) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        alcance = await chamada.acesso.narrow(conn, consulta.ponto_venda)
        linhas = await store.list_execucoes(
            conn,
            alcance=alcance,
            status=consulta.status,
            tipo=consulta.tipo,
            antes=consulta.cursor,
            limite=consulta.buscar,
        )
    return Resposta(page("execucoes", linhas, consulta, store.execucao_dict))


@rotas.get("execucoes/{automacao_id}", resumo="Mostra uma execução e suas contagens", dados=ExecucaoDetalhe)
async def show(chamada: Chamada, automacao_id: UUID) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        execucao = await _find(conn, automacao_id, chamada.acesso)
    contagem = store.contadores(execucao)
    stats = [{"status": status, "quantidade": quantidade} for status, quantidade in contagem.items() if quantidade]
    return Resposta({"execucao": store.execucao_dict(execucao), "logs_stats": stats})


@rotas.get(
    "execucoes/{automacao_id}/clientes", resumo="Lista os contratos de uma execução", dados=ListaClientesExecucao
)
async def list_clientes(chamada: Chamada, automacao_id: UUID, consulta: FiltroClientesExecucao) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        execucao = await _find(conn, automacao_id, chamada.acesso)
        linhas = await store.list_clientes(
            conn,
            execucao["id"],
            status=consulta.status,
            codigo=consulta.codigo,
            desde=consulta.cursor or 0,
            limite=consulta.buscar,
        )
    return Resposta(page("clientes", linhas, consulta, store.cliente_row))


@rotas.get(
    "execucoes/{automacao_id}/eventos",
    resumo="Lista os eventos de uma execução, como o socket os conta",
    descricao="`desde` é o último `seq` já visto; `cursor` leva à página seguinte. Outra `epoca`, ou um `seq` menor "
    "que o já visto, quer dizer que o histórico se perdeu: recomece de `desde=0`. Um `primeiro` além de `desde` + 1, "
    "ou nulo com `seq` além de `desde`, diz que os eventos do meio já saíram pelo prazo de guarda: leia `clientes`.",
    dados=ListaEventos,
)
async def list_eventos(chamada: Chamada, automacao_id: UUID, consulta: FiltroEventos) -> Resposta:
    desde = max(consulta.desde, consulta.cursor or 0)
    async with (
        chamada.ctx.pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        execucao = await _find(conn, automacao_id, chamada.acesso)
        linhas = await store.list_eventos(conn, execucao["id"], desde, consulta.buscar)
        epoca = await store.find_epoca(conn)
        primeiro = await find_primeiro_evento(conn, execucao["id"])
    mostrados = linhas[: consulta.limite]
    return Resposta(
        {
            "eventos": [orjson.Fragment(linha["corpo"]) for linha in mostrados],
            "cursor": encode_cursor(mostrados[-1]["seq"]) if len(linhas) > len(mostrados) else None,
            "epoca": str(epoca),
            "seq": execucao["seq"],
            "primeiro": primeiro,
        }
    )


_ESTADO = {409: "O estado da execução não permite."}


@rotas.post(
    "execucoes/{automacao_id}/cancelar",
    resumo="Cancela uma execução",
    descricao="O que espera é cancelado na hora; um boleto já emitido no portal vai até o fim verdadeiro. De uma que "
    "já terminou, cancela a nova tentativa automática marcada.",
    dados=ExecucaoDetalhe,
    respostas=_ESTADO,
)
async def cancel(chamada: Chamada, automacao_id: UUID) -> Resposta:
    resposta = await _control(chamada, automacao_id, store.cancel_execucao, "cancelar", "Execução cancelada.")
    if resposta.dados["execucao"]["status"] == StatusExecucao.CANCELADA:
        return resposta
    return Resposta(resposta.dados, "Não haverá outra tentativa automática.")


@rotas.post("execucoes/{automacao_id}/pausar", resumo="Pausa uma execução", dados=ExecucaoDetalhe, respostas=_ESTADO)
async def pause(chamada: Chamada, automacao_id: UUID) -> Resposta:
    return await _control(chamada, automacao_id, store.pause_execucao, "pausar", "Execução pausada.")


@rotas.post(
    "execucoes/{automacao_id}/retomar",
    resumo="Retoma uma execução pausada ou bloqueada",
    dados=ExecucaoDetalhe,
    respostas=_ESTADO,
)
async def resume(chamada: Chamada, automacao_id: UUID) -> Resposta:
    return await _control(chamada, automacao_id, store.resume_execucao, "retomar", "Execução retomada.")


async def _control(chamada: Chamada, automacao_id: UUID, control: Any, verbo: str, mensagem: str) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(conn, automacao_id, chamada.acesso)
        await control(conn, automacao_id, chamada.acesso.quem)
        await _record(conn, chamada.acesso, f"execucao.{verbo}", automacao_id)
    chamada.ctx.wake()
    resposta = await show(chamada, automacao_id)
    return Resposta(resposta.dados, mensagem)


@rotas.post(
    "execucoes/{automacao_id}/reprocessar",
    status=201,
    resumo="Faz de novo os contratos que falharam",
    descricao="Sem corpo: todos os que terminaram em `erro`. Cria outra execução, ligada a esta por `origem`.",
    dados=ExecucaoCriada,
    respostas={
        409: "O ponto de venda está inativo; ou, sem corpo, uma rodada da recuperação automática está refazendo estes "
        "contratos.",
        422: "Nenhum contrato atende ao filtro, ou um campo é inválido.",
    },
)
async def reprocess(chamada: Chamada, automacao_id: UUID, corpo: Reprocessamento) -> Resposta:
    acesso = chamada.acesso
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        await _find(conn, automacao_id, acesso)
        nova = await store.reprocess_execucao(
            conn,
            automacao_id,
            status=corpo.status,
            codigos=corpo.codigos,
            clientes=corpo.clientes,
            usuario=acesso.quem,
        )
        await _record(conn, acesso, "execucao.reprocessar", automacao_id, {"nova": str(nova)})
        execucao = store.execucao_dict(await _find(conn, nova, acesso))
    chamada.ctx.wake()
    return Resposta(
        {"id": execucao["automacao_id"], **execucao}, "Execução criada.", headers={"Location": _location(nova)}
    )


async def _find(conn: Conn, automacao_id: UUID, acesso: Acesso) -> Record:
    """Raises NaoEncontrada, also for an execution beyond the caller's reach."""
    execucao = await store.find_execucao(conn, automacao_id, acesso.alcance)
    if execucao is None:
        raise NaoEncontrada
    return execucao


def _summarize(execucao: Record) -> dict[str, Any]:
    contagem = store.contadores(execucao)
    return {
        "automacao_id": str(execucao["automacao_id"]),
        "ponto_venda": execucao["ponto_venda"],
        "status": StatusExecucao(execucao["status"]),
        "total_clientes": execucao["total_clientes"],
        "ja_baixados": contagem["ja_baixado"],
        "sucessos": contagem["sucesso"],
        "erros": contagem["erro"],
        "cpf_nao_encontrado": contagem["cpf_nao_encontrado"],
        "sem_boleto": contagem["sem_boleto"],
    }


def _read_chave(chamada: Chamada) -> str | None:
    chave = chamada.request.headers.get("Idempotency-Key")
    if chave is None:
        return None
    if not 1 <= len(chave) <= _CHAVE_MAXIMA or not chave.isprintable() or not chave.isascii():
        raise invalid_field("Idempotency-Key", f"use de 1 a {_CHAVE_MAXIMA} caracteres ASCII")
    return chave


def _location(automacao_id: UUID) -> str:
    return f"{BASE}/execucoes/{automacao_id}"


async def _record(
    conn: Conn, acesso: Acesso, acao: str, automacao_id: UUID, detalhes: dict[str, Any] | None = None
) -> None:
    await record_auditoria(conn, quem=acesso.quem, acao=acao, alvo=f"execucoes/{automacao_id}", detalhes=detalhes)
