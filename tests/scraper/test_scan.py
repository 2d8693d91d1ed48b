"""Lines that are only bars and slips that are only pictures: read where all of it is proven, refused otherwise."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.scraper.portal.errors import DocumentoRecusado
from services.scraper.scan import Leitura, scan_pdf
from services.scraper.verification import Conferido, Procurado, verify
from shared.contrato import Cota, fold
from tests.scraper.scans import scan
from tests.scraper.slips import Slip, take
from tests.simulator.codes import punctuate_linha

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


@pytest.mark.parametrize("slip", [COBRANCA, ARRECADACAO], ids=["cobranca", "arrecadacao"])
async def test_a_scanned_slip_is_read_and_says_so(slip: Slip) -> None:
    conferido = await verify(scan(slip.draw(), 200, 1.5), slip.procurado)
    assert not find_wrong(slip, conferido)
    assert set(conferido.origens.values()) == {"codigo_barras", "ocr"}
    assert {conferido.origens[campo] for campo in ("cpf", "grupo", "cota")} == {"ocr"}


async def test_a_scan_that_does_not_prove_all_of_it_keeps_its_name() -> None:
    """In one reading: whose slip it is, which cota, when it falls due, what it is worth."""
    limpo = scan(COBRANCA.draw(), 200)
    procurado, cota = COBRANCA.procurado, COBRANCA.procurado.cota
    leitura = scan_pdf(limpo, ocr=True)
    assert leitura.codigos == (COBRANCA.boleto.barras,)
    with pytest.MonkeyPatch.context() as patch:
        see(patch, leitura)
        assert not find_wrong(COBRANCA, await verify(limpo, procurado))
        for errado in (
            replace(procurado, cpf=ARRECADACAO.procurado.cpf), replace(procurado, cota=Cota(cota.grupo, cota.cota + 1)),
            replace(procurado, vencimento=procurado.vencimento + timedelta(days=31)),
            replace(procurado, valor=procurado.valor + Decimal("0.01")),
        ):  # fmt: skip
            assert await refusal(limpo, errado) == "documento.ilegivel"
        # A smudge over the bars or over a digit of the line leaves the other; over both, or where they differ, nothing.
        escrita = punctuate_linha(COBRANCA.boleto.linha)
        borrada = leitura.texto.replace(escrita[:5], f"{escrita[:4]}{(int(escrita[4]) + 1) % 10}")
        assert borrada != leitura.texto
        for visto in (replace(leitura, codigos=()), replace(leitura, texto=borrada)):
            see(patch, visto)
            assert not find_wrong(COBRANCA, await verify(limpo, procurado))
        for visto in (Leitura((), borrada), replace(leitura, codigos=(ARRECADACAO.boleto.barras,)), Leitura()):
            see(patch, visto)
            assert await refusal(limpo, procurado) == "documento.ilegivel"


def see(patch: pytest.MonkeyPatch, leitura: Leitura) -> None:
    patch.setattr("services.scraper.verification.scan_pdf", lambda pdf, *, ocr: leitura)


def test_nothing_that_reads_pictures_is_imported_where_the_portal_is_worked() -> None:
    """Idle, a scraper is as small as before: all of that lives in the child."""
    pergunta = "import services.scraper.worker, sys; print(*sys.modules)"
    feito = subprocess.run([sys.executable, "-c", pergunta], capture_output=True, text=True, timeout=60, check=True)
    assert not {"cv2", "numpy", "onnxruntime", "rapidocr", "zxingcpp"} & set(feito.stdout.split())


def test_reading_a_scan_takes_one_core_and_leaves_the_others() -> None:
    """Threads that spin for each other's turn once made five seconds two minutes, beside sessions on the same cores."""
    pergunta = (
        "import sys, time; from services.scraper.scan import scan_pdf;"
        "lida = scan_pdf(sys.stdin.buffer.read(), ocr=True);"
        "print(bool(lida.texto), time.thread_time() / time.process_time())"
    )
    feito = subprocess.run(
        [sys.executable, "-c", pergunta], input=scan(COBRANCA.draw(), 150), capture_output=True, timeout=300, check=True
    )
    lida, parte = feito.stdout.split()
    assert lida == b"True" and float(parte) > 0.9


GRAUS = (0.0, -1.0, 2.0, -3.0)
GRADE = [(dpi, graus, ruido) for dpi in (150, 200, 300) for graus in GRAUS for ruido in (0.0, 1.0, 2.0)]
VEZES = 6


@pytest.mark.completo
@pytest.mark.timeout(3_600)
async def test_of_scanned_slips_many_are_read_and_none_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    lidos: Counter[tuple[int, float]] = Counter()
    errados: list[tuple[int, str]] = []
    for numero, slip in enumerate(take(len(GRADE) * VEZES, semente=7)):
        dpi, graus, ruido = GRADE[numero % len(GRADE)]
        pdf = await asyncio.to_thread(scan, slip.draw(), dpi, graus, ruido=ruido, semente=numero)
        with suppress(DocumentoRecusado):
            conferido = await verify(pdf, slip.procurado)
            lidos[dpi, ruido] += 1
            errados += [(numero, campo) for campo in find_wrong(slip, conferido)]
    with capsys.disabled():
        for dpi, ruido in sorted({(dpi, ruido) for dpi, _, ruido in GRADE}):
            sys.stdout.write(f"\n{dpi} dpi, noise x{ruido:g}: {lidos[dpi, ruido]} of {len(GRAUS) * VEZES} read")
    assert not errados
