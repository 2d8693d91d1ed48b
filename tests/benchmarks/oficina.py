"""One session of the scraper's by itself, as its worker runs it, with a bus that takes every event and keeps none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence

from cryptography.fernet import Fernet

from services.scraper.contracts import Oficina, Porta
from services.scraper.drivers import Drivers
from services.scraper.portal_session import SessaoPortal
from services.scraper.reports import Relator
from services.scraper.trabalho import Trabalho
from services.scraper.verifier import Conferente
from shared.bus import BusError, Message
from shared.bus.memory import MemoryBus
from shared.crypto import Chaveiro
from shared.events import EVENTOS, BoletoCapturado, BoletoSolicitado, SessaoConcedida, Tarefa
from shared.files import FileStore
from tests.benchmarks.simulado import nome_de
from tests.namer.planilhas import make_cpf
from tests.scraper.scenes import HOJE, PV, SENHA, USUARIO

ZERO = "00000000-0000-0000-0000-000000000000"


class BusSurdo(MemoryBus):
    """Written as for any bus, and heard by nobody: what others do with the events is not the scraper's cost."""

    async def publish_many(self, messages: Sequence[Message]) -> list[BusError | None]:
        return [None for _ in messages]


@contextlib.asynccontextmanager
async def open_oficina(drivers: Drivers, url: str, files: FileStore, conferente: Conferente) -> AsyncIterator[Oficina]:
    """conferente: one for all sessions of a scraper."""
    chaveiro = Chaveiro(Fernet.generate_key().decode())
    concessao = SessaoConcedida(
        cerca=1,
        credencial_id=1,
        ponto_venda=PV,
        url_base=url,
        perfil="canopus",
        usuario=USUARIO,
        senha_cifrada=chaveiro.encrypt(SENHA),
        validade_s=3600,
    )
    portal = SessaoPortal(concessao, drivers, chaveiro, ritmo_ms=0)
    try:
        yield Oficina(concessao, portal, Relator(BusSurdo(EVENTOS), files), conferente, files, Porta())
    finally:
        await portal.close()


async def serve(oficina: Oficina, clientes: Iterable[int]) -> None:
    """One after another, until the last one's boleto is proven and kept."""
    trabalhos = [Trabalho(make_solicitado(n), asyncio.get_running_loop().create_future()) for n in clientes]
    for trabalho in trabalhos:
        await oficina.serve(trabalho)
    for trabalho in trabalhos:
        relato = await trabalho.fim
        assert isinstance(relato, BoletoCapturado), relato


def make_solicitado(n: int) -> BoletoSolicitado:
    tarefa = Tarefa.model_validate({"automacao_id": ZERO, "item_id": n, "despacho": n, "tentativa": 1, "cerca": 1})
    return BoletoSolicitado(
        tarefa=tarefa, ponto_venda=PV, cpf=make_cpf(n), nome=nome_de(n), grupo=6650, cota=n, mes=12, ano=2026, hoje=HOJE
    )
