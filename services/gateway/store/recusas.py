"""Refusals that a caller can act on: each with its slug, its HTTP status and a pt-BR text."""

from __future__ import annotations

from typing import ClassVar


class Recusa(Exception):
    """What was asked is not done, and nothing changed. `str(recusa)` is the text a person reads."""

    codigo: ClassVar[str] = "recusado"
    status: ClassVar[int] = 422
    texto: ClassVar[str] = "Pedido recusado."

    def __init__(self, texto: str | None = None) -> None:
        super().__init__(texto or self.texto)


class SemCredencial(Recusa):
    codigo = "ponto_venda.sem_credencial"
    texto = "Este ponto de venda não tem credencial ativa do portal. Cadastre uma e envie de novo."


class PontoVendaInativo(Recusa):
    codigo = "ponto_venda.inativo"
    status = 409
    texto = "Este ponto de venda está inativo. Reative-o e envie de novo."


class SemClientes(Recusa):
    codigo = "ponto_venda.sem_clientes"
    status = 404
    texto = "Nenhum cliente ativo atende ao pedido. Importe a planilha ou mude o filtro e envie de novo."


class SemFalhas(Recusa):
    codigo = "execucao.sem_clientes"
    texto = "Nenhum cliente desta execução atende ao filtro: não há o que reprocessar."


class NaoEncontrada(Recusa):
    codigo = "execucao.nao_encontrada"
    status = 404
    texto = "Execução não encontrada. Confira o número."


class EstadoImpossivel(Recusa):
    codigo = "execucao.estado_impossivel"
    status = 409


class AgendamentoAusente(Recusa):
    codigo = "agendamento.nao_encontrado"
    status = 404
    texto = "Agendamento não encontrado. Confira o número."


class ExecucaoAtiva(Recusa):
    codigo = "agendamento.execucao_ativa"
    status = 409
    texto = "O ponto de venda ainda tem uma execução em andamento. Espere-a terminar, retome-a ou cancele-a."


class AgendamentoParado(Recusa):
    codigo = "agendamento.estado_impossivel"
    status = 409
