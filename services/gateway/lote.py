"""Reports of progress of one execution, taken together: its lock once, its rows written once, an event for each report.

The row of a contract goes through its reports in memory and is written as it ends; what each report changed is told
on its own, in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from services.gateway.execucao import Encerrar
from services.gateway.relatos import end_failed, is_current, is_naming, make_falha
from services.gateway.store import Conn, credenciais
from services.gateway.store.arquivamento import Arquivamento, list_ocupados, upsert_boletos
from services.gateway.store.avisos import tell_boletos
from services.gateway.store.diario import Diario, open_diario_automacao
from services.gateway.store.itens import SQL
from services.gateway.store.nomeacao import ask_names
from services.gateway.vigia import note_buscas
from shared.contrato import mask_documentos
from shared.events import BoletoArquivado, BoletoCapturado, BoletoEtapa, DadosBoleto, Tarefa
from shared.outcomes import Etapa, StatusCliente

Progresso = BoletoEtapa | BoletoCapturado | BoletoArquivado
Item = dict[str, Any]


async def apply_lote(conn: Conn, eventos: Sequence[Progresso]) -> None:
    """Reports of one execution in the order they came, in the caller's transaction."""
    async with open_diario_automacao(conn, eventos[0].tarefa.automacao_id) as diario:
        ids = sorted({evento.tarefa.item_id for evento in eventos})
        itens = {item["id"]: dict(item) for item in await conn.fetch(SQL["lock_items"], ids, diario.id)}
        lote = _Lote(diario, itens)
        await lote.file([evento for evento in eventos if isinstance(evento, BoletoArquivado)])
        for evento in eventos:
            match evento:
                case BoletoEtapa():
                    lote.step(evento)
                case BoletoCapturado():
                    lote.capture(evento)
                case BoletoArquivado():
                    await lote.tell_file(evento)
        await lote.write()


class _Lote:
    """`itens`: the locked rows, each as the reports up to here have left it."""

    def __init__(self, diario: Diario, itens: dict[int, Item]) -> None:
        self._diario = diario
        self._itens = itens
        self._passos: dict[int, str] = {}
        self._capturas: dict[int, tuple[str, str, str]] = {}
        self._cercas: set[int] = set()
        self._buscas: list[tuple[int, int]] = []
        self._arquivadas: dict[int, Item] = {}
        self._ocupadas: set[int] = set()

    def _find(self, tarefa: Tarefa) -> Item | None:
        """The row, unless this dispatch is not in force."""
        item = self._itens.get(tarefa.item_id)
        return item if item is not None and is_current(item, tarefa) else None

    def step(self, evento: BoletoEtapa) -> None:
        item = self._find(evento.tarefa)
        for etapa in (*evento.anteriores, evento.etapa):
            if item is not None and Etapa(item["etapa"]).ordem < etapa.ordem < Etapa.NOMEANDO.ordem:
                self._enter(item, etapa)
                self._passos[item["id"]] = etapa.value
                if etapa is Etapa.EMITINDO and evento.busca_ms is not None:
                    self._buscas.append((item["cerca"], evento.busca_ms))

    def capture(self, evento: BoletoCapturado) -> None:
        """The verified PDF is in the store: the lease is free, and the namer is asked for the file's name and place."""
        item = self._find(evento.tarefa)
        if item is None or is_naming(item):
            return
        notas = {"avisos": [mask_documentos(aviso) for aviso in evento.avisos], "recuo": evento.recuo}
        dados = evento.boleto.model_dump(mode="json") | notas
        self._cercas.add(item["cerca"])
        self._enter(item, Etapa.NOMEANDO)
        self._passos.pop(item["id"], None)
        self._capturas[item["id"]] = (evento.captura.model_dump_json(), _dump(dados), _dump(evento.duracoes_s))
        self._diario.mudou_itens = []

    def _enter(self, item: Item, etapa: Etapa) -> None:
        antes = item["status"]
        item |= {
            "status": StatusCliente.PROCESSANDO.value,
            "etapa": etapa.value,
            "codigo": None,
            "mensagem_erro": None,
            "iniciado_em": item["iniciado_em"] or item["agora"],
        }
        if etapa is Etapa.NOMEANDO:
            item["proxima_tentativa"] = None
        self._diario.begin()
        self._diario.tell([item], antes)

    async def file(self, eventos: Sequence[BoletoArquivado]) -> None:
        """Named and in their places: the boletos and the rows of all of them, still untold."""
        feitos: dict[int, Arquivamento] = {}
        for evento in eventos:
            item = self._find(evento.tarefa)
            if item is not None and is_naming(item) and item["id"] not in feitos:
                dados = {k: v for k, v in item["dados_boleto"].items() if k not in ("avisos", "recuo")}
                boleto = DadosBoleto.model_validate(dados)
                feitos[item["id"]] = Arquivamento(item, boleto, evento.nome, evento.arquivo, evento.duracao_s)
        if not feitos:
            return
        self._ocupadas = await list_ocupados(self._diario.conn, list(feitos.values()))
        livres = [feito for id, feito in feitos.items() if id not in self._ocupadas]
        ids = await upsert_boletos(self._diario.conn, livres)
        await tell_boletos(self._diario.conn, self._diario.ponto_venda_id, ids)
        linhas = await self._diario.conn.fetch(
            SQL["file_items"],
            [feito.item["id"] for feito in livres],
            ids,
            [feito.nome for feito in livres],
            [feito.boleto.grupo for feito in livres],
            [feito.boleto.cota for feito in livres],
            [feito.boleto.mes for feito in livres],
            [feito.boleto.ano for feito in livres],
            [feito.arquivo.caminho for feito in livres],
            [feito.arquivo.tamanho for feito in livres],
            [_dump({Etapa.NOMEANDO.value: feito.duracao_s}) for feito in livres],
        )
        self._arquivadas = {linha["id"]: dict(linha) for linha in linhas}

    async def tell_file(self, evento: BoletoArquivado) -> None:
        item = self._find(evento.tarefa)
        if item is None or not is_naming(item):
            return
        if item["id"] in self._ocupadas:
            falha = make_falha("arquivo.falhou.conflito", Etapa.NOMEANDO)
            await end_failed(self._diario, item, Encerrar(StatusCliente.ERRO), falha)
            del self._itens[item["id"]]
            return
        self._diario.tell([self._arquivadas[item["id"]]], item["status"])
        self._itens[item["id"]] = self._arquivadas[item["id"]]

    async def write(self) -> None:
        conn = self._diario.conn
        if self._passos:
            await conn.execute(SQL["step_items"], list(self._passos), list(self._passos.values()))
        await note_buscas(conn, self._buscas)
        if self._capturas:
            colunas = [list(coluna) for coluna in zip(*self._capturas.values(), strict=True)]
            await conn.execute(SQL["capture_items"], list(self._capturas), *colunas)
            await ask_names(conn, list(self._capturas))
            await credenciais.note_acertos(conn, self._cercas, self._diario.ponto_venda_id)
        if self._arquivadas:
            await self._diario.conclude()


def _dump(valor: Any) -> str:
    return orjson.dumps(valor).decode()
