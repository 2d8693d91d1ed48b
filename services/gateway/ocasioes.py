"""What people are told of an execution, and in which words: counts and causes, nothing of any client."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from services.gateway.execucao import FUSO
from services.gateway.store.quadro import Linha, contadores
from shared.outcomes import StatusCliente, StatusExecucao, find_desfecho


class Ocasiao(StrEnum):
    """TESTE: only where a person asks for it."""

    ENCERRADA = "execucao.encerrada"
    BLOQUEADA = "execucao.bloqueada"
    FALHAS = "execucao.falhas"
    TESTE = "teste"


_FINS = {
    StatusExecucao.CONCLUIDA: "Execução concluída",
    StatusExecucao.CONCLUIDA_COM_FALHAS: "Execução concluída com falhas",
    StatusExecucao.ERRO: "Execução parou com erro",
    StatusExecucao.CANCELADA: "Execução cancelada",
}
_CONTAGENS = {
    StatusCliente.SUCESSO: "baixados",
    StatusCliente.JA_BAIXADO: "já baixados",
    StatusCliente.ERRO: "com erro",
    StatusCliente.SEM_BOLETO: "sem boleto",
    StatusCliente.CPF_NAO_ENCONTRADO: "não encontrados",
    StatusCliente.CANCELADO: "cancelados",
}


def write_aviso(ocasiao: Ocasiao, execucao: Linha) -> tuple[str, str]:
    """Title and text, each of one line: a template's parameter may have no other. execucao: with `ponto_venda`."""
    contagem = contadores(execucao)
    ponto_venda, codigo = execucao["ponto_venda"], execucao["codigo"]
    match ocasiao:
        case Ocasiao.BLOQUEADA:
            titulo, causa = "Execução espera uma pessoa", find_desfecho(codigo).texto if codigo else ""
        case Ocasiao.FALHAS:
            titulo, causa = "Execução com falhas demais", "Veja as causas no painel."
        case _:
            titulo, causa = _FINS.get(StatusExecucao(execucao["status"]), "Execução encerrada"), ""
            if proxima := execucao["recuperacao_em"]:
                causa = f"O que falhou por problema técnico será tentado de novo em {_hora(proxima)}."
    partes = [f"{palavra}: {contagem[status]}" for status, palavra in _CONTAGENS.items() if contagem[status]]
    resumo = ", ".join([*partes, f"contratos: {execucao['total_clientes']}"]).capitalize()
    return f"{titulo} · {ponto_venda}", " ".join(filter(None, (causa, f"{resumo}.", _periodo(execucao))))


def _periodo(execucao: Linha) -> str:
    inicio, fim = execucao["iniciado_em"], execucao["finalizado_em"]
    if inicio is None:
        return ""
    return f"De {_hora(inicio)} a {_hora(fim)}." if fim else f"Desde {_hora(inicio)}."


def _hora(quando: datetime) -> str:
    return f"{quando.astimezone(FUSO):%d/%m %H:%M}"
