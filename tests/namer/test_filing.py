"""Filing: one file per boleto, none ever overwritten by another, through races and kills at any line."""

from __future__ import annotations

import asyncio
import itertools
import os
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.namer.filing import LugarOcupado, find_pasta, place_boleto, remove_anterior
from services.namer.naming import Identidade
from shared.events import Arquivo, BoletoNomear
from shared.files import ArquivoFalhou, FileStore, pasta_escritorio

BOLETO = Identidade("17308", "52998224725", 6650, 7, 11, 2026)
OUTRO = replace(BOLETO, cpf="11144477735", grupo=6651, cota=12)


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path.as_uri())


def list_pdfs(pasta: Path) -> dict[str, bytes]:
    """Every file outside `_interno`, by its path."""
    achados = {}
    for raiz, _, nomes in os.walk(pasta):
        for nome in nomes:
            caminho = Path(raiz, nome)
            relativo = caminho.relative_to(pasta).as_posix()
            if not relativo.startswith("_interno/"):
                achados[relativo] = caminho.read_bytes()
    return achados


async def place(
    files: FileStore, dados: bytes, identidade: Identidade = BOLETO, nome: str = "ANA LIMA", *, homonimo: bool = False
) -> Arquivo:
    return await place_boleto(files, dados, identidade, nome, "DAYLER", homonimo=homonimo)


async def test_a_boleto_lies_under_its_clients_name(files: FileStore, tmp_path: Path) -> None:
    arquivo = await place(files, b"um")
    assert arquivo.caminho == "DAYLER/ANA_LIMA_NOVEMBRO.pdf"
    assert await files.get(arquivo) == b"um"
    assert list(list_pdfs(tmp_path)) == [arquivo.caminho]


async def test_issued_again_it_replaces_its_file(files: FileStore, tmp_path: Path) -> None:
    primeiro = await place(files, b"um")
    segundo = await place(files, b"dois")
    assert segundo.caminho == primeiro.caminho
    assert list_pdfs(tmp_path) == {primeiro.caminho: b"dois"}
    assert (await place(files, b"um")).sha256 == primeiro.sha256
    assert list_pdfs(tmp_path) == {primeiro.caminho: b"um"}


async def test_next_years_boleto_gets_its_year(files: FileStore, tmp_path: Path) -> None:
    await place(files, b"2026")
    proximo = await place(files, b"2027", replace(BOLETO, ano=2027))
    assert proximo.caminho == "DAYLER/ANA_LIMA_NOVEMBRO_2027.pdf"
    assert list_pdfs(tmp_path) == {"DAYLER/ANA_LIMA_NOVEMBRO.pdf": b"2026", proximo.caminho: b"2027"}


async def test_another_contract_of_the_same_name_gets_its_contract(files: FileStore, tmp_path: Path) -> None:
    await place(files, b"um")
    outro = await place(files, b"outro", OUTRO)
    assert outro.caminho == "DAYLER/ANA_LIMA_6651_12_NOVEMBRO.pdf"
    assert (await place(files, b"de novo", OUTRO)).caminho == outro.caminho
    assert list_pdfs(tmp_path) == {"DAYLER/ANA_LIMA_NOVEMBRO.pdf": b"um", outro.caminho: b"de novo"}


async def test_the_same_contract_at_another_ponto_de_venda_is_another_boleto(files: FileStore, tmp_path: Path) -> None:
    identidades = [replace(BOLETO, ponto_venda=codigo) for codigo in ("17308", "21400", "30500", "40600")]
    caminhos = [(await place(files, i.ponto_venda.encode(), i)).caminho for i in identidades]
    assert len(set(caminhos)) == 4
    assert sorted(list_pdfs(tmp_path).values()) == [b"17308", b"21400", b"30500", b"40600"]


async def test_names_that_differ_by_case_alone_never_meet(files: FileStore, tmp_path: Path) -> None:
    await place(files, b"um", nome="Ana Lima")
    outro = await place(files, b"outro", OUTRO, nome="ANA LIMA")
    assert outro.caminho == "DAYLER/ANA_LIMA_6651_12_NOVEMBRO.pdf"
    assert (await place(files, b"dois", nome="ANA LIMA")).caminho == "DAYLER/Ana_Lima_NOVEMBRO.pdf"
    assert len(list_pdfs(tmp_path)) == 2


