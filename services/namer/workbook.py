"""A workbook's bytes → its contracts, cleaned, and the rows that could not be taken with their reasons.

Row by row, and out as JSON of the shape LinhasPlanilha: of a hundred thousand rows nothing is held but that. The
models themselves are imported only where they are asked for, since the reading child starts in half the time without.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import orjson
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
    clean_celula,
    read_cota,
    read_documento,
    read_email,
    read_grupo,
    read_grupo_cota,
    read_ponto_venda,
    read_situacao,
    read_telefone,
    read_texto,
    read_valor,
)
from services.namer.columns import Bloco, Campo, Linha, Registro, find_blocos
from services.namer.intake import COM_SENHA, SALVE_XLSX, PlanilhaRecusada, check_arquivo
from services.namer.naming import clean_nome
from shared.contrato import Cota, DocumentoInvalido, fold

if TYPE_CHECKING:
    from shared.events import LinhasPlanilha

LIMITE_LINHAS = 100_000
_ABA_PRINCIPAL = "PLANILHA GERAL"
_CANCELADO = "CANCEL"
_DANIFICADA = f"O arquivo não é uma planilha do Excel, ou está danificado. {SALVE_XLSX}"
PREENCHA = "Preencha a célula e importe de novo."
_DIGITO = re.compile(r"\d")
# The fields that a row may leave out, each from a cell that is not blank.
_LEITORES: Mapping[Campo, Callable[[Celula], Any]] = {
    "ponto_venda": read_ponto_venda,
    "situacao": read_situacao,
    "contemplado": read_situacao,
    "valor_credito": partial(read_valor, digitos=10),
    "valor_parcela": partial(read_valor, digitos=8),
    "whatsapp": read_telefone,
    "email": read_email,
}


def read_planilha(dados: bytes, tags: tuple[str, ...]) -> LinhasPlanilha:
    """Read the sheet of contracts. `tags`: words that are no part of a name. Raises PlanilhaRecusada."""
    from shared.events import LinhasPlanilha

    return LinhasPlanilha.parse(b"".join(encode_planilha(dados, tags)))


def encode_planilha(dados: bytes, tags: tuple[str, ...], ponto_venda: str | None = None) -> Iterator[bytes]:
    """The same as JSON, in pieces; ponto_venda: of rows without one of their own. Raises PlanilhaRecusada at once."""
    check_arquivo(dados)
    return _read_abas(dados, tags, ponto_venda).encode()


def _read_abas(dados: bytes, tags: tuple[str, ...], ponto_venda: str | None) -> _Leitura:
    cabecalhos = 0
    with _translate_erros():
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


@contextmanager
def _translate_erros() -> Iterator[None]:
    """What the library does not read, in our words; what it panics over is damaged too. Raises PlanilhaRecusada."""
    try:
        yield
    except PasswordError as erro:
        raise PlanilhaRecusada(COM_SENHA) from erro
    except CalamineError as erro:
        raise PlanilhaRecusada(_DANIFICADA) from erro
    except BaseException as erro:  # edge: a panic is no Exception, and cannot be named by import
        if type(erro).__name__ != "PanicException":
            raise
        raise PlanilhaRecusada(_DANIFICADA) from erro


def _open_abas(dados: bytes) -> Iterator[CalamineSheet]:
    """The first sheet, and the one named PLANILHA GERAL should it stand elsewhere: others repeat the same headers.

    Where the first is hidden or empty, people take the next for the first.
    """
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


def _is_vazia(aba: CalamineSheet) -> bool:
    return aba.start is None


def _read_linhas(aba: CalamineSheet) -> Iterator[tuple[Linha, Collection[int]]]:
    """Every row of the sheet, from its first, a merged cell's value in each row it spans; and the columns in which what
    stands there is of a row above. Raises PlanilhaRecusada."""
    if aba.end is not None and aba.end[0] >= LIMITE_LINHAS:
        raise PlanilhaRecusada(
            "A planilha passa de 100.000 linhas. Apague as linhas vazias do fim, ou divida-a, e envie de novo."
        )
    # A row begins at the first column that is used.
    primeira = aba.start[1] if aba.start else 0
    mescladas: dict[int, list[tuple[int, int]]] = {}
    for (inicio, coluna), (fim, _) in aba.merged_cell_ranges or ():
        if inicio < fim and coluna >= primeira:
            mescladas.setdefault(inicio, []).append((coluna - primeira, fim))
    abertas: dict[int, tuple[int, Celula]] = {}
    linhas: Iterator[list[Celula]] = map(list, aba.iter_rows())
    for numero, linha in enumerate(linhas):
        de_cima: set[int] = set()
        if abertas:
            abertas = {coluna: (fim, valor) for coluna, (fim, valor) in abertas.items() if numero <= fim}
            if any(celula != "" for celula in linha):
                for coluna, (_, valor) in abertas.items():
                    if linha[coluna] == "":
                        linha[coluna] = valor
                        de_cima.add(coluna)
        for coluna, fim in mescladas.get(numero, ()):
            if coluna < len(linha):
                abertas[coluna] = (fim, linha[coluna])
        yield linha, de_cima


@lru_cache(maxsize=1024)
def _is_cancelado(situacao: str) -> bool:
    return fold(situacao).startswith(_CANCELADO)


@dataclass
class _Leitura:
    """One sheet on its way into contracts; `blocos` follow the last header row."""

    aba: str
    tags: tuple[str, ...]
    ponto_venda: str | None
    blocos: list[Bloco] = field(default_factory=list)
    # As JSON, in the order of the rows: what was told twice moved to where it was told last.
    contratos: dict[str, bytes] = field(default_factory=dict)
    # Which of them each block, known by its first column, told last.
    ultimos: dict[int, str] = field(default_factory=dict)
    erros: list[dict[str, Any]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.contratos) + len(self.erros)

    def read(self, linhas: Iterable[tuple[Linha, Collection[int]]]) -> bool:
        """Whether a row is a header. Raises PlanilhaRecusada where the names' column is missing."""
        cabecalho = 0
        for numero, (linha, de_cima) in enumerate(linhas, 1):
            registros = [bloco.pick(linha) for bloco in self.blocos]
            # Headers repeat before each block, in other columns too; a row with a document's digits is none.
            if not any(map(_has_digitos, registros)) and (blocos := find_blocos(linha)):
                self.blocos = [bloco for bloco in blocos if "nome" in bloco.titulos] or self.blocos
                cabecalho = cabecalho or numero
                continue
            for bloco, registro in zip(self.blocos, registros, strict=True):
                if registro:
                    self._take(numero, linha, bloco, registro, de_cima)
        if cabecalho and not self.blocos:
            raise PlanilhaRecusada(
                f"O cabeçalho (linha {cabecalho}) não tem a coluna do nome. Chame-a NOME e envie de novo."
            )
        return bool(self.blocos)

    def encode(self) -> Iterator[bytes]:
        erros = orjson.dumps(sorted(self.erros, key=lambda erro: erro["linha"]))
        yield b'{"aba":%b,"total":%d,"erros":%b,"linhas":[\n' % (orjson.dumps(self.aba), self.total, erros)
        contratos = iter(self.contratos.values())
        yield from (contrato + b"\n" for contrato in islice(contratos, 1))
        yield from (b",%b\n" % contrato for contrato in contratos)
        yield b"]}"

    def _take(self, numero: int, linha: Linha, bloco: Bloco, registro: Registro, de_cima: Collection[int]) -> None:
        if "documento" not in registro:
            self._refuse(numero, bloco, "documento", f"Linha sem CPF (célula vazia ou com erro de fórmula). {PREENCHA}")
            return
        try:
            documento = read_documento(registro["documento"])
        except DocumentoInvalido as erro:
            self._refuse(numero, bloco, "documento", str(erro))
            return
        original = read_texto(registro.get("nome"))[:255]
        nome = clean_nome(original, self.tags)
        if not nome:
            self._refuse(numero, bloco, "nome", f"Linha sem o nome do cliente. {PREENCHA}")
            return
        cota = _read_cota(linha, bloco, registro)
        chave = f"{documento} {cota}"
        if de_cima and (acima := self._find_acima(linha, bloco, documento, cota, de_cima)):
            self._add(acima, _read_campos(registro))
            return
        repetido = self.contratos.pop(chave, None)
        if repetido is not None:
            # As when the sheet is imported row after row: what stands further down is the newer word.
            motivo = f"O mesmo CPF e grupo/cota está de novo na linha {numero}, que vale. Apague a outra."
            self._refuse(orjson.loads(repetido)["linha"], bloco, "documento", motivo)
        # A LinhaPlanilha's fields; what a row does not say is left out, as the model's own default.
        contrato = {"aba": self.aba, "linha": numero, "cpf": documento, "nome": nome, "nome_original": original}
        if cota is not None:
            contrato |= {"grupo": cota.grupo, "cota": cota.cota}
        if self.ponto_venda is not None:
            contrato["ponto_venda"] = self.ponto_venda
        self.contratos[chave] = _encode(contrato | _read_campos(registro))
        self.ultimos[bloco.inicio] = chave

    def _find_acima(
        self, linha: Linha, bloco: Bloco, documento: str, cota: Cota | None, de_cima: Collection[int]
    ) -> str | None:
        """The contract right above, if this row is more of it: a client merged over both, and no other cota."""
        acima = self.ultimos.get(bloco.inicio, "")
        if bloco.find_coluna("documento", linha) not in de_cima or acima not in self.contratos:
            return None
        cotas = {bloco.find_coluna(campo, linha) for campo in ("grupo_cota", "grupo", "cota")} - {None}
        sem_cota = cota is None and acima.startswith(f"{documento} ") and cotas <= {*de_cima}
        return acima if sem_cota or acima == f"{documento} {cota}" else None

    def _add(self, chave: str, campos: dict[str, Any]) -> None:
        """What the contract does not say yet; where the upload's ponto de venda stands in for its own, that too."""
        contrato = orjson.loads(self.contratos[chave])
        if contrato.get("ponto_venda") == self.ponto_venda:
            contrato.pop("ponto_venda", None)
            campos.setdefault("ponto_venda", self.ponto_venda)
        campos = {campo: valor for campo, valor in campos.items() if valor is not None}
        self.contratos[chave] = _encode(campos | contrato)

    def _refuse(self, numero: int, bloco: Bloco, campo: Campo, motivo: str) -> None:
        self.erros.append(
            {"aba": self.aba, "linha": numero, "campo": bloco.titulos.get(campo, campo), "motivo": motivo}
        )


