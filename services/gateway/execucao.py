"""Pure rules of an execution: what each outcome does to a contract, when the whole ends, how long anything waits."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.outcomes import (
    ESPERA_VARIACAO,
    ESPERAS_S,
    TENTATIVAS_TECNICAS,
    Classe,
    Desfecho,
    StatusCliente,
    StatusExecucao,
)

FUSO = ZoneInfo("America/Sao_Paulo")

# Which column of execucoes_automacao counts which status.
COLUNAS: dict[StatusCliente, str] = {
    StatusCliente.PENDENTE: "pendentes",
    StatusCliente.PROCESSANDO: "processando",
    StatusCliente.SUCESSO: "processados_sucesso",
    StatusCliente.ERRO: "processados_erro",
    StatusCliente.CPF_NAO_ENCONTRADO: "processados_nao_encontrado",
    StatusCliente.SEM_BOLETO: "processados_sem_boleto",
    StatusCliente.JA_BAIXADO: "ja_baixados",
    StatusCliente.CANCELADO: "cancelados",
}

# A task lost with its consumer, or handed back for the session's sake, spends no attempt; poison ends all the same.
PERDAS_MAXIMAS = 5
# Different contracts in a row before a fault counts as everyone's.
SEGUIDOS = 3
# Pauses before each probe of a portal whose breaker is open; the last one repeats.
SONDAS_S = (5.0, 10.0, 20.0, 30.0)
# Pauses after sessions that ended badly in a row; the last one repeats.
QUEDAS_S = (2.0, 5.0, 15.0, 30.0, 60.0)
# A second block page of the firewall within this long stops the credential (contract.md §5).
BLOQUEIO_S = 600.0
# So long fewer sessions are opened after the portal kicked one out.
REDUCAO_S = 600.0
DISCO_CHEIO = "arquivo.falhou.disco_cheio"
PORTAL_BLOQUEADO = "portal.bloqueado"
SEM_NOME = "nome.nao_encontrado"
PAGO = "boleto.pago"

Acaso = Callable[[float, float], float]


@dataclass(frozen=True)
class Situacao:
    """What a decision about a failed contract needs to know.

    codigos: of its former failures in this execution, the oldest first. encerrada: the execution takes no new work.
    outra_credencial: a healthy credential of the ponto de venda, other than the one that failed, can serve it.
    """

    tentativas: int = 0
    perdas: int = 0
    codigos: Sequence[str] = ()
    encerrada: bool = False
    outra_credencial: bool = False


@dataclass(frozen=True)
class Tentar:
    """Again after `espera_s`. gasta: it spends an attempt; otherwise it counts as a loss."""

    espera_s: float
    gasta: bool


@dataclass(frozen=True)
class Encerrar:
    """The end. parado: a person who acts sets it back to pendente in the same execution."""

    status: StatusCliente
    parado: bool = False


def decide_falha(desfecho: Desfecho, situacao: Situacao, acaso: Acaso = random.uniform) -> Tentar | Encerrar:
    """What becomes of a contract whose attempt ended with this outcome."""
    final = desfecho.status or StatusCliente.ERRO
    match desfecho.classe:
        case Classe.NEGOCIO:
            return Encerrar(final)
        case Classe.PESSOA:
            if situacao.encerrada or not situacao.outra_credencial or situacao.perdas >= PERDAS_MAXIMAS:
                return Encerrar(final, parado=not situacao.encerrada)
            return Tentar(0.0, gasta=False)
        case Classe.SESSAO:
            if situacao.encerrada or situacao.perdas >= PERDAS_MAXIMAS:
                return Encerrar(final)
            return Tentar(espera_s(situacao.perdas + 1, acaso), gasta=False)
        case Classe.TECNICA | Classe.NOSSA:
            if situacao.encerrada or not _has_attempts_left(desfecho, situacao):
                return Encerrar(final)
            return Tentar(espera_s(situacao.tentativas + 1, acaso), gasta=True)


def _has_attempts_left(desfecho: Desfecho, situacao: Situacao) -> bool:
    """A fault that allows one retry allows it whatever other faults came before, within the four attempts."""
    raiz = raiz_codigo(desfecho.codigo)
    iguais = sum(1 for codigo in situacao.codigos if raiz_codigo(codigo) == raiz)
    return iguais + 1 < desfecho.tentativas and situacao.tentativas + 1 < TENTATIVAS_TECNICAS


def espera_s(gastas: int, acaso: Acaso = random.uniform) -> float:
    """Seconds before the next attempt, `gastas` being spent already: 2, 8, 30, each ± 20 %."""
    base = ESPERAS_S[min(gastas, len(ESPERAS_S) - 1)]
    return base * acaso(1 - ESPERA_VARIACAO, 1 + ESPERA_VARIACAO)


def raiz_codigo(codigo: str) -> str:
    """`portal.mudou.seletor` → `portal.mudou`; `documento.divergente.mes` → `documento.divergente`."""
    return ".".join(codigo.split(".")[:2])


def append_seguido(itens: Sequence[int], item_id: int) -> list[int]:
    """Distinct contracts that failed in a row, this one included; more than are needed are not kept."""
    return [*(item for item in itens if item != item_id), item_id][-SEGUIDOS:]


def pausa_sonda_s(aberturas: int) -> float:
    """Seconds to the next probe; `aberturas`: how often this breaker opened without closing, the first being 1."""
    return SONDAS_S[min(max(aberturas, 1), len(SONDAS_S)) - 1]


def pausa_queda_s(quedas: int) -> float:
    return QUEDAS_S[min(max(quedas, 1), len(QUEDAS_S)) - 1]


def is_portal_answer(desfecho: Desfecho) -> bool:
    """Whether a failure with this outcome proves that the portal is up: it said something true about the contract."""
    if desfecho.classe is Classe.NEGOCIO:
        return not desfecho.codigo.startswith(("nome", "cliente.cpf_invalido"))
    return raiz_codigo(desfecho.codigo) in ("documento.divergente", "portal.sem_permissao")


def status_final(
    status: StatusExecucao, codigo: str | None, contadores: Mapping[str, int], codigo_parado: str | None
) -> StatusExecucao:
    """The status of an execution without open rows. codigo_parado: of a row that waits for a person, if any."""
    match status:
        case StatusExecucao.CANCELADA | StatusExecucao.ERRO:
            return status
        case StatusExecucao.PAUSADA if codigo == DISCO_CHEIO and contadores["erro"]:
            # The rows that found no room wait for `retomar`.
            return status
    if codigo_parado:
        return StatusExecucao.BLOQUEADA
    return StatusExecucao.CONCLUIDA_COM_FALHAS if contadores["erro"] else StatusExecucao.CONCLUIDA


def hoje(agora: datetime) -> date:
    """The date where the clients are: due dates are compared with it, whatever zone the server runs in."""
    return agora.astimezone(FUSO).date()
