"""The way in: login, its refusals, and the pages that stand between a right password and the home page."""

from aiohttp import web

from tests.simulator.knobs import Login
from tests.simulator.pages import fill
from tests.simulator.requests import Pedido
from tests.simulator.scenario import Credencial

_ACOES = ("trocar_senha", "termos", "token", "unidade", "sso")


async def show_login(pedido: Pedido) -> web.Response:
    if pedido.post is None:
        return _show(pedido, pedido.botoes.login.mensagem_derrubada if pedido.sessao.derrubada else "")
    if pedido.post.evento != "btnLogin":
        return _show(pedido, "")
    return _enter(pedido, pedido.post.text("edtUsuario"), pedido.post.campos.get("edtSenha", ""))


def _enter(pedido: Pedido, usuario: str, senha: str) -> web.Response:
    portal, login = pedido.portal, pedido.botoes.login
    credencial = portal.find_credencial(usuario)
    conta = credencial.usuario if credencial else "desconhecido"
    pedido.notas["usuario"] = conta
    portal.usos["login", conta] += 1
    if login.captcha == "sempre" or 0 < login.captcha_apos < portal.usos["login", conta]:
        return _answer(pedido, "captcha", captcha=fill("captcha"))
    if credencial is None or credencial.senha != senha:
        portal.recusas[conta] += 1
        return _answer(pedido, "recusado", login.mensagem)
    if credencial.situacao == "bloqueada" or 0 < login.bloquear_apos <= portal.recusas[conta]:
        return _answer(pedido, "bloqueado", login.mensagem_bloqueado)
    if credencial.situacao in _ACOES:
        return _ask(pedido, credencial)
    return _welcome(pedido, credencial)


def _answer(pedido: Pedido, resultado: str, mensagem: str = "", captcha: str = "") -> web.Response:
    pedido.notas["resultado"] = f"login.{resultado}"
    return _show(pedido, mensagem, captcha)


def _ask(pedido: Pedido, credencial: Credencial) -> web.Response:
    pedido.notas["resultado"] = f"login.{credencial.situacao}"
    pedido.sessao.pendente = credencial
    return pedido.redirect(credencial.situacao)


def _welcome(pedido: Pedido, credencial: Credencial) -> web.Response:
    sessao = pedido.sessao
    pedido.portal.enter(sessao, credencial)
    pedido.notas |= {"resultado": "login.ok", "usuario": credencial.usuario}
    answer = pedido.redirect("inicio")
    answer.set_cookie("NWSAT", sessao.bilhete, path="/", httponly=True)
    answer.set_cookie("NWSTAU", sessao.bilhete[::-1], path="/", httponly=True)
    answer.set_cookie("CD_Unidade_Negocio", "0101", path="/")
    return answer


def _show(pedido: Pedido, mensagem: str, captcha: str = "") -> web.Response:
    onde, script = _place(pedido.botoes.login, mensagem)
    botao = fill(f"entrar_{pedido.botoes.login.botao}")
    return pedido.show_login(fill("entrada", usuario="", captcha=captcha, mensagem=onde, botao=botao), script)


def _place(login: Login, mensagem: str) -> tuple[str, str]:
    """The message in one of the spots where installations put it, and the script that shows it."""
    match login.mensagem_em:
        case "lblMensagemErro" | "lblMensagem":
            return fill("rotulo", id=login.mensagem_em, mensagem=mensagem), ""
        case "errmsg":
            return fill("errmsg", mensagem=mensagem), ""
        case "solta":
            return f"<div><p>{mensagem}</p></div>", ""
        case "alert":
            return "", f"alert('{mensagem}');" if mensagem else ""


async def show_acao(pedido: Pedido) -> web.Response:
    """Change of password, terms, token, unit, single sign-on: only the unit picker lets anyone through."""
    credencial = pedido.sessao.pendente
    if credencial is None:
        return pedido.redirect("login")
    if pedido.post is not None and pedido.pagina == "unidade" and pedido.post.evento.startswith("rptUnidade"):
        return _welcome(pedido, credencial)
    return pedido.show_login(fill(pedido.pagina))
