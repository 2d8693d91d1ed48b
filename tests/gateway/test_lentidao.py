"""When a portal that got slow means fewer sessions, and when they did not help."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.lentidao import Medida, Reducao, Regras, decide_reducao, is_useless

REGRAS = Regras()


def searches(*trechos: tuple[int, int, int], resto_s: float = 0.0, ha_s: float = 0.0) -> list[Medida]:
    """(how many, sessions, ms) of each stretch, the oldest first; the last of them ended `ha_s` ago.

    resto_s: what a session spends on a contract beside the search.
    """
    medidas = []
    for quantas, sessoes, ms in reversed(trechos):
        for _ in range(quantas):
            medidas.append(Medida(ha_s, sessoes, ms))
            ha_s += (resto_s + ms / 1000) / sessoes
    return medidas


def decide(medidas: Sequence[Medida]) -> tuple[int, int] | None:
    """(from, to) so many sessions."""
    reducao = decide_reducao(medidas, REGRAS)
    return None if reducao is None else (reducao.de, reducao.para)


def useless(de: int, vazao: float, para: int, depois: Sequence[Medida]) -> bool:
    return is_useless(Reducao(de, vazao, para), depois, REGRAS)


def test_a_portal_that_serves_one_at_a_time_is_left_with_one_session() -> None:
    assert decide(searches((5, 1, 500), (22, 4, 2000))) == (4, 1)


def test_sessions_stay_as_many_as_the_portal_serves_at_a_time() -> None:
    assert decide(searches((5, 1, 500), (10, 2, 500), (40, 8, 2000))) == (8, 2)


def test_sessions_that_are_at_other_steps_while_one_searches_are_not_in_the_queue() -> None:
    """One at a time, two seconds each: with nine seconds of pace beside it five and a half sessions keep it busy."""
    assert decide(searches((5, 1, 2000), (40, 8, 7000), resto_s=9.0)) == (8, 6)


def test_a_queue_that_is_a_small_part_of_a_contract_changes_nothing() -> None:
    assert decide(searches((5, 1, 500), (40, 8, 1100), resto_s=9.0)) is None


def test_a_few_searches_while_the_sessions_logged_in_are_enough_to_compare_with() -> None:
    assert decide(searches((1, 1, 500), (2, 2, 1000), (3, 3, 1500), (22, 4, 2000))) == (4, 2)


def test_two_of_them_are_not() -> None:
    assert decide(searches((2, 1, 500), (22, 4, 2000))) is None


def test_a_portal_as_quick_as_ever_keeps_its_sessions() -> None:
    assert decide(searches((10, 1, 900), (40, 4, 1000))) is None


def test_less_than_twice_as_slow_is_within_what_pages_differ_by() -> None:
    assert decide(searches((10, 1, 1000), (40, 4, 1990))) is None


def test_small_times_are_never_slow() -> None:
    assert decide(searches((30, 1, 10), (60, 4, 299))) is None


def test_it_takes_twenty_searches_and_five_of_each_session() -> None:
    assert decide(searches((20, 1, 500), (19, 2, 2000))) is None
    assert decide(searches((20, 1, 500), (20, 2, 2000))) == (2, 1)
    assert decide(searches((20, 1, 500), (39, 8, 4000))) is None
    assert decide(searches((20, 1, 500), (40, 8, 4000))) == (8, 1)


def test_a_few_slow_searches_among_quick_ones_are_no_slowness() -> None:
    assert decide(searches((30, 4, 500), (9, 4, 9000), (13, 4, 500))) is None


def test_one_session_is_never_too_many() -> None:
    assert decide(searches((30, 1, 400), (30, 1, 9000))) is None


def test_a_portal_that_got_slow_with_as_many_sessions_is_tried_with_fewer() -> None:
    assert decide([*searches((20, 4, 2000)), *searches((20, 4, 500), ha_s=700)]) == (4, 1)


def test_what_was_quick_with_more_sessions_is_no_reason_for_fewer() -> None:
    assert decide([*searches((30, 2, 2000)), *searches((50, 8, 500), ha_s=700)]) is None


def test_the_same_queue_after_a_pause_is_measured_anew() -> None:
    """Nothing was asked of the portal meanwhile, so the searches a second before and after say nothing together."""
    assert decide([*searches((15, 4, 2000)), *searches((5, 1, 500), (15, 4, 2000), ha_s=500)]) is None


def test_nothing_measured_is_nothing_to_change() -> None:
    assert decide([]) is None


def test_a_queue_that_got_shorter_was_worth_it() -> None:
    assert not useless(4, 2.0, 1, searches((20, 1, 500)))
    assert not useless(4, 2.0, 1, searches((20, 1, 650)))
    assert not useless(8, 0.5, 6, searches((30, 6, 3000), resto_s=9.0))


def test_fewer_sessions_that_wait_as_long_cost_work() -> None:
    assert useless(4, 2.0, 2, searches((20, 2, 2000)))
    assert useless(3, 1.5, 2, searches((20, 2, 2000)))
    assert useless(8, 0.5, 6, searches((30, 6, 7000), resto_s=9.0))


def test_the_searches_that_were_under_way_say_nothing_of_a_reduction() -> None:
    assert not useless(8, 2.0, 4, searches((2, 7, 30_000), (20, 4, 2000)))
    assert not useless(8, 2.0, 4, searches((19, 4, 4000))), "too few to tell"


def test_a_reduction_is_judged_once_by_what_came_first() -> None:
    """Or noise would end it in ten minutes of looking."""
    assert not useless(4, 2.0, 1, searches((20, 1, 500), (30, 1, 2000)))
