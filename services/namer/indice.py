"""Whose name a boleto gets: a workbook's contracts by CPF and cota, kept so that each workbook is opened once."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from dataclasses import dataclass

from services.namer.naming import nome_limpo
from services.namer.reader import Leitor
from shared.contrato import Cota, fold
from shared.events import Arquivo, LinhasPlanilha
from shared.files import FileStore, chave_lugar


@dataclass(frozen=True)
class Titular:
    """homonimo: another active contract of the workbook has the same clean name, the client's own other cota too.

    Names that differ by case alone are the same, since their files would meet; accents make another name.
    """

    nome: str
    homonimo: bool


@dataclass(frozen=True)
class _Contrato:
    cota: Cota | None
    nome: str
    ativo: bool

    @property
    def chave(self) -> str:
        return chave_lugar(nome_limpo(self.nome))


class Indice:
    """The contracts of one workbook."""

    def __init__(self, planilha: LinhasPlanilha) -> None:
        self._por_cpf: dict[str, list[_Contrato]] = {}
        for linha in planilha.linhas:
            cota = Cota(linha.grupo, linha.cota) if linha.grupo is not None and linha.cota is not None else None
            contrato = _Contrato(cota, linha.nome, linha.ativo)
            self._por_cpf.setdefault(linha.cpf, []).append(contrato)
        self._ativos = Counter(c.chave for contratos in self._por_cpf.values() for c in contratos if c.ativo)

    def find_titular(self, cpf: str, cota: Cota) -> Titular | None:
        """By CPF and cota; where the sheet has no such cota, by CPF, as long as it gives one name only."""
        contratos = self._por_cpf.get(cpf, [])
        exato = next((c for c in contratos if c.cota == cota), None)
        if exato is not None:
            return self._make_titular(exato, eh_este=True)
        sem_cota = [c for c in contratos if c.cota is None]
        candidatos = sem_cota or contratos
        if len({fold(nome_limpo(c.nome)) for c in candidatos}) != 1:
            return None
        return self._make_titular(candidatos[0], eh_este=bool(sem_cota))

    def _make_titular(self, contrato: _Contrato, *, eh_este: bool) -> Titular:
        outros = self._ativos[contrato.chave] - (contrato.ativo and eh_este)
        return Titular(contrato.nome, homonimo=outros > 0)


class Indices:
    """The last `limite` workbooks, by content; whoever asks for one that is being read waits for that reading."""

    def __init__(self, files: FileStore, leitor: Leitor, limite: int = 32) -> None:
        self._files = files
        self._leitor = leitor
        self._limite = limite
        self._prontos: OrderedDict[str, Indice] = OrderedDict()
        self._portas: dict[str, asyncio.Lock] = {}

    async def get(self, planilha: Arquivo) -> Indice:
        """Raises PlanilhaRecusada, LeituraFalhou, ArquivoFalhou."""
        porta = self._portas.setdefault(planilha.sha256, asyncio.Lock())
        try:
            async with porta:
                pronto = self._prontos.get(planilha.sha256)
                if pronto is None:
                    lida = await read_planilha(await self._files.get(planilha), self._leitor)
                    pronto = await asyncio.to_thread(Indice, lida)
                    self._keep(planilha, pronto)
                self._prontos.move_to_end(planilha.sha256)
                return pronto
        finally:
            if not porta.locked():
                self._portas.pop(planilha.sha256, None)

    def _keep(self, planilha: Arquivo, indice: Indice) -> None:
        self._prontos[planilha.sha256] = indice
        while len(self._prontos) > self._limite:
            self._prontos.popitem(last=False)


async def read_planilha(dados: bytes, leitor: Leitor) -> LinhasPlanilha:
    """A kept workbook's rows; where a person was erased from it, the rows are all that was kept of it.

    Not for uploads: those are read by `leitor`, which takes nothing but workbooks.
    """
    if dados.startswith(b"{"):
        return await asyncio.to_thread(LinhasPlanilha.parse, dados)
    return await leitor.read(dados)
