"""What the answers about the prediction of failures hold, field by field."""

from __future__ import annotations

from datetime import datetime

from services.gateway.vistas import Vista


class PontoCalibracaoVisto(Vista):
    previsto: float
    observado: float
    quantas: int


class JuizoVisto(Vista):
    """linhas, falhas: of the log. aprendidas, calibradas, julgadas: tries in each part, dias of the last. frequencia,
    brier_frequencia: the plain frequency and its score; ganho: the share of that which the model takes off; minimo:
    below it, it may be chance. calibracao: what was told beside what came."""

    linhas: int
    falhas: int
    aprendidas: int
    calibradas: int
    julgadas: int
    dias: int
    frequencia: float | None
    brier: float | None
    brier_frequencia: float | None
    ganho: float | None
    minimo: float | None
    calibracao: list[PontoCalibracaoVisto]


class RazaoVista(Vista):
    """vezes: what it makes of the risk, beside what it would be without; below 1 it lowers it."""

    fator: str
    valor: str
    texto: str
    vezes: float


class RiscoVisto(Vista):
    risco: float
    razoes: list[RazaoVista]


class HoraVista(Vista):
    """risco null: too little was tried at that hour."""

    hora: int
    risco: float | None


class PontoPrevisto(Vista):
    """media: of the latest tries; agora: of the usual contract, tried now."""

    ponto_venda: str
    nome: str
    media: float
    agora: RiscoVisto
    horas: list[HoraVista]
    avisos: list[str]


class PrevisaoVista(Vista):
    """fala: whether it tells risks. motivo: why not; texto: the same in words. juizo: of the last training."""

    fala: bool
    motivo: str | None
    texto: str
    treinada_em: datetime | None
    pedida_em: datetime | None
    juizo: JuizoVisto | None
    razoes: list[RazaoVista]
    pontos_venda: list[PontoPrevisto]


class ContratoPrevisto(RiscoVisto):
    """As if it were tried now. cpf: masked."""

    cliente_id: int
    nome: str
    cpf: str
    grupo: int | None
    cota: int | None


class TreinoPedido(Vista):
    pedida_em: datetime | None
