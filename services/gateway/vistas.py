"""What the register's answers hold, field by field; OpenAPI comes from these, and a test holds the answers to them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from shared.events import Origem


class Vista(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PontoVendaVisto(Vista):
    """clientes, credenciais: how many active ones it has. recuperacao_rodadas: how often technical failures are tried
    again by themselves, the first time recuperacao_pausa_min after an execution's end, then twice as late each time.
    ordem_risco: executions begin with the contracts that risk least."""

    id: int
    codigo: str
    nome: str
    empresa: str
    url_base: str
    perfil: str
    ativo: bool
    clientes: int
    credenciais: int
    recuperacao_rodadas: int
    recuperacao_pausa_min: int
    ordem_risco: bool
    created_at: datetime
    updated_at: datetime


class ConsultorVisto(Vista):
    """link_planilha_drive: whole for operador and admin, *** for leitura. ultima_atualizacao_planilha: when what lies
    behind it was last known to be imported. atualizando_planilha: being looked at, or due."""

    id: int
    nome: str
    ponto_venda: str
    email: str | None
    whatsapp: str | None
    pasta_boletos: str
    cor_identificacao: str | None
    ativo: bool
    clientes: int
    link_planilha_drive: str | None
    ultima_atualizacao_planilha: datetime | None
    erro_planilha: str | None
    atualizando_planilha: bool
    created_at: datetime
    updated_at: datetime


class CredencialVista(Vista):
    """parada_*: set while nothing is posted with it until a person acts."""

    id: int
    ponto_venda: str
    usuario: str
    codigo_empresa: str | None
    max_sessoes: int
    ativo: bool
    ultimo_login: datetime | None
    ultimo_erro: datetime | None
    mensagem_erro: str | None
    parada_codigo: str | None
    parada_em: datetime | None
    parada_texto: str | None
    created_at: datetime
    updated_at: datetime


class ClienteVisto(Vista):
    """cpf: whole for operador and admin, masked for leitura. editados: fields that no workbook overwrites."""

    id: int
    nome: str
    cpf: str
    grupo: int | None
    cota: int | None
    ponto_venda: str
    consultor: str | None
    consultor_id: int | None
    email: str | None
    whatsapp: str | None
    situacao: str | None
    contemplado: str | None
    status_contrato: str
    origem: str
    observacoes: str | None
    ativo: bool
    valor_credito: float | None
    valor_parcela: float | None
    planilha_id: int | None
    linha_planilha: int | None
    editados: list[str]
    created_at: datetime
    updated_at: datetime


class ErroLinha(Vista):
    aba: str
    linha: int
    campo: str
    motivo: str


class Contagens(Vista):
    """total = importados + atualizados + inativos + ignorados + rejeitados; erros tells of the last two."""

    total: int
    importados: int
    atualizados: int
    inativos: int
    ignorados: int
    rejeitados: int
    erros: list[ErroLinha]


class Importacao(Contagens):
    """id: the workbook's; absent where it was only simulated."""

    id: int = Field(default=0)
    simulado: bool


class PlanilhaVista(Contagens):
    id: int
    consultor: str
    consultor_id: int
    ponto_venda: str | None
    nome_arquivo: str
    sha256: str
    tamanho: int
    importada_em: datetime
    importada_por: str | None


class BoletoVisto(Vista):
    """linha_digitavel: 47 digits, or 48 of an arrecadação; codigo_barras: 44. banco: COMPE code, of cobrança alone.
    pagador: as the PDF prints it. origens: field → where it was read; a field that is not there was not read from the
    PDF. Boletos filed by an older version have null, and none. status: pendente, pago, vencido or cancelado, as a
    system or a bank's return file said; ours sets it by itself only when the boleto is filed. data_pagamento,
    valor_pago: only of one that was paid.
    """

    id: int
    automacao_id: UUID
    ponto_venda: str
    consultor: str | None
    cliente_id: int | None
    nome: str | None
    cpf: str
    grupo: int
    cota: int
    mes: int
    ano: int
    numero_parcela: str | None
    contrato: str | None
    vencimento: date
    valor: float
    linha_digitavel: str | None
    codigo_barras: str | None
    nosso_numero: str | None
    banco: str | None
    pagador: str | None
    origens: dict[str, Origem]
    status: str
    data_pagamento: date | None
    valor_pago: float | None
    arquivo: str
    tamanho: int
    sha256: str
    baixado_em: datetime


