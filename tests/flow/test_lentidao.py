"""A portal that gets slow under four sessions: fewer of them where it only queues, all of them where it is slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.fernet import Fernet

from services.gateway.engine import open_engine
from services.gateway.lentidao import Regras
from services.gateway.store import Pool
from services.scraper.settings import ScraperSettings
from services.scraper.worker import Scraper
from shared.bus.memory import MemoryBus
from shared.crypto import Chaveiro
from shared.events import EVENTOS
from shared.files import FileStore
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_loja, cpf_de, get_execucao, open_base, submit
from tests.gateway.figurantes import run_namer
from tests.scraper.scenes import SENHA, USUARIO, cliente, cota, parcela
from tests.simulator.dates import month_after, today
from tests.simulator.scenario import Cenario, parse_cenario
from tests.simulator.server import Simulador

pytestmark = pytest.mark.timeout(240)

SESSOES = 4
# A job of seconds tells from fewer searches than one of minutes.
REGRAS = Regras(ritmo_s=0.2, amostras=10, amostras_por_sessao=3)
PROXIMO = month_after(today(), 1, 1)


def cenario(clientes: int, **latencia: Any) -> Cenario:
    """The clients that `add_loja` registers, each with a boleto of next month."""
    return parse_cenario({
        "credenciais": [{"ponto_venda": "17308", "usuario": USUARIO, "senha": SENHA, "max_sessoes": SESSOES}],
        "clientes": [
            cliente(cpf_de(n), f"CLIENTE {n}", cota(6650, n, parcela("mes+1@10"))) for n in range(1, clientes + 1)
        ],
        "botoes": {"latencia": latencia},
    })  # fmt: skip


@dataclass
class Sistema:
    pool: Pool
    portal: Simulador
    loja: Loja

    async def run(self, **campos: Any) -> UUID:
        return await submit(self.pool, self.loja, mes=PROXIMO.month, ano=PROXIMO.year, **campos)

    async def finish(self, automacao_id: UUID) -> None:
        async def check() -> bool:
            return (await get_execucao(self.pool, automacao_id))["finalizado_em"] is not None

        await eventually(check, 120)
        execucao = await get_execucao(self.pool, automacao_id)
        assert execucao["processados_sucesso"] == execucao["total_clientes"] - execucao["ja_baixados"]

    async def wait_limite(self, *, reduzido: bool) -> int | None:
        """Until there are fewer sessions, or as many as ever again; then how many, None being all."""

        async def check() -> bool:
            return (await self.pool.fetchval("SELECT sessoes_reduzidas FROM credenciais_canopus") is None) != reduzido

        await eventually(check, 60)
        limite: int | None = await self.pool.fetchval("SELECT sessoes_reduzidas FROM credenciais_canopus")
        return limite

    async def list_medidas(self) -> list[tuple[float, int]]:
        """Each search that ended: when, and how many sessions were at work."""
        linhas = await self.pool.fetch(
            "SELECT extract(epoch FROM em)::float8 AS em, sessoes FROM medidas_busca ORDER BY em"
        )
        return [(linha["em"], linha["sessoes"]) for linha in linhas]


@asynccontextmanager
async def running(database_url: str, pasta: Path, cena: Cenario) -> AsyncIterator[Sistema]:
    chaveiro, files = Chaveiro(Fernet.generate_key().decode()), FileStore(pasta.as_uri())
    async with open_base(database_url) as pool, MemoryBus(EVENTOS) as bus, Simulador(cena) as portal:
        loja = await add_loja(pool, clientes=len(cena.clientes), max_sessoes=SESSOES, url_base=portal.url)
        await pool.execute(
            "UPDATE credenciais_canopus SET usuario = $1, senha_encrypted = $2", USUARIO, chaveiro.encrypt(SENHA)
        )
        async with (
            open_engine(pool, bus, files, regras=REGRAS),
            run_namer(bus),
            Scraper(bus, files, chaveiro, ScraperSettings(driver="http", ritmo_ms=0)),
        ):
            sistema = Sistema(pool, portal, loja)
            for _ in range(3):
                await sistema.finish(await sistema.run(limite=1, forcar=True))
            yield sistema


def measure_vazao(medidas: list[tuple[float, int]]) -> float:
    """Searches a second."""
    return (len(medidas) - 1) / (medidas[-1][0] - medidas[0][0])


@pytest.mark.completo
async def test_a_portal_that_serves_one_at_a_time_is_worked_by_fewer_sessions_as_fast(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path, cenario(36, busca=140, simultaneas=1)) as sistema:
        execucao = await sistema.run(forcar=True)
        para = await sistema.wait_limite(reduzido=True)
        assert para is not None and para < SESSOES
        await sistema.finish(execucao)
        assert await sistema.wait_limite(reduzido=True) == para, "it was worth it"
        medidas = await sistema.list_medidas()
    antes, depois = [m for m in medidas if m[1] == SESSOES], medidas[-12:]
    assert {sessoes for _, sessoes in depois} <= set(range(para + 1))
    assert measure_vazao(depois) > 0.8 * measure_vazao(antes)


@pytest.mark.completo
async def test_a_portal_that_is_slow_for_everyone_keeps_all_its_sessions(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, cenario(46, busca=80)) as sistema:
        sistema.portal.turn(latencia={"busca": 480})
        execucao = await sistema.run(forcar=True)
        await sistema.wait_limite(reduzido=True)  # it might have been a queue
        assert await sistema.wait_limite(reduzido=False) is None
        await sistema.finish(execucao)
        assert await sistema.wait_limite(reduzido=False) is None, "and it is not tried again"
        medidas = await sistema.list_medidas()
    assert max(sessoes for _, sessoes in medidas[-12:]) == SESSOES
