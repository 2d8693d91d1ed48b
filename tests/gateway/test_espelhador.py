"""Mirrors on an S3 server that checks signatures, refuses, fails, loses answers: nothing lost, nothing sent twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from services.gateway.copia import create_copia
from services.gateway.espelhador import Espelhador, Ritmo
from services.gateway.restauracao import restore_copia
from services.gateway.store import Pool
from services.gateway.store import espelhos as store
from shared.crypto import Chaveiro
from shared.files import FileStore
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_boleto, add_loja, open_base
from tests.servers.s3 import CHAVE, REGIAO, S3, SEGREDO, Falha, open_s3

RITMO = Ritmo(olhada_s=0.02, pausa_s=0.01, espera_s=0.02, espera_maxima_s=0.1, limite_s=3.0)


class Cena:
    """A ponto de venda whose boletos are filed, and a mirror of them."""

    def __init__(self, pool: Pool, loja: Loja, files: FileStore, s3: S3) -> None:
        self.pool, self.loja, self.files, self.s3 = pool, loja, files, s3
        self.chaveiro = Chaveiro(Fernet.generate_key().decode())
        self._numero = 0

    @asynccontextmanager
    async def running(self, quantos: int = 1, ritmo: Ritmo = RITMO) -> AsyncIterator[None]:
        """So many gateways at work."""
        tarefas = [
            asyncio.create_task(Espelhador(self.pool, self.files, self.chaveiro, ritmo, privados=True).run())
            for _ in range(quantos)
        ]
        try:
            yield
        finally:
            for tarefa in tarefas:
                tarefa.cancel()
            await asyncio.gather(*tarefas, return_exceptions=True)

    async def add_espelho(self, **campos: Any) -> int:
        espelho = {
            "nome": "Nuvem", "destino": "s3://balde/espelho", "endereco": self.s3.url, "regiao": REGIAO, "chave": CHAVE,
            "segredo": SEGREDO,
        } | campos  # fmt: skip
        async with self.pool.acquire() as conn, conn.transaction():
            return await store.insert_espelho(
                conn, espelho | {"segredo": self.chaveiro.encrypt(str(espelho["segredo"]))}
            )

    async def file(self, quantos: int = 1) -> list[int]:
        ids = []
        for _ in range(quantos):
            self._numero += 1
            ids.append(await add_boleto(self.pool, self.loja, self._numero))
            await self.issue(ids[-1], f"boleto {self._numero}".encode())
        return ids

    async def issue(self, id: int, dados: bytes) -> str:
        """Its file as the namer leaves it, then its row as the gateway does."""
        caminho = await self.pool.fetchval("SELECT arquivo_caminho FROM boletos WHERE id = $1", id)
        arquivo = await self.files.place(caminho, dados, overwrite=True)
        await self.pool.execute(
            "UPDATE boletos SET arquivo_sha256 = $2, arquivo_tamanho = $3 WHERE id = $1",
            id, arquivo.sha256, arquivo.tamanho,
        )  # fmt: skip
        return arquivo.caminho

    async def remove(self, id: int) -> None:
        await self.files.delete(
            await self.pool.fetchval("DELETE FROM boletos WHERE id = $1 RETURNING arquivo_caminho", id)
        )

    async def filed(self) -> dict[str, bytes]:
        return {g.caminho: await self.files.read(g.caminho) async for g in self.files.list("")}

    def mirrored(self) -> dict[str, bytes]:
        return {chave.removeprefix("espelho/"): dados for chave, dados in self.s3.objetos.items()}

    @property
    def enviados(self) -> list[str]:
        return [chave for metodo, chave in self.s3.pedidos if metodo == "PUT"]

    async def settled(self, timeout_s: float = 10.0) -> None:
        """Nothing is due any more, and the mirror is what is filed."""

        async def check() -> bool:
            return not await self.pool.fetchval("SELECT count(*) FROM copias WHERE feita_em IS NULL")

        await eventually(check, timeout_s)
        assert self.mirrored() == await self.filed()

    async def look(self, id: int) -> dict[str, Any]:
        async with self.pool.acquire() as conn:
            linha = await store.find_espelho(conn, id)
        assert linha is not None
        return store.view_espelho(linha)

    async def wait_erro(self, id: int, parte: str) -> dict[str, Any]:
        async def check() -> dict[str, Any] | None:
            vista = await self.look(id)
            return vista if parte in (vista["erro"] or "") else None

        achada: dict[str, Any] | None = await eventually(check)
        assert achada
        return achada


@pytest.fixture
def s3() -> Iterator[S3]:
    with open_s3() as aberto:
        yield aberto


@pytest.fixture
async def cena(database_url: str, tmp_path: Path, s3: S3) -> AsyncIterator[Cena]:
    async with open_base(database_url) as pool:
        yield Cena(pool, await add_loja(pool, clientes=0), FileStore((tmp_path / "downloads").as_uri()), s3)


async def test_what_was_filed_before_and_after_lies_in_the_mirror_under_its_name(cena: Cena) -> None:
    await cena.file(3)
    id = await cena.add_espelho()
    assert (await cena.look(id))["pendentes"] == 3
    async with cena.running():
        await cena.settled()
        await cena.file(2)
        await cena.settled()
    assert len(cena.mirrored()) == 5 and len(cena.enviados) == 5
    vista = await cena.look(id)
    assert (vista["feitas"], vista["pendentes"], vista["erro"], vista["atrasada_desde"]) == (5, 0, None, None)
    assert vista["ultima_em"] is not None


async def test_issued_again_moved_or_removed_the_mirror_follows(cena: Cena) -> None:
    um, dois, tres = await cena.file(3)
    await cena.add_espelho()
    async with cena.running():
        await cena.settled()
        await cena.issue(um, b"outra via")
        await cena.settled()
        await cena.remove(dois)
        await cena.settled()
        # A third takes the place that the first one leaves, in one statement.
        antes = await cena.pool.fetchval("SELECT arquivo_caminho FROM boletos WHERE id = $1", um)
        outro = await cena.files.place("PASTA/NOVA_MAIO.pdf", b"outra via")
        await cena.pool.execute("UPDATE boletos SET arquivo_caminho = $2 WHERE id = $1", um, outro.caminho)
        movido = await cena.pool.fetchval("SELECT arquivo_caminho FROM boletos WHERE id = $1", tres)
        await cena.pool.execute("UPDATE boletos SET arquivo_caminho = $2 WHERE id = $1", tres, antes)
        await cena.issue(tres, b"terceiro")
        await cena.files.delete(movido)
        await cena.settled()
    assert await cena.pool.fetchval("SELECT count(*) FROM copias") == 2


async def test_a_lost_mirror_is_filled_again_and_only_what_is_missing_is_sent(cena: Cena) -> None:
    await cena.file(6)
    id = await cena.add_espelho()
    async with cena.running():
        await cena.settled()
        assert len(cena.enviados) == 6
        chaves = sorted(cena.s3.objetos)
        cena.s3.delete(chaves[0])
        cena.s3.put(chaves[1], b"trocado por alguem")
        async with cena.pool.acquire() as conn, conn.transaction():
            assert await store.fill_espelho(conn, id) == 6
        await cena.settled()
        assert sorted(cena.enviados[6:]) == chaves[:2]
        for chave in chaves:
            cena.s3.delete(chave)
        async with cena.pool.acquire() as conn, conn.transaction():
            await store.fill_espelho(conn, id)
        await cena.settled()
    assert len(cena.enviados) == 14


@pytest.mark.parametrize("falha", [Falha(503, "SlowDown"), Falha(500), Falha(0)], ids=["devagar", "pane", "fora"])
async def test_an_outage_costs_nothing_and_sends_nothing_twice(cena: Cena, falha: Falha) -> None:
    await cena.file(12)
    cena.s3.falhas = [falha] * 1_000_000
    id = await cena.add_espelho()
    async with cena.running(2):
        vista = await cena.wait_erro(id, "servidor do balde")
        assert (vista["pendentes"], vista["feitas"]) == (12, 0) and vista["falhando"] >= 1
        recusados = len(cena.enviados)
        cena.s3.falhas = []
        await cena.settled(20)
    assert len(cena.enviados) - recusados == 12
    assert (await cena.look(id))["erro"] is None


async def test_an_answer_that_is_lost_and_a_gateway_that_dies_send_nothing_twice(cena: Cena) -> None:
    await cena.file(1)
    await cena.add_espelho()
    chegou, morto, laco = asyncio.Event(), threading.Event(), asyncio.get_running_loop()

    def wait_for_death(chave: str) -> None:
        """Between upload and row."""
        laco.call_soon_threadsafe(chegou.set)
        morto.wait(10)

    cena.s3.ao_gravar = wait_for_death
    async with cena.running():
        await chegou.wait()
    morto.set()
    cena.s3.ao_gravar = lambda chave: None
    assert await cena.pool.fetchval("SELECT count(*) FROM copias WHERE feita_em IS NULL") == 1
    await cena.pool.execute("UPDATE copias SET reservada_ate = now() - interval '1 second'")  # its time is over
    async with cena.running():
        await cena.settled()
        assert len(cena.enviados) == 1
        cena.s3.alvo = lambda metodo, chave: metodo == "PUT"
        cena.s3.falhas = [Falha(0, feita=True)]
        await cena.file(1)
        await cena.settled()


@pytest.mark.parametrize(
    ("campos", "texto"),
    [
        ({"segredo": "errado"}, "recusou o acesso"),
        ({"chave": "OUTRA"}, "recusou o acesso"),
        ({"destino": "s3://que-nao-ha/espelho"}, "não existe"),
    ],
)
async def test_a_mirror_that_refuses_waits_says_why_and_goes_on_once_it_is_put_right(
    cena: Cena, campos: dict[str, str], texto: str
) -> None:
    await cena.file(3)
    id = await cena.add_espelho(**campos)
    async with cena.running(ritmo=replace(RITMO, espera_s=30.0, espera_maxima_s=30.0)):
        vista = await cena.wait_erro(id, texto)
        assert vista["pendentes"] == 3 and vista["em_espera_ate"] is not None
        await asyncio.sleep(0.3)  # those that were on their way
        recusados = len(cena.s3.pedidos)
        await asyncio.sleep(0.3)
        assert len(cena.s3.pedidos) == recusados  # it is left alone
        certos = {"destino": "s3://balde/espelho", "chave": CHAVE, "segredo": cena.chaveiro.encrypt(SEGREDO)}
        async with cena.pool.acquire() as conn:
            await store.update_espelho(conn, id, certos)
            await store.fill_espelho(conn, id)
        await cena.settled()


async def test_one_file_that_is_not_right_holds_up_no_other(cena: Cena) -> None:
    um, dois, *_ = await cena.file(5)
    alterado, sumido = [
        await cena.pool.fetchval("SELECT arquivo_caminho FROM boletos WHERE id = $1", id) for id in (um, dois)
    ]
    await cena.files.place(alterado, b"mexido", overwrite=True)
    await cena.files.delete(sumido)
    id = await cena.add_espelho()
    async with cena.running():
        await eventually(lambda: len(cena.mirrored()) == 3)
        erros = {
            linha["caminho"]: linha["erro"]
            for linha in await cena.pool.fetch("SELECT caminho, erro FROM copias WHERE feita_em IS NULL")
        }
        vista = await cena.look(id)
        assert (vista["falhando"], vista["erro"]) == (2, None)
        await cena.issue(um, b"nova via")
        await cena.issue(dois, b"nova via")
        await cena.settled()
    assert "alterado" in erros[alterado] and "não está mais" in erros[sumido]


async def test_many_gateways_send_each_boleto_once_while_more_are_filed(cena: Cena) -> None:
    await cena.add_espelho()
    async with cena.running(3):
        await asyncio.gather(*(cena.file(1) for _ in range(25)))
        await cena.settled(20)
    assert len(cena.enviados) == len(set(cena.enviados)) == 25


async def test_a_mirror_made_while_boletos_are_filed_misses_none(cena: Cena) -> None:
    async with cena.pool.acquire() as conn:
        aberta = conn.transaction()
        await aberta.start()
        await conn.execute(
            "INSERT INTO boletos (ponto_venda_id, cpf, grupo, cota, mes_referencia, ano_referencia, data_vencimento,"
            " valor_original, arquivo_caminho, arquivo_sha256, arquivo_tamanho, automacao_id)"
            " VALUES ($1, '52998224725', 1, 1, 5, 2026, '2026-05-10', 1, 'A/B_MAIO.pdf', repeat('0', 64), 1,"
            " gen_random_uuid())",
            cena.loja.id,
        )
        novo = asyncio.create_task(cena.add_espelho())
        await asyncio.sleep(0.2)
        assert not novo.done()
        await aberta.commit()
    await novo
    assert await cena.pool.fetchval("SELECT caminho FROM copias") == "A/B_MAIO.pdf"


async def test_copies_come_back_with_the_database_as_they_were(
    cena: Cena, database_url: str, vazio: str, tmp_path: Path
) -> None:
    await cena.file(2)
    await cena.add_espelho()
    async with cena.running():
        await cena.settled()
    await create_copia(database_url, cena.files, tmp_path / "c.zip")
    await restore_copia(vazio, FileStore((tmp_path / "volta").as_uri()), tmp_path / "c.zip", substituir=False)
    async with open_base(vazio) as pool:
        assert await pool.fetchval("SELECT count(*) FROM copias WHERE feita_em IS NOT NULL") == 2
        await pool.execute("DELETE FROM boletos")  # triggers tell again
        assert await pool.fetchval("SELECT count(*) FROM copias WHERE feita_em IS NULL") == 2
