"""What becomes of a delivery after an attempt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.gateway.envio import ESPERA_MAXIMA_S, ESPERAS_S, Decisao, Resultado, decide_envio, parse_retry_after

AGORA = datetime(2026, 11, 24, 12, tzinfo=UTC)


def failed(status: int | None, pede_s: float | None = None) -> Resultado:
    return Resultado(status, 10, "falhou", pede_s=pede_s)


def test_the_attempts_are_spread_over_about_a_day_and_then_end() -> None:
    for acaso in (lambda de, ate: de, lambda de, ate: ate):
        esperas, tentativas = [], 1
        while (decisao := decide_envio(failed(500), tentativas, acaso=acaso)).espera_s is not None:
            esperas.append(decisao.espera_s)
            tentativas += 1
        assert decisao == Decisao()
        assert len(esperas) == len(ESPERAS_S) and esperas == sorted(esperas)
        assert 18 * 3600 < sum(esperas) < 29 * 3600


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_2xx_is_an_acceptance(status: int) -> None:
    assert decide_envio(Resultado(status, 10), 1).aceita


def test_gone_is_gone_at_the_first_word() -> None:
    assert decide_envio(failed(410), 1) == Decisao(desliga=True)


def test_who_asks_for_a_pause_has_it_and_never_less_than_ours() -> None:
    longa = decide_envio(failed(429, 900.0), 1, acaso=lambda de, ate: de)
    assert (longa.espera_s, longa.segura_s) == (900.0, 900.0)
    curta = decide_envio(failed(503, 1.0), 3, acaso=lambda de, ate: de)
    assert curta.espera_s == pytest.approx(96.0) and curta.segura_s == 1.0
    # Only who is busy may ask.
    assert decide_envio(failed(500, 900.0), 1).segura_s is None


@pytest.mark.parametrize(
    ("texto", "segundos"),
    [
        ("120", 120.0), (" 0 ", 0.0), ("99999999999", ESPERA_MAXIMA_S), ("Tue, 24 Nov 2026 12:02:00 GMT", 120.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0), ("amanhã", None), ("-5", None), ("1.5", None), ("", None), (None, None),
        ("Tue, 24 Nov 99999999999 12:00:00 GMT", None), ("Tue, 24 Nov 2026 12:00:00 +99999999999999", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_as_a_date(texto: str | None, segundos: float | None) -> None:
    assert parse_retry_after(texto, AGORA) == segundos
