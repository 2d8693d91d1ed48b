"""Bodies, queries and answers of the schedules, as callers write and read them; OpenAPI comes from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.gateway.agenda import Mes
from services.gateway.campos import Linha, Mudado, PontoVenda
from services.gateway.paging import Pagina
from services.gateway.regras import FUSO_PADRAO, Fuso, Regra
from services.gateway.schemas import ConsultorPedido
from services.gateway.validation import Corpo
from services.gateway.vistas import Vista
from shared.outcomes import StatusExecucao

NomeAgendamento = Annotated[Linha, Field(min_length=1, max_length=100)]
Perdidos = Literal["recuperar", "pular"]


class NovoAgendamento(Corpo):
    """mes: the boletos of the month of the firing's day, or of the next one. perdidos: whether firings that passed
    while nothing ran are made up for, once for all of them, or skipped."""

    nome: NomeAgendamento
    ponto_venda: PontoVenda
    consultor: ConsultorPedido | None = None
    mes: Mes
    regra: Regra
    fuso: Fuso = FUSO_PADRAO
    perdidos: Perdidos = "recuperar"
    ativo: bool = True


class MudancaAgendamento(Corpo):
    nome: Mudado[NomeAgendamento] = None
    ponto_venda: Mudado[PontoVenda] = None
    consultor: ConsultorPedido | None = None
    mes: Mudado[Mes] = None
    regra: Mudado[Regra] = None
    fuso: Mudado[Fuso] = None
    perdidos: Mudado[Perdidos] = None
    ativo: Mudado[bool] = None


class ConsultaAgenda(Corpo):
    regra: Regra
    fuso: Fuso = FUSO_PADRAO


class FiltroAgendamentos(Pagina):
    ponto_venda: Annotated[str, Field(max_length=20)] | None = None
    ativo: bool | None = None


class DisparoVisto(Vista):
    """What became of a firing. perdidos_desde: the first of those missed before it, for which it stands too. quem: who
    asked for it by hand; null: the clock. mensagem: why not, or what it leaves out. status: of its execution."""

    id: int
    previsto_para: datetime
    perdidos_desde: datetime | None
    feito_em: datetime
    quem: str | None
    resultado: Literal["enviado", "pulado", "recusado"]
    codigo: str | None
    mensagem: str | None
    automacao_id: UUID | None
    status: StatusExecucao | None


class AgendaVista(Vista):
    """descricao: the rule in words. proximas: the next firings; a first one that has passed is due."""

    descricao: str
    proximas: list[datetime]


class AgendamentoVisto(AgendaVista):
    """adiado_em: since when the due firing waits for an execution of the ponto de venda to end. ultimo: what became of
    the last firing."""

    id: int
    nome: str
    ponto_venda: str
    consultor: str | None
    consultor_id: int | None
    mes: Mes
    regra: Regra
    fuso: str
    perdidos: Perdidos
    ativo: bool
    adiado_em: datetime | None
    ultimo: DisparoVisto | None
    criado_por: str
    created_at: datetime
    updated_at: datetime