class BoletoApagado(Vista):
    """What is left of one that was removed: by its retention time, or with its person."""

    id: int
    ponto_venda: str
    apagado_em: datetime


class ListaBoletos(Vista):
    """cursor: of the next page; of `desde` for the changes after these, never null there. apagados, ha_mais: only
    there."""

    boletos: list[BoletoVisto]
    apagados: list[BoletoApagado] = Field(default_factory=list)
    cursor: str | None = None
    ha_mais: bool = False


class Passo(Vista):
    passo: str
    ok: bool
    detalhe: str
    duracao_s: float


class TesteCredencial(Vista):
    ok: bool
    codigo: str | None
    mensagem: str
    passos: list[Passo]


class ContagemResultados(Vista):
    """taxa_sucesso: successes among the contracts that were tried at the portal; null where none was."""

    total: int
    sucesso: int
    erro: int
    cpf_nao_encontrado: int
    sem_boleto: int
    ja_baixado: int
    cancelado: int
    taxa_sucesso: float | None


class Janelas(Vista):
    hoje: ContagemResultados
    dias_7: ContagemResultados
    dias_30: ContagemResultados


class TempoEtapa(Vista):
    etapa: str
    medidas: int
    p50_s: float
    p95_s: float


class ContagemConsultor(ContagemResultados):
    consultor_id: int | None
    consultor: str | None


class ContagemCausa(Vista):
    codigo: str
    titulo: str
    quem_age: str
    quantidade: int


class ContagemDia(ContagemResultados):
    dia: date


class ContagemMes(ContagemConsultor):
    ano: int
    mes: int


class MedidaHora(Vista):
    """hora: of the day, in São Paulo. p50_s, p95_s: from search to download, of the attempts that brought a PDF."""

    hora: int
    tentativas: int
    p50_s: float | None
    p95_s: float | None
    falhas_tecnicas: int
    taxa_falhas_tecnicas: float | None


class Estatisticas(Vista):
    """recuos: contracts that the browser had to do again (driver `auto`), by what the requests had met."""

    totais: Janelas
    etapas: list[TempoEtapa]
    por_consultor: list[ContagemConsultor]
    por_causa: list[ContagemCausa]
    recuos: list[ContagemCausa]
    por_dia: list[ContagemDia]
    por_mes: list[ContagemMes]
    por_hora: list[MedidaHora]


class DesfechoVisto(Vista):
    codigo: str
    status: str | None
    classe: str
    tentativas: int
    quem_age: str
    titulo: str
    texto: str


class PessoaVista(Vista):
    """pontos_venda null: all of them. trocar_senha: before anything else."""

    id: int
    email: str
    nome: str
    escopo: str
    pontos_venda: list[str] | None
    trocar_senha: bool
    ativo: bool
    ultimo_acesso: datetime | None
    created_at: datetime
    updated_at: datetime


class PessoaCriada(PessoaVista):
    senha_provisoria: str


class SessaoVista(Vista):
    """csrf: for the header X-CSRF-Token of what changes something. escritorio: of any but the first, its name.
    instalacao: looks after every office."""

    id: int
    nome: str
    email: str
    escopo: str
    pontos_venda: list[str] | None
    trocar_senha: bool
    csrf: str
    escritorio: str | None
    instalacao: bool


class EmpresaVista(Vista):
    """An office: its name, and nothing of what it holds."""

    codigo: str
    nome: str
    ativa: bool
    max_sessoes: int | None
    created_at: datetime


class Morta(Vista):
    id: str
    rota: str
    fila: str
    motivo: str
    quando: datetime
    corpo: dict[str, object] | list[object] | str


def list_of(nome: str, vista: type[Vista]) -> type[BaseModel]:
    """The `data` of a list: its rows under `nome`, and the cursor of the next page."""
    campo = (list[vista], Field(alias=nome))  # type: ignore[valid-type]
    return create_model(f"Lista{vista.__name__}", __base__=Vista, linhas=campo, cursor=(str | None, None))
