"""What the answers about webhooks, deliveries and bank return files hold, field by field."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from services.gateway.vistas import Vista


class WebhookVisto(Vista):
    """eventos null: all; ponto_venda null: of all. desligado_em: its server answered 410. segredo_anterior_ate: the
    former secrets sign too until then. em_espera_ate: its server asked to be left alone. pendentes, falhando (to be
    tried again), desistidas (given up): deliveries of the last 30 days."""

    id: int
    nome: str
    url: str
    eventos: list[str] | None
    ponto_venda: str | None
    ativo: bool
    desligado_em: datetime | None
    desligado_motivo: str | None
    segredo_anterior_ate: datetime | None
    em_espera_ate: datetime | None
    pendentes: int
    falhando: int
    desistidas: int
    ultima_aceita_em: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookCriado(WebhookVisto):
    """segredo: shown here alone."""

    segredo: str


class EntregaVista(Vista):
    """estado: pendente, falhou (tried, and to be tried again), aceita or desistiu. evento_id: the `webhook-id`, the
    same at each attempt. corpo: what was or will be sent."""

    id: int
    evento_id: str
    tipo: str
    estado: str
    tentativas: int
    criada_em: datetime
    tentada_em: datetime | None
    aceita_em: datetime | None
    proxima_em: datetime | None
    status_http: int | None
    erro: str | None
    resposta: str | None
    duracao_ms: int | None
    corpo: dict[str, Any]


class LinhaRetorno(Vista):
    """A payment of a return file. linha: of the file. situacao: pago, ja_pago, divergente, repetido, ambiguo or
    desconhecido; boletos: those that it may be of."""

    linha: int
    situacao: str
    nosso_numero: str
    numero_documento: str
    vencimento: date | None
    valor: float
    data_pagamento: date | None
    valor_pago: float
    boletos: list[int]
    motivo: str


class RetornoLido(Vista):
    """titulos = pagamentos + ignorados (other movements); pagamentos = pagos + ja_pagos + pendencias."""

    simulado: bool
    banco: str
    empresa: str
    gerado_em: date | None
    sequencia: int
    titulos: int
    ignorados: int
    pagamentos: int
    pagos: int
    ja_pagos: int
    pendencias: int
    linhas: list[LinhaRetorno]
