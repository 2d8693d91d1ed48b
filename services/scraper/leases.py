"""How long a lease may be used: counted from when the pulse that renewed it was sent, on the monotonic clock."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

# The portal is left alone this long before a lease ends: only then is its slot granted again (architecture.md).
MARGEM_S = 10.0
_PULSOS_MAX = 32


class Pulsos:
    """The pulses that wait for their answer. An answer counts for the leases that its pulse named."""

    def __init__(self) -> None:
        self._enviados: dict[UUID, tuple[float, frozenset[int]]] = {}

    def note_sent(self, pulso_id: UUID, agora: float, cercas: Collection[int]) -> None:
        self._enviados[pulso_id] = (agora, frozenset(cercas))
        while len(self._enviados) > _PULSOS_MAX:
            self._enviados.pop(next(iter(self._enviados)))

    def answer(self, pulso_id: UUID, vivas: Collection[int], validade_s: float) -> tuple[dict[int, float], set[int]]:
        """(lease → until when the portal may be touched, the leases that are lost)."""
        if pulso_id not in self._enviados:
            return {}, set()
        enviado, cercas = self._enviados.pop(pulso_id)
        limite = enviado + validade_s - MARGEM_S
        return dict.fromkeys(cercas & frozenset(vivas), limite), set(cercas - frozenset(vivas))
