"""What a failed contract keeps: picture, page and facts, masked before they are taken."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser

from services.scraper.portal import Acesso, Driver
from services.scraper.portal.errors import Falha
from services.scraper.portal.pages import Pagina
from services.scraper.portal.profile import Perfil
from shared.contrato import mask_documentos
from shared.outcomes import Etapa

HTML_MAX = 200_000
_OCULTO = "•••"
# Query strings hold keys, wherever an address is written.
_CONSULTA = re.compile(r"(\.aspx)\?[^\"'\s<>)]*", re.IGNORECASE)


def list_segredos(acesso: Acesso, perfil: Perfil) -> tuple[str, ...]:
    """What must be read nowhere, the longest first."""
    textos = {acesso.senha, acesso.usuario, perfil.pad_usuario(acesso.usuario)}
    return tuple(sorted((texto for texto in textos if len(texto) > 2), key=len, reverse=True))


@dataclass(frozen=True)
class Vista:
    """What stood open at one moment: what is found out later is told with it, not with a later page."""

    pagina: Pagina
    alertas: tuple[str, ...]
    driver: str


def look(driver: Driver) -> Vista:
    return Vista(driver.pagina, driver.take_alertas(), driver.nome)


def write_evidencia(
    vista: Vista, foto: bytes | None, segredos: tuple[str, ...], etapa: Etapa, falha: Falha
) -> list[bytes]:
    """Screenshot (PNG, where there is one), HTML, facts (JSON), in that order."""
    pagina = vista.pagina
    fatos = {
        "etapa": etapa.value,
        "codigo": falha.codigo,
        "mensagem": falha.mensagem,
        "url": clean_url(pagina.url),
        "status": pagina.status,
        "titulo": pagina.titulo,
        "alertas": list(vista.alertas),
        "em": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "driver": vista.driver,
    }
    textos = (mask_html(pagina.html, segredos), mask_texto(json.dumps(fatos, ensure_ascii=False, indent=1), segredos))
    return [parte for parte in (foto, *(texto.encode() for texto in textos)) if parte]


def mask_html(html: str, segredos: tuple[str, ...]) -> str:
    """The page without scripts, state and keys."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "noscript", "object", "embed"], recursive=True)
    for no in tree.css('input[type="hidden"], input[type="password"]'):
        if "value" in no.attributes:
            no.attrs["value"] = ""
    limpo = _CONSULTA.sub(r"\1", tree.html or "")
    return mask_texto(re.sub(r"\n\s*\n+", "\n", limpo), segredos)[:HTML_MAX]


def mask_texto(texto: str, segredos: tuple[str, ...]) -> str:
    for segredo in segredos:
        texto = texto.replace(segredo, _OCULTO)
    return mask_documentos(texto)


def clean_url(url: str) -> str:
    """Without query and fragment."""
    partes = urlsplit(url)
    return urlunsplit((partes.scheme, partes.netloc, partes.path, "", ""))
