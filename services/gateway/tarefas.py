"""Tasks let out: at most two outstanding per lease, the executions of a ponto de venda taking turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from asyncpg import Record

from services.gateway.concessoes import VISTO_S
from services.gateway.store import Conn, load_sql
from services.gateway.store.diario import open_diario
from services.gateway.store.itens import have_items
from services.gateway.store.outbox import post_many
from shared.events import BoletoConhecido, BoletoSolicitado, Tarefa

SQL = load_sql("despacho")
PORTAIS = load_sql("portais")

# One in hand and one at hand, so that a session never waits for the gateway between two contracts.
POR_SESSAO = 2
# How many rows that turned out to be filed already are ended in one round, per execution.
LOTE_PRONTOS = 200


@dataclass
class Rodada:
    """prontos: rows whose boleto was filed since, by execution: (item, boleto). enviadas: tasks let out."""

    prontos: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    enviadas: int = 0


class Turnos:
    """Whose turn it is: the execution with fewest contracts in flight, then the one served longest ago."""

    def __init__(self) -> None:
        self._vez: dict[int, int] = {}
        self._agora = 0

    def order(self, candidatos: Sequence[Record], em_voo: Counter[int]) -> Iterator[Record]:
        """Rows in the order in which they may go; `em_voo`: contracts in flight by execution, counted on."""
        filas: dict[int, list[Record]] = {}
        for item in candidatos:
            filas.setdefault(item["execucao_id"], []).append(item)
        while filas:
            execucao = min(filas, key=lambda id: (em_voo[id], self._vez.get(id, 0), id))
            item = filas[execucao].pop(0)
            if not filas[execucao]:
                del filas[execucao]
            self._agora += 1
            self._vez[execucao] = self._agora
            em_voo[execucao] += 1
            yield item

    def forget(self, vivas: set[int]) -> None:
        self._vez = {id: vez for id, vez in self._vez.items() if id in vivas}


async def allot_tarefas(conn: Conn, turnos: Turnos, hoje: date) -> Rodada:
    rodada = Rodada()
    abertos = {p["url_base"]: p for p in await conn.fetch(PORTAIS["list_abertos"])}
    # One probe for a portal, not one for each of its pontos de venda.
    sondados: set[str] = set()
    por_cerca: Counter[int] = Counter()
    em_voo: Counter[int] = Counter()
    for linha in await conn.fetch(SQL["count_enviados"]):
        por_cerca[linha["cerca"]] += linha["quantos"]
        em_voo[linha["execucao_id"]] += linha["quantos"]
    concessoes = await conn.fetch(SQL["list_concessoes"], VISTO_S)
    for ponto in await conn.fetch(SQL["list_pontos"]):
        vagas = _list_vagas(concessoes, ponto["id"], por_cerca)
        sonda = ponto["url_base"] in abertos
        if sonda:
            portal = abertos[ponto["url_base"]]
            due = portal["devida"] and not portal["sondando"] and ponto["url_base"] not in sondados
            vagas = vagas[:1] if due else []
        if not vagas and ponto["execucoes"] < 2:
            continue
        candidatos = await _list_candidatos(conn, ponto, len(vagas), sonda)
        enviadas = await _send_all(conn, ponto, vagas, turnos.order(_ready(candidatos, rodada), em_voo), hoje)
        rodada.enviadas += len(enviadas)
        if sonda and enviadas:
            await conn.execute(PORTAIS["note_sonda"], ponto["url_base"], enviadas[0])
            sondados.add(ponto["url_base"])
    turnos.forget(set(em_voo))
    return rodada


async def end_prontos(conn: Conn, execucao_id: int, prontos: Sequence[tuple[int, int]]) -> None:
    """Another execution filed these boletos meanwhile: the rows that waited for it are done."""
    boletos = dict(prontos)
    async with open_diario(conn, execucao_id) as diario:
        itens = [item["id"] for item in await conn.fetch(SQL["lock_ja_baixados"], list(boletos))]
        diario.begin()
        await have_items(diario, itens, [boletos[id] for id in itens], "pendente")
        await diario.conclude()


def _list_vagas(concessoes: Sequence[Record], ponto_id: int, por_cerca: Counter[int]) -> list[Record]:
    """A place for each task that may go: one for every session first, then a second one for each."""
    servem = [
        c
        for c in concessoes
        if c["ponto_venda_id"] == ponto_id
        and c["pedido_id"] is None
        and not (c["revogada"] or c["parada"] or c["ausente"])
    ]
    return [c for nivel in range(POR_SESSAO) for c in servem if por_cerca[c["cerca"]] <= nivel]


def _ready(candidatos: Sequence[Record], rodada: Rodada) -> list[Record]:
    for item in candidatos:
        if item["boleto_filed"] is not None:
            rodada.prontos.setdefault(item["execucao_id"], []).append((item["id"], item["boleto_filed"]))
    return [item for item in candidatos if item["boleto_filed"] is None]


async def _list_candidatos(conn: Conn, ponto: Record, vagas: int, sonda: bool) -> Sequence[Record]:
    """As many of each execution as may go; where rows are filed already, or others wait for them, many at once."""
    if ponto["execucoes"] == 1:
        candidatos = await conn.fetch(SQL["list_candidatos"], ponto["id"], vagas, sonda)
        if not any(item["boleto_filed"] for item in candidatos):
            return candidatos
    return await conn.fetch(SQL["list_candidatos"], ponto["id"], vagas + LOTE_PRONTOS, sonda)


async def _send_all(
    conn: Conn, ponto: Record, vagas: Sequence[Record], itens: Iterator[Record], hoje: date
) -> list[int]:
    """One task for each place, in the order of both. Returns the rows sent."""
    # The order of the pair matters: a row must not be drawn for a place that is not there.
    pares = [(item["id"], vaga) for vaga, item in zip(vagas, itens, strict=False)]
    if not pares:
        return []
    cercas = [vaga["cerca"] for _, vaga in pares]
    enviados = {item["id"]: item for item in await conn.fetch(SQL["send_items"], [id for id, _ in pares], cercas)}
    conhecidos: dict[int, list[BoletoConhecido]] = {}
    for boleto in await conn.fetch(
        SQL["list_ja_baixados"], [id for id, item in enviados.items() if not item["forcar"]]
    ):
        conhecido = BoletoConhecido(**{campo: boleto[campo] for campo in BoletoConhecido.model_fields})
        conhecidos.setdefault(boleto["item_id"], []).append(conhecido)
    await post_many(
        conn,
        [
            (_make_pedido(ponto["codigo"], enviados[id], conhecidos.get(id, ()), hoje), vaga["fila"])
            for id, vaga in pares
        ],
    )
    return [id for id, _ in pares]


def _make_pedido(ponto_venda: str, item: Record, conhecidos: Sequence[BoletoConhecido], hoje: date) -> BoletoSolicitado:
    return BoletoSolicitado(
        tarefa=Tarefa(
            automacao_id=item["automacao_id"],
            item_id=item["id"],
            despacho=item["despacho"],
            tentativa=item["tentativas"] + 1,
            cerca=item["cerca"],
        ),
        ponto_venda=ponto_venda,
        cpf=item["cpf"],
        nome=item["nome_cliente"],
        grupo=item["grupo"],
        cota=item["cota"],
        mes=item["mes_referencia"],
        ano=item["ano_referencia"],
        hoje=date.fromisoformat(item["hoje"]) if item["hoje"] else hoje,
        ja_baixados=tuple(conhecidos),
    )
