"""`canopus portal testar`: the walk through a portal outside of any job, in a window if wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

from services.scraper.portal import Acesso
from services.scraper.portal.browser.launch import Navegador
from services.scraper.portal.errors import Falha
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.profile import load_perfil
from services.scraper.portal.steps import Passos
from services.scraper.portal.walk import walk
from shared.contrato import mask_documentos
from shared.events import PassoTeste


async def walk_portal(
    acesso: Acesso,
    perfil_nome: str,
    *,
    visivel: bool = False,
    ritmo_ms: int | None = None,
    chromium: str | None = None,
) -> AsyncIterator[tuple[PassoTeste, Falha | None]]:
    """Yields each step as it ends, the failed one last with its failure.

    Raises PerfilInvalido, ChromiumAusente, NavegadorCaiu.
    """
    perfil = load_perfil(perfil_nome)
    ritmo = Ritmo(perfil.ritmo_ms if ritmo_ms is None else ritmo_ms)
    async with Navegador(chromium, headless=not visivel) as navegador:
        driver = await navegador.open_driver(perfil, ritmo)
        try:
            passos = Passos(driver, perfil, acesso.url_base, ritmo)
            async for passo, falha in walk(passos, acesso):
                yield passo.model_copy(update={"detalhe": mask_documentos(passo.detalhe)}), falha
            with suppress(Falha):
                await passos.leave()
        finally:
            await driver.close()
