"""A bank's return file (FEBRABAN CNAB 240, cobrança): its payments, read by position, every record and count checked.

Positions are those of the manual, from 1, both ends included. A bank that puts its fields elsewhere is refused by the
first field that does not read as what it must be; nothing is taken from a file that does not add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NoReturn

COLUNAS = 240
# As the database keeps money.
CENTAVOS_MAXIMO = 10**12 - 1
# Movements that say that the slip was paid (manual, C044).
LIQUIDACOES = frozenset({"06", "17"})
_COBRANCA = "01"
_RETORNO = "2"
# How long the payer's document is, by its kind: CPF and CNPJ.
_DOCUMENTOS = {"1": 11, "2": 14}


class RetornoInvalido(ValueError):
    """linha: of the file, from 1; the text is pt-BR."""

    def __init__(self, linha: int, motivo: str) -> None:
        super().__init__(f"linha {linha}: {motivo}")


@dataclass(frozen=True)
class Titulo:
    """A slip, segments T and U. linha: of its T. documento: the payer's, bare; empty: not told. Money in reais."""

    linha: int
    movimento: str
    nosso_numero: str
    numero_documento: str
    vencimento: date | None
    valor: Decimal
    documento: str
    valor_pago: Decimal
    data_ocorrencia: date | None

    @property
    def is_pagamento(self) -> bool:
        return self.movimento in LIQUIDACOES


@dataclass(frozen=True)
class Retorno:
    banco: str
    empresa: str
    gerado_em: date | None
    sequencia: int
    titulos: tuple[Titulo, ...]


@dataclass(frozen=True)
class _Registro:
    """One line. `text(38, 57)`: its columns, without the blanks around them."""

    linha: int
    conteudo: str

    @property
    def tipo(self) -> str:
        return self.conteudo[7]

    @property
    def lote(self) -> str:
        return self.conteudo[3:7]

    @property
    def segmento(self) -> str:
        return self.conteudo[13] if self.tipo == "3" else ""

    def text(self, de: int, ate: int) -> str:
        return self.conteudo[de - 1 : ate].strip()

    def number(self, de: int, ate: int, nome: str) -> int:
        texto = self.text(de, ate)
        if texto and not (texto.isascii() and texto.isdigit()):
            self.refuse(f"{nome} (posições {de} a {ate}) não é número: {texto[:20]!r}")
        return int(texto or 0)

    def reais(self, de: int, ate: int, nome: str) -> Decimal:
        centavos = self.number(de, ate, nome)
        if centavos > CENTAVOS_MAXIMO:
            self.refuse(f"{nome} (posições {de} a {ate}) passa de dez bilhões de reais: {self.text(de, ate)!r}")
        return Decimal(centavos) / 100

    def day(self, de: int, ate: int, nome: str) -> date | None:
        """DDMMAAAA; zeros: none."""
        if not self.number(de, ate, nome):
            return None
        texto = self.conteudo[de - 1 : ate]
        try:
            return date(int(texto[4:]), int(texto[2:4]), int(texto[:2]))
        except ValueError:
            self.refuse(f"{nome} (posições {de} a {ate}) não é uma data DDMMAAAA: {texto[:20]!r}")

    def refuse(self, motivo: str) -> NoReturn:
        raise RetornoInvalido(self.linha, motivo)


