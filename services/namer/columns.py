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
        "CPF", "CPF CNPJ", "CNPJ CPF", "CPF OU CNPJ", "CPF E CNPJ", "CPF CLIENTE", "CPF DO CLIENTE", "CPF CONSORCIADO",
        "CPF DO CONSORCIADO", "CPF CNPJ CLIENTE", "CPF CNPJ DO CLIENTE", "NUMERO CPF", "NUMERO DO CPF", "N CPF",
        "DOCUMENTO", "DOCUMENTO CLIENTE", "DOCUMENTO DO CLIENTE", "NUMERO DOCUMENTO", "NUMERO DO DOCUMENTO",
        "NR DOCUMENTO", "DOC", "CNPJ",
    ),
    "nome": (
        "CONCORCIADO", "CONSORCIADO", "NOME", "NOME CLIENTE", "NOME DO CLIENTE", "NOME COMPLETO", "NOME CONSORCIADO",
        "NOME DO CONSORCIADO", "NOME COMPLETO DO CLIENTE", "NOME RAZAO SOCIAL", "CLIENTE", "RAZAO SOCIAL", "TITULAR",
    ),
    "grupo_cota": ("G C", "GC", "GRUPO COTA", "GRUPO E COTA", "GR CT", "GRUPO COTA VERSAO"),
    "grupo": (
        "GRUPO", "GR", "GRP", "GRUPO CONSORCIO", "GRUPO DO CONSORCIO", "NUMERO GRUPO", "NUMERO DO GRUPO", "N GRUPO",
    ),
    "cota": ("COTA", "CT", "COTA CONSORCIO", "COTA DO CONSORCIO", "NUMERO COTA", "NUMERO DA COTA", "N COTA"),
    "ponto_venda": ("P V", "PV", "PDV", "PONTO VENDA", "PONTO DE VENDA", "CODIGO PV", "LOJA"),
    "situacao": (
        "SITUACAO", "STATUS", "SITUACAO CONTRATO", "SITUACAO DO CONTRATO", "SITUACAO COTA", "SITUACAO DA COTA",
    ),
    "contemplado": ("CONTEMPLADO", "CONTEMPLACAO"),
    "valor_credito": ("VALOR", "VALOR CREDITO", "VALOR DO CREDITO", "CREDITO", "VALOR BEM", "VALOR DO BEM"),
    "valor_parcela": ("PARC", "PARCELA", "VALOR PARCELA", "VALOR DA PARCELA"),
    "whatsapp": ("WHATSAPP", "WHATS", "ZAP", "CELULAR", "TELEFONE CELULAR", "TELEFONE", "FONE", "TEL"),
    "email": ("EMAIL", "E MAIL"),
}  # fmt: skip
_CAMPO_POR_NOME = {nome: campo for campo, nomes in NOMES.items() for nome in nomes}


def find_colunas(celulas: Sequence[Celula]) -> Colunas | None:
    """The columns of a header row; None where the row is none: a document's column and one more make a header."""
    achadas: dict[Campo, list[tuple[int, int]]] = {}
    for posicao, celula in enumerate(celulas):
        if isinstance(celula, str) and celula and len(celula) <= 60:
            nome = fold(celula)
            campo = _CAMPO_POR_NOME.get(nome)
            if campo is not None:
                achadas.setdefault(campo, []).append((NOMES[campo].index(nome), posicao))
    if "documento" not in achadas or len(achadas) < 2:
        return None
    return {campo: [posicao for _, posicao in sorted(lugares)] for campo, lugares in achadas.items()}
