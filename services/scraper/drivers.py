"""Which driver opens a session: the setting says, and what the portal has blocked before."""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import Self

from services.scraper.portal import Driver
from services.scraper.portal.auto import SessaoAuto
from services.scraper.portal.browser.launch import Navegador
from services.scraper.portal.browser.session import SessaoNavegador
from services.scraper.portal.http.session import SessaoHttp
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.profile import Perfil
from services.scraper.settings import NomeDriver


class Drivers:
    """`async with Drivers(nome, navegador)`: opens sessions. The browser is looked for only where it can be needed."""

    def __init__(self, nome: NomeDriver, navegador: Navegador) -> None:
        self.nome = nome
        self._navegador = navegador

    async def __aenter__(self) -> Self:
        """Raises ChromiumAusente."""
        if self.nome != "http":
            await self._navegador.__aenter__()
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._navegador.__aexit__(tipo, erro, traceback)

    async def open(self, perfil: Perfil, ritmo: Ritmo, *, so_navegador: bool = False) -> Driver:
        """A cookie jar of its own, not logged in. Raises NavegadorCaiu."""
        if self.nome == "http":
            return SessaoHttp(perfil, ritmo)
        navegador = await self._navegador.open_driver(perfil, ritmo)
        if self.nome == "navegador" or so_navegador:
            return navegador
        abrir = partial(self._navegador.open_driver, perfil, ritmo)
        return SessaoAuto(navegador, abrir, self._navegador.draw, perfil, ritmo)

    async def draw(self, html: str) -> bytes | None:
        """PNG of a page that no longer stands open, where there is a browser."""
        return None if self.nome == "http" else await self._navegador.draw(html)

    async def renew(self, driver: Driver, perfil: Perfil, ritmo: Ritmo) -> Driver:
        """The same session in fresh memory: a browser's grows with use."""
        if isinstance(driver, SessaoNavegador):
            return await self._navegador.renew_driver(driver, perfil, ritmo)
        if isinstance(driver, SessaoAuto):
            await driver.renew()
        return driver
