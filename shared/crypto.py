"""The Fernet key ring for portal passwords: the first key encrypts, all decrypt. And what an RSA key signs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.settings import ConfiguracaoInvalida

ARQUIVO_CHAVES = "chaves_fernet"
_ESPERA_S = 0.5
# Of 4096 bits it has 3272.
_PEM_CARACTERES = 4_000


class ChaveInvalida(ValueError):
    """A key is malformed, or no key of the ring opens the text."""


class Chaveiro:
    """`chaves`: comma-separated Fernet keys. Raises ChaveInvalida without ever quoting a key."""

    def __init__(self, chaves: str) -> None:
        partes = [parte.strip() for parte in chaves.split(",") if parte.strip()]
        try:
            self._fernet = MultiFernet([Fernet(parte) for parte in partes])
        except ValueError as erro:
            raise ChaveInvalida(
                "não é uma lista de chaves Fernet (32 bytes em base64, separadas por vírgula)"
            ) from erro

    def encrypt(self, texto: str) -> str:
        return self._fernet.encrypt(texto.encode()).decode()

    def decrypt(self, cifrado: str) -> str:
        try:
            return self._fernet.decrypt(cifrado.encode()).decode()
        except InvalidToken as erro:
            raise ChaveInvalida("nenhuma das chaves abre este texto cifrado") from erro

    def rotate(self, cifrado: str) -> str:
        """Encrypt again with the first key."""
        try:
            return self._fernet.rotate(cifrado.encode()).decode()
        except InvalidToken as erro:
            raise ChaveInvalida("nenhuma das chaves abre este texto cifrado") from erro


@contextmanager
def _name_pasta() -> Iterator[None]:
    """Around what touches the key file, which another user's process may not. Raises ConfiguracaoInvalida."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as erro:
        raise ConfiguracaoInvalida(
            f"CANOPUS_DATA_DIR: o arquivo {ARQUIVO_CHAVES} desta pasta não se deixa ler ou gravar "
            f"({type(erro).__name__}). Confira a pasta e as permissões."
        ) from erro


@_name_pasta()
def create_chaves(data_dir: Path) -> str:
    """Read the keys of this installation, making them once, durably, mode 0600; two starters agree on one file."""
    caminho = data_dir / ARQUIVO_CHAVES
    data_dir.mkdir(parents=True, exist_ok=True)
    if not caminho.exists():
        novo = caminho.with_name(f".{ARQUIVO_CHAVES}.{os.getpid()}")
        descritor = os.open(novo, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descritor, "w") as arquivo:
            arquivo.write(Fernet.generate_key().decode() + "\n")
            arquivo.flush()
            os.fsync(arquivo.fileno())
        try:
            # link() fails where the name exists: whoever comes second takes the first one's key.
            os.link(novo, caminho)
        except FileExistsError:
            pass
        finally:
            novo.unlink()
        _fsync_dir(data_dir)
    return read_chaves(caminho)


async def wait_for_chaves(data_dir: Path, limite_s: float = 30.0) -> str | None:
    """The keys another process makes at its first start; None when they did not come in time."""
    for _ in range(max(1, round(limite_s / _ESPERA_S))):
        if (chaves := find_chaves(data_dir)) is not None:
            return chaves
        await asyncio.sleep(_ESPERA_S)
    return None


@_name_pasta()
def find_chaves(data_dir: Path) -> str | None:
    """None: this installation has none yet."""
    caminho = data_dir / ARQUIVO_CHAVES
    return read_chaves(caminho) if caminho.exists() else None


@_name_pasta()
def read_chaves(caminho: Path) -> str:
    """One key a line, the newest first; returned comma-separated."""
    return ",".join(caminho.read_text().split())


@_name_pasta()
def write_chaves(data_dir: Path, chaves: str) -> None:
    """Replace the key file atomically (after a rotation)."""
    novo = data_dir / f".{ARQUIVO_CHAVES}.{os.getpid()}"
    descritor = os.open(novo, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descritor, "w") as arquivo:
        arquivo.write("\n".join(chaves.split(",")) + "\n")
        arquivo.flush()
        os.fsync(arquivo.fileno())
    novo.replace(data_dir / ARQUIVO_CHAVES)
    _fsync_dir(data_dir)


def sign_rs256(chave_pem: str, dados: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256, as a JWT's RS256. Raises ChaveInvalida."""
    return _load_rsa(chave_pem).sign(dados, PKCS1v15(), SHA256())


@lru_cache(maxsize=32)
def _load_rsa(chave_pem: str) -> RSAPrivateKey:
    """To check a key takes 40 ms, 0.3 s at 4096 bits, seconds beyond: it is done once, and not for what is larger."""
    if len(chave_pem) > _PEM_CARACTERES:
        raise ChaveInvalida("passa de 4096 bits")
    try:
        chave = load_pem_private_key(chave_pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as erro:
        raise ChaveInvalida("não é uma chave privada em PEM, sem senha") from erro
    if not isinstance(chave, RSAPrivateKey):
        raise ChaveInvalida("não é uma chave RSA")
    return chave


def _fsync_dir(pasta: Path) -> None:
    descritor = os.open(pasta, os.O_RDONLY)
    try:
        os.fsync(descritor)
    finally:
        os.close(descritor)
