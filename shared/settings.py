"""Settings from the environment, common to the services; a wrong one stops the start with one line that names it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIXO = "CANOPUS_"
# Docker and compose mount secrets here, one file a setting, named as the variable in lower case.
PASTA_SEGREDOS = Path("/run/secrets")

_ESQUEMAS_ARQUIVOS = ("file://", "s3://", "s3a://", "gs://", "az://", "abfs://", "abfss://", "azure://")


class ConfiguracaoInvalida(Exception):
    """One line in pt-BR that names the setting and the remedy."""


def _check_storage(url: str) -> str:
    if not url.startswith(_ESQUEMAS_ARQUIVOS):
        raise ValueError("use file:///caminho, s3://bucket/prefixo, gs://… ou az://…")
    return url


def _check_amqp(url: str) -> str:
    remedio = "use amqp://usuario:senha@servidor:5672/"
    try:
        partes = urlsplit(url)
        inteira = partes.scheme in ("amqp", "amqps") and partes.hostname and partes.port != 0
    except ValueError as erro:  # a port that is none
        raise ValueError(remedio) from erro
    if not inteira:
        raise ValueError(remedio)
    return url


class Settings(BaseSettings):
    """What every service reads. Each service adds its own in its `settings.py`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIXO, frozen=True, extra="ignore", secrets_dir=PASTA_SEGREDOS if PASTA_SEGREDOS.is_dir() else None
    )

    data_dir: Path = Path("dados")
    amqp_url: Annotated[str, AfterValidator(_check_amqp)] | None = Field(default=None, repr=False)
    storage_url: Annotated[str, AfterValidator(_check_storage)] | None = None
    fernet_keys: str | None = Field(default=None, repr=False)
    log_formato: Literal["texto", "json"] = "texto"
    log_nivel: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def files_url(self) -> str:
        return self.storage_url or (self.data_dir / "downloads").resolve().as_uri()


S = TypeVar("S", bound=Settings)


def load_settings(cls: type[S]) -> S:
    """Read the environment, or raise ConfiguracaoInvalida. Empty variables count as absent."""
    try:
        return cls(_env_ignore_empty=True)
    except ValidationError as erro:
        primeiro = erro.errors(include_input=False, include_url=False)[0]
        nome = PREFIXO + str(primeiro["loc"][0]).upper() if primeiro["loc"] else PREFIXO.rstrip("_")
        raise ConfiguracaoInvalida(f"{nome}: valor inválido: {_explain(primeiro)}.") from erro


def _explain(erro: ErrorDetails) -> str:
    """What would be right, in pt-BR; never the value itself, which may be a secret."""
    contexto = erro.get("ctx", {})
    match erro["type"]:
        case "value_error":
            return str(contexto["error"])
        case "literal_error":
            return f"use um destes: {str(contexto['expected']).replace(' or ', ', ').replace(chr(39), '')}"
        case "greater_than_equal":
            return f"use no mínimo {contexto['ge']}"
        case "greater_than":
            return f"use mais que {contexto['gt']:g}"
        case "less_than_equal":
            return f"use no máximo {contexto['le']}"
        case tipo if tipo.startswith("int"):
            return "use um número inteiro"
        case tipo if tipo.startswith("float"):
            return "use um número"
        case tipo if tipo.startswith("bool"):
            return "use true ou false"
        case _:
            return "veja o README"


def stop_with(mensagem: str) -> None:
    """End the process the way a wrong setting does: one line on stderr, exit code 1."""
    sys.stderr.write(f"canopus: {mensagem}\n")
    raise SystemExit(1)
