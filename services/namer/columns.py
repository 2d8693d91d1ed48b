"""Finds a workbook's header row and its columns by what they are called, in both known layouts and their variants."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.namer.cells import Celula, clean_celula, read_texto
from shared.contrato import fold

Campo = Literal[
    "documento", "nome", "grupo_cota", "grupo", "cota", "ponto_venda", "situacao", "contemplado",
    "valor_credito", "valor_parcela", "whatsapp", "email",
]  # fmt: skip
# Where each field stands; several columns of one field in order of preference: the first that is not blank counts.
Colunas = Mapping[Campo, Sequence[int]]
Linha = Sequence[Celula]
# What a row says: each field's cell, cleaned; a field whose cells are all blank is left out.
Registro = Mapping[Campo, Celula]

# Compared folded and whole, never in part: `CT` is part of half the words there are. The better name comes first.
NOMES: Mapping[Campo, tuple[str, ...]] = {
    "documento": (
        "CPF", "CPF CNPJ", "CNPJ CPF", "CPF MF", "CPF CLIENTE", "CPF CONSORCIADO", "CPF TITULAR", "CPF CNPJ CLIENTE",
        "CPF CNPJ CONSORCIADO", "CPF CNPJ TITULAR", "DOCUMENTO", "DOCUMENTO CLIENTE", "DOCUMENTO CPF", "DOC", "CNPJ",
    ),
    "nome": (
        "CONCORCIADO", "CONSORCIADO", "NOME", "NOME CLIENTE", "NOME COMPLETO", "NOME CONSORCIADO",
        "NOME COMPLETO CLIENTE", "NOME COMPLETO CONSORCIADO", "NOME COMPLETO TITULAR", "NOME TITULAR",
        "NOME RAZAO SOCIAL", "CONSORCIADO A", "CONSORCIADOS", "CLIENTE", "CLIENTES", "RAZAO SOCIAL", "TITULAR",
    ),
    "grupo_cota": ("G C", "GRUPO COTA", "GR CT", "GR COTA", "GRUPO COTA VERSAO"),
    "grupo": ("GRUPO", "GR", "GRP", "GRUPO CONSORCIO", "CODIGO GRUPO", "COD GRUPO"),
    "cota": ("COTA", "CT", "COTA CONSORCIO", "QUOTA", "CODIGO COTA", "COD COTA"),
    "ponto_venda": (
        "P V", "PDV", "PONTO VENDA", "PONTO VENDA PV", "CODIGO PV", "COD PV", "CODIGO PONTO VENDA",
        "COD PONTO VENDA", "LOJA", "PV LOJA",
    ),
    "situacao": (
        "SITUACAO", "STATUS", "SITUACAO CONTRATO", "STATUS CONTRATO", "SITUACAO COTA", "STATUS COTA",
        "SITUACAO CLIENTE", "STATUS CLIENTE", "SITUACAO ATUAL", "STATUS ATUAL", "SIT",
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
# Words that change no header's meaning: `Nº DO CPF`, `N.º CPF`, `CPF OU CNPJ`, `E-MAIL`.
_RECHEIO = frozenset(["NUMERO", "NUM", "NR", "N", "NO", "O", "DE", "DO", "DA", "E", "OU"])
# A line break or nothing at all may stand where a blank is meant: `NO\nME`, `GrupoCota`.
_CAMPO_POR_NOME = {
    nome.replace(" ", ""): (campo, posicao) for campo, nomes in NOMES.items() for posicao, nome in enumerate(nomes)
}
_PARENTESES = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class _Titulo:
    """A header's cell that is known: its words, its column, its field and how good a name for it."""

    texto: str
    coluna: int
    campo: Campo
    posicao: int


@dataclass(frozen=True)
class Bloco:
    """What one header says of the rows below it, found out once for them all.

    ordem: the columns to look at, of a field the better first. pares: a G/C header may span two columns, of which the
    second has no header of its own; the first of each two.
    """

    titulos: Mapping[Campo, str]
    ordem: Sequence[tuple[Campo, int]]
    pares: Sequence[int]

    @property
    def inicio(self) -> int:
        """Its first column."""
        return min(coluna for _, coluna in self.ordem)

    def find_coluna(self, campo: Campo, linha: Linha) -> int | None:
        """Where `pick` takes this field from."""
        cheias = (n for nome, n in self.ordem if nome == campo and clean_celula(linha[n]) is not None)
        return next(cheias, None)

    def pick(self, linha: Linha) -> Registro:
        registro: dict[Campo, Celula] = {}
        for campo, coluna in self.ordem:
            celula = linha[coluna]
            if celula != "" and campo not in registro and (limpa := clean_celula(celula)) is not None:
                registro[campo] = limpa
        return registro


def find_blocos(celulas: Linha) -> list[Bloco]:
    """The blocks of a header row; none where it is no header: a document and one more make one.

    Where the headers of document and name stand again in the same row, another block of clients stands beside.
    """
    blocos: list[list[_Titulo]] = [[]]
    titulos = [titulo for coluna, celula in enumerate(celulas) if (titulo := _read_titulo(celula, coluna))]
    for indice, titulo in enumerate(titulos):
        atual, resto = blocos[-1], titulos[indice:]
        if titulo.texto in {t.texto for t in atual} and _is_bloco(atual) and _is_bloco(resto):
            blocos.append([])
        blocos[-1].append(titulo)
    return [_make_bloco(celulas, _sort_colunas(bloco)) for bloco in blocos if _has_documento(bloco)]


def _read_titulo(celula: Celula, coluna: int) -> _Titulo | None:
    if not isinstance(celula, str) or not celula or len(celula) > 60:
        return None
    palavras = fold(_PARENTESES.sub(" ", celula)).split() or fold(celula).split()
    curto = "".join(palavra for palavra in palavras if palavra not in _RECHEIO)
    achado = _CAMPO_POR_NOME.get(curto) or _CAMPO_POR_NOME.get("".join(palavras))
    return _Titulo(" ".join(palavras), coluna, *achado) if achado else None


def _is_bloco(titulos: Sequence[_Titulo]) -> bool:
    return {"documento", "nome"} <= {titulo.campo for titulo in titulos}


def _has_documento(titulos: Sequence[_Titulo]) -> bool:
    campos = {titulo.campo for titulo in titulos}
    return "documento" in campos and len(campos) > 1


def _sort_colunas(titulos: Sequence[_Titulo]) -> Colunas:
    colunas: dict[Campo, list[int]] = {}
    for titulo in sorted(titulos, key=lambda titulo: (titulo.posicao, titulo.coluna)):
        colunas.setdefault(titulo.campo, []).append(titulo.coluna)
    return colunas


def _make_bloco(cabecalho: Linha, colunas: Colunas) -> Bloco:
    titulos = {campo: read_texto(clean_celula(cabecalho[posicoes[0]])) for campo, posicoes in colunas.items()}
    ordem = [(campo, coluna) for campo, posicoes in colunas.items() for coluna in posicoes]
    sem_titulo = [coluna for coluna, celula in enumerate(cabecalho) if clean_celula(celula) is None]
    return Bloco(titulos, ordem, [coluna for coluna in colunas.get("grupo_cota", ()) if coluna + 1 in sem_titulo])
