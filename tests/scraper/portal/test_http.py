"""The http driver and `auto` over the simulator and over small pages: what goes out, and what happens when it fails."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.scraper.drivers import Drivers
from services.scraper.portal import Acesso, Biscoito
from services.scraper.portal.browser.launch import Navegador
from services.scraper.portal.browser.session import SessaoNavegador
from services.scraper.portal.errors import Falha, NavegadorCaiu
from services.scraper.portal.flow import begin, fetch_boleto, log_in
from services.scraper.portal.http.forms import Envio
from services.scraper.portal.http.session import SessaoHttp
from services.scraper.portal.http.transport import Transporte
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.steps import Passos
from services.scraper.settings import NomeDriver
from shared.outcomes import Etapa
from tests.scraper.portal.test_flow import quick_perfil
from tests.scraper.scenes import BETO, COTA_BETO, SENHA, USUARIO, cenario, pedido
from tests.simulator.server import Simulador


async def _ignore(_: Etapa) -> None:
    """Nobody listens."""


async def test_a_post_that_broke_off_is_not_sent_again() -> None:
    """What became of it is unknown: the page is read first, by whoever begins the contract again."""
    async with Simulador(cenario(falhas={"resets": 1, "na": "busca", "metodo": "POST"})) as portal:
        passos = await _enter(portal, "http")
        with pytest.raises(Falha) as erro:
            await fetch_boleto(passos, pedido(), _ignore)
        assert erro.value.codigo == "portal.fora_do_ar.conexao"
        assert len([r for r in portal.registro if (r["pagina"], r["metodo"]) == ("busca", "POST")]) == 1
        assert (await fetch_boleto(passos, pedido(), _ignore)).pdf
        await passos.driver.close()


async def test_a_browsers_session_goes_on_over_requests_with_one_login() -> None:
    async with Simulador(cenario()) as portal, Drivers("auto", Navegador()) as drivers:
        passos = await _enter(portal, "auto", drivers)
        assert passos.driver.nome == "http"
        emissao = await fetch_boleto(passos, pedido(), _ignore)
        assert emissao.recuo is None and portal.sessoes()[USUARIO]["logins"] == 1
        agentes = {r["agente"] for r in portal.registro}
        assert len(agentes) == 1, "the browser's own words"
        await passos.driver.close()


async def test_what_requests_do_not_understand_is_done_by_the_browser_on_the_same_session() -> None:
    cena = cenario(emissao={"janela_montada": True})
    async with Simulador(cena) as portal, Drivers("auto", Navegador()) as drivers:
        passos = await _enter(portal, "auto", drivers)
        emissao = await fetch_boleto(passos, pedido(), _ignore)
        assert emissao.pdf and emissao.recuo == "download.falhou.tempo_esgotado"
        assert passos.driver.nome == "http", "the next contract tries the short way again"
        portal.turn(emissao={"janela_montada": False})
        assert (await fetch_boleto(passos, pedido(BETO, COTA_BETO), _ignore)).recuo is None
        assert portal.sessoes()[USUARIO]["logins"] == 1
        await passos.driver.close()


async def test_a_browser_that_dies_right_after_it_fetched_the_pdf_takes_nothing_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cena = cenario(emissao={"janela_montada": True})
    async with Simulador(cena) as portal, Drivers("auto", Navegador()) as drivers:
        passos = await _enter(portal, "auto", drivers)

        async def die(_: SessaoNavegador) -> list[Biscoito]:
            raise NavegadorCaiu("O navegador fechou no meio da página.")

        monkeypatch.setattr(SessaoNavegador, "list_cookies", die)
        assert (await fetch_boleto(passos, pedido(), _ignore)).recuo is not None
        portal.turn(emissao={"janela_montada": False})
        assert (await fetch_boleto(passos, pedido(BETO, COTA_BETO), _ignore)).recuo is None
        assert portal.sessoes()[USUARIO]["logins"] == 1
        await passos.driver.close()


async def test_after_three_in_a_row_the_session_stays_with_the_browser() -> None:
    cena = cenario(emissao={"janela_montada": True})
    async with Simulador(cena) as portal, Drivers("auto", Navegador()) as drivers:
        passos = await _enter(portal, "auto", drivers)
        for _ in range(3):
            await fetch_boleto(passos, pedido(), _ignore)
        assert passos.driver.nome == "navegador"
        antes = len(portal.registro)
        assert (await fetch_boleto(passos, pedido(BETO, COTA_BETO), _ignore)).recuo is None
        assert len(portal.registro) - antes <= 14, "once, not twice"
        await passos.driver.close()


async def test_a_session_that_the_portal_takes_from_the_browser_alone_stays_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some firewalls tie a session to what first spoke: then the login is not repeated, the browser goes on."""
    monkeypatch.setattr(Transporte, "put_cookies", lambda *_: None)
    async with Simulador(cenario()) as portal, Drivers("auto", Navegador()) as drivers:
        passos = await _enter(portal, "auto", drivers)
        assert passos.driver.nome == "navegador"
        assert (await fetch_boleto(passos, pedido(), _ignore)).pdf
        assert portal.sessoes()[USUARIO]["logins"] == 1
        await passos.driver.close()