async def test_a_file_that_a_person_put_there_is_never_overwritten(files: FileStore, tmp_path: Path) -> None:
    await files.place("DAYLER/ANA_LIMA_NOVEMBRO.pdf", b"da pessoa")
    arquivo = await place(files, b"um")
    assert arquivo.caminho == "DAYLER/ANA_LIMA_NOVEMBRO_2026.pdf"
    assert await place(files, b"um") == arquivo
    await files.place(arquivo.caminho, b"editado", overwrite=True)
    terceiro = await place(files, b"dois")
    assert terceiro.caminho == "DAYLER/ANA_LIMA_6650_7_NOVEMBRO_2026_17308.pdf"
    await files.place(terceiro.caminho, b"editado", overwrite=True)
    with pytest.raises(LugarOcupado):
        await place(files, b"tres")
    assert sorted(list_pdfs(tmp_path).values()) == [b"da pessoa", b"editado", b"editado"]


async def test_a_file_that_a_person_removed_comes_back_at_its_place(files: FileStore, tmp_path: Path) -> None:
    arquivo = await place(files, b"um")
    await files.delete(arquivo.caminho)
    assert (await place(files, b"dois")).caminho == arquivo.caminho
    assert list_pdfs(tmp_path) == {arquivo.caminho: b"dois"}


async def test_two_namers_at_once_give_homonyms_a_place_each(tmp_path: Path) -> None:
    lojas = [FileStore(tmp_path.as_uri()), FileStore(tmp_path.as_uri())]
    identidades = [replace(BOLETO, cpf=f"{i:011d}", cota=i) for i in range(1, 21)]
    pedidos = [(loja, i) for i in identidades for loja in lojas]
    arquivos = await asyncio.gather(*(place(loja, str(i).encode(), i) for loja, i in pedidos))
    por_boleto = {str(i): arquivo.caminho for (_, i), arquivo in zip(pedidos, arquivos, strict=True)}
    assert [a.caminho for a in arquivos] == [por_boleto[str(i)] for _, i in pedidos]
    assert list_pdfs(tmp_path) == {caminho: boleto.encode() for boleto, caminho in por_boleto.items()}


async def test_homonyms_of_one_workbook_lie_where_they_do_whatever_the_order(tmp_path: Path) -> None:
    resultados = []
    for numero, ordem in enumerate(itertools.permutations([BOLETO, OUTRO, replace(BOLETO, cota=8)])):
        files = FileStore((tmp_path / str(numero)).as_uri())
        for identidade in ordem:
            await place(files, str(identidade).encode(), identidade, homonimo=True)
        resultados.append(list_pdfs(tmp_path / str(numero)))
    assert all(resultado == resultados[0] for resultado in resultados)
    assert sorted(resultados[0]) == [
        "DAYLER/ANA_LIMA_6650_7_NOVEMBRO.pdf",
        "DAYLER/ANA_LIMA_6650_8_NOVEMBRO.pdf",
        "DAYLER/ANA_LIMA_6651_12_NOVEMBRO.pdf",
    ]


class Killed(BaseException):
    """The process is no more."""


class MortalFiles(FileStore):
    """Dies at its nth call: before it is done, or right after."""

    def __init__(self, url: str, vidas: int, *, depois: bool) -> None:
        super().__init__(url)
        self._vidas = vidas
        self._depois = depois

    async def _live(self) -> bool:
        self._vidas -= 1
        if self._vidas == 0 and not self._depois:
            raise Killed
        return self._vidas == 0

    async def place(self, caminho: str, dados: bytes, *, overwrite: bool = False) -> Arquivo:
        last = await self._live()
        arquivo = await super().place(caminho, dados, overwrite=overwrite)
        if last:
            raise Killed
        return arquivo

    async def delete(self, caminho: str) -> None:
        last = await self._live()
        await super().delete(caminho)
        if last:
            raise Killed


async def rename(files: FileStore, dados: bytes) -> Arquivo:
    """What the worker does when the client's name changed since the boleto was first filed."""
    arquivo = await place(files, dados, nome="ANA LIMA SOUZA")
    await remove_anterior(files, BOLETO, "DAYLER/ANA_LIMA_NOVEMBRO.pdf", arquivo.caminho)
    return arquivo


