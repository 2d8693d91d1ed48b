"""Who gets the next session, and who gives one back: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.partilha import Ponto, Sessao, divide_sessoes


def held(*cercas: int, ha_s: float = 10.0, ociosa_s: float = 0.0) -> list[Sessao]:
    return [Sessao(cerca, ha_s, ociosa_s) for cerca in cercas]


def test_free_sessions_go_to_whoever_has_fewest() -> None:
    pontos = [Ponto(1, 100, vagas=4, sessoes=held(1)), Ponto(2, 100, vagas=4), Ponto(3, 100, vagas=4)]
    assert divide_sessoes(pontos, livres=3, capacidade=4).conceder == [2, 3, 1]


def test_no_more_sessions_than_work() -> None:
    assert divide_sessoes([Ponto(1, 2, vagas=5)], livres=5, capacidade=5).conceder == [1, 1]


def test_no_session_beyond_the_credentials_limit() -> None:
    assert divide_sessoes([Ponto(1, 50, vagas=1)], livres=5, capacidade=5).conceder == [1]


def test_five_contracts_do_not_wait_behind_five_hundred() -> None:
    partilha = divide_sessoes([Ponto(1, 500, 0, held(7)), Ponto(2, 5, vagas=1)], livres=0, capacidade=1)
    assert (partilha.conceder, partilha.revogar) == ([], [7])


def test_a_longer_job_waits_its_minute() -> None:
    def divide(ha_s: float) -> list[int]:
        pontos = [Ponto(1, 5, 0, held(7, ha_s=ha_s)), Ponto(2, 500, vagas=1)]
        return divide_sessoes(pontos, livres=0, capacidade=1).revogar

    assert divide(59.0) == []
    assert divide(61.0) == [7]


def test_who_gave_a_session_back_does_not_take_it_at_once() -> None:
    """Two pontos de venda that took it from each other in turn would only log in."""
    pontos = [Ponto(1, 500, 0, held(7)), Ponto(2, 5, vagas=1, cedeu=True)]
    assert divide_sessoes(pontos, livres=0, capacidade=1).revogar == []
    livre = [Ponto(1, 500, vagas=1), Ponto(2, 5, vagas=1, cedeu=True)]
    assert divide_sessoes(livre, livres=1, capacidade=1).conceder == [1]


def test_a_fair_share_is_taken_back_session_by_session() -> None:
    pontos = [Ponto(1, 500, 0, held(1, 2, 3, 4)), Ponto(2, 5, vagas=4)]
    assert len(divide_sessoes(pontos, livres=0, capacidade=4).revogar) == 2


def test_a_session_on_its_way_back_is_not_asked_for_again() -> None:
    pontos = [Ponto(1, 500, 0, [Sessao(7, revogada=True), Sessao(8)]), Ponto(2, 5, vagas=1)]
    assert divide_sessoes(pontos, livres=0, capacidade=2).revogar == []


def test_a_session_without_work_is_given_back_after_a_minute_or_when_another_needs_it() -> None:
    assert divide_sessoes([Ponto(1, 0, 0, held(7, ociosa_s=61.0))], livres=3, capacidade=4).revogar == [7]
    assert divide_sessoes([Ponto(1, 0, 0, held(7, ociosa_s=1.0))], livres=3, capacidade=4).revogar == []
    pontos = [Ponto(1, 0, 0, held(7, ociosa_s=1.0)), Ponto(2, 500, vagas=1)]
    assert divide_sessoes(pontos, livres=0, capacidade=1).revogar == [7]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=6),
    st.integers(0, 8),
)
def test_never_more_than_is_free_never_a_session_twice(quadro: list[tuple[int, int, int, bool]], livres: int) -> None:
    pontos = [
        Ponto(n, restantes, vagas, held(*range(n * 10, n * 10 + tem)), cedeu)
        for n, (restantes, vagas, tem, cedeu) in enumerate(quadro)
    ]
    limites = {ponto.id: ponto.vagas for ponto in pontos}
    capacidade = livres + sum(len(ponto.sessoes) for ponto in pontos)
    partilha = divide_sessoes(pontos, livres, capacidade)
    assert len(partilha.conceder) <= livres
    assert all(partilha.conceder.count(id) <= limite for id, limite in limites.items())
    assert len(set(partilha.revogar)) == len(partilha.revogar)
    assert set(partilha.revogar) <= {s.cerca for ponto in pontos for s in ponto.sessoes}


# --- offices ----------------------------------------------------------------------------------------------------------


def test_many_pontos_de_venda_of_one_office_weigh_no_more_than_one_of_another() -> None:
    pontos = [*(Ponto(id, 500, vagas=4) for id in range(1, 11)), Ponto(11, 5, vagas=5, empresa=2)]
    conceder = divide_sessoes(pontos, livres=8, capacidade=8).conceder
    assert conceder.count(11) == 4


def test_an_office_above_its_share_gives_back_to_one_below_it() -> None:
    pontos = [*(Ponto(id, 500, 4, held(id)) for id in range(1, 9)), Ponto(11, 5, vagas=5, empresa=2)]
    assert len(divide_sessoes(pontos, livres=0, capacidade=8).revogar) == 4


@pytest.mark.parametrize(("limite", "quantas"), [(None, 4), (1, 1)])
def test_many_pontos_de_venda_of_one_office_take_its_share_and_no_more(limite: int | None, quantas: int) -> None:
    grande = Ponto(1, 500, 0, held(*range(1, 9)))
    pequenos = [Ponto(id, 5, vagas=1, empresa=2, limite=limite) for id in range(11, 21)]
    revogar = divide_sessoes([grande, *pequenos], livres=0, capacidade=8).revogar
    assert len(revogar) == quantas
    # Nor in the next round, while these are on their way.
    grande.sessoes = [Sessao(sessao.cerca, revogada=sessao.cerca in revogar) for sessao in grande.sessoes]
    assert divide_sessoes([grande, *pequenos], livres=0, capacidade=8).revogar == []


def test_what_is_on_its_way_serves_each_office_in_turn() -> None:
    a_caminho = [Sessao(cerca, revogada=cerca < 4) for cerca in range(1, 7)]
    pontos = [Ponto(1, 500, 0, a_caminho), *(Ponto(id, 5, vagas=1, empresa=2) for id in range(11, 21))]
    pontos.append(Ponto(30, 50, vagas=1, empresa=3))
    assert divide_sessoes(pontos, livres=0, capacidade=6).revogar == []


def test_an_office_within_its_share_keeps_it_however_many_wait_in_the_other() -> None:
    pontos = [Ponto(11, 500, 0, held(90, ha_s=600.0), empresa=2), *(Ponto(id, 1, vagas=1) for id in range(1, 9))]
    pontos[1].sessoes = held(1)
    assert 90 not in divide_sessoes(pontos, livres=0, capacidade=2).revogar


def test_an_office_has_no_more_sessions_than_its_limit_in_all_its_pontos_de_venda() -> None:
    pontos = [Ponto(id, 500, vagas=4, limite=3) for id in (1, 2)] + [Ponto(3, 500, vagas=4, empresa=2)]
    conceder = divide_sessoes(pontos, livres=8, capacidade=8).conceder
    assert (conceder.count(1) + conceder.count(2), conceder.count(3)) == (3, 4)


def test_a_session_on_its_way_back_still_counts_against_the_limit() -> None:
    pontos = [Ponto(1, 500, 4, [Sessao(7, revogada=True)], limite=1), Ponto(2, 500, vagas=1, limite=1)]
    assert divide_sessoes(pontos, livres=4, capacidade=4).conceder == []
