"""The steps every part of the flow is made of: open, press, judge what came, keep the pace."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TypeVar
from urllib.parse import urljoin

from services.scraper.portal import Driver
from services.scraper.portal.errors import Falha, PortalLimite, SessaoPerdida
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Controle, Pagina
from services.scraper.portal.profile import Alvo, Perfil
from services.scraper.portal.recognition import check_conexao, check_pagina, find_icone

T = TypeVar("T")
# A post that came too soon gets one of these; 502 to 504 are a portal that is down.
_STATUS_DE_PRESSA = (500, 429)


class Passos:
    """One session's way through the portal. Every page that comes back has been judged."""

    def __init__(self, driver: Driver, perfil: Perfil, url_base: str, ritmo: Ritmo) -> None:
        self.driver = driver
        self.perfil = perfil
        self.ritmo = ritmo
        self._base = perfil.base(url_base)
        self._tem_icone = False

    @property
    def pagina(self) -> Pagina:
        return self.driver.pagina

    def url(self, caminho: str) -> str:
        return urljoin(self._base, caminho)

    async def open(self, caminho: str) -> Pagina:
        pagina = await self._reach(self.driver.open(self.url(caminho)))
        self.judge(pagina)
        return pagina

    async def emit(self, emitir: Controle, campos: Mapping[Controle, str]) -> bytes:
        """The PDF. Every page on the way is judged."""
        return await self._reach(self.driver.emit(emitir, campos, self.judge_post))

    async def _reach(self, vinda: Awaitable[T]) -> T:
        try:
            return await vinda
        except Falha as falha:
            check_conexao(falha, self.perfil)
            raise

    async def adapt(self) -> None:
        """Logged in: let the driver go on in its cheapest way, where that sees the same portal."""
        if not await self.driver.adapt():
            return
        try:
            pagina = await self.open(self.perfil.paginas.busca)
            if pagina.find(self.perfil.controles.criterio) is None:
                raise Falha("portal.mudou.fluxo", f"No lugar da busca veio {pagina.caminho}.")
        except Falha as falha:
            if not await self.driver.retreat(falha, for_good=True):
                raise
        else:
            await self.driver.adapt(proven=True)

    async def press(self, controle: Controle, campos: Mapping[Controle, str] | None = None) -> Pagina:
        if not controle.posts:
            pagina = await self._reach(self.driver.press(controle, campos))
            self.judge(pagina)
            return pagina
        await self.ritmo.wait()
        pagina = await self._reach(self.driver.press(controle, campos))
        self.judge_post(pagina)
        return pagina

    async def leave(self) -> None:
        """Log out, where the open page lets one. Raises Falha, NavegadorCaiu."""
        controle = self.pagina.find(self.perfil.controles.sair)
        if controle is not None:
            await self.ritmo.wait()
            await self.driver.press(controle)

    def judge(self, pagina: Pagina) -> None:
        """Raises what check_pagina does, and SessaoPerdida for a home page without the icon that it once had."""
        check_pagina(pagina, self.perfil)
        if not pagina.is_at(self.perfil.paginas.inicio):
            return
        if find_icone(pagina, self.perfil) is not None:
            self._tem_icone = True
        elif self._tem_icone:
            raise SessaoPerdida("sessao.expirada", "A página inicial veio sem o ícone de Atendimento.")

    def judge_post(self, pagina: Pagina) -> None:
        """Raises what judge does, and PortalLimite where the post came too soon after another."""
        try:
            self.judge(pagina)
        except Falha as falha:
            if pagina.status in _STATUS_DE_PRESSA and self.ritmo.note_erro():
                raise PortalLimite(falha.mensagem) from falha
            raise
        self.ritmo.note_ok()

    def need(self, alvo: Alvo, pagina: Pagina | None = None, *, text_first: bool = False) -> Controle:
        """A control that must be there. Raises Falha `portal.mudou.seletor`."""
        onde = pagina or self.pagina
        controle = onde.find(alvo, text_first=text_first)
        if controle is None:
            raise Falha("portal.mudou.seletor", f"Falta {alvo.id} na página {onde.caminho}.")
        return controle
