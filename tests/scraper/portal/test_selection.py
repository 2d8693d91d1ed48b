"""Which cota and which instalment: the decisions that the former system took by position."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.scraper.portal.errors import Falha, JaBaixado
from services.scraper.portal.grids import LinhaCliente, Parcela
from services.scraper.portal.pages import Controle
from services.scraper.portal.profile import load_perfil
from services.scraper.portal.selection import Pedido, choose_cota, choose_parcela
from shared.contrato import Cota, MesReferencia

PERFIL = load_perfil("canopus")
MINHA, OUTRA = Cota(6650, 2278), Cota(6650, 999)
MARCA = Controle("input", "imgEmite_Boleto", "", "image", "", "", "ckUnchecked.gif", 0, False)


def row(cota: Cota | None = MINHA, situacao: str = "NOR", versao: int = 0) -> LinhaCliente:
    return LinhaCliente(cota, versao, "", "ANA", situacao, None)


def test_the_wanted_cota_is_taken_wherever_it_stands() -> None:
    linhas = [row(None), row(OUTRA), row(MINHA, "CAN"), row(MINHA, "NOR", 1)]
    assert choose_cota(linhas, MINHA, PERFIL) is linhas[3]


@pytest.mark.parametrize(
    "situacao", ["CAN", "CANCELADO", "CA2", "EXCLUÍDO", "QUI", "Quitado", "LIQ", "TRA", "SUS", "02 - CANCELADA"]
)
def test_a_bad_situation_is_inactive(situacao: str) -> None:
    with pytest.raises(Falha, match="cota_inativa"):
        choose_cota([row(None), row(MINHA, situacao)], MINHA, PERFIL)


def test_the_only_active_cota_needs_no_name() -> None:
    assert choose_cota([row(None), row(OUTRA, "TRA"), row(MINHA)], None, PERFIL).cota == MINHA


@pytest.mark.parametrize(
    ("linhas", "pedida", "codigo"),
    [
        ([], MINHA, "cliente.nao_encontrado"),
        ([row(None)], MINHA, "cliente.nao_encontrado"),
        ([row(OUTRA)], MINHA, "cliente.cota_nao_encontrada"),
        ([row(OUTRA), row(MINHA)], None, "cliente.ambiguo"),
        ([row(OUTRA, "CAN")], None, "cliente.cota_inativa"),
    ],
)
def test_a_choice_that_cannot_be_made_says_why(linhas: list[LinhaCliente], pedida: Cota | None, codigo: str) -> None:
    with pytest.raises(Falha) as erro:
        choose_cota(linhas, pedida, PERFIL)
    assert erro.value.codigo == codigo


def test_an_ambiguous_client_has_the_cotas_listed() -> None:
    with pytest.raises(Falha) as erro:
        choose_cota([row(OUTRA), row(MINHA, "CON")], None, PERFIL)
    assert "6650/999" in erro.value.mensagem and "6650/2278 (CON)" in erro.value.mensagem


def due(
    dia: str, receber: str = "100.00", historico: str = "RECBTO. PARCELA", cota: Cota = MINHA, **campos: Any
) -> Parcela:
    fields: dict[str, Any] = {"marca": MARCA, "marcada": False, "numero": "012", "indice": 0} | campos
    return Parcela(
        cota=cota, historico=historico, vencimento=date.fromisoformat(dia), receber=Decimal(receber), **fields
    )


def ask(mes: int | None = None, ano: int | None = None, hoje: str = "2026-11-24", *known: str) -> Pedido:
    ja = frozenset((MINHA, MesReferencia.of(date.fromisoformat(k))) for k in known)
    return Pedido("52998224725", MINHA, mes, ano, date.fromisoformat(hoje), ja_baixados=ja)


def test_the_asked_month_is_taken_among_fees_leftovers_and_other_cotas() -> None:
    certa = due("2026-12-10", "1234.56")
    parcelas = [
        due("2026-11-10", "0.00"),
        due("2026-10-10", "1200.00"),
        due("2026-12-10", "85.40", "RECBTO. TAXA TRANSF"),
        due("2026-12-10", "9000.00", "DIFERENCA DE PARCELA"),
        due("2026-12-10", "9000.00", "MULTA/JUROS PARCELA"),
        due("2026-12-10", "9000.00", "RESIDUAL PARCELA"),
        due("2026-12-10", "0.37"),
        due("2026-12-10", "4321.00", cota=OUTRA),
        certa,
        due("2027-01-10", "1234.56"),
        due("2025-12-10", "1234.56"),
    ]
    assert choose_parcela(parcelas, MINHA, ask(12, 2026), PERFIL) is certa


@pytest.mark.parametrize(
    ("dias", "pedido", "certo"),
    [
        (["2026-10-10", "2026-11-25", "2026-12-25"], ask(), "2026-11-25"),
        (["2026-10-10", "2026-11-24"], ask(), "2026-11-24"),
        (["2026-09-10", "2026-10-10"], ask(), "2026-10-10"),
        (["2026-12-10", "2027-01-10"], ask(hoje="2026-12-15"), "2027-01-10"),
        (["2025-12-10", "2026-12-10"], ask(None, 2025), "2025-12-10"),
        (["2026-12-10", "2027-01-10", "2027-02-10"], ask(None, 2027), "2027-01-10"),
        (["2026-12-10", "2027-01-10"], ask(1), "2027-01-10"),
    ],
)
def test_without_a_month_the_next_one_due_else_the_latest_overdue(dias: list[str], pedido: Pedido, certo: str) -> None:
    assert choose_parcela([due(dia) for dia in dias], MINHA, pedido, PERFIL).vencimento == date.fromisoformat(certo)


def test_without_a_month_a_row_with_nothing_to_charge_is_passed_over() -> None:
    parcelas = [due("2026-11-25", "0.00"), due("2026-12-10")]
    assert choose_parcela(parcelas, MINHA, ask(), PERFIL) is parcelas[1]


@pytest.mark.parametrize(
    ("parcelas", "codigo"),
    [
        ([], "boleto.inexistente"),
        ([due("2026-12-10", historico="RECBTO. TAXA TRANSF")], "boleto.inexistente"),
        ([due("2026-12-10", cota=OUTRA)], "boleto.inexistente"),
        ([due("2026-11-10"), due("2025-12-10")], "boleto.inexistente.outro_mes"),
        ([due("2026-12-10", "0.00")], "boleto.inexistente.sem_valor"),
        ([due("2026-12-10", marca=None)], "boleto.inexistente.ja_pago"),
        ([due("2026-12-10", "-5.00")], "boleto.inexistente.sem_valor"),
        ([due("2026-12-10", "700.00", marca=None), due("2026-12-10", "0.37")], "boleto.inexistente.ja_pago"),
    ],
)
def test_no_boleto_has_its_reason(parcelas: list[Parcela], codigo: str) -> None:
    with pytest.raises(Falha) as erro:
        choose_parcela(parcelas, MINHA, ask(12, 2026), PERFIL)
    assert erro.value.codigo == codigo


@pytest.mark.parametrize(
    "pedido", [ask(12, 2026, "2026-11-24", "2026-12-01"), ask(None, None, "2026-11-24", "2026-12-01")]
)
@pytest.mark.parametrize("marca", [MARCA, None])
def test_a_filed_month_is_not_issued_again(pedido: Pedido, marca: Controle | None) -> None:
    """Also where the portal offers no second emission of what was issued already."""
    with pytest.raises(JaBaixado) as ja:
        choose_parcela([due("2026-12-10", marca=marca), due("2027-01-10")], MINHA, pedido, PERFIL)
    assert (ja.value.grupo, ja.value.cota, ja.value.ano, ja.value.mes) == (6650, 2278, 2026, 12)
