"""Request and reply over the bus: a question is a row before it is a message, so that its answer is never lost.

The reply queue dies with its replica, the row does not: a question that stays without an answer is asked again by
whichever replica lives, and whoever waits reads the answer from the row. Answering is one transaction under the row's
lock, so a reply that comes twice changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, assert_never
from uuid import UUID

from asyncpg import Record

from services.gateway.errors import unavailable
from services.gateway.lacos import repeat
from services.gateway.projector import AUSENCIAS
from services.gateway.store import Conn, Pool, links, planilhas
from services.gateway.store import pedidos as store
from services.gateway.store.empresas import PoolEmpresa, restrict
from services.gateway.store.outbox import post
from services.gateway.store.pedidos import Pedido, Resposta, TipoPedido
from services.gateway.store.planilhas import Envio
from shared.bus import Delivery, NotNow
from shared.bus.topology import NAMER_PEDIDOS, reply_queue
from shared.events import Arquivo, LinhasPlanilha, PlanilhaLer, PlanilhaLida, RelatorioGerado, RelatorioGerar
from shared.files import ArquivoAusente, ArquivoCorrompido, ArquivoFalhou, FileStore

log = logging.getLogger(__name__)

# A service is alive when it was seen this recently: its heart beats every 5 s.
VISTO_S = 15.0
# Reading a large workbook takes seconds: silence this long means that the reply had nowhere to go.
SILENCIO = timedelta(seconds=30)
PERGUNTAS = 5
PACIENCIA = timedelta(hours=1)
GUARDA = timedelta(days=1)
RITMO_S = 10.0
# Files are swept once an hour.
LIMPEZA_S = 3600.0
# As long as a call may last before it becomes a 202.
ESPERA_S = 60.0
# Answers of the scraper come through the projector, perhaps in another replica: the row is read this often.
OLHADA_S = 0.3


class Pedidos:
    """The root consumes `fila`, this replica's own reply queue, with `handle`, and keeps `run` running.

    espera_s: as long as `wait` waits.
    """

    def __init__(self, pool: Pool, files: FileStore, replica_id: str, espera_s: float = ESPERA_S) -> None:
        self.fila = reply_queue(replica_id)
        self._pool = pool
        self._files = files
        self._espera_s = espera_s
        self._acordar: dict[UUID, asyncio.Event] = {}

    # --- asking ---

    async def check_servico(self, tipo: TipoPedido) -> None:
        """Raises ApiError 503 before anything is stored."""
        servico = _servico_of(tipo)
        async with self._pool.acquire() as conn:
            if not await store.is_servico_alive(conn, servico, VISTO_S):
                texto = f"Nenhum {servico} está no ar. Inicie o serviço (canopus {servico}) e tente de novo."
                raise unavailable(f"servico.sem_{servico}", texto)

    async def ask(self, pedido: Pedido, pool: Pool | PoolEmpresa | None = None) -> UUID:
        """Record the question and send it with the same commit; a test of a credential goes to the dispatcher.
        pool: whose office asks."""
        async with (pool or self._pool).acquire() as conn, conn.transaction():
            await self.record(conn, pedido)
        return pedido.id

    async def record(self, conn: Conn, pedido: Pedido) -> None:
        """The same in the caller's transaction."""
        await store.insert_pedido(conn, pedido)
        await self._enqueue(conn, pedido)

    async def wait(self, id: UUID) -> Resposta | None:
        """The answer, or None when it did not come in time."""
        acordar = self._acordar.setdefault(id, asyncio.Event())
        try:
            async with asyncio.timeout(self._espera_s):
                while (resposta := await self.find_resposta(id)) is None:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(OLHADA_S):
                            await acordar.wait()
                    acordar.clear()
        except TimeoutError:
            return None
        finally:
            self._acordar.pop(id, None)
        return resposta

    async def find_resposta(self, id: UUID) -> Resposta | None:
        async with self._pool.acquire() as conn:
            linha = await store.find_pedido(conn, id)
        return store.get_resposta(linha) if linha else None

    async def _enqueue(self, conn: Conn, pedido: Pedido) -> None:
        match pedido.tipo:
            case "planilha":
                pergunta: PlanilhaLer | RelatorioGerar = PlanilhaLer(
                    pedido_id=pedido.id,
                    responder_a=self.fila.name,
                    planilha=_arquivo_of(pedido),
                    nome_arquivo=pedido.parametros["nome_arquivo"],
                    ponto_venda=pedido.parametros["ponto_venda"],
                )
            case "relatorio":
                pergunta = RelatorioGerar(pedido_id=pedido.id, responder_a=self.fila.name, dados=_arquivo_of(pedido))
            case "testar":
                return
            case _:
                assert_never(pedido.tipo)
        await post(conn, pergunta, fila=NAMER_PEDIDOS.name)

    # --- answering ---

    async def handle(self, evento: PlanilhaLida | RelatorioGerado, _: Delivery) -> None:
        """Bus handler of the reply queue."""
        try:
            await self.answer(evento)
        except (*AUSENCIAS, ArquivoFalhou) as erro:
            raise NotNow(f"banco ou armazenamento indisponível: {type(erro).__name__}") from erro

    async def answer(self, evento: PlanilhaLida | RelatorioGerado) -> None:
        """Complete the question and wake whoever waits for it here."""
        try:
            linhas = await self._read_linhas(evento)
        except (ArquivoAusente, ArquivoCorrompido):
            # The same workbook, asked twice at once, has one file of rows, and the first answer removed it.
            await self._ask_again(evento.pedido_id)
            return
        async with self._pool.acquire() as conn, conn.transaction():
            pedido = await store.lock_pedido(conn, evento.pedido_id)
            if pedido:
                async with restrict(conn, pedido.empresa_id):
                    resposta = await self._complete(conn, pedido, evento, linhas)
                await _answer(conn, pedido, resposta)
            # Before the commit: who reads the answer finds nothing left over.
            await self._drop_files(conn, evento, pedido)
        if acordar := self._acordar.get(evento.pedido_id):
            acordar.set()

    async def _read_linhas(self, evento: PlanilhaLida | RelatorioGerado) -> LinhasPlanilha | None:
        if not isinstance(evento, PlanilhaLida) or evento.linhas is None:
            return None
        async with self._pool.acquire() as conn:
            aberto = await store.find_pedido(conn, evento.pedido_id)
        if aberto is None or aberto["respondido_em"]:
            return None
        dados = await self._files.get(evento.linhas)
        return await asyncio.to_thread(LinhasPlanilha.parse, dados)

    async def _complete(
        self,
        conn: Conn,
        pedido: Pedido,
        evento: PlanilhaLida | RelatorioGerado,
        linhas: LinhasPlanilha | None,
    ) -> Resposta:
        match evento:
            case RelatorioGerado(relatorio=relatorio) if relatorio:
                return Resposta(200, {}, relatorio)
            case RelatorioGerado():
                return refuse(503, "relatorio_falhou", evento.erro or "O relatório não pôde ser gerado. Tente de novo.")
            case PlanilhaLida() if "marca" in pedido.parametros and not await links.is_importing(conn, pedido.id):
                return refuse(409, "planilha.ocupada", "O link mudou enquanto era aberto. Tente de novo.")
            case PlanilhaLida() if linhas:
                return await _import(conn, pedido, linhas)
            case PlanilhaLida():
                return refuse(422, "planilha_invalida", evento.erro or "A planilha não pôde ser lida.", "arquivo")
            case _:
                assert_never(evento)

    async def _drop_files(self, conn: Conn, evento: PlanilhaLida | RelatorioGerado, pedido: Pedido | None) -> None:
        """The rows have served; so has a workbook that was only simulated or that cannot be read."""
        if not isinstance(evento, PlanilhaLida):
            return
        if evento.linhas:
            await self._files.delete(evento.linhas.caminho)
        if pedido and (pedido.parametros["simular"] or evento.linhas is None):
            em_uso = await store.list_arquivos_em_uso(conn, aberto_alem_de=pedido.id)
            caminho = _arquivo_of(pedido).caminho
            if caminho not in em_uso:
                await self._files.delete(caminho)

    # --- keeping the promise ---

    async def run(self) -> None:
        """Ask again what stays without an answer, and clear away what is left over, while this replica lives."""
        async with asyncio.TaskGroup() as grupo:
            grupo.create_task(repeat(self.sweep, RITMO_S))
            grupo.create_task(repeat(self.sweep_files, LIMPEZA_S))

    async def sweep(self, silencio: timedelta = SILENCIO) -> None:
        async with self._pool.acquire() as conn, conn.transaction():
            for linha in await store.lock_silenciosos(conn, silencio):
                await self._settle(conn, linha)
            await store.delete_velhos(conn, GUARDA)

    async def sweep_files(self) -> None:
        """Remove internal files that no workbook and no question refers to (a process ended between two steps)."""
        async with self._pool.acquire() as conn:
            em_uso = await store.list_arquivos_em_uso(conn)
        for tipo in ("planilhas", "linhas", "relatorios"):
            await self._files.sweep(tipo, GUARDA, em_uso)

    async def _settle(self, conn: Conn, linha: Record) -> None:
        pedido = store.get_pedido(linha)
        idade = datetime.now(UTC) - linha["criado_em"]
        if pedido.tipo == "testar":
            if idade > store.PACIENCIA_TESTE:
                await store.answer_pedido(conn, pedido.id, _silence_of(pedido))
        elif idade > PACIENCIA or linha["perguntas"] >= PERGUNTAS:
            await _answer(conn, pedido, _silence_of(pedido))
        elif await store.is_servico_alive(conn, "namer", VISTO_S):
            # Without a namer the first question still waits in its queue: a second would only be more work.
            await store.mark_perguntado(conn, pedido.id)
            await self._enqueue(conn, pedido)

    async def _ask_again(self, id: UUID) -> None:
        async with self._pool.acquire() as conn, conn.transaction():
            if await store.lock_pedido(conn, id) and (linha := await store.find_pedido(conn, id)):
                await self._settle(conn, linha)