async def test_what_this_process_computes_meanwhile_is_not_the_portals_slowness() -> None:
    async with Simulador(cenario(latencia={"login": 100})) as portal:
        transporte = Transporte(5.0)
        inicio = time.monotonic()
        pagina = asyncio.create_task(transporte.send(Envio(f"{portal.url}/frmCorCCCnsLogin.aspx"), ""))
        await asyncio.sleep(0.05)
        ate = time.process_time() + 0.4
        while time.process_time() < ate:
            pass
        assert (await pagina).status == 200
        todo_s = time.monotonic() - inicio
        await transporte.close()
    assert transporte.portal_s <= todo_s - 0.4


async def test_what_a_page_says_before_it_sends_the_browser_on_is_not_lost() -> None:
    """A session that another login ended says so in a dialog, and goes to the login page, which no longer does."""

    async def answer(request: web.Request) -> web.Response:
        salto = "<script>alert('Usuário conectado em outra estação.'); top.location = '/destino';</script>"
        corpo = salto if request.path == "/" else "<script>alert('Bem-vindo');</script>"
        return web.Response(text=corpo, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{qual:.*}", answer)
    async with TestServer(app) as servidor:
        driver = SessaoHttp(quick_perfil(), Ritmo(0))
        pagina = await driver.open(str(servidor.make_url("/")))
        assert pagina.is_at("destino")
        assert driver.pagina.alertas == pagina.alertas == ("Usuário conectado em outra estação.", "Bem-vindo")
        assert driver.take_alertas() == pagina.alertas
        await driver.close()


@pytest.mark.parametrize(
    ("status", "corpo"),
    [(200, "<h1>Página não acessível</h1>"), (500, "Erro"), (200, "Erro de Servidor no Aplicativo")],
)
async def test_the_firewalls_page_and_a_servers_error_are_the_answer_wherever_they_lead(
    status: int, corpo: str
) -> None:
    """Left for the login page, a post that the firewall blocked passed for a refused password."""

    async def answer(_: web.Request) -> web.Response:
        volta = "<meta http-equiv='refresh' content='5; url=/login'>"
        return web.Response(text=volta + corpo, status=status, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as servidor:
        driver = SessaoHttp(quick_perfil(), Ritmo(0))
        pagina = await driver.open(str(servidor.make_url("/")))
        assert (pagina.status, pagina.caminho) == (status, "/")
        await driver.close()


async def test_cookies_survive_the_way_there_and_back() -> None:
    transporte = Transporte(5.0)
    biscoitos = [
        Biscoito("NWASI", 'a/b+c="d"', "127.0.0.1", "/", False),
        Biscoito("citrix_ns_id", "x|y", ".exemplo.com.br", "/WWW", True),
    ]
    transporte.put_cookies(biscoitos)
    assert sorted(transporte.list_cookies("127.0.0.1"), key=lambda b: b.nome) == biscoitos
    await transporte.close()


async def _enter(portal: Simulador, nome: NomeDriver, drivers: Drivers | None = None) -> Passos:
    perfil, ritmo, acesso = quick_perfil(), Ritmo(0), Acesso(portal.url, USUARIO, SENHA)
    driver = await (drivers or Drivers(nome, Navegador())).open(perfil, ritmo)
    passos = Passos(driver, perfil, acesso.url_base, ritmo)
    await log_in(passos, acesso)
    await begin(passos)
    return passos
