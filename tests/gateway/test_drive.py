"""Mirrors in a Google Drive that refuses, fails and loses answers: each boleto once in its consultor's folder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from services.gateway.drive import parse_pasta
from services.gateway.google import Conta
from services.gateway.store import Pool
from services.gateway.store import espelhos as store
from shared.crypto import Chaveiro
from shared.files import FileStore
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_loja, open_base
from tests.gateway.test_espelhador import RITMO, Cena
from tests.servers.drive import DRIVE, PASTA, PASTA_ESPELHO, PASTA_PESSOAL, PEDACO, Falha, GoogleDrive, Item, open_drive
from tests.servers.google import PESSOA, SERVICO

LENTO = replace(RITMO, espera_s=30.0, espera_maxima_s=30.0)


class CenaDrive(Cena):
    """A ponto de venda whose boletos are filed, and a mirror of them in Drive."""

    def __init__(self, pool: Pool, loja: Loja, files: FileStore, drive: GoogleDrive) -> None:
        self.pool, self.loja, self.files, self.drive = pool, loja, files, drive
        self.chaveiro = Chaveiro(Fernet.generate_key().decode())
        self._numero = 0

    async def add_espelho(self, **campos: Any) -> int:
        espelho = {
            "nome": "Drive", "destino": f"drive://{PASTA_ESPELHO}", "endereco": self.drive.url,
            "segredo": self.drive.servico,
        } | campos  # fmt: skip
        async with self.pool.acquire() as conn, conn.transaction():
            return await store.insert_espelho(
                conn, espelho | {"segredo": self.chaveiro.encrypt(str(espelho["segredo"]))}
            )

    def mirrored(self) -> dict[str, bytes]:
        return self.drive.files()

    @property
    def enviados(self) -> list[str]:
        return self.drive.enviados

    async def fill(self, id: int) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            await store.fill_espelho(conn, id)

    async def move(self, id: int, caminho: str) -> None:
        """As when its consultor's folder is called otherwise."""
        antes = await self.pool.fetchval("SELECT arquivo_caminho FROM boletos WHERE id = $1", id)
        arquivo = await self.files.place(caminho, await self.files.read(antes))
        await self.pool.execute("UPDATE boletos SET arquivo_caminho = $2 WHERE id = $1", id, arquivo.caminho)
        await self.files.delete(antes)

    def pastas(self) -> list[str]:
        return sorted(caminho for caminho, item in self.drive.walk() if item.mime == PASTA)


@pytest.fixture
async def drive() -> AsyncIterator[GoogleDrive]:
    async with open_drive() as aberto:
        yield aberto


@pytest.fixture
async def cena(database_url: str, tmp_path: Path, drive: GoogleDrive) -> AsyncIterator[CenaDrive]:
    async with open_base(database_url) as pool:
        yield CenaDrive(pool, await add_loja(pool, clientes=0), FileStore((tmp_path / "downloads").as_uri()), drive)


async def test_each_boleto_lies_once_in_its_consultors_folder_and_follows_what_is_filed(cena: CenaDrive) -> None:
    um, dois, tres = await cena.file(3)
    cena.drive.pagina = 1
    id = await cena.add_espelho()
    async with cena.running():
        await cena.settled()
        assert (cena.pastas(), len(cena.enviados), cena.drive.contas.dadas) == (["PASTA"], 3, 1)
        await cena.issue(um, b"outra via")
        await cena.remove(dois)
        # With what an apostrophe and a backslash may do to a search.
        await cena.move(tres, "D'Ávila \\ Filhos/TRES_MAIO.pdf")
        await cena.settled()
        assert cena.pastas() == ["D'Ávila \\ Filhos", "PASTA"]
        await cena.fill(id)
        await cena.settled()
        assert len(cena.enviados) == 5
    # What was put in a file's place is in the same file, and what was removed is in the bin.
    assert sum(item.dados is not None for item in cena.drive.itens.values()) == 4
    assert sum(item.lixo for item in cena.drive.itens.values()) == 2
    vista = await cena.look(id)
    assert (vista["feitas"], vista["pendentes"], vista["erro"]) == (2, 0, None)


async def test_a_lost_mirror_is_filled_again_and_only_what_is_missing_is_sent(cena: CenaDrive) -> None:
    await cena.file(6)
    id = await cena.add_espelho()
    async with cena.running():
        await cena.settled()
        um, dois, tres, quatro, *_ = sorted(caminho for caminho in cena.mirrored())
        cena.drive.find(um).lixo = True
        cena.drive.erase(cena.drive.find(dois).id)
        cena.drive.find(tres).dados = b"trocado por alguem"
        cena.drive.find(quatro).mae = PASTA_PESSOAL
        await cena.fill(id)
        await cena.settled()
        assert sorted(cena.enviados[6:]) == sorted(c.removeprefix("PASTA/") for c in (um, dois, tres, quatro))
        # The folder itself, to the bin; and then all of it for ever.
        cena.drive.find("PASTA").lixo = True
        await cena.fill(id)
        await cena.settled()
        cena.drive.erase(cena.drive.find("PASTA").id)
        await cena.fill(id)
        await cena.settled()
        assert cena.pastas() == ["PASTA"]


