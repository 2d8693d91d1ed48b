"""A workbook's bytes → its contracts, cleaned, and the rows that could not be taken with their reasons.

Row by row, and out as JSON of the shape LinhasPlanilha: of a hundred thousand rows nothing is held but that. The
models themselves are imported only where they are asked for, since the reading child starts in half the time without.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from services.namer.cells import (
    Celula,
    read_documento,
    read_email,
    read_grupo_cota,
    read_inteiro,
    read_ponto_venda,
    read_telefone,
    read_texto,
    read_valor,
)
from services.namer.columns import Campo, Colunas, find_blocos
from services.namer.intake import COM_SENHA, SALVE_XLSX, PlanilhaRecusada, check_arquivo
from services.namer.naming import clean_nome
from shared.contrato import Cota, DocumentoInvalido, fold

if TYPE_CHECKING:
    from shared.events import LinhasPlanilha

LIMITE_LINHAS = 100_000
_ABA_PRINCIPAL = "PLANILHA GERAL"
_CANCELADO = "CANCEL"
_DIGITO = re.compile(r"\d")

Linha = list[Celula]


_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def read_planilha(dados: bytes, tags: tuple[str, ...]) -> LinhasPlanilha:
    """Read the sheet of contracts. `tags`: words that are no part of a name. Raises PlanilhaRecusada."""
    from shared.events import LinhasPlanilha

    return LinhasPlanilha.model_validate_json(b"".join(encode_planilha(dados, tags)))


def encode_planilha(dados: bytes, tags: tuple[str, ...], ponto_venda: str | None = None) -> Iterator[bytes]:
    """The same as JSON, in pieces; ponto_venda: of rows without one of their own. Raises PlanilhaRecusada at once."""
    check_arquivo(dados)
    return _read_abas(dados, tags, ponto_venda).encode()


def _read_abas(dados: bytes, tags: tuple[str, ...], ponto_venda: str | None) -> _Leitura:
    cabecalhos = 0
    for aba in _open_abas(dados):
        leitura = _Leitura(aba.name, tags, ponto_venda)
        if leitura.read(_read_linhas(aba)):
            if leitura.total:
                return leitura
            cabecalhos += 1
    if cabecalhos:
        raise PlanilhaRecusada("A planilha tem o cabeçalho, mas nenhum cliente. Preencha as linhas e envie de novo.")
    raise PlanilhaRecusada(
        "Nenhuma linha de cabeçalho com a coluna CPF foi encontrada na primeira aba. "
        "Dê às colunas os nomes CPF, G/C e NOME e envie de novo."
    )


def _open_abas(dados: bytes) -> Iterator[CalamineSheet]:
    """The first sheet, and the one named PLANILHA GERAL should it stand elsewhere: others repeat the same headers.

    Where the first is hidden or empty, people take the next for the first.
    """
    try:
        arquivo = CalamineWorkbook.from_filelike(io.BytesIO(dados))
        abas = [aba for aba in arquivo.sheets_metadata if aba.typ is SheetTypeEnum.WorkSheet]
        visiveis = [aba.name for aba in abas if aba.visible is SheetVisibleEnum.Visible]
        gerais = [aba.name for aba in abas if fold(aba.name) == _ABA_PRINCIPAL]
        escondida = [aba for aba in gerais if abas[0].name not in visiveis]
        escolhidas = dict.fromkeys([*escondida, *(aba.name for aba in abas[:1]), *gerais])
        for nome in escolhidas:
            yield arquivo.get_sheet_by_name(nome)
        if any(nome in visiveis and not _is_vazia(arquivo.get_sheet_by_name(nome)) for nome in escolhidas):
            return
        cheias = (arquivo.get_sheet_by_name(nome) for nome in visiveis if nome not in escolhidas)
        yield from islice((aba for aba in cheias if not _is_vazia(aba)), 1)
    except PasswordError as erro:
        raise PlanilhaRecusada(COM_SENHA) from erro
    except CalamineError as erro:
        raise PlanilhaRecusada(f"O arquivo não é uma planilha do Excel, ou está danificado. {SALVE_XLSX}") from erro


def _is_vazia(aba: CalamineSheet) -> bool:
    return aba.start is None


def _read_linhas(aba: CalamineSheet) -> Iterator[Linha]:
    """Every row of the sheet, from its first; a merged cell's value in each row it spans. Raises PlanilhaRecusada."""
    if aba.end is not None and aba.end[0] >= LIMITE_LINHAS:
        raise PlanilhaRecusada(
            "A planilha passa de 100.000 linhas. Apague as linhas vazias do fim, ou divida-a, e envie de novo."
        )
    mescladas: dict[int, list[tuple[int, int]]] = {}
    for (inicio, coluna), (fim, _) in aba.merged_cell_ranges or ():
        if inicio < fim:
            mescladas.setdefault(inicio, []).append((coluna, fim))
    abertas: dict[int, tuple[int, Celula]] = {}
    linhas: Iterator[Linha] = map(list, aba.iter_rows())
    for numero, linha in enumerate(linhas):
        if abertas:
            abertas = {coluna: (fim, valor) for coluna, (fim, valor) in abertas.items() if numero <= fim}
            if any(celula != "" for celula in linha):
                for coluna, (_, valor) in abertas.items():
                    if linha[coluna] == "":
                        linha[coluna] = valor
        for coluna, fim in mescladas.get(numero, ()):
            if coluna < len(linha):
                abertas[coluna] = (fim, linha[coluna])
        yield linha


