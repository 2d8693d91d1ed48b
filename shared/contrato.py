"""Pure domain: a client's document (CPF or CNPJ), grupo/cota, mês de referência, and names compared without noise."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from operator import mul

from validate_docbr import CNPJ

MESES = (
    "JANEIRO",
    "FEVEREIRO",
    "MARÇO",
    "ABRIL",
    "MAIO",
    "JUNHO",
    "JULHO",
    "AGOSTO",
    "SETEMBRO",
    "OUTUBRO",
    "NOVEMBRO",
    "DEZEMBRO",
)
# `mes` without `ano` may lie this many months in the past (contract.md §3).
MESES_PARA_TRAS = 6

_cnpj = CNPJ()
_PESOS_PRIMEIRO, _PESOS_SEGUNDO = tuple(range(10, 1, -1)), tuple(range(11, 1, -1))
_VALOR_DO_ALGARISMO = bytes.maketrans(b"0123456789", bytes(range(10)))
_COTA = re.compile(r"(?<!\d)(\d{1,6})(?:\s*[/\-.]\s*|\s+)(\d{1,5})(?:\s*-\s*(\d{1,2}))?(?!\d)")
_CPF_FORMATADO = re.compile(r"(?<!\d)\d{3}\.(\d{3})\.(\d{3})-\d{2}(?!\d)")
_CNPJ_FORMATADO = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Za-z]{2}\.([0-9A-Za-z]{3})\.([0-9A-Za-z]{3})/[0-9A-Za-z]{4}-\d{2}(?!\d)"
)
_CPF_CRU = re.compile(r"(?<![\dA-Za-z])\d{11}(?![\dA-Za-z])")
_ALGARISMO = re.compile(r"\d")
_ALEM_DO_ASCII = re.compile(r"[^\x00-\x7f]")
_ACENTOS = "\u0300\u0301\u0302\u0303\u0308\u0327"  # Portuguese has no others
_PALAVRA = re.compile(r"[^\W_]+")
_VAOS = "".join(c if c.isalnum() else " " for c in map(chr, range(128)))
_CNPJ_CRU = re.compile(r"(?<![\dA-Za-z])[0-9A-Z]{12}\d{2}(?![\dA-Za-z])")


class DocumentoInvalido(ValueError):
    """The text is no CPF or CNPJ whose check digits close."""


class MesInvalido(ValueError):
    """The value is no month of the year."""


def parse_documento(texto: str) -> str:
    """Return the bare document: 11 digits (CPF) or 14 characters (CNPJ, letters included).

    Raises DocumentoInvalido where the length or the check digits are wrong.
    """
    limpo = re.sub(r"[^0-9A-Za-z]", "", texto).upper()
    if is_cpf(limpo) or is_cnpj(limpo):
        return limpo
    raise DocumentoInvalido("CPF ou CNPJ inválido: confira os dígitos.")


def is_cpf(documento: str) -> bool:
    """Own code: a workbook's reader asks it a hundred thousand times, and a CNPJ's hardly ever."""
    if len(documento) != 11 or not documento.isascii() or not documento.isdigit() or documento == documento[0] * 11:
        return False
    n = documento.encode().translate(_VALOR_DO_ALGARISMO)
    primeiro: int = sum(map(mul, n, _PESOS_PRIMEIRO))
    segundo: int = sum(map(mul, n, _PESOS_SEGUNDO))
    return primeiro * 10 % 11 % 10 == n[9] and segundo * 10 % 11 % 10 == n[10]


def is_cnpj(documento: str) -> bool:
    if len(documento) != 14 or not documento.isascii() or not documento.isalnum() or len(set(documento)) == 1:
        return False
    return bool(_cnpj.validate(documento))


def format_documento(documento: str) -> str:
    """`12345678909` → `123.456.789-09`; `12345678000195` → `12.345.678/0001-95`."""
    d = documento
    if len(d) == 11:
        return f"{d[:3]}.{d[3:6]}.{d[6:9]}-{d[9:]}"
    return f"{d[:2]}.{d[2:5]}.{d[5:8]}/{d[8:12]}-{d[12:]}"


def mask_documento(documento: str) -> str:
    """`12345678909` → `***.456.789-**`; a CNPJ → `**.345.678/****-**` (contract.md §4)."""
    d = documento
    return f"***.{d[3:6]}.{d[6:9]}-**" if len(d) == 11 else f"**.{d[2:5]}.{d[5:8]}/****-**"


def mask_documentos(texto: str) -> str:
    """Mask every CPF and CNPJ in a free text: formatted ones always, bare ones when their check digits close."""
    if not _ALGARISMO.search(texto):  # as in nearly every name
        return texto
    texto = _CPF_FORMATADO.sub(r"***.\1.\2-**", texto)
    texto = _CNPJ_FORMATADO.sub(r"**.\1.\2/****-**", texto)
    texto = _CNPJ_CRU.sub(lambda m: mask_documento(m[0]) if is_cnpj(m[0]) else m[0], texto)
    return _CPF_CRU.sub(lambda m: mask_documento(m[0]) if is_cpf(m[0]) else m[0], texto)


@dataclass(frozen=True, order=True)
class Cota:
    """Grupo and cota as numbers: `006650/2278-00`, `6650 2278` and `006650-2278-00` are the same one."""

    grupo: int
    cota: int

    def __str__(self) -> str:
        return f"{self.grupo}/{self.cota}"


def parse_cota(texto: str) -> Cota | None:
    """The first grupo/cota in a text, its versão ignored; None where there is none, or where it is all zeros."""
    achado = _COTA.search(texto)
    if achado is None:
        return None
    cota = Cota(int(achado[1]), int(achado[2]))
    return cota if cota.grupo > 0 else None


@dataclass(frozen=True, order=True)
class MesReferencia:
    """A month of a year: the one in which the instalment falls due."""

    ano: int
    mes: int

    @classmethod
    def of(cls, dia: date) -> MesReferencia:
        return cls(dia.year, dia.month)

    @property
    def nome(self) -> str:
        return MESES[self.mes - 1]

    @property
    def ordinal(self) -> int:
        """Months since year 0: the difference of two of them is a distance in months."""
        return self.ano * 12 + self.mes - 1

    def __str__(self) -> str:
        return f"{self.mes:02d}/{self.ano}"


def parse_mes(valor: int | str) -> int:
    """1–12, `"3"`, `"MARÇO"` or `"marco"` → the month's number. Raises MesInvalido."""
    if isinstance(valor, str) and not (valor.strip().isdecimal() and len(valor.strip()) <= 2):
        nomes = {fold(nome): numero for numero, nome in enumerate(MESES, 1)}
        numero = nomes.get(fold(valor), 0)
    else:
        numero = int(valor)
    if not 1 <= numero <= 12:
        raise MesInvalido("Mês inválido: use um número de 1 a 12 ou o nome do mês.")
    return numero