async def test_who_knows_nothing_any_more_finds_what_lies_there_and_sends_nothing(cena: CenaDrive) -> None:
    await cena.file(3)
    id = await cena.add_espelho()
    async with cena.running():
        await cena.settled()
        cena.drive.find("PASTA").properties = {}
        async with cena.pool.acquire() as conn:
            await store.delete_espelho(conn, id)
        # Somebody else's account must find them too.
        await cena.add_espelho(segredo=cena.drive.pessoa)
        await cena.settled()
        assert (len(cena.enviados), cena.pastas()) == (3, ["PASTA"])
        await cena.pool.execute("DELETE FROM lugares")
        await cena.pool.execute("DELETE FROM boletos")
        await eventually(lambda: cena.mirrored() == {})


async def test_two_gateways_and_one_that_dies_make_no_twins(cena: CenaDrive) -> None:
    await cena.add_espelho()
    chegou, parados = asyncio.Event(), asyncio.Event()

    async def wait_for_death(item: Item) -> None:
        """The folder is there, and nobody is told."""
        chegou.set()
        await parados.wait()

    cena.drive.ao_criar, cena.drive.demora_s, cena.drive.atrasada = wait_for_death, 0.1, True
    await cena.file(4)
    # All of both make the folder at once.
    async with cena.running(2, replace(RITMO, por_espelho=2)):
        await chegou.wait()
        await asyncio.sleep(0.3)
        assert cena.pastas() == ["PASTA"]
    cena.drive.ao_criar, cena.drive.demora_s = None, 0.0
    parados.set()
    await cena.pool.execute("UPDATE copias SET reservada_ate = now() - interval '1 second'")  # its time is over
    async with cena.running(2):
        await asyncio.gather(*(cena.file(1) for _ in range(12)))
        await cena.settled(20)
        assert (len(cena.enviados), cena.pastas()) == (16, ["PASTA"])
        # Each answer of a create that is lost.
        cena.drive.alvo = lambda metodo, caminho: metodo in ("POST", "PUT") and caminho != "/token"
        cena.drive.falhas = [Falha(feita=True)] * 6
        (id,) = await cena.file(1)
        await cena.move(id, "OUTRA/NOME_MAIO.pdf")
        await cena.settled(20)
    assert (len(cena.enviados), cena.pastas()) == (len(set(cena.enviados)), ["OUTRA", "PASTA"])


async def test_an_upload_that_is_cut_goes_on_where_it_stands(cena: CenaDrive) -> None:
    (id,) = await cena.file(1)
    dados = bytes(range(256)) * 3500
    await cena.issue(id, dados)
    await cena.add_espelho()
    cena.drive.alvo = lambda metodo, caminho: metodo == "PUT"
    cena.drive.falhas = [Falha(corta_em=PEDACO + 1000), Falha(503), None, Falha(corta_em=PEDACO)]
    async with cena.running(ritmo=LENTO):
        await cena.settled()
    assert (len(cena.enviados), cena.drive.falhas) == (1, [])
    # Each piece was taken once.
    assert cena.drive.faixas == [(0, PEDACO), (PEDACO, 2 * PEDACO), (2 * PEDACO, len(dados))]


@pytest.mark.parametrize(
    ("falha", "texto"),
    [
        (Falha(429, "rateLimitExceeded"), "pediu uma pausa"),
        pytest.param(Falha(403, "userRateLimitExceeded"), "pediu uma pausa", marks=pytest.mark.completo),
        pytest.param(Falha(500), "respondeu 500", marks=pytest.mark.completo),
        pytest.param(Falha(), "não respondeu", marks=pytest.mark.completo),
    ],
    ids=["429", "403", "pane", "fora"],
)
async def test_an_outage_costs_nothing_and_sends_nothing_twice(cena: CenaDrive, falha: Falha, texto: str) -> None:
    await cena.file(6)
    cena.drive.falhas = [falha] * 1_000_000
    id = await cena.add_espelho()
    async with cena.running(2):
        vista = await cena.wait_erro(id, texto)
        assert (vista["pendentes"], vista["feitas"]) == (6, 0) and vista["falhando"] >= 1
        cena.drive.falhas = []
        await cena.settled(20)
    assert (len(cena.enviados), cena.pastas()) == (6, ["PASTA"])
    assert (await cena.look(id))["erro"] is None


async def test_a_pause_that_google_asks_for_is_kept(cena: CenaDrive) -> None:
    await cena.file(1)
    cena.drive.alvo = lambda metodo, caminho: caminho != "/token"
    cena.drive.falhas = [Falha(429, "rateLimitExceeded", retry_after="1")]
    id = await cena.add_espelho()
    async with cena.running():
        await cena.wait_erro(id, "pediu uma pausa")
        antes, pedidos = time.monotonic(), len(cena.drive.pedidos)
        await eventually(lambda: len(cena.drive.pedidos) > pedidos)
        assert time.monotonic() - antes > 0.7
        await cena.settled()


