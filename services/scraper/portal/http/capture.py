"""From "Emitir Cobrança" to the PDF's bytes: the pop-up test's post, the window's address, and what the print page
asks for in turn until a PDF comes."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator

from services.scraper.portal import Exame
from services.scraper.portal.errors import Falha, PortalBloqueado, SessaoPerdida
from services.scraper.portal.http.forms import Envio, find_salto, post_back, press, resolve, send_form
from services.scraper.portal.http.scripts import (
    find_atualizacao,
    find_clique,
    find_espera_s,
    find_lugar,
    find_postback,
    list_enderecos,
    read_codigo,
    sends_form,
)
from services.scraper.portal.http.transport import Resposta, Transporte
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Pagina, is_pdf
from services.scraper.portal.profile import Perfil
from services.scraper.portal.recognition import check_conexao, check_pagina

log = logging.getLogger(__name__)

# Pages between the button and the window's address; answers of the print page until its PDF.
_POSTS_MAX, RODADAS = 4, 6
_MOLDURAS = "embed[src], object[data], iframe[src], frame[src]"
_ESPERA_S, _ESPERA_MAX_S = 0.15, 5.0

Mostrar = Callable[[Resposta], Pagina]


class Captura:
    """One emission. `mostrar` makes an answer the session's open page; `pagina` is the window's, not the pop-up's."""

    def __init__(self, transporte: Transporte, perfil: Perfil, ritmo: Ritmo, mostrar: Mostrar, exame: Exame) -> None:
        self._transporte = transporte
        self._perfil = perfil
        self._ritmo = ritmo
        self._mostrar = mostrar
        self._exame = exame
        self._impressao = re.compile(perfil.paginas.impressao, re.IGNORECASE)

    async def take(self, pagina: Pagina, envio: Envio) -> bytes:
        """Raises Falha `download.falhou.*`, and what `exame` raises."""
        self.pagina = pagina
        for _ in range(_POSTS_MAX):
            resposta = await self._transporte.send(envio, self.pagina.url)
            if is_pdf(resposta.corpo):
                return resposta.corpo
            self.pagina = self._mostrar(resposta)
            self._exame(self.pagina)
            if janela := self._find_janela(read_codigo(self.pagina)):
                return await self._print(janela, self.pagina)
            if salto := find_salto(self.pagina):
                envio = Envio(salto)
                continue
            seguinte = _find_post(self.pagina)
            if seguinte is None:
                # Nothing more comes by itself: the address may stand in what only a click would run.
                if janela := self._find_janela(self.pagina.codigo):
                    return await self._print(janela, self.pagina)
                break
            await self._ritmo.wait()
            envio = seguinte
        raise Falha("download.falhou.tempo_esgotado", "A janela do boleto não abriu.")

    def _find_janela(self, codigo: str) -> str | None:
        """The address of the print page, where this code of the open page says it."""
        for texto in list_enderecos(codigo):
            if "/" in texto or "." in texto:
                url = resolve(self.pagina, texto)
                if self._impressao.search(url):
                    return url
        return None

    async def _print(self, url: str, pagina: Pagina) -> bytes:
        try:
            async with asyncio.timeout(self._perfil.esperas.pdf_s):
                return await self._follow(Envio(url), pagina.url)
        except TimeoutError as erro:
            raise Falha("download.falhou.tempo_esgotado", "O endereço do PDF não respondeu.") from erro

    async def _follow(self, envio: Envio, referencia: str) -> bytes:
        """Invariant: a request that brought the PDF is not made again; keys work once."""
        quebras = 0
        resposta = None
        for rodada in range(RODADAS):
            try:
                resposta = await self._transporte.send(envio, referencia, self._perfil.esperas.pdf_s)
            except Falha as falha:
                check_conexao(falha, self._perfil)
                quebras += 1
                if quebras > 1 or envio.corpo is not None:
                    raise Falha("download.falhou.tempo_esgotado", "O endereço do PDF não respondeu.") from falha
                continue
            if is_pdf(resposta.corpo):
                return resposta.corpo
            pagina = self._mostrar_impressao(resposta)
            seguinte = self._find_seguinte(pagina)
            if seguinte is None:
                # The document comes at the second asking of one address, whether or not the first answer says so.
                seguinte = Envio(resposta.url)
                if seguinte == envio and quebras:
                    break
                quebras += 1
            if seguinte.corpo is not None:
                await self._ritmo.wait()
            elif seguinte.url == envio.url:
                # The second answer is the document as a rule; one that is still being made is given time.
                espera_s = find_espera_s(pagina, read_codigo(pagina))
                await asyncio.sleep(max(_ESPERA_S * rodada, min(espera_s, _ESPERA_MAX_S) if espera_s >= 1 else 0))
            envio, referencia = seguinte, pagina.url
        raise _explain(resposta)

    def _mostrar_impressao(self, resposta: Resposta) -> Pagina:
        """The login page or the firewall's in place of the PDF end the capture; a server's error may be the page's."""
        pagina = self._mostrar(resposta)
        try:
            # Without its status: a server error in place of the PDF is a failed download.
            check_pagina(Pagina(pagina.url, 200, pagina.html, pagina.alertas, pagina.desvios), self._perfil)
        except (SessaoPerdida, PortalBloqueado):
            raise
        except Falha as falha:
            log.info("print page: %s", falha.codigo)
        return pagina

    def _find_seguinte(self, pagina: Pagina) -> Envio | None:
        """What the page asks for by itself, or what its viewer's Save button does."""
        if salvar := self._save_relatorio(pagina):
            return salvar
        for endereco in _list_molduras(pagina):
            return Envio(resolve(pagina, endereco))
        codigo = read_codigo(pagina)
        if sends_form(codigo) and pagina.tree.css_first("form") is not None:
            return send_form(pagina)
        if (postback := find_postback(codigo)) is not None:
            return post_back(pagina, postback)
        destino = find_lugar(codigo)
        if destino is None:
            destino = find_atualizacao(pagina)
        return None if destino is None else Envio(resolve(pagina, destino) if destino else pagina.url)

    def _save_relatorio(self, pagina: Pagina) -> Envio | None:
        """A report viewer: choose PDF, press Save; the answer is the document."""
        controles = self._perfil.controles
        tipo, salvar = pagina.find(controles.relatorio_tipo), pagina.find(controles.relatorio_salvar)
        opcoes = pagina.options(controles.relatorio_tipo)
        valor = next((v for v, texto, _ in opcoes if "pdf" in f"{v} {texto}".lower()), None)
        return press(pagina, salvar, {tipo: valor}) if tipo and salvar and valor is not None else None


def _find_post(pagina: Pagina) -> Envio | None:
    """What the page posts by itself after "Emitir": the pop-up test."""
    codigo = read_codigo(pagina)
    if (postback := find_postback(codigo)) is not None:
        return post_back(pagina, postback)
    if (id_ := find_clique(codigo)) and (botao := pagina.find_id(id_)) is not None:
        return press(pagina, pagina.describe(botao), {})
    return send_form(pagina) if sends_form(codigo) else None


def _list_molduras(pagina: Pagina) -> Iterator[str]:
    for no in pagina.tree.css(_MOLDURAS):
        endereco = no.attributes.get("src") or no.attributes.get("data") or ""
        if endereco and not endereco.lower().startswith(("about:", "javascript:", "data:")):
            yield endereco


def _explain(resposta: Resposta | None) -> Falha:
    if resposta is None:
        return Falha("download.falhou.tempo_esgotado", "O endereço do PDF não respondeu.")
    if not resposta.corpo.strip():
        return Falha("download.falhou.vazio", "O portal entregou um arquivo vazio.")
    tipo = resposta.tipo or "sem tipo"
    return Falha("download.falhou.nao_pdf", f"No lugar do PDF veio {tipo}, {len(resposta.corpo)} bytes.")
