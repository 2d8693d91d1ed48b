"""One contract's way through the portal, in the operator's words; the same for every driver."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from services.scraper.portal import Acesso
from services.scraper.portal.billing import choose, list_parcelas, open_cobranca, prepare_emissao, tick
from services.scraper.portal.errors import Falha
from services.scraper.portal.grids import Parcela
from services.scraper.portal.login import enter, open_login
from services.scraper.portal.search import ClienteAberto, is_same_nome, open_by_documento, open_cliente, walk_to_busca
from services.scraper.portal.selection import Pedido
from services.scraper.portal.steps import Passos
from shared.outcomes import Etapa

# Told of each step as it begins.
Avisar = Callable[[Etapa], Awaitable[None]]


@dataclass(frozen=True)
class Emissao:
    """What came out of the portal, not verified yet: the PDF, and what the screen says that it must say.

    recuo: codigo of what the first driver met, where the contract was begun again in the browser.
    """

    pdf: bytes
    cliente: ClienteAberto
    parcela: Parcela
    avisos: tuple[str, ...] = ()
    recuo: str | None = None


async def log_in(passos: Passos, acesso: Acesso) -> None:
    await open_login(passos)
    await enter(passos, acesso)


async def begin(passos: Passos) -> None:
    """Logged in, go once through home and Atendimento, as a person does: later searches start at their own page."""
    await walk_to_busca(passos)
    await passos.adapt()


async def fetch_boleto(passos: Passos, pedido: Pedido, avisar: Avisar) -> Emissao:
    """Search the client, choose the instalment, emit it, capture the PDF. Raises Falha, JaBaixado.

    When `avisar` has been told of `baixando`, the portal is about to issue: from there on the contract must end truly.
    What the driver has a surer way for is begun again in that one.
    """
    try:
        return await _fetch(passos, pedido, avisar)
    except Falha as falha:
        if not await passos.driver.retreat(falha):
            raise
        recuo = falha.codigo
    try:
        return replace(await _fetch(passos, pedido, avisar), recuo=recuo)
    finally:
        await passos.driver.adapt()


async def _fetch(passos: Passos, pedido: Pedido, avisar: Avisar) -> Emissao:
    await avisar(Etapa.BUSCANDO)
    cliente = await open_cliente(passos, pedido)
    await avisar(Etapa.EMITINDO)
    try:
        parcelas, escolhida = await _choose_parcela(passos, cliente, pedido)
    except Falha as falha:
        if not (cliente.por_cota and falha.codigo.startswith("boleto.inexistente")):
            raise
        # Why there is none is said where the document is searched: the cota may be cancelled, or somebody else's.
        cliente = await open_by_documento(passos, pedido)
        parcelas, escolhida = await _choose_parcela(passos, cliente, pedido)
    parcela = await tick(passos, parcelas, escolhida)
    emitir, campos = prepare_emissao(passos)
    await passos.ritmo.wait()
    await avisar(Etapa.BAIXANDO)
    pdf = await passos.emit(emitir, campos)
    return Emissao(pdf, cliente, parcela, _compare_nomes(pedido, cliente))


async def _choose_parcela(passos: Passos, cliente: ClienteAberto, pedido: Pedido) -> tuple[list[Parcela], Parcela]:
    """(what the billing page lists, the instalment to tick)."""
    await open_cobranca(passos, cliente.cota)
    parcelas = await list_parcelas(passos)
    return parcelas, choose(passos, parcelas, cliente.cota, pedido)


def _compare_nomes(pedido: Pedido, cliente: ClienteAberto) -> tuple[str, ...]:
    """After a search by document another name is only noted: the document itself is proven by the PDF."""
    if pedido.nome is None or is_same_nome(pedido.nome, cliente.nome):
        return ()
    return (f"O portal escreve o nome de outro modo: {cliente.nome}.",)
