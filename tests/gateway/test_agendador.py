"""Schedules fired by two gateways over one database, on a clock that the tests move: each firing once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asyncpg import Record

from services.gateway import agenda, agendamentos
from services.gateway.agendador import Agendador
from services.gateway.engine import open_engine
from services.gateway.regras import DIAS, parse_regra
from services.gateway.store import Conn, Pool
from services.gateway.store import agendamentos as store
from shared.bus.memory import MemoryBus
from shared.events import EVENTOS
from shared.files import FileStore
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_loja, get_execucao, open_base, submit
from tests.gateway.motor import list_quadros

SP = ZoneInfo("America/Sao_Paulo")
DIA_5 = {"tipo": "dia_do_mes", "dia": 5, "hora": "08:00"}


class Relogio:
    """One clock for every gateway."""

    def __init__(self, agora: datetime) -> None:
        self.agora = agora

    async def __call__(self, conn: Conn) -> datetime:
        return self.agora


def local(texto: str, zona: ZoneInfo = SP) -> datetime:
    return datetime.fromisoformat(texto).replace(tzinfo=zona)


class Cena:
    """Two gateways' clocks over one database."""

    def __init__(self, pools: tuple[Pool, Pool], relogio: Relogio) -> None:
        self.pool, self.relogio = pools[0], relogio
        self.acordadas = 0
        self.dois = [Agendador(pool, self.wake, relogio) for pool in pools]

    def wake(self) -> None:
        self.acordadas += 1

    async def add(self, loja: Loja, regra: dict[str, Any] | None = None, **colunas: Any) -> int:
        novo = {
            "nome": "Mensal", "ponto_venda_id": loja.id, "consultor_id": None, "mes": "proximo",
            "regra": regra or DIA_5, "fuso": "America/Sao_Paulo", "perdidos": "recuperar", "ativo": True,
        }  # fmt: skip
        async with self.pool.acquire() as conn, conn.transaction():
            id = await agendamentos.create(conn, novo | colunas, self.relogio.agora, "teste")
            await conn.execute("UPDATE agendamentos SET updated_at = $2 WHERE id = $1", id, self.relogio.agora)
            return id

    @asynccontextmanager
    async def lock(self, id: int) -> AsyncIterator[tuple[Conn, Record]]:
        async with self.pool.acquire() as conn, conn.transaction():
            yield conn, await store.lock_agendamento(conn, id)

    async def tick(self, agora: datetime | str) -> int:
        """Both at once; how many executions they began."""
        self.relogio.agora = local(agora) if isinstance(agora, str) else agora
        return sum(len(feitas) for feitas in await asyncio.gather(*(um.tick() for um in self.dois)))

    async def finish(self) -> None:
        """Whatever runs is done."""
        await self.pool.execute(
            "UPDATE execucoes_automacao SET status = 'concluida', finalizado_em = now() WHERE finalizado_em IS NULL"
        )

    async def list_disparos(self, id: int) -> list[Any]:
        return list(await self.pool.fetch("SELECT * FROM disparos WHERE agendamento_id = $1 ORDER BY id", id))

    async def find_proxima(self, id: int) -> datetime:
        proxima: datetime = await self.pool.fetchval("SELECT proxima_em FROM agendamentos WHERE id = $1", id)
        return proxima

    async def find_adiado(self, id: int) -> datetime | None:
        adiado: datetime | None = await self.pool.fetchval("SELECT adiado_em FROM agendamentos WHERE id = $1", id)
        return adiado


@pytest.fixture
async def cena(database_url: str) -> AsyncIterator[Cena]:
    async with open_base(database_url) as um, open_base(database_url) as outro:
        yield Cena((um, outro), Relogio(local("2026-11-01 00:00")))


