"""Every declared route, by resource."""

from __future__ import annotations

from services.gateway.api import Rota, Rotas

RECURSOS: tuple[Rotas, ...] = ()


def list_rotas() -> list[Rota]:
    return [rota for recurso in RECURSOS for rota in recurso.todas]
