"""A scraper's side of the engine's tests: tasks taken by hand, and the reports about them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.gateway.projector import Projector
from services.gateway.store import Pool
from shared.bus.memory import MemoryBus
from shared.events import (
    EVENTOS,
    Arquivo,
    BoletoArquivado,
    BoletoCapturado,
    BoletoDevolvido,
    BoletoEtapa,
    BoletoFalhou,
    CredencialParada,
    DadosBoleto,
    Evento,
    Tarefa,
)
from shared.outcomes import Etapa
from tests.gateway.cadastro import Loja

PASSOS = (Etapa.AUTENTICANDO, Etapa.BUSCANDO, Etapa.EMITINDO, Etapa.BAIXANDO, Etapa.VERIFICANDO)
ENTREGA: Any = None


class Maestro:
    """Applies reports as the projector does, and hands out tasks as the dispatcher would."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.projector = Projector(pool, MemoryBus(EVENTOS), lambda: None, lambda: None)

    async def apply(self, *eventos: Evento) -> None:
        for evento in eventos:
            await self.projector.handle(evento, ENTREGA)

    async def lease(self, loja: Loja, slot: int = 0, scraper: str = "s1") -> int:
        cerca: int = await self.pool.fetchval(
            "INSERT INTO concessoes (credencial_id, slot, scraper_id, fila, expira_em)"
            " VALUES ($1, $2, $3, $4, now() + interval '30 s') RETURNING cerca",
            loja.credencial_id,
            slot,
            scraper,
            f"scraper.{scraper}",
        )
        return cerca

    async def send(self, item_id: int, cerca: int) -> Tarefa:
        linha = await self.pool.fetchrow(
            "UPDATE log_downloads_boletos SET despacho = nextval('despachos'), cerca = $2, enviado_em = now()"
            " WHERE id = $1 AND status = 'pendente' RETURNING automacao_id, despacho, tentativas",
            item_id,
            cerca,
        )
        assert linha is not None, "the row waits for no session"
        return Tarefa(
            automacao_id=linha["automacao_id"],
            item_id=item_id,
            despacho=linha["despacho"],
            tentativa=linha["tentativas"] + 1,
            cerca=cerca,
        )

    async def fail(self, item_id: int, cerca: int, codigo: str, etapa: Etapa = Etapa.BUSCANDO) -> Tarefa:
        tarefa = await self.send(item_id, cerca)
        await self.apply(falhou(tarefa, codigo, etapa))
        return tarefa

    async def succeed(self, item_id: int, cerca: int) -> Tarefa:
        tarefa = await self.send(item_id, cerca)
        await self.apply(*(BoletoEtapa(tarefa=tarefa, etapa=passo) for passo in PASSOS), capturado(tarefa))
        await self.apply(arquivado(tarefa))
        return tarefa


def arquivo(caminho: str) -> Arquivo:
    return Arquivo(caminho=caminho, sha256="0" * 64, tamanho=10)


def capturado(tarefa: Tarefa, mes: int = 11, ano: int = 2026) -> BoletoCapturado:
    dados = DadosBoleto(
        cpf="",
        nome_portal="CLIENTE",
        grupo=6650,
        cota=tarefa.item_id,
        ano=ano,
        mes=mes,
        vencimento=date(ano, mes, 10),
        valor=Decimal("123.45"),
    )
    return BoletoCapturado(
        tarefa=tarefa,
        captura=arquivo(f"_interno/capturas/{tarefa.despacho}"),
        boleto=dados,
        duracoes_s={"buscando": 0.1},
    )


def arquivado(tarefa: Tarefa, caminho: str | None = None) -> BoletoArquivado:
    return BoletoArquivado(
        tarefa=tarefa, arquivo=arquivo(caminho or f"PASTA/CLIENTE_{tarefa.item_id}.pdf"), nome="CLIENTE", duracao_s=0.1
    )


def falhou(tarefa: Tarefa, codigo: str, etapa: Etapa = Etapa.BUSCANDO, **campos: Any) -> BoletoFalhou:
    return BoletoFalhou(tarefa=tarefa, etapa=etapa, codigo=codigo, mensagem=f"visto: {codigo}", **campos)


def devolvido(tarefa: Tarefa, motivo: Any = "sessao") -> BoletoDevolvido:
    return BoletoDevolvido(tarefa=tarefa, motivo=motivo)


def parada(loja: Loja, cerca: int, codigo: str = "login.recusado") -> CredencialParada:
    return CredencialParada(
        cerca=cerca, credencial_id=loja.credencial_id, codigo=codigo, mensagem="Usuário ou senha inválidos"
    )


async def list_quadros(pool: Pool, automacao_id: UUID) -> list[dict[str, Any]]:
    """Every event of an execution, as the socket sends it; the promises each must keep are checked here."""
    linhas = await pool.fetch(
        "SELECT v.seq, v.corpo FROM eventos v JOIN execucoes_automacao e ON e.id = v.execucao_id"
        " WHERE e.automacao_id = $1 ORDER BY v.seq",
        automacao_id,
    )
    quadros = [json.loads(linha["corpo"]) for linha in linhas]
    execucao = await pool.fetchrow("SELECT * FROM execucoes_automacao WHERE automacao_id = $1", automacao_id)
    assert execucao is not None
    assert [q["seq"] for q in quadros] == [linha["seq"] for linha in linhas] == list(range(1, execucao["seq"] + 1))
    for quadro in quadros:
        assert len(quadro["contadores"]) == 8
        assert sum(quadro["contadores"].values()) == execucao["total_clientes"]
        assert min(quadro["contadores"].values()) >= 0
        assert (quadro["cliente"] is None) == (quadro["evento"] == "execucao.status")
    contagem = await pool.fetch(
        "SELECT status, count(*) AS n FROM log_downloads_boletos WHERE automacao_id = $1 GROUP BY status", automacao_id
    )
    assert {s: n for s, n in quadros[-1]["contadores"].items() if n} == {r["status"]: r["n"] for r in contagem}
    return quadros


async def add_eventos(pool: Pool, automacao_id: UUID, quantos: int, **campos: Any) -> int:
    """So many events in one commit, the second one told again under the numbers that follow, with these fields; the
    last one's number."""
    async with pool.acquire() as conn, conn.transaction():
        execucao = await conn.fetchrow(
            "SELECT id, seq FROM execucoes_automacao WHERE automacao_id = $1 FOR UPDATE", automacao_id
        )
        assert execucao is not None
        corpo = json.loads(
            await conn.fetchval("SELECT corpo FROM eventos WHERE execucao_id = $1 AND seq = 2", execucao["id"])
        )
        ultimo: int = execucao["seq"] + quantos
        linhas = [
            (execucao["id"], seq, json.dumps({**corpo, **campos, "seq": seq}))
            for seq in range(execucao["seq"] + 1, ultimo + 1)
        ]
        await conn.executemany("INSERT INTO eventos (execucao_id, seq, corpo) VALUES ($1, $2, $3)", linhas)
        await conn.execute("UPDATE execucoes_automacao SET seq = $2 WHERE id = $1", execucao["id"], ultimo)
    return ultimo


async def count_presas(pool: Pool) -> int:
    """Statements that wait for what another transaction holds."""
    presas: int = await pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return presas


async def get_item(pool: Pool, item_id: int) -> Any:
    item = await pool.fetchrow("SELECT * FROM log_downloads_boletos WHERE id = $1", item_id)
    assert item is not None
    return item


async def list_rotas(pool: Pool) -> Sequence[str]:
    return [linha["rota"] for linha in await pool.fetch("SELECT rota FROM outbox ORDER BY id")]