def _read_campos(registro: Registro) -> dict[str, Any]:
    campos: dict[str, Any] = {}
    for campo, celula in registro.items():
        if (leitor := _LEITORES.get(campo)) and (valor := leitor(celula)) is not None:
            campos[campo] = valor
    return campos


def _encode(contrato: dict[str, Any]) -> bytes:
    contrato["ativo"] = not any(_is_cancelado(contrato.get(campo, "")) for campo in ("situacao", "contemplado"))
    # Copied: what orjson gives keeps the 4 KB that it was written in.
    return bytes(memoryview(orjson.dumps(contrato)))


def _has_digitos(registro: Registro) -> bool:
    documento = registro.get("documento")
    return documento is not None and (not isinstance(documento, str) or _DIGITO.search(documento) is not None)


def _read_cota(linha: Linha, bloco: Bloco, registro: Registro) -> Cota | None:
    """From the G/C column, else from grupo and cota apart, else from a grupo column that holds both."""
    junto = read_grupo_cota(registro.get("grupo_cota"))
    if junto is not None:
        return junto
    grupo, cota = registro.get("grupo"), registro.get("cota")
    pares = (map(clean_celula, linha[coluna : coluna + 2]) for coluna in bloco.pares)
    for um, outro in chain([(grupo, cota)], pares):
        numero, da_cota = read_grupo(um), read_cota(outro)
        # One of the two may say both.
        for inteira in (read_grupo_cota(outro), read_grupo_cota(um)):
            if inteira and inteira.cota and (inteira.grupo == numero or inteira.cota == da_cota):
                return inteira
        if numero and da_cota is not None:
            return Cota(numero, da_cota)
    # Of two that are filled neither is the whole.
    return None if grupo is not None and cota is not None else read_grupo_cota(grupo if cota is None else cota)
