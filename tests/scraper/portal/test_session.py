"""The browser driver alone, against pages that behave in ways the simulator's do not."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestServer

from services.scraper.portal.browser.launch import Navegador
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.profile import load_perfil

SALTO = "<html><head><script>location = '/destino'</script></head><body>"


async def test_a_page_left_by_its_own_script_before_it_is_whole_gives_way_to_the_next() -> None:
    """An ended session is told so on some portals; the first answer's end was waited for until the time was up."""
    lida = asyncio.Event()

    async def salto(request: web.Request) -> web.StreamResponse:
        resposta = web.StreamResponse(headers={"Content-Type": "text/html"})
        await resposta.prepare(request)
        await resposta.write(SALTO.encode() + b" " * 2000)
        await lida.wait()
        return resposta

    async def destino(_: web.Request) -> web.Response:
        return web.Response(text="<p>Destino</p>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", salto)
    app.router.add_get("/destino", destino)
    perfil = load_perfil("canopus")
    perfil = perfil.model_copy(update={"esperas": perfil.esperas.model_copy(update={"navegacao_s": 5.0})})
    async with TestServer(app) as servidor, Navegador() as navegador:
        url = str(servidor.make_url("/"))
        driver = await navegador.open_driver(perfil, Ritmo(0))
        try:
            pagina = await driver.open(url)
        finally:
            lida.set()
            await driver.close()
    assert pagina.texto == "Destino" and pagina.is_at("destino")
