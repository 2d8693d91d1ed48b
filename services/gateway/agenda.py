"""When a schedule fires: pure, from its rule and its zone.

A local time that a clock change skips is the first moment after the gap; one that comes twice is the first of the two.
Two firings that so fall together are one. A cron expression with `*` hours or minutes counts real time instead, as
cron does: the hour that comes twice fires twice.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Container, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim

from services.gateway.regras import DIAS, Cron, DiaDoMes, DiaUtil, Regra, Semanal
from shared.contrato import MesReferencia

Mes = Literal["atual", "proximo"]

_DIA, _MINUTO = timedelta(days=1), timedelta(minutes=1)
# Where the last of many firings is looked for, the nearest first: a rule may fire every half hour.
_JANELAS = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=366))


def next_disparo(regra: Regra, fuso: ZoneInfo, depois: datetime) -> datetime | None:
    """The first firing after that moment, in UTC; None: it never comes again."""
    return next((momento for momento in _list_momentos(regra, fuso, depois) if momento > depois), None)


def list_disparos(regra: Regra, fuso: ZoneInfo, depois: datetime, quantos: int) -> list[datetime]:
    disparos: list[datetime] = []
    while len(disparos) < quantos and (proximo := next_disparo(regra, fuso, depois)):
        disparos.append(proximo)
        depois = proximo
    return disparos


def last_disparo(regra: Regra, fuso: ZoneInfo, desde: datetime, ate: datetime) -> datetime:
    """The last firing not after `ate`, where `desde` is an earlier one of the same rule, or this one."""
    for janela in _JANELAS:
        if ate - janela > desde and (achado := _find_last(regra, fuso, ate - janela, ate)):
            return achado
    return _find_last(regra, fuso, desde, ate) or desde


def find_mes(mes: Mes, previsto_para: datetime, fuso: ZoneInfo) -> MesReferencia:
    """The month whose boletos a firing is for: by the day for which it was planned, however late it comes."""
    ordinal = MesReferencia.of(previsto_para.astimezone(fuso).date()).ordinal + (mes == "proximo")
    return MesReferencia(ordinal // 12, ordinal % 12 + 1)


def is_dia_util(dia: date) -> bool:
    return dia.weekday() < 5 and dia not in read_feriados()


@cache
def read_feriados() -> Container[date]:
    """By law of the country, the state and the city of São Paulo: Carnival is none. Loaded when first asked for, the
    library being a large one; years are added as they are looked at."""
    from holidays import country_holidays

    feriados: Container[date] = country_holidays("BR", subdiv="São Paulo Capital")
    return feriados


def _find_last(regra: Regra, fuso: ZoneInfo, depois: datetime, ate: datetime) -> datetime | None:
    achado = None
    while (proximo := next_disparo(regra, fuso, depois)) and proximo <= ate:
        achado = depois = proximo
    return achado


def _list_momentos(regra: Regra, fuso: ZoneInfo, depois: datetime) -> Iterator[datetime]:
    """Ascending, from a little before that moment on."""
    if isinstance(regra, Cron):
        # Counted on the wall where the hour is fixed, and so after a fold from its first half again.
        yield from (momento.astimezone(UTC) for momento in CronSim(regra.expressao, depois.astimezone(fuso)))
        return
    hora = time.fromisoformat(regra.hora)
    # A day before: a whole day may have been skipped where a country changed sides of the date line.
    for dia in _list_dias(regra, depois.astimezone(fuso).date() - _DIA):
        yield _resolve(datetime.combine(dia, hora), fuso)


def _list_dias(regra: DiaDoMes | DiaUtil | Semanal, desde: date) -> Iterator[date]:
    """Of the rule, from the month, or the day, of `desde` on."""
    match regra:
        case DiaDoMes(dia=dia):
            for ano, mes in _list_meses(desde):
                yield date(ano, mes, min(dia, monthrange(ano, mes)[1]))
        case DiaUtil(numero=numero):
            for ano, mes in _list_meses(desde):
                dias = [date(ano, mes, dia) for dia in range(1, monthrange(ano, mes)[1] + 1)]
                uteis = [dia for dia in dias if is_dia_util(dia)]
                yield uteis[min(numero, len(uteis)) - 1]
        case Semanal(dias=dias_semana):
            quais = {DIAS.index(dia) for dia in dias_semana}
            while True:
                if desde.weekday() in quais:
                    yield desde
                desde += _DIA


def _list_meses(desde: date) -> Iterator[tuple[int, int]]:
    ordinal = MesReferencia.of(desde).ordinal
    while True:
        yield ordinal // 12, ordinal % 12 + 1
        ordinal += 1


def _resolve(local: datetime, fuso: ZoneInfo) -> datetime:
    """The moment at which the clocks there show this time, or first show a later one."""
    while True:
        momento = local.replace(tzinfo=fuso).astimezone(UTC)
        if momento.astimezone(fuso).replace(tzinfo=None, fold=0) == local:
            return momento
        local += _MINUTO
