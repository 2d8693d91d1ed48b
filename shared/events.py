"""THE CONTRACT between the services: every message on the bus, with its own route.

Messages are frozen; a change that old consumers cannot read is a new `versao`. Ids of rows are the gateway's.
Ordering: a report about a contract carries (despacho, etapa); what is not above the row's changes nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shared.outcomes import Etapa


def _now() -> datetime:
    return datetime.now(UTC)


class Valor(BaseModel):
    """A frozen part of a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Evento(Valor):
    """What every message carries beside its own fields. `rota` is its routing key on the bus."""

    rota: ClassVar[str]
    versao: Literal[1] = 1
    id: UUID = Field(default_factory=uuid4)
    em: datetime = Field(default_factory=_now)


class Arquivo(Valor):
    """Claim check: a file in the store. `caminho` is relative to the store's root; `tamanho` in bytes."""

    caminho: str
    sha256: str
    tamanho: int


class Tarefa(Valor):
    """One dispatch of one contract. `despacho` grows over the whole system; `cerca` is the lease's fencing number."""

    automacao_id: UUID
    item_id: int
    despacho: int
    tentativa: int
    cerca: int


class BoletoConhecido(Valor):
    """A boleto already filed for this contract: the scraper ends `ja_baixado` when the grid leads to it."""

    grupo: int
    cota: int
    ano: int
    mes: int


# Where the scraper read a field of a boleto: in the PDF's text layer, from the bars on its page, or by OCR of it.
Origem = Literal["texto", "codigo_barras", "ocr"]


class DadosBoleto(Valor):
    """What the portal and the verified PDF say of a boleto. Money in reais.

    banco: COMPE code; none in an arrecadação. pagador: as printed. origens: field → where it was read; of a field that
    is not there nothing is known.
    """

    cpf: str
    nome_portal: str
    grupo: int
    cota: int
    ano: int
    mes: int
    vencimento: date
    valor: Decimal
    numero_parcela: str | None = None
    contrato: str | None = None
    linha_digitavel: str | None = None
    codigo_barras: str | None = None
    nosso_numero: str | None = None
    banco: str | None = None
    pagador: str | None = None
    origens: dict[str, Origem] = Field(default_factory=dict)


# --- leases: gateway → one scraper ------------------------------------------------------------------------------------


class SessaoConcedida(Evento):
    """A lease on one session of one credential, addressed to the scraper's own queue.

    Sent with a TTL of a minute and never dead-lettered: it alone carries the password, as Fernet ciphertext.
    `validade_s` counts from the moment the gateway granted it; the scraper renews by `scraper.pulso`.
    `pedido_id` is set when the lease is only for testing the credential (log in once, report `credencial.testada`).
    `sessoes`: how many the credential may have at this moment, this one among them.
    """

    rota: ClassVar[str] = "sessao.concedida"
    cerca: int
    credencial_id: int
    ponto_venda: str
    url_base: str
    perfil: str
    usuario: str
    senha_cifrada: str = Field(repr=False)
    codigo_empresa: str | None = None
    validade_s: float = 30.0
    pedido_id: UUID | None = None
    sessoes: int = 1


class SessaoRenovada(Evento):
    """Answer to one `scraper.pulso`: which leases live on, and for how long *since that pulse was sent*.

    A lease that the pulse named and this does not is lost: the scraper stops touching the portal at once.
    """

    rota: ClassVar[str] = "sessao.renovada"
    pulso_id: UUID
    cercas: tuple[int, ...]
    validade_s: float = 30.0


class SessaoRevogada(Evento):
    """The slot is owed to another: end the contract in hand, hand the rest back, close, report `sessao.encerrada`."""

    rota: ClassVar[str] = "sessao.revogada"
    cerca: int


class BoletoSolicitado(Evento):
    """One contract to fetch, addressed to the queue of the scraper that holds the lease `tarefa.cerca`.

    cpf: 11 digits, or 14 characters of a CNPJ. grupo/cota None: the only eligible cota, else `cliente.ambiguo`.
    mes/ano None: the next instalment falling due from `hoje` on, else the latest overdue one; `ano` alone: within it.
    """

    rota: ClassVar[str] = "boleto.solicitado"
    tarefa: Tarefa
    ponto_venda: str
    cpf: str
    nome: str | None = None
    grupo: int | None = None
    cota: int | None = None
    mes: int | None = None
    ano: int | None = None
    hoje: date
    ja_baixados: tuple[BoletoConhecido, ...] = ()


