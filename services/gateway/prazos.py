"""When leases end: by our own clock, since the database's may be moved, and must not let two sessions have one slot.

A lease's time is measured from when this process saw it renewed; the database's word counts at the first look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.gateway.pulsos import VALIDADE_S


@dataclass(frozen=True)
class Viva:
    """A lease that has not ended. resta_s: seconds to `expira_em`, both by the database's clock."""

    cerca: int
    expira_em: datetime
    resta_s: float


class Prazos:
    """relogio: monotonic seconds."""

    def __init__(self, relogio: Callable[[], float]) -> None:
        self._relogio = relogio
        self._vistas: dict[int, tuple[datetime, float]] = {}

    def list_vencidas(self, vivas: Sequence[Viva]) -> dict[int, datetime]:
        """`expira_em` of each lease that is over. vivas: every one that has not ended."""
        agora = self._relogio()
        antes, self._vistas = self._vistas, {}
        for viva in vivas:
            vista = antes.get(viva.cerca)
            if vista is None or viva.expira_em < vista[0]:
                vista = viva.expira_em, agora + min(viva.resta_s, VALIDADE_S)
            elif viva.expira_em > vista[0]:
                vista = viva.expira_em, agora + VALIDADE_S
            self._vistas[viva.cerca] = vista
        return {cerca: expira_em for cerca, (expira_em, limite) in self._vistas.items() if limite < agora}
