"""The driver over plain requests: the open page is the last answer, and its scripts are read, not run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from services.scraper.portal import Biscoito, Exame
from services.scraper.portal.errors import Falha
from services.scraper.portal.http.capture import Captura
from services.scraper.portal.http.forms import Envio, find_salto, press
from services.scraper.portal.http.scripts import list_dialogos, read_codigo, strip_condicoes
from services.scraper.portal.http.transport import CABECALHOS, Resposta, Transporte
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Controle, Pagina, decode_html
from services.scraper.portal.profile import Perfil
from services.scraper.portal.recognition import check_servidor

log = logging.getLogger(__name__)

_SALTOS_MAX = 5


class SessaoHttp:
    """A `Driver` without a browser."""

    def __init__(self, perfil: Perfil, ritmo: Ritmo, cabecalhos: Mapping[str, str] = CABECALHOS) -> None:
        self._perfil = perfil
        self._ritmo = ritmo
        self._transporte = Transporte(perfil.esperas.navegacao_s, cabecalhos)
        self._pagina = Pagina("about:blank", 200, "")
        self._alertas: list[str] = []

    @property
    def nome(self) -> str:
        return "http"

    @property
    def pagina(self) -> Pagina:
        return self._pagina

    @property
    def portal_s(self) -> float:
        return self._transporte.portal_s

    async def open(self, url: str) -> Pagina:
        return await self._go(Envio(url))

    async def press(self, controle: Controle, campos: Mapping[Controle, str] | None = None) -> Pagina:
        return await self._go(press(self._pagina, controle, campos or {}))

    async def settle(self) -> Pagina:
        return self._pagina

    async def emit(self, controle: Controle, campos: Mapping[Controle, str], exame: Exame) -> bytes:
        captura = Captura(self._transporte, self._perfil, self._ritmo, self.show, exame)
        pdf = await captura.take(self._pagina, press(self._pagina, controle, campos))
        # The print window has closed; where it brings no PDF, its page is what the evidence shows.
        self._pagina = captura.pagina
        return pdf

    def take_alertas(self) -> tuple[str, ...]:
        alertas, self._alertas = tuple(self._alertas), []
        return alertas

    async def screenshot(self, segredos: tuple[str, ...]) -> bytes | None:
        return None

    async def adapt(self, *, proven: bool = False) -> bool:
        return False

    async def retreat(self, falha: Falha, *, for_good: bool = False) -> bool:
        return False

    def put_cookies(self, biscoitos: Sequence[Biscoito]) -> None:
        self._transporte.put_cookies(biscoitos)

    def list_cookies(self) -> list[Biscoito]:
        return self._transporte.list_cookies(urlsplit(self._pagina.url).hostname or "")

    async def close(self) -> None:
        await self._transporte.close()

    async def _go(self, envio: Envio) -> Pagina:
        resposta = await self._transporte.send(envio, self._pagina.url)
        pagina = self.show(resposta, envio.alertas)
        for _ in range(_SALTOS_MAX):
            # A page that only sends the browser on is not what the portal answers: the next one is.
            salto = find_salto(pagina)
            if salto is None or self._is_fim(pagina):
                break
            resposta = await self._transporte.send(Envio(salto), pagina.url)
            # What it had said belongs to what comes: that a session was ended, or why a login was refused.
            ditos = pagina.alertas
            pagina = self.show(resposta)
            self._pagina = pagina = replace(pagina, alertas=ditos + pagina.alertas)
        return pagina

    def _is_fim(self, pagina: Pagina) -> bool:
        """The firewall's page or a server's error: read, not passed over, though it leads back to the login."""
        try:
            check_servidor(pagina, self._perfil)
        except Falha:
            return True
        return False

    def show(self, resposta: Resposta, perguntas: tuple[str, ...] = ()) -> Pagina:
        """The answer stands open, its dialogs accepted."""
        html, charset = decode_html(resposta.corpo, resposta.tipo)
        pagina = Pagina(resposta.url, resposta.status, html, perguntas, resposta.desvios, charset)
        if ditos := list_dialogos(strip_condicoes(read_codigo(pagina))):
            pagina = replace(pagina, alertas=perguntas + ditos)
        self._alertas += pagina.alertas
        self._pagina = pagina
        return pagina