def resolve_mes(mes: int, ano: int | None, hoje: date) -> MesReferencia:
    """A month without a year is the nearest such month not more than six months past (contract.md §3)."""
    if ano is not None:
        return MesReferencia(ano, mes)
    atual = MesReferencia.of(hoje)
    for candidato in (MesReferencia(hoje.year + d, mes) for d in (-1, 0, 1)):
        if candidato.ordinal >= atual.ordinal - MESES_PARA_TRAS:
            return candidato
    raise AssertionError("one of three years in a row always lies in the window")


def fold(texto: str) -> str:
    """Upper case, accents gone, runs of anything but letters and digits one blank: for comparing names."""
    if not texto.isascii():
        texto = unicodedata.normalize("NFKD", texto)
        for acento in _ACENTOS:
            texto = texto.replace(acento, "")
        texto = _ALEM_DO_ASCII.sub(_drop_acento, texto)
    texto = texto.upper()
    # Whole pages are folded, most of them ASCII by now.
    return " ".join(texto.translate(_VAOS).split() if texto.isascii() else _PALAVRA.findall(texto))


def _drop_acento(achado: re.Match[str]) -> str:
    return "" if unicodedata.combining(achado[0]) else achado[0]


def fold_codigo(codigo: str) -> str:
    """A ponto de venda's code as it compares: `17.308` and `17308` are one (contract.md §6)."""
    return re.sub(r"[^0-9A-Z]", "", codigo.upper())
