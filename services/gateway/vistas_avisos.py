"""What the answers about channels, those who are told and their notices hold, field by field."""

from __future__ import annotations

from datetime import datetime

from services.gateway.vistas import Vista


class CanalVisto(Vista):
    """tipo: whatsapp or servico; its secrets are never shown. pede_endereco: each person has an address of their own in
    it. em_espera_ate: the service asked to be left alone. numero_id, modelo, idioma, url_base: of WhatsApp alone,
    for who administers everything."""

    id: int
    nome: str
    tipo: str
    servico: str
    pede_endereco: bool
    ativo: bool
    em_espera_ate: datetime | None
    destinatarios: int
    numero_id: str | None
    modelo: str | None
    idioma: str | None
    url_base: str | None
    created_at: datetime
    updated_at: datetime


class DestinatarioVisto(Vista):
    """eventos null: all. limite_falhas: more failures than these in one execution are told. pendentes, falhando (to be
    tried again), desistidos (given up): notices of the last 30 days."""

    id: int
    pessoa_id: int
    pessoa: str
    canal_id: int
    canal: str
    servico: str
    endereco: str | None
    eventos: list[str] | None
    limite_falhas: int
    ativo: bool
    pendentes: int
    falhando: int
    desistidos: int
    ultimo_aceito_em: datetime | None
    created_at: datetime
    updated_at: datetime


class AvisoVisto(Vista):
    """estado: pendente, falhou (tried, and to be tried again), aceito (the service took it), entregue and lido (it says
    so; WhatsApp alone) or desistiu."""

    id: int
    pessoa: str
    canal: str
    destinatario_id: int
    tipo: str
    titulo: str
    texto: str
    estado: str
    tentativas: int
    criado_em: datetime
    tentado_em: datetime | None
    proxima_em: datetime | None
    aceito_em: datetime | None
    entregue_em: datetime | None
    lido_em: datetime | None
    erro: str | None
