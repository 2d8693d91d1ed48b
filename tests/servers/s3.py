"""An S3 server (moto) that checks signatures, refuses, fails and loses answers at a word."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BALDE = "balde"
REGIAO = "sa-east-1"
CHAVE, SEGREDO = "AKIACANOPUS", "segredo-de-teste"
PAGINA = 3  # small, so that every listing has several
_ASSINATURA = re.compile(
    r"Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=(\w+)"
)


@dataclass(frozen=True)
class Falha:
    """What a request is answered with instead; or, status 0, its connection cut: before (or after) it is done."""

    status: int
    codigo: str = ""
    feita: bool = False


@dataclass
class S3:
    """The server. pedidos: method and key of each request, those that were refused too. falhas: for the next ones that
    `alvo` picks, in order. ao_gravar: called with a key as soon as its object is whole, before that is answered."""

    url: str = ""
    pedidos: list[tuple[str, str]] = field(default_factory=list)
    falhas: list[Falha] = field(default_factory=list)
    alvo: Callable[[str, str], bool] = lambda metodo, chave: True
    ao_gravar: Callable[[str], None] = lambda chave: None

    @property
    def ambiente(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": REGIAO,
            "AWS_ACCESS_KEY_ID": CHAVE, "AWS_SECRET_ACCESS_KEY": SEGREDO,
        }  # fmt: skip

    @property
    def objetos(self) -> dict[str, bytes]:
        return {chave: objeto.value for chave, objeto in self._balde.keys.items()}

    @property
    def partes_soltas(self) -> list[str]:
        """Uploads in parts that were begun and not ended: nobody lists them, and they are paid for."""
        return [parte.key_name for parte in self._balde.multiparts.values()]

    def put(self, chave: str, dados: bytes) -> None:
        """By somebody else."""
        _backend().put_object(BALDE, chave, dados)

    def delete(self, chave: str) -> None:
        """By somebody else."""
        self._balde.keys.pop(chave)

    @property
    def _balde(self) -> Any:
        return _backend().buckets[BALDE]

    def serve(self, moto: Any, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        metodo, chave = environ["REQUEST_METHOD"], environ["PATH_INFO"].encode("latin-1").decode()
        chave = chave.removeprefix(f"/{BALDE}").removeprefix("/")
        self.pedidos.append((metodo, chave))
        if recusa := _check_assinatura(environ):
            return _refuse(start, 403, recusa)
        falha = self.falhas.pop(0) if self.falhas and self.alvo(metodo, chave) else None
        if falha and not falha.feita:
            return _refuse(start, falha.status, falha.codigo) if falha.status else _cut(environ, start)
        cabeca: list[Any] = []
        corpo = list(moto(environ, lambda *dela: cabeca.extend(dela)))
        if metodo == "PUT":
            self.ao_gravar(chave)
        if falha:
            return _cut(environ, start)
        start(*cabeca)
        return corpo


def _backend() -> Any:
    return get_backend("s3")["123456789012"]["aws"]


def _refuse(start: StartResponse, status: int, codigo: str) -> list[bytes]:
    corpo = f"<Error><Code>{codigo}</Code><Message>recusado</Message></Error>".encode()
    start(f"{status} X", [("Content-Type", "application/xml"), ("Content-Length", str(len(corpo)))])
    return [corpo]


def _cut(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    start("500 X", [])
    return []


def _check_assinatura(environ: WSGIEnvironment) -> str | None:
    """Signature Version 4, over the request as it came: https://docs.aws.amazon.com/AmazonS3/latest/API/
    sig-v4-header-based-auth.html. The code of the refusal, or None."""
    achada = _ASSINATURA.search(environ.get("HTTP_AUTHORIZATION", ""))
    if achada is None:
        return "AccessDenied"
    chave, dia, regiao, nomes, assinatura = achada.groups()
    if chave != CHAVE:
        return "InvalidAccessKeyId"
    partes = urlsplit(environ["RAW_URI"])
    consulta = sorted(parse_qsl(partes.query, keep_blank_values=True))
    resumo = environ["HTTP_X_AMZ_CONTENT_SHA256"]
    pedido = [
        environ["REQUEST_METHOD"],
        partes.path,
        "&".join(f"{quote(nome, safe='-_.~')}={quote(valor, safe='-_.~')}" for nome, valor in consulta),
        *(f"{nome}:{_header(environ, nome)}" for nome in nomes.split(";")),
        "",
        nomes,
        resumo,
    ]
    escopo = f"{dia}/{regiao}/s3/aws4_request"
    texto = ["AWS4-HMAC-SHA256", environ["HTTP_X_AMZ_DATE"], escopo, _sha256("\n".join(pedido))]
    segredo = f"AWS4{SEGREDO}".encode()
    for parte in (dia, regiao, "s3", "aws4_request"):
        segredo = hmac.digest(segredo, parte.encode(), "sha256")
    certa = hmac.digest(segredo, "\n".join(texto).encode(), "sha256").hex()
    return None if hmac.compare_digest(certa, assinatura) else "SignatureDoesNotMatch"


def _header(environ: WSGIEnvironment, nome: str) -> str:
    chave = nome.upper().replace("-", "_")
    return str(environ.get(f"HTTP_{chave}", environ.get(chave, ""))).strip()


def _sha256(texto: str) -> str:
    return hashlib.sha256(texto.encode()).hexdigest()


@contextmanager
def open_s3() -> Iterator[S3]:
    """With one bucket, in a thread of its own. One at a time: its objects belong to the process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto, s3 = DomainDispatcherApplication(create_backend_app), S3()
    servidor = make_server("127.0.0.1", 0, lambda *chamada: s3.serve(moto, *chamada), threaded=True)
    s3.url = f"http://127.0.0.1:{servidor.server_port}"
    with pytest.MonkeyPatch.context() as ambiente:
        ambiente.setenv("MOTO_S3_DEFAULT_MAX_KEYS", str(PAGINA))
        get_backend("s3").reset()
        _backend().create_bucket(BALDE, REGIAO)
        laco = threading.Thread(target=servidor.serve_forever, args=(0.02,), daemon=True)
        laco.start()
        try:
            yield s3
        finally:
            servidor.shutdown()
            laco.join()
            servidor.server_close()
