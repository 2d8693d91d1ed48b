"""Bodies, queries and answers of the executions, as callers write and read them; OpenAPI comes from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from services.gateway.campos import Documento
from services.gateway.paging import Pagina
from services.gateway.validation import Consulta, Corpo
from shared.contrato import parse_mes
from shared.outcomes import StatusCliente, StatusExecucao, TipoExecucao

# More contracts than any office has; keeps the number within PostgreSQL's.
CONTRATOS_MAXIMO = 1_000_000
MAIOR_SEQ = 2**63 - 1

Texto = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
NomeMes = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
Mes = Annotated[int | NomeMes, AfterValidator(parse_mes), Field(description="1 a 12 ou o nome do mês")]
Ano = Annotated[int, Field(ge=2000, le=2099)]
LimiteContratos = Annotated[int, Field(ge=1), AfterValidator(lambda limite: min(limite, CONTRATOS_MAXIMO))]
ConsultorPedido = Annotated[int, Field(ge=1, le=2**31 - 1)] | Annotated[Texto, Field(max_length=100)]
IdLinha = Annotated[int, Field(ge=1, le=MAIOR_SEQ)]


class Submissao(Corpo):
    """What to download. Without `mes` and `ano`: the next instalment of each contract falling due from today on."""

    ponto_venda: Annotated[Texto, Field(max_length=20)]
    ano: Ano | None = None
    mes: Mes | None = None
    limite: LimiteContratos | None = None
    consultor: ConsultorPedido | None = None
    cpfs: Annotated[tuple[Documento, ...], Field(min_length=1, max_length=50_000)] | None = None
    forcar: bool = False


class Reprocessamento(Corpo):
    """Which rows to do again; nothing: every failed one. clientes: `id` of the rows. Filters add up."""

    status: Annotated[tuple[StatusCliente, ...], Field(min_length=1)] | None = None
    codigos: Annotated[tuple[Annotated[Texto, Field(max_length=60)], ...], Field(min_length=1)] | None = None
    clientes: Annotated[tuple[IdLinha, ...], Field(min_length=1)] | None = None


class FiltroExecucoes(Pagina):
    status: StatusExecucao | None = None
    ponto_venda: Annotated[str, Field(max_length=20)] | None = None
    tipo: TipoExecucao | None = None


class FiltroClientesExecucao(Pagina):
    """codigo: it or any of its children."""

    status: StatusCliente | None = None
    codigo: Annotated[str, Field(max_length=60)] | None = None


class FiltroEventos(Pagina):
    """desde: the last `seq` already seen."""

    desde: Annotated[int, Field(ge=0, le=MAIOR_SEQ)] = 0


class Bilhete(Corpo):
    """origem: scheme, host and port of the page that will open the socket, as its browser sends them."""

    ponto_venda: Annotated[Texto, Field(max_length=20)]
    origem: Annotated[Texto, Field(max_length=255)]


# --- answers ----------------------------------------------------------------------------------------------------------


class Contadores(BaseModel):
    """The eight statuses; their sum is `total_clientes`."""

    pendente: int
    processando: int
    sucesso: int
    erro: int
    cpf_nao_encontrado: int
    sem_boleto: int
    ja_baixado: int
    cancelado: int


class ResumoSubmissao(BaseModel):
    automacao_id: UUID
    ponto_venda: str
    status: StatusExecucao
    total_clientes: int
    ja_baixados: int
    sucessos: int
    erros: int
    cpf_nao_encontrado: int
    sem_boleto: int


class Previa(BaseModel):
    """ja_baixados null: the month is only known from each client's grid. com_erro: of those to be downloaded, what
    failed the last time. A contract whose CPF is wrong is in total_clientes alone."""

    total_clientes: int
    ja_baixados: int | None
    com_erro: int
    a_baixar: int
    mes: int | None
    ano: int | None


class Recuperacao(BaseModel):
    """Technical failures tried again by themselves. rodada: which round this execution is, of `rodadas`; 0: the first
    try. proxima_em: when the next round begins; nova: the execution that it became."""

    rodada: int
    rodadas: int
    proxima_em: datetime | None
    nova: UUID | None


class Execucao(BaseModel):
    automacao_id: UUID
    tipo: TipoExecucao
    ponto_venda: str
    consultor: str | None
    status: StatusExecucao
    codigo: str | None
    mensagem_atual: str | None
    total_clientes: int
    processados_sucesso: int
    processados_erro: int
    processados_nao_encontrado: int
    processados_sem_boleto: int
    ja_baixados: int
    contadores: Contadores
    progresso_percentual: float
    seq: int
    parametros: dict[str, Any]
    usuario_execucao: str | None
    origem: UUID | None
    recuperacao: Recuperacao | None
    criado_em: datetime
    iniciado_em: datetime | None
    finalizado_em: datetime | None
    tempo_total_segundos: float | None


class ExecucaoCriada(Execucao):
    id: UUID


class Quantidade(BaseModel):
    status: StatusCliente
    quantidade: int


class ExecucaoDetalhe(BaseModel):
    execucao: Execucao
    logs_stats: list[Quantidade]


class ListaExecucoes(BaseModel):
    execucoes: list[Execucao]
    cursor: str | None


class ClienteExecucao(BaseModel):
    """A contract in an execution; `cpf` is masked; `evidencias`: addresses of what was kept of a failure."""

    id: int
    cliente_id: int | None
    nome: str | None
    cpf: str
    grupo: int | None
    cota: int | None
    consultor: str | None
    status: StatusCliente
    etapa: str
    codigo: str | None
    mensagem: str | None
    tentativas: int
    proxima_tentativa: datetime | None
    mes: int | None
    ano: int | None
    boleto_id: int | None
    arquivo: str | None
    evidencias: list[str]
    iniciado_em: datetime | None
    finalizado_em: datetime | None


class Tentativa(BaseModel):
    """A failed attempt. em: when it ended."""

    tentativa: int
    codigo: str
    mensagem: str
    etapa: str
    em: datetime


class ClienteDetalhe(ClienteExecucao):
    """historico: its failed attempts, the oldest first. duracoes_s: seconds by step. avisos: what was noted."""

    historico: list[Tentativa]
    duracoes_s: dict[str, float]
    avisos: list[str]


class ListaClientesExecucao(BaseModel):
    clientes: list[ClienteExecucao]
    cursor: str | None


class QuadroEvento(BaseModel):
    """One change of an execution. `cliente` and `etapa` are null in `execucao.status`, which alone has `recuperacao`:
    that a next round is planned, dropped or begun is told with the status unchanged."""

    tipo: Literal["evento"]
    automacao_id: UUID
    seq: int
    em: datetime
    evento: Literal["execucao.status", "cliente.etapa", "cliente.resultado"]
    cliente: ClienteExecucao | None
    etapa: str | None
    status: str
    codigo: str | None
    contadores: Contadores
    recuperacao: Recuperacao | None = None


class ListaEventos(BaseModel):
    """epoca, seq: of the numbering, and of the last event there is. primeiro: of the oldest one kept; null: none is."""

    eventos: list[QuadroEvento]
    cursor: str | None
    epoca: UUID
    seq: int
    primeiro: int | None


class BilheteCriado(BaseModel):
    id: str
    bilhete: str
    ponto_venda: str
    origem: str
    expira_em: datetime


class Saude(BaseModel):
    status: Literal["ok", "degradado"]
    checks: dict[str, dict[str, Any]]
    timestamp: datetime


# The query string of a route that takes none: anything in it is refused.
SemConsulta = Consulta
