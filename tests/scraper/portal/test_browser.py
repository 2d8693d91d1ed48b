"""The browser driver over small pages of its own: what a portal does that no knob of the simulator does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

import pytest
from aiohttp import web

from services.scraper.portal.browser import launch
from services.scraper.portal.browser.launch import Navegador
from services.scraper.portal.browser.session import SessaoNavegador
from services.scraper.portal.errors import NavegadorCaiu, PortalBloqueado, SessaoPerdida
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Controle, Pagina
from tests.eventually import eventually
from tests.scraper.portal.test_flow import quick_perfil

EMITIR = Controle("input", "e", "", "submit", "", "", "", 0, False)
# A page with one button, whose answer opens the print window.
COBRANCA = "<input type=hidden name=__VSTATE><form action=emitida><input type=submit id=e></form>"
EMITIDA = "<input type=hidden name=__VSTATE><script>window.open('CONCM/frmConCmImpressao.aspx')</script>"
LOGIN = "<title>Login</title><form><input id=edtUsuario><input id=edtSenha type=password>{}</form>"


@asynccontextmanager
async def showing(
    paginas: Mapping[str, str | bytes], demoram_s: Mapping[str, float] = MappingProxyType({})
) -> AsyncIterator[tuple[SessaoNavegador, str]]:
    """A driver, and the address of a site with these pages; bytes are Latin-1."""

    async def answer(request: web.Request) -> web.Response:
        pagina = request.path.removeprefix("/")
        await asyncio.sleep(demoram_s.get(pagina, 0))
        corpo = paginas.get(pagina, "")
        tipo = "text/html; charset=" + ("utf-8" if isinstance(corpo, str) else "iso-8859-1")
        return web.Response(body=corpo.encode() if isinstance(corpo, str) else corpo, headers={"Content-Type": tipo})

    app = web.Application()
    app.router.add_route("*", "/{_:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with Navegador() as navegador:
            driver = await navegador.open_driver(quick_perfil(), Ritmo(0))
            try:
                yield driver, f"http://127.0.0.1:{runner.addresses[0][1]}"
            finally:
                await driver.close()
    finally:
        await runner.cleanup()


def accept_any(_: Pagina) -> None:
    """No page is refused."""


@pytest.mark.parametrize(
    "passagem",
    [
        "<script>top.location.href = '/fim'</script>",
        "<script>setTimeout(\"location.replace('/fim')\", 300)</script>",
        "<meta http-equiv=refresh content='0;url=/fim'>Aguarde",
    ],
)
async def test_a_page_that_only_sends_the_browser_on_gives_way_to_the_next(passagem: str) -> None:
    """Now and then the first page's end was waited for until the time was up: it had gone before it was told of."""
    async with showing({"a": passagem, "fim": "<p>Chegou</p>"}) as (driver, base):
        for _ in range(5):
            assert (await driver.open(f"{base}/a")).texto == "Chegou"


async def test_a_page_asked_for_comes_though_the_one_before_goes_elsewhere_meanwhile() -> None:
    """A contract cancelled in the middle of a click failed the next one's search: the click's page came after it."""
    antes = "<input type=hidden name=__VSTATE><script>setTimeout(() => { location = '/tarde' }, 150)</script>"
    async with showing({"a": antes, "tarde": "", "fim": "<p>Chegou</p>"}, demoram_s={"fim": 0.4}) as (driver, base):
        await driver.open(f"{base}/a")
        assert (await driver.open(f"{base}/fim")).texto == "Chegou"


async def test_an_alert_that_a_timer_raises_is_waited_for() -> None:
    async with showing({"a": "<script>setTimeout(() => alert('Não encontrado'), 250)</script>"}) as (driver, base):
        await driver.open(f"{base}/a")
        assert (await driver.settle()).alertas == ("Não encontrado",)


@pytest.mark.parametrize(
    ("impressao", "codigo"),
    [
        (LOGIN.format("<span class=errmsg>Conectado em outra estação</span>").encode("iso-8859-1"), "sessao.derrubada"),
        (b"<script>top.location.href = '/frmCorCcCnsLogin.aspx'</script>", "sessao.expirada"),
    ],
)
async def test_a_session_that_ends_in_the_print_window_is_named(impressao: bytes, codigo: str) -> None:
    paginas: dict[str, str | bytes] = {"a": COBRANCA, "emitida": EMITIDA, "CONCM/frmConCmImpressao.aspx": impressao}
    async with showing(paginas) as (driver, base):
        await driver.open(f"{base}/a")
        with pytest.raises(SessaoPerdida) as erro:
            await driver.emit(EMITIR, {}, accept_any)
        assert erro.value.codigo == codigo


async def test_a_browser_that_dies_before_a_press_led_anywhere_is_no_changed_portal() -> None:
    parada = "<form onsubmit='return false'><input type=submit id=e></form>"
    async with showing({"a": parada}) as (driver, base):
        await driver.open(f"{base}/a")
        pressao = asyncio.create_task(driver.press(EMITIR))
        await asyncio.sleep(0.2)
        assert driver._context.browser is not None
        await driver._context.browser.close()
        with pytest.raises(NavegadorCaiu):
            await pressao


async def test_what_a_page_said_stands_though_the_browser_dies_right_after() -> None:
    async with showing({"a": COBRANCA, "emitida": "<p>Acesso bloqueado</p>"}) as (driver, base):

        def refuse(_: Pagina) -> None:
            driver._caiu = True
            raise PortalBloqueado("Página de bloqueio do firewall.")

        await driver.open(f"{base}/a")
        with pytest.raises(PortalBloqueado):
            await driver.emit(EMITIR, {}, refuse)


async def test_a_browser_that_nobody_uses_is_ended_and_started_again_when_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launch, "OCIOSO_S", 0.3)
    async with Navegador() as navegador:
        driver = await navegador.open_driver(quick_perfil(), Ritmo(0))
        await asyncio.sleep(0.8)
        browser = navegador._browser
        assert browser is not None and browser.is_connected(), "a session is open"
        await driver.close()
        await eventually(lambda: navegador._browser is None, 10)
        again = await navegador.open_driver(quick_perfil(), Ritmo(0))
        await again.close()
