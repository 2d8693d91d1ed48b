"""The billing page: opening it, ticking the one instalment, and what must be set before "Emitir Cobrança"."""

from __future__ import annotations

from services.scraper.portal.errors import DocumentoRecusado, Falha, LoginParado
from services.scraper.portal.grids import Parcela, list_ilegiveis, read_parcelas, strip_rotulos
from services.scraper.portal.pages import Controle, Pagina
from services.scraper.portal.profile import says
from services.scraper.portal.recognition import quote, says_no_permission
from services.scraper.portal.selection import Pedido, choose_parcela, is_parcela
from services.scraper.portal.steps import Passos
from shared.contrato import Cota, parse_cota

# Clicks on tick boxes before the page counts as not obeying: each is a toggle and a full postback.
_MARCAS_MAX = 6


async def open_cobranca(passos: Passos, cota: Cota) -> Pagina:
    """By the client's menu; where the entry is missing, by the address.

    Raises LoginParado `portal.sem_permissao`, DocumentoRecusado where the page is another cota's, Falha.
    """
    entrada = _find_entrada(passos)
    pagina = await (passos.press(entrada) if entrada else passos.open(passos.perfil.paginas.cobranca))
    if not _is_cobranca(pagina, passos) and entrada:
        pagina = await passos.open(passos.perfil.paginas.cobranca)
    if not _is_cobranca(pagina, passos):
        if entrada is None or says_no_permission(pagina, passos.perfil):
            raise LoginParado("portal.sem_permissao", f"Emissão de Cobrança não abre: {pagina.texto[:120]}")
        raise Falha("portal.mudou.fluxo", f"Emissão de Cobrança não abriu; veio {pagina.caminho}.")
    aberta = parse_cota(strip_rotulos(pagina.label(passos.perfil.rotulos.cobranca_cota)))
    if aberta is not None and aberta != cota:
        raise DocumentoRecusado("documento.divergente.cota", f"Aberta a cota {cota}, a cobrança mostra {aberta}.")
    return pagina


def _find_entrada(passos: Passos) -> Controle | None:
    """The menu's entry by its text; by its id only where the entry says nothing else."""
    alvo = passos.perfil.controles.cobranca
    entrada = passos.pagina.find(alvo, text_first=True)
    return entrada if entrada and (not entrada.texto or says(entrada.texto, alvo.textos)) else None


def _is_cobranca(pagina: Pagina, passos: Passos) -> bool:
    """At its address, with a piece of its form: an empty grid alone proves nothing."""
    controles = passos.perfil.controles
    return pagina.is_at(passos.perfil.paginas.cobranca) and (
        pagina.table(passos.perfil.rotulos.grade_cobranca) is not None
        or any(pagina.find(alvo) is not None for alvo in (controles.emitir, controles.pendencias))
        or pagina.find_radio(controles.tipo_emissao, passos.perfil.tipo_boleto) is not None
    )


async def list_parcelas(passos: Passos) -> list[Parcela]:
    """The pending rows; a page without any is asked for them once ("Localizar pendências")."""
    parcelas = read_parcelas(passos.pagina, passos.perfil)
    if not parcelas and (localizar := passos.pagina.find(passos.perfil.controles.pendencias)):
        parcelas = read_parcelas(await passos.press(localizar), passos.perfil)
    if parcelas is None and says_no_permission(passos.pagina, passos.perfil):
        raise LoginParado("portal.sem_permissao", f"Emissão de Cobrança negada: {passos.pagina.texto[:120]}")
    if parcelas is None and not _is_cobranca(passos.pagina, passos):
        visto = quote([passos.pagina.texto]) or "uma página vazia"
        raise Falha("portal.mudou.fluxo", f"No lugar das pendências veio {visto}.")
    return parcelas or []


def choose(passos: Passos, parcelas: list[Parcela], cota: Cota, pedido: Pedido) -> Parcela:
    """The instalment to tick. That there is none is proven by a page on which every instalment reads: a grid without
    rows, or no grid at all. Raises JaBaixado, Falha."""
    perfil = passos.perfil
    try:
        return choose_parcela(parcelas, cota, pedido, perfil)
    except Falha as falha:
        estranhas = [texto for texto in list_ilegiveis(passos.pagina, perfil) if is_parcela(texto, perfil)]
        if not falha.codigo.startswith("boleto.inexistente") or not estranhas:
            raise
        mensagem = f"A página de cobrança tem parcelas que não se leem: {quote(estranhas)}."
        raise Falha("portal.mudou.seletor", mensagem) from falha


async def tick(passos: Passos, parcelas: list[Parcela], escolhida: Parcela) -> Parcela:
    """Leave exactly the chosen row ticked, and return it as the page then shows it."""
    for _ in range(_MARCAS_MAX):
        atual = _find_same(parcelas, escolhida)
        demais = [p for p in parcelas if p.marcada and p.indice != atual.indice]
        marca = demais[0].marca if demais else atual.marca
        if atual.marcada and not demais:
            return atual
        if marca is None:
            break
        parcelas = read_parcelas(await passos.press(marca), passos.perfil) or []
    raise Falha("portal.mudou.fluxo", "A parcela escolhida não fica marcada na página de cobrança.")


def _find_same(parcelas: list[Parcela], escolhida: Parcela) -> Parcela:
    def key(p: Parcela) -> tuple[object, ...]:
        return p.indice, p.cota, p.numero, p.historico, p.vencimento

    for parcela in parcelas:
        if key(parcela) == key(escolhida):
            return parcela
    raise Falha("portal.mudou.fluxo", "A parcela escolhida sumiu da página de cobrança ao ser marcada.")


def prepare_emissao(passos: Passos) -> tuple[Controle, dict[Controle, str]]:
    """The button to press, and the kind of emission where it is not set already."""
    emitir = passos.need(passos.perfil.controles.emitir)
    valor = passos.perfil.tipo_boleto
    tipo = passos.pagina.find_radio(passos.perfil.controles.tipo_emissao, valor)
    return emitir, {} if tipo is None or tipo.ligado else {tipo: valor}
