"""Lines that are only bars: read where all else is proven, refused otherwise."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from services.scraper.portal.errors import DocumentoRecusado
from services.scraper.verification import Conferido, Procurado, verify
from shared.contrato import fold
from tests.scraper.slips import Slip, take

SLIPS = take(60)
COBRANCA = next(
    s for s in SLIPS if s.modelo == "ficha" and not s.boleto.arrecadacao and s.com_valor and s.com_vencimento
)
ARRECADACAO = next(s for s in SLIPS if s.modelo == "colunas" and s.boleto.arrecadacao and s.com_valor)


async def refusal(pdf: bytes, procurado: Procurado) -> str:
    with pytest.raises(DocumentoRecusado) as erro:
        await verify(pdf, procurado)
    assert erro.value.pdf == pdf
    return erro.value.codigo


def find_wrong(slip: Slip, conferido: Conferido) -> list[str]:
    """Fields that say something else than what was drawn; what is not said is not wrong."""
    linha, boleto = conferido.linha, slip.boleto
    pares: dict[str, tuple[object, object]] = {
        "linha": (linha.linha, boleto.linha), "barras": (linha.codigo_barras, boleto.barras),
        "banco": (linha.banco or boleto.banco, boleto.banco), "valor": (linha.valor or boleto.valor, boleto.valor),
        "vencimento": (linha.vencimento or boleto.vencimento, boleto.vencimento),
        "nosso_numero": (conferido.nosso_numero or boleto.nosso_numero, boleto.nosso_numero),
        "pagador": (fold(conferido.pagador or boleto.nome), fold(boleto.nome)),
    }  # fmt: skip
    return [campo for campo, (lido, certo) in pares.items() if lido != certo]


async def test_a_line_that_is_not_printed_is_read_from_its_bars() -> None:
    for slip in (COBRANCA, ARRECADACAO):
        conferido = await verify(slip.draw(linha=False), slip.procurado)
        assert not find_wrong(slip, conferido)
        assert {c for c, origem in conferido.origens.items() if origem == "codigo_barras"} == {
            "linha_digitavel", "codigo_barras"
        } | ({"banco"} if slip is COBRANCA else set())  # fmt: skip
    outra = replace(COBRANCA.procurado, valor=COBRANCA.boleto.valor + 1)
    assert await refusal(COBRANCA.draw(linha=False), outra) == "documento.divergente.valor"
    assert await refusal(COBRANCA.draw(linha=False, barras=False), COBRANCA.procurado) == "documento.divergente.digito"


async def test_bars_do_not_make_up_for_a_printed_line_that_is_wrong() -> None:
    errado = replace(COBRANCA, boleto=COBRANCA.boleto.break_digit())
    assert await refusal(errado.draw(), errado.procurado) == "documento.divergente.digito"


def test_nothing_that_reads_pictures_is_imported_where_the_portal_is_worked() -> None:
    """Idle, a scraper is as small as before: that is imported where it is used."""
    pergunta = "import services.scraper.worker, sys; print(*sys.modules)"
    feito = subprocess.run([sys.executable, "-c", pergunta], capture_output=True, text=True, timeout=60, check=True)
    assert not {"numpy", "zxingcpp"} & set(feito.stdout.split())
