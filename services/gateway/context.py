"""What every handler may use: the gateway's open ports, made by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from services.gateway.settings import GatewaySettings
from services.gateway.store import Pool
from shared.bus import Bus
from shared.crypto import Chaveiro
from shared.files import FileStore

if TYPE_CHECKING:
    from services.gateway.auth import FailedLogins
    from services.gateway.live import Live
    from services.gateway.pedidos import Pedidos


@dataclass(frozen=True)
class AppContext:
    """wake: tells the engine that there is work (after a commit). replica_id: of this process. falhas: wrong keys and
    tickets by address; falhas_entrada: wrong passwords by address, which a whole office may share; falhas_senha: by
    e-mail and address."""

    pool: Pool
    bus: Bus
    files: FileStore
    chaveiro: Chaveiro
    settings: GatewaySettings
    replica_id: str
    wake: Callable[[], None]
    live: Live
    pedidos: Pedidos
    falhas: FailedLogins
    falhas_entrada: FailedLogins
    falhas_senha: FailedLogins


CONTEXT = web.AppKey("context", AppContext)
