"""The portal behind one lease: opened when first needed, thrown away when mixed up, renewed when old."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from services.scraper.drivers import Drivers
from services.scraper.portal import Acesso, Driver
from services.scraper.portal.errors import Falha, LoginParado
from services.scraper.portal.evidence import list_segredos, mask_texto
from services.scraper.portal.flow import begin, log_in
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.profile import Perfil, PerfilInvalido, load_perfil
from services.scraper.portal.steps import Passos
from shared.crypto import ChaveInvalida, Chaveiro
from shared.events import SessaoConcedida

# A browser context grows with use: a fresh one takes its cookies over, without another login.
CONTRATOS_MAX = 100
IDADE_MAX_S = 50 * 60.0
SAIDA_S = 5.0


class SessaoPortal:
    """The password is opened when the session first opens, and lives in this object alone."""

    def __init__(self, concessao: SessaoConcedida, drivers: Drivers, chaveiro: Chaveiro, ritmo_ms: int | None) -> None:
        self._concessao = concessao
        self._drivers = drivers
        self._chaveiro = chaveiro
        self._ritmo_ms = ritmo_ms
        self._acesso: Acesso | None = None
        self._perfil: Perfil | None = None
        self._ritmo: Ritmo | None = None
        self.driver: Driver | None = None
        self._passos: Passos | None = None
        self.is_logada = self.is_open = False  # in; and once at the search
        self._contratos = 0
        self._aberta_em = 0.0

    @property
    def passos(self) -> Passos:
        assert self._passos is not None
        return self._passos

    @property
    def portal_s(self) -> float:
        """Seconds that the portal has taken so far; another driver counts its own."""
        return self.driver.portal_s if self.driver else 0.0

    @property
    def acesso(self) -> Acesso:
        assert self._acesso is not None
        return self._acesso

    @property
    def segredos(self) -> tuple[str, ...]:
        return list_segredos(self._acesso, self._perfil) if self._acesso and self._perfil else ()

    def mask(self, texto: str) -> str:
        return mask_texto(texto, self.segredos)

    async def draw(self, html: str) -> bytes | None:
        """A picture of a page that no longer stands open."""
        return await self._drivers.draw(html)

    async def open(self, *, so_navegador: bool = False) -> Passos:
        """A new cookie jar, not logged in. Raises Falha for an unreadable profile, LoginParado for a password."""
        await self.close()
        self._prepare()
        assert self._acesso and self._perfil and self._ritmo
        self.driver = await self._drivers.open(self._perfil, self._ritmo, so_navegador=so_navegador)
        self._passos = Passos(self.driver, self._perfil, self._acesso.url_base, self._ritmo)
        self._aberta_em, self._contratos = time.monotonic(), 0
        return self._passos

    async def log_in(self, *, so_navegador: bool = False) -> float:
        """As far as the search; what failed after the portal had let us in is taken up there, without another login.
        Returns the seconds it took. Raises LoginParado, PortalBloqueado, Falha."""
        inicio = time.monotonic()
        if self.is_logada:
            await self.passos.open(self.passos.perfil.paginas.inicio)
        else:
            await log_in(await self.open(so_navegador=so_navegador), self.acesso)
            self.is_logada = True
        await begin(self.passos)
        self.is_open = True
        return round(time.monotonic() - inicio, 3)

    def note_contrato(self) -> None:
        self._contratos += 1

    async def renew_if_old(self) -> None:
        old = self._contratos >= CONTRATOS_MAX or time.monotonic() - self._aberta_em > IDADE_MAX_S
        if old and self.driver and self._passos and self._perfil and self._ritmo:
            self.driver = self._passos.driver = await self._drivers.renew(self.driver, self._perfil, self._ritmo)
            self._aberta_em, self._contratos = time.monotonic(), 0

    async def leave(self) -> None:
        """Log out and close; never raises. A session that is only dropped counts on at the portal: the next login then
        kicks out the oldest, perhaps one in use."""
        try:
            if self._passos is not None:
                with suppress(Falha, TimeoutError):
                    async with asyncio.timeout(SAIDA_S):
                        await self._passos.leave()
        finally:
            await self.close()

    async def close(self) -> None:
        driver, self.driver = self.driver, None
        self.is_logada = self.is_open = False
        self._passos = None
        if driver is not None:
            await driver.close()

    def _prepare(self) -> None:
        """Once: read the profile, open the password."""
        concessao = self._concessao
        if self._acesso is not None:
            return
        try:
            self._perfil = load_perfil(concessao.perfil)
            senha = self._chaveiro.decrypt(concessao.senha_cifrada)
        except PerfilInvalido as erro:
            raise Falha("interno", str(erro)) from erro
        except ChaveInvalida as erro:
            raise LoginParado("login", "A senha guardada não abre com as chaves daqui: grave-a de novo.") from erro
        self._acesso = Acesso(concessao.url_base, concessao.usuario, senha, concessao.codigo_empresa)
        self._ritmo = Ritmo(self._perfil.ritmo_ms if self._ritmo_ms is None else self._ritmo_ms)
