"""How an execution and its contracts are shown: the same fields in REST answers, snapshots and events."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from services.gateway.execucao import COLUNAS
from shared.contrato import mask_documento, mask_documentos


class Linha(Protocol):
    """A record of asyncpg, or a dict that stands for one."""

    def __getitem__(self, chave: str, /) -> Any: ...


def contadores(execucao: Linha) -> dict[str, int]:
    """The eight statuses, zeros included; their sum is `total_clientes`."""
    return {status.value: execucao[coluna] for status, coluna in COLUNAS.items()}


def cliente_row(linha: Linha) -> dict[str, Any]:
    """A contract in an execution. `linha`: log_downloads_boletos.* and the consultor's name as `consultor`."""
    return {
        "id": linha["id"],
        "cliente_id": linha["cliente_final_id"],
        "nome": linha["nome_cliente"] and mask_documentos(linha["nome_cliente"]),
        "cpf": mask_documento(linha["cpf"]),
        "grupo": linha["grupo"],
        "cota": linha["cota"],
        "consultor": linha["consultor"],
        "status": linha["status"],
        "etapa": linha["etapa"],
        "codigo": linha["codigo"],
        "mensagem": linha["mensagem_erro"],
        "tentativas": linha["tentativas"],
        "proxima_tentativa": _iso(linha["proxima_tentativa"]),
        "mes": linha["mes_referencia"],
        "ano": linha["ano_referencia"],
        "boleto_id": linha["boleto_id"],
        "arquivo": linha["arquivo_caminho"],
        "evidencias": _list_evidencias(linha),
        "iniciado_em": _iso(linha["iniciado_em"]),
        "finalizado_em": _iso(linha["finalizado_em"]),
    }


def _list_evidencias(linha: Linha) -> list[str]:
    """Addresses of what was kept of the failure, below the origin."""
    lugar = f"/api/automation/execucoes/{linha['automacao_id']}/clientes/{linha['id']}/evidencia"
    return [f"{lugar}/{numero}" for numero in range(len(linha["evidencia"]))]


def execucao_dict(execucao: Linha) -> dict[str, Any]:
    """`execucao`: execucoes_automacao.*, with `ponto_venda` (codigo), `consultor` (nome) and `origem` (uuid)."""
    contagem = contadores(execucao)
    total = execucao["total_clientes"]
    return {
        "automacao_id": str(execucao["automacao_id"]),
        "tipo": execucao["tipo"],
        "ponto_venda": execucao["ponto_venda"],
        "consultor": execucao["consultor"],
        "status": execucao["status"],
        "codigo": execucao["codigo"],
        "mensagem_atual": execucao["mensagem_atual"],
        "total_clientes": total,
        "processados_sucesso": execucao["processados_sucesso"],
        "processados_erro": execucao["processados_erro"],
        "processados_nao_encontrado": execucao["processados_nao_encontrado"],
        "processados_sem_boleto": execucao["processados_sem_boleto"],
        "ja_baixados": execucao["ja_baixados"],
        "contadores": contagem,
        "progresso_percentual": _percentual(total - contagem["pendente"] - contagem["processando"], total),
        "seq": execucao["seq"],
        "parametros": execucao["parametros"],
        "usuario_execucao": execucao["usuario_execucao"],
        "origem": str(execucao["origem"]) if execucao["origem"] else None,
        "recuperacao": recuperacao_dict(execucao),
        "criado_em": _iso(execucao["criado_em"]),
        "iniciado_em": _iso(execucao["iniciado_em"]),
        "finalizado_em": _iso(execucao["finalizado_em"]),
        "tempo_total_segundos": _duracao_s(execucao["iniciado_em"], execucao["finalizado_em"]),
    }


def recuperacao_dict(execucao: Linha) -> dict[str, Any] | None:
    """None: the execution neither is a round of the automatic recovery nor was or is to be followed by one."""
    if not execucao["rodadas"]:
        return None
    nova = execucao["recuperada_por"]
    return {
        "rodada": execucao["rodada"],
        "rodadas": execucao["rodadas"],
        "proxima_em": _iso(execucao["recuperacao_em"]),
        "nova": str(nova) if nova else None,
    }


def _iso(instante: datetime | None) -> str | None:
    return instante.isoformat() if instante else None


def _percentual(feitos: int, total: int) -> float:
    return round(100 * feitos / total, 2) if total else 100.0


def _duracao_s(inicio: datetime | None, fim: datetime | None) -> float | None:
    return round((fim - inicio).total_seconds(), 2) if inicio and fim else None
