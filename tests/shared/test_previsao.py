"""What a contract is judged by was known before it was tried; and a risk is told with its reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.events import Historia, Modelo, TentativaPassada
from shared.previsao import Contagem, Situacao, list_razoes, read_fatores, replay, score

DEZ = datetime(2026, 11, 24, 10, tzinfo=UTC)


def tried(minuto: float, falhou: bool = False, *, contrato: int = 1, dura_min: float = 1.0) -> TentativaPassada:
    inicio = DEZ + timedelta(minutes=minuto)
    return TentativaPassada(
        ponto_venda=1, portal=1, contrato=contrato, grupo=6650, inicio=inicio,
        fim=inicio + timedelta(minutes=dura_min), falhou=falhou,
    )  # fmt: skip


def describe(*tentativas: TentativaPassada) -> Situacao:
    """What was known before the last of them."""
    return list(replay(Historia(tentativas=tentativas)))[-1]


def test_an_outcome_that_came_after_the_try_began_is_not_known_to_it() -> None:
    """A model that sees the present tells the past perfectly, and the future not at all."""
    situacao = describe(tried(0, True, dura_min=10), tried(5))
    assert (situacao.ultimas, situacao.portal, situacao.todas) == ((), Contagem(), Contagem())
    situacao = describe(tried(0, True, dura_min=5), tried(5))
    assert (situacao.ultimas, situacao.portal, situacao.todas) == ((True,), Contagem(1, 1), Contagem(1, 1))


def test_of_the_portal_the_last_hour_counts_and_of_a_contract_its_last_five() -> None:
    situacao = describe(*(tried(minuto, minuto < 30, contrato=minuto % 2) for minuto in range(0, 84, 2)), tried(84))
    assert situacao.portal == Contagem(3, 30)
    assert situacao.ultimas == () and situacao.grupo == Contagem(15, 42)
    assert describe(*(tried(m, m < 3) for m in range(0, 21, 3)), tried(30)).ultimas == (False,) * 5


@pytest.mark.parametrize(
    ("dia", "mes"), [("2026-11-01", "comeco"), ("2026-11-06", "meio"), ("2026-11-28", "fim"), ("2027-02-25", "meio"),
                     ("2027-02-26", "fim")]
)  # fmt: skip
def test_the_month_is_told_by_how_far_its_ends_are(dia: str, mes: str) -> None:
    assert read_fatores(Situacao(datetime.fromisoformat(f"{dia}T12:00:00-03:00"), 1))["mes"] == mes


def test_hours_and_days_are_those_of_sao_paulo() -> None:
    fatores = read_fatores(Situacao(datetime(2026, 11, 28, 1, 30, tzinfo=UTC), 1))
    assert (fatores["hora"], fatores["dia_semana"], fatores["mes"]) == ("22", "4", "meio")


@pytest.mark.parametrize(
    ("ultimas", "palavra"),
    [((), "novo"), ((False,), "nenhuma"), ((True, False), "alguma"), ((True,), "ultima"), ((False, True), "ultima"),
     ((True, True), "seguidas")],
)  # fmt: skip
def test_a_contract_is_told_by_its_last_outcomes(ultimas: tuple[bool, ...], palavra: str) -> None:
    assert read_fatores(Situacao(DEZ, 1, ultimas))["contrato"] == palavra
    assert read_fatores(Situacao(DEZ, 1, list(ultimas)))["contrato"] == palavra


MODELO = Modelo(
    intercepto=-3.0, pesos={"hora": {"10": 2.0, "11": -2.0}, "mes": {"fim": 0.05}}, calibracao=(1.0, 0.0), horas={},
    medias={},
)  # fmt: skip


def test_a_risk_is_told_with_what_raises_and_what_lowers_it() -> None:
    assert score(MODELO, {"hora": "10"}) == pytest.approx(0.2689, abs=1e-4)
    assert score(MODELO, {"hora": "8", "nunca_visto": "x"}) == score(MODELO, {})
    (razao,) = list_razoes(MODELO, {"hora": "10", "mes": "fim"})
    assert (razao.fator, razao.valor) == ("hora", "10") and razao.vezes == pytest.approx(5.6, abs=0.1)
    (razao,) = list_razoes(MODELO, {"hora": "11", "mes": "fim"})
    assert razao.vezes < 0.2
