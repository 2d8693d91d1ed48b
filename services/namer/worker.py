"""The namer at work: files verified captures under their clients' names, reads workbooks, writes reports.

Every answer is published before its message is acknowledged, and every step may be repeated: a message that comes
twice ends in the same answer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self, assert_never
from uuid import uuid4

from pydantic import ValidationError

from services.namer.filing import LugarOcupado, find_pasta, place_boleto, remove_anterior
from services.namer.indice import Indices, Titular
from services.namer.intake import PlanilhaRecusada
from services.namer.naming import NOME_VAZIO, Identidade
from services.namer.reader import Leitor, LeituraFalhou
from services.namer.report import write_relatorio
from services.namer.settings import NamerSettings
from shared.bus import Bus, BusError, BusUnavailable, Delivery, NotNow, Unroutable
from shared.bus.topology import NAMER_BOLETOS, NAMER_PEDIDOS
from shared.contrato import Cota
from shared.events import (
    Arquivo,
    BoletoArquivado,
    BoletoFalhou,
    BoletoNomear,
    DadosRelatorio,
    Evento,
    NamerPulso,
    PlanilhaLer,
    PlanilhaLida,
    RelatorioGerado,
    RelatorioGerar,
)
from shared.files import ArquivoFalhou, DiscoCheio, FileStore
from shared.outcomes import Etapa

log = logging.getLogger(__name__)


class Namer:
    """`async with Namer(bus, files, settings)`: works while the context is open; leaving it ends what is in hand."""

    def __init__(self, bus: Bus, files: FileStore, settings: NamerSettings) -> None:
        self._bus = bus
        self._files = files
        self._settings = settings
        self._leitor = Leitor(settings.tags, settings.planilha_timeout_s, settings.planilhas_paralelas)
        self._indices = Indices(files, self._leitor)
        self._pilha = AsyncExitStack()
        self.namer_id = f"{platform.node()}-{os.getpid()}-{uuid4().hex[:6]}"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as pilha:
            await pilha.enter_async_context(_running(self._send_pulsos()))
            paralelos, paralelas = self._settings.boletos_paralelos, self._settings.planilhas_paralelas
            await pilha.enter_async_context(self._bus.consume(NAMER_BOLETOS, self._handle_boleto, prefetch=paralelos))
            await pilha.enter_async_context(self._bus.consume(NAMER_PEDIDOS, self._handle_pedido, prefetch=paralelas))
            self._pilha = pilha.pop_all()
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._pilha.aclose()

    # --- boletos ------------------------------------------------------------------------------------------------------

    async def _handle_boleto(self, pedido: BoletoNomear, _: Delivery) -> None:
        resposta = await self._answer_boleto(pedido)
        await self._publish(resposta)
        campos = {"automacao_id": pedido.tarefa.automacao_id, "item_id": pedido.tarefa.item_id}
        log.info("boleto answered: %s %s", resposta.rota, getattr(resposta, "codigo", ""), extra=campos)

    async def _answer_boleto(self, pedido: BoletoNomear) -> BoletoArquivado | BoletoFalhou:
        """Every fault is an outcome of contract.md §5; what is known of it goes into the message."""
        try:
            titular = await self._find_titular(pedido)
            if titular is None:
                return await self._keep_sem_nome(pedido)
            return await self._file_boleto(pedido, titular)
        except DiscoCheio:
            return _fail(pedido, "arquivo.falhou.disco_cheio", "Não há espaço para gravar o boleto.")
        except LugarOcupado as erro:
            return _fail(pedido, "arquivo.falhou.conflito", f"O lugar {erro.caminho} está ocupado por outro arquivo.")
        except ArquivoFalhou as erro:
            log.warning("file store failed: %s", erro)
            return _fail(pedido, "arquivo.falhou", f"O armazenamento não respondeu como devia ({type(erro).__name__}).")
        except (PlanilhaRecusada, LeituraFalhou) as erro:
            return _fail(pedido, "interno", f"A planilha do consultor não pôde ser lida: {erro}")

    async def _find_titular(self, pedido: BoletoNomear) -> Titular | None:
        if pedido.planilha is None:
            return None
        indice = await self._indices.get(pedido.planilha)
        return indice.find_titular(pedido.cpf, Cota(pedido.grupo, pedido.cota))

    async def _file_boleto(self, pedido: BoletoNomear, titular: Titular) -> BoletoArquivado:
        inicio = time.monotonic()
        identidade = Identidade(
            pedido.ponto_venda, pedido.cpf, pedido.grupo, pedido.cota, mes=pedido.mes, ano=pedido.ano
        )
        dados = await self._files.get(pedido.captura)
        arquivo = await place_boleto(
            self._files, dados, identidade, titular.nome, find_pasta(pedido.pasta, pedido.escritorio),
            homonimo=titular.homonimo,
        )  # fmt: skip
        if pedido.arquivo_anterior is not None:
            await remove_anterior(self._files, identidade, pedido.arquivo_anterior, arquivo.caminho)
        return BoletoArquivado(
            tarefa=pedido.tarefa,
            arquivo=arquivo,
            nome=titular.nome or NOME_VAZIO,
            duracao_s=round(time.monotonic() - inicio, 3),
        )

    async def _keep_sem_nome(self, pedido: BoletoNomear) -> BoletoFalhou:
        """Kept where no sweep comes by, to be named without a second download."""
        guardado = await self._files.put_interno("sem_nome", await self._files.get(pedido.captura))
        falta = (
            "o CPF não está na planilha mais nova do consultor"
            if pedido.planilha
            else "nenhuma planilha importada tem este CPF"
        )
        return _fail(
            pedido,
            "nome.nao_encontrado",
            f"O boleto foi baixado, mas {falta}. Está guardado em {guardado.caminho} e será nomeado quando uma "
            "planilha tiver este CPF.",
            quarentena=guardado,
        )

    # --- requests: workbooks and reports ------------------------------------------------------------------------------

    async def _handle_pedido(self, pedido: PlanilhaLer | RelatorioGerar, _: Delivery) -> None:
        resposta: PlanilhaLida | RelatorioGerado
        match pedido:
            case PlanilhaLer():
                resposta = await self._read_planilha(pedido)
            case RelatorioGerar():
                resposta = await self._write_relatorio(pedido)
            case _:
                assert_never(pedido)
        try:
            await self._publish(resposta, queue=pedido.responder_a)
        except Unroutable:
            log.warning("%s has no asker any more", resposta.rota, extra={"pedido_id": pedido.pedido_id})

    async def _read_planilha(self, pedido: PlanilhaLer) -> PlanilhaLida:
        try:
            linhas = await self._leitor.encode(await self._files.get(pedido.planilha), pedido.ponto_venda)
            return PlanilhaLida(pedido_id=pedido.pedido_id, linhas=await self._files.put_interno("linhas", linhas))
        except PlanilhaRecusada as recusa:
            return PlanilhaLida(pedido_id=pedido.pedido_id, erro=str(recusa))
        except LeituraFalhou as erro:
            log.warning("workbook reader failed: %s", erro, extra={"pedido_id": pedido.pedido_id})
            texto = "A planilha não pôde ser lida até o fim. Abra-a no Excel, salve como .xlsx e envie de novo."
            return PlanilhaLida(pedido_id=pedido.pedido_id, erro=texto)
        except ArquivoFalhou as erro:
            return PlanilhaLida(pedido_id=pedido.pedido_id, erro=_explain(erro))

    async def _write_relatorio(self, pedido: RelatorioGerar) -> RelatorioGerado:
        try:
            dados = DadosRelatorio.model_validate_json(await self._files.get(pedido.dados))
            relatorio = await asyncio.to_thread(write_relatorio, dados)
            return RelatorioGerado(
                pedido_id=pedido.pedido_id, relatorio=await self._files.put_interno("relatorios", relatorio)
            )
        except ValidationError:
            log.exception("report data of another shape", extra={"pedido_id": pedido.pedido_id})
            texto = "Os dados do relatório não puderam ser lidos. Peça-o de novo; se persistir, avise o suporte."
            return RelatorioGerado(pedido_id=pedido.pedido_id, erro=texto)
        except ArquivoFalhou as erro:
            return RelatorioGerado(pedido_id=pedido.pedido_id, erro=_explain(erro))

    # --- the bus ------------------------------------------------------------------------------------------------------

    async def _publish(self, evento: Evento, queue: str | None = None) -> None:
        try:
            await self._bus.publish(evento, queue=queue)
        except BusUnavailable as erro:
            raise NotNow(str(erro)) from erro

    async def _send_pulsos(self) -> None:
        while True:
            try:
                await self._bus.publish(NamerPulso(namer_id=self.namer_id))
            except BusError as erro:
                log.warning("heartbeat not sent: %s", erro)
            await asyncio.sleep(self._settings.pulso_s)


@asynccontextmanager
async def _running(laco: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """A background loop, owned by this context."""
    async with asyncio.TaskGroup() as grupo:
        tarefa = grupo.create_task(laco)
        try:
            yield
        finally:
            tarefa.cancel()


def _fail(pedido: BoletoNomear, codigo: str, mensagem: str, quarentena: Arquivo | None = None) -> BoletoFalhou:
    return BoletoFalhou(
        tarefa=pedido.tarefa, etapa=Etapa.NOMEANDO, codigo=codigo, mensagem=mensagem, quarentena=quarentena
    )


def _explain(erro: ArquivoFalhou) -> str:
    if isinstance(erro, DiscoCheio):
        return "Não há espaço no armazenamento. Libere espaço e peça de novo."
    return "O armazenamento de arquivos não respondeu como devia. Peça de novo; se persistir, avise o suporte."
