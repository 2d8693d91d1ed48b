"""One request to the portal, with what a page needs to answer it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import web

from tests.simulator.forms import Postagem, Render, write_as_fid, write_estado
from tests.simulator.knobs import Botoes
from tests.simulator.pages import PAGINAS, dress, fill
from tests.simulator.state import Portal, SessaoPortal


@dataclass
class Pedido:
    """What a handler sees. `notas` go to the request log."""

    portal: Portal
    sessao: SessaoPortal
    botoes: Botoes
    pagina: str
    consulta: dict[str, str]
    post: Postagem | None = None
    estado: dict[str, Any] = field(default_factory=dict)
    notas: dict[str, Any] = field(default_factory=dict)
    corpo: dict[str, str] = field(default_factory=dict)
    arquivo: str = ""  # the page's file name as it was asked for: a form posts to the same spelling

    @property
    def metodo_post(self) -> bool:
        return self.post is not None

    def address(self, page: str, base: str = "", key: bool = True) -> str:
        """The page's URL, relative to `base` (another page's folder) when given, with this session's key."""
        path = PAGINAS[page]
        path = f"../{path}" if base and "/" in PAGINAS[base] else path if base else self.portal.cenario.raiz + path
        return f"{path}?applicationKey={quote(self.sessao.chave, safe='')}" if key else path

    def redirect(self, page: str, escrita: str = "") -> web.Response:
        """escrita: another spelling of its address's end."""
        lugar = self.address(page)
        if escrita:
            lugar = f"{lugar.rpartition('/')[0]}/{escrita}"
        return web.Response(status=302, headers={"Location": lugar}, text="<h2>Object moved</h2>",
                            content_type="text/html")  # fmt: skip

    def show(self, conteudo: str, titulo: str, script: str = "", **estado: Any) -> web.Response:
        """An inner page inside the master page, its form signed and remembered."""
        icone = fill("icone", src=self.portal.cenario.raiz) if self.botoes.menu.icone else ""
        html = fill(
            "master", titulo=titulo, charset=self.botoes.aparencia.charset, acao=self._acao(), conteudo=conteudo,
            estado=write_estado(self.botoes.sessao.formato), as_fid=write_as_fid(), script=script, icone=icone,
            inicio=self.address("inicio"),
        )  # fmt: skip
        return self.send(html, **estado)

    def show_login(self, corpo: str, script: str = "", **estado: Any) -> web.Response:
        """A page outside the master page."""
        html = fill(
            "login", charset=self.botoes.aparencia.charset, acao=self._acao(), corpo=corpo, script=script,
            estado=write_estado(self.botoes.sessao.formato), as_fid=write_as_fid(),
        )  # fmt: skip
        return self.send(html, **estado)

    def send(self, html: str, **estado: Any) -> web.Response:
        look = self.botoes.aparencia
        render = Render.read(html, estado, lambda name: dress(name, look))
        self.sessao.keep(self.pagina, render, self.botoes.sessao.viewstates_validos)
        return web.Response(
            body=dress(html, look)
            .replace("</body>", f"{look.rodape}</body>")
            .encode(look.charset, "xmlcharrefreplace"),
            headers={"Content-Type": f"text/html; charset={look.charset}", "Cache-Control": "no-cache, no-store"},
        )

    def _acao(self) -> str:
        name = self.arquivo or PAGINAS[self.pagina].rsplit("/", 1)[-1]
        return f"{name}?applicationKey={quote(self.sessao.chave, safe='')}"
