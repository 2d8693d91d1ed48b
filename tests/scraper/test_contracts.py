"""Sessions without a portal behind them: what is told of a refusal, and how often a password is posted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from pydantic import BaseModel

from services.scraper.contracts import Porta
from services.scraper.drivers import Drivers
from services.scraper.portal.browser.launch import Navegador
from services.scraper.portal.errors import LoginParado
from services.scraper.portal_session import SessaoPortal
from services.scraper.reports import Relator
from services.scraper.sessions import Sessao
from services.scraper.verifier import Conferente
from shared.bus import BusUnavailable
from shared.bus.memory import MemoryBus
from shared.bus.topology import GATEWAY_EVENTOS
from shared.crypto import Chaveiro
from shared.events import (
    EVENTOS,
    BoletoDevolvido,
    BoletoFalhou,
    BoletoSolicitado,
    CredencialParada,
    Evento,
    SessaoConcedida,
    SessaoEncerrada,
    Tarefa,
)
from shared.files import FileStore
from tests.eventually import eventually
from tests.scraper.scenes import ANA, HOJE


class PortalQueRecusa:
    """Stands for SessaoPortal: every login takes a moment and is refused."""

    is_open = is_logada = False
    driver = None
    segredos = ()

    def __init__(self, posts: list[int], bus: BarramentoInstavel) -> None:
        self._posts, self._bus = posts, bus

    async def log_in(self, *, so_navegador: bool = False) -> float:
        await asyncio.sleep(0.05)
        self._posts.append(1)
        self._bus.away = self._bus.goes_away
        raise LoginParado("login.recusado", "Usuário ou senha inválidos")

    def mask(self, texto: str) -> str:
        return texto

    async def close(self) -> None: ...

    async def leave(self) -> None: ...


class BarramentoInstavel(MemoryBus):
    """`away`: takes nothing, as a broker that is gone."""

    away = goes_away = False

    async def publish(self, event: BaseModel, *, queue: str | None = None, ttl_s: float | None = None) -> None:
        if self.away:
            raise BusUnavailable("fora do ar")
        await super().publish(event, queue=queue, ttl_s=ttl_s)


@pytest.fixture
async def bus() -> AsyncIterator[BarramentoInstavel]:
    async with BarramentoInstavel(EVENTOS) as aberto:
        yield aberto


def concedida(cerca: int, validade_s: float = 30.0) -> SessaoConcedida:
    return SessaoConcedida(
        cerca=cerca,
        credencial_id=7,
        ponto_venda="17308",
        url_base="http://127.0.0.1:9",
        perfil="canopus",
        usuario="17308",
        senha_cifrada="cifrada",
        validade_s=validade_s,
    )


def solicitado(cerca: int) -> BoletoSolicitado:
    tarefa = Tarefa(automacao_id=uuid4(), item_id=cerca, despacho=cerca, tentativa=1, cerca=cerca)
    return BoletoSolicitado(tarefa=tarefa, ponto_venda="17308", cpf=ANA, hoje=HOJE)


def open_sessao(
    bus: BarramentoInstavel, pasta: Path, posts: list[int], porta: Porta, cerca: int, **campos: Any
) -> Sessao:
    files = FileStore(pasta.as_uri())
    portal: Any = PortalQueRecusa(posts, bus)
    sessao = Sessao(concedida(cerca, **campos), portal, Relator(bus, files), Conferente(), files, porta)
    sessao.renew(0.0)
    sessao.accept(solicitado(cerca))
    return sessao


async def test_of_two_sessions_that_log_in_at_once_one_posts_a_refused_password(
    bus: BarramentoInstavel, tmp_path: Path
) -> None:
    posts: list[int] = []
    porta = Porta()
    sessoes = [open_sessao(bus, tmp_path, posts, porta, cerca) for cerca in (1, 2)]
    async with asyncio.timeout(5):
        await asyncio.gather(*(sessao.run() for sessao in sessoes))
        assert len(posts) == 1
        # A person acted: the next lease tries once more.
        await open_sessao(bus, tmp_path, posts, porta, 3).run()
    assert len(posts) == 2


async def test_a_refusal_is_told_also_when_the_bus_comes_back_after_the_lease_has_ended(
    bus: BarramentoInstavel, tmp_path: Path
) -> None:
    eventos: list[Evento] = []

    async def keep(evento: Evento, _: object) -> None:
        eventos.append(evento)

    bus.goes_away = True
    posts: list[int] = []
    async with bus.consume(GATEWAY_EVENTOS, keep), asyncio.TaskGroup() as grupo:
        sessao = open_sessao(bus, tmp_path, posts, Porta(), 1, validade_s=10.5)
        tarefa = grupo.create_task(sessao.run())
        await eventually(lambda: sessao.is_over)
        assert not any(isinstance(evento, CredencialParada) for evento in eventos)
        bus.away = False
        await tarefa
        await eventually(lambda: any(isinstance(evento, BoletoDevolvido) for evento in eventos))
    ordem = [type(evento) for evento in eventos if isinstance(evento, CredencialParada | BoletoDevolvido)]
    assert ordem == [CredencialParada, BoletoDevolvido]


async def test_a_late_answer_to_an_older_pulse_takes_no_time_from_a_lease(
    bus: BarramentoInstavel, tmp_path: Path
) -> None:
    eventos: list[Evento] = []

    async def keep(evento: Evento, _: object) -> None:
        eventos.append(evento)

    agora = asyncio.get_running_loop().time()
    files = FileStore(tmp_path.as_uri())
    portal: Any = PortalQueRecusa([], bus)
    sessao = Sessao(concedida(1), portal, Relator(bus, files), Conferente(), files, Porta())
    async with bus.consume(GATEWAY_EVENTOS, keep), asyncio.TaskGroup() as grupo:
        tarefa = grupo.create_task(sessao.run())
        sessao.renew(agora + 20.0)
        await asyncio.sleep(0)
        sessao.renew(agora - 1.0)
        for _ in range(5):
            await asyncio.sleep(0)
        sessao.end("revogada")
        await tarefa
        # A lease that was lost is not given back.
        await eventually(lambda: any(isinstance(evento, SessaoEncerrada) for evento in eventos), 2.0)


async def test_a_profile_that_does_not_load_is_ours_to_mend_and_stops_no_credential(
    bus: BarramentoInstavel, tmp_path: Path
) -> None:
    eventos: list[Evento] = []

    async def keep(evento: Evento, _: object) -> None:
        eventos.append(evento)

    chaveiro, files = Chaveiro(Fernet.generate_key().decode()), FileStore(tmp_path.as_uri())
    concessao = concedida(1).model_copy(update={"perfil": "desconhecido"})
    portal = SessaoPortal(concessao, Drivers("navegador", Navegador()), chaveiro, None)
    sessao = Sessao(concessao, portal, Relator(bus, files), Conferente(), files, Porta())
    async with bus.consume(GATEWAY_EVENTOS, keep), asyncio.TaskGroup() as grupo:
        tarefa = grupo.create_task(sessao.run())
        sessao.renew(asyncio.get_running_loop().time() + 20.0)
        sessao.accept(solicitado(1))
        await eventually(lambda: any(isinstance(evento, BoletoFalhou) for evento in eventos))
        sessao.end("revogada")
        await tarefa
    [falha] = [evento for evento in eventos if isinstance(evento, BoletoFalhou)]
    assert falha.codigo == "interno" and "desconhecido" in falha.mensagem
    assert not any(isinstance(evento, CredencialParada) for evento in eventos)