async def test_over_a_month_two_gateways_fire_every_firing_once(cena: Cena, caplog: pytest.LogCaptureFixture) -> None:
    """Ten schedules of three pontos de venda in three zones; the clock goes on by the hour, New York's back an hour on
    1 November."""
    lojas = [await add_loja(cena.pool, codigo, clientes=1, base=n * 10) for n, codigo in enumerate(("1", "2", "3"))]
    regras: list[tuple[dict[str, Any], str]] = [
        (DIA_5, "America/Sao_Paulo"),
        ({"tipo": "dia_do_mes", "dia": 31, "hora": "23:30"}, "America/Sao_Paulo"),
        ({"tipo": "dia_util", "numero": 1, "hora": "07:00"}, "America/Sao_Paulo"),
        ({"tipo": "dia_util", "numero": 14, "hora": "07:30"}, "America/Campo_Grande"),
        ({"tipo": "semanal", "dias": ["segunda", "quinta"], "hora": "06:00"}, "America/Sao_Paulo"),
        ({"tipo": "semanal", "dias": ["domingo"], "hora": "01:30"}, "America/New_York"),
        ({"tipo": "cron", "expressao": "0 12 * * 1-5"}, "America/Sao_Paulo"),
        ({"tipo": "cron", "expressao": "30 1 * * *"}, "America/New_York"),
        ({"tipo": "cron", "expressao": "0 */6 10,20 * *"}, "America/Sao_Paulo"),
        ({"tipo": "cron", "expressao": "15 8 * * *"}, "America/Campo_Grande"),
    ]
    inicio, fim = local("2026-11-01 00:00"), local("2026-12-01 00:00")
    ids = [await cena.add(lojas[n % 3], regra, fuso=fuso) for n, (regra, fuso) in enumerate(regras)]
    agora = inicio
    while agora < fim:
        agora += timedelta(hours=1)
        while await cena.tick(agora):
            await cena.finish()
    for id, (regra, fuso) in zip(ids, regras, strict=True):
        disparos = await cena.list_disparos(id)
        # Minute by minute, by what the clocks there show.
        assert [d["previsto_para"] for d in disparos] == list_minutos(regra, ZoneInfo(fuso), inicio, fim), regra
        assert {d["resultado"] for d in disparos} == {"enviado"}
        assert len({d["execucao_id"] for d in disparos}) == len(disparos)
    total = await cena.pool.fetchval("SELECT count(*) FROM execucoes_automacao WHERE tipo = 'agendada'")
    assert total == await cena.pool.fetchval("SELECT count(*) FROM disparos") > 90
    assert cena.acordadas
    # Neither came upon a firing of the other's, nor took it for one to wait for.
    assert not [registro for registro in caplog.records if registro.name == "services.gateway.agendador"]
    assert await cena.pool.fetchval("SELECT count(*) FROM agendamentos WHERE adiado_em IS NOT NULL") == 0


def list_minutos(regra: dict[str, Any], zona: ZoneInfo, inicio: datetime, fim: datetime) -> list[datetime]:
    """The firings of a whole month, told without the code under test; holidays: 2, 15 and 20 November."""
    achados, visto = [], set()
    minuto = inicio.astimezone(UTC) + timedelta(minutes=15)
    while minuto <= fim:
        la = minuto.astimezone(zona)
        parede = la.replace(tzinfo=None, fold=0)
        if is_firing(regra, la) and parede not in visto:
            visto.add(parede)
            achados.append(minuto)
        minuto += timedelta(minutes=15)
    return achados


def is_firing(regra: dict[str, Any], la: datetime) -> bool:
    match regra:
        case {"tipo": "cron", "expressao": "0 12 * * 1-5"}:
            return (la.hour, la.minute) == (12, 0) and la.weekday() < 5
        case {"tipo": "cron", "expressao": "30 1 * * *"}:
            return (la.hour, la.minute) == (1, 30)
        case {"tipo": "cron", "expressao": "15 8 * * *"}:
            return (la.hour, la.minute) == (8, 15)
        case {"tipo": "cron"}:
            return la.day in (10, 20) and la.hour % 6 == 0 and la.minute == 0
    if f"{la:%H:%M}" != regra["hora"]:
        return False
    match regra:
        case {"dias": list(dias)}:
            return bool(DIAS[la.weekday()] in dias)
        case {"dia": dia}:
            return bool(la.day == min(dia, 30))
        case {"numero": numero}:
            uteis = [d for d in range(1, la.day + 1) if la.replace(day=d).weekday() < 5 and d not in (2, 20)]
            return bool(uteis) and uteis[-1] == la.day and len(uteis) == numero
    raise AssertionError(regra)


