"""The feed of changed boletos: each change once behind a cursor, whoever commits late; removed ones told as such."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.gateway.mudancas import Marco, parse_desde
from services.gateway.store import Pool, mudancas
from services.gateway.store.chaves import Escopo
from services.gateway.store.mudancas import find_topo, read_mudancas
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_boleto, add_loja, open_base
from tests.gateway.porta import Porta, open_porta

LOJA = Loja(1, "17.308", 1, 1)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_base(database_url) as aberta:
        yield aberta


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        yield aberta


class Leitor:
    """A system that keeps its own copy by the feed alone. vindos: what each reading brought."""

    def __init__(self, pool: Pool, limite: int = 500) -> None:
        self.pool, self.limite, self.ate = pool, limite, 0
        self.copia: dict[int, Any] = {}
        self.vindos: list[list[int]] = []

    async def read(self) -> list[int]:
        async with self.pool.acquire() as conn:
            lidas = await read_mudancas(conn, None, self.ate, self.limite)
        self.copia |= {linha["id"]: linha["valor_pago"] for linha in lidas.boletos}
        for linha in lidas.apagados:
            self.copia.pop(linha["boleto_id"], None)
        assert lidas.ate >= self.ate
        self.ate = lidas.ate
        self.vindos.append(
            sorted([linha["id"] for linha in lidas.boletos] + [-linha["boleto_id"] for linha in lidas.apagados])
        )
        return self.vindos[-1]

    async def read_all(self) -> None:
        while await self.read():
            pass


async def test_a_change_comes_once_and_again_when_it_changes_again(pool: Pool) -> None:
    loja = await add_loja(pool)
    leitor = Leitor(pool)
    um, dois = await add_boleto(pool, loja, 1), await add_boleto(pool, loja, 2)
    assert [await leitor.read(), await leitor.read()] == [[um, dois], []]
    await pool.execute("UPDATE boletos SET status = 'pago', valor_pago = 10 WHERE id = $1", um)
    assert [await leitor.read(), await leitor.read()] == [[um], []]
    await pool.execute("DELETE FROM boletos WHERE id = $1", dois)
    assert [await leitor.read(), await leitor.read()] == [[-dois], []]
    assert {id: float(valor) for id, valor in leitor.copia.items()} == {um: 10.0}
    # Who changes its mind is not told, and now is behind all there is.
    async with pool.acquire() as conn:
        transacao = conn.transaction()
        await transacao.start()
        await conn.execute("DELETE FROM boletos WHERE id = $1", um)
        await transacao.rollback()
        novo = Leitor(pool)
        novo.ate = await find_topo(conn)
    assert await leitor.read() == await novo.read() == []
    tres = await add_boleto(pool, loja, 3)
    assert await leitor.read() == await novo.read() == [tres]


async def test_who_commits_late_is_not_missed(pool: Pool) -> None:
    loja = await add_loja(pool)
    velho = await add_boleto(pool, loja, 1)
    leitor = Leitor(pool)
    await leitor.read()
    async with pool.acquire() as demorada:
        transacao = demorada.transaction()
        await transacao.start()
        # Begun first, with the lower id, and an older boleto changed in it.
        novo: Any = await add_boleto(demorada, loja, 2)  # type: ignore[arg-type]
        await demorada.execute("UPDATE boletos SET status = 'vencido' WHERE id = $1", velho)
        rapido = await add_boleto(pool, loja, 3)
        assert [await leitor.read(), await leitor.read()] == [[rapido], []]
        await transacao.commit()
    assert [await leitor.read(), await leitor.read()] == [[velho, novo], []]


async def test_one_reader_at_a_time_gives_numbers(pool: Pool) -> None:
    """Two at once would make a higher number seen before a lower one: the cursor would pass over that one."""
    loja = await add_loja(pool)
    um = await add_boleto(pool, loja, 1)
    leitor = Leitor(pool)
    async with pool.acquire() as outro:
        transacao = outro.transaction()
        await transacao.start()
        await outro.execute(mudancas.SQL["lock"])
        await outro.execute(mudancas.SQL["number_boletos"], 10)
        dois = await add_boleto(pool, loja, 2)
        leitura = asyncio.create_task(leitor.read())
        await eventually(lambda: pool.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"), 5)
        await transacao.commit()
    assert [await leitura, await leitor.read()] == [[um, dois], []]


async def test_readers_and_writers_at_once_end_with_the_same(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that there is always something left to number.
    monkeypatch.setattr(mudancas, "LOTE", 8)
    loja = await add_loja(pool)
    leitores = [Leitor(pool, limite=7), Leitor(pool, limite=3)]
    feito = asyncio.Event()

    async def write(n: int) -> None:
        for passo in range(15):
            async with pool.acquire() as conn, conn.transaction():
                id = await add_boleto(conn, loja, 1 + n * 100 + passo)  # type: ignore[arg-type]
                await asyncio.sleep(0.003 * (n + passo % 3))
                if passo % 3 == 0:
                    await conn.execute(
                        "UPDATE boletos SET status = 'pago', valor_pago = $2 WHERE id = $1", id, passo + 1
                    )
                if passo % 5 == 4:
                    await conn.execute("DELETE FROM boletos WHERE id = $1", id)

    async def follow(leitor: Leitor) -> None:
        while not feito.is_set():
            await leitor.read()

    async with asyncio.TaskGroup() as grupo:
        for leitor in leitores:
            grupo.create_task(follow(leitor))
        async with asyncio.TaskGroup() as escritores:
            for n in range(4):
                escritores.create_task(write(n))
        feito.set()
    verdade = {linha["id"]: linha["valor_pago"] for linha in await pool.fetch("SELECT id, valor_pago FROM boletos")}
    for leitor in leitores:
        await leitor.read_all()
        assert leitor.copia == verdade and len(verdade) == 48


async def test_who_sees_one_ponto_de_venda_is_not_told_that_there_is_nothing_while_others_wait(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mudancas, "LOTE", 2)
    loja, outra = await add_loja(pool), await add_loja(pool, "21.400", base=100)

    async def read(depois: int, limite: int = 1) -> mudancas.Mudancas:
        async with pool.acquire() as conn:
            return await read_mudancas(conn, (outra.id,), depois, limite)

    for numero in (1, 2, 3):
        await add_boleto(pool, loja, numero)
    ids = [await add_boleto(pool, outra, numero) for numero in (101, 102)]
    primeira = await read(0)
    assert ([linha["id"] for linha in primeira.boletos], primeira.ha_mais) == (ids[:1], True)
    segunda = await read(primeira.ate)
    assert ([linha["id"] for linha in segunda.boletos], segunda.ha_mais) == (ids[1:], False)
    await pool.execute("DELETE FROM boletos")
    apagados = await read(segunda.ate, 5)
    assert sorted(linha["boleto_id"] for linha in apagados.apagados) == ids and not apagados.ha_mais
    assert not (await read(apagados.ate)).apagados


def test_a_cursor_is_one_or_is_told_apart_from_a_moment() -> None:
    marco = Marco(7, uuid4())
    assert parse_desde(marco.encode()) == marco
    assert (parse_desde("inicio"), parse_desde("agora")) == (Marco(0), Marco(None))
    assert str(parse_desde("2026-11-30T12:00:00-03:00")) == "2026-11-30 15:00:00+00:00"
    for errado in ("", "x", "aWQ6NQ", marco.encode()[:-2], marco.encode() + "=", "2026-11-30"):
        with pytest.raises(ValueError, match="cursor"):
            parse_desde(errado)


async def test_the_feed_over_http_pages_and_goes_on(porta: Porta) -> None:
    for numero in range(1, 6):
        await add_boleto(porta.pool, LOJA, numero)
    vistos, desde, ha_mais = [], "inicio", True
    while ha_mais:
        dados = (await porta.call("GET", f"boletos?desde={desde}&limite=2")).data
        vistos += [boleto["id"] for boleto in dados["boletos"]]
        desde, ha_mais = dados["cursor"], dados["ha_mais"]
    assert vistos == [1, 2, 3, 4, 5]
    await porta.call("PATCH", "boletos/2", {"status": "pago", "valor_pago": 99.5})
    await porta.pool.execute("DELETE FROM boletos WHERE id = 4")
    dados = (await porta.call("GET", f"boletos?desde={desde}")).data
    assert [(b["id"], b["status"], b["valor_pago"]) for b in dados["boletos"]] == [(2, "pago", 99.5)]
    assert [(a["id"], a["ponto_venda"]) for a in dados["apagados"]] == [(4, "17.308")]
    agora = (await porta.call("GET", "boletos?desde=agora")).data
    assert (agora["boletos"], agora["cursor"]) == ([], dados["cursor"])
    # The numbering of a restored copy is another one.
    await porta.pool.execute("UPDATE epoca SET epoca = gen_random_uuid()")
    recusa = await porta.call("GET", f"boletos?desde={agora['cursor']}")
    assert (recusa.status, recusa.corpo["codigo"]) == (410, "boletos.cursor_antigo")
    for filtro in ("mes=11", "busca=ana", "ordem=consultor", f"cursor={'aWQ6MQ'}"):
        assert (await porta.call("GET", f"boletos?desde=inicio&{filtro}")).status == 422


async def test_each_sees_the_changes_of_its_own_pontos_de_venda(porta: Porta) -> None:
    await porta.add_chave("loja", Escopo.LEITURA, "21.400")
    await add_boleto(porta.pool, LOJA, 1)
    await add_boleto(porta.pool, Loja(2, "21.400", 1, 1), 2)
    dados = (await porta.call("GET", "boletos?desde=inicio", chave="loja")).data
    assert [boleto["id"] for boleto in dados["boletos"]] == [2]
    await porta.pool.execute("DELETE FROM boletos")
    dados = (await porta.call("GET", f"boletos?desde={dados['cursor']}", chave="loja")).data
    assert [apagado["id"] for apagado in dados["apagados"]] == [2]
    filtrada = (await porta.call("GET", "boletos?desde=inicio&ponto_venda=17308")).data
    assert [apagado["id"] for apagado in filtrada["apagados"]] == [1]