@pytest.mark.parametrize("depois", [False, True])
@pytest.mark.parametrize("vidas", range(1, 6))
@pytest.mark.parametrize("mesmo", [True, False])
async def test_after_a_kill_at_any_line_the_same_task_ends_with_one_file(
    tmp_path: Path, vidas: int, depois: bool, mesmo: bool
) -> None:
    """A former system left ANA_LIMA and ANA_LIMA_SOUZA side by side: which one was the boleto?"""
    files = FileStore(tmp_path.as_uri())
    await place(files, b"um")
    dados = b"um" if mesmo else b"dois"
    try:
        await rename(MortalFiles(tmp_path.as_uri(), vidas, depois=depois), dados)
    except Killed:
        assert list_pdfs(tmp_path), "the boleto is at no moment without a file"
    arquivo = await rename(files, dados)
    assert arquivo.caminho == "DAYLER/ANA_LIMA_SOUZA_NOVEMBRO.pdf"
    assert list_pdfs(tmp_path) == {arquivo.caminho: dados}


@pytest.mark.parametrize("depois", [False, True])
@pytest.mark.parametrize("vidas", range(1, 5))
async def test_a_kill_while_replacing_leaves_one_whole_file(tmp_path: Path, vidas: int, depois: bool) -> None:
    files = FileStore(tmp_path.as_uri())
    await place(files, b"um")
    try:
        await place(MortalFiles(tmp_path.as_uri(), vidas, depois=depois), b"dois")
    except Killed:
        assert list_pdfs(tmp_path)["DAYLER/ANA_LIMA_NOVEMBRO.pdf"] in (b"um", b"dois")
    await place(files, b"dois")
    assert list_pdfs(tmp_path) == {"DAYLER/ANA_LIMA_NOVEMBRO.pdf": b"dois"}


async def test_the_old_file_stays_where_it_is_anothers_or_a_persons(files: FileStore, tmp_path: Path) -> None:
    do_outro = await place(files, b"outro", OUTRO, nome="RUI")
    meu = await place(files, b"um")
    await remove_anterior(files, BOLETO, do_outro.caminho, meu.caminho)
    await remove_anterior(files, BOLETO, meu.caminho, meu.caminho)
    await remove_anterior(files, BOLETO, "DAYLER/NUNCA_EXISTIU.pdf", meu.caminho)
    assert list_pdfs(tmp_path) == {do_outro.caminho: b"outro", meu.caminho: b"um"}
    novo = await place(files, b"um", nome="ANA SOUZA")
    await files.place(meu.caminho, b"editado", overwrite=True)
    await remove_anterior(files, BOLETO, meu.caminho, novo.caminho)
    assert list_pdfs(tmp_path)[meu.caminho] == b"editado"


async def test_a_name_of_the_greatest_length_is_filed(files: FileStore, tmp_path: Path) -> None:
    arquivo = await place(files, b"um", nome="Ç" * 300, homonimo=True)
    assert list_pdfs(tmp_path) == {arquivo.caminho: b"um"}
    assert (await place(files, b"dois", nome="Ç" * 300, homonimo=True)).caminho == arquivo.caminho


async def test_a_store_that_fails_is_not_taken_for_a_place_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "DAYLER").write_bytes(b"a file where the folder should be")
    with pytest.raises(ArquivoFalhou):
        await place(FileStore(tmp_path.as_uri()), b"um")


async def test_the_same_boleto_of_two_offices_is_two_files(files: FileStore) -> None:
    minha = await place_boleto(files, b"meu", BOLETO, "ANA", find_pasta("DAYLER", None), homonimo=False)
    dela = await place_boleto(files, b"dela", BOLETO, "ANA", find_pasta("DAYLER", "filial"), homonimo=False)
    assert (minha.caminho, dela.caminho) == ("DAYLER/ANA_NOVEMBRO.pdf", "escritorios/filial/DAYLER/ANA_NOVEMBRO.pdf")
    assert await files.read(minha.caminho) == b"meu"
    assert await files.read(dela.caminho) == b"dela"


def test_an_offices_folder_leads_nowhere_else() -> None:
    assert ".." not in find_pasta("../x", "filial").split("/")
    with pytest.raises(ValidationError, match="escritorio"):
        BoletoNomear.model_validate({"escritorio": "../.."})


def test_an_offices_folder_is_where_the_gateway_looks_for_it_whatever_its_code() -> None:
    """`aux` names no device here, though it may in the name of a consultor's folder."""
    assert find_pasta("aux", "aux") == f"{pasta_escritorio('aux')}/aux_"
