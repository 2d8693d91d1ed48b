"""One request on its way through the portal: faults first, then session, key, pace and form, then its page."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.simulator import billing, clients, login, printing, search
from tests.simulator.faults import Corte, block_page, error_page, find_falha, is_blocked, is_cut, step_of, wait_latencia
from tests.simulator.forms import Adulterado, Render, check_postagem
from tests.simulator.knobs import Botoes
from tests.simulator.pages import ABERTAS
from tests.simulator.requests import Pedido
from tests.simulator.scenario import Cliente
from tests.simulator.state import Portal, SessaoPortal

Tratador = Callable[[Pedido], Awaitable[web.StreamResponse]]
_TRATADORES: dict[str, Tratador] = {
    "login": login.show_login, "inicio": search.show_inicio, "identificacao": search.show_identificacao,
    "busca": search.show_busca, "atendimento": clients.show_atendimento, "outra": clients.show_outra,
    "cobranca": billing.show_cobranca, "impressao": printing.show_impressao, "relatorio": printing.show_relatorio,
    **dict.fromkeys(("trocar_senha", "termos", "token", "unidade", "sso"), login.show_acao),
}  # fmt: skip
_DO_CLIENTE = frozenset({"atendimento", "cobranca", "impressao", "relatorio", "outra"})


class Visita:
    """Everything is decided here, in the order in which a real server decides it."""

    def __init__(
        self, portal: Portal, sessao: SessaoPortal, pagina: str, metodo: str, pairs: list[tuple[str, str]],
        consulta: dict[str, str],
    ) -> None:  # fmt: skip
        self.portal, self.sessao, self.pagina, self.metodo = portal, sessao, pagina, metodo
        self.pairs, self.consulta = pairs, consulta
        self.notas: dict[str, Any] = {}
        self.cortada = False
        self.arquivo = ""
        self.render = self._find_render() if metodo == "POST" else None
        if self.render:
            self.pairs = self.render.undress(pairs)
        campos = dict(self.pairs)
        self.cliente = self._find_cliente(campos)
        self.botoes: Botoes = portal.botoes_de(self.cliente)
        self.evento = _event(campos)
        self.passo = step_of(pagina, self.evento)

    def _find_render(self) -> Render | None:
        campos = dict(self.pairs)
        chave = campos.get("__VSTATE") or campos.get("__VIEWSTATE", "")
        return self.sessao.take(self.pagina, chave, self.portal.botoes.sessao.viewstates_validos)

    def _find_cliente(self, campos: dict[str, str]) -> Cliente | None:
        if self.pagina in _DO_CLIENTE:
            return self.sessao.cliente
        if self.pagina in ("busca", "identificacao"):
            return search.find_cliente(self.portal, self.sessao, campos)
        return None

    async def answer(self, now_s: float) -> web.StreamResponse:
        scope = self.portal.scope(self.cliente, "falhas")
        await wait_latencia(self.portal, self.botoes, self.passo, now_s)
        if failure := find_falha(self.portal, self.botoes, scope, self.passo, self.metodo):
            self.notas["resultado"] = f"falha.{failure.status}"
            return failure
        if is_blocked(self.portal, self.sessao, self.botoes, self.portal.scope(self.cliente, "firewall"), self.passo):
            self.notas["resultado"] = "firewall"
            return block_page(self.botoes.firewall.status)
        self.cortada = is_cut(self.portal, self.botoes, scope, self.passo, self.metodo)
        pedido = Pedido(self.portal, self.sessao, self.botoes, self.pagina, self.consulta, notas=self.notas)
        pedido.arquivo = self.arquivo
        if self.pagina not in ABERTAS and not self._is_inside():
            return pedido.redirect("login", self.botoes.sessao.expirada_para)
        if self._has_foreign_key():
            self.notas["resultado"] = "chave_alheia"
            return error_page() if self.metodo == "POST" else pedido.redirect("login")
        if self._is_by_hand() and self._is_too_fast():
            self.notas["resultado"] = "ritmo"
            return error_page()
        return await self._answer_page(pedido)

    async def _answer_page(self, pedido: Pedido) -> web.StreamResponse:
        if self.metodo == "POST" and self.pagina == "impressao":
            pedido.corpo = dict(self.pairs)
        elif self.metodo == "POST":
            try:
                if self.render is None:
                    raise Adulterado("the state is missing, stale or of another page")
                pedido.post = check_postagem(self.render, self.pairs)
                pedido.estado = self.render.estado
            except Adulterado as why:
                return self._refuse(why.campo)
            if pedido.post.evento == "ctl00$lnkLogout":
                self.portal.leave(self.sessao)
                self.notas["resultado"] = "sessao.encerrada"
                return pedido.redirect("login")
            if pedido.post.evento == "ctl00$img_Atendimento":
                return pedido.redirect("identificacao")
        if self._is_forbidden():
            self.notas["resultado"] = "sem_permissao"
            return clients.show_aviso(pedido, "Usuário sem permissão de acesso a este formulário.")
        return await _TRATADORES[self.pagina](pedido)

    def _has_foreign_key(self) -> bool:
        """Whether the address carries another session's applicationKey, or is a form's without any."""
        if self.pagina in ("impressao", "relatorio") or (self.pagina == "login" and self.metodo == "GET"):
            return False
        chave = self.consulta.get("applicationKey")
        return chave != self.sessao.chave if chave or self.metodo == "POST" else False

    def _is_forbidden(self) -> bool:
        """A user without the icon or the entry has, if the knob says so, no way around it by URL either."""
        menu = self.botoes.menu
        behind_icon = not menu.icone and self.pagina in ("identificacao", "busca", "atendimento", "cobranca")
        behind_menu = menu.cobranca == "ausente" and self.pagina == "cobranca"
        return not menu.acesso_direto and (behind_icon or behind_menu)

    def _refuse(self, campo: str) -> web.Response:
        self.notas |= {"resultado": "adulterado", "campo": campo}
        match "waf" if campo == "as_fid" else self.botoes.sessao.adulteracao:
            case "reset":
                raise Corte
            case "waf":
                return block_page(self.botoes.firewall.status)
            case _:
                return error_page()

    def _is_inside(self) -> bool:
        """Whether the session is logged in and still alive; an expired one is left at once."""
        sessao, limits = self.sessao, self.botoes.sessao
        if sessao.credencial is None:
            self.notas["resultado"] = "sessao.derrubada" if sessao.derrubada else "sessao.ausente"
            return False
        sessao.requisicoes += 1
        aged = limits.expira_minutos and time.monotonic() - sessao.login_em > limits.expira_minutos * 60
        used = limits.expira_requisicoes and sessao.requisicoes > limits.expira_requisicoes
        scope, most = self.portal.scope(self.cliente, "sessao"), limits.expirar_vezes or -1
        here = limits.expirar_na == self.passo and self.portal.spend(scope, "expirar", most)
        if aged or used or here:
            self.portal.leave(sessao)
            self.notas["resultado"] = "sessao.expirada"
            return False
        return True

    def _is_by_hand(self) -> bool:
        """A post that somebody chose to send: the pop-up test and the print form post themselves at once."""
        return self.metodo == "POST" and self.pagina != "impressao" and not self.evento.endswith("btnVerificaPopUp")

    def _is_too_fast(self) -> bool:
        """A post too soon after another is a 500, and so is every post of that session for a while."""
        now, pace, sessao = time.monotonic(), self.botoes.ritmo, self.sessao
        soon = pace.minimo_ms and (now - sessao.ultimo_post) * 1000 < pace.minimo_ms
        sessao.ultimo_post = now
        if soon:
            sessao.castigada_ate = now + pace.castigo_s
        return now < sessao.castigada_ate


def _event(campos: dict[str, str]) -> str:
    buttons = [n[:-2] for n in campos if n.endswith(".x")] + [n for n in campos if "btn" in n]
    return campos.get("__EVENTTARGET") or next(iter(buttons), "")
