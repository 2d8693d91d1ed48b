"""Pure: what importing a workbook will do to the register, row by row, so that simulating and doing give one answer.

Every data row counts once: total = importados + atualizados + inativos + ignorados + rejeitados. `ignorados` are rows
that the register does not take, `rejeitados` rows that could not be read; both stand in `erros` with their reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from services.gateway.store import Alcance
from shared.contrato import fold_codigo, mask_documentos
from shared.events import ErroPlanilha, LinhaPlanilha, LinhasPlanilha

Chave = tuple[str, int | None, int | None]

# What the register's columns hold; anything larger is a cell gone wrong.
MAIOR_GRUPO = 999_999
MAIOR_COTA = 99_999
PECA = "Peça a quem o acessa que a importe."


@dataclass(frozen=True)
class Contrato:
    """A contract already in the register. `desativado`: a person switched it off by hand."""

    id: int
    cpf: str
    grupo: int | None
    cota: int | None
    ponto_venda_id: int
    desativado: bool


@dataclass(frozen=True)
class PontoVenda:
    id: int
    ativo: bool


@dataclass(frozen=True)
class Cadastro:
    """What the register knows. pontos: by folded code; padrao_id: for rows without a code of their own.

    alcance: the pontos de venda that the caller may touch, None for all.
    """

    pontos: dict[str, PontoVenda]
    padrao_id: int
    contratos: tuple[Contrato, ...]
    alcance: Alcance = None

    def sees(self, ponto_venda_id: int) -> bool:
        return self.alcance is None or ponto_venda_id in self.alcance


@dataclass(frozen=True)
class Mudanca:
    """One row to write; contrato_id None: a new contract. ativo: how it ends."""

    linha: LinhaPlanilha
    ponto_venda_id: int
    contrato_id: int | None
    ativo: bool


@dataclass
class Plano:
    """What will be written, and the report of it."""

    total: int
    mudancas: list[Mudanca] = field(default_factory=list)
    ignorados: list[ErroPlanilha] = field(default_factory=list)
    rejeitados: list[ErroPlanilha] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        ativos = [mudanca for mudanca in self.mudancas if mudanca.ativo]
        importados = sum(mudanca.contrato_id is None for mudanca in ativos)
        erros = sorted((*self.ignorados, *self.rejeitados), key=lambda erro: erro.linha)
        return {
            "total": self.total,
            "importados": importados,
            "atualizados": len(ativos) - importados,
            "inativos": len(self.mudancas) - len(ativos),
            "ignorados": len(self.ignorados),
            "rejeitados": len(self.rejeitados),
            "erros": [
                {**erro.model_dump(exclude={"motivo"}), "motivo": mask_documentos(erro.motivo)} for erro in erros
            ],
        }


def plan_importacao(lidas: LinhasPlanilha, cadastro: Cadastro) -> Plano:
    plano = Plano(lidas.total, rejeitados=list(lidas.erros))
    registro = _Registro(cadastro.contratos)
    for linha in _sort(lidas.linhas):
        ponto_venda_id = _find_ponto_venda(linha, cadastro)
        if isinstance(ponto_venda_id, ErroPlanilha):
            plano.ignorados.append(ponto_venda_id)
            continue
        achado = registro.claim(linha)
        if isinstance(achado, ErroPlanilha):
            plano.ignorados.append(achado)
            continue
        if achado and not cadastro.sees(achado.ponto_venda_id):
            plano.ignorados.append(_erro(linha, "P.V", f"O contrato pertence a outro ponto de venda. {PECA}"))
            continue
        ativo = linha.ativo and not (achado and achado.desativado)
        plano.mudancas.append(Mudanca(linha, ponto_venda_id, achado.id if achado else None, ativo))
    plano.mudancas.sort(key=lambda mudanca: mudanca.linha.linha)
    return plano


def chave_linha(linha: LinhaPlanilha) -> Chave:
    """A contract is a document and a whole grupo/cota; half a grupo/cota is none."""
    if linha.grupo is None or linha.cota is None:
        return linha.cpf, None, None
    return linha.cpf, linha.grupo, linha.cota


class _Registro:
    """Gives each contract of the register to at most one row of the workbook."""

    def __init__(self, contratos: Iterable[Contrato]) -> None:
        self._por_chave = {(c.cpf, c.grupo, c.cota): c for c in contratos}
        self._cotas: dict[str, list[Contrato]] = {}
        for contrato in self._por_chave.values():
            if contrato.grupo is not None:
                self._cotas.setdefault(contrato.cpf, []).append(contrato)
        self._linhas: dict[Chave, int] = {}
        self._cpfs: dict[str, int] = {}

    def claim(self, linha: LinhaPlanilha) -> Contrato | ErroPlanilha | None:
        """The contract this row speaks of, None for a new one, or why the row cannot be taken."""
        chave = chave_linha(linha)
        if (chave[1] or 0) > MAIOR_GRUPO or (chave[2] or 0) > MAIOR_COTA:
            return _erro(linha, "G/C", "Grupo e cota inválidos: confira a célula.")
        if chave in self._linhas:
            return _erro(linha, "CPF", f"Contrato repetido: já está na linha {self._linhas[chave]}. Apague esta.")
        achado: Contrato | ErroPlanilha | None = self._find(chave)
        if achado is None and chave[1] is None:
            achado = self._find_only_cota(linha)
        if not isinstance(achado, ErroPlanilha):
            self._linhas[chave] = linha.linha
            self._cpfs.setdefault(linha.cpf, linha.linha)
        return achado

    def _find(self, chave: Chave) -> Contrato | None:
        """The same contract, else the client's contract without a cota, which gains this one."""
        exato = self._por_chave.pop(chave, None)
        return exato or self._por_chave.pop((chave[0], None, None), None)

    def _find_only_cota(self, linha: LinhaPlanilha) -> Contrato | ErroPlanilha | None:
        """A row without grupo/cota means the client's only contract; with several nobody could tell which."""
        if linha.cpf in self._cpfs:
            motivo = f"O cliente já está na linha {self._cpfs[linha.cpf]} e esta não diz grupo e cota: preencha-os."
            return _erro(linha, "G/C", motivo)
        cotas = self._cotas.get(linha.cpf, [])
        if len(cotas) > 1:
            return _erro(linha, "G/C", "O cliente tem mais de uma cota: informe grupo e cota nesta linha.")
        return cotas[0] if cotas else None


