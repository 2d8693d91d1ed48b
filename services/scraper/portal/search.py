"""Finding the client: home, Atendimento, Busca avançada, the result's row, and the client's own page."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from services.scraper.portal.errors import DocumentoRecusado, Falha, LoginParado, SessaoPerdida
from services.scraper.portal.grids import LinhaCliente, read_clientes, strip_rotulos
from services.scraper.portal.pages import Pagina
from services.scraper.portal.profile import Criterio, says
from services.scraper.portal.recognition import find_icone, quote, says_no_permission
from services.scraper.portal.selection import Pedido, choose_cota
from services.scraper.portal.steps import Passos
from shared.contrato import Cota, fold, format_documento, parse_cota

_SO_CODIGOS = re.compile(r"^[\d\s/.\-]+")


@dataclass(frozen=True)
class ClienteAberto:
    """Whose page stands open in the session; `nome` as the portal writes it. por_cota: found without the document."""

    cota: Cota
    nome: str
    contrato: str
    por_cota: bool = False


async def open_identificacao(passos: Passos) -> Pagina:
    """From home by the Atendimento icon. Without an icon, LoginParado `portal.sem_permissao`."""
    inicio = passos.pagina
    if inicio.is_at(passos.perfil.paginas.inicio):
        passos.judge(inicio)
    else:
        inicio = await passos.open(passos.perfil.paginas.inicio)
    icone = find_icone(inicio, passos.perfil)
    if icone is None:
        raise LoginParado("portal.sem_permissao", "O ícone de Atendimento não aparece para este usuário.")
    return await passos.press(icone)


async def open_busca(passos: Passos) -> Pagina:
    """The advanced search, straight by its address while the session is open; else through home, as a person would."""
    pagina = await passos.open(passos.perfil.paginas.busca)
    if _is_busca(pagina, passos):
        return pagina
    try:
        return await walk_to_busca(passos)
    except LoginParado as falha:
        # The way was open when this session began: a home page that lost its icon is how some sessions end.
        raise SessaoPerdida("sessao.expirada", f"A sessão perdeu o acesso à busca. {falha.mensagem}") from falha


async def walk_to_busca(passos: Passos) -> Pagina:
    """Home, Atendimento, Busca avançada; where a piece is missing, by the address before giving up."""
    try:
        pagina = await open_identificacao(passos)
        if botao := pagina.find(passos.perfil.controles.busca_avancada):
            pagina = await passos.press(botao)
        if _is_busca(pagina, passos):
            return pagina
        falha = Falha("portal.mudou.fluxo", f"Busca avançada não abriu; veio {pagina.caminho}.")
        if says_no_permission(pagina, passos.perfil):
            falha = LoginParado("portal.sem_permissao", f"O portal não abre a Busca avançada: {pagina.texto[:120]}")
    except LoginParado as sem_icone:
        falha = sem_icone
    pagina = await passos.open(passos.perfil.paginas.busca)
    if _is_busca(pagina, passos):
        return pagina
    raise falha


def _is_busca(pagina: Pagina, passos: Passos) -> bool:
    return pagina.find(passos.perfil.controles.criterio) is not None


async def choose_criterio(passos: Passos, documento: str) -> bool:
    """Set what is searched by; False where the portal has no such criterion. The change posts and redraws the page."""
    controles, perfil = passos.perfil.controles, passos.perfil
    criterio = perfil.criterio_cpf if len(documento) == 11 else perfil.criterio_cnpj
    opcoes = passos.pagina.options(controles.criterio)
    valor = _find_valor([(v, texto) for v, texto, _ in opcoes], criterio)
    if valor is None:
        return False
    if (valor, True) not in [(v, marcada) for v, _, marcada in opcoes]:
        alvo = passos.need(controles.criterio)
        await passos.press(alvo, {alvo: valor})
        if valor not in [v for v, _, marcada in passos.pagina.options(controles.criterio) if marcada]:
            raise Falha("portal.mudou.fluxo", "A página de busca não guardou o critério escolhido.")
    return True


def _find_valor(opcoes: list[tuple[str, str]], criterio: Criterio) -> str | None:
    """By the words, the known value first; by the value alone where no option has the words."""
    dizem = [(v, texto) for v, texto in opcoes if says(texto, criterio.textos)]
    conhecidos = [v for v, _ in dizem or opcoes if v == criterio.valor]
    exatos = [v for v, texto in dizem if fold(texto) in criterio.textos]
    return next(iter([*conhecidos, *exatos, *(v for v, _ in dizem)]), None)


async def open_cliente(passos: Passos, pedido: Pedido) -> ClienteAberto:
    """By the document; or, where the profile allows it and the register has them with a name to compare, by grupo and
    cota: one post in place of three. What that does not find for sure is searched by the document."""
    nome = pedido.nome or ""
    if passos.perfil.busca_por_cota and pedido.cota is not None and len(fold(nome).split()) > 1:
        pagina = await passos.open(passos.perfil.paginas.identificacao)
        try:
            cliente = await _find_by_cota(passos, pedido.cota, pagina)
        except Falha as falha:
            if not falha.codigo.startswith("portal.mudou"):
                raise
            cliente = None
        if cliente is not None and is_same_nome(nome, cliente.nome):
            return cliente
    return await open_by_documento(passos, pedido)


async def open_by_documento(passos: Passos, pedido: Pedido) -> ClienteAberto:
    """Search, choose the row, open the client's page, and prove that it is the wanted cota's."""
    await open_busca(passos)
    if not await choose_criterio(passos, pedido.cpf):
        if len(pedido.cpf) == 14 and pedido.cota is not None:
            return await _open_by_cota(passos, pedido, pedido.cota)
        raise Falha("portal.mudou.seletor", "A busca não oferece o critério para este documento.")
    controles = passos.perfil.controles
    campos = {passos.need(controles.contexto): format_documento(pedido.cpf)}
    antes = passos.pagina
    pagina = await passos.press(passos.need(controles.buscar), campos)
    linha = choose_cota(await _read_resultado(passos, pagina, antes, pedido), pedido.cota, passos.perfil)
    if linha.link is None or linha.cota is None:
        raise Falha("portal.mudou.seletor", "A linha da cota no resultado não tem link.")
    pagina = await passos.press(linha.link)
    if confirmar := pagina.find(controles.confirmar):
        pagina = await passos.press(confirmar)
    return _identify(pagina, linha.cota, passos)


async def _read_resultado(passos: Passos, pagina: Pagina, antes: Pagina, pedido: Pedido) -> list[LinhaCliente]:
    """The rows. Nothing found is told by a message, or, under the same search, by an empty grid or by words that the
    page did not say before; anything else is not proof that the client does not exist."""
    linhas = read_clientes(pagina, passos.perfil)
    if linhas and any(linha.cota for linha in linhas):
        return linhas
    sem_registro = passos.perfil.dizeres.sem_registro
    mensagens = pagina.messages(passos.perfil.rotulos.mensagens)
    if linhas is None and not says(" ".join(mensagens), sem_registro):
        pagina = await passos.driver.settle()
        linhas = read_clientes(pagina, passos.perfil)
        mensagens = pagina.messages(passos.perfil.rotulos.mensagens)
    if says(" ".join(mensagens), sem_registro):
        raise Falha("cliente.nao_encontrado", f"O portal respondeu {quote(mensagens)}.")
    if _echoes(pagina, passos, pedido.cpf):
        if linhas is not None:
            return linhas
        if says(pagina.texto, sem_registro) and not says(antes.texto, sem_registro):
            raise Falha("cliente.nao_encontrado", "O portal respondeu, na própria página, que não há registro.")
    visto = quote(mensagens) or "nem resultado, nem mensagem"
    raise Falha("portal.mudou.fluxo", f"A busca respondeu de forma desconhecida: {visto}.")


def _echoes(pagina: Pagina, passos: Passos, documento: str) -> bool:
    """Whether the answer still shows the document that was searched: a redrawn page does not."""
    contexto = pagina.find(passos.perfil.controles.contexto)
    return contexto is not None and re.sub(r"[^0-9A-Za-z]", "", contexto.valor).upper() == documento


def _identify(pagina: Pagina, cota: Cota, passos: Passos) -> ClienteAberto:
    """The client's page says whose it is: another cota than the one opened is a session that got mixed up."""
    rotulos = passos.perfil.rotulos
    cabecalho = strip_rotulos(pagina.label(rotulos.cliente_cota))
    aberta = parse_cota(cabecalho)
    if aberta is None:
        raise Falha("portal.mudou.fluxo", f"A página do cliente não abriu; veio {pagina.caminho} {quote([cabecalho])}.")
    if aberta != cota:
        raise DocumentoRecusado("documento.divergente.cota", f"Aberta a cota {cota}, a página mostra {aberta}.")
    return ClienteAberto(cota, _SO_CODIGOS.sub("", cabecalho), pagina.label(rotulos.cliente_contrato))