# --- reports: scraper → gateway ---------------------------------------------------------------------------------------


class SessaoAberta(Evento):
    """The login of a lease succeeded."""

    rota: ClassVar[str] = "sessao.aberta"
    cerca: int
    credencial_id: int
    duracao_s: float


class SessaoEncerrada(Evento):
    """A lease is given back; its tasks that were not begun came back as `boleto.devolvido` before this."""

    rota: ClassVar[str] = "sessao.encerrada"
    cerca: int
    credencial_id: int
    motivo: Literal["ociosa", "revogada", "parando", "derrubada", "limitada", "bloqueada", "parada", "teste", "erro"]


class CredencialParada(Evento):
    """The portal refused this credential, or asks for a person: nothing more is posted with it."""

    rota: ClassVar[str] = "credencial.parada"
    cerca: int
    credencial_id: int
    codigo: str
    mensagem: str
    evidencia: tuple[Arquivo, ...] = ()


class PassoTeste(Valor):
    """One step of a test walk: what was tried, whether it worked, what was seen."""

    passo: str
    ok: bool
    detalhe: str = ""
    duracao_s: float = 0.0


class CredencialPassoDado(Evento):
    """A test under way: all its steps so far, so that one that comes late, twice or never loses nothing."""

    rota: ClassVar[str] = "credencial.passo_dado"
    cerca: int
    pedido_id: UUID
    passos: tuple[PassoTeste, ...]


class CredencialTestada(Evento):
    """Answer to a lease with `pedido_id`."""

    rota: ClassVar[str] = "credencial.testada"
    cerca: int
    credencial_id: int
    pedido_id: UUID
    ok: bool
    codigo: str | None = None
    mensagem: str
    passos: tuple[PassoTeste, ...] = ()


class BoletoEtapa(Evento):
    """The contract entered a step. anteriores: those it went through since the last report, told with this one;
    busca_ms: where `emitindo` is among them, how long the portal itself took over the search.
    """

    rota: ClassVar[str] = "boleto.etapa"
    tarefa: Tarefa
    etapa: Etapa
    anteriores: tuple[Etapa, ...] = ()
    busca_ms: int | None = Field(None, ge=0)


class BoletoCapturado(Evento):
    """The PDF was verified and stored under `_interno/capturas`. `duracoes_s`: seconds per step, by its name.

    recuo: code of what the requests met, where the browser had to do this contract (driver `auto`).
    """

    rota: ClassVar[str] = "boleto.capturado"
    versao: Literal[1, 2] = 2  # type: ignore[assignment]  # 2: `boleto` has banco, pagador, origens
    tarefa: Tarefa
    captura: Arquivo
    boleto: DadosBoleto
    duracoes_s: dict[str, float] = Field(default_factory=dict)
    avisos: tuple[str, ...] = ()
    recuo: str | None = None


class BoletoJaBaixado(Evento):
    """The grid leads to a boleto that `ja_baixados` names: nothing was emitted."""

    rota: ClassVar[str] = "boleto.ja_baixado"
    tarefa: Tarefa
    boleto: BoletoConhecido


class BoletoFalhou(Evento):
    """The attempt ended with a code of shared.outcomes (from the scraper, or from the namer while naming).

    mensagem: pt-BR, what was seen, CPFs masked. evidencia: masked screenshot, HTML and facts (JSON), in that order
    where they exist. quarentena: the PDF that was refused, or (`nome.nao_encontrado`) the one that waits for a name.
    """

    rota: ClassVar[str] = "boleto.falhou"
    versao: Literal[1, 2] = 2  # type: ignore[assignment]  # as `boleto.capturado`
    tarefa: Tarefa
    etapa: Etapa
    codigo: str
    mensagem: str
    evidencia: tuple[Arquivo, ...] = ()
    quarentena: Arquivo | None = None
    boleto: DadosBoleto | None = None
    duracoes_s: dict[str, float] = Field(default_factory=dict)


class BoletoDevolvido(Evento):
    """The task came back without a result and spends no attempt."""

    rota: ClassVar[str] = "boleto.devolvido"
    tarefa: Tarefa
    motivo: Literal["sessao", "cancelada", "pausada", "parando"]


