"""Schedules: downloads that begin by themselves, and what became of each firing."""

from __future__ import annotations

from typing import Any

from asyncpg import Record

from services.gateway import agendamentos
from services.gateway.api import BASE, Chamada, Resposta, Rotas
from services.gateway.auth import Acesso
from services.gateway.paging import Pagina, page
from services.gateway.routes.execucoes import read_consultor
from services.gateway.schemas_agendamentos import (
    AgendamentoVisto,
    AgendaVista,
    ConsultaAgenda,
    DisparoVisto,
    FiltroAgendamentos,
    MudancaAgendamento,
    NovoAgendamento,
)
from services.gateway.store import Conn, read_agora
from services.gateway.store import agendamentos as store
from services.gateway.store.recusas import AgendamentoAusente
from services.gateway.vistas import list_of

rotas = Rotas(
    "Agendamentos",
    "Downloads que começam sozinhos: dia do mês, dia útil, dias da semana ou cron, na hora de um fuso. Um disparo "
    "espera até 30 minutos pelo fim de outra execução do ponto de venda e depois é recusado; todos ficam no histórico.",
)
_DISPARO = {
    "id": 7, "previsto_para": "2026-11-05T11:00:00Z", "perdidos_desde": None, "feito_em": "2026-11-05T11:00:01Z",
    "quem": None, "resultado": "enviado", "codigo": None, "mensagem": None,
    "automacao_id": "6f0a1f0e-6e0e-4b51-9d35-0f4d0c1c6a51", "status": "concluida",
}  # fmt: skip
EXEMPLO = {
    "id": 1, "nome": "Dia 5 do mês", "ponto_venda": "17.308", "consultor": None, "consultor_id": None, "mes": "proximo",
    "regra": {"tipo": "dia_do_mes", "dia": 5, "hora": "08:00"}, "fuso": "America/Sao_Paulo", "perdidos": "recuperar",
    "ativo": True, "adiado_em": None, "criado_por": "pessoa 1 (Ana)", "descricao": "Todo dia 5, às 08:00",
    "proximas": ["2026-12-05T11:00:00Z"], "ultimo": _DISPARO, "created_at": "2026-10-24T09:00:00-03:00",
    "updated_at": "2026-10-24T09:00:00-03:00",
}  # fmt: skip
_ENVIO = {
    409: "O ponto de venda está inativo ou ainda tem uma execução em andamento.",
    422: "O ponto de venda não tem credencial ativa.",
}
_ESTADO = {409: "O estado do agendamento não permite."}


@rotas.get(
    "agendamentos",
    resumo="Lista os agendamentos e os próximos disparos de cada um",
    dados=list_of("agendamentos", AgendamentoVisto),
    exemplo={"agendamentos": [EXEMPLO], "cursor": None},
)
async def list_agendamentos(chamada: Chamada, consulta: FiltroAgendamentos) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        alcance = await chamada.acesso.narrow(conn, consulta.ponto_venda)
        linhas = await store.list_agendamentos(conn, alcance, consulta.ativo, consulta.cursor or 0, consulta.buscar)
        ultimos = await store.list_ultimos(conn, [linha["id"] for linha in linhas])
        agora = await read_agora(conn)
    await agendamentos.prepare(linhas)
    return Resposta(page("agendamentos", linhas, consulta, lambda a: agendamentos.view(a, ultimos.get(a["id"]), agora)))


@rotas.post(
    "agendamentos",
    status=201,
    resumo="Agenda downloads de um ponto de venda",
    descricao="`mes` diz de qual mês são os boletos, contado do dia do disparo. `perdidos`: o que não disparou porque "
    "o sistema estava parado é recuperado, uma vez por todos, ou pulado.",
    dados=AgendamentoVisto,
    exemplo=EXEMPLO,
)
async def create_agendamento(chamada: Chamada, corpo: NovoAgendamento) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        colunas = await resolve(chamada.acesso, conn, corpo.model_dump(mode="json"))
        id = await agendamentos.create(conn, colunas, await read_agora(conn), chamada.acesso.quem)
        return await _answer(chamada, conn, id, "Agendamento criado.")


@rotas.post(
    "agendamentos/previa",
    resumo="Diz uma regra em palavras, e os próximos disparos dela; nada muda",
    dados=AgendaVista,
    exemplo={"descricao": "Todo dia 5, às 08:00", "proximas": ["2026-12-05T11:00:00Z"]},
)
async def preview(chamada: Chamada, corpo: ConsultaAgenda) -> Resposta:
    await agendamentos.prepare([corpo.model_dump()])
    async with chamada.ctx.pool.acquire() as conn:
        agora = await read_agora(conn)
    return Resposta(agendamentos.view_agenda(corpo.regra, corpo.fuso, agora))


