"""What is learned from seeded histories: the hazard that is there, by its name, and nothing where there is none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from services.previsor.treino import train
from shared.events import Historia, Modelo
from shared.previsao import list_efeitos, read_fatores, replay, score
from tests.previsor.historias import Perigo, at_ten, by_contract, make_historia, none


def learn(perigo: Perigo, **medidas: Any) -> Modelo:
    juizo, modelo = train(make_historia(perigo, dias=120, **medidas))
    assert juizo.motivo is None and modelo is not None, juizo
    assert juizo.brier is not None and juizo.brier_frequencia is not None and juizo.ganho is not None
    assert juizo.brier < juizo.brier_frequencia and juizo.ganho > (juizo.minimo or 0)
    return modelo


def test_a_bad_hour_is_learned_named_and_told_at_its_true_size() -> None:
    modelo = learn(at_ten)
    pior = list_efeitos(modelo)[0]
    assert (pior.fator, pior.valor) == ("hora", "10") and pior.vezes > 3
    for ponto, horas in modelo.horas.items():
        assert horas[10] == pytest.approx(0.35, abs=0.1) and horas[15] == pytest.approx(0.05, abs=0.04)
        assert horas[3] is None and modelo.medias[ponto] == pytest.approx(0.09, abs=0.04)


def test_contracts_that_fail_again_and_again_are_learned_by_what_is_known_of_them() -> None:
    modelo = learn(by_contract)
    assert (list_efeitos(modelo)[0].fator, list_efeitos(modelo)[0].valor) == ("contrato", "seguidas")
    pesos = modelo.pesos["contrato"]
    assert pesos["seguidas"] > pesos["ultima"] > pesos["nenhuma"]


def on_bad_mornings(dia: int, inicio: datetime, contrato: int) -> float:
    return 0.5 if dia * 7919 % 10 < 3 else 0.03


def test_a_portal_that_failed_a_moment_ago_is_a_reason() -> None:
    modelo = learn(on_bad_mornings)
    assert (list_efeitos(modelo)[0].fator, list_efeitos(modelo)[0].valor) == ("portal", "mal")


def test_what_was_told_is_what_came() -> None:
    juizo, _ = train(make_historia(at_ten, dias=120))
    assert sum(ponto.quantas for ponto in juizo.calibracao) == juizo.julgadas
    for ponto in juizo.calibracao:
        if ponto.quantas > 200:
            assert ponto.observado == pytest.approx(ponto.previsto, abs=0.08)


@pytest.mark.parametrize("semente", range(8))
def test_where_there_is_no_hazard_it_stays_silent(semente: int) -> None:
    juizo, modelo = train(make_historia(none, semente=semente))
    assert (juizo.motivo, modelo) == ("nao_supera", None)
    assert juizo.brier is not None and juizo.calibracao


def with_a_level_that_falls(dia: int, inicio: datetime, contrato: int) -> float:
    return 0.2 if dia < 50 else 0.05


@pytest.mark.parametrize("semente", range(4))
def test_a_level_that_moved_is_no_hazard(semente: int) -> None:
    """A frequency of all the past would lose against any model that was calibrated lately."""
    juizo, modelo = train(make_historia(with_a_level_that_falls, semente=semente))
    assert (juizo.motivo, modelo) == ("nao_supera", None)


def with_an_hour_that_moves(dia: int, inicio: datetime, contrato: int) -> float:
    return 0.35 if inicio.hour == (10 if dia < 94 else 15) else 0.05


@pytest.mark.parametrize("semente", range(4))
def test_a_hazard_that_went_elsewhere_silences_it(semente: int) -> None:
    """On the whole it would still be ahead; on the latest days it is not."""
    juizo, modelo = train(make_historia(with_an_hour_that_moves, semente=semente, dias=120))
    assert (juizo.motivo, modelo) == ("nao_supera", None)


@pytest.mark.parametrize(
    ("medidas", "motivo"),
    [
        ({"dias": 9}, "poucas_linhas"),
        ({"dias": 0}, "poucas_linhas"),
        ({"dias": 5, "por_dia": 100}, "poucos_dias"),
        ({"dias": 1, "por_dia": 500}, "poucos_dias"),
    ],
)
def test_of_too_little_nothing_is_learned(medidas: dict[str, Any], motivo: str) -> None:
    juizo, modelo = train(make_historia(at_ten, **medidas))
    assert (juizo.motivo, modelo) == (motivo, None)


@pytest.mark.parametrize("sempre", [False, True])
def test_where_everything_or_nothing_fails_there_is_nothing_to_tell_apart(sempre: bool) -> None:
    juizo, modelo = train(make_historia(lambda *_: float(sempre)))
    assert (juizo.motivo, modelo) == ("poucas_falhas", None)


def test_the_table_of_numbers_says_what_the_regression_said() -> None:
    """Use needs no library: the gateway's sum is the previsor's, by what was judged."""
    historia = make_historia(at_ten, dias=120)
    juizo, modelo = train(historia)
    assert modelo is not None
    desde = juizo.linhas - juizo.julgadas // 3
    riscos = [score(modelo, read_fatores(situacao)) for situacao in replay(historia)][desde:]
    falhas = [tentativa.falhou for tentativa in historia.tentativas][desde:]
    erro = sum((risco - falhou) ** 2 for risco, falhou in zip(riscos, falhas, strict=True)) / len(riscos)
    assert juizo.brier is not None and erro == pytest.approx(juizo.brier, abs=0.015)


def test_the_same_history_makes_the_same_model_and_no_weight_is_a_contracts() -> None:
    historia = make_historia(by_contract, dias=120)
    assert train(historia) == train(Historia.model_validate_json(historia.model_dump_json()))
    _, modelo = train(historia)
    assert modelo is not None and set(modelo.pesos) == {
        "hora", "dia_semana", "mes", "ponto_venda", "contrato", "grupo", "portal",
    }  # fmt: skip
    assert all(len(pesos) <= 24 for pesos in modelo.pesos.values())
