"""What the worker may ask of an administrator's portal, and the ways of doing it.

`flow` walks the portal in the operator's words over the port below; `browser/` is one way of being that port. Pages are
read from their HTML in `pages` and `grids`, decisions are in `recognition` and `selection`: every driver shares them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from services.scraper.portal.pages import Controle, Pagina

# Raises a typed fault where a page is not one to go on with.
Exame = Callable[[Pagina], None]


@dataclass(frozen=True)
class Acesso:
    """Where to log in and as whom. `senha` lives in memory alone."""

    url_base: str
    usuario: str
    senha: str = field(repr=False)
    codigo_empresa: str | None = None


class Driver(Protocol):
    """One portal session: one cookie jar, one page, one contract at a time.

    Raises Falha (`portal.fora_do_ar.conexao`, `.tempo_esgotado`, `portal.mudou.*`, `download.falhou.*`) and
    NavegadorCaiu. What a page *means* is not the driver's business: it hands pages over as they come.
    """

    @property
    def pagina(self) -> Pagina:
        """The page that stands open."""

    async def open(self, url: str) -> Pagina:
        """GET an address."""

    async def press(self, controle: Controle, campos: Mapping[Controle, str] | None = None) -> Pagina:
        """Fill the fields (a select's is its value, a radio's anything), press, and return the page that answers.

        A select is pressed by filling it: its own change posts.
        """

    async def settle(self) -> Pagina:
        """The open page once all of it has loaded, with the alerts that came late."""

    async def emit(self, controle: Controle, campos: Mapping[Controle, str], exame: Exame) -> bytes:
        """Press the button that issues, and return the PDF's bytes, unchecked but for `%PDF`.

        `exame` judges every page that the window itself comes to meanwhile.
        """

    def take_alertas(self) -> tuple[str, ...]:
        """Every dialog's text since the last call, for the evidence."""

    async def screenshot(self, segredos: tuple[str, ...]) -> bytes | None:
        """PNG of the open page with documents and secrets masked in it first; None where there is no picture."""

    async def close(self) -> None:
        """Leave the portal; never raises."""
