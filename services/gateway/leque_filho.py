"""The child that sends one notice through the fan-out library: its order on stdin, what became of it on stdout.

The library keeps to itself what a service answered: its status, and how long it asks to be left alone. So its answers
are heard where they come in.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote

import apprise
import requests
from apprise.plugins.email import base as email
from apprise.url import URLBase

from services.gateway.enderecos import is_publico
from shared.children import limit_recursos

MEMORIA_BYTES = 1 << 30
CPU_S = 30
# The library's own 4 s would take many a slow answer for none.
LEITURA_S, CONEXAO_S = 20.0, 5.0
# One of them is what a person's address looks like, whatever the service.
_AMOSTRAS = ("ana@exemplo.com.br", "123456789", "5511999990000")
_SENHA_MINIMA = 5
_TEXTO = 500
_LOCAIS = ("subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.system", "syslog.")
_REDE = ("socket.connect", "socket.sendto")

Guarda = Callable[[str, tuple[Any, ...]], None]


def main() -> None:
    pedido = json.load(sys.stdin)
    limit_recursos(MEMORIA_BYTES, CPU_S)
    proibidos: list[str] = []
    sys.addaudithook(make_guarda(proibidos, privados=pedido["privados"]))
    dito = deliver(pedido)
    if dito["erro"] and proibidos:
        dito["erro"] = proibidos[0]
    json.dump(dito, sys.stdout)


def make_guarda(proibidos: list[str], *, privados: bool) -> Guarda:
    """An audit hook: nothing is connected to inside the network, no program runs, and no file is read but Python's own,
    whatever an address says (some name a template, a key, an attachment). proibidos: what it refused, pt-BR."""
    nomes = ("stdlib", "platstdlib", "purelib", "platlib")
    pastas = {os.path.realpath(sysconfig.get_path(nome)) for nome in nomes}
    pastas |= {os.path.realpath(pasta) for pasta in sys.path if pasta.endswith("-packages")}
    livres = tuple(f"{pasta}{os.sep}" for pasta in (*pastas, "/usr/share/zoneinfo"))

    def refuse(texto: str) -> None:
        proibidos.append(texto)
        raise PermissionError(texto)

    def guard(evento: str, argumentos: tuple[Any, ...]) -> None:
        if evento in _REDE and not privados and not _is_fora(argumentos[1]):
            refuse("O endereço leva a uma rede interna, e nada é enviado para lá (CANOPUS_WEBHOOKS_PRIVADOS).")
        elif evento.startswith(_LOCAIS):
            refuse("O endereço do canal leva a este computador, e isso não é permitido.")
        elif evento == "open" and not _is_under(livres, argumentos[0]):
            # Libraries look for files that may not be there, and go on without.
            raise PermissionError("not a file of Python's")

    return guard


def _is_under(pastas: tuple[str, ...], arquivo: Any) -> bool:
    """A number is of a file that is open already."""
    return isinstance(arquivo, int) or os.path.realpath(os.fsdecode(arquivo)).startswith(pastas)


def _is_fora(destino: Any) -> bool:
    try:
        return is_publico(ip_address(destino[0]))
    except (ValueError, TypeError, LookupError):
        return False


def deliver(pedido: dict[str, Any]) -> dict[str, Any]:
    """pedido: url, privados, enviar, titulo, texto, chave. Answers servico, status (HTTP's, where one came), pede
    (how long it asks to be left alone, as Retry-After) and erro (pt-BR)."""
    URLBase.socket_read_timeout, URLBase.socket_connect_timeout = LEITURA_S, CONEXAO_S
    queixas = _Queixas()
    logging.getLogger("apprise").addHandler(queixas)
    try:
        plugin = open_plugin(pedido["url"], queixas, privados=pedido["privados"])
        if isinstance(plugin, str):
            return _answer(None, plugin)
        servico = str(plugin.service_name)
        if not pedido["enviar"]:
            return _answer(servico)
        # The same at each attempt: a mailbox that has it drops the second.
        vars(email)["make_msgid"] = lambda domain: f"<{pedido['chave']}@{domain}>"
        aceito = False
        with suppress(PermissionError), hear_respostas() as respostas:
            aceito = plugin.notify(title=pedido["titulo"], body=pedido["texto"], body_format="text")
        texto = redact(" ".join(queixas.textos), pedido["url"])
    finally:
        logging.getLogger("apprise").removeHandler(queixas)
    if aceito:
        return _answer(servico, status=200)
    erro = f"{servico} não aceitou: {texto}" if texto else f"{servico} não respondeu."
    if not respostas:
        return _answer(servico, erro)
    # Telegram says it in words.
    dito = re.search(r"retry after (\d{1,6})\b", texto)
    pede = respostas[-1].headers.get("Retry-After") or (dito and dito[1])
    return _answer(servico, erro, status=respostas[-1].status_code, pede=pede)


def _answer(
    servico: str | None, erro: str | None = None, *, status: int | None = None, pede: str | None = None
) -> dict[str, Any]:
    return {"servico": servico, "erro": erro, "status": status, "pede": pede}


@contextmanager
def hear_respostas() -> Iterator[list[requests.Response]]:
    """What HTTP answers come meanwhile."""
    ouvidas: list[requests.Response] = []
    send = requests.Session.send

    def hear(*argumentos: Any, **opcoes: Any) -> requests.Response:
        ouvidas.append(send(*argumentos, **opcoes))
        return ouvidas[-1]

    vars(requests)["Session"].send = hear
    try:
        yield ouvidas
    finally:
        vars(requests)["Session"].send = send


def open_plugin(url: str, queixas: _Queixas, *, privados: bool) -> Any:
    """The library's sender, or why there is none in pt-BR. What it drops of an address it only complains of."""
    asset = apprise.AppriseAsset(
        app_id="Canopus", app_desc="Canopus", app_url="", image_url_mask="", image_url_logo="", storage_mode="memory",
        async_mode=False,
    )  # fmt: skip
    for candidata in _fill(url):
        queixas.textos.clear()
        plugin = apprise.Apprise.instantiate(candidata, asset=asset)
        if plugin is None or queixas.textos:
            continue
        if plugin.protocol and not plugin.secure and not privados:
            return "o endereço não é cifrado: use o que termina em s, como mailtos:// (CANOPUS_WEBHOOKS_PRIVADOS)"
        if len(plugin) == 1:
            return plugin
        return "o endereço leva a vários lugares, ou tenta de novo por si: cadastre um canal para cada um, sem retry"
    return "endereço inválido ou de um serviço desconhecido: use, por exemplo, tgram://<token>/{endereco}"


def _fill(url: str) -> Iterator[str]:
    if "{endereco}" not in url:
        yield url
        return
    yield from (url.replace("{endereco}", amostra) for amostra in _AMOSTRAS)


def redact(texto: str, url: str) -> str:
    """Without any part of the address: it holds passwords and tokens."""
    partes = {parte for bruta in (url, unquote(url)) for parte in re.split(r"[/:?&=#,@]+", bruta)}
    for parte in sorted(partes, key=len, reverse=True):
        if len(parte) >= _SENHA_MINIMA:
            texto = texto.replace(parte, "…")
    return texto[:_TEXTO]


class _Queixas(logging.Handler):
    """What the library complains of; of e-mail, where the server's own words are below its warnings, those too."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.textos: list[str] = []
        logging.getLogger("apprise").setLevel(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        texto = record.getMessage()
        if record.levelno >= logging.WARNING or ("Socket Exception" in texto and "email" in record.pathname):
            self.textos.append(texto)


if __name__ == "__main__":
    main()
