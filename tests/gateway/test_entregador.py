"""Deliveries to local servers that speak the real protocol: refusals, limits, outages; nothing lost, accepted once."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.gateway.assinatura import make_segredo
from services.gateway.cloudevents import Aviso, TipoAviso, make_aviso
from services.gateway.entregador import Entregador
from services.gateway.remessa import Ritmo
from services.gateway.store import Pool, entregas
from services.gateway.store.avisos import tell_boletos, tell_teste
from services.gateway.store.entregas import resend_falhas
from services.gateway.vistas import BoletoVisto
from shared.crypto import Chaveiro
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_boleto, add_loja, cpf_de, open_base
from tests.gateway.receptor import Receptor, add_webhook, answer, cut, hang, make_certificado, open_receptor

RAPIDO = Ritmo(olhada_s=0.02, pausa_s=0.01)
RITMO = replace(RAPIDO, limite_s=0.4, conexao_s=0.4, esperas_s=(0.02,) * 8)


class Cena:
    """A ponto de venda whose filed boletos are told."""

    def __init__(self, pool: Pool, loja: Loja, chaveiro: Chaveiro) -> None:
        self.pool, self.loja, self.chaveiro, self._numero = pool, loja, chaveiro, 0

    @asynccontextmanager
    async def running(
        self, quantos: int = 1, *, privados: bool = True, ritmo: Ritmo = RITMO
    ) -> AsyncIterator[list[Entregador]]:
        """So many gateways at work."""
        todos = [Entregador(self.pool, self.chaveiro, privados=privados, ritmo=ritmo) for _ in range(quantos)]
        tarefas = [asyncio.create_task(entregador.run()) for entregador in todos]
        try:
            yield todos
        finally:
            for tarefa in tarefas:
                tarefa.cancel()
            await asyncio.gather(*tarefas, return_exceptions=True)

    async def file(self, quantos: int = 1) -> None:
        for _ in range(quantos):
            self._numero += 1
            id = await add_boleto(self.pool, self.loja, self._numero)
            async with self.pool.acquire() as conn, conn.transaction():
                await tell_boletos(conn, self.loja.id, [id])

    async def list_entregas(self, webhook_id: int | None = None) -> list[Any]:
        return await self.pool.fetch(
            "SELECT * FROM webhooks_entregas WHERE $1::int IS NULL OR webhook_id = $1 ORDER BY id", webhook_id
        )

    async def settled(self, *estados: str, webhook_id: int | None = None, timeout_s: float = 10.0) -> list[Any]:
        """The deliveries, once all of them stand so."""

        async def check() -> list[Any]:
            linhas = await self.list_entregas(webhook_id)
            return linhas if [linha["estado"] for linha in linhas] == list(estados) else []

        return await eventually(check, timeout_s)


@pytest.fixture
async def cena(database_url: str) -> AsyncIterator[Cena]:
    async with open_base(database_url) as pool:
        yield Cena(pool, await add_loja(pool, clientes=0), Chaveiro(Fernet.generate_key().decode()))


@pytest.fixture
async def receptor() -> AsyncIterator[Receptor]:
    async with open_receptor() as aberto:
        yield aberto


async def test_what_is_told_is_signed_and_enveloped_as_the_standards_say(cena: Cena, receptor: Receptor) -> None:
    await add_webhook(cena.pool, cena.chaveiro, receptor)
    await cena.file()
    async with cena.running():
        (entrega,) = await cena.settled("aceita")
    (recebida,) = receptor.recebidas
    aviso = Aviso[BoletoVisto].model_validate(recebida.evento)
    assert aviso.id == recebida.id == entrega["evento_id"]
    assert (aviso.type, aviso.source) == ("br.canopus.boleto.arquivado", "/canopus/pontos-venda/17.308")
    assert (aviso.subject, aviso.data.status, aviso.data.valor) == (f"boletos/{aviso.data.id}", "pendente", 100.0)
    assert recebida.headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    assert cpf_de(1) not in str(recebida.evento) and aviso.data.cpf.startswith("***.")
    assert (entrega["tentativas"], entrega["status_http"], entrega["erro"]) == (1, 204, None)


def test_what_no_uri_has_is_quoted_in_the_source() -> None:
    _, corpo = make_aviso(TipoAviso.TESTE, "LOJA 1/ã", "webhooks/1", {})
    assert orjson.loads(corpo)["source"] == "/canopus/pontos-venda/LOJA%201%2F%C3%A3"


async def test_whatever_is_no_acceptance_is_tried_again_under_the_same_id(cena: Cena, receptor: Receptor) -> None:
    async with open_receptor() as outro:
        await add_webhook(cena.pool, cena.chaveiro, receptor)
        receptor.respostas.extend(
            [answer(500, "pane"), answer(307, Location=outro.url), hang(), cut, answer(404), answer(200, "ok")]
        )
        await cena.file()
        async with cena.running():
            (entrega,) = await cena.settled("aceita")
    assert len(receptor.recebidas) == 6 and set(receptor.ids) == {entrega["evento_id"]}
    assert len({str(recebida.evento) for recebida in receptor.recebidas}) == 1
    # A redirect is followed by nobody.
    assert (outro.recebidas, outro.recusadas, receptor.recusadas) == ([], 0, 0)
    assert (entrega["tentativas"], entrega["status_http"], entrega["resposta"]) == (6, 200, "ok")


async def test_given_up_it_waits_for_a_person_who_sends_it_again(cena: Cena, receptor: Receptor) -> None:
    id = await add_webhook(cena.pool, cena.chaveiro, receptor)
    receptor.respostas.extend([answer(503, f"fila cheia de {cpf_de(1)}")] * 3)
    await cena.file()
    async with cena.running(ritmo=replace(RAPIDO, esperas_s=(0.01, 0.01))):
        (entrega,) = await cena.settled("desistiu")
        assert (entrega["tentativas"], entrega["erro"]) == (3, "O servidor respondeu 503.")
        assert cpf_de(1) not in entrega["resposta"]
        async with cena.pool.acquire() as conn:
            assert await resend_falhas(conn, id, datetime.datetime.now(datetime.UTC)) == 0
            assert await resend_falhas(conn, id, None) == 1
        await cena.settled("aceita")
    assert len(receptor.recebidas) == 4 and len(set(receptor.ids)) == 1


async def test_a_server_that_says_it_is_gone_is_switched_off(cena: Cena, receptor: Receptor) -> None:
    id = await add_webhook(cena.pool, cena.chaveiro, receptor)
    receptor.respostas.append(answer(410))
    await cena.file()
    async with cena.running():
        await cena.settled("desistiu")
        # Of what happens while it is off nothing is kept for it.
        await cena.file()
        webhook = await cena.pool.fetchrow("SELECT * FROM webhooks WHERE id = $1", id)
        assert webhook is not None
        assert (webhook["ativo"], webhook["desligado_motivo"]) == (
            False, "O servidor respondeu 410: este endereço não recebe mais.",
        )  # fmt: skip
        assert await cena.pool.fetchval("SELECT quem FROM auditoria WHERE acao = 'webhook.desligar'") == "sistema"
    assert len(receptor.recebidas) == len(await cena.list_entregas()) == 1


async def test_an_address_that_was_left_behind_says_nothing_of_the_new_one(cena: Cena, receptor: Receptor) -> None:
    for resposta in (answer(410), answer(429, Retry_After="60")):
        async with open_receptor() as novo:
            id = await add_webhook(cena.pool, cena.chaveiro, receptor)
            novo.segredo = receptor.segredo

            async def move(request: web.Request, id: int = id, novo: Receptor = novo, resposta: Any = resposta) -> Any:
                await cena.pool.execute("UPDATE webhooks SET url = $2 WHERE id = $1", id, novo.url)
                return await resposta(request)

            receptor.respostas.append(move)
            await cena.file()
            async with cena.running(ritmo=replace(RAPIDO, esperas_s=(0.01,))):
                await cena.settled("aceita")
            assert len(novo.recebidas) == 1
            webhook = await cena.pool.fetchrow("SELECT ativo, espera_ate FROM webhooks WHERE id = $1", id)
            assert tuple(webhook or ()) == (True, None)
            await cena.pool.execute("DELETE FROM webhooks")


async def test_a_server_that_asks_to_be_left_alone_is(cena: Cena, receptor: Receptor) -> None:
    await add_webhook(cena.pool, cena.chaveiro, receptor)
    receptor.respostas.append(answer(429, Retry_After="1"))
    await cena.file(3)
    async with cena.running(ritmo=replace(RAPIDO, por_destino=1, esperas_s=(0.01,))):
        await cena.settled("aceita", "aceita", "aceita")
    primeira, *demais = receptor.recebidas
    assert len(demais) == 3
    assert min(recebida.em_s for recebida in demais) - primeira.em_s > 0.9


async def test_a_server_that_is_dead_holds_up_no_other(cena: Cena, receptor: Receptor) -> None:
    async with open_receptor() as morto:
        morto.respostas.extend([hang()] * 40)
        parado = await add_webhook(cena.pool, cena.chaveiro, morto)
        vivo = await add_webhook(cena.pool, cena.chaveiro, receptor)
        await cena.file(20)
        async with cena.running(ritmo=replace(RAPIDO, limite_s=30.0)):
            await cena.settled(*["aceita"] * 20, webhook_id=vivo, timeout_s=5.0)
            assert {linha["estado"] for linha in await cena.list_entregas(parado)} == {"pendente"}
            assert len(morto.recebidas) == Ritmo().por_destino


async def test_two_gateways_send_each_delivery_once(cena: Cena, receptor: Receptor) -> None:
    await add_webhook(cena.pool, cena.chaveiro, receptor)
    await cena.file(40)
    async with cena.running(2):
        await cena.settled(*["aceita"] * 40)
    assert len(receptor.ids) == len(set(receptor.ids)) == 40


async def test_a_gateway_that_dies_before_the_answer_is_written_loses_nothing(cena: Cena, receptor: Receptor) -> None:
    await add_webhook(cena.pool, cena.chaveiro, receptor)
    chegou = asyncio.Event()
    receptor.respostas.append(hang(chegou))
    await cena.file()
    ritmo = replace(RAPIDO, reserva_s=0.5)
    async with cena.running(ritmo=ritmo):
        await asyncio.wait_for(chegou.wait(), 5)
    async with cena.running(ritmo=ritmo):
        (entrega,) = await cena.settled("aceita")
    # The receiver has it twice and knows it by its id.
    assert receptor.ids == [entrega["evento_id"]] * 2
    assert entrega["tentativas"] == 2


async def test_a_database_away_after_the_answer_leads_to_the_same_id_again(
    cena: Cena, receptor: Receptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, quedas = entregas.accept_entrega, [ConnectionError("banco fora")]

    async def fail_once(*argumentos: Any) -> None:
        if quedas:
            raise quedas.pop()
        await accept(*argumentos)

    monkeypatch.setattr(entregas, "accept_entrega", fail_once)
    await add_webhook(cena.pool, cena.chaveiro, receptor)
    await cena.file()
    async with cena.running(ritmo=replace(RAPIDO, reserva_s=0.3)):
        (entrega,) = await cena.settled("aceita")
    assert receptor.ids == [entrega["evento_id"]] * 2


async def test_while_a_secret_is_changed_both_sign(cena: Cena, receptor: Receptor) -> None:
    id = await add_webhook(cena.pool, cena.chaveiro, receptor)
    antigo, receptor.segredo = receptor.segredo, make_segredo()
    await cena.pool.execute(
        "UPDATE webhooks SET segredo = $2, segredo_anterior = segredo, anterior_ate = now() + interval '1 hour'"
        " WHERE id = $1",
        id, cena.chaveiro.encrypt(receptor.segredo),
    )  # fmt: skip
    await cena.file()
    async with cena.running():
        await cena.settled("aceita")
        await cena.pool.execute("UPDATE webhooks SET anterior_ate = now() - interval '1 second'")
        await cena.file()
        _, depois = await cena.settled("aceita", "aceita")
    dupla, simples = receptor.recebidas
    assert [len(r.headers["webhook-signature"].split(" ")) for r in (dupla, simples)] == [2, 1]
    Webhook(antigo).verify((await cena.list_entregas())[0]["corpo"], dupla.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(antigo).verify(depois["corpo"], simples.headers)


async def test_nothing_goes_to_an_internal_address_whatever_its_name(cena: Cena) -> None:
    conexoes: list[object] = []
    servidor = await asyncio.start_server(lambda _, saida: conexoes.append(saida), "127.0.0.1", 0)
    porta = servidor.sockets[0].getsockname()[1]
    async with AsyncExitStack() as pilha:
        pilha.callback(servidor.close)
        for servidor_dito in ("https://127.0.0.1", "https://localhost", "http://127.0.0.1"):
            receptor = Receptor(url=f"{servidor_dito}:{porta}/canopus")
            id = await add_webhook(cena.pool, cena.chaveiro, receptor)
            async with cena.pool.acquire() as conn:
                await tell_teste(conn, id, "oi")
        async with cena.running(privados=False):
            *internas, aberta = await cena.settled("desistiu", "desistiu", "desistiu")
    assert all("rede interna" in entrega["erro"] for entrega in internas)
    # Registered while it was allowed.
    assert "não é https" in aberta["erro"]
    assert conexoes == []


async def test_what_never_reaches_a_server_says_why(cena: Cena, tmp_path: Path) -> None:
    outras_chaves = Chaveiro(Fernet.generate_key().decode())
    async with open_receptor(make_certificado(tmp_path)) as sem_fiador:
        for chaveiro, receptor, erro in (
            (cena.chaveiro, Receptor(url="http://127.0.0.1:9/"), "Não houve conexão com o servidor."),
            (outras_chaves, sem_fiador, "O segredo não abre com as chaves deste sistema. Troque-o por outro."),
            (cena.chaveiro, sem_fiador, "O certificado do servidor não é válido."),
        ):
            id = await add_webhook(cena.pool, chaveiro, receptor, nome=erro)
            async with cena.pool.acquire() as conn:
                await tell_teste(conn, id, "oi")
        async with cena.running():
            await cena.settled("desistiu", "desistiu", "desistiu")
    linhas = await cena.pool.fetch(
        "SELECT w.nome, e.erro FROM webhooks w JOIN webhooks_entregas e ON webhook_id = w.id"
    )
    assert [linha["erro"] for linha in linhas] == [linha["nome"] for linha in linhas]
    assert (sem_fiador.recebidas, sem_fiador.recusadas) == ([], 0)


async def test_a_clock_that_was_set_back_delays_nothing(cena: Cena, receptor: Receptor) -> None:
    await add_webhook(cena.pool, cena.chaveiro, receptor)
    await cena.file()
    await cena.pool.execute(
        "UPDATE webhooks_entregas SET estado = 'falhou', tentada_em = now() + interval '5 hours',"
        " proxima_em = now() + interval '6 hours', reserva = gen_random_uuid(),"
        " reservada_ate = now() + interval '5 hours'"
    )
    async with cena.running():
        await cena.settled("aceita")
