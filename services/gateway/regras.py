"""The rules that a schedule may have, as callers write them, and what each says in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal, assert_never, get_args
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, TypeAdapter

from services.gateway.campos import Linha
from services.gateway.validation import Corpo

FUSO_PADRAO = "America/Sao_Paulo"
DiaSemana = Literal["segunda", "terca", "quarta", "quinta", "sexta", "sabado", "domingo"]
DIAS: tuple[DiaSemana, ...] = get_args(DiaSemana)
_PALAVRAS = ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo")
# No month has more: the 23rd business day is the last one of any month.
DIAS_UTEIS_MAXIMO = 23
# Each firing may wait so long for the one before it.
INTERVALO_MINIMO = 30


def _check_hora(texto: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", texto):
        raise ValueError("use hora e minutos de 00:00 a 23:59, como 08:00")
    return texto


def _sort_dias(dias: list[DiaSemana]) -> list[DiaSemana]:
    return sorted(set(dias), key=DIAS.index)


def _check_cron(expressao: str) -> str:
    campos = expressao.split()
    if len(campos) != 5:
        raise ValueError("use cinco campos (minuto, hora, dia, mês, dia da semana), como 0 8 5 * *")
    limpa = " ".join(campos)
    try:
        cron = CronSim(limpa, datetime.now(UTC))
        if next(cron, None) is None:
            raise ValueError("esta data nunca chega: confira o dia e o mês")
    except CronSimError as erro:
        raise ValueError("expressão cron inválida: confira os cinco campos, como 0 8 5 * *") from erro
    minutos = [60 * hora + minuto for hora in sorted(cron.hours) for minuto in sorted(cron.minutes)]
    if any(depois - antes < INTERVALO_MINIMO for antes, depois in pairwise(minutos)):
        raise ValueError(
            f"dispara mais de uma vez em {INTERVALO_MINIMO} minutos: fixe o minuto, como 0 em 0 8 5 * *, ou use */30"
        )
    return limpa


def _check_fuso(nome: str) -> str:
    if nome not in _list_fusos():
        raise ValueError("fuso desconhecido: use um nome como America/Sao_Paulo ou America/Campo_Grande")
    return nome


@cache
def _list_fusos() -> frozenset[str]:
    # Names that the files have and that say no place: no browser knows them.
    return frozenset(available_timezones() - {"localtime", "Factory"})


Hora = Annotated[str, AfterValidator(_check_hora), Field(examples=["08:00"])]
Fuso = Annotated[Linha, Field(max_length=64), AfterValidator(_check_fuso)]


class DiaDoMes(Corpo):
    """29, 30 and 31 are the last day of a month that is shorter."""

    tipo: Literal["dia_do_mes"]
    dia: Annotated[int, Field(ge=1, le=31)]
    hora: Hora


class DiaUtil(Corpo):
    """The nth business day: no Saturday, Sunday or holiday of Brazil, of the state or of the city of São Paulo.

    Where the month has fewer, its last one.
    """

    tipo: Literal["dia_util"]
    numero: Annotated[int, Field(ge=1, le=DIAS_UTEIS_MAXIMO)]
    hora: Hora


class Semanal(Corpo):
    tipo: Literal["semanal"]
    dias: Annotated[list[DiaSemana], Field(min_length=1, max_length=20), AfterValidator(_sort_dias)]
    hora: Hora


class Cron(Corpo):
    """Minute, hour, day, month and weekday, as Debian's cron reads them."""

    tipo: Literal["cron"]
    expressao: Annotated[Linha, Field(max_length=100), AfterValidator(_check_cron)]


Regra = Annotated[DiaDoMes | DiaUtil | Semanal | Cron, Field(discriminator="tipo")]
_REGRA: TypeAdapter[DiaDoMes | DiaUtil | Semanal | Cron] = TypeAdapter(Regra)


def parse_regra(valor: Any) -> Regra:
    """As it was kept. Raises ValidationError."""
    return _REGRA.validate_python(valor)


def describe(regra: Regra) -> str:
    """What a person reads: `Todo dia 5, às 08:00`."""
    match regra:
        case DiaDoMes(dia=dia, hora=hora):
            return f"Todo dia {dia}{' ou último do mês' if dia > 28 else ''}, {_at(hora)}"
        case DiaUtil(numero=numero, hora=hora):
            return f"No {numero}º dia útil do mês, {_at(hora)}"
        case Semanal(dias=dias, hora=hora):
            return f"{_join(dias)}, {_at(hora)}"
        case Cron(expressao=expressao):
            return f"Cron {expressao}"
        case _:
            assert_never(regra)


def _at(hora: str) -> str:
    return f"{'à' if hora.startswith('01') else 'às'} {hora}"


def _join(dias: list[DiaSemana]) -> str:
    if dias == list(DIAS):
        return "Todos os dias"
    if dias == list(DIAS[:5]):
        return "De segunda a sexta"
    palavras = [_PALAVRAS[DIAS.index(dia)] for dia in dias]
    artigo = "Todo" if dias[0] in DIAS[5:] else "Toda"
    return f"{artigo} {', '.join(palavras[:-1])} e {palavras[-1]}" if len(palavras) > 1 else f"{artigo} {palavras[0]}"
