"""The CRM's server: its pages, and three endpoints that call Canopus with a key that never leaves it."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, abort, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.serving import make_server

from services.gateway.pages import WEB

CSRF = "csrf-da-sessao-do-crm"
PONTO_VENDA = "17.308"


@dataclass
class Canopus:
    """Where it is, and the key; origem: of the CRM's own pages, where their browser does not tell."""

    servidor: str = ""
    chave: str = ""
    origem: str | None = None

    def call(self, metodo: str, caminho: str, corpo: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        pedido = urllib.request.Request(
            f"{self.servidor}/api/automation/{caminho}",
            method=metodo,
            data=None if corpo is None else json.dumps(corpo).encode(),
            headers={"Authorization": f"Bearer {self.chave}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(pedido, timeout=10) as resposta:
                return resposta.status, json.load(resposta)
        except urllib.error.HTTPError as erro:
            return erro.code, json.load(erro)


def build_crm(canopus: Canopus) -> Flask:
    crm = Flask(__name__)
    # Beside the CRM's own templates; a real one holds a copy of the include.
    crm.jinja_loader = ChoiceLoader([FileSystemLoader(f"{crm.root_path}/templates"), FileSystemLoader(WEB)])

    @crm.before_request
    def check_csrf() -> None:
        if request.method == "POST" and request.headers.get("X-CSRFToken") != CSRF:
            abort(403)

    @crm.get("/<pagina>.html")
    def show(pagina: str) -> str:
        return render_template(
            f"{pagina}.html",
            canopus_servidor=canopus.servidor,
            canopus_ponto_venda=PONTO_VENDA,
            canopus_bilhete_url="/canopus/bilhete",
            canopus_iniciar_url="/canopus/iniciar",
            canopus_cancelar_url="/canopus/cancelar",
            canopus_csrf=CSRF,
        )

    # A real CRM asks first whether the person who is signed in may see this ponto de venda; the key is of one alone.

    @crm.post("/canopus/bilhete")
    def create_bilhete() -> Any:
        pedido = {"ponto_venda": PONTO_VENDA, "origem": canopus.origem or request.host_url}
        status, corpo = canopus.call("POST", "bilhetes", pedido)
        if status != 201:
            return corpo, status
        _, ultimas = canopus.call("GET", f"execucoes?ponto_venda={PONTO_VENDA}&limite=1")
        execucoes = ultimas["data"]["execucoes"]
        return {
            "bilhete": corpo["data"]["bilhete"],
            "automacao_id": execucoes[0]["automacao_id"] if execucoes else None,
        }

    @crm.post("/canopus/iniciar")
    def start() -> Any:
        pedido = request.get_json() | {"ponto_venda": PONTO_VENDA}
        status, corpo = canopus.call("POST", "processar-downloads-ponto-venda", pedido)
        return corpo, status

    @crm.post("/canopus/cancelar")
    def cancel() -> Any:
        status, corpo = canopus.call("POST", f"execucoes/{request.get_json()['automacao_id']}/cancelar")
        return corpo, status

    @crm.after_request
    def add_policy(resposta: Response) -> Response:
        """The hostile page is also as strict as one with the widget can be: no inline style, nothing from elsewhere."""
        if request.path == "/hostil.html":
            resposta.headers["Content-Security-Policy"] = (
                f"default-src 'none'; style-src 'self'; script-src {canopus.servidor}; "
                f"connect-src 'self' {canopus.servidor.replace('http', 'ws', 1)}"
            )
        return resposta

    return crm


@contextmanager
def open_crm(canopus: Canopus) -> Iterator[int]:
    """Its port, at 127.0.0.1."""
    servidor = make_server("127.0.0.1", 0, build_crm(canopus), threaded=True)
    thread = threading.Thread(target=servidor.serve_forever, name="crm")
    thread.start()
    try:
        yield servidor.server_port
    finally:
        servidor.shutdown()
        thread.join()
        servidor.server_close()
