"""What every handler may use: the gateway's open ports, made by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiohttp import web

from services.gateway.settings import GatewaySettings
from services.gateway.store import Pool
from services.gateway.store.empresas import PADRAO, PoolEmpresa
from shared.bus import Bus
from shared.crypto import Chaveiro
from shared.files import FileStore

if TYPE_CHECKING:
    from services.gateway.atualizador import Atualizador
    from services.gateway.auth import FailedLogins
    from services.gateway.live import Live
    from services.gateway.pedidos import Pedidos


@dataclass(frozen=True)
class AppContext:
    """wake: tells the engine that there is work (after a commit). replica_id: of this process. falhas: wrong keys and
    tickets by address; falhas_entrada: wrong passwords by address, which a whole office may share; falhas_senha: by
    e-mail and address. pool: sees every office; in a request (`of`) the caller's alone. restritos: the connections that
    may see one office at a time; None: there is but one."""

    pool: Pool | PoolEmpresa
    bus: Bus
    files: FileStore
    chaveiro: Chaveiro
    settings: GatewaySettings
    replica_id: str
    wake: Callable[[], None]
    live: Live
    pedidos: Pedidos
    atualizador: Atualizador
    falhas: FailedLogins
    falhas_entrada: FailedLogins
    falhas_senha: FailedLogins
    restritos: Pool | None = None

    def of(self, empresa_id: int) -> AppContext:
        """For a request of that office: a statement that forgets whose rows it means sees no other's."""
        if self.restritos is None:
            assert empresa_id == PADRAO
            return self
        return replace(self, pool=PoolEmpresa(self.restritos, empresa_id))


CONTEXT = web.AppKey("context", AppContext)
