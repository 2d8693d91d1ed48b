"""Dead letters: messages that no service could handle, to be read and put back."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import orjson

from services.gateway.alheias import find_donos
from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.context import AppContext
from services.gateway.errors import conflict, not_found, unavailable
from services.gateway.paging import Pagina, page_positions
from services.gateway.relatos import unbury
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.store.diario import ExecucaoAusente
from services.gateway.store.empresas import SQL as EMPRESAS
from services.gateway.vistas import Morta, list_of
from shared.bus import BusUnavailable, DeadLetter, DeadLetterGone, Unroutable
from shared.contrato import mask_documento, mask_documentos
from shared.events import Tarefa

rotas = Rotas("Mensagens mortas", "Mensagens que nenhum serviço conseguiu tratar.")

EXEMPLO = {
    "id": "5b0c…", "rota": "boleto.nomear", "fila": "namer.boletos", "motivo": "ValueError: …",
    "quando": "2026-11-24T09:00:00-03:00", "corpo": {"cpf": "***.456.789-**"},
}  # fmt: skip
# Never shown, not even encrypted.
SEGREDOS = {"senha_cifrada", "senha"}
DOCUMENTOS = {"cpf"}
MORTAS_MAXIMAS = 10_000
DE_OUTRO = "O conteúdo é de outro escritório."
DE_QUEM = "Não se sabe de que escritório é o conteúdo."


@rotas.get(
    "mortas",
    escopo=Escopo.ADMIN,
    instalacao=True,
    resumo="Lista as mensagens mortas, as mais velhas primeiro",
    dados=list_of("mortas", Morta),
    exemplo={"mortas": [EXEMPLO], "cursor": None},
)
async def list_mortas(chamada: Chamada, consulta: Pagina) -> Resposta:
    try:
        mortas = await chamada.ctx.bus.dead_letters(min((consulta.cursor or 0) + consulta.buscar, MORTAS_MAXIMAS))
    except BusUnavailable as erro:
        raise _bus_away() from erro
    async with chamada.ctx.pool.acquire() as conn:
        donos = await find_donos(conn, mortas)
        varios = await conn.fetchval(EMPRESAS["had_outras"])
    meu = chamada.acesso.empresa_id

    def view(morta: DeadLetter) -> dict[str, Any]:
        return _view(morta, _find_veu(donos[morta.id], meu, varios=varios))

    return Resposta(page_positions("mortas", mortas, consulta, view))


@rotas.post(
    "mortas/{id}/reenviar",
    escopo=Escopo.ADMIN,
    instalacao=True,
    resumo="Devolve uma mensagem morta à fila em que morreu; a de um cliente volta como trabalho a fazer",
    exemplo={"id": "5b0c…"},
    descricao="A de uma execução cancelada não tem mais o que fazer: é descartada, e a resposta o diz.",
    respostas={404: "não há mais esta mensagem", 409: "a fila não existe mais"},
)
async def requeue_morta(chamada: Chamada, id: str) -> Resposta:
    try:
        voltou = await _put_back(chamada.ctx, id)
    except DeadLetterGone as erro:
        raise not_found("Mensagem morta", "morta.nao_encontrada") from erro
    except Unroutable as erro:
        texto = "A fila desta mensagem não existe mais. O banco já devolveu o trabalho a outro serviço."
        raise conflict("morta.sem_fila", texto) from erro
    except BusUnavailable as erro:
        raise _bus_away() from erro
    async with chamada.ctx.pool.acquire() as conn:
        acao = "morta.reenviar" if voltou else "morta.descartar"
        await record_auditoria(conn, quem=chamada.acesso.quem, acao=acao, alvo=f"mortas/{id[:100]}")
    texto = "A execução desta mensagem foi cancelada: ela foi descartada. Envie os clientes em outra execução."
    return Resposta({"id": id}, "Mensagem devolvida à fila." if voltou else texto)


async def _put_back(ctx: AppContext, id: str) -> bool:
    """A message about a contract is not sent again: its lease is gone, while the database knows what is to be done.
    False: nothing is, as its execution was cancelled. Either way the message is gone."""
    morta = next((morta for morta in await ctx.bus.dead_letters(MORTAS_MAXIMAS) if morta.id == id), None)
    if morta is None:
        raise DeadLetterGone(id)
    tarefa = getattr(morta.evento, "tarefa", None)
    if not isinstance(tarefa, Tarefa):
        await ctx.bus.requeue_dead_letter(id)
        return True
    voltou = True
    with suppress(ExecucaoAusente):
        async with ctx.pool.acquire() as conn, conn.transaction():
            voltou = await unbury(conn, tarefa)
    ctx.wake()
    with suppress(DeadLetterGone):  # somebody else put it back at the same moment
        await ctx.bus.drop_dead_letter(id)
    return voltou


def _bus_away() -> Exception:
    return unavailable("barramento.indisponivel", "O barramento de mensagens não respondeu. Tente de novo.")


def _find_veu(donos: set[int], meu: int, *, varios: bool) -> str | None:
    """What stands in place of the content; None: it is ours to read. Where there was never a second office, all is."""
    if donos - {meu}:
        return DE_OUTRO
    return DE_QUEM if varios and not donos else None


def _view(morta: DeadLetter, veu: str | None) -> dict[str, Any]:
    """Only we can put it back, whosever it is. Why it died may quote it: an exception names what it met."""
    return {
        "id": morta.id,
        "rota": morta.rota,
        "fila": morta.fila,
        "motivo": veu or mask_documentos(morta.motivo),
        "quando": morta.quando,
        "corpo": veu or _read_corpo(morta.corpo),
    }


def _read_corpo(corpo: bytes) -> Any:
    """The body masked; one that is no JSON as text."""
    try:
        return _mask(orjson.loads(corpo))
    except orjson.JSONDecodeError:
        return mask_documentos(corpo.decode("utf-8", "replace"))[:2000]


def _mask(valor: Any, campo: str = "") -> Any:
    match valor:
        case dict():
            return {nome: _mask(parte, nome) for nome, parte in valor.items()}
        case list():
            return [_mask(parte, campo) for parte in valor]
        case str() if campo in SEGREDOS:
            return "***"
        case str() | int() if campo in DOCUMENTOS and "*" not in str(valor):
            limpo = re.sub(r"[\W_]", "", str(valor))
            return mask_documento(limpo) if len(limpo) in (11, 14) else "***"
        case str():
            return mask_documentos(valor)
        case _:
            return valor
