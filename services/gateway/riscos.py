"""What the prediction says, and why: risks of contracts and hours, while the model is better than the plain frequency.

Invariant: without a model that was judged so, and lately, nothing here tells a risk or an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from asyncpg import Record
from pydantic import ValidationError

from services.gateway.store import Conn, previsao, read_agora
from services.gateway.store.previsao import Chave
from shared.events import Juizo, Modelo
from shared.previsao import FATORES_CONTRATO, Contagem, Razao, Situacao, list_razoes, read_fatores, score

C = TypeVar("C", bound=Chave)

# A model that was learned before says little of a portal that changes.
VALIDADE = timedelta(days=7)
SEM_RESPOSTA = timedelta(hours=1)
# An hour stands out where its risk is so many times the usual, and so much above it.
VEZES, ACIMA = 2.0, 0.05


@dataclass(frozen=True)
class Previsao:
    """motivo: why it is silent (a slug); modelo: only while it speaks. juizo: of the last training, if any."""

    motivo: str | None
    modelo: Modelo | None = None
    juizo: Juizo | None = None
    treinada_em: datetime | None = None
    pedida_em: datetime | None = None
    erro: str | None = None


@dataclass(frozen=True)
class Risco:
    """razoes: what raises or lowers it, the strongest first."""

    risco: float
    razoes: tuple[Razao, ...]


async def read_previsao(conn: Conn, agora: datetime) -> Previsao:
    """By the newest training that came to a judgement: a night without one changes nothing for some days."""
    ultimo, julgado = await previsao.find_ultimo(conn), await previsao.find_julgado(conn)
    if ultimo is None:
        return Previsao("sem_treino")
    if julgado is None:
        return Previsao(_explain_falta(ultimo, agora), pedida_em=ultimo["pedido_em"], erro=ultimo["erro"])
    juizo, modelo = _parse(julgado)
    motivo: str | None = "treino_falhou" if juizo is None else juizo.motivo
    if motivo is None and (modelo is None or agora - julgado["respondido_em"] > VALIDADE):
        motivo = "velha"
    falado = None if motivo else modelo
    return Previsao(motivo, falado, juizo, julgado["respondido_em"], ultimo["pedido_em"], ultimo["erro"])


def _explain_falta(ultimo: Record, agora: datetime) -> str:
    if ultimo["erro"]:
        return "treino_falhou"
    return "sem_previsor" if agora - ultimo["pedido_em"] > SEM_RESPOSTA else "sem_treino"


def _parse(treino: Record) -> tuple[Juizo | None, Modelo | None]:
    """What a release before this one learned may have another shape: it counts as nothing learned."""
    try:
        return (
            Juizo.model_validate(treino["juizo"]) if treino["juizo"] else None,
            Modelo.model_validate(treino["modelo"]) if treino["modelo"] else None,
        )
    except ValidationError:
        return None, None


# --- of contracts -----------------------------------------------------------------------------------------------------


async def rate_contratos(
    conn: Conn, modelo: Modelo, ponto: Record, contratos: Sequence[C], agora: datetime
) -> list[tuple[C, Risco]]:
    """Each as if it were tried now, in the order given."""
    situacoes = await previsao.read_situacoes(conn, ponto["id"], ponto["url_base"], contratos, agora)
    return [(contrato, _rate(modelo, situacao)) for contrato, situacao in zip(contratos, situacoes, strict=True)]


async def sort_contratos(conn: Conn, ponto_venda_id: int, contratos: Sequence[C]) -> Sequence[C]:
    """Those that risk least first, where the ponto de venda wants it and the model speaks; equals as they were. All
    are tried, and how pontos de venda and executions share the sessions is not touched."""
    ponto = await previsao.find_ordenado(conn, ponto_venda_id)
    agora = await read_agora(conn)
    modelo = (await read_previsao(conn, agora)).modelo if ponto else None
    if ponto is None or modelo is None:
        return contratos
    riscos = await rate_contratos(conn, modelo, ponto, contratos, agora)
    return [contrato for contrato, _ in sorted(riscos, key=lambda par: par[1].risco)]


def _rate(modelo: Modelo, situacao: Situacao) -> Risco:
    fatores = read_fatores(situacao)
    return Risco(score(modelo, fatores), tuple(list_razoes(modelo, fatores)))


# --- of the portal ----------------------------------------------------------------------------------------------------


def rate_agora(modelo: Modelo, ponto_venda_id: int, portal: Contagem, agora: datetime) -> Risco:
    """Of the usual contract, tried now."""
    fatores = read_fatores(Situacao(agora, ponto_venda_id, portal=portal))
    fatores = {fator: valor for fator, valor in fatores.items() if fator not in FATORES_CONTRATO}
    return Risco(score(modelo, fatores), tuple(list_razoes(modelo, fatores)))


def list_altas(horas: Sequence[float | None], media: float) -> list[tuple[int, int, float]]:
    """Hours that stand out, those in a row as one: first, last, and the risk at its highest."""
    altas: list[tuple[int, int, float]] = []
    for hora, risco in enumerate(horas):
        if risco is None or risco < max(VEZES * media, media + ACIMA):
            continue
        if altas and altas[-1][1] == hora - 1:
            altas[-1] = (altas[-1][0], hora, max(altas[-1][2], risco))
        else:
            altas.append((hora, hora, risco))
    return altas