async def _open_by_cota(passos: Passos, pedido: Pedido, cota: Cota) -> ClienteAberto:
    """For a document that the search has no criterion for. Versão 00 can be the seller's, so the name must match."""
    cliente = await _find_by_cota(passos, cota, await open_identificacao(passos))
    if cliente is None:
        raise Falha("cliente.cota_nao_encontrada", f"O portal não encontrou a cota {cota}.")
    if not pedido.nome or not is_same_nome(pedido.nome, cliente.nome):
        raise Falha("cliente.cota_nao_encontrada", f"A cota {cota} está no portal em outro nome.")
    return cliente


async def _find_by_cota(passos: Passos, cota: Cota, pagina: Pagina) -> ClienteAberto | None:
    """None where the portal does not find it; whose page it is remains to be seen by the name."""
    controles = passos.perfil.controles
    campos = [pagina.find(alvo) for alvo in (controles.grupo, controles.cota, controles.versao)]
    localizar = pagina.find(controles.localizar)
    grupo, numero, versao = campos
    if grupo is None or numero is None or versao is None or localizar is None:
        return None
    pagina = await passos.press(localizar, {grupo: f"{cota.grupo:06d}", numero: f"{cota.cota:04d}", versao: "00"})
    if confirmar := pagina.find(controles.confirmar):
        pagina = await passos.press(confirmar)
    if says(" ".join(pagina.messages(passos.perfil.rotulos.mensagens)), passos.perfil.dizeres.sem_registro):
        return None
    return replace(_identify(pagina, cota, passos), por_cota=True)


def is_same_nome(um: str, outro: str) -> bool:
    """Folded; what one of them has before or after is noise (a share, a tag)."""
    a, b = fold(um), fold(outro)
    return bool(a and b) and (f" {a} " in f" {b} " or f" {b} " in f" {a} ")