async def test_a_firing_submits_what_a_person_would_and_says_so(cena: Cena) -> None:
    loja = await add_loja(cena.pool)
    id = await cena.add(loja, nome="Dia 5", consultor_id=loja.consultor_id)
    assert await cena.tick("2026-11-05 07:59") == 0
    assert await cena.tick("2026-11-05 08:00") == 1
    (disparo,) = await cena.list_disparos(id)
    automacao_id = await cena.pool.fetchval(
        "SELECT automacao_id FROM execucoes_automacao WHERE id = $1", disparo["execucao_id"]
    )
    execucao = await get_execucao(cena.pool, automacao_id)
    assert (execucao["tipo"], execucao["usuario_execucao"]) == ("agendada", f"agendamento {id} (Dia 5)")
    assert execucao["consultor_id"] == loja.consultor_id
    pedido = execucao["parametros"]
    assert (pedido["mes"], pedido["ano"], pedido["agendamento"]) == (12, 2026, {"id": id, "nome": "Dia 5"})
    assert (disparo["previsto_para"], disparo["perdidos_desde"]) == (local("2026-11-05 08:00"), None)
    assert await cena.find_proxima(id) == local("2026-12-05 08:00")
    assert len(await list_quadros(cena.pool, automacao_id)) == 4
    acoes = [linha["acao"] for linha in await cena.pool.fetch("SELECT acao FROM auditoria ORDER BY id")]
    assert acoes == ["agendamento.criar", "agendamento.executar"]


async def test_what_was_missed_is_made_up_for_once_or_skipped(cena: Cena) -> None:
    loja, outra = await add_loja(cena.pool, "1"), await add_loja(cena.pool, "2", base=10)
    diaria = {"tipo": "cron", "expressao": "0 8 * * *"}
    recupera = await cena.add(loja, diaria, mes="atual")
    pula = await cena.add(outra, diaria, perdidos="pular")
    # Nothing ran from 2 to 30 November; the last one missed was planned for the day before its month ended.
    assert await cena.tick("2026-12-01 03:00") == 1
    (feito,) = await cena.list_disparos(recupera)
    assert (feito["resultado"], feito["previsto_para"]) == ("enviado", local("2026-11-30 08:00"))
    assert feito["perdidos_desde"] == local("2026-11-01 08:00")
    (pulado,) = await cena.list_disparos(pula)
    assert (pulado["resultado"], pulado["codigo"]) == ("pulado", "agendamento.perdido")
    pedido = await cena.pool.fetchval("SELECT parametros FROM execucoes_automacao")
    assert (pedido["mes"], pedido["ano"]) == (11, 2026)
    assert await cena.find_proxima(recupera) == await cena.find_proxima(pula) == local("2026-12-01 08:00")
    await cena.finish()
    # A few minutes late is in time.
    assert await cena.tick("2026-12-01 08:09") == 2


async def test_a_firing_waits_for_the_execution_before_it_and_then_says_that_it_gave_up(cena: Cena) -> None:
    loja = await add_loja(cena.pool)
    id = await cena.add(loja)
    outro = await cena.add(loja, {"tipo": "dia_do_mes", "dia": 5, "hora": "08:10"}, nome="Outro")
    assert await cena.tick("2026-11-05 08:00") == 1
    assert await cena.tick("2026-11-05 08:10") == 0
    assert await cena.list_disparos(outro) == []
    assert await cena.find_adiado(outro)
    await cena.finish()
    assert await cena.tick("2026-11-05 08:25") == 1
    (feito,) = await cena.list_disparos(outro)
    assert (feito["resultado"], feito["previsto_para"]) == ("enviado", local("2026-11-05 08:10"))
    # The next month the first of them never ends.
    assert await cena.tick("2026-12-05 08:00") == 0
    assert await cena.tick("2026-12-05 08:29") == 0
    assert await cena.tick("2026-12-05 08:31") == 0
    recusado = (await cena.list_disparos(id))[-1]
    assert (recusado["resultado"], recusado["codigo"]) == ("recusado", "agendamento.execucao_ativa")
    assert "cancele-a" in recusado["mensagem"]
    assert await cena.find_proxima(id) == local("2027-01-05 08:00")


async def test_the_wait_of_a_firing_counts_for_no_later_one(cena: Cena) -> None:
    loja, outra = await add_loja(cena.pool, "1"), await add_loja(cena.pool, "2", base=10)
    diaria = {"tipo": "cron", "expressao": "0 8 * * *"}
    recupera = await cena.add(loja, diaria)
    pula = await cena.add(outra, diaria, perdidos="pular")
    for ocupada in (loja, outra):
        await submit(cena.pool, ocupada)
    assert await cena.tick("2026-11-01 08:00") == 0
    # Both wait when everything stops, until four hours after the next day's firing.
    assert await cena.tick("2026-11-02 12:00") == 0
    (pulado,) = await cena.list_disparos(pula)
    assert (pulado["resultado"], pulado["previsto_para"]) == ("pulado", local("2026-11-02 08:00"))
    assert await cena.find_adiado(recupera) == local("2026-11-02 12:00")
    assert await cena.tick("2026-11-02 12:29") == 0
    assert await cena.list_disparos(recupera) == []
    assert await cena.tick("2026-11-02 12:31") == 0
    (recusado,) = await cena.list_disparos(recupera)
    assert (recusado["resultado"], recusado["perdidos_desde"]) == ("recusado", local("2026-11-01 08:00"))
    # It waits again, everything stops again, and the same day it is late by more than its wait.
    assert await cena.tick("2026-11-03 08:00") == 0
    await cena.finish()
    assert await cena.tick("2026-11-03 08:41") == 1
    assert [(await cena.list_disparos(id))[-1]["resultado"] for id in (recupera, pula)] == ["enviado", "pulado"]


