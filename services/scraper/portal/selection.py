"""Pure: which cota of a client, and which instalment of a cota, is the one that was asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from services.scraper.portal.errors import Falha, JaBaixado
from services.scraper.portal.grids import LinhaCliente, Parcela
from services.scraper.portal.profile import Perfil, says
from shared.contrato import Cota, MesReferencia, resolve_mes

# So many times as much is due the same day.
SOBRA = 20


@dataclass(frozen=True)
class Pedido:
    """One contract as it is asked of a portal. cpf: or a CNPJ. nome: as the workbook has it, for comparing."""

    cpf: str
    cota: Cota | None
    mes: int | None
    ano: int | None
    hoje: date
    nome: str | None = None
    ja_baixados: frozenset[tuple[Cota, MesReferencia]] = field(default_factory=frozenset)


def choose_cota(linhas: Sequence[LinhaCliente], pedida: Cota | None, perfil: Perfil) -> LinhaCliente:
    """The row to open. Raises Falha: `cliente.nao_encontrado`, `.cota_nao_encontrada`, `.cota_inativa`, `.ambiguo`."""
    cheias = [linha for linha in linhas if linha.cota is not None]
    if not cheias:
        raise Falha("cliente.nao_encontrado", "A busca no portal não trouxe nenhuma cota para este documento.")
    minhas = [linha for linha in cheias if pedida is None or linha.cota == pedida]
    if not minhas:
        raise Falha("cliente.cota_nao_encontrada", f"Cota {pedida} pedida; no portal: {_list_cotas(cheias)}.")
    ativas = [linha for linha in minhas if not is_inativa(linha.situacao, perfil)]
    if not ativas:
        raise Falha("cliente.cota_inativa", f"Situação no portal: {_list_cotas(minhas)}.")
    if len({linha.cota for linha in ativas}) > 1:
        raise Falha("cliente.ambiguo", f"Cotas ativas deste cliente: {_list_cotas(ativas)}.")
    # The same cota twice: the higher versão is the later owner's.
    return max(ativas, key=lambda linha: linha.versao)


def is_inativa(situacao: str, perfil: Perfil) -> bool:
    return says(situacao, perfil.situacoes.inativas)


def _list_cotas(linhas: Iterable[LinhaCliente]) -> str:
    return ", ".join(f"{linha.cota} ({linha.situacao})" if linha.situacao else str(linha.cota) for linha in linhas)


def choose_parcela(parcelas: Sequence[Parcela], cota: Cota, pedido: Pedido, perfil: Perfil) -> Parcela:
    """The instalment to tick (contract.md §3). Raises JaBaixado, or Falha `boleto.inexistente` with its reason."""
    minhas = [p for p in parcelas if p.cota == cota and p.vencimento and is_parcela(p.historico, perfil)]
    if not minhas:
        raise Falha("boleto.inexistente", "O portal não lista nenhuma parcela desta cota.")
    candidatas = _in_order(list(_drop_sobras(minhas)), pedido)
    if not candidatas:
        meses = ", ".join(sorted({f"{p.vencimento:%m/%Y}" for p in minhas if p.vencimento}))
        raise Falha("boleto.inexistente.outro_mes", f"Parcelas no portal: {meses}.")
    for parcela in candidatas:
        if _is_conhecida(parcela, cota, pedido):
            assert parcela.vencimento
            raise JaBaixado(cota.grupo, cota.cota, parcela.vencimento.year, parcela.vencimento.month)
        if parcela.is_emitivel:
            return parcela
    raise _explain(candidatas[0])


def _drop_sobras(parcelas: Sequence[Parcela]) -> Iterator[Parcela]:
    """Without what is left over of an instalment that was issued or paid: a trifle beside another due the same day."""
    maiores: dict[date | None, Decimal] = defaultdict(Decimal)
    for parcela in parcelas:
        maiores[parcela.vencimento] = max(maiores[parcela.vencimento], parcela.receber or Decimal(0))
    for parcela in parcelas:
        receber = parcela.receber or Decimal(0)
        if receber <= 0 or receber * SOBRA > maiores[parcela.vencimento]:
            yield parcela


def is_parcela(historico: str, perfil: Perfil) -> bool:
    """A real instalment: not a fee, a fine or a difference."""
    return says(historico, perfil.historicos.parcela) and not says(historico, perfil.historicos.exceto)


def _in_order(parcelas: list[Parcela], pedido: Pedido) -> list[Parcela]:
    """The asked month's; without a month: those falling due from today on, the nearest first, then the overdue ones,
    the latest first. Of one day the greatest amount leads: the rest are small leftovers."""
    if pedido.mes is not None:
        alvo = resolve_mes(pedido.mes, pedido.ano, pedido.hoje)
        parcelas = [p for p in parcelas if p.vencimento and MesReferencia.of(p.vencimento) == alvo]
        return sorted(parcelas, key=lambda p: (not p.is_emitivel, -(p.receber or 0)))
    if pedido.ano is not None:
        parcelas = [p for p in parcelas if p.vencimento and p.vencimento.year == pedido.ano]

    def distance(parcela: Parcela) -> tuple[bool, int, bool, float]:
        dias = ((parcela.vencimento or pedido.hoje) - pedido.hoje).days
        return dias < 0, abs(dias), not parcela.is_emitivel, -float(parcela.receber or 0)

    return sorted(parcelas, key=distance)


def _is_conhecida(parcela: Parcela, cota: Cota, pedido: Pedido) -> bool:
    """Filed already. Without a month asked, a row with nothing left to charge is passed over: it was paid."""
    if parcela.vencimento is None or (cota, MesReferencia.of(parcela.vencimento)) not in pedido.ja_baixados:
        return False
    return pedido.mes is not None or parcela.receber is None or parcela.receber > 0


def _explain(parcela: Parcela) -> Falha:
    onde = f"Parcela {parcela.numero} com vencimento em {parcela.vencimento:%d/%m/%Y}".replace("  ", " ")
    if parcela.marca is None:
        return Falha("boleto.inexistente.ja_pago", f"{onde}: o portal não oferece a emissão.")
    return Falha("boleto.inexistente.sem_valor", f"{onde}: valor a receber zero.")
