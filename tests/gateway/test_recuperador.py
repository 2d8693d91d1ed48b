"""The automatic recovery: what it tries again, when, how often, and what it leaves to people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.gateway.dispatcher import Dispatcher
from services.gateway.pulsos import note_scraper
from services.gateway.recuperador import Recuperador
from services.gateway.relatos import unbury
from services.gateway.store import Conn, read_agora
from services.gateway.store.diario import open_diario_automacao
from services.gateway.store.execucoes import (
    EstadoImpossivel,
    cancel_execucao,
    execucao_dict,
    find_execucao,
    reprocess_execucao,
)
from shared.events import ScraperPulso, Tarefa
from shared.outcomes import DESFECHOS, RECUPERAVEIS
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_loja, get_execucao, list_itens, open_base, submit
from tests.gateway.motor import Maestro, count_presas, list_quadros

FORA = "portal.fora_do_ar.http_5xx"


class Cena:
    """One ponto de venda with three rounds, an hour before the first, and a clock that runs ahead."""

    def __init__(self, maestro: Maestro, loja: Loja, cerca: int) -> None:
        self.maestro, self.pool, self.loja, self.cerca = maestro, maestro.pool, loja, cerca
        self.adiante = timedelta()
        self.dois = [Recuperador(self.pool, lambda: None, self.read_agora) for _ in range(2)]

    async def read_agora(self, conn: Conn) -> datetime:
        return await read_agora(conn) + self.adiante

    async def end(self, id: UUID, *codigos: str | None) -> None:
        """Each contract of the execution comes to its end; None: well."""
        for item, codigo in zip(await list_itens(self.pool, id), codigos, strict=True):
            if codigo is None:
                await self.maestro.succeed(item["id"], self.cerca)
                continue
            # Its last attempt.
            await self.pool.execute("UPDATE log_downloads_boletos SET tentativas = 3 WHERE id = $1", item["id"])
            await self.maestro.fail(item["id"], self.cerca, codigo)
            if codigo == FORA:
                await self.pool.execute("UPDATE portais SET falhas = '{}'")

    async def begin(self, *codigos: str | None, **campos: Any) -> UUID:
        id = await submit(self.pool, self.loja, limite=len(codigos), **campos)
        await self.end(id, *codigos)
        return id

    async def tick(self, **adiante: float) -> list[UUID]:
        self.adiante = timedelta(**adiante)
        return [nova for feitas in await asyncio.gather(*(um.tick() for um in self.dois)) for nova in feitas]

    async def find(self, id: UUID) -> dict[str, Any]:
        execucao = await find_execucao(self.pool, id)
        assert execucao
        return execucao_dict(execucao)

    async def find_pausa(self, id: UUID) -> timedelta | None:
        execucao = await get_execucao(self.pool, id)
        em: datetime | None = execucao["recuperacao_em"]
        fim: datetime = execucao["finalizado_em"]
        return None if em is None else em - fim


@pytest.fixture
async def cena(database_url: str) -> AsyncIterator[Cena]:
    async with open_base(database_url) as pool:
        maestro, loja = Maestro(pool), await add_loja(pool, clientes=4)
        await pool.execute("UPDATE pontos_venda SET recuperacao_rodadas = 3, recuperacao_pausa_min = 60")
        yield Cena(maestro, loja, await maestro.lease(loja))


async def test_technical_failures_are_tried_again_in_rounds_each_later_than_the_one_before(cena: Cena) -> None:
    primeira = await cena.begin(FORA, None, "cliente.nao_encontrado", "download.falhou.truncado")
    antes = (await cena.find(primeira))["recuperacao"]
    assert (antes["rodada"], antes["rodadas"], antes["nova"]) == (0, 3, None)
    assert await cena.tick(minutes=59) == []
    anterior, rodadas = primeira, []
    for numero, pausa_h in ((1, 1), (2, 2), (3, 4)):
        assert await cena.find_pausa(anterior) == timedelta(hours=pausa_h)
        # Two gateways at once, and once more.
        (nova,) = await cena.tick(hours=pausa_h, minutes=1)
        assert await cena.tick(hours=pausa_h, minutes=2) == []
        execucao = await cena.find(nova)
        assert (execucao["tipo"], execucao["origem"]) == ("reprocessamento", str(anterior))
        assert execucao["usuario_execucao"] == "recuperação automática"
        assert (execucao["recuperacao"]["rodada"], execucao["recuperacao"]["rodadas"]) == (numero, 3)
        ligada = (await cena.find(anterior))["recuperacao"]
        assert (ligada["nova"], ligada["proxima_em"]) == (str(nova), None)
        assert [item["cota"] for item in await list_itens(cena.pool, nova)] == [1, 4]
        await cena.end(nova, FORA, FORA)
        rodadas.append(nova)
        anterior = nova
    # No round is left.
    assert (await cena.find(anterior))["recuperacao"] == {"rodada": 3, "rodadas": 3, "proxima_em": None, "nova": None}
    assert await cena.tick(days=30) == []
    for id in (primeira, *rodadas):
        await list_quadros(cena.pool, id)


async def test_the_plan_and_the_round_are_told_to_whoever_follows(cena: Cena) -> None:
    id = await cena.begin(FORA)
    fim = (await list_quadros(cena.pool, id))[-1]
    plano = fim["recuperacao"]
    assert (fim["evento"], fim["status"]) == ("execucao.status", "concluida_com_falhas")
    assert (plano["rodada"], plano["rodadas"], plano["nova"]) == (0, 3, None)
    assert plano["proxima_em"] == (await cena.find(id))["recuperacao"]["proxima_em"]
    finalizada = (await get_execucao(cena.pool, id))["finalizado_em"]
    (nova,) = await cena.tick(hours=2)
    dito = (await list_quadros(cena.pool, id))[-1]
    assert (dito["seq"], dito["status"]) == (fim["seq"] + 1, "concluida_com_falhas")
    assert (dito["recuperacao"]["nova"], dito["recuperacao"]["proxima_em"]) == (str(nova), None)
    assert (await get_execucao(cena.pool, id))["finalizado_em"] == finalizada
    (quem,) = await cena.pool.fetch("SELECT quem, detalhes FROM auditoria WHERE acao = 'execucao.reprocessar'")
    assert (quem["quem"], quem["detalhes"]) == ("recuperação automática", {"nova": str(nova), "rodada": 1})


async def test_what_does_not_pass_by_itself_is_left_to_people(cena: Cena) -> None:
    for codigo in ("cliente.ambiguo", "documento.ilegivel", "arquivo.falhou.conflito", "portal.mudou.fluxo"):
        id = await cena.begin(codigo)
        execucao = await cena.find(id)
        assert (execucao["status"], execucao["recuperacao"]) == ("concluida_com_falhas", None), codigo
    assert await cena.tick(days=1) == []


def test_a_refusal_and_a_wrong_document_never_pass_by_themselves() -> None:
    nunca = ("login", "portal.bloqueado", "portal.sem_permissao", "documento", "cliente", "boleto", "nome", "arquivo")
    assert not [codigo for codigo in RECUPERAVEIS if codigo.startswith(nunca)]
    assert {"interno", "navegador.caiu", "portal.fora_do_ar", "download.falhou"} <= set(RECUPERAVEIS) < set(DESFECHOS)


async def test_nothing_is_tried_again_unless_the_ponto_de_venda_asks_for_it(cena: Cena) -> None:
    await cena.pool.execute("UPDATE pontos_venda SET recuperacao_rodadas = 0")
    id = await cena.begin(FORA)
    assert (await cena.find(id))["recuperacao"] is None
    assert await cena.tick(days=1) == []


async def test_a_round_waits_while_the_breaker_is_open_and_a_probe_is_on_its_way(cena: Cena) -> None:
    id = await cena.begin(FORA)
    await cena.pool.execute(
        "INSERT INTO portais (url_base, estado, sonda_em) SELECT url_base, 'aberto', now() + interval '30 s'"
        " FROM pontos_venda ON CONFLICT (url_base) DO UPDATE SET estado = 'aberto', sonda_em = excluded.sonda_em"
    )
    assert await cena.tick(hours=2) == []
    # The probe is due, and another execution's contract will be it.
    await cena.pool.execute("UPDATE portais SET sonda_em = now() - interval '1 s'")
    outra = await submit(cena.pool, cena.loja, limite=1, mes=12)
    assert await cena.tick(hours=2) == []
    # Nobody is left who could be.
    await cena.pool.execute("DELETE FROM log_downloads_boletos WHERE automacao_id = $1", outra)
    await cena.pool.execute(
        "UPDATE execucoes_automacao SET status = 'cancelada', total_clientes = 0, pendentes = 0, finalizado_em = now()"
        " WHERE automacao_id = $1", outra,
    )  # fmt: skip
    (nova,) = await cena.tick(hours=2)
    assert (await cena.find(id))["recuperacao"]["nova"] == str(nova)


async def test_a_stopped_credential_is_not_tried_and_after_a_day_the_round_is_dropped(cena: Cena) -> None:
    id = await cena.begin(FORA)
    await cena.pool.execute("UPDATE credenciais_canopus SET parada_codigo = 'login.captcha'")
    assert await cena.tick(hours=2) == []
    assert (await cena.find(id))["recuperacao"]["proxima_em"]
    assert await cena.tick(hours=26) == []
    execucao = await cena.find(id)
    assert execucao["recuperacao"] == {"rodada": 0, "rodadas": 3, "proxima_em": None, "nova": None}
    assert "a credencial espera uma pessoa" in execucao["mensagem_atual"]
    assert (await list_quadros(cena.pool, id))[-1]["recuperacao"]["proxima_em"] is None


async def test_a_round_that_is_overdue_by_more_than_a_day_is_dropped(cena: Cena) -> None:
    id = await cena.begin(FORA)
    assert await cena.tick(days=21) == []
    execucao = await cena.find(id)
    assert execucao["recuperacao"]["proxima_em"] is None
    assert "o sistema esteve parado" in execucao["mensagem_atual"]


async def test_a_round_further_away_than_any_pause_begins_as_the_clock_was_set_back(cena: Cena) -> None:
    await cena.begin(FORA)
    await cena.pool.execute("UPDATE execucoes_automacao SET recuperacao_em = now() + interval '25 h'")
    assert len(await cena.tick()) == 1


async def test_a_round_without_a_month_looks_for_what_was_next_on_the_day_it_was_asked_for(cena: Cena) -> None:
    id = await cena.begin(FORA, mes=None)
    await cena.pool.execute("UPDATE execucoes_automacao SET criado_em = '2026-11-09 12:00-03'")
    for pausa_h in (2, 3):
        (id,) = await cena.tick(hours=pausa_h)
        assert (await cena.find(id))["parametros"]["hoje"] == "2026-11-09"
        if pausa_h == 2:
            await cena.end(id, FORA)
    await note_scraper(
        cena.pool, ScraperPulso(scraper_id="s1", fila="scraper.s1", capacidade=1, ociosas_s={cena.cerca: 0.0})
    )
    await Dispatcher(cena.pool, lambda: None).tick()
    (pedido,) = await cena.pool.fetch("SELECT corpo FROM outbox WHERE rota = 'boleto.solicitado'")
    assert (json.loads(pedido["corpo"])["hoje"], json.loads(pedido["corpo"])["mes"]) == ("2026-11-09", None)
    # A person asks by today's calendar, and a month that is known needs none.
    async with cena.pool.acquire() as conn, conn.transaction():
        sua = await reprocess_execucao(conn, id, status=["pendente"], usuario="ana")
    assert "hoje" not in (await cena.find(sua))["parametros"]
    await cena.begin(FORA)
    (outra,) = await cena.tick(hours=2)
    assert "hoje" not in (await cena.find(outra))["parametros"]


async def test_a_contract_that_was_cancelled_meanwhile_is_not_tried_again(cena: Cena) -> None:
    id = await cena.begin(FORA, FORA)
    await cena.pool.execute("UPDATE clientes_finais SET ativo = false WHERE cota_consorcio = 1")
    (nova,) = await cena.tick(hours=2)
    assert [item["cota"] for item in await list_itens(cena.pool, nova)] == [2]
    # Unless a person names it.
    primeiro = (await list_itens(cena.pool, id))[0]["id"]
    async with cena.pool.acquire() as conn, conn.transaction():
        sua = await reprocess_execucao(conn, id, clientes=[primeiro], usuario="ana")
    assert [item["cota"] for item in await list_itens(cena.pool, sua)] == [1]


async def test_a_setting_that_was_lowered_ends_it(cena: Cena) -> None:
    id = await cena.begin(FORA)
    await cena.pool.execute("UPDATE pontos_venda SET recuperacao_rodadas = 0")
    assert await cena.tick(hours=2) == []
    assert "não a pede mais" in (await cena.find(id))["mensagem_atual"]
    assert (await get_execucao(cena.pool, id))["recuperacao_em"] is None


async def test_a_person_who_tries_everything_again_takes_the_rounds_place(cena: Cena) -> None:
    id = await cena.begin(FORA, FORA)
    itens = [item["id"] for item in await list_itens(cena.pool, id)]
    async with cena.pool.acquire() as conn, conn.transaction():
        await reprocess_execucao(conn, id, clientes=itens[:1], usuario="ana")
    assert (await cena.find(id))["recuperacao"]["proxima_em"]
    async with cena.pool.acquire() as conn, conn.transaction():
        outra = await reprocess_execucao(conn, id, usuario="ana")
    assert (await cena.find(id))["recuperacao"]["proxima_em"] is None
    assert await cena.tick(hours=2) == []
    # What she began has its own rounds.
    await cena.end(outra, FORA, None)
    assert await cena.find_pausa(outra) == timedelta(hours=1)
    await list_quadros(cena.pool, id)


async def test_a_person_waits_for_a_round_that_is_trying_everything_again(cena: Cena) -> None:
    id = await cena.begin(FORA)

    async def retry() -> UUID:
        async with cena.pool.acquire() as conn, conn.transaction():
            return await reprocess_execucao(conn, id, usuario="ana")

    # The round has begun, and nobody sees it yet.
    async with cena.pool.acquire() as conn, conn.transaction(), open_diario_automacao(conn, id) as diario:
        pedido = asyncio.create_task(retry())
        await eventually(lambda: count_presas(cena.pool))
        nova = await reprocess_execucao(conn, id, codigos=RECUPERAVEIS, usuario="rodada", rodada=1, rodadas=3)
        diario.note_rodada(nova)
    with pytest.raises(EstadoImpossivel, match="está refazendo"):
        await pedido
    await cena.end(nova, FORA)
    assert await retry()


async def test_a_round_that_is_planned_can_be_cancelled(cena: Cena) -> None:
    id = await cena.begin(FORA)
    async with cena.pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, id, "ana")
    execucao = await cena.find(id)
    assert (execucao["status"], execucao["recuperacao"]["proxima_em"]) == ("concluida_com_falhas", None)
    assert execucao["mensagem_atual"] == "Nova tentativa automática dispensada por ana."
    assert await cena.tick(hours=2) == []
    async with cena.pool.acquire() as conn, conn.transaction():
        with pytest.raises(EstadoImpossivel):
            await cancel_execucao(conn, id, "ana")


async def test_a_round_that_a_person_called_off_stays_off_where_a_dead_message_is_put_back(cena: Cena) -> None:
    async def fail(item_id: int) -> Tarefa:
        await cena.pool.execute("UPDATE log_downloads_boletos SET tentativas = 3 WHERE id = $1", item_id)
        return await cena.maestro.fail(item_id, cena.cerca, "interno")

    dispensada, refeita, nenhuma = ids = [await submit(cena.pool, cena.loja, limite=1) for _ in range(3)]
    tarefas = [await fail((await list_itens(cena.pool, id))[0]["id"]) for id in ids]
    async with cena.pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, dispensada, "ana")
        sua = await reprocess_execucao(conn, refeita, usuario="ana")
    await cena.end(sua, None)
    for tarefa in tarefas:
        async with cena.pool.acquire() as conn, conn.transaction():
            assert await unbury(conn, tarefa)
        await fail(tarefa.item_id)
    assert [(await cena.find(id))["status"] for id in ids] == ["concluida_com_falhas"] * 3
    assert [await cena.find_pausa(id) is None for id in (dispensada, refeita, nenhuma)] == [True, True, False]


async def test_a_pause_of_a_day_is_not_taken_for_a_clock_that_was_set_back(cena: Cena) -> None:
    await cena.pool.execute("UPDATE pontos_venda SET recuperacao_pausa_min = 1440")
    await cena.begin(FORA)
    assert await cena.tick(seconds=-1) == []


async def test_a_pause_is_never_longer_than_a_day(cena: Cena) -> None:
    await cena.pool.execute("UPDATE pontos_venda SET recuperacao_rodadas = 10, recuperacao_pausa_min = 1440")
    id = await cena.begin(FORA)
    for _ in range(2):
        (id,) = await cena.tick(hours=25)
        await cena.end(id, FORA)
        assert await cena.find_pausa(id) == timedelta(days=1)
