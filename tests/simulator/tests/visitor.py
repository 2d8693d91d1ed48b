"""A careful raw client: echoes every successful control of a form in document order, and nothing else."""

from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from tests.simulator.server import Simulador

P = "ctl00$Conteudo$"


@dataclass
class Formulario(HTMLParser):
    """The first form of a page: where it goes, and its successful controls in order."""

    action: str = ""
    campos: list[tuple[str, str]] = field(default_factory=list)
    _select: str = ""
    _chosen: str | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        name, kind = a.get("name", ""), a.get("type", "text")
        if tag == "form":
            self.action = self.action or a.get("action", "")
        elif tag == "select":
            self._select, self._chosen = name, None
        elif tag == "option" and self._select and ("selected" in a or self._chosen is None):
            self._chosen = a.get("value", "")
        elif tag == "input" and name and "disabled" not in a:
            ticked = kind in ("radio", "checkbox") and "checked" in a
            if ticked or kind in ("text", "password", "hidden"):
                self.campos.append((name, a.get("value", "on" if ticked else "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            self.campos.append((self._select, self._chosen or ""))
            self._select = ""


@dataclass
class Pagina:
    """An answer, followed to where its redirects lead."""

    status: int
    url: URL
    corpo: bytes
    tipo: str
    cabecalhos: dict[str, str]

    @property
    def html(self) -> str:
        return self.corpo.decode("iso-8859-1" if "8859" in self.tipo else "utf-8", "replace")

    @property
    def nome(self) -> str:
        return self.url.path.rsplit("/", 1)[-1]

    def form(self) -> Formulario:
        form = Formulario()
        form.feed(self.html)
        return form


class Visitante:
    """One cookie jar on one portal. The page that was answered last is `pagina`."""

    def __init__(self, portal: Simulador) -> None:
        self.portal = portal
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=10)
        )
        self.pagina = Pagina(0, URL(portal.url), b"", "", {})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        await self.http.close()

    async def _keep(self, answer: aiohttp.ClientResponse) -> Pagina:
        body = await answer.read()
        headers = {k.lower(): v for k, v in answer.headers.items()}
        self.pagina = Pagina(answer.status, answer.url, body, headers.get("content-type", ""), headers)
        return self.pagina

    async def get(self, path: str) -> Pagina:
        """By a path under the virtual root, or an absolute URL."""
        url = path if path.startswith("http") else f"{self.portal.url}/{path}"
        async with self.http.get(URL(url, encoded=True)) as answer:
            return await self._keep(answer)

    async def post(
        self, evento: str = "", *, botao: str = "", imagem: str = "", em: Pagina | None = None,
        muda: dict[str, str] | None = None, sem: str = "", **campos: str,
    ) -> Pagina:  # fmt: skip
        """Posts the form of `em` (by default the last page). `campos` are content controls; `muda` any field."""
        page = em or self.pagina
        form = page.form()
        typed = {f"{P}{k}": v for k, v in campos.items()} | (muda or {}) | ({"__EVENTTARGET": evento} if evento else {})
        pairs = [(n, typed.pop(n, v)) for n, v in form.campos if n != sem]
        pairs += list(typed.items()) + ([(botao, "x")] if botao else [])
        pairs += [(f"{imagem}.x", "5"), (f"{imagem}.y", "5")] if imagem else []
        return await self._send(page.url.join(URL(unescape(form.action), encoded=True)), pairs)

    async def _send(self, url: URL, pairs: list[tuple[str, str]]) -> Pagina:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self.http.post(url, data=urlencode(pairs).encode(), headers=headers) as answer:
            return await self._keep(answer)

    async def login(self, usuario: str = "0000017308", senha: str = "segredo") -> Pagina:
        await self.get("frmCorCcCnsLogin.aspx")
        return await self.post("btnLogin", muda={"edtUsuario": usuario, "edtSenha": senha})

    async def open_busca(self) -> Pagina:
        await self.get("frmMain.aspx")
        await self.post(imagem="ctl00$img_Atendimento")
        await self.post(botao=f"{P}btnBuscaAvancada")
        return await self.post(f"{P}cbxCriterioBusca", cbxCriterioBusca="F")

    async def search(self, documento: str) -> Pagina:
        await self.open_busca()
        return await self.post(botao=f"{P}btnBuscar", edtContextoBusca=documento)

    async def open_cliente(self, documento: str, linha: int = 3) -> Pagina:
        await self.search(documento)
        return await self.post(f"{P}grdBuscaAvancada$ctl{linha:02d}$lnkGrupoCota")

    async def open_cobranca(self) -> Pagina:
        return await self.get("CONCO/frmConCoRelBoletoAvulso.aspx")

    async def emit(self, linha: int = 2) -> str:
        """Ticks a row of the billing page and emits; the absolute URL of the pop-up."""
        await self.post(imagem=f"{P}grdBoleto_Avulso$ctl{linha:02d}$imgEmite_Boleto")
        await self.post(f"{P}btnEmitir")
        page = await self.post(f"{P}btnVerificaPopUp")
        opened = page.html.split('window.open("', 1)[1].split('"', 1)[0]
        return str(page.url.join(URL(opened, encoded=True)))

    async def fetch_pdf(self, url: str, most: int = 4) -> Pagina:
        """GETs the print page until it is no HTML any more."""
        for _ in range(most):
            if "html" not in (await self.get(url)).tipo:
                break
        return self.pagina

    async def download(self, documento: str, linha: int = 3, parcela: int = 2) -> Pagina:
        await self.open_cliente(documento, linha)
        await self.open_cobranca()
        return await self.fetch_pdf(await self.emit(parcela))
