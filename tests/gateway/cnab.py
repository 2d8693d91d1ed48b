"""Return files as a bank writes them: CNAB 240, cobrança, with invented payers; put together by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

BANCO = "341"


@dataclass(frozen=True)
class Pago:
    """A slip of the file. valores in centavos."""

    nosso_numero: str = "10900001234"
    vencimento: date | None = date(2026, 11, 10)
    valor: int = 10_000
    valor_pago: int = 10_000
    data: date | None = date(2026, 11, 9)
    movimento: str = "06"
    numero_documento: str = ""
    documento: str = ""


def put(*campos: tuple[int, str]) -> str:
    """A record with these texts from these positions on."""
    linha = [" "] * 240
    for posicao, texto in campos:
        linha[posicao - 1 : posicao - 1 + len(texto)] = texto
    assert len(linha) == 240
    return "".join(linha)


def day(dia: date | None) -> str:
    return dia.strftime("%d%m%Y") if dia else "0" * 8


def write_titulo(pago: Pago, n: int, lote: int = 1) -> list[str]:
    inicio = f"{BANCO}{lote:04d}3"
    tipo = {0: "0", 11: "1", 14: "2"}[len(pago.documento)]
    return [
        put(
            (1, inicio), (9, f"{2 * n - 1:05d}T"), (16, pago.movimento), (38, f"{pago.nosso_numero:20}"), (58, "1"),
            (59, f"{pago.numero_documento:15}"), (74, day(pago.vencimento)), (82, f"{pago.valor:015d}"),
            (133, tipo), (134, pago.documento.rjust(15, "0")), (149, "PAGADOR INVENTADO"),
        ),
        put(
            (1, inicio), (9, f"{2 * n:05d}U"), (16, pago.movimento), (18, "0" * 60), (78, f"{pago.valor_pago:015d}"),
            (93, f"{pago.valor_pago:015d}"), (138, day(pago.data)), (146, day(pago.data)),
        ),
    ]  # fmt: skip


def write_lote(registros: Sequence[str], lote: int = 1, servico: str = "01") -> list[str]:
    cabeca = put((1, f"{BANCO}{lote:04d}1T{servico}"), (14, "060"))
    fim = put((1, f"{BANCO}{lote:04d}5"), (18, f"{len(registros) + 2:06d}"))
    return [cabeca, *registros, fim]


def write_arquivo(*lotes: Sequence[str], remessa: bool = False) -> list[str]:
    corpo = [registro for lote in lotes for registro in lote]
    cabeca = put(
        (1, f"{BANCO}00000"), (73, "ADMINISTRADORA MODELO"), (103, "BANCO DE MENTIRA"), (143, "1" if remessa else "2"),
        (144, "10112026"), (158, "000017"), (164, "103"),
    )  # fmt: skip
    fim = put((1, f"{BANCO}99999"), (18, f"{len(lotes):06d}"), (24, f"{len(corpo) + 2:06d}"))
    return [cabeca, *corpo, fim]


def encode(linhas: Sequence[str], fim: str = "\r\n") -> bytes:
    return (fim.join(linhas) + fim).encode("latin-1")


def make_retorno(*pagos: Pago) -> bytes:
    return encode(write_arquivo(write_lote([r for n, pago in enumerate(pagos, 1) for r in write_titulo(pago, n)])))
