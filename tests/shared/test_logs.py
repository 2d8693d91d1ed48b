"""No CPF, CNPJ, password or key leaves by a log, whoever wrote the record."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from shared.bus.trace import traced
from shared.logs import clean, configure_logs

# Invented, with check digits that close.
CPF, CPF_FORMATADO, CPF_MASCARADO = "52998224725", "529.982.247-25", "***.982.247-**"
CNPJ, CNPJ_FORMATADO, CNPJ_MASCARADO = "11222333000181", "11.222.333/0001-81", "**.222.333/****-**"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    raiz = logging.getLogger()
    handlers, nivel = raiz.handlers[:], raiz.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    raiz.handlers[:] = handlers
    raiz.setLevel(nivel)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)


@pytest.fixture(params=["texto", "json"])
def stream(request: pytest.FixtureRequest) -> io.StringIO:
    saida = io.StringIO()
    configure_logs(request.param, "INFO", saida)
    return saida


@pytest.mark.parametrize(
    ("escrito", "mascarado"),
    [(CPF, CPF_MASCARADO), (CPF_FORMATADO, CPF_MASCARADO), (CNPJ, CNPJ_MASCARADO), (CNPJ_FORMATADO, CNPJ_MASCARADO)],
)
def test_documents_are_masked_in_messages_arguments_and_extra_fields(
    stream: io.StringIO, escrito: str, mascarado: str
) -> None:
    logging.getLogger("services.scraper").info("searching %s", escrito, extra={"cliente": escrito})
    assert escrito not in stream.getvalue()
    assert stream.getvalue().count(mascarado) == 2


def test_a_number_given_as_a_field_is_masked_too(stream: io.StringIO) -> None:
    logging.getLogger("x").info("found", extra={"documento": int(CPF)})
    assert CPF not in stream.getvalue()


def test_documents_are_masked_in_tracebacks_and_in_the_loggers_of_libraries(stream: io.StringIO) -> None:
    try:
        try:
            raise ValueError(f"client {CPF}")
        except ValueError as erro:
            raise RuntimeError(f"could not file {CNPJ_FORMATADO}") from erro
    except RuntimeError:
        logging.getLogger("some.library").exception("failed")
    assert "RuntimeError" in stream.getvalue() and "Traceback" in stream.getvalue()
    assert CPF not in stream.getvalue() and CNPJ_FORMATADO not in stream.getvalue()
    assert CPF_MASCARADO in stream.getvalue() and CNPJ_MASCARADO in stream.getvalue()


@pytest.mark.parametrize("onde", ["main", "thread"])
def test_an_exception_that_nobody_caught_is_logged_and_masked(stream: io.StringIO, onde: str) -> None:
    def fail() -> None:
        raise ValueError(CPF)

    if onde == "thread":
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    else:
        with pytest.raises(ValueError, match=CPF) as erro:
            fail()
        sys.excepthook(ValueError, erro.value, erro.value.__traceback__)
    assert "uncaught" in stream.getvalue()
    assert CPF not in stream.getvalue()


SECRETS = [
    "amqp://canopus:s3gr3d0@broker:5672/",
    "connecting to postgresql://u:s3gr3d0@db/canopus",
    "senha=s3gr3d0",
    "edtSenha=s3gr3d0&btnLogin=Login",
    "{'usuario': '0030', 'senha': 's3gr3d0'}",
    '{"password": "s3gr3d0"}',
    "Authorization: Bearer s3gr3d0",
    "CANOPUS_FERNET_KEYS=s3gr3d0",
    "api_key: s3gr3d0",
    "Cookie: canopus=s3gr3d0",
    "refused gAAAAABnS3gr3d0s3gr3d0s3gr3d0s3gr3d0== today",
]


@pytest.mark.parametrize("escrito", SECRETS)
def test_passwords_keys_and_ciphertexts_are_hidden(stream: io.StringIO, escrito: str) -> None:
    logging.getLogger("x").warning(escrito)
    assert "s3gr3d0" not in stream.getvalue().lower()
    assert "***" in stream.getvalue()


def test_a_secret_given_as_a_field_is_hidden(stream: io.StringIO) -> None:
    logging.getLogger("x").info("login", extra={"senha": "s3gr3d0", "usuario": "0030"})
    assert "s3gr3d0" not in stream.getvalue()
    assert "0030" in stream.getvalue()


@pytest.mark.parametrize(
    "escrito",
    ["Senha recusada pelo portal.", "grupo/cota 6650/2278", "at http://127.0.0.1:5000/api", "12345678901 is no CPF"],
)
def test_what_is_no_secret_stays(escrito: str) -> None:
    assert clean(escrito) == escrito


def test_a_json_record_is_one_line_with_its_fields_and_its_trace() -> None:
    saida = io.StringIO()
    configure_logs("json", "INFO", saida)
    with traced("00-" + "a" * 32 + "-" + "b" * 16 + "-01"):
        try:
            raise ValueError('a "quoted"\nreason')
        except ValueError:
            logging.getLogger("x").exception("step %d", 3, extra={"item_id": 7})
    (linha,) = saida.getvalue().splitlines()
    registro = json.loads(linha)
    assert registro["message"] == "step 3" and registro["level"] == "ERROR"
    assert registro["item_id"] == 7 and registro["trace"] == "a" * 32
    assert 'a "quoted"' in registro["exception"]


def test_each_line_is_flushed() -> None:
    class Pipe(io.StringIO):
        flushed = ""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    pipe = Pipe()
    configure_logs("texto", "INFO", pipe)
    logging.getLogger("x").info("first")
    assert "first" in pipe.flushed


def test_the_level_holds_and_chatty_libraries_speak_from_warning_up() -> None:
    saida = io.StringIO()
    configure_logs("texto", "INFO", saida)
    logging.getLogger("x").debug("detail")
    logging.getLogger("aiohttp.access").info("request")
    logging.getLogger("aiohttp.access").warning("odd")
    logging.getLogger("aiormq").error("told by the bus in its own words")
    assert [linha.split()[-1] for linha in saida.getvalue().splitlines()] == ["odd"]
