"""The scraper before a portal that answers everything at once: its session and what is fetched in it, nothing else.

Every step is told and a capture kept, as ever; there is no page to read and no PDF to verify.
"""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from typing import Any, cast

from services.scraper import __main__, contracts, worker
from services.scraper.attempt import Andamento, Avisar
from services.scraper.portal.flow import Emissao
from services.scraper.portal.steps import Passos
from services.scraper.portal_session import SessaoPortal
from services.scraper.verifier import Conferente
from shared.events import BoletoCapturado, BoletoSolicitado, DadosBoleto
from shared.files import FileStore
from shared.lifecycle import run
from shared.outcomes import Etapa

NADA = cast(Any, None)
PDF = b"%PDF-1.4\n" + bytes(20_000) + b"%%EOF"


class DriverNulo:
    """No page stands open."""

    nome = "nulo"
    pagina = None
    portal_s = 0.0

    def take_alertas(self) -> tuple[str, ...]:
        return ()

    async def close(self) -> None: ...


class PortalNulo(SessaoPortal):
    """Logged in at once, for ever."""

    async def log_in(self, *, so_navegador: bool = False) -> float:
        self._logada, self.driver = True, cast(Any, DriverNulo())
        return 0.0

    async def renew_if_old(self) -> None: ...

    @property
    def passos(self) -> Passos:
        return cast(Passos, NADA)


async def fetch(passos: Passos, solicitado: BoletoSolicitado, avisar: Avisar) -> Emissao:
    for etapa in (Etapa.BUSCANDO, Etapa.EMITINDO, Etapa.BAIXANDO):
        await avisar(etapa)
    return Emissao(PDF + str(solicitado.tarefa.despacho).encode(), NADA, NADA)


async def conclude(
    emissao: Emissao,
    conferente: Conferente,
    files: FileStore,
    solicitado: BoletoSolicitado,
    andamento: Andamento,
    avisar: Avisar,
) -> BoletoCapturado:
    await avisar(Etapa.VERIFICANDO)
    captura = await files.put_interno("capturas", emissao.pdf)
    andamento.close()
    mes, ano = solicitado.mes or 12, solicitado.ano or 2026
    dados = DadosBoleto(
        cpf=solicitado.cpf, nome_portal=solicitado.nome or "", grupo=solicitado.grupo or 0, cota=solicitado.cota or 0,
        ano=ano, mes=mes, vencimento=date(ano, mes, 10), valor=Decimal("123.45"),
    )  # fmt: skip
    return BoletoCapturado(tarefa=solicitado.tarefa, captura=captura, boleto=dados, duracoes_s=andamento.duracoes_s)


if __name__ == "__main__":
    setattr(worker, "SessaoPortal", PortalNulo)  # noqa: B010
    setattr(contracts, "fetch", fetch)  # noqa: B010
    setattr(contracts, "conclude", conclude)  # noqa: B010
    sys.exit(run(__main__.main))
