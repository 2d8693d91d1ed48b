"""When a schedule fires: month ends, business days, clock changes, cron; and what each rule says in words. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.gateway.agenda import find_mes, is_dia_util, last_disparo, list_disparos, next_disparo
from services.gateway.regras import DIAS, DiaDoMes, Semanal, describe, parse_regra

SP, NY = "America/Sao_Paulo", "America/New_York"


def regra(tipo: str, **campos: Any) -> Any:
    hora = {} if tipo == "cron" else {"hora": "08:00"}
    return parse_regra({"tipo": tipo, **hora, **campos})


def dia(numero: int, hora: str = "08:00") -> Any:
    return regra("dia_do_mes", dia=numero, hora=hora)


def util(numero: int) -> Any:
    return regra("dia_util", numero=numero)


def todo_dia(hora: str) -> Any:
    return regra("semanal", dias=list(DIAS), hora=hora)


def cron(expressao: str) -> Any:
    return regra("cron", expressao=expressao)


# Rule, zone, after which local time, and the next firings on the clocks there.
TABELA = {
    "a day of the month": (dia(5), SP, "2026-11-05 08:00", ["2026-12-05 08:00-03", "2027-01-05 08:00-03"]),
    "the 31st of short months": (
        dia(31), SP, "2026-01-31 08:00", ["2026-02-28 08:00-03", "2026-03-31 08:00-03", "2026-04-30 08:00-03"],
    ),
    "the 29th of a leap year": (dia(29), SP, "2028-02-01 00:00", ["2028-02-29 08:00-03", "2028-03-29 08:00-03"]),
    "behind the new year's holiday and a weekend": (util(1), SP, "2026-12-30 00:00", ["2027-01-04 08:00-03"]),
    "behind Independence Day": (util(5), SP, "2026-08-31 09:00", ["2026-09-08 08:00-03"]),
    "behind the ninth of July, São Paulo's": (util(7), SP, "2026-07-01 00:00", ["2026-07-10 08:00-03"]),
    "behind the city's 25 January": (util(16), SP, "2027-01-01 00:00", ["2027-01-26 08:00-03"]),
    "behind Corpus Christi": (util(4), SP, "2026-06-01 00:00", ["2026-06-05 08:00-03"]),
    "behind Good Friday and Tiradentes": (util(14), SP, "2026-04-01 00:00", ["2026-04-22 08:00-03"]),
    "behind 20 November, a holiday since 2024": (util(14), SP, "2026-11-01 00:00", ["2026-11-23 08:00-03"]),
    "Carnival is no holiday": (util(12), SP, "2026-02-01 00:00", ["2026-02-17 08:00-03"]),
    "more business days than the month has": (util(23), SP, "2026-02-01 00:00", ["2026-02-27 08:00-03"]),
    "weekdays": (
        regra("semanal", dias=["sexta", "segunda"]), SP, "2026-11-25 00:00",
        ["2026-11-27 08:00-03", "2026-11-30 08:00-03"],
    ),
    "midnight that Brazil skipped in 2018": (
        dia(4, "00:00"), SP, "2018-10-04 00:00", ["2018-11-04 01:00-02", "2018-12-04 00:00-02"],
    ),
    "half past eleven that Brazil had twice in 2018": (
        todo_dia("23:30"), SP, "2018-02-17 00:00", ["2018-02-17 23:30-02", "2018-02-18 23:30-03"],
    ),
    "half past two that New York skips": (
        todo_dia("02:30"), NY, "2026-03-07 00:00",
        ["2026-03-07 02:30-05", "2026-03-08 03:00-04", "2026-03-09 02:30-04"],
    ),
    "half past one that New York has twice": (
        todo_dia("01:30"), NY, "2026-10-31 12:00", ["2026-11-01 01:30-04", "2026-11-02 01:30-05"],
    ),
    "cron at a time that is skipped": (
        cron("30 2 * * *"), NY, "2026-03-07 12:00", ["2026-03-08 03:00-04", "2026-03-09 02:30-04"],
    ),
    "two cron times that fall together": (
        cron("15,45 2 * * *"), NY, "2026-03-07 12:00", ["2026-03-08 03:00-04", "2026-03-09 02:15-04"],
    ),
    "cron at a time that comes twice": (
        cron("30 1 * * *"), NY, "2026-10-31 12:00", ["2026-11-01 01:30-04", "2026-11-02 01:30-05"],
    ),
    "cron by the hour counts real hours": (
        cron("0 * * * *"), NY, "2026-11-01 00:30",
        ["2026-11-01 01:00-04", "2026-11-01 01:00-05", "2026-11-01 02:00-05"],
    ),
    "cron on the last Friday": (cron("0 8 * * 5L"), SP, "2026-11-01 00:00", ["2026-11-27 08:00-03"]),
    "a day that Samoa skipped": (
        todo_dia("08:00"), "Pacific/Apia", "2011-12-29 09:00", ["2011-12-31 00:00+14", "2011-12-31 08:00+14"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("regra", "fuso", "depois", "esperados"), TABELA.values(), ids=TABELA.keys())
def test_the_next_firings_are_those_of_the_calendar_there(
    regra: Any, fuso: str, depois: str, esperados: list[str]
) -> None:
    zona = ZoneInfo(fuso)
    inicio = datetime.fromisoformat(depois).replace(tzinfo=zona)
    achados = [d.astimezone(zona) for d in list_disparos(regra, zona, inicio, len(esperados))]
    assert [f"{d:%Y-%m-%d %H:%M}{d:%z}"[:19] for d in achados] == esperados


def test_a_second_half_past_one_does_not_bring_the_first_again() -> None:
    segunda = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(NY), fold=1)
    for uma in (todo_dia("01:45"), cron("45 1 * * *")):
        proximo = next_disparo(uma, ZoneInfo(NY), segunda)
        assert proximo and proximo.astimezone(ZoneInfo(NY)).date() == date(2026, 11, 2)


QUARTOS = st.sampled_from([time(h, m) for h in range(24) for m in (0, 15, 30, 45)])
ZONAS = st.sampled_from([SP, NY, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Noronha"])
MOMENTOS = st.integers(0, 38 * 365 * 24 * 4).map(lambda n: datetime(2000, 1, 1, tzinfo=UTC) + n * timedelta(minutes=15))
REGRAS = st.one_of(
    st.builds(lambda d, h: DiaDoMes(tipo="dia_do_mes", dia=d, hora=f"{h:%H:%M}"), st.integers(1, 31), QUARTOS),
    st.builds(
        lambda d, h: Semanal(tipo="semanal", dias=d, hora=f"{h:%H:%M}"),
        st.lists(st.sampled_from(DIAS), min_size=1, max_size=3),
        QUARTOS,
    ),
)


def first_shown(local: datetime, zona: ZoneInfo) -> datetime:
    """The first quarter of an hour at which the clocks there show this time or, past a gap, a later one."""
    quartos = (local.replace(tzinfo=UTC) + n * timedelta(minutes=15) for n in range(-60, 160))
    return next(quarto for quarto in quartos if quarto.astimezone(zona).replace(tzinfo=None) >= local)


def is_of(regra: DiaDoMes | Semanal, quando: date) -> bool:
    if isinstance(regra, Semanal):
        return DIAS[quando.weekday()] in regra.dias
    ultimo = (quando + timedelta(days=1)).day == 1
    return quando.day == regra.dia or (ultimo and quando.day < regra.dia)


@given(REGRAS, ZONAS, MOMENTOS)
@settings(max_examples=60, deadline=None)
def test_no_firing_is_jumped_over_and_none_comes_twice(regra: DiaDoMes | Semanal, fuso: str, depois: datetime) -> None:
    zona = ZoneInfo(fuso)
    achados = list_disparos(regra, zona, depois, 2)
    dias = [depois.date() + timedelta(days=n) for n in range(-3, 70)]
    todos = {
        first_shown(datetime.combine(dia, time.fromisoformat(regra.hora)), zona) for dia in dias if is_of(regra, dia)
    }
    assert achados == sorted(d for d in todos if d > depois)[:2]


@given(MOMENTOS, st.integers(1, 23), st.integers(0, 400))
@settings(max_examples=30, deadline=None)
def test_the_nth_business_day_has_that_many_before_it_or_is_the_last(depois: datetime, numero: int, dias: int) -> None:
    zona = ZoneInfo(SP)
    disparo = next_disparo(util(numero), zona, depois)
    assert disparo
    dele = disparo.astimezone(zona).date()
    mes = [dele.replace(day=n) for n in range(1, 32) if n <= 28 or (dele.replace(day=28) + timedelta(n - 28)).day == n]
    uteis = [quando for quando in mes if is_dia_util(quando)]
    assert dele == uteis[min(numero, len(uteis)) - 1]
    # Of whatever went by since, the last one is found.
    ate = disparo + timedelta(days=dias)
    ultimo = last_disparo(util(numero), zona, disparo, ate)
    seguinte = next_disparo(util(numero), zona, ultimo)
    assert disparo <= ultimo <= ate and seguinte and seguinte > ate


def test_the_last_of_a_hundred_thousand_firings_is_found_at_once() -> None:
    ate = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)
    achado = last_disparo(cron("*/30 * * * *"), ZoneInfo(SP), datetime(2021, 1, 1, tzinfo=UTC), ate)
    assert achado == ate.replace(second=0)


def test_the_month_is_that_of_the_planned_day_where_the_schedule_lives() -> None:
    # Still December in São Paulo.
    virada = datetime(2027, 1, 1, 2, 0, tzinfo=UTC)
    assert str(find_mes("atual", virada, ZoneInfo(SP))) == "12/2026"
    assert str(find_mes("proximo", virada, ZoneInfo(SP))) == "01/2027"
    assert str(find_mes("proximo", virada, ZoneInfo("UTC"))) == "02/2027"


@pytest.mark.parametrize(
    ("regra", "palavras"),
    [
        (dia(5), "Todo dia 5, às 08:00"),
        (dia(31, "01:15"), "Todo dia 31 ou último do mês, à 01:15"),
        (util(3), "No 3º dia útil do mês, às 08:00"),
        (todo_dia("18:00"), "Todos os dias, às 18:00"),
        (regra("semanal", dias=["quarta", "segunda", "quarta"]), "Toda segunda e quarta, às 08:00"),
        (regra("semanal", dias=["sabado"]), "Todo sábado, às 08:00"),
        (regra("semanal", dias=list(DIAS[:5])), "De segunda a sexta, às 08:00"),
        (cron(" 0  8 * *  1-5 "), "Cron 0 8 * * 1-5"),
    ],
)
def test_a_rule_is_said_in_words(regra: Any, palavras: str) -> None:
    assert describe(regra) == palavras


@pytest.mark.parametrize(
    "ruim",
    [
        {"tipo": "cron", "expressao": "0 0 30 2 *"},
        {"tipo": "cron", "expressao": "0 8 */20 * 1L"},
        {"tipo": "cron", "expressao": "0 0 8 * * *"},
        {"tipo": "cron", "expressao": "* * * * x"},
        {"tipo": "cron", "expressao": "* 8 5 * *"},
        {"tipo": "cron", "expressao": "*/29 * * * *"},
        {"tipo": "cron", "expressao": "0,50 8,9 * * *"},
        {"tipo": "dia_do_mes", "dia": 0, "hora": "08:00"},
        {"tipo": "dia_do_mes", "dia": 5, "hora": "24:00"},
        {"tipo": "dia_util", "numero": 24, "hora": "08:00"},
        {"tipo": "semanal", "dias": [], "hora": "08:00"},
    ],
)
def test_a_rule_that_never_comes_or_comes_too_often_is_refused(ruim: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_regra(ruim)
