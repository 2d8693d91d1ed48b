"""One Chromium per process: started when first needed, started again after a crash, a context for each session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from playwright.async_api import Browser, Error, Playwright, async_playwright

from services.scraper.portal import Biscoito
from services.scraper.portal.browser.chromium import ChromiumAusente, ChromiumFound, find_chromium
from services.scraper.portal.browser.session import SessaoNavegador
from services.scraper.portal.errors import NavegadorCaiu
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.profile import Perfil

log = logging.getLogger(__name__)

INICIO_S = 60.0
FIM_S = 10.0
FOTO_S = 10.0
# Without a session of its own it would hold its memory for nothing: over requests the browser is needed for logins.
OCIOSO_S = 90.0


class Navegador:
    """Opens drivers. Invariant: at most one Chromium lives, whoever asks at the same time."""

    def __init__(self, explicit: str | None = None, *, headless: bool = True) -> None:
        self._explicit = explicit
        self._headless = headless
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._lock = asyncio.Lock()
        self._usado_em = 0.0
        self._vigia: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Raises ChromiumAusente; the browser itself starts when first needed."""
        await self._find()
        return self

    async def __aexit__(
        self, tipo: type[BaseException] | None, erro: BaseException | None, traceback: TracebackType | None
    ) -> None:
        async with self._lock:
            if self._vigia is not None:
                self._vigia.cancel()
            await self._stop()

    async def open_driver(self, perfil: Perfil, ritmo: Ritmo, cookies: Sequence[Biscoito] = ()) -> SessaoNavegador:
        """A driver with a cookie jar of its own. Raises NavegadorCaiu; ChromiumAusente where there is none to start."""
        try:
            async with asyncio.timeout(INICIO_S):
                browser = await self._ensure()
                context = await browser.new_context(locale="pt-BR", viewport={"width": 1280, "height": 900})
                driver = await SessaoNavegador.begin(context, perfil, ritmo)
                await driver.put_cookies(cookies)
                return driver
        except (Error, TimeoutError) as erro:
            log.warning("chromium did not open: %s", str(erro)[:200])
            raise NavegadorCaiu("O navegador não abriu.") from erro

    async def renew_driver(self, driver: SessaoNavegador, perfil: Perfil, ritmo: Ritmo) -> SessaoNavegador:
        """A fresh context with the same cookies: the portal sees one session, the browser's memory comes back."""
        cookies = await driver.list_cookies()
        await driver.close()
        return await self.open_driver(perfil, ritmo, cookies)

    async def draw(self, html: str) -> bytes | None:
        """PNG of a page that was read without a browser; its scripts do not run, and it loads nothing."""
        try:
            async with asyncio.timeout(FOTO_S):
                browser = await self._ensure()
                context = await browser.new_context(
                    java_script_enabled=False, offline=True, viewport={"width": 1280, "height": 900}
                )
                async with context:
                    page = await context.new_page()
                    await page.set_content(html, wait_until="domcontentloaded")
                    return await page.screenshot(type="png")
        except (Error, TimeoutError, ChromiumAusente) as erro:
            log.warning("no picture: %s", str(erro)[:200])
            return None

    async def _ensure(self) -> Browser:
        async with self._lock:
            if self._browser is None or not self._browser.is_connected():
                await self._stop()
                self._browser = await self._start(await self._find())
                self._vigia = asyncio.create_task(self._stop_idle(self._browser), name="chromium idle")
            self._usado_em = asyncio.get_running_loop().time()
            return self._browser

    async def _stop_idle(self, browser: Browser) -> None:
        """Ends this browser once nobody has used it for a while; the next who needs one starts another."""
        while self._browser is browser:
            await asyncio.sleep(OCIOSO_S / 3)
            async with self._lock:
                if browser.contexts:
                    self._usado_em = asyncio.get_running_loop().time()
                elif self._browser is browser and asyncio.get_running_loop().time() - self._usado_em > OCIOSO_S:
                    log.info("chromium idle: stopped")
                    await self._stop()

    async def _find(self) -> ChromiumFound:
        # Looks at the disk and runs a probe: not on the loop.
        return await asyncio.to_thread(find_chromium, self._explicit, headless=self._headless)

    async def _start(self, found: ChromiumFound) -> Browser:
        self._playwright = await async_playwright().start()
        browser = await self._playwright.chromium.launch(
            executable_path=found.executable,
            headless=self._headless,
            args=[*found.args, "--disable-blink-features=AutomationControlled"],
            chromium_sandbox=found.sandbox,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        log.info("chromium started: %s %s", found.executable, browser.version)
        return browser

    async def _stop(self) -> None:
        """Bounded: a browser that hangs must not hold back the end of the process."""
        browser, self._browser = self._browser, None
        playwright, self._playwright = self._playwright, None
        try:
            async with asyncio.timeout(FIM_S):
                if browser is not None:
                    await browser.close()
                if playwright is not None:
                    await playwright.stop()
        except (Error, TimeoutError) as erro:
            log.warning("chromium did not close: %s", str(erro)[:200])
