"""The pure rules: what an outcome does, how long anything waits, when an execution ends."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.execucao import (
    COLUNAS,
    DISCO_CHEIO,
    Encerrar,
    Situacao,
    Tentar,
    append_seguido,
    decide_falha,
    espera_s,
    hoje,
    is_portal_answer,
    pausa_queda_s,
    pausa_sonda_s,
    status_final,
)
from shared.outcomes import DESFECHOS, Classe, StatusCliente, StatusExecucao, find_desfecho

NADA: dict[str, int] = dict.fromkeys(StatusCliente, 0)


def decide(codigo: str, **campos: object) -> Tentar | Encerrar:
    return decide_falha(find_desfecho(codigo), Situacao(**campos), lambda de, ate: 1.0)  # type: ignore[arg-type]


def test_every_status_has_its_column() -> None:
    assert set(COLUNAS) == set(StatusCliente)
    assert len(set(COLUNAS.values())) == 8


@pytest.mark.parametrize(("gastas", "segundos"), [(1, 2.0), (2, 8.0), (3, 30.0)])
def test_pauses_grow_with_the_attempts_spent(gastas: int, segundos: float) -> None:
    assert espera_s(gastas, lambda de, ate: de) == pytest.approx(segundos * 0.8)
    assert espera_s(gastas, lambda de, ate: ate) == pytest.approx(segundos * 1.2)


@pytest.mark.parametrize("codigo", sorted(DESFECHOS))
def test_every_outcome_of_the_table_is_decided_and_comes_to_an_end(codigo: str) -> None:
    """Whatever fails the same way again and again ends, within the attempts and losses that are allowed."""
    tentativas = perdas = 0
    for _ in range(12):
        decisao = decide(codigo, tentativas=tentativas, perdas=perdas, codigos=[codigo] * tentativas)
        if isinstance(decisao, Encerrar):
            break
        tentativas, perdas = tentativas + int(decisao.gasta), perdas + int(not decisao.gasta)
    assert isinstance(decisao, Encerrar)
    assert decisao.status is (DESFECHOS[codigo].status or StatusCliente.ERRO)
    if DESFECHOS[codigo].classe in (Classe.TECNICA, Classe.NOSSA):
        assert tentativas + 1 == DESFECHOS[codigo].tentativas


def test_a_fresh_try_is_allowed_whatever_came_before() -> None:
    assert decide("documento.divergente.mes", tentativas=2, codigos=["navegador.caiu"] * 2) == Tentar(30.0, gasta=True)
    antes = ["documento.divergente.cliente", "navegador.caiu"]
    assert decide("documento.divergente.mes", tentativas=2, codigos=antes) == Encerrar(StatusCliente.ERRO)


def test_four_attempts_are_the_most_in_all() -> None:
    assert isinstance(decide("navegador.caiu", tentativas=3, codigos=["download.falhou"] * 3), Encerrar)


def test_a_person_is_waited_for_only_where_no_other_credential_serves() -> None:
    assert decide("login.recusado") == Encerrar(StatusCliente.ERRO, parado=True)
    assert decide("login.recusado", outra_credencial=True) == Tentar(0.0, gasta=False)
    assert decide("login.recusado", encerrada=True) == Encerrar(StatusCliente.ERRO, parado=False)


def test_nothing_is_retried_in_an_execution_that_has_ended() -> None:
    for codigo in DESFECHOS:
        assert isinstance(decide(codigo, encerrada=True), Encerrar)


@given(st.lists(st.integers(1, 4), max_size=20))
def test_contracts_in_a_row_are_distinct_and_no_more_than_are_needed(falhas: list[int]) -> None:
    itens: list[int] = []
    for falha in falhas:
        itens = append_seguido(itens, falha)
        assert itens[-1] == falha
    assert len(itens) == len(set(itens)) <= 3


def test_probes_and_bad_ends_are_spaced_further_and_further() -> None:
    assert [pausa_sonda_s(n) for n in (1, 2, 3, 4, 9)] == [5, 10, 20, 30, 30]
    assert [pausa_queda_s(n) for n in (0, 1, 2, 99)] == [2, 2, 5, 60]


@pytest.mark.parametrize(
    ("codigo", "answers"),
    [
        ("cliente.nao_encontrado", True),
        ("boleto.inexistente", True),
        ("documento.divergente.valor", True),
        ("portal.sem_permissao", True),
        ("portal.fora_do_ar", False),
        ("nome.nao_encontrado", False),
        ("cliente.cpf_invalido", False),
        ("navegador.caiu", False),
    ],
)
def test_only_a_true_answer_proves_that_the_portal_is_up(codigo: str, answers: bool) -> None:
    assert is_portal_answer(find_desfecho(codigo)) is answers


@pytest.mark.parametrize(
    ("status", "codigo", "erros", "parado", "fim"),
    [
        ("em_andamento", None, 0, None, "concluida"),
        ("em_andamento", None, 1, None, "concluida_com_falhas"),
        ("em_andamento", None, 1, "login.recusado", "bloqueada"),
        ("bloqueada", "login.recusado", 1, "login.recusado", "bloqueada"),
        ("concluida_com_falhas", None, 0, None, "concluida"),
        ("cancelada", None, 1, None, "cancelada"),
        ("erro", "portal.mudou", 1, None, "erro"),
        ("pausada", DISCO_CHEIO, 1, None, "pausada"),
        ("pausada", None, 0, None, "concluida"),
    ],
)
def test_how_an_execution_ends(status: str, codigo: str | None, erros: int, parado: str | None, fim: str) -> None:
    contagem = {**NADA, StatusCliente.ERRO: erros, StatusCliente.SEM_BOLETO: 2}
    assert status_final(StatusExecucao(status), codigo, contagem, parado) == fim


def test_today_is_the_day_in_brazil() -> None:
    assert hoje(datetime(2026, 12, 1, 2, 30, tzinfo=UTC)) == date(2026, 11, 30)


def test_a_decision_is_one_of_two() -> None:
    assert set(get_args(Tentar | Encerrar)) == {Tentar, Encerrar}
