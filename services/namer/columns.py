"""Finds a workbook's header row and its columns by what they are called, in both known layouts and their variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from services.namer.cells import Celula
from shared.contrato import fold

Campo = Literal[
    "documento", "nome", "grupo_cota", "grupo", "cota", "ponto_venda", "situacao", "contemplado",
    "valor_credito", "valor_parcela", "whatsapp", "email",
]  # fmt: skip
# Where each field stands; several columns of one field in order of preference: the first that is not blank counts.
Colunas = Mapping[Campo, Sequence[int]]

# Compared folded and whole, never in part: `CT` is part of half the words there are. The better name comes first.
NOMES: Mapping[Campo, tuple[str, ...]] = {
    "documento": (
        "CPF", "CPF CNPJ", "CNPJ CPF", "CPF CLIENTE", "CPF CONSORCIADO", "CPF CNPJ CLIENTE", "DOCUMENTO",
        "DOCUMENTO CLIENTE", "DOCUMENTO CPF", "DOC", "C P F", "CPFCNPJ", "CNPJ",
    ),
    "nome": (
        "CONCORCIADO", "CONSORCIADO", "NOME", "NOME CLIENTE", "NOME COMPLETO", "NOME CONSORCIADO",
        "NOME COMPLETO CLIENTE", "NOME RAZAO SOCIAL", "CONSORCIADO A", "CLIENTE", "CLIENTES", "RAZAO SOCIAL", "TITULAR",
    ),
    "grupo_cota": ("G C", "GC", "GRUPO COTA", "GR CT", "GRUPO COTA VERSAO"),
    "grupo": ("GRUPO", "GR", "GRP", "GRUPO CONSORCIO"),
    "cota": ("COTA", "CT", "COTA CONSORCIO", "QUOTA"),
    "ponto_venda": (
        "P V", "PV", "PDV", "P D V", "PONTO VENDA", "PONTO VENDA PV", "CODIGO PV", "COD PV", "CODIGO PONTO VENDA",
        "COD PONTO VENDA", "LOJA",
    ),
    "situacao": (
        "SITUACAO", "STATUS", "SITUACAO CONTRATO", "STATUS CONTRATO", "SITUACAO COTA", "STATUS COTA",
        "SITUACAO CLIENTE", "STATUS CLIENTE", "SIT",
    ),
    "contemplado": ("CONTEMPLADO", "CONTEMPLACAO"),
    "valor_credito": ("VALOR", "VALOR CREDITO", "CREDITO", "VALOR BEM"),
    "valor_parcela": ("PARC", "PARCELA", "VALOR PARCELA"),
    "whatsapp": (
        "WHATSAPP", "WHATS", "ZAP", "TELEFONE WHATSAPP", "CELULAR WHATSAPP", "CELULAR", "TELEFONE CELULAR", "TELEFONE",
        "FONE", "TEL", "WPP", "CONTATO",
    ),
    "email": ("EMAIL", "MAIL"),
}  # fmt: skip
# Words that change no header's meaning: `Nº DO CPF`, `CPF OU CNPJ`, `E-MAIL`.
_RECHEIO = frozenset(["NUMERO", "NUM", "NR", "N", "NO", "DE", "DO", "DA", "E", "OU"])
_CAMPO_POR_NOME = {nome: campo for campo, nomes in NOMES.items() for nome in nomes}


def find_colunas(celulas: Sequence[Celula]) -> Colunas | None:
    """The columns of a header row; None where the row is none: a document's column and one more make a header."""
    achadas: dict[Campo, list[tuple[int, int]]] = {}
    for posicao, celula in enumerate(celulas):
        if isinstance(celula, str) and celula and len(celula) <= 60:
            nome = " ".join(palavra for palavra in fold(celula).split() if palavra not in _RECHEIO)
            campo = _CAMPO_POR_NOME.get(nome)
            if campo is not None:
                achadas.setdefault(campo, []).append((NOMES[campo].index(nome), posicao))
    if "documento" not in achadas or len(achadas) < 2:
        return None
    return {campo: [posicao for _, posicao in sorted(lugares)] for campo, lugares in achadas.items()}