async def _answer(conn: Conn, pedido: Pedido, resposta: Resposta) -> None:
    """And tell the link that asked, if one did."""
    await store.answer_pedido(conn, pedido.id, resposta)
    if "marca" in pedido.parametros:
        await links.note_resposta(conn, pedido, resposta)


async def _import(conn: Conn, pedido: Pedido, linhas: LinhasPlanilha) -> Resposta:
    envio = _envio_of(pedido)
    if pedido.parametros["simular"]:
        relato = await planilhas.simulate_importacao(conn, envio, linhas)
        return Resposta(200, accept("Planilha conferida; nada foi gravado.", {**relato, "simulado": True}))
    relato = await planilhas.import_planilha(conn, envio, linhas)
    mensagem = f"Planilha importada: {relato['importados']} novos, {relato['atualizados']} atualizados."
    return Resposta(201, accept(mensagem, {**relato, "simulado": False}))


def accept(mensagem: str, dados: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "message": mensagem, "data": dados}


def refuse(status: int, codigo: str, erro: str, campo: str | None = None) -> Resposta:
    detalhes = [{"campo": campo, "erro": erro}] if campo else []
    return Resposta(status, {"success": False, "error": erro, "codigo": codigo, "detalhes": detalhes})


def _silence_of(pedido: Pedido) -> Resposta:
    textos = {
        "planilha": "O serviço que lê planilhas não respondeu. Confira se ele está no ar e envie a planilha de novo.",
        "relatorio": "O serviço que gera relatórios não respondeu. Confira se ele está no ar e peça de novo.",
        "testar": "O teste não terminou a tempo. Confira se há um scraper no ar e teste de novo.",
    }
    return refuse(503, "servico_sem_resposta", textos[pedido.tipo])


def _servico_of(tipo: TipoPedido) -> Literal["scraper", "namer"]:
    return "scraper" if tipo == "testar" else "namer"


def _arquivo_of(pedido: Pedido) -> Arquivo:
    return Arquivo.model_validate(pedido.parametros["arquivo"])


def _envio_of(pedido: Pedido) -> Envio:
    parametros = pedido.parametros
    return Envio(
        planilha=_arquivo_of(pedido),
        nome_arquivo=parametros["nome_arquivo"],
        consultor_id=parametros["consultor_id"],
        ponto_venda_id=parametros["ponto_venda_id"],
        alcance=None if parametros["alcance"] is None else tuple(parametros["alcance"]),
        enviada_por=pedido.criado_por,
    )
