"""The file store, a folder or S3: whole or absent, never overwritten by accident, and errors that say why."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.files import (
    AcessoRecusado,
    ArquivoAusente,
    ArquivoCorrompido,
    ArquivoExiste,
    ArquivoFalhou,
    DiscoCheio,
    FileStore,
    caminho_lugar,
    chave_lugar,
    describe_interno,
    open_files,
    sha256_hex,
)
from shared.settings import ConfiguracaoInvalida, Settings
from tests.servers.s3 import S3, Falha, open_s3

BALDE_URL = "s3://balde/prefixo"


@pytest.fixture
def pasta(tmp_path: Path) -> Path:
    return tmp_path / "loja com espaço e ção"


@pytest.fixture
def disco(pasta: Path) -> FileStore:
    return FileStore(pasta.as_uri())


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    with open_s3() as aberto:
        for nome, valor in aberto.ambiente.items():
            monkeypatch.setenv(nome, valor)
        yield aberto


@pytest.fixture
def balde(s3: S3) -> FileStore:
    return FileStore(BALDE_URL)


@pytest.fixture(params=["disco", "balde"])
def files(request: pytest.FixtureRequest) -> FileStore:
    """Each kind of store keeps the same promises."""
    achada: FileStore = request.getfixturevalue(request.param)
    return achada


async def test_a_claim_check_brings_the_same_bytes(files: FileStore) -> None:
    arquivo = await files.put_interno("capturas", b"%PDF-1.4")
    assert arquivo == describe_interno("capturas", b"%PDF-1.4")
    assert arquivo.caminho == f"_interno/capturas/{sha256_hex(b'%PDF-1.4')}"
    assert await files.get(arquivo) == b"%PDF-1.4"
    assert [g.caminho async for g in files.list("_interno/capturas")] == [arquivo.caminho]
    assert await files.put_interno("capturas", b"%PDF-1.4") == arquivo


NOMES = ["ANA/ANA_MARÇO.pdf", "João & Cia 100% #1/JOSÉ_D_ÁVILA_MARÇO.pdf", "a+b [c]/x~y'.pdf", "PASTA/%20.pdf"]


async def test_a_name_in_the_store_is_the_name_that_was_given(
    disco: FileStore, pasta: Path, balde: FileStore, s3: S3
) -> None:
    for caminho in NOMES:
        await disco.place(caminho, b"x")
        await balde.place(caminho, b"x")
        assert (pasta / caminho).read_bytes() == b"x"
    assert sorted(s3.objetos) == sorted(f"prefixo/{caminho}" for caminho in NOMES)


@pytest.mark.parametrize("caminho", NOMES)
async def test_a_file_is_found_by_its_name(files: FileStore, caminho: str) -> None:
    await files.place(caminho, b"x")
    assert await files.read(caminho) == b"x"
    assert [g.caminho async for g in files.list(caminho.partition("/")[0])] == [caminho]
    await files.delete(caminho)
    assert not await files.exists(caminho)


async def test_bytes_that_changed_are_not_handed_over(files: FileStore) -> None:
    arquivo = await files.put_interno("planilhas", b"certo")
    await files.place(arquivo.caminho, b"outro", overwrite=True)
    with pytest.raises(ArquivoCorrompido):
        await files.get(arquivo)


async def test_placing_never_overwrites_unless_asked(files: FileStore) -> None:
    await files.place("a/b.pdf", b"um")
    with pytest.raises(ArquivoExiste):
        await files.place("a/b.pdf", b"dois")
    assert await files.read("a/b.pdf") == b"um"
    await files.place("a/b.pdf", b"dois", overwrite=True)
    assert await files.read("a/b.pdf") == b"dois"


async def test_of_many_who_place_at_once_one_wins(
    request: pytest.FixtureRequest, files: FileStore, pasta: Path
) -> None:
    outra = FileStore(pasta.as_uri() if "disco" in request.node.callspec.id else BALDE_URL)
    feitos = await asyncio.gather(
        *(loja.place("a/b.pdf", bytes([i])) for i, loja in enumerate([files, outra] * 20)), return_exceptions=True
    )
    assert sum(isinstance(feito, ArquivoExiste) for feito in feitos) == 39
    assert [g.caminho async for g in files.list("a")] == ["a/b.pdf"]


async def test_an_absent_file_is_an_error_of_its_own(files: FileStore) -> None:
    assert not await files.exists("nada")
    with pytest.raises(ArquivoAusente):
        await files.read("nada")
    await files.delete("nada")
    assert [g async for g in files.list("nada")] == []


@pytest.mark.parametrize("caminho", ["../fora.pdf", "a/../../fora.pdf", "a//b.pdf", "a/./b.pdf"])
async def test_no_path_leaves_the_store(files: FileStore, tmp_path: Path, caminho: str) -> None:
    with pytest.raises((ArquivoFalhou, ValueError)):
        await files.place(caminho, b"x")
    assert not (tmp_path / "fora.pdf").exists()


async def test_a_name_too_long_is_an_error_of_the_store(disco: FileStore) -> None:
    with pytest.raises(ArquivoFalhou):
        await disco.place("a/" + "x" * 300 + ".pdf", b"x")


@pytest.fixture
def no_room() -> Iterator[None]:
    """The kernel refuses files over 64 KiB, as a full quota does."""
    mole, duro = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, duro))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (mole, duro))


async def test_a_full_disk_is_told_apart_and_leaves_nothing_behind(
    disco: FileStore, pasta: Path, no_room: None
) -> None:
    with pytest.raises(DiscoCheio):
        await disco.place("a/b.pdf", b"x" * 200_000)
    assert not await disco.exists("a/b.pdf")
    assert not any(nomes for _, _, nomes in os.walk(pasta))


async def test_sweeping_removes_what_is_old_and_not_kept(files: FileStore) -> None:
    um, dois = await files.put_interno("capturas", b"1"), await files.put_interno("capturas", b"2")
    filed = await files.place("ANA/A_MAIO.pdf", b"3")
    assert await files.sweep("capturas", timedelta(days=1)) == 0
    assert await files.sweep("capturas", timedelta(0), keep={um.caminho}) == 1
    assert await files.exists(um.caminho) and await files.exists(filed.caminho)
    assert not await files.exists(dois.caminho)


async def test_what_a_put_that_was_broken_off_left_is_found_and_removed_and_nothing_else(
    disco: FileStore, pasta: Path
) -> None:
    captura, arquivado = await disco.put_interno("capturas", b"1"), await disco.place("ANA/A_MAIO.pdf", b"2")
    deixadas = [f"{captura.caminho}#1", f"{arquivado.caminho}#12"]
    for caminho in (*deixadas, "ANA/lista #2", "ANA/A_MAIO.pdf#antigo"):
        (pasta / caminho).write_bytes(b"%PDF")
    assert sorted([g.caminho async for g in disco.list("ANA")]) == ["ANA/A_MAIO.pdf", "ANA/A_MAIO.pdf#antigo"]
    sobras = await disco.list_sobras()
    assert sorted((s.caminho, s.tamanho) for s in sobras) == [(caminho, 4) for caminho in sorted(deixadas)]
    (pasta / deixadas[0]).write_bytes(b"%PDF-1.7")
    for sobra in sobras:
        await disco.drop_sobra(sobra)
    assert [s.caminho for s in await disco.list_sobras()] == deixadas[:1]  # it has changed since it was seen
    for sobra in await disco.list_sobras():
        await disco.drop_sobra(sobra)
    assert await disco.list_sobras() == []
    assert await disco.read(captura.caminho) == b"1" and await disco.read(arquivado.caminho) == b"2"
    assert (pasta / "ANA/lista #2").exists() and (pasta / "ANA/A_MAIO.pdf#antigo").exists()


@pytest.fixture
def away(disco: FileStore, pasta: Path) -> None:
    """The folder is not there any more."""
    pasta.rename(pasta.with_name("longe"))
    pasta.write_bytes(b"")


async def test_in_a_folder_that_is_gone_nothing_is_left(disco: FileStore, away: None) -> None:
    assert await disco.list_sobras() == []


@pytest.mark.parametrize("destino", ["arquivo/loja", "arquivo"])
async def test_a_store_that_does_not_open_stops_the_start_with_one_line(tmp_path: Path, destino: str) -> None:
    (tmp_path / "arquivo").write_bytes(b"")
    for nome, settings in (
        ("CANOPUS_STORAGE_URL", Settings(storage_url=(tmp_path / destino).as_uri())),
        ("CANOPUS_DATA_DIR", Settings(storage_url=None, data_dir=tmp_path / destino)),
    ):
        with pytest.raises(ConfiguracaoInvalida, match=f"^{nome}: ") as erro:
            await open_files(settings)
        assert "\n" not in str(erro.value)


def test_paths_that_differ_by_case_alone_are_one_place() -> None:
    assert caminho_lugar("Ana/Ana_MARÇO.pdf") == caminho_lugar("ANA/ANA_março.pdf")
    assert chave_lugar("Ana/Ana_MARÇO.pdf") == chave_lugar("ANA/ANA_março.pdf")


@pytest.mark.parametrize(
    ("url", "ambiente"),
    [
        (BALDE_URL, {"AWS_SECRET_ACCESS_KEY": "errado"}),
        (BALDE_URL, {"AWS_ACCESS_KEY_ID": "outra"}),
        ("s3://que-nao-ha/prefixo", {}),
    ],
)
async def test_a_bucket_that_refuses_stops_the_start_with_one_line(
    s3: S3, url: str, ambiente: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for nome, valor in ambiente.items():
        monkeypatch.setenv(nome, valor)
    with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_STORAGE_URL: ") as erro:
        await open_files(Settings(storage_url=url))
    assert "\n" not in str(erro.value)
    recusada = FileStore(url)
    with pytest.raises(AcessoRecusado):
        await recusada.check()
    with pytest.raises(ArquivoFalhou):
        await recusada.place("a/b.pdf", b"x")
    assert not s3.objetos


async def test_a_bucket_whose_server_is_away_stops_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_s3() as aberto:
        ambiente = aberto.ambiente
    for nome, valor in ambiente.items():
        monkeypatch.setenv(nome, valor)
    monkeypatch.setattr("shared.files.ABERTURA_S", 0.3)
    files = await open_files(Settings(storage_url=BALDE_URL))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await files.read("a/b.pdf")


@pytest.mark.parametrize("falha", [Falha(503, "SlowDown"), Falha(429, "TooManyRequests"), Falha(500), Falha(0)])
async def test_what_a_server_refuses_for_a_moment_it_is_asked_again(balde: FileStore, s3: S3, falha: Falha) -> None:
    s3.falhas = [falha, falha]
    await balde.place("a/b.pdf", b"um")
    s3.falhas = [falha, falha]
    assert await balde.read("a/b.pdf") == b"um"
    s3.falhas = [falha, falha]
    assert [g.caminho async for g in balde.list("a")] == ["a/b.pdf"]
    assert not s3.falhas


async def test_a_put_whose_answer_was_lost_is_whole_and_overwrites_nothing(balde: FileStore, s3: S3) -> None:
    s3.falhas = [Falha(0, feita=True)]
    with pytest.raises(ArquivoExiste):
        await balde.place("a/b.pdf", b"um")
    s3.falhas = [Falha(0, feita=True)]
    await balde.put_interno("capturas", b"dois")
    assert sorted(s3.objetos.values()) == [b"dois", b"um"]


async def test_a_server_that_goes_on_refusing_is_an_error_within_the_time_limit(s3: S3) -> None:
    s3.falhas = [Falha(503, "SlowDown")] * 1000
    with pytest.raises(ArquivoFalhou):
        await FileStore(BALDE_URL, timeout_s=0.5).read("a/b.pdf")


async def test_of_a_large_file_that_was_broken_off_the_server_keeps_nothing(balde: FileStore, s3: S3) -> None:
    """In parts, those that had arrived stayed for ever: no listing shows them, and they are paid for."""
    s3.falhas = [Falha(0)] * 1000
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await balde.put_interno("planilhas", b"x" * 12_000_000)
    s3.falhas = []
    assert not s3.objetos and not s3.partes_soltas
    await balde.put_interno("planilhas", b"x" * 12_000_000)
    assert len(s3.objetos) == 1 and s3.pedidos[-1][0] == "PUT"
    assert await balde.list_sobras() == []
