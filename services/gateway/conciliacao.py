"""Which boleto a bank's payment is of: by its own number, or by what else agrees; never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.gateway.retorno import Titulo

# Fewer digits than these are found in any number.
_DIGITOS_MINIMOS = 5


@dataclass(frozen=True)
class Candidato:
    """A boleto that a payment may be of. nosso_numero, contrato: digits alone, without leading zeros."""

    id: int
    nosso_numero: str
    contrato: str
    campo_livre: str
    vencimento: date
    valor: Decimal
    status: str
    data_pagamento: date | None
    valor_pago: Decimal | None


@dataclass(frozen=True)
class Baixa:
    """What a payment comes to. boletos: of `pago`, `ja_pago`, `divergente` and `repetido` the one, of `ambiguo` all."""

    titulo: Titulo
    situacao: str
    boletos: tuple[int, ...] = ()
    motivo: str = ""


def digitos(texto: str) -> str:
    """As the database's function of that name."""
    return "".join(c for c in texto if c in "0123456789").lstrip("0")


def settle(titulos: Sequence[Titulo], candidatos: Mapping[int, Sequence[Candidato]]) -> list[Baixa]:
    """What each payment comes to; candidatos: by its line. A boleto is paid once in a file."""
    pagos: dict[int, int] = {}
    baixas = []
    for titulo in titulos:
        baixa = _settle(titulo, candidatos.get(titulo.linha, ()))
        if baixa.situacao in ("pago", "ja_pago"):
            (id,) = baixa.boletos
            if id in pagos:
                baixa = Baixa(titulo, "repetido", (id,), f"este boleto já está na linha {pagos[id]}")
            else:
                pagos[id] = titulo.linha
        baixas.append(baixa)
    return baixas


def _settle(titulo: Titulo, candidatos: Sequence[Candidato]) -> Baixa:
    achados = _match(titulo, candidatos)
    if not achados:
        return Baixa(
            titulo, "desconhecido", motivo="nenhum boleto tem este nosso número, nem vencimento e valor com ele"
        )
    if len(achados) > 1:
        ids = tuple(sorted(achado.id for achado in achados))
        return Baixa(titulo, "ambiguo", ids, "mais de um boleto atende: confira e marque o pago à mão")
    (boleto,) = achados
    if titulo.data_ocorrencia is None or not titulo.valor_pago:
        return Baixa(titulo, "divergente", (boleto.id,), "o retorno não diz a data ou o valor do pagamento")
    if boleto.status != "pago":
        return Baixa(titulo, "pago", (boleto.id,))
    mesma_data = boleto.data_pagamento in (None, titulo.data_ocorrencia)
    if mesma_data and boleto.valor_pago in (None, titulo.valor_pago):
        return Baixa(titulo, "ja_pago", (boleto.id,))
    return Baixa(titulo, "divergente", (boleto.id,), "já consta como pago, com outra data ou outro valor")


def _match(titulo: Titulo, candidatos: Sequence[Candidato]) -> Sequence[Candidato]:
    """By the bank's own number, where the payer (whose document candidates share, if it is told) or the amount agrees;
    without that, where due date and amount agree, by its digits in the bar code of the payer's own boletos (among all
    of an office they stand by chance in another's too) or by the document's number."""
    nosso, documento = digitos(titulo.nosso_numero), digitos(titulo.numero_documento)
    iguais = [c for c in candidatos if c.nosso_numero == nosso and (titulo.documento or c.valor == titulo.valor)]
    if nosso and iguais:
        return iguais
    concordes = [c for c in candidatos if (c.vencimento, c.valor) == (titulo.vencimento, titulo.valor)]
    if titulo.documento and len(nosso) >= _DIGITOS_MINIMOS and (contidos := [c for c in concordes if _holds(c, nosso)]):
        return contidos
    return [c for c in concordes if len(documento) >= _DIGITOS_MINIMOS and c.contrato == documento]


def _holds(boleto: Candidato, nosso: str) -> bool:
    """Whether its bar code has this number; of one whose slip prints a number too, one of the two must hold the other,
    which is with its carteira or without its check digit."""
    impresso = boleto.nosso_numero
    return nosso in boleto.campo_livre and (not impresso or nosso in impresso or impresso in nosso)
