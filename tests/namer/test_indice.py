"""Whose name a boleto gets, and who counts as a homonym."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.namer.indice import Indice, Indices, Titular
from services.namer.reader import Leitor, LeituraFalhou
from services.namer.workbook import read_planilha
from shared.contrato import Cota
from shared.events import LinhasPlanilha
from shared.files import FileStore
from tests.namer.planilhas import make_cpf, make_generica

ANA, RUI, EVA = make_cpf(1), make_cpf(2), make_cpf(3)
COTA = Cota(6650, 7)


def make_indice(*linhas: tuple[object, ...]) -> Indice:
    return Indice(read_planilha(make_generica(["CPF", "G/C", "NOME", "SITUAÇÃO", "P.V"], linhas), ("IMOVEL",)))


def test_a_name_comes_by_cpf_and_cota() -> None:
    indice = make_indice((ANA, "6650 7", "ANA LIMA 70%"), (ANA, "6650 8", "ANA LIMA SOUZA"), (RUI, "6650 9", "RUI"))
    assert indice.find_titular(ANA, COTA) == Titular("ANA LIMA", homonimo=False)
    assert indice.find_titular(ANA, Cota(6650, 8)) == Titular("ANA LIMA SOUZA", homonimo=False)
    assert indice.find_titular(EVA, COTA) is None


def test_a_row_without_a_cota_names_the_client_by_cpf() -> None:
    indice = make_indice((ANA, "", "ANA LIMA"), (RUI, "6650 7", "RUI"))
    assert indice.find_titular(ANA, COTA) == Titular("ANA LIMA", homonimo=False)


def test_a_row_without_a_cota_speaks_before_the_clients_other_cotas() -> None:
    indice = make_indice((ANA, "6650 8", "ANA SOUZA"), (ANA, None, "ANA LIMA"))
    assert indice.find_titular(ANA, COTA) == Titular("ANA LIMA", homonimo=False)


def test_a_cota_that_the_sheet_lacks_takes_the_clients_one_name() -> None:
    indice = make_indice((ANA, "6650 8", "ANA LIMA"), (RUI, "6650 9", "RUI SÁ"), (RUI, "6650 10", "RUI COSTA"))
    assert indice.find_titular(ANA, COTA) == Titular("ANA LIMA", homonimo=True)
    assert indice.find_titular(RUI, COTA) is None


def test_homonyms_are_the_active_contracts_of_the_sheet_with_one_clean_name() -> None:
    indice = make_indice(
        (ANA, "6650 7", "José  Sá - 70%", "Em dia", 17308),
        (RUI, "6650 8", "JOSÉ SÁ IMOVEL", "INADIMPLENTE", 21400),
        (EVA, "6650 9", "JOSE SA", "Em dia", 17308),
    )
    assert indice.find_titular(ANA, COTA) == Titular("José Sá", homonimo=True)
    assert indice.find_titular(RUI, Cota(6650, 8)) == Titular("JOSÉ SÁ", homonimo=True)
    assert indice.find_titular(EVA, Cota(6650, 9)) == Titular("JOSE SA", homonimo=False)


def test_two_cotas_of_one_client_are_homonyms() -> None:
    indice = make_indice((ANA, "6650 7", "ANA"), (ANA, "6650 8", "ANA"))
    assert indice.find_titular(ANA, COTA) == Titular("ANA", homonimo=True)


def test_a_cancelled_contract_makes_no_homonym_but_still_has_its_name() -> None:
    indice = make_indice((ANA, "6650 7", "ANA", "Em dia"), (RUI, "6650 8", "ANA", "CANCELADO"))
    assert indice.find_titular(ANA, COTA) == Titular("ANA", homonimo=False)
    # Its own boleto must not take the active one's place.
    assert indice.find_titular(RUI, Cota(6650, 8)) == Titular("ANA", homonimo=True)


class CountingLeitor(Leitor):
    """Counts, and fails the first `falhas` times."""

    def __init__(self, falhas: int = 0) -> None:
        super().__init__(())
        self.leituras = 0
        self._falhas = falhas

    async def read(self, dados: bytes) -> LinhasPlanilha:
        self.leituras += 1
        await asyncio.sleep(0)
        if self.leituras <= self._falhas:
            raise LeituraFalhou("caiu")
        return read_planilha(dados, ())


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path.as_uri())


async def test_five_hundred_boletos_open_the_workbook_once(files: FileStore) -> None:
    leitor = CountingLeitor()
    indices = Indices(files, leitor)
    planilha = await files.put_interno("planilhas", make_generica(["CPF", "NOME"], [[ANA, "ANA"]]))
    achados = await asyncio.gather(*(indices.get(planilha) for _ in range(500)))
    assert leitor.leituras == 1
    assert achados[-1].find_titular(ANA, COTA) == Titular("ANA", homonimo=False)


async def test_only_the_last_workbooks_are_kept(files: FileStore) -> None:
    leitor = CountingLeitor()
    indices = Indices(files, leitor, limite=2)
    planilhas = [
        await files.put_interno("planilhas", make_generica(["CPF", "NOME"], [[ANA, nome]])) for nome in ("A", "B", "C")
    ]
    for numero in (0, 1, 0, 2, 0):
        await indices.get(planilhas[numero])
    assert leitor.leituras == 3
    await indices.get(planilhas[1])
    assert leitor.leituras == 4


async def test_a_reading_that_failed_is_tried_again(files: FileStore) -> None:
    leitor = CountingLeitor(falhas=1)
    indices = Indices(files, leitor)
    planilha = await files.put_interno("planilhas", make_generica(["CPF", "NOME"], [[ANA, "ANA"]]))
    with pytest.raises(LeituraFalhou):
        await indices.get(planilha)
    assert (await indices.get(planilha)).find_titular(ANA, COTA)
