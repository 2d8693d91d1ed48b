"""The lines from a seed, the library's answers from Node.js, and both in a file that the tests read."""

from __future__ import annotations

import lzma
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

from tests.simulator.codes import linha_digitavel, mod10, mod11_arrecadacao, mod11_cobranca, punctuate_linha

PASTA = Path(__file__).parent
ARQUIVO = PASTA / "vetores.txt.xz"
QUANTAS = 20_000
_BANCOS = ("001", "033", "041", "077", "104", "208", "237", "260", "336", "341", "422", "748", "756")
# Around both turns of the fator de vencimento too.
_REFERENCIAS = (
    "2018-09-06", "2024-11-30", "2025-02-20", "2025-02-21", "2025-02-22", "2025-02-23", "2025-06-15", "2026-11-23",
    "2026-12-31", "2031-03-01", "2041-12-14", "2049-10-13", "2049-10-14", "2050-01-01",
)  # fmt: skip
# A few accounts, their slips numbered on: as an office's are, and small when packed.
_CONTAS = 40


@dataclass(frozen=True)
class Vetor:
    """valor: reais, None for a quantity. vencimento: as the library chose between the cycles."""

    linha: str
    referencia: date
    valida: bool
    banco: str = ""
    valor: Decimal | None = None
    vencimento: date | None = None
    segmento: str = ""


def make_entradas(semente: int = 2926) -> list[str]:
    """`line day`, three valid ones to two that the last of them was broken into; the same seed gives the same."""
    acaso = Random(semente)
    contas = [f"{acaso.randrange(10**15):015d}" for _ in range(_CONTAS)]
    entradas: list[str] = []
    valida = ""
    for numero in range(QUANTAS):
        if numero % 5 >= 3:
            linha = _break(acaso, valida)
        else:
            livre = acaso.choice(contas) + f"{1_000_000 + numero:010d}"
            barras = _make_arrecadacao(acaso, livre) if acaso.random() < 0.4 else _make_cobranca(acaso, livre)
            linha = valida = linha_digitavel(barras)
        escrita = punctuate_linha(linha).replace(" ", "-") if numero % 50 == 0 else linha
        entradas.append(f"{escrita} {acaso.choice(_REFERENCIAS)}")
    return entradas


def _make_cobranca(acaso: Random, livre: str) -> str:
    fator = acaso.choice((0, 999, 1000, 1001, 9998, 9999, *(acaso.randrange(1000, 10_000) for _ in range(24))))
    centavos = acaso.choice((0, 1, 10**10 - 1, *(acaso.randrange(100, 300_000) for _ in range(20))))
    cabeca, cauda = f"{acaso.choice(_BANCOS)}9", f"{fator:04d}{centavos:010d}{livre}"
    return f"{cabeca}{mod11_cobranca(cabeca + cauda)}{cauda}"


def _make_arrecadacao(acaso: Random, livre: str) -> str:
    identificacao = acaso.choice("6789")
    cabeca, cauda = f"8{acaso.choice('12345679')}{identificacao}", f"{acaso.randrange(300_000):011d}{livre}0001"
    digito = (mod10 if identificacao in "67" else mod11_arrecadacao)(cabeca + cauda)
    return f"{cabeca}{digito}{cauda}"


def _break(acaso: Random, linha: str) -> str:
    """As lines do break: a digit mistyped, two swapped, one lost or doubled, two blocks exchanged, another kind."""
    onde = acaso.randrange(len(linha) - 1)
    match acaso.randrange(6):
        case 0 | 1:
            return linha[:onde] + str((int(linha[onde]) + acaso.randrange(1, 10)) % 10) + linha[onde + 1 :]
        case 2:
            return linha[:onde] + linha[onde + 1] + linha[onde] + linha[onde + 2 :]
        case 3:
            return linha[:onde] + linha[onde + 1 :]
        case 4:
            return linha[:onde] + linha[onde] + linha[onde:]
        case _ if linha[0] == "8":
            return linha[0] + acaso.choice("08") + linha[2:]
        case _:
            return linha[10:21] + linha[:10] + linha[21:]


def ask_oraculo(entradas: list[str]) -> list[str]:
    """Of each row what the library says. Needs Node.js, and its package installed."""
    feito = subprocess.run(
        ["node", PASTA / "responder.mjs"],
        input="\n".join(entradas),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return feito.stdout.splitlines()


def make_textos() -> list[str]:
    """What the file holds, asked anew."""
    entradas = make_entradas()
    return [f"{e} {r}".rstrip() for e, r in zip(entradas, ask_oraculo(entradas), strict=True)]


def read_textos() -> list[str]:
    return lzma.decompress(ARQUIVO.read_bytes()).decode().splitlines()


def read_vetores() -> Iterator[Vetor]:
    for texto in read_textos():
        linha, referencia, *resposta = texto.split(" ")
        dia = date.fromisoformat(referencia)
        if not resposta:
            yield Vetor(linha, dia, False)
            continue
        _, banco, centavos, vencimento, segmento = resposta[0].split(",")
        yield Vetor(
            linha,
            dia,
            True,
            banco,
            Decimal(centavos).scaleb(-2) if centavos else None,
            date.fromisoformat(vencimento) if vencimento else None,
            segmento,
        )


if __name__ == "__main__":
    ARQUIVO.write_bytes(lzma.compress("\n".join(make_textos()).encode(), preset=9 | lzma.PRESET_EXTREME))