def _sort(linhas: Iterable[LinhaPlanilha]) -> list[LinhaPlanilha]:
    """Rows that name their cota first, and of a contract told twice the active one: it is the one that counts."""
    return sorted(linhas, key=lambda linha: (chave_linha(linha)[1] is None, not linha.ativo, linha.linha))


def _find_ponto_venda(linha: LinhaPlanilha, cadastro: Cadastro) -> int | ErroPlanilha:
    codigo = fold_codigo(linha.ponto_venda or "")
    if not codigo:
        return cadastro.padrao_id
    ponto = cadastro.pontos.get(codigo)
    if ponto is None:
        motivo = f"Ponto de venda {linha.ponto_venda} não cadastrado. Cadastre-o e importe de novo."
        return _erro(linha, "P.V", motivo)
    if not ponto.ativo:
        return _erro(linha, "P.V", f"Ponto de venda {linha.ponto_venda} inativo. Reative-o e importe de novo.")
    if not cadastro.sees(ponto.id):
        return _erro(linha, "P.V", f"Você não acessa o ponto de venda {linha.ponto_venda}. {PECA}")
    return ponto.id


def _erro(linha: LinhaPlanilha, campo: str, motivo: str) -> ErroPlanilha:
    return ErroPlanilha(aba=linha.aba, linha=linha.linha, campo=campo, motivo=motivo)
