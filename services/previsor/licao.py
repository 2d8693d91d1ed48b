"""What the child that learns answers; apart from it, so that who reads the answer loads nothing heavy."""

from __future__ import annotations

from shared.events import Juizo, Modelo, Valor


class Licao(Valor):
    """modelo: only of one that may speak."""

    juizo: Juizo
    modelo: Modelo | None
