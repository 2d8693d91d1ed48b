"""Notices to local servers that speak the real protocols: refusals, limits, outages; nothing lost, nothing sent twice
where the channel lets it be known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from cryptography.fernet import Fernet

from services.gateway.carteiro import RITMO as DE_FABRICA
from services.gateway.carteiro import Carteiro
from services.gateway.envio import Resultado
from services.gateway.remessa import Ritmo
from services.gateway.store import Pool, correio
from services.gateway.store.correio import accept_aviso, note_falha, note_situacao, tell_teste
from shared.crypto import Chaveiro
from tests.eventually import eventually
from tests.gateway.agencia import (
    ANA,
    CarteiroSmtp,
    Meta,
    add_destinatario,
    add_servico,
    add_whatsapp,
    open_meta,
    open_smtp,
    refuse,
)
from tests.gateway.cadastro import open_base
from tests.gateway.receptor import answer, cut, hang

RITMO = replace(DE_FABRICA, olhada_s=0.02, pausa_s=0.01, limite_s=30.0, esperas_s=(0.02,) * 8)


class Cena:
    """Notices waiting, and gateways at work on them."""

    def __init__(self, pool: Pool) -> None:
        self.pool, self.chaveiro = pool, Chaveiro(Fernet.generate_key().decode())

    @asynccontextmanager
    async def running(
        self, quantos: int = 1, *, privados: bool = True, ritmo: Ritmo = RITMO, incerto_s: float = 0.05
    ) -> AsyncIterator[None]:
        todos = [
            Carteiro(self.pool, self.chaveiro, privados=privados, ritmo=ritmo, incerto_s=incerto_s)
            for _ in range(quantos)
        ]
        tarefas = [asyncio.create_task(carteiro.run()) for carteiro in todos]
        try:
            yield
        finally:
            for tarefa in tarefas:
                tarefa.cancel()
            await asyncio.gather(*tarefas, return_exceptions=True)

    async def whatsapp(self, meta: Meta, **campos: Any) -> int:
        return await add_destinatario(self.pool, await add_whatsapp(self.pool, self.chaveiro, meta.url_base), **campos)

    async def tell(self, destinatario_id: int, quantos: int = 1) -> None:
        """So many ends of executions."""
        for n in range(quantos):
            await self.pool.execute(
                "INSERT INTO avisos (destinatario_id, canal_id, evento_id, tipo, titulo, texto)"
                " SELECT id, canal_id, $2, 'execucao.encerrada', $3, '3 baixados, de 3 contratos.'"
                " FROM destinatarios WHERE id = $1",
                destinatario_id, str(uuid4()), f"Execução concluída · {n}",
            )  # fmt: skip

    async def settled(self, *estados: str, timeout_s: float = 20.0) -> list[Any]:
        async def check() -> list[Any]:
            linhas = await self.pool.fetch("SELECT * FROM avisos ORDER BY id")
            return linhas if [linha["estado"] for linha in linhas] == list(estados) else []

        return await eventually(check, timeout_s)


@pytest.fixture
async def cena(database_url: str) -> AsyncIterator[Cena]:
    async with open_base(database_url) as pool:
        yield Cena(pool)


@pytest.fixture
async def meta() -> AsyncIterator[Meta]:
    async with open_meta() as aberta:
        yield aberta


@pytest.fixture
async def smtp() -> AsyncIterator[CarteiroSmtp]:
    async with open_smtp() as aberto:
        yield aberto


# --- WhatsApp ---------------------------------------------------------------------------------------------------------


async def test_a_template_goes_to_the_number_with_our_key_in_it(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta))
    async with cena.running():
        (aviso,) = await cena.settled("aceito")
    ((wamid, mensagem),) = meta.aceitas.items()
    assert (mensagem["to"], mensagem["biz_opaque_callback_data"]) == (ANA, str(aviso["chave"]))
    assert (aviso["externo_id"], aviso["tentativas"], aviso["erro"], aviso["entregue_em"]) == (wamid, 1, None, None)


async def test_refusals_limits_and_outages_of_metas_are_tried_again(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta))
    meta.respostas.extend([
        refuse(500, 131000, "Something went wrong"), refuse(429, 130429, "Rate limit hit"), answer(502, "<html>"), cut,
        refuse(400, 132015, "Template is Paused"), refuse(401, 190, "Access token has expired"),
    ])  # fmt: skip
    async with cena.running():
        (aviso,) = await cena.settled("aceito")
    assert (meta.tentativas, len(meta.aceitas), aviso["tentativas"]) == (7, 1, 7)


async def test_a_limit_with_its_time_holds_the_channel(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta), 3)
    meta.respostas.append(refuse(429, 80007, "Rate limit issues", Retry_After="2"))
    async with cena.running(ritmo=replace(RITMO, por_destino=1)):
        await eventually(lambda: cena.pool.fetchval("SELECT espera_ate FROM canais"))
        await asyncio.sleep(0.3)
        assert meta.tentativas == 1
        await cena.settled("aceito", "aceito", "aceito")
    assert len(meta.aceitas) == 3


async def test_a_number_that_will_never_take_it_is_given_up_at_once(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta))
    meta.respostas.append(refuse(400, 131030, "Recipient phone number not in allowed list", "Add it"))
    async with cena.running():
        (aviso,) = await cena.settled("desistiu")
    assert meta.tentativas == 1 and "(131030)" in aviso["erro"] and "inclua-o na Meta" in aviso["erro"]


async def test_a_gateway_killed_before_the_answer_is_written_sends_nothing_twice(cena: Cena, meta: Meta) -> None:
    """Meta took it and says so over the callback, under our key, before the reservation ends."""
    await cena.tell(await cena.whatsapp(meta))
    meta.respostas.append(meta.take_and_cut())
    ritmo = replace(RITMO, reserva_s=1.0)
    async with cena.running(ritmo=ritmo, incerto_s=1.0):
        await eventually(lambda: bool(meta.aceitas))
    ((wamid, mensagem),) = meta.aceitas.items()
    async with cena.pool.acquire() as conn:
        await note_situacao(conn, 1, wamid, mensagem["biz_opaque_callback_data"], "entregue", None)
    async with cena.running(ritmo=ritmo):
        await asyncio.sleep(1.3)
        (aviso,) = await cena.settled("entregue")
    assert (meta.tentativas, aviso["externo_id"], aviso["erro"]) == (1, wamid, None)


async def test_one_killed_before_meta_had_it_loses_nothing(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta))
    chegou = asyncio.Event()
    meta.respostas.append(hang(chegou))
    ritmo = replace(RITMO, reserva_s=0.5)
    async with cena.running(ritmo=ritmo):
        await asyncio.wait_for(chegou.wait(), 5)
    async with cena.running(ritmo=ritmo):
        await cena.settled("aceito")
    assert len(meta.aceitas) == 1


async def test_two_gateways_send_each_notice_once(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta), 30)
    async with cena.running(2):
        await cena.settled(*["aceito"] * 30)
    assert len(meta.aceitas) == meta.tentativas == 30


async def test_what_another_gateway_has_just_taken_is_not_taken_by_a_transaction_that_began_before(
    cena: Cena, meta: Meta
) -> None:
    """A reservation as long as the clock is believed looked to it like a clock that was set back."""
    await cena.tell(await cena.whatsapp(meta))
    async with cena.pool.acquire() as cedo, cena.pool.acquire() as tarde, cedo.transaction():
        await cedo.execute("SELECT now()")
        assert len(await correio.claim_avisos(tarde, {}, 2, DE_FABRICA.reserva_s)) == 1
        assert await correio.claim_avisos(cedo, {}, 2, DE_FABRICA.reserva_s) == []


async def test_what_is_being_sent_again_is_not_sent_a_second_time_by_hand(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta))
    async with cena.pool.acquire() as conn:
        (aviso,) = await correio.claim_avisos(conn, {}, 2, DE_FABRICA.reserva_s)
        await correio.fail_aviso(conn, aviso, Resultado(503, 1, erro="pane"), 0.0)
        (aviso,) = await correio.claim_avisos(conn, {}, 2, DE_FABRICA.reserva_s)
        assert not await correio.resend(conn, aviso["id"])
        await correio.fail_aviso(conn, aviso, Resultado(503, 1, erro="pane"), 60.0)
        assert await correio.resend(conn, aviso["id"])


async def test_an_answer_that_does_not_say_whether_meta_took_it_waits_for_metas_word(cena: Cena, meta: Meta) -> None:
    async def take_and_fail(request: web.Request) -> web.StreamResponse:
        meta.take(request, await request.json())
        return web.Response(status=504)

    await cena.tell(await cena.whatsapp(meta))
    meta.respostas.append(take_and_fail)
    async with cena.running(incerto_s=1.0):
        await cena.settled("falhou")
        await asyncio.sleep(0.3)
        ((wamid, mensagem),) = meta.aceitas.items()
        async with cena.pool.acquire() as conn:
            await note_situacao(conn, 1, wamid, mensagem["biz_opaque_callback_data"], "aceito", None)
        await asyncio.sleep(1.3)
        await cena.settled("aceito")
    assert meta.tentativas == 1


async def test_who_was_shut_out_or_switched_off_meanwhile_is_told_nothing(cena: Cena, meta: Meta) -> None:
    fora, calada, outra = [await cena.whatsapp(meta) for _ in range(3)]
    for destinatario in (fora, calada, outra):
        await cena.tell(destinatario)
    await cena.pool.execute("UPDATE destinatarios SET ativo = false WHERE id = $1", calada)
    await cena.pool.execute(
        "UPDATE pessoas SET ativo = false WHERE id = (SELECT pessoa_id FROM destinatarios WHERE id = $1)", fora
    )
    async with cena.running():
        await cena.settled("pendente", "pendente", "aceito")
        await cena.pool.execute("UPDATE destinatarios SET ativo = true")
        await cena.settled("pendente", "aceito", "aceito")
    assert meta.tentativas == 2


async def test_a_database_away_after_the_answer_waits_for_metas_word(
    cena: Cena, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    quedas = [ConnectionError("banco fora")]

    async def fail_once(*argumentos: Any) -> None:
        if quedas:
            raise quedas.pop()
        await accept_aviso(*argumentos)

    monkeypatch.setattr(correio, "accept_aviso", fail_once)
    await cena.tell(await cena.whatsapp(meta))
    async with cena.running(ritmo=replace(RITMO, reserva_s=1.0)):
        await eventually(lambda: bool(meta.aceitas))
        ((wamid, mensagem),) = meta.aceitas.items()
        async with cena.pool.acquire() as conn:
            await note_situacao(conn, 1, wamid, mensagem["biz_opaque_callback_data"], "aceito", None)
        await asyncio.sleep(1.3)
        await cena.settled("aceito")
    assert meta.tentativas == 1


# --- what Meta says of it later ---------------------------------------------------------------------------------------


async def test_states_only_go_forward_in_whatever_order_they_are_told(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta))
    async with cena.running():
        (aviso,) = await cena.settled("aceito")
    async with cena.pool.acquire() as conn:
        for estado, agora in (("entregue", "entregue"), ("aceito", "entregue"), ("lido", "lido"), ("entregue", "lido")):
            await note_situacao(conn, 1, aviso["externo_id"], None, estado, None)
            assert await conn.fetchval("SELECT estado FROM avisos") == agora
        await note_falha(conn, 1, aviso["externo_id"], None, "tarde demais", ())
        await note_situacao(conn, 99, aviso["externo_id"], None, "aceito", None)
        assert await conn.fetchval("SELECT (estado, erro IS NULL)::text FROM avisos") == "(lido,t)"


async def test_what_was_taken_and_not_delivered_is_given_up_or_sent_again(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta), 2)
    async with cena.running():
        um, dois = await cena.settled("aceito", "aceito")
        perdida = dois["externo_id"]
        async with cena.pool.acquire() as conn:
            await note_falha(conn, 1, um["externo_id"], None, "sem WhatsApp", ())
            await note_falha(conn, 1, dois["externo_id"], None, "pane da Meta", (0.1,) * 9)
            # What was said before that it failed comes after it.
            await note_situacao(conn, 1, um["externo_id"], None, "aceito", None)
            await note_situacao(conn, 1, dois["externo_id"], None, "aceito", None)
        um, dois = await cena.settled("desistiu", "aceito")
        # Said again, it is of the former message.
        async with cena.pool.acquire() as conn:
            await note_falha(conn, 1, perdida, None, "pane da Meta", (0.1,) * 9)
        um, dois = await cena.settled("desistiu", "aceito")
    assert um["erro"] == "sem WhatsApp" and meta.tentativas == 3


async def test_a_failure_that_is_told_before_the_answer_is_written_stands(cena: Cena, meta: Meta) -> None:
    await cena.tell(await cena.whatsapp(meta))
    async with cena.pool.acquire() as conn:
        (aviso,) = await correio.claim_avisos(conn, {}, 2, DE_FABRICA.reserva_s)
        await note_falha(conn, 1, "wamid.1", str(aviso["chave"]), "pane da Meta", (0.0,) * 9)
        await accept_aviso(conn, aviso, Resultado(200, 1, externo_id="wamid.1"))
        assert await conn.fetchval("SELECT (estado, erro)::text FROM avisos") == '(falhou,"pane da Meta")'
        (aviso,) = await correio.claim_avisos(conn, {}, 2, DE_FABRICA.reserva_s)
        await accept_aviso(conn, aviso, Resultado(200, 1, externo_id="wamid.2"))
        assert await conn.fetchval("SELECT (estado, externo_id, erro)::text FROM avisos") == "(aceito,wamid.2,)"


async def test_a_failure_of_what_was_taken_with_an_answer_that_nobody_could_read_is_known_by_our_key(
    cena: Cena, meta: Meta
) -> None:
    await cena.tell(await cena.whatsapp(meta))
    async with cena.pool.acquire() as conn:
        (aviso,) = await correio.claim_avisos(conn, {}, 2, DE_FABRICA.reserva_s)
        await accept_aviso(conn, aviso, Resultado(200, 1))
        await note_falha(conn, 1, "wamid.1", str(aviso["chave"]), "pane da Meta", (0.0,) * 9)
        assert await conn.fetchval("SELECT estado FROM avisos") == "falhou"


# --- e-mail -----------------------------------------------------------------------------------------------------------


async def test_an_email_says_it_in_portuguese_under_the_same_id_at_each_attempt(cena: Cena, smtp: CarteiroSmtp) -> None:
    canal = await add_servico(cena.pool, cena.chaveiro, smtp.url() + "{endereco}")
    await cena.tell(await add_destinatario(cena.pool, canal, endereco="ana@exemplo.com.br"))
    smtp.recusas.extend([("RCPT", "451 4.7.1 Greylisted"), ("DATA", "452 4.3.1 Insufficient system storage")])
    async with cena.running():
        (aviso,) = await cena.settled("aceito", timeout_s=60)
        await cena.pool.execute("UPDATE avisos SET estado = 'pendente'")
        await cena.settled("aceito", timeout_s=60)
    primeira, segunda = smtp.recebidas
    assert (primeira["Subject"], primeira["To"]) == ("Execução concluída · 0", "ana@exemplo.com.br")
    assert "3 baixados, de 3 contratos." in primeira.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert primeira["Message-ID"] == segunda["Message-ID"] and str(aviso["chave"]) in primeira["Message-ID"]
    assert aviso["tentativas"] == 3


async def test_a_mail_server_that_refuses_is_quoted_without_the_password(cena: Cena, smtp: CarteiroSmtp) -> None:
    canal = await add_servico(cena.pool, cena.chaveiro, smtp.url("senha-errada") + "{endereco}")
    async with cena.pool.acquire() as conn:
        await tell_teste(conn, await add_destinatario(cena.pool, canal, endereco="ana@exemplo.com.br"))
    async with cena.running():
        (aviso,) = await cena.settled("desistiu", timeout_s=60)
    assert "535" in aviso["erro"] and "senha-errada" not in aviso["erro"]
    assert aviso["tentativas"] == smtp.conexoes == 1


async def test_a_mail_server_that_says_nothing_holds_up_no_other_channel(
    cena: Cena, smtp: CarteiroSmtp, meta: Meta
) -> None:
    smtp.caladas = 99
    mudo = await add_servico(cena.pool, cena.chaveiro, smtp.url() + "{endereco}")
    await cena.tell(await add_destinatario(cena.pool, mudo, endereco="ana@exemplo.com.br"), 4)
    await cena.tell(await cena.whatsapp(meta), 4)
    async with cena.running(ritmo=replace(RITMO, limite_s=3.0, esperas_s=(60.0,))):
        await cena.settled(*["falhou"] * 4, *["aceito"] * 4, timeout_s=60)
    erros = [linha["erro"] for linha in await cena.pool.fetch("SELECT erro FROM avisos WHERE estado = 'falhou'")]
    assert erros == ["O serviço não respondeu a tempo."] * 4


async def test_nothing_goes_inside_by_any_channel(cena: Cena, smtp: CarteiroSmtp, meta: Meta) -> None:
    for url in (smtp.url().replace("mailto:", "mailtos:") + "{endereco}", f"jsons://localhost:{smtp.porta}/"):
        canal = await add_servico(cena.pool, cena.chaveiro, url)
        async with cena.pool.acquire() as conn:
            await tell_teste(conn, await add_destinatario(cena.pool, canal, endereco="ana@exemplo.com.br"))
    for url_base in (meta.url_base, meta.url_base.replace("http:", "https:")):
        canal = await add_whatsapp(cena.pool, cena.chaveiro, url_base)
        async with cena.pool.acquire() as conn:
            await tell_teste(conn, await add_destinatario(cena.pool, canal))
    async with cena.running(privados=False):
        correio_, json_, aberto, interno = await cena.settled(*["desistiu"] * 4, timeout_s=60)
    assert all("rede interna" in aviso["erro"] for aviso in (correio_, json_, interno)) and "https" in aberto["erro"]
    assert (smtp.conexoes, meta.tentativas) == (0, 0)


async def test_secrets_that_no_key_opens_are_told(cena: Cena, meta: Meta) -> None:
    canal = await add_whatsapp(cena.pool, Chaveiro(Fernet.generate_key().decode()), meta.url_base)
    async with cena.pool.acquire() as conn:
        await tell_teste(conn, await add_destinatario(cena.pool, canal))
    async with cena.running():
        (aviso,) = await cena.settled("desistiu")
    assert "não abrem" in aviso["erro"]
