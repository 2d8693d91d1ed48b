"""People's passwords: argon2, off the loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMO, MAXIMO = 10, 200
# Each takes a core and 64 MB for tens of milliseconds: a burst of logins must not take the machine.
_vagas = asyncio.Semaphore(2)
_hasher = PasswordHasher()
# Without letters and digits that a person mistakes for one another.
_LEGIVEIS = "".join(c for c in string.ascii_letters + string.digits if c not in "0Oo1lI")
# Of nobody: verifying against it takes as long as against a person's.
_DE_NINGUEM = _hasher.hash(secrets.token_hex(16))


async def hash_senha(senha: str) -> str:
    async with _vagas:
        return await asyncio.to_thread(_hasher.hash, senha)


async def verify_senha(senha: str, senha_hash: str | None) -> bool:
    """senha_hash None: there is no such person, which takes as long to say."""
    async with _vagas:
        return await asyncio.to_thread(_verify, senha, senha_hash or _DE_NINGUEM) and senha_hash is not None


def _verify(senha: str, senha_hash: str) -> bool:
    try:
        return _hasher.verify(senha_hash, senha)
    except (VerificationError, InvalidHashError):
        return False


def make_senha() -> str:
    """For one use, easy to read out: four groups of four."""
    return "-".join("".join(secrets.choice(_LEGIVEIS) for _ in range(4)) for _ in range(4))
