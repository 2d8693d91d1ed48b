"""Pure: a workbook's name, a month and a contract → the names a boleto's file may take, and its folder."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from shared.contrato import MesReferencia, fold, fold_codigo

# File systems take 255 bytes; the store's atomic write adds a suffix of its own while the file is on its way.
LIMITE_NOME_BYTES = 240
LIMITE_PASTA_BYTES = 200
PASTA_SEM_NOME = "SEM PASTA"
NOME_VAZIO = "CLIENTE"
_EXTENSAO = ".pdf"

# `70%`, `- 70%`, `-70%`, `70 %`, `33,3%`, glued to the name or not; and the share as a fraction, `0.7`.
# A digit comes first in both, which is what a search can leap to.
_COMISSAO = re.compile(r"\d(?:\d{0,2}(?:[.,]\d+)?\s*%|(?<=0)(?<![\d.,]0)[.,]\d{1,2}(?![\d.,]))")
_PARENTESES = re.compile(r"\([^()]*(?:\)|$)")
_PALAVRA = re.compile(r"[^\W\d_]+")
_PONTAS = " \t\r\n\u00a0-–—_,;:|/\\*."
_PROIBIDOS_EM_PASTA = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVADOS = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])(?:\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Identidade:
    """What makes a boleto one boleto: ponto de venda, contract, month and year."""

    ponto_venda: str
    cpf: str
    grupo: int
    cota: int
    mes: int
    ano: int

    def __str__(self) -> str:
        return f"{fold_codigo(self.ponto_venda)}/{self.cpf}/{self.grupo}/{self.cota}/{self.ano}-{self.mes:02d}"

    def is_same_contract(self, outra: str) -> bool:
        """`outra`: another one as text."""
        return str(self).rpartition("/")[0] == outra.rpartition("/")[0]


def clean_nome(texto: str, tags: tuple[str, ...]) -> str:
    """The client's name as people read it: commission mark and all after it, parentheses and known tags gone."""
    nome = unicodedata.normalize("NFC", texto)
    while marca := _find_comissao(nome):
        antes, depois = nome[: marca.start()].rstrip(), nome[marca.end() :]
        if antes.endswith(("-", "–", "—")):
            antes = antes[:-1]
        # A mark that stands first, or behind a tag alone, hides no name before it: the name comes after.
        nome = antes if _PALAVRA.search(_cut_notas(antes, tags)) else f"{antes} {depois}"
    return " ".join(_cut_notas(nome, tags).split()).strip(_PONTAS)


def _find_comissao(nome: str) -> re.Match[str] | None:
    """What the pattern cannot do without is looked for first: this runs for every row of a workbook."""
    return _COMISSAO.search(nome) if "%" in nome or "0." in nome or "0," in nome else None


@lru_cache(maxsize=64)  # asked twice for each name
def _cut_notas(nome: str, tags: tuple[str, ...]) -> str:
    """Remove parentheses, one that was never closed too, and tags."""
    while "(" in nome and (sem := _PARENTESES.sub(" ", nome)) != nome:
        nome = sem
    return _cut_tags(nome, tags)


def _cut_tags(nome: str, tags: tuple[str, ...]) -> str:
    """Remove tags where they stand as whole words, accents and case aside."""
    procurados, primeiras = _split_tags(tags)
    if primeiras.isdisjoint(map(_fold_palavra, _PALAVRA.findall(nome))):
        return nome
    palavras = [(_fold_palavra(m[0]), m.start(), m.end()) for m in _PALAVRA.finditer(nome)]
    partes, fim_anterior, i = [], 0, 0
    while i < len(palavras):
        tag = next((t for t in procurados if [p[0] for p in palavras[i : i + len(t)]] == t), None)
        if tag is None:
            i += 1
            continue
        partes.append(nome[fim_anterior : palavras[i][1]].rstrip(_PONTAS))
        fim_anterior = palavras[i + len(tag) - 1][2]
        i += len(tag)
    return " ".join([*partes, nome[fim_anterior:]])


_fold_palavra = lru_cache(maxsize=1024)(fold)  # names share most of their words


@lru_cache(maxsize=16)
def _split_tags(tags: tuple[str, ...]) -> tuple[list[list[str]], frozenset[str]]:
    """Each tag's words, the longest tag first; and the words that a tag begins with."""
    procurados = sorted((palavras for tag in tags if (palavras := fold(tag).split())), key=len, reverse=True)
    return procurados, frozenset(palavras[0] for palavras in procurados)


def nome_limpo(nome: str) -> str:
    """A cleaned name as files carry it: letters with their accents, runs of anything else one `_`; may be empty."""
    composto = unicodedata.normalize("NFC", nome)
    # A mark that no single letter holds is dropped rather than torn from its letter; ª and º are numbers' endings.
    letras = groupby((c for c in composto if not unicodedata.combining(c)), key=lambda c: c.isalpha() and c not in "ªº")
    return "_".join("".join(grupo) for is_letra, grupo in letras if is_letra)


def nomes_arquivo(nome: str, identidade: Identidade, *, homonimo: bool) -> tuple[str, ...]:
    """File names for a boleto, the wanted one first, the others for when a different boleto lies there.

    In order: `_{MES}`, then next year's `_{MES}_{ANO}`, last the ponto de venda. Homonyms carry their contract before
    the month.
    """
    limpo = nome_limpo(nome)
    mes = MesReferencia(identidade.ano, identidade.mes).nome
    contrato = f"_{identidade.grupo}_{identidade.cota}"
    inicio = f"{contrato}_{mes}" if homonimo or not limpo else f"_{mes}"
    ultimo = f"{contrato}_{mes}_{identidade.ano}_{fold_codigo(identidade.ponto_venda)}"
    finais = (inicio, f"{inicio}_{identidade.ano}", ultimo)
    return tuple(_join_nome(limpo or NOME_VAZIO, final + _EXTENSAO) for final in finais)


def _join_nome(nome: str, final: str) -> str:
    """The ending is kept whole, the name cut between characters."""
    return cut_bytes(nome, LIMITE_NOME_BYTES - len(final.encode())).rstrip("_") + final


def cut_bytes(texto: str, limite: int) -> str:
    return texto.encode()[:limite].decode(errors="ignore")


def nome_pasta(pasta: str | None) -> str:
    """A consultor's folder as one safe path part: blanks and accents stay, nothing leads out or into `_interno`."""
    nome = _PROIBIDOS_EM_PASTA.sub("_", unicodedata.normalize("NFC", pasta or ""))
    nome = "".join(c for c in nome if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    nome = cut_bytes(" ".join(nome.split()).strip(" ."), LIMITE_PASTA_BYTES).rstrip(" .")
    if nome.casefold().startswith("_interno"):
        nome = nome.lstrip("_")
    if _RESERVADOS.fullmatch(nome):
        nome += "_"
    return nome or PASTA_SEM_NOME
