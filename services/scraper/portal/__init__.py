"""What the worker may ask of an administrator's portal, and the ways of doing it.

`flow` walks the portal in the operator's words over the port below; `browser/` and `http/` are two ways of being that
port, and `auto` goes from one to the other. Pages are read from their HTML in `pages` and `grids`, decisions are in
`recognition` and `selection`: every driver shares them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from services.scraper.portal.errors import Falha
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


@dataclass(frozen=True)
class Biscoito:
    """A cookie. dominio: with a leading dot where its subdomains get it too."""

    nome: str
    valor: str = field(repr=False)
    dominio: str
    caminho: str
    seguro: bool


class Driver(Protocol):
    """One portal session: one cookie jar, one page, one contract at a time.

    Raises Falha (`portal.fora_do_ar.conexao`, `.tempo_esgotado`, `portal.mudou.*`, `download.falhou.*`) and
    NavegadorCaiu. What a page *means* is not the driver's business: it hands pages over as they come.
    """

    @property
    def nome(self) -> str:
        """`navegador` or `http`: which of them it is at this moment."""

    @property
    def pagina(self) -> Pagina:
        """The page that stands open."""

    @property
    def portal_s(self) -> float:
        """Seconds that the portal has taken for its pages so far: neither our pace nor our own work is in it."""

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

    async def adapt(self, *, proven: bool = False) -> bool:
        """Logged in: go on in the cheapest way there is. True: it is another one, and has yet to prove itself; until it
        is said to have done so, the way back is kept open."""

    async def retreat(self, falha: Falha, *, for_good: bool = False) -> bool:
        """Whether there is a surer way for what met this fault: then that is in use, on the same session, until the
        next `adapt` (or for good), and the contract can begin again in it."""

    async def close(self) -> None:
        """Leave the portal; never raises."""