@lru_cache(maxsize=1024)
def _is_cancelado(situacao: str) -> bool:
    return fold(situacao).startswith(_CANCELADO)


@dataclass
class _Leitura:
    """One sheet on its way into contracts; `blocos` follow the last header row, `colunas` are the block's in hand."""

    aba: str
    tags: tuple[str, ...]
    ponto_venda: str | None
    blocos: list[Colunas] = field(default_factory=list)
    colunas: Colunas = field(default_factory=dict)
    cabecalho: Linha = field(default_factory=list)
    # As JSON, in the order of the rows: what was told twice moved to where it was told last.
    contratos: dict[str, bytes] = field(default_factory=dict)
    erros: list[dict[str, Any]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.contratos) + len(self.erros)

    def read(self, linhas: Iterator[Linha]) -> bool:
        """Whether a row is a header. Raises PlanilhaRecusada where the names' column is missing."""
        sem_nome = 0
        for numero, linha in enumerate(linhas, 1):
            blocos = self._find_cabecalho(linha)
            com_nome = [bloco for bloco in blocos if "nome" in bloco]
            if com_nome:
                self.blocos, self.cabecalho = com_nome, linha
            elif blocos:
                sem_nome = sem_nome or numero
            else:
                self._take_blocos(numero, linha)
        if not self.blocos:
            if sem_nome:
                raise PlanilhaRecusada(
                    f"O cabeçalho (linha {sem_nome}) não tem a coluna do nome. Chame-a NOME e envie de novo."
                )
            return False
        return True

    def encode(self) -> Iterator[bytes]:
        erros = _encode_json(sorted(self.erros, key=lambda erro: erro["linha"]))
        yield f'{{"aba":{_encode_json(self.aba)},"total":{self.total},"erros":{erros},"linhas":['.encode()
        contratos = iter(self.contratos.values())
        yield from chain(islice(contratos, 1), (b"," + contrato for contrato in contratos))
        yield b"]}"

    def _find_cabecalho(self, linha: Linha) -> list[Colunas]:
        """Headers repeat before each block, in other columns too; a row with a document's digits is none."""
        for bloco in self.blocos:
            self.colunas = bloco
            documento = self._cell(linha, "documento")
            if documento is not None and (not isinstance(documento, str) or _DIGITO.search(documento)):
                return []
        return find_blocos(linha)

    def _take_blocos(self, numero: int, linha: Linha) -> None:
        for bloco in self.blocos:
            self.colunas = bloco
            if any(read_texto(self._cell(linha, campo)) for campo in bloco):
                self._take(numero, linha)

    def _cell(self, linha: Linha, campo: Campo) -> Celula:
        """The first cell of the field that is not blank."""
        for coluna in self.colunas.get(campo, ()):
            if coluna < len(linha) and read_texto(celula := linha[coluna]):
                return celula
        return None

    def _take(self, numero: int, linha: Linha) -> None:
        celula = self._cell(linha, "documento")
        if not read_texto(celula):
            self._refuse(numero, "documento", "Linha sem CPF (célula vazia ou com erro de fórmula).")
            return
        try:
            documento = read_documento(celula)
        except DocumentoInvalido as erro:
            self._refuse(numero, "documento", str(erro))
            return
        cota = self._read_cota(linha)
        contrato = self._make_contrato(numero, linha, documento, cota)
        if not contrato["nome"]:
            self._refuse(numero, "nome", "Linha sem o nome do cliente.")
            return
        chave = f"{documento} {cota}"
        repetido = self.contratos.pop(chave, None)
        if repetido is not None:
            # As when the sheet is imported row after row: what stands further down is the newer word.
            motivo = f"O mesmo CPF e grupo/cota está de novo na linha {numero}, que vale."
            self._refuse(json.loads(repetido)["linha"], "documento", motivo)
        # What a row does not say is left out, as the model's own default.
        self.contratos[chave] = _encode_json({k: v for k, v in contrato.items() if v is not None}).encode()

    def _make_contrato(self, numero: int, linha: Linha, documento: str, cota: Cota | None) -> Mapping[str, Any]:
        """A LinhaPlanilha's fields."""

        def texto(campo: Campo, limite: int = 100) -> str | None:
            return read_texto(self._cell(linha, campo))[:limite] or None

        original = texto("nome", 255) or ""
        situacao, contemplado = texto("situacao"), texto("contemplado")
        return {
            "aba": self.aba,
            "linha": numero,
            "cpf": documento,
            "nome": clean_nome(original, self.tags),
            "nome_original": original,
            "grupo": cota.grupo if cota else None,
            "cota": cota.cota if cota else None,
            "ponto_venda": read_ponto_venda(self._cell(linha, "ponto_venda")) or self.ponto_venda,
            "situacao": situacao,
            "ativo": not any(valor and _is_cancelado(valor) for valor in (situacao, contemplado)),
            "valor_credito": read_valor(self._cell(linha, "valor_credito"), 10),
            "valor_parcela": read_valor(self._cell(linha, "valor_parcela"), 8),
            "whatsapp": read_telefone(self._cell(linha, "whatsapp")),
            "email": read_email(self._cell(linha, "email")),
            "contemplado": contemplado,
        }

    def _read_cota(self, linha: Linha) -> Cota | None:
        """From the G/C column, else from grupo and cota apart, else from a grupo column that holds both."""
        junto = read_grupo_cota(self._cell(linha, "grupo_cota"))
        if junto is not None:
            return junto
        pares = [(self._cell(linha, "grupo"), self._cell(linha, "cota")), *self._list_pares(linha)]
        for grupo, cota in ((read_inteiro(grupo), read_inteiro(cota)) for grupo, cota in pares):
            if grupo and cota is not None:
                return Cota(grupo, cota)
        return read_grupo_cota(self._cell(linha, "grupo")) or read_grupo_cota(self._cell(linha, "cota"))

    def _list_pares(self, linha: Linha) -> Iterator[tuple[Celula, Celula]]:
        """A G/C header that spans two columns: the second has no header of its own."""
        for coluna in self.colunas.get("grupo_cota", ()):
            par, titulo = linha[coluna : coluna + 2], self.cabecalho[coluna + 1 : coluna + 2]
            if len(par) == 2 and not any(map(read_texto, titulo)):
                yield par[0], par[1]

    def _refuse(self, numero: int, campo: Campo, motivo: str) -> None:
        colunas: Sequence[int] = self.colunas.get(campo, ())
        nome = read_texto(self.cabecalho[colunas[0]]) if colunas else campo
        self.erros.append({"aba": self.aba, "linha": numero, "campo": nome, "motivo": motivo})
