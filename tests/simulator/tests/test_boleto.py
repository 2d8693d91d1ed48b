"""The slips by themselves: codes by the published rules, steady from a seed, quick to draw."""

from datetime import date
from decimal import Decimal
from random import Random

import pytest

from tests.simulator import codes
from tests.simulator.boleto import Boleto, make_boleto
from tests.simulator.documents import blank_pdf
from tests.simulator.drawing import draw_boleto


def make_slip(cota: str = "3344", semente: int = 1, arrecadacao: bool = False) -> Boleto:
    return make_boleto(
        nome="ANA PAULA", documento="529.982.247-25", grupo="6660", cota=cota, versao="00", numero=12,
        vencimento=date(2026, 12, 10), valor=Decimal("1234.56"), emissao=date(2026, 11, 24), semente=semente,
        arrecadacao=arrecadacao,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dia", "esperado"),
    [
        (date(2000, 7, 3), 1000), (date(2025, 2, 21), 9999), (date(2025, 2, 22), 1000), (date(2025, 2, 23), 1001),
        (date(2026, 11, 23), 1639), (date(2049, 10, 13), 9999),
    ],
)  # fmt: skip
def test_the_fator_rolls_over_in_2025(dia: date, esperado: int) -> None:
    assert codes.fator(dia) == esperado


def test_a_published_example_comes_out_digit_by_digit() -> None:
    """Banco do Brasil's own example of a line and its barcode."""
    barras = codes.codigo_barras("001", date(2007, 12, 31), Decimal("1.00"), "0500940144816060680935031")
    assert barras == "00193373700000001000500940144816060680935031"
    assert codes.linha_digitavel(barras) == "00190500954014481606906809350314337370000000100"


def test_check_digits_close_for_any_slip() -> None:
    random = Random(5)
    for _ in range(300):
        slip = make_slip(str(random.randrange(1, 9999)), random.randrange(10**6))
        assert len(slip.barras) == 44
        assert len(slip.linha) == 47
        assert codes.mod11_cobranca(slip.barras[:4] + slip.barras[5:]) == int(slip.barras[4])
        assert all(codes.mod10(slip.linha[a:b]) == int(slip.linha[b]) for a, b in ((0, 9), (10, 20), (21, 31)))
        assert slip.linha[37:] == "0000123456"
        assert slip.break_digit().linha != slip.linha


def test_an_arrecadacao_has_48_digits_and_four_check_digits() -> None:
    slip = make_slip(arrecadacao=True)
    assert len(slip.linha) == 48
    assert slip.linha[0] == "8"
    assert all(codes.mod10(slip.linha[i : i + 11]) == int(slip.linha[i + 11]) for i in range(0, 48, 12))
    assert codes.mod10(slip.barras[:3] + slip.barras[4:]) == int(slip.barras[3])
    assert slip.change(valor=Decimal("9.99")).barras[4:15] == "00000000999"


def test_the_same_seed_gives_the_same_bytes() -> None:
    first = draw_boleto(make_slip())
    draw_boleto.cache_clear()
    assert draw_boleto(make_slip()) == first
    assert make_slip(semente=2).linha != make_slip(semente=1).linha


def test_the_blank_page_has_exactly_678_bytes() -> None:
    assert len(blank_pdf()) == 678
    assert blank_pdf().startswith(b"%PDF")
