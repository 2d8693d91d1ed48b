"""When leases end, whatever the database's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.prazos import Prazos, Viva

INICIO = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


class Relogios:
    """Ours, and the database's, which may be moved."""

    def __init__(self) -> None:
        self.nosso = 1000.0
        self.do_banco = INICIO
        self.prazos = Prazos(lambda: self.nosso)
        self.expira_em: dict[int, datetime] = {}

    def grant(self, cerca: int) -> None:
        self.expira_em[cerca] = self.do_banco + timedelta(seconds=30)

    def wait(self, segundos: float) -> None:
        self.nosso += segundos
        self.do_banco += timedelta(seconds=segundos)

    def look(self) -> list[int]:
        vivas = [Viva(cerca, ate, (ate - self.do_banco).total_seconds()) for cerca, ate in self.expira_em.items()]
        return list(self.prazos.list_vencidas(vivas))


@pytest.fixture
def relogios() -> Relogios:
    return Relogios()


def test_a_lease_ends_thirty_seconds_after_its_last_renewal(relogios: Relogios) -> None:
    relogios.look()
    relogios.grant(1)
    assert relogios.look() == []
    relogios.wait(20)
    relogios.grant(1)
    assert relogios.look() == []
    relogios.wait(29)
    assert relogios.look() == []
    relogios.wait(1.1)
    assert relogios.look() == [1]


@pytest.mark.parametrize("salto", [timedelta(hours=2), timedelta(seconds=45), timedelta(hours=-2)])
def test_a_clock_that_is_moved_ends_no_lease_early_and_keeps_none(relogios: Relogios, salto: timedelta) -> None:
    """Two sessions of one credential would be in the portal at once, or a dead one's slot be taken for hours."""
    relogios.grant(1)
    relogios.grant(2)
    relogios.look()
    relogios.grant(2)  # renewed, and not looked at since
    relogios.do_banco += salto
    assert relogios.look() == []
    relogios.wait(29)
    assert relogios.look() == []
    relogios.wait(1.1)
    assert relogios.look() == [1, 2]


def test_a_lease_that_ended_while_nobody_looked_is_over_at_the_first_look(relogios: Relogios) -> None:
    relogios.grant(1)
    relogios.grant(2)
    relogios.wait(20)
    relogios.grant(2)
    relogios.wait(15)
    assert relogios.look() == [1]
    relogios.wait(15.1)
    assert relogios.look() == [1, 2]