@rotas.get("agendamentos/{id}", resumo="Mostra um agendamento", dados=AgendamentoVisto, exemplo=EXEMPLO)
async def show_agendamento(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        return await _answer(chamada, conn, id)


@rotas.patch(
    "agendamentos/{id}",
    resumo="Altera um agendamento",
    descricao="Outra regra, outro fuso ou outro ponto de venda vale a partir de agora.",
    dados=AgendamentoVisto,
    exemplo=EXEMPLO,
)
async def change_agendamento(chamada: Chamada, id: int, corpo: MudancaAgendamento) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        agendamento = await store.lock_agendamento(conn, id, chamada.acesso.alcance)
        mudancas = await resolve(chamada.acesso, conn, corpo.model_dump(mode="json", exclude_unset=True))
        await agendamentos.change(conn, agendamento, mudancas, await read_agora(conn), chamada.acesso.quem, "alterar")
        return await _answer(chamada, conn, id, "Agendamento alterado.")


@rotas.delete(
    "agendamentos/{id}",
    resumo="Exclui um agendamento e o histórico dos disparos; as execuções ficam",
    exemplo={"id": 1, "excluido": True},
)
async def delete_agendamento(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        agendamento = await store.lock_agendamento(conn, id, chamada.acesso.alcance)
        await agendamentos.remove(conn, agendamento, chamada.acesso.quem)
    return Resposta({"id": id, "excluido": True}, "Agendamento excluído. O que ele baixou fica.")


@rotas.post(
    "agendamentos/{id}/pausar",
    resumo="Pausa um agendamento",
    dados=AgendamentoVisto,
    exemplo=EXEMPLO,
    respostas=_ESTADO,
)
async def pause_agendamento(chamada: Chamada, id: int) -> Resposta:
    return await _control(chamada, id, agendamentos.pause, "Agendamento pausado.")


@rotas.post(
    "agendamentos/{id}/retomar",
    resumo="Retoma um agendamento pausado",
    descricao="O que teria disparado durante a pausa não é recuperado.",
    dados=AgendamentoVisto,
    exemplo=EXEMPLO,
    respostas=_ESTADO,
)
async def resume_agendamento(chamada: Chamada, id: int) -> Resposta:
    return await _control(chamada, id, agendamentos.resume, "Agendamento retomado.")


@rotas.post(
    "agendamentos/{id}/executar",
    status=202,
    resumo="Executa um agendamento agora, também pausado; os disparos do relógio ficam como estão",
    dados=AgendamentoVisto,
    exemplo=EXEMPLO,
    respostas=_ENVIO,
    descricao="O trabalho segue e é visto em `Location`.",
)
async def run_agendamento(chamada: Chamada, id: int) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        agendamento = await store.lock_agendamento(conn, id, chamada.acesso.alcance)
        automacao_id = await agendamentos.run_now(conn, agendamento, await read_agora(conn), chamada.acesso.quem)
        resposta = await _answer(chamada, conn, id)
    chamada.ctx.wake()
    headers = {"Location": f"{BASE}/execucoes/{automacao_id}"}
    return Resposta(resposta.dados, "Execução enviada.", headers=headers)


@rotas.get(
    "agendamentos/{id}/disparos",
    resumo="Lista os disparos de um agendamento, o mais novo primeiro",
    dados=list_of("disparos", DisparoVisto),
    exemplo={"disparos": [_DISPARO], "cursor": None},
)
async def list_disparos(chamada: Chamada, id: int, consulta: Pagina) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        await _find(chamada, conn, id)
        linhas = await store.list_disparos(conn, id, consulta.cursor, consulta.buscar)
    return Resposta(page("disparos", linhas, consulta, agendamentos.view_disparo))


async def _control(chamada: Chamada, id: int, control: Any, mensagem: str) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        agendamento = await store.lock_agendamento(conn, id, chamada.acesso.alcance)
        await control(conn, agendamento, await read_agora(conn), chamada.acesso.quem)
        return await _answer(chamada, conn, id, mensagem)


async def _find(chamada: Chamada, conn: Conn, id: int) -> Record:
    """Raises AgendamentoAusente, also for one beyond the caller's reach."""
    agendamento = await store.find_agendamento(conn, id, chamada.acesso.alcance)
    if agendamento is None:
        raise AgendamentoAusente
    return agendamento


async def resolve(acesso: Acesso, conn: Conn, campos: dict[str, Any]) -> dict[str, Any]:
    """The body's fields as columns. Raises ApiError."""
    colunas = dict(campos)
    if "ponto_venda" in colunas:
        colunas["ponto_venda_id"] = (await acesso.find_ponto_venda(conn, colunas.pop("ponto_venda")))["id"]
    if "consultor" in colunas:
        consultor = colunas.pop("consultor")
        colunas["consultor_id"] = None if consultor is None else await read_consultor(conn, consultor)
    return colunas


async def _answer(chamada: Chamada, conn: Conn, id: int, mensagem: str = "Pronto.") -> Resposta:
    agendamento = await _find(chamada, conn, id)
    await agendamentos.prepare([agendamento])
    ultimo = (await store.list_ultimos(conn, [id])).get(id)
    return Resposta(agendamentos.view(agendamento, ultimo, await read_agora(conn)), mensagem)
