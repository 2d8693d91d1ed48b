"""The driver that logs in as a person would and goes on over requests: a browser for the login, its cookies for the
work, and the browser again for what the requests do not understand."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.scraper.portal import Biscoito, Exame
from services.scraper.portal.browser.session import SessaoNavegador
from services.scraper.portal.errors import Falha, NavegadorCaiu
from services.scraper.portal.evidence import mask_html
from services.scraper.portal.http.session import SessaoHttp
from services.scraper.portal.http.transport import CABECALHOS
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Controle, Pagina
from services.scraper.portal.profile import Perfil

log = logging.getLogger(__name__)

# What a browser may see otherwise than requests do.
_DUVIDOSOS = ("portal.mudou", "download.falhou")
# Contracts in a row that needed the browser before the session stays with it.
_RECUOS_MAX = 3

Desenhar = Callable[[str], Awaitable[bytes | None]]
AbrirNavegador = Callable[[Sequence[Biscoito]], Awaitable[SessaoNavegador]]


class SessaoAuto:
    """A `Driver`: always one of two, on one session's cookies."""

    def __init__(
        self, navegador: SessaoNavegador, abrir: AbrirNavegador, desenhar: Desenhar, perfil: Perfil, ritmo: Ritmo
    ) -> None:
        self._navegador: SessaoNavegador | None = navegador
        self._http: SessaoHttp | None = None
        self._reserva: SessaoNavegador | None = None  # the browser, until the requests have proven themselves
        self._abrir = abrir
        self._desenhar = desenhar
        self._perfil = perfil
        self._ritmo = ritmo
        self._recuos = 0

    @property
    def _em_uso(self) -> SessaoNavegador | SessaoHttp:
        driver = self._navegador or self._http
        assert driver is not None
        return driver

    @property
    def nome(self) -> str:
        return self._em_uso.nome

    @property
    def pagina(self) -> Pagina:
        return self._em_uso.pagina

    @property
    def portal_s(self) -> float:
        return self._em_uso.portal_s

    async def open(self, url: str) -> Pagina:
        return await self._em_uso.open(url)

    async def press(self, controle: Controle, campos: Mapping[Controle, str] | None = None) -> Pagina:
        return await self._em_uso.press(controle, campos)

    async def settle(self) -> Pagina:
        return await self._em_uso.settle()

    async def emit(self, controle: Controle, campos: Mapping[Controle, str], exame: Exame) -> bytes:
        pdf = await self._em_uso.emit(controle, campos, exame)
        if self._navegador is None:
            self._recuos = 0
        return pdf

    def take_alertas(self) -> tuple[str, ...]:
        return self._em_uso.take_alertas()

    async def screenshot(self, segredos: tuple[str, ...]) -> bytes | None:
        if self._navegador is not None:
            return await self._navegador.screenshot(segredos)
        return await self._desenhar(mask_html(self.pagina.html, segredos))

    async def renew(self) -> None:
        """Of a session that stays with the browser: a fresh context on the same cookies."""
        if (antigo := self._navegador) is not None:
            cookies = await antigo.list_cookies()
            await antigo.close()
            self._navegador = await self._abrir(cookies)

    async def adapt(self, *, proven: bool = False) -> bool:
        if proven:
            await self._close_reserva()
        navegador = self._navegador
        if navegador is None or self._recuos >= _RECUOS_MAX:
            return False
        novo = self._http is None
        if self._http is None:
            self._http = SessaoHttp(self._perfil, self._ritmo, _choose_cabecalhos(await navegador.read_cabecalhos()))
        try:
            self._http.put_cookies(await navegador.list_cookies())
        except NavegadorCaiu:
            # What it fetched must not be lost with it; the requests' own cookies are of the same session.
            if novo:
                raise
        self._navegador, self._reserva = None, navegador
        if not novo:
            await self._close_reserva()
        return novo

    async def retreat(self, falha: Falha, *, for_good: bool = False) -> bool:
        if self._navegador is not None or not (for_good or self._is_duvidosa(falha)):
            return False
        assert self._http is not None
        self._recuos = _RECUOS_MAX if for_good else self._recuos + 1
        log.info("back to the browser: %s", falha.codigo)
        if self._reserva is not None:
            # A portal that does not take the session from requests has given them another by now.
            self._navegador, self._reserva = self._reserva, None
            return True
        try:
            self._navegador = await self._abrir(self._http.list_cookies())
        except NavegadorCaiu:
            return False
        return True

    async def _close_reserva(self) -> None:
        reserva, self._reserva = self._reserva, None
        if reserva is not None:
            await reserva.close()

    async def close(self) -> None:
        await self._close_reserva()
        navegador, http, self._navegador, self._http = self._navegador, self._http, None, None
        if navegador is not None:
            await navegador.close()
        if http is not None:
            await http.close()

    def _is_duvidosa(self, falha: Falha) -> bool:
        """A page or a PDF that is not understood, or a post that the server chokes on."""
        return falha.codigo.startswith(_DUVIDOSOS) or (
            falha.codigo == "portal.fora_do_ar.http_5xx" and self.pagina.status == 500
        )


def _choose_cabecalhos(do_navegador: Mapping[str, str]) -> dict[str, str]:
    """The browser's own words for what every request says."""
    conhecidos = {nome.lower(): nome for nome in CABECALHOS}
    return {
        conhecidos.get(nome, nome): valor
        for nome, valor in do_navegador.items()
        if nome in conhecidos or nome.startswith("sec-ch-")
    }
