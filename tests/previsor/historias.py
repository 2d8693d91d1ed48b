"""Seeded histories of an office's tries: months of them, with a hazard that is known, or with none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from random import Random

from shared.events import Historia, TentativaPassada
from shared.previsao import FUSO

COMECO = datetime(2026, 6, 1, tzinfo=FUSO)
HORAS = (8, 9, 10, 11, 14, 15, 16, 17)

# Of a try (day, moment, contract), the probability that it fails.
Perigo = Callable[[int, datetime, int], float]


def make_historia(
    perigo: Perigo,
    *,
    semente: int = 1,
    dias: int = 60,
    por_dia: int = 40,
    contratos: int = 150,
    pontos: int = 2,
    comeco: datetime = COMECO,
) -> Historia:
    """`por_dia` tries on each day, in blocks at some hours; each lasts half a minute."""
    sorte = Random(semente)
    tentativas = []
    for dia in range(dias):
        data = (comeco + timedelta(days=dia)).date()
        horas = sorted(sorte.sample(HORAS, 4))
        for numero in range(por_dia):
            hora = horas[numero * len(horas) // por_dia]
            inicio = datetime.combine(data, time(hora), FUSO) + timedelta(seconds=60 * (numero % (por_dia // 4)))
            contrato = sorte.randrange(contratos)
            tentativas.append(
                TentativaPassada(
                    ponto_venda=1 + contrato % pontos,
                    portal=1,
                    contrato=contrato,
                    grupo=6600 + contrato % 7,
                    inicio=inicio.astimezone(UTC),
                    fim=(inicio + timedelta(seconds=30)).astimezone(UTC),
                    falhou=sorte.random() < perigo(dia, inicio, contrato),
                )
            )
    return Historia(tentativas=tuple(tentativas))


def none(dia: int, inicio: datetime, contrato: int) -> float:
    return 0.08


def at_ten(dia: int, inicio: datetime, contrato: int) -> float:
    return 0.35 if inicio.hour == 10 else 0.05


def by_contract(dia: int, inicio: datetime, contrato: int) -> float:
    return 0.6 if contrato % 10 == 0 else 0.04


def on_fridays(dia: int, inicio: datetime, contrato: int) -> float:
    return 0.35 if inicio.weekday() == 4 else 0.05
