"""What a boleto says, apart from how it is drawn; every number follows from the parcela and a seed."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random

from tests.simulator import codes

BENEFICIARIO = "ADMINISTRADORA MODELO DE CONSORCIOS S/A"
BENEFICIARIO_CNPJ = "11.444.777/0001-61"
_BANCOS = ("001", "104", "237", "341", "756")


@dataclass(frozen=True)
class Boleto:
    """The content of one slip. `linha` and `barras` are digits only."""

    nome: str
    documento: str
    grupo: str
    cota: str
    versao: str
    numero: int
    vencimento: date
    valor: Decimal
    emissao: date
    nosso_numero: str
    linha: str
    barras: str
    contrato: str = ""
    arrecadacao: bool = False

    @property
    def identificacao(self) -> str:
        """Grupo/cota/versão as the slip prints it: 006660-3344-00."""
        return f"{int(self.grupo):06d}-{int(self.cota):04d}-{int(self.versao):02d}"

    @property
    def banco(self) -> str:
        return self.barras[:3]

    def change(self, *, vencimento: date | None = None, valor: Decimal | None = None) -> "Boleto":
        """The same slip for another due date or amount, with codes that agree."""
        changed = replace(self, vencimento=vencimento or self.vencimento, valor=valor or self.valor)
        barras = _barras(changed, self.barras)
        return replace(changed, barras=barras, linha=codes.linha_digitavel(barras))

    def break_digit(self) -> "Boleto":
        return replace(self, linha=codes.break_digit(self.linha))


def _barras(boleto: Boleto, old: str) -> str:
    if boleto.arrecadacao:
        return codes.codigo_arrecadacao(boleto.valor, old[15:23], old[23:])
    return codes.codigo_barras(old[:3], boleto.vencimento, boleto.valor, old[19:])


def make_boleto(
    *, nome: str, documento: str, grupo: str, cota: str, versao: str, numero: int, vencimento: date, valor: Decimal,
    emissao: date, contrato: str = "", arrecadacao: bool = False, semente: int = 1,
) -> Boleto:  # fmt: skip
    """A slip for one parcela: the same input gives the same numbers."""
    key = f"{semente}|{documento}|{grupo}|{cota}|{versao}|{numero}|{vencimento}|{valor}"
    random = Random(hashlib.sha256(key.encode()).digest())
    nosso = f"{random.randrange(10**7):07d}"
    livre = f"{random.randrange(10**25):025d}"
    if arrecadacao:
        barras = codes.codigo_arrecadacao(valor, "11444777", livre[:21])
    else:
        barras = codes.codigo_barras(random.choice(_BANCOS), vencimento, valor, livre)
    return Boleto(
        nome=nome, documento=documento, grupo=grupo, cota=cota, versao=versao, numero=numero, vencimento=vencimento,
        valor=valor, emissao=emissao, nosso_numero=f"{nosso[:2]}/{nosso[2:]}-{codes.mod10(nosso)}",
        linha=codes.linha_digitavel(barras), barras=barras, contrato=contrato, arrecadacao=arrecadacao,
    )  # fmt: skip
