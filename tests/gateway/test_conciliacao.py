"""Which boleto a payment is of: never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.gateway.conciliacao import Candidato, digitos, settle
from services.gateway.retorno import Titulo

TITULO = Titulo(
    3, "06", "00000000010900001234", "", date(2026, 11, 10), Decimal(100), "", Decimal(100), date(2026, 11, 9)
)
BOLETO = Candidato(
    1, "10900001234", "123456", "1234567890123456789012345", date(2026, 11, 10), Decimal(100), "pendente", None, None
)
OUTRO = replace(BOLETO, id=2)
# A number that the bar code has, and whose payer is told.
DENTRO = {"nosso_numero": "890123", "documento": "10000003700"}


def situacao(titulo: Titulo, *candidatos: Candidato) -> tuple[str, tuple[int, ...]]:
    (baixa,) = settle([titulo], {titulo.linha: candidatos})
    assert bool(baixa.motivo) == (baixa.situacao not in ("pago", "ja_pago"))
    return baixa.situacao, baixa.boletos


def test_the_digits_of_a_number_are_compared_without_zeros_and_marks() -> None:
    assert digitos("109/00001234-5") == "109000012345" and digitos("000 12-P") == "12" and digitos("0") == ""


@pytest.mark.parametrize(
    ("mudanca", "boleto", "esperada"),
    [
        ({}, {}, ("pago", (1,))),
        # Another due date: the bank may have moved it, the number and the amount are its own.
        ({"vencimento": date(2026, 12, 1)}, {}, ("pago", (1,))),
        ({"valor": Decimal(99)}, {}, ("desconhecido", ())),
        ({"valor": Decimal(99), "documento": "10000003700"}, {}, ("pago", (1,))),
        ({"nosso_numero": "7"}, {}, ("desconhecido", ())),
        (DENTRO, {"nosso_numero": ""}, ("pago", (1,))),
        (DENTRO, {"nosso_numero": "1098901236"}, ("pago", (1,))),
        (DENTRO, {}, ("desconhecido", ())),
        (DENTRO, {"nosso_numero": "", "vencimento": date(2026, 12, 10)}, ("desconhecido", ())),
        # No document: another client's bar code may have those digits by chance, or a longer number that they begin.
        (DENTRO | {"documento": ""}, {"nosso_numero": ""}, ("desconhecido", ())),
        ({"nosso_numero": "", "numero_documento": "0123456"}, {}, ("pago", (1,))),
        ({"nosso_numero": "", "numero_documento": "123"}, {"contrato": "123"}, ("desconhecido", ())),
        ({"data_ocorrencia": None}, {}, ("divergente", (1,))),
        ({"valor_pago": Decimal(0)}, {}, ("divergente", (1,))),
        ({}, {"status": "cancelado"}, ("pago", (1,))),
        ({}, {"status": "pago"}, ("ja_pago", (1,))),
        ({}, {"status": "pago", "data_pagamento": date(2026, 11, 9), "valor_pago": Decimal(100)}, ("ja_pago", (1,))),
        ({}, {"status": "pago", "data_pagamento": date(2026, 11, 8)}, ("divergente", (1,))),
        ({}, {"status": "pago", "valor_pago": Decimal(99)}, ("divergente", (1,))),
    ],
)
def test_a_payment_is_of_the_boleto_that_everything_agrees_on(
    mudanca: dict[str, Any], boleto: dict[str, Any], esperada: tuple[str, tuple[int, ...]]
) -> None:
    assert situacao(replace(TITULO, **mudanca), replace(BOLETO, **boleto)) == esperada


def test_where_two_would_do_none_is_taken() -> None:
    assert situacao(TITULO, BOLETO, OUTRO) == ("ambiguo", (1, 2))
    sem_numero = [replace(boleto, nosso_numero="") for boleto in (BOLETO, OUTRO)]
    assert situacao(replace(TITULO, nosso_numero="890123", documento="10000003700"), *sem_numero) == ("ambiguo", (1, 2))
    # The bank's own number tells more than what only agrees.
    assert situacao(TITULO, BOLETO, replace(OUTRO, nosso_numero="999")) == ("pago", (1,))


def test_a_boleto_is_paid_once_in_a_file() -> None:
    um, dois = settle([TITULO, replace(TITULO, linha=5)], {3: [BOLETO], 5: [BOLETO]})
    assert (um.situacao, dois.situacao) == ("pago", "repetido") and "linha 3" in dois.motivo
