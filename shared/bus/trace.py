"""The trace that a piece of work belongs to: it follows the work from message to message (W3C `traceparent`)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

TRACEPARENT = "traceparent"
_VALID = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

_current: ContextVar[str | None] = ContextVar(TRACEPARENT, default=None)


def current_traceparent() -> str | None:
    return _current.get()


def new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


@contextmanager
def traced(traceparent: str | None = None) -> Iterator[str]:
    """Everything inside belongs to this trace; to a new one where it is absent or malformed."""
    trace = traceparent if traceparent and _VALID.fullmatch(traceparent) else new_traceparent()
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def trace_headers(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers of an outgoing message: those given, and the trace it belongs to."""
    saida = dict(headers or {})
    saida.setdefault(TRACEPARENT, current_traceparent() or new_traceparent())
    return saida
