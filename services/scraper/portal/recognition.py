"""Pure: what page is this, and does it say that the way on is closed? Driver-independent."""

from __future__ import annotations

from services.scraper.portal.errors import Falha, LoginParado, PortalBloqueado, SessaoPerdida
from services.scraper.portal.pages import Controle, Pagina, ends_in
from services.scraper.portal.profile import Perfil, Textos, says

# Characters of a page's text within which it says what kind of page it is.
_INICIO = 600


def check_pagina(pagina: Pagina, perfil: Perfil) -> None:
    """For any page within a session. Raises PortalBloqueado, Falha `portal.fora_do_ar.http_5xx`, SessaoPerdida."""
    check_servidor(pagina, perfil)
    na_pagina_de_login = is_login(pagina, perfil)
    if not na_pagina_de_login and pagina.is_form:
        return  # a page to work on, whatever it holds ready to say
    dito = " ".join([*_messages(pagina, perfil), pagina.texto[:_INICIO]])
    if says(dito, perfil.dizeres.derrubada):
        raise SessaoPerdida("sessao.derrubada", f"O portal encerrou a sessão: {quote([dito])}")
    if na_pagina_de_login or says(dito, perfil.dizeres.expirada):
        raise SessaoPerdida("sessao.expirada", "O portal voltou à página de login.")


def check_conexao(falha: Falha, perfil: Perfil) -> None:
    """A session that is over leads to the login page, be it by a spelling of it that does not answer.
    Raises SessaoPerdida."""
    if falha.codigo == "portal.fora_do_ar.conexao" and any(
        ends_in(falha.onde, login) for login in perfil.paginas.login
    ):
        raise SessaoPerdida("sessao.expirada", "O portal mandou à página de login, que não respondeu.") from falha


def check_servidor(pagina: Pagina, perfil: Perfil) -> None:
    """For any page at all: the firewall's, and the server's own errors."""
    dizeres = perfil.dizeres
    # The block page comes with whatever status; the words stand in its source too where they are not shown.
    if pagina.may_say(dizeres.firewall) and says(f"{pagina.titulo} {pagina.texto}", dizeres.firewall):
        raise PortalBloqueado(f"Página de bloqueio do firewall: {quote([pagina.texto])}")
    if pagina.status >= 500 or pagina.status == 429:
        raise Falha("portal.fora_do_ar.http_5xx", f"O portal respondeu {pagina.status}: {quote([pagina.texto])}")
    interno = dizeres.erro_interno
    if pagina.may_say(interno) and says(f"{pagina.titulo} {pagina.texto[:_INICIO]}", interno):
        raise Falha("portal.fora_do_ar.http_5xx", f"O portal mostra um erro interno: {quote([pagina.texto])}")


def is_login(pagina: Pagina, perfil: Perfil) -> bool:
    """The login form is there: addresses and titles alone deceive."""
    controles = perfil.controles
    return pagina.find(controles.usuario) is not None and pagina.find(controles.senha) is not None


def find_icone(pagina: Pagina, perfil: Perfil) -> Controle | None:
    """The icon of Atendimento: a link of more words, as `Central de Atendimento` in a page's foot, is none."""
    return pagina.find(perfil.controles.atendimento, inteiro=True)


def is_inside(pagina: Pagina, perfil: Perfil) -> bool:
    """Proof of a login: the icon, on any page by its id, or the home page saying at least two of the things it says."""
    if is_login(pagina, perfil):
        return False
    if pagina.has_any_id((perfil.controles.atendimento.sufixo,)):
        return True
    ditos = sum(says(pagina.texto, (texto,)) for texto in perfil.dizeres.dentro)
    return pagina.is_at(perfil.paginas.inicio) and (find_icone(pagina, perfil) is not None or ditos >= 2)


def check_captcha(pagina: Pagina, perfil: Perfil) -> None:
    """Raises LoginParado where the page asks for security characters, before or after a login."""
    dito = " ".join([*_messages(pagina, perfil), pagina.texto])
    if pagina.has_any_id(perfil.dizeres.captcha_ids) or says(dito, perfil.dizeres.captcha):
        raise LoginParado("login.captcha", f"O portal pede caracteres de segurança: {pagina.texto[:120]}")


def explain_login(pagina: Pagina, antes: Pagina, perfil: Perfil) -> Falha:
    """Why a login that was posted from `antes` led to `pagina` and not inside. Every message that the profile does
    not know, and a login page without any, is a refusal: the account must not be locked by trying again."""
    dizeres, antigas = perfil.dizeres, _messages(antes, perfil)
    mensagens = [mensagem for mensagem in _messages(pagina, perfil) if mensagem not in antigas]
    na_pagina_de_login = is_login(pagina, perfil)
    if na_pagina_de_login and pagina.came_by(perfil.paginas.inicio):
        # Let in, and out again before the home page came: another login of the same user, not a refusal.
        return SessaoPerdida("sessao.derrubada", "O portal aceitou o login e o encerrou em seguida.")

    def told(textos: Textos) -> bool:
        """In a message, or anywhere on the page if the page before did not say it all along."""
        return says(" ".join(mensagens), textos) or (says(pagina.texto, textos) and not says(antes.texto, textos))

    visto = quote(mensagens) or f"Página {pagina.titulo or pagina.caminho}."
    # "Será bloqueado" threatens: the account is not blocked yet.
    if told(dizeres.bloqueado) and not told(dizeres.ameaca):
        return LoginParado("login.bloqueado", visto)
    if pagina.has_any_id(dizeres.trocar_senha_ids) or told(dizeres.trocar_senha):
        return LoginParado("login.acao_necessaria.trocar_senha", visto)
    if told(dizeres.termos):
        return LoginParado("login.acao_necessaria.termos", visto)
    if pagina.has_any_id(dizeres.token_ids) or told(dizeres.token):
        return LoginParado("login.acao_necessaria.token", visto)
    if na_pagina_de_login:
        silencio = "O portal voltou à página de login sem dizer por quê."
        return LoginParado("login.recusado", quote(mensagens) or silencio)
    if pagina.has_any_id(dizeres.outro_login_ids) or says(pagina.titulo, dizeres.titulo_login):
        return LoginParado("login.acao_necessaria", visto)
    return Falha("portal.mudou.fluxo", f"Depois do login veio uma página desconhecida: {visto}")


def says_no_permission(pagina: Pagina, perfil: Perfil) -> bool:
    return says(" ".join([*_messages(pagina, perfil), pagina.texto[:_INICIO]]), perfil.dizeres.sem_permissao)


def quote(mensagens: list[str]) -> str:
    """Up to three messages, in quotes, as the portal wrote them."""
    return "; ".join(f"«{mensagem[:160]}»" for mensagem in mensagens[:3])


def _messages(pagina: Pagina, perfil: Perfil) -> list[str]:
    return pagina.messages(perfil.rotulos.mensagens)
