"""People's passwords: argon2, off the loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.gateway.errors import unavailable

MINIMO, MAXIMO = 10, 200
# Each takes a core and 64 MB for tens of milliseconds: a burst of logins must not take the machine, nor wait for long.
PARALELAS, ESPERA_MAXIMA = 2, 20
# Without letters and digits that a person mistakes for one another.
_LEGIVEIS = "".join(c for c in string.ascii_letters + string.digits if c not in "0Oo1lI")

# Threads start with the first password; they are of the process, whatever loops it runs.
_threads = ThreadPoolExecutor(PARALELAS, thread_name_prefix="senhas")
_em_curso: set[object] = set()
_hasher = PasswordHasher()

P = ParamSpec("P")
T = TypeVar("T")


async def hash_senha(senha: str) -> str:
    """Raises ApiError 503 where too many wait."""
    return await _run(_hasher.hash, senha)


async def verify_senha(senha: str, senha_hash: str | None) -> bool:
    """senha_hash None: there is no such person, which takes as long to say. Raises ApiError 503 where too many wait."""
    return await _run(_verify, senha, senha_hash) and senha_hash is not None


def count_esperas() -> int:
    """Passwords at work, and those that wait."""
    return len(_em_curso)


async def _run(trabalho: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    if len(_em_curso) >= PARALELAS + ESPERA_MAXIMA:
        raise unavailable("acesso.ocupado", "Muitas pessoas estão entrando agora. Tente de novo em instantes.")
    vez = object()
    _em_curso.add(vez)
    try:
        return await asyncio.wrap_future(_threads.submit(trabalho, *args, **kwargs))
    finally:
        _em_curso.discard(vez)


def _verify(senha: str, senha_hash: str | None) -> bool:
    try:
        return _hasher.verify(senha_hash or _hash_de_ninguem(), senha)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hash_de_ninguem() -> str:
    """Verifying against it takes as long as against a person's."""
    return _hasher.hash(secrets.token_hex(16))


def make_senha() -> str:
    """For one use, easy to read out: four groups of four."""
    return "-".join("".join(secrets.choice(_LEGIVEIS) for _ in range(4)) for _ in range(4))
