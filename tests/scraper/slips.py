"""Slips of both families by the thousand, from a seed: what each says, how it is drawn, what the portal said of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from services.scraper.verification import Procurado
from shared.contrato import Cota, format_documento
from tests.samples.people import Pessoas
from tests.simulator import codes
from tests.simulator.boleto import BENEFICIARIO, BENEFICIARIO_CNPJ, Boleto
from tests.simulator.codes import format_valor, punctuate_linha
from tests.simulator.drawing import LAYOUTS, Folha

# The day from which the fator de vencimento counts anew; many slips lie around it.
VIRADA = date(2025, 2, 22)
_BANCOS = ("001", "033", "104", "237", "341", "748", "756")


@dataclass(frozen=True)
class Slip:
    """com_vencimento, com_valor: whether the code holds a due date, and an amount."""

    boleto: Boleto
    modelo: str
    procurado: Procurado
    com_vencimento: bool = True
    com_valor: bool = True

    def draw(self, *, linha: bool = True, barras: bool = True) -> bytes:
        folha = Folha()
        escrita = punctuate_linha(self.boleto.linha) if linha else ""
        (LAYOUTS | _OUTROS)[self.modelo](folha, self.boleto, escrita)
        if barras:
            folha.barcode(285 if self.modelo in _OUTROS else 140, self.boleto.barras)
        return folha.finish(0)


def make_slips(semente: int = 1) -> Iterator[Slip]:
    """The same seed gives the same; every layout, family, kind of payer and bank comes again and again."""
    pessoas, acaso = Pessoas(semente), Random(semente)
    modelos = tuple(LAYOUTS | _OUTROS)
    for numero in count():
        yield _make_slip(pessoas, acaso, modelos[numero % len(modelos)], arrecadacao=numero // len(modelos) % 3 == 2)


def _make_slip(pessoas: Pessoas, acaso: Random, modelo: str, *, arrecadacao: bool) -> Slip:
    hoje, vencimento = _choose_dias(acaso)
    valor = Decimal(acaso.choice((acaso.randrange(5_000, 1_000_000), acaso.randrange(1, 25_000_000)))) / 100
    cpf, nome = _choose_pessoa(pessoas, acaso)
    nosso, livre = _make_nosso(acaso, banco := acaso.choice(_BANCOS))
    com_vencimento, com_valor = not arrecadacao and acaso.random() > 0.05, acaso.random() > 0.05
    if arrecadacao:
        inicio = f"8{acaso.choice('12345679')}{acaso.choice('68' if com_valor else '79')}"
        barras = codes.codigo_arrecadacao(valor, "11444777", livre[:21], inicio)
    else:
        escrito = valor if com_valor else Decimal(0)
        barras = codes.codigo_barras(banco, vencimento if com_vencimento else None, escrito, livre)
    boleto = Boleto(
        nome=nome, documento=format_documento(cpf), grupo=f"{acaso.randrange(1, 999_999)}",
        cota=f"{acaso.randrange(1, 9_999)}", versao=f"{acaso.randrange(4)}", numero=acaso.randrange(1, 200),
        vencimento=vencimento, valor=valor, emissao=hoje - timedelta(days=acaso.randrange(1, 20)),
        nosso_numero=nosso, linha=codes.linha_digitavel(barras), barras=barras, contrato=f"{acaso.randrange(10**6)}",
        arrecadacao=arrecadacao,
    )  # fmt: skip
    cota = Cota(int(boleto.grupo), int(boleto.cota))
    procurado = Procurado(cpf, cota, vencimento, valor, hoje, nome=_write_no_portal(acaso, nome))
    return Slip(boleto, modelo, procurado, com_vencimento, com_valor)


def _choose_dias(acaso: Random) -> tuple[date, date]:
    """(the day of the download, the due date)"""
    if acaso.random() < 0.3:
        vencimento = VIRADA + timedelta(days=acaso.randrange(-3, 4))
        return vencimento - timedelta(days=acaso.randrange(-40, 60)), vencimento
    hoje = date(2018, 1, 1) + timedelta(days=acaso.randrange(11_000))
    return hoje, hoje + timedelta(days=acaso.randrange(-60, 120))


def _choose_pessoa(pessoas: Pessoas, acaso: Random) -> tuple[str, str]:
    tipo = acaso.random()
    if tipo < 0.7:
        return pessoas.make_cpf(), pessoas.make_nome()
    return pessoas.make_cnpj(letras=tipo > 0.85), pessoas.make_empresa()


def _write_no_portal(acaso: Random, nome: str) -> str:
    """As the portal has the name: without accents, cut short, or as it is."""
    cru = unicodedata.normalize("NFKD", nome).encode("ascii", "ignore").decode()
    return acaso.choice((nome, cru, cru, nome[:12]))


def _make_nosso(acaso: Random, banco: str) -> tuple[str, str]:
    """(nosso número as this bank writes it, a campo livre that holds it as banks do)"""
    conta, corpo = f"{acaso.randrange(10**17):017d}", f"{acaso.randrange(1, 10**11):011d}"
    match banco:
        case "237":
            nosso = f"09/{corpo}-{acaso.choice('0123456789P')}"
        case "341":
            corpo = corpo[3:]
            nosso = f"109/{corpo}-{codes.mod10('109' + corpo)}"
        case "104":
            corpo = f"14{corpo:>015}"
            nosso = f"{corpo}-{acaso.randrange(10)}"
        case "001":
            nosso = corpo = f"312345{corpo}"
        case "033":
            nosso = f"{corpo:>012}-{acaso.randrange(10)}"
        case _:
            nosso = f"{corpo[:2]}/{corpo[2:7]}-{codes.mod10(corpo[:7])}"
    return nosso, f"{corpo}{conta}"[:25]


# --- layouts beside the simulator's -----------------------------------------------------------------------------------


def _day(dia: date) -> str:
    return f"{dia:%d/%m/%Y}"


def _draw_recibo(folha: Folha, boleto: Boleto, linha: str) -> None:
    """The payer's receipt above the bank's form: all of it twice."""
    folha.write(12, 20, "Recibo do Pagador", 10, bold=True)
    for topo in (28, 130):
        folha.write(12, topo, f"{boleto.banco}-0", 14, bold=True)
        folha.write(45, topo, linha, 11, bold=True)
        folha.rule(topo + 2)
        folha.field(12, topo + 6, "Beneficiário", f"{BENEFICIARIO} - {BENEFICIARIO_CNPJ}")
        folha.field(150, topo + 6, "Vencimento", _day(boleto.vencimento))
        folha.field(12, topo + 16, "Data do Documento", _day(boleto.emissao))
        folha.field(60, topo + 16, "Espécie Doc.", "DM")
        folha.field(150, topo + 16, "Nosso Número", boleto.nosso_numero)
        folha.field(12, topo + 26, "Uso do Banco", "")
        folha.field(60, topo + 26, "Grupo/Cota/Versão", boleto.identificacao)
        folha.field(150, topo + 26, "(=) Valor do Documento", format_valor(boleto.valor))
        folha.field(150, topo + 36, "(-) Desconto/Abatimento", "")
        folha.field(12, topo + 46, "Pagador", boleto.nome)
        folha.field(150, topo + 46, "CPF/CNPJ do Pagador", boleto.documento)
        folha.write(12, topo + 56, "Sacador/Avalista", 6)


def _draw_legendas(folha: Folha, boleto: Boleto, linha: str) -> None:
    """Every caption below its value."""

    def write(x: float, y: float, legenda: str, valor: str) -> None:
        folha.write(x, y, valor, 9)
        folha.write(x, y + 4, legenda, 6)

    folha.write(12, 30, linha, 11, bold=True)
    write(12, 40, "Beneficiário", f"{BENEFICIARIO} {BENEFICIARIO_CNPJ}")
    write(150, 40, "Vencimento", _day(boleto.vencimento))
    write(12, 52, "Data de Emissão", _day(boleto.emissao))
    write(60, 52, "Grupo/Cota/Versão", boleto.identificacao)
    write(110, 52, "Nosso Número", boleto.nosso_numero)
    write(150, 52, "Valor do Documento", format_valor(boleto.valor))
    write(12, 64, "Pagador", f"{boleto.nome} - {boleto.documento}")


def _draw_margem(folha: Folha, boleto: Boleto, linha: str) -> None:
    """A cell to a row: its label at the left, its value far at the right."""
    folha.write(12, 30, linha, 10)
    celulas = (
        ("Data do Documento", _day(boleto.emissao)), ("Vencimento", _day(boleto.vencimento)),
        ("Valor do Documento", f"R$ {format_valor(boleto.valor)}"), ("Nosso Número", boleto.nosso_numero),
        ("Grupo/Cota/Versão", boleto.identificacao),
    )  # fmt: skip
    for numero, (rotulo, valor) in enumerate(celulas):
        folha.write(12, 40 + 8 * numero, rotulo, 8)
        folha.write(150, 40 + 8 * numero, valor, 9)
    folha.write(12, 90, "Pagador", 8)
    folha.write(12, 95, boleto.nome, 9)
    folha.write(12, 100, f"CPF/CNPJ {boleto.documento}", 9)
    folha.write(12, 110, f"Beneficiário: {BENEFICIARIO}, CNPJ {BENEFICIARIO_CNPJ}", 8)


_OUTROS: dict[str, Callable[[Folha, Boleto, str], None]] = {
    "recibo": _draw_recibo, "legendas": _draw_legendas, "margem": _draw_margem,
}  # fmt: skip


def take(quantos: int, semente: int = 1) -> list[Slip]:
    return [slip for slip, _ in zip(make_slips(semente), range(quantos), strict=False)]