@pytest.mark.parametrize(
    ("caso", "texto"),
    [
        ("sem_espaco", f"{SERVICO} como administrador"),
        pytest.param("cheio", "está cheio", marks=pytest.mark.completo),
        ("nao_partilhada", f"não foi compartilhado com {SERVICO}"),
        pytest.param("so_leitura", f"Dê a {SERVICO} o papel", marks=pytest.mark.completo),
        pytest.param("chave_apagada", "recusou a chave", marks=pytest.mark.completo),
        ("consentimento", "consentimento foi revogado"),
        pytest.param("lixeira", "está na lixeira", marks=pytest.mark.completo),
    ],
)
async def test_a_mirror_that_refuses_waits_says_what_to_do_and_goes_on_once_it_is_put_right(
    cena: CenaDrive, caso: str, texto: str
) -> None:
    drive, campos = cena.drive, {}
    match caso:
        case "sem_espaco":
            campos = {"destino": f"drive://{PASTA_PESSOAL}"}
        case "cheio":
            drive.cheio, campos = True, {"segredo": drive.pessoa}
        case "nao_partilhada":
            campos = {"destino": "drive://1QueNaoExisteEmLugarNenhum"}
        case "so_leitura":
            drive.itens[DRIVE].papeis[SERVICO] = "reader"
        case "chave_apagada":
            drive.contas.revogados.add(SERVICO)
        case "consentimento":
            drive.contas.revogados.add(PESSOA)
            campos = {"segredo": drive.pessoa}
        case "lixeira":
            drive.itens[PASTA_ESPELHO].lixo = True
    await cena.file(2)
    id = await cena.add_espelho(**campos)
    async with cena.running(ritmo=LENTO):
        vista = await cena.wait_erro(id, texto)
        assert vista["pendentes"] == 2 and vista["em_espera_ate"] is not None
        drive.cheio = False
        drive.contas.revogados.clear()
        drive.itens[PASTA_ESPELHO].lixo = False
        drive.itens[DRIVE].papeis[SERVICO] = "fileOrganizer"
        async with cena.pool.acquire() as conn:
            await store.update_espelho(conn, id, {"destino": f"drive://{PASTA_ESPELHO}"})
            await store.fill_espelho(conn, id)
        await cena.settled()


async def test_ids_that_were_given_to_another_account_stop_nothing(cena: CenaDrive) -> None:
    """As when a service account has no space, and its remedy is the consent of a person: what was kept for its paths
    is no good to anyone else."""
    await cena.file(2)
    id = await cena.add_espelho(destino=f"drive://{PASTA_PESSOAL}")
    async with cena.running():
        await cena.wait_erro(id, "não tem espaço próprio")
        async with cena.pool.acquire() as conn:
            await store.update_espelho(conn, id, {"segredo": cena.chaveiro.encrypt(cena.drive.pessoa)})
        await eventually(lambda: len(cena.drive.files(PASTA_PESSOAL)) == 2)
    assert len(cena.enviados) == 2


async def test_a_token_that_ends_early_is_renewed_once_and_nobody_notices(cena: CenaDrive) -> None:
    await cena.file(1)
    id = await cena.add_espelho(segredo=cena.drive.pessoa)
    async with cena.running(ritmo=LENTO):
        await cena.settled()
        cena.drive.contas.expire()
        await cena.file(3)
        await cena.settled()
    assert cena.drive.contas.dadas == 2 and (await cena.look(id))["erro"] is None


async def test_one_folder_belongs_to_one_mirror(cena: CenaDrive) -> None:
    id = await cena.add_espelho()
    with pytest.raises(store.PastaRepetida):
        await cena.add_espelho(nome="Outra")
    async with cena.pool.acquire() as conn:
        await store.update_espelho(conn, id, {"ativo": False})
        await cena.add_espelho(nome="Outra")
        with pytest.raises(store.PastaRepetida):
            await store.update_espelho(conn, id, {"ativo": True})


async def test_nothing_is_asked_of_an_address_inside(cena: CenaDrive) -> None:
    with pytest.raises(ValueError, match="https://"):
        Conta(cena.drive.servico, cena.drive.url, 5.0)
    assert cena.drive.pedidos == []


@pytest.mark.parametrize(
    "texto",
    [
        "drive://1AbCdEfGhIjK_-",
        "drive://1AbCdEfGhIjK_-/",
        "https://drive.google.com/drive/folders/1AbCdEfGhIjK_-",
        "https://drive.google.com/drive/u/0/folders/1AbCdEfGhIjK_-?usp=sharing",
        "https://drive.google.com/open?id=1AbCdEfGhIjK_-&usp=drive",
    ],
)
def test_a_folder_is_known_by_its_link(texto: str) -> None:
    assert parse_pasta(texto) == "drive://1AbCdEfGhIjK_-"


@pytest.mark.parametrize(
    "texto",
    [
        "drive://",
        "drive://root",
        "drive://a/b/c/d/e/f/g",
        "https://exemplo.com.br/drive/folders/1AbCdEfGhIjK_-",
        "1AbCdEfGhIjK",
    ],
)
def test_what_is_no_folder_is_refused(texto: str) -> None:
    with pytest.raises(ValueError, match="link da pasta"):
        parse_pasta(texto)