class ScraperPulso(Evento):
    """Heartbeat every 5 s: the scraper lives, holds these leases, and has room for `capacidade` sessions in all.

    `fila` is its own durable queue. `em_uso_s` per lease: seconds since it last worked (0 while at work).
    """

    rota: ClassVar[str] = "scraper.pulso"
    scraper_id: str
    fila: str
    capacidade: int
    ociosas_s: dict[int, float] = Field(default_factory=dict)
    parando: bool = False


# --- naming and filing: gateway ↔ namer -------------------------------------------------------------------------------


class BoletoNomear(Evento):
    """File a verified capture under its client's name. planilha None: no workbook of this consultor or client.

    arquivo_anterior: where this same boleto lies already; under a new name it leaves no second copy there. escritorio:
    the code of the office in whose folder it goes; None: the first one's files lie at the top.
    """

    rota: ClassVar[str] = "boleto.nomear"
    tarefa: Tarefa
    ponto_venda: str
    captura: Arquivo
    cpf: str
    grupo: int
    cota: int
    mes: int
    ano: int
    planilha: Arquivo | None = None
    pasta: str | None = None
    escritorio: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9-]*$")
    arquivo_anterior: str | None = None


class BoletoArquivado(Evento):
    """The PDF lies at `arquivo.caminho`, under the clean name `nome`."""

    rota: ClassVar[str] = "boleto.arquivado"
    tarefa: Tarefa
    arquivo: Arquivo
    nome: str
    duracao_s: float = 0.0


class PlanilhaLer(Evento):
    """Read a workbook; the answer goes to the queue `responder_a`. ponto_venda: of rows whose own column is missing."""

    rota: ClassVar[str] = "planilha.ler"
    pedido_id: UUID
    responder_a: str
    planilha: Arquivo
    nome_arquivo: str
    ponto_venda: str | None = None


class PlanilhaLida(Evento):
    """`linhas`: a JSON file in the store, shape LinhasPlanilha. Not readable: `erro` in pt-BR, naming the remedy."""

    rota: ClassVar[str] = "planilha.lida"
    pedido_id: UUID
    linhas: Arquivo | None = None
    erro: str | None = None


class LinhaPlanilha(Valor):
    """One contract of a workbook, cleaned. linha: 1-based row of the sheet. valor_*: reais."""

    aba: str
    linha: int
    cpf: str
    nome: str
    nome_original: str
    grupo: int | None = None
    cota: int | None = None
    ponto_venda: str | None = None
    situacao: str | None = None
    ativo: bool = True
    valor_credito: Decimal | None = None
    valor_parcela: Decimal | None = None
    whatsapp: str | None = None
    email: str | None = None
    contemplado: str | None = None


class ErroPlanilha(Valor):
    """A row that was not taken. campo: the column's name as the sheet writes it."""

    aba: str
    linha: int
    campo: str
    motivo: str


class LinhasPlanilha(Valor):
    """What the namer read: `total` data rows = linhas + erros."""

    aba: str
    total: int
    linhas: tuple[LinhaPlanilha, ...] = ()
    erros: tuple[ErroPlanilha, ...] = ()

    @classmethod
    def parse(cls, dados: bytes) -> LinhasPlanilha:
        """Of JSON with a line for each of `linhas`, a slice at a time: pydantic lets no other thread run meanwhile, and
        a hundred thousand rows take it a second. Raises ValidationError."""
        cabeca, *linhas = dados.split(b"\n")
        if not linhas:
            return cls.model_validate_json(cabeca)
        fim = linhas.pop()
        lidas = tuple(
            linha
            for inicio in range(0, len(linhas), _FATIA)
            for linha in _LINHAS.validate_json(b"[%b]" % b"".join(linhas[inicio : inicio + _FATIA]).lstrip(b","))
        )
        return cls.model_validate_json(cabeca + fim).model_copy(update={"linhas": lidas})


_FATIA = 500
_LINHAS = TypeAdapter(tuple[LinhaPlanilha, ...])


class RelatorioGerar(Evento):
    """Write an execution's Excel report. dados: a JSON file in the store, shape DadosRelatorio."""

    rota: ClassVar[str] = "relatorio.gerar"
    pedido_id: UUID
    responder_a: str
    dados: Arquivo


class DadosRelatorio(Valor):
    """execucao: its fields and counters; clientes: a row per contract as `execucoes/{id}/clientes` shows it."""

    execucao: dict[str, str | int | float | None]
    contadores: dict[str, int]
    clientes: tuple[dict[str, str | int | float | None], ...]