def parse_retorno(dados: bytes) -> Retorno:
    """Raises RetornoInvalido."""
    registros = _split(dados)
    cabeca, fim = registros[0], registros[-1]
    if cabeca.tipo != "0" or cabeca.lote != "0000":
        cabeca.refuse("não é o cabeçalho de um arquivo CNAB 240 (lote 0000, tipo 0)")
    if cabeca.text(143, 143) != _RETORNO:
        cabeca.refuse("não é um arquivo de retorno (posição 143): envie o que o banco devolveu, não a remessa")
    if fim.tipo != "9" or fim.lote != "9999":
        fim.refuse("falta o fim do arquivo (lote 9999, tipo 9): ele veio cortado")
    for registro in registros:
        if registro.text(1, 3) != cabeca.text(1, 3):
            registro.refuse("o banco (posições 1 a 3) não é o do cabeçalho")
    lotes = list(_split_lotes(registros[1:-1]))
    _check_count(fim, 18, 23, "a quantidade de lotes", len(lotes))
    _check_count(fim, 24, 29, "a quantidade de registros", len(registros))
    return Retorno(
        banco=cabeca.text(1, 3),
        empresa=cabeca.text(73, 102),
        gerado_em=cabeca.day(144, 151, "a data de geração"),
        sequencia=cabeca.number(158, 163, "o número sequencial do arquivo"),
        titulos=tuple(titulo for lote in lotes for titulo in _read_lote(lote)),
    )


def _split(dados: bytes) -> list[_Registro]:
    """The lines; blanks at a line's end may have been lost on the way."""
    linhas = dados.decode("latin-1").rstrip("\x1a\r\n ").replace("\r\n", "\n").split("\n")
    registros = [_Registro(n, linha.ljust(COLUNAS)) for n, linha in enumerate(linhas, 1) if linha.strip()]
    if not registros:
        raise RetornoInvalido(1, "o arquivo está vazio")
    for registro in registros:
        if len(registro.conteudo) > COLUNAS or not registro.conteudo[:8].isdecimal():
            registro.refuse(f"não é um registro CNAB 240: são {COLUNAS} posições, e as oito primeiras são números")
    return registros


def _split_lotes(registros: Sequence[_Registro]) -> Iterator[list[_Registro]]:
    lote: list[_Registro] = []
    for registro in registros:
        if bool(lote) == (registro.tipo == "1"):
            registro.refuse("registro fora de lote, ou lote dentro de outro")
        lote.append(registro)
        if registro.lote != lote[0].lote:
            registro.refuse(f"é do lote {registro.lote} dentro do lote {lote[0].lote}")
        if registro.tipo == "5":
            _check_count(registro, 18, 23, "a quantidade de registros do lote", len(lote))
            yield lote
            lote = []
    if lote:
        lote[-1].refuse("falta o fim do lote (tipo 5)")


def _read_lote(lote: Sequence[_Registro]) -> Iterator[Titulo]:
    """Other services of the bank may be in the same file: only slips are read."""
    if lote[0].text(10, 11) != _COBRANCA:
        return
    aberto: _Registro | None = None
    for registro in lote[1:-1]:
        if aberto is not None and registro.segmento != "U":
            aberto.refuse("segmento T sem o U que o segue")
        match registro.segmento:
            case "T":
                aberto = registro
            case "U":
                if aberto is None or registro.text(16, 17) != aberto.text(16, 17):
                    registro.refuse("segmento U sem o T do mesmo movimento antes dele")
                yield _read_titulo(aberto, registro)
                aberto = None
    if aberto is not None:
        aberto.refuse("segmento T sem o U que o segue")


def _read_titulo(t: _Registro, u: _Registro) -> Titulo:
    # A CNPJ may hold letters.
    documento = t.text(134, 148)[-_DOCUMENTOS.get(t.text(133, 133), 0) :]
    return Titulo(
        linha=t.linha,
        movimento=t.text(16, 17),
        nosso_numero=t.text(38, 57),
        numero_documento=t.text(59, 73),
        vencimento=t.day(74, 81, "o vencimento"),
        valor=t.reais(82, 96, "o valor"),
        documento=documento.upper() if t.text(133, 133) in _DOCUMENTOS and documento.strip("0") else "",
        valor_pago=u.reais(78, 92, "o valor pago"),
        data_ocorrencia=u.day(138, 145, "a data da ocorrência"),
    )


def _check_count(registro: _Registro, de: int, ate: int, nome: str, achados: int) -> None:
    dito = registro.number(de, ate, nome)
    if dito != achados:
        registro.refuse(f"{nome} é {dito}, e há {achados}: o arquivo veio cortado ou alterado")
