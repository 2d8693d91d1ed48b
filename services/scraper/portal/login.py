"""The way in: one post with user and password, and what its answer says."""

from __future__ import annotations

import re

from services.scraper.portal import Acesso
from services.scraper.portal.errors import Falha, LoginParado
from services.scraper.portal.pages import Controle, Pagina
from services.scraper.portal.recognition import check_captcha, check_servidor, explain_login, is_inside, is_login, quote
from services.scraper.portal.steps import Passos
from shared.contrato import fold


async def open_login(passos: Passos) -> Pagina:
    """The first spelling of the login page that answers. Raises Falha."""
    ultima: Falha | None = None
    for caminho in passos.perfil.paginas.login:
        try:
            pagina = await passos.driver.open(passos.url(caminho))
        except Falha as falha:
            if falha.codigo != "portal.fora_do_ar.conexao":
                raise
            ultima = falha
            continue
        check_servidor(pagina, passos.perfil)
        if is_login(pagina, passos.perfil):
            check_captcha(pagina, passos.perfil)
            return pagina
        if pagina.has_any_id(passos.perfil.dizeres.token_ids):
            raise LoginParado("login.acao_necessaria.token", f"O login pede um código: {quote([pagina.texto])}")
        if pagina.has_any_id(passos.perfil.dizeres.outro_login_ids):
            raise LoginParado("login.acao_necessaria", f"O login é feito noutra página: {quote([pagina.texto])}")
        ultima = Falha("portal.mudou.seletor", f"Sem campos de usuário e senha em {pagina.caminho}.")
    assert ultima is not None
    raise ultima


async def enter(passos: Passos, acesso: Acesso) -> Pagina:
    """Log in from the open login page: posts exactly once. Returns the page inside.

    Raises LoginParado (a person must act), PortalBloqueado, Falha.
    """
    perfil, antes = passos.perfil, passos.pagina
    usuario, senha = passos.need(perfil.controles.usuario), passos.need(perfil.controles.senha)
    entrar = passos.need(perfil.controles.entrar)
    campos = {usuario: perfil.pad_usuario(acesso.usuario), senha: acesso.senha}
    await passos.ritmo.wait()
    pagina = await passos.driver.press(entrar, campos)
    check_servidor(pagina, perfil)
    if unidade := _find_unidade(pagina, passos, acesso.codigo_empresa):
        await passos.ritmo.wait()
        pagina = await passos.driver.press(unidade)
        passos.judge_post(pagina)
    if is_inside(pagina, perfil):
        return pagina
    if is_login(pagina, perfil) and pagina.came_by(perfil.paginas.inicio):
        raise explain_login(pagina, antes, perfil)
    # A message may come in an alert once all has loaded.
    pagina = await passos.driver.settle()
    check_servidor(pagina, perfil)
    if is_inside(pagina, perfil):
        return pagina
    check_captcha(pagina, perfil)
    raise explain_login(pagina, antes, perfil)


def _find_unidade(pagina: Pagina, passos: Passos, codigo_empresa: str | None) -> Controle | None:
    """The business unit to go on with, where the portal asks: the one of codigo_empresa, or the only one."""
    padrao = re.compile(passos.perfil.dizeres.unidade_id)
    nos = [no for no in pagina.tree.css("a[id], input[id]") if padrao.fullmatch(no.attributes.get("id") or "")]
    unidades = [pagina.describe(no) for no in nos]
    if len(unidades) == 1:
        return unidades[0]
    codigo = fold(codigo_empresa or "")
    return next((u for u in unidades if codigo and codigo in fold(f"{u.texto} {u.valor}").split()), None)