class RelatorioGerado(Evento):
    rota: ClassVar[str] = "relatorio.gerado"
    pedido_id: UUID
    relatorio: Arquivo | None = None
    erro: str | None = None


class NamerPulso(Evento):
    """Heartbeat every 5 s."""

    rota: ClassVar[str] = "namer.pulso"
    namer_id: str


# --- the prediction of failures: gateway ↔ previsor -------------------------------------------------------------------


class TentativaPassada(Valor):
    """The first try of a contract in an execution. contrato, grupo, portal: numbers that say no more than "the same",
    given for one training. fim: when its outcome was known. falhou: for a technical reason.
    """

    ponto_venda: int
    portal: int
    contrato: int
    grupo: int | None
    inicio: datetime
    fim: datetime
    falhou: bool


class Historia(Valor):
    """What the previsor learns from, in the order of `inicio`."""

    tentativas: tuple[TentativaPassada, ...]


class PrevisaoTreinar(Evento):
    """Learn. historia: a JSON file in the store, shape Historia."""

    rota: ClassVar[str] = "previsao.treinar"
    treino_id: int
    historia: Arquivo


class Modelo(Valor):
    """A logistic regression over factors with few values, and its calibration.

    pesos: factor → value → weight, centred, so that 0 is the usual and what was never seen weighs nothing.
    calibracao: slope and intercept. horas: ponto de venda → risk at each hour of day, None where little was tried.
    """

    intercepto: float
    pesos: dict[str, dict[str, float]]
    calibracao: tuple[float, float]
    horas: dict[int, tuple[float | None, ...]]
    medias: dict[int, float]


class PontoCalibracao(Valor):
    """Of the tries that were told about the same risk: what was told, what came, how many they were."""

    previsto: float
    observado: float
    quantas: int


class Juizo(Valor):
    """The model held against the plain frequency on the latest part of the log, which it never saw.

    brier, brier_frequencia: mean squared error of both. ganho: what the model takes off it, as a share; minimo: below
    it the difference may be chance. motivo: why it stays silent; None: it speaks.
    """

    motivo: Literal["poucas_linhas", "poucas_falhas", "poucos_dias", "nao_supera"] | None
    linhas: int
    falhas: int
    aprendidas: int = 0
    calibradas: int = 0
    julgadas: int = 0
    dias: int = 0
    frequencia: float | None = None
    brier: float | None = None
    brier_frequencia: float | None = None
    ganho: float | None = None
    minimo: float | None = None
    calibracao: tuple[PontoCalibracao, ...] = ()


class PrevisaoTreinada(Evento):
    """Answer to `previsao.treinar`. modelo: only of one that may speak. erro: pt-BR, when nothing could be learned."""

    rota: ClassVar[str] = "previsao.treinada"
    treino_id: int
    juizo: Juizo | None = None
    modelo: Modelo | None = None
    erro: str | None = None


# --- news: to every replica, nobody listening is fine -----------------------------------------------------------------


class ExecucaoEvento(Evento):
    """Wake-up for live.py: the execution's events are committed up to `seq`."""

    rota: ClassVar[str] = "novas.execucao.evento"
    automacao_id: UUID
    seq: int


class ExecucaoRevogada(Evento):
    """To every scraper: drop the tasks of this execution with `despacho` up to `ate_despacho`.

    One that was already emitted at the portal goes on to its true end.
    """

    rota: ClassVar[str] = "novas.execucao.revogada"
    automacao_id: UUID
    ate_despacho: int
    motivo: Literal["cancelada", "pausada"]


EVENTOS: dict[str, type[Evento]] = {
    evento.rota: evento
    for evento in (
        SessaoConcedida,
        SessaoRenovada,
        SessaoRevogada,
        BoletoSolicitado,
        SessaoAberta,
        SessaoEncerrada,
        CredencialParada,
        CredencialPassoDado,
        CredencialTestada,
        BoletoEtapa,
        BoletoCapturado,
        BoletoJaBaixado,
        BoletoFalhou,
        BoletoDevolvido,
        ScraperPulso,
        BoletoNomear,
        BoletoArquivado,
        PlanilhaLer,
        PlanilhaLida,
        RelatorioGerar,
        RelatorioGerado,
        NamerPulso,
        PrevisaoTreinar,
        PrevisaoTreinada,
        ExecucaoEvento,
        ExecucaoRevogada,
    )
}