async def test_another_ponto_de_venda_counts_from_now_on(cena: Cena) -> None:
    loja, outra = await add_loja(cena.pool, "1"), await add_loja(cena.pool, "2", base=10)
    id = await cena.add(loja)
    await submit(cena.pool, loja)
    assert await cena.tick("2026-11-05 08:00") == 0
    async with cena.lock(id) as (conn, agendamento):
        await agendamentos.change(
            conn, agendamento, {"ponto_venda_id": outra.id}, cena.relogio.agora, "teste", "alterar"
        )
    assert await cena.tick("2026-11-05 08:20") == 0
    assert (await cena.find_adiado(id), await cena.list_disparos(id)) == (None, [])
    assert await cena.find_proxima(id) == local("2026-12-05 08:00")


async def test_months_that_were_missed_are_not_said_to_be_covered(cena: Cena) -> None:
    id = await cena.add(await add_loja(cena.pool), mes="atual")
    assert await cena.tick("2026-12-10 09:00") == 1
    (feito,) = await cena.list_disparos(id)
    assert (feito["previsto_para"], feito["perdidos_desde"]) == (local("2026-12-05 08:00"), local("2026-11-05 08:00"))
    assert feito["mensagem"].startswith("Baixa 12/2026 apenas")
    pedido = await cena.pool.fetchval("SELECT parametros FROM execucoes_automacao")
    assert (pedido["mes"], pedido["ano"]) == (12, 2026)


