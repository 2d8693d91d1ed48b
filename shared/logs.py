"""Logs of every process: one line a record, flushed, with CPFs and CNPJs masked and secrets taken out.

The masking is in the formatter, so it also holds for tracebacks and for what libraries write.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from typing import Literal, TextIO

from shared.bus.trace import current_traceparent
from shared.contrato import mask_documentos

Formato = Literal["texto", "json"]

_HIDDEN = "***"
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:@'\"]*):[^\s/'\"]*@")
_FERNET_TOKEN = re.compile(r"gAAAA[\w-]{20,}={0,2}")
_SECRET_FIELD = re.compile(
    r"""([\w-]*(?:senha|password|passwd|secret|token|authorization|cookie|api[_-]?key|fernet_keys?)[\w-]*
        (?:\\?["'])?\s*[:=]\s*)                                  # the name, quoted or not, then : or =
        (?:bearer\s+|basic\s+)?
        (\\?"(?:[^"\\]|\\[^"])*\\?"|'(?:[^'\\]|\\.)*'|[^\s,;&)}\]]+)""",
    re.IGNORECASE | re.VERBOSE,
)
# What a LogRecord has of its own: anything else came by `extra=`.
_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# Libraries that tell each request at INFO.
_CHATTY = ("aiohttp.access", "asyncio", "botocore", "urllib3")
# Libraries whose troubles the bus tells itself, in one line without traceback.
_SPOKEN_FOR = ("aio_pika", "aiormq")


def clean(texto: str) -> str:
    """Mask documents and hide what looks like a password, key or token."""
    texto = _URL_PASSWORD.sub(rf"\1:{_HIDDEN}@", texto)
    texto = _FERNET_TOKEN.sub(_HIDDEN, texto)
    texto = _SECRET_FIELD.sub(rf"\1{_HIDDEN}", texto)
    return mask_documentos(texto)


class _CleanFormatter(logging.Formatter):
    """`fields` first, as text or JSON; then one rule for both: nothing leaves uncleaned."""

    def _time(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def _trace_id(self) -> str | None:
        traceparent = current_traceparent()
        return traceparent.split("-")[1] if traceparent else None

    def _extras(self, record: logging.LogRecord) -> dict[str, object]:
        return {nome: valor for nome, valor in vars(record).items() if nome not in _OWN_FIELDS}

    def _problem(self, record: logging.LogRecord) -> str:
        partes = [self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""]
        partes.append(self.formatStack(record.stack_info) if record.stack_info else "")
        return "\n".join(parte for parte in partes if parte)


class TextFormatter(_CleanFormatter):
    """For people: time, level, logger, message, fields; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        linha = f"{self._time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        linha += "".join(f" {nome}={valor}" for nome, valor in self._extras(record).items())
        if problema := self._problem(record):
            linha += f"\n{problema}"
        return clean(linha)


class JsonFormatter(_CleanFormatter):
    """For collectors: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        campos: dict[str, object] = {
            "time": self._time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := self._trace_id():
            campos["trace"] = trace
        campos |= {nome: valor for nome, valor in self._extras(record).items() if nome not in campos}
        if problema := self._problem(record):
            campos["exception"] = problema
        # Each value is cleaned before it is encoded: masking the encoded line could break its quotes.
        return json.dumps({nome: _clean_field(nome, valor) for nome, valor in campos.items()}, ensure_ascii=False)


def _clean_field(nome: str, valor: object) -> object:
    if valor is None or isinstance(valor, bool | float):
        return valor
    texto = clean(str(valor))
    if texto == str(valor) and isinstance(valor, int):
        return valor
    return texto if clean(f"{nome}={texto}") == f"{nome}={texto}" else _HIDDEN


def configure_logs(formato: str = "texto", nivel: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every logger of this process to one stream (stderr), replacing what was there. Safe to repeat."""
    handler = logging.StreamHandler(stream or sys.stderr)  # flushes after each record
    handler.setFormatter(JsonFormatter() if formato == "json" else TextFormatter())
    logging.basicConfig(level=nivel, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for nome in _CHATTY:
        logging.getLogger(nome).setLevel(max(logging.WARNING, logging.getLevelName(nivel)))
    for nome in _SPOKEN_FOR:
        logging.getLogger(nome).setLevel(logging.CRITICAL if nivel != "DEBUG" else logging.DEBUG)
    _log_what_nobody_caught()


def _log_what_nobody_caught() -> None:
    """Python's own report of an uncaught exception would go to stderr unmasked."""
    log = logging.getLogger("canopus")

    def uncaught(tipo: type[BaseException], erro: BaseException, traceback: object) -> None:
        if issubclass(tipo, KeyboardInterrupt):
            sys.__excepthook__(tipo, erro, erro.__traceback__)
        else:
            log.critical("uncaught exception", exc_info=erro)

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        log.critical("uncaught exception in a thread", exc_info=args.exc_value or args.exc_type())

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        log.error("exception that could not be raised: %s", args.err_msg or "", exc_info=args.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
    sys.unraisablehook = unraisable
