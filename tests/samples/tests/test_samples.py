"""The samples keep their promises: valid digits, enough outcomes, and a portal that agrees with each expectation."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from validate_docbr import CNPJ, CPF

from tests.samples.contratos import cem_contratos
from tests.samples.demonstracao import PV, demonstracao
from tests.samples.noise import Ruido
from tests.samples.people import Pessoas
from tests.samples.register import Amostra
from tests.samples.tests.oracle import find_codigo
from tests.samples.workbooks import CABECALHO_GERAL, LINHA_CABECALHO, write_planilha_geral, write_planilhas
from tests.simulator.server import Simulador
from tests.simulator.tests.visitor import Visitante

RUIDOS = [name for name in Ruido.__dataclass_fields__ if name != "semente"]


def test_documents_are_valid_by_an_independent_judge() -> None:
    pessoas = Pessoas(1)
    cpfs = [pessoas.make_cpf(zeros=n % 3) for n in range(200)]
    assert all(CPF().validate(cpf) for cpf in cpfs)
    assert len(set(cpfs)) == 200
    assert any(cpf.startswith("00") for cpf in cpfs)
    assert all(CNPJ().validate(pessoas.make_cnpj(letras=letras)) for letras in (False, True) for _ in range(50))
    assert not pessoas.make_cnpj(letras=True).isdecimal()


@pytest.mark.parametrize("make", [demonstracao, cem_contratos])
def test_the_same_seed_makes_the_same_sample(make: Any) -> None:
    assert make() == make()
    assert make(semente=5).contratos != make().contratos


def test_the_demonstration_shows_every_status_and_fourteen_codes_in_one_job() -> None:
    job = demonstracao().trabalhos[1]
    statuses = {e.status for e in job.esperados}
    assert statuses == {"sucesso", "erro", "cpf_nao_encontrado", "sem_boleto", "ja_baixado"}
    codes = {e.codigo for e in job.esperados if e.codigo}
    assert len(codes) >= 14
    assert 22 <= len(job.esperados) <= 28
    assert set(job.corpo["cpfs"]) == {e.documento for e in job.esperados}


def test_the_demonstration_never_opens_a_breaker_by_itself() -> None:
    """Two clients with lasting technical faults, two divergent ones, one changed page: three of a kind stop a job."""
    roots = Counter((e.codigo or "").split(".")[0] for e in demonstracao().trabalhos[1].esperados)
    assert roots["download"] + roots["portal"] - 1 <= 2
    codes = Counter(e.codigo for e in demonstracao().trabalhos[1].esperados if e.codigo)
    assert sum(n for code, n in codes.items() if code.startswith("documento.divergente")) == 2
    assert codes["portal.mudou.seletor"] == 1
    assert not any(code.startswith("login") for code in codes)


def test_a_hundred_contracts_over_two_pontos_de_venda_and_three_consultores() -> None:
    sample = cem_contratos()
    rows = [e for job in sample.trabalhos for e in job.esperados]
    assert len(rows) == 100
    assert [len(job.esperados) for job in sample.trabalhos] == [60, 40]
    assert {c.consultor for c in sample.contratos} == {c.nome for c in sample.consultores}
    assert len({c.ponto_venda for c in sample.contratos_de("NARA AMOSTRA")}) == 2
    files = [e.arquivo for e in rows if e.arquivo]
    assert len(files) == len(set(files)) == sum(e.status == "sucesso" for e in rows)


def test_homonyms_of_one_consultor_carry_their_cota() -> None:
    files = [e.arquivo for e in demonstracao().trabalhos[1].esperados if e.arquivo]
    assert sum(any(part.isdecimal() for part in name.split("_")) for name in files) == 2
    hundred = [e.arquivo for job in cem_contratos().trabalhos for e in job.esperados if e.arquivo]
    assert sum("MARIA_DE_TODOS_OS_SANTOS_6" in name for name in hundred) >= 6


async def list_surprises(sample: Amostra, trabalho: int) -> list[tuple[str, str | None, str | None]]:
    """Contracts of a job for which the oracle finds another outcome than the sample expects."""
    job, surprises = sample.trabalhos[trabalho], []
    ours = next(p for p in sample.pontos_venda if p.codigo == job.corpo["ponto_venda"])
    async with Simulador(sample.cenario) as portal, Visitante(portal) as v:
        portal.turn(latencia=dict.fromkeys(("login", "busca", "cobranca", "emissao", "impressao"), 0))
        await v.login(ours.usuario.zfill(10), ours.senha)
        for esperado in job.esperados:
            found = await find_codigo(v, esperado, sample.mes, sample.ano)
            wanted = None if esperado.codigo == "nome.nao_encontrado" else esperado.codigo
            if found != wanted:
                surprises.append((esperado.motivo or esperado.documento, wanted, found))
    return surprises


async def test_the_portal_leads_to_each_expected_outcome_of_the_demonstration() -> None:
    assert await list_surprises(demonstracao(), 1) == []


@pytest.mark.parametrize("trabalho", [0, 1])
async def test_the_portal_leads_to_each_expected_outcome_of_the_hundred(trabalho: int) -> None:
    assert await list_surprises(cem_contratos(), trabalho) == []


async def test_the_wrong_password_of_the_second_ponto_de_venda_is_refused() -> None:
    sample = demonstracao()
    ours = next(p for p in sample.pontos_venda if p.codigo != PV)
    async with Simulador(sample.cenario) as portal, Visitante(portal) as v:
        await v.login(ours.usuario.zfill(10), ours.senha)
        assert portal.log.count("login.recusado", ours.usuario) == 1


@pytest.mark.parametrize("ruido", [None, *RUIDOS, "tudo"])
def test_each_noise_is_in_the_file_and_the_report_says_what_to_expect(tmp_path: Path, ruido: str | None) -> None:
    noise = Ruido.all() if ruido == "tudo" else Ruido(**({ruido: True} if ruido else {}))
    sample = demonstracao()
    for sheet in write_planilhas(sample, tmp_path, noise).values():
        rows = list(load_workbook(sheet.caminho).worksheets[0].iter_rows(values_only=True))
        assert sheet.total == sheet.importados + len(sheet.ignorados) + len(sheet.erros)
        for number, contrato in sheet.linhas.items():
            assert contrato.nome_planilha in rows[number - 1]
        cells = [cell for row in rows for cell in row]
        assert any("E+" in str(c) for c in cells) is (ruido in ("cpf_float", "tudo"))
        assert ("#N/D" in cells or "#N/A" in cells) is (ruido in ("erros_nd", "tudo"))
        assert sum(c in ("CPF", "DOCUMENTO") for c in cells) > 1 or ruido not in ("cabecalho_repetido", "tudo")
        assert any(isinstance(c, str) and c.startswith("17.") for c in cells[9:]) >= (ruido == "pv_com_ponto")
        assert (len(sheet.erros), len(sheet.ignorados)) == {
            "sem_cpf": (1, 0), "cpf_invalido": (1, 0), "pv_desconhecido": (0, 1), "tudo": (2, 1),
        }.get(ruido or "", (0, 0))  # fmt: skip


def test_the_specific_layout_is_the_real_ones_to_the_space(tmp_path: Path) -> None:
    sample = demonstracao()
    path = tmp_path / "MARTA_MODELO__PLANILHA_GERAL.xlsx"
    sheet = write_planilha_geral(path, sample.contratos_de("MARTA MODELO"))
    book = load_workbook(path)
    assert book.sheetnames == [
        "PLANILHA GERAL ", "Planilha1", "CONTROLE DE VENDAS ", "COMISSÃO 4º PARCELA", "CANCELADO", "VENDAS ANUAIS",
    ]  # fmt: skip
    page = book["PLANILHA GERAL "]
    header = [cell.value for cell in page[LINHA_CABECALHO]]
    assert tuple(header[:9]) == CABECALHO_GERAL
    assert [getattr(value, "day", None) for value in header[9:22:2]] == [1] * 7
    assert header[10] == "data pgtº"
    assert page.auto_filter.ref == f"A13:V{13 + sheet.total}"
    assert page.column_dimensions["K"].hidden
    assert page.max_column >= 300
    assert isinstance(page["G14"].value, int)