async def test_a_release_that_knows_other_holidays_fires_neither_twice_nor_never(
    cena: Cena, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await cena.add(await add_loja(cena.pool), {"tipo": "dia_util", "numero": 5, "hora": "08:00"})
    assert await cena.find_proxima(id) == local("2026-11-09 08:00")
    with monkeypatch.context() as outra:
        outra.setattr(agenda, "read_feriados", lambda: {date(2026, 11, 2), date(2026, 11, 3)})
        await cena.dois[0].review()
        assert await cena.find_proxima(id) == local("2026-11-10 08:00")
        assert await cena.tick("2026-11-09 08:00") == 0
        assert await cena.tick("2026-11-10 08:00") == 1
    # And back: the month's firing was held.
    await cena.dois[1].review()
    assert await cena.find_proxima(id) == local("2026-12-07 08:00")


async def test_a_holiday_that_a_later_release_knows_brings_no_second_firing_in_its_month(
    cena: Cena, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await cena.add(await add_loja(cena.pool), {"tipo": "dia_util", "numero": 5, "hora": "08:00"})
    assert await cena.tick("2026-11-09 08:00") == 1
    monkeypatch.setattr(agenda, "read_feriados", lambda: {date(2026, 11, 2), date(2026, 11, 3)})
    await cena.dois[0].review()
    assert await cena.find_proxima(id) == local("2026-12-07 08:00")


async def test_two_schedules_of_one_ponto_de_venda_due_at_once_take_turns(cena: Cena) -> None:
    loja = await add_loja(cena.pool)
    ids = [await cena.add(loja, nome=str(n)) for n in range(4)]
    assert await cena.tick("2026-11-05 08:00") == 1
    for _ in range(3):
        await cena.finish()
        assert await cena.tick("2026-11-05 08:05") == 1
    assert [len(await cena.list_disparos(id)) for id in ids] == [1, 1, 1, 1]


async def test_what_no_submission_would_take_is_told_and_the_next_one_comes(cena: Cena) -> None:
    loja = await add_loja(cena.pool)
    id = await cena.add(loja, {"tipo": "cron", "expressao": "0 8 * * *"})
    for agora, mudanca, codigo in (
        ("2026-11-01 08:00", "UPDATE clientes_finais SET ativo = false", "ponto_venda.sem_clientes"),
        ("2026-11-02 08:00", "UPDATE credenciais_canopus SET ativo = false", "ponto_venda.sem_credencial"),
        ("2026-11-03 08:00", "UPDATE pontos_venda SET ativo = false", "ponto_venda.inativo"),
    ):
        await cena.pool.execute(mudanca)
        assert await cena.tick(agora) == 0
        ultimo = (await cena.list_disparos(id))[-1]
        assert (ultimo["resultado"], ultimo["codigo"]) == ("recusado", codigo)
        assert ultimo["mensagem"]
    assert await cena.find_proxima(id) == local("2026-11-04 08:00")
    assert await cena.pool.fetchval("SELECT count(*) FROM execucoes_automacao") == 0


async def test_one_schedule_that_cannot_be_read_holds_no_other_back(cena: Cena) -> None:
    loja, outra = await add_loja(cena.pool, "1"), await add_loja(cena.pool, "2", base=10)
    estragado, bom = await cena.add(loja), await cena.add(outra)
    await cena.pool.execute("UPDATE agendamentos SET regra = '{}' WHERE id = $1", estragado)
    assert await cena.tick("2026-11-05 08:00") == 1
    assert len(await cena.list_disparos(bom)) == 1
    assert await cena.list_disparos(estragado) == []
    async with cena.lock(estragado) as (_, agendamento):
        vista = agendamentos.view(agendamento, None, cena.relogio.agora)
    assert "edite" in vista["descricao"] and vista["proximas"] == []


async def test_a_clock_set_back_fires_nothing_again(cena: Cena) -> None:
    loja = await add_loja(cena.pool)
    id = await cena.add(loja, {"tipo": "cron", "expressao": "0 * * * *"})
    assert await cena.tick("2026-11-05 08:00") == 1
    await cena.finish()
    # Hours back, and somebody changes the rule meanwhile: what was fired then lies ahead once more.
    cena.relogio.agora = local("2026-11-05 06:30")
    async with cena.lock(id) as (conn, agendamento):
        nova = {"regra": {"tipo": "cron", "expressao": "0 8 * * *"}}
        await agendamentos.change(conn, agendamento, nova, cena.relogio.agora, "teste", "alterar")
    assert await cena.find_proxima(id) == local("2026-11-05 08:00")
    assert await cena.tick("2026-11-05 08:00") == 0
    assert len(await cena.list_disparos(id)) == 1
    assert await cena.find_proxima(id) == local("2026-11-06 08:00")


async def test_a_pause_is_not_made_up_for(cena: Cena) -> None:
    id = await cena.add(await add_loja(cena.pool), {"tipo": "cron", "expressao": "0 8 * * *"})
    async with cena.lock(id) as (conn, agendamento):
        await agendamentos.pause(conn, agendamento, cena.relogio.agora, "teste")
    assert await cena.tick("2026-11-05 09:00") == 0
    async with cena.lock(id) as (conn, agendamento):
        await agendamentos.resume(conn, agendamento, cena.relogio.agora, "teste")
    assert await cena.tick("2026-11-05 09:00") == 0
    assert await cena.find_proxima(id) == local("2026-11-06 08:00")


async def test_two_running_gateways_fire_a_due_schedule_once(database_url: str, tmp_path: Path) -> None:
    """The engines as they run, each with its own loops; the clock is moved under both."""
    async with AsyncExitStack() as pilha:
        pools = [await pilha.enter_async_context(open_base(database_url)) for _ in range(2)]
        bus = await pilha.enter_async_context(MemoryBus(EVENTOS))
        relogio = Relogio(local("2026-11-05 07:00"))
        cena = Cena((pools[0], pools[1]), relogio)
        id = await cena.add(await add_loja(pools[0]))
        files = FileStore(tmp_path.as_uri())
        for pool in pools:
            await pilha.enter_async_context(open_engine(pool, bus, files, relogio=relogio))
        relogio.agora = local("2026-11-05 08:00")
        await eventually(lambda: cena.list_disparos(id))
        relogio.agora = local("2026-11-06 08:00")
        await asyncio.gather(*(um.tick() for um in cena.dois))
        (disparo,) = await cena.list_disparos(id)
        assert disparo["resultado"] == "enviado"
        assert await pools[0].fetchval("SELECT count(*) FROM execucoes_automacao") == 1


def test_a_kept_rule_is_read_as_it_was_written() -> None:
    assert parse_regra(DIA_5).model_dump(mode="json") == DIA_5
