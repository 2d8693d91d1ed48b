"""Field types of the register's bodies: what each accepts, how it is tidied, and why it is refused."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from services.gateway.links import parse_link
from shared.contrato import fold, fold_codigo, parse_documento

# Names that Windows keeps for devices: the folders are opened there too.
_RESERVADOS = {"CON", "PRN", "AUX", "NUL", *(f"{porta}{n}" for porta in ("COM", "LPT") for n in range(1, 10))}
_PROIBIDOS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def _tidy(valor: Any) -> Any:
    """Blanks at the ends are typing noise, and letters are composed (NFC), so that equal texts are equal."""
    return unicodedata.normalize("NFC", valor).strip() if isinstance(valor, str) else valor


def _blank_as_none(valor: Any) -> Any:
    return _tidy(valor) or None if isinstance(valor, str) else valor


def _refuse_null(valor: Any) -> Any:
    if valor is None:
        raise ValueError("não pode ser null: tire o campo para deixá-lo como está")
    return valor


def _check_linha(texto: str) -> str:
    if any(unicodedata.category(c) == "Cc" for c in texto):
        raise ValueError("não pode ter quebras de linha nem caracteres de controle")
    return texto


def _check_codigo(codigo: str) -> str:
    if not fold_codigo(codigo) or not re.fullmatch(r"[0-9A-Za-z.\-/ ]+", codigo):
        raise ValueError("use letras e números, como 17.308")
    return codigo


def parse_url_base(texto: str) -> str:
    """An http(s) origin, optionally with the virtual root, without the slash at its end. Raises ValueError."""
    try:
        partes = urlsplit(texto)
        porta = partes.port
    except ValueError as erro:
        raise ValueError("endereço inválido: use https://servidor ou https://servidor/WWW") from erro
    if partes.scheme not in ("http", "https") or not partes.hostname:
        raise ValueError("use um endereço http:// ou https://, como https://servidor ou https://servidor/WWW")
    if not re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", partes.hostname):
        raise ValueError("servidor inválido: use https://servidor ou https://servidor/WWW")
    if partes.username is not None or partes.password is not None:
        raise ValueError("não ponha usuário nem senha no endereço: eles ficam na credencial")
    if "?" in texto or "#" in texto:
        raise ValueError("use só o endereço do servidor e a pasta, sem ? nem #")
    caminho = partes.path.rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", caminho) or {".", ".."} & set(caminho.split("/")):
        raise ValueError("a pasta do endereço só pode ter letras, números, ponto, hífen e sublinhado")
    if caminho.lower().endswith((".aspx", ".asp", ".html")):
        raise ValueError("use o endereço do servidor e a pasta, sem o nome da página")
    servidor = f"[{partes.hostname}]" if ":" in partes.hostname else partes.hostname
    return f"{partes.scheme}://{servidor}{f':{porta}' if porta is not None else ''}{caminho}"


def check_email(texto: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", texto):
        raise ValueError("e-mail inválido: use nome@servidor.com.br")
    if len(texto.lower()) > 150:  # as people's are kept: some letters grow
        raise ValueError("e-mail longo demais: no máximo 150 caracteres")
    return texto


def _check_link(texto: str) -> str:
    parse_link(texto)
    return texto


def _check_telefone(texto: str) -> str:
    if not re.fullmatch(r"[0-9+() .-]+", texto) or not 10 <= len(re.sub(r"\D", "", texto)) <= 15:
        raise ValueError("telefone inválido: use DDD e número, como (67) 99999-0000")
    return texto


def _check_pasta(texto: str) -> str:
    if texto != clean_pasta(texto) or fold(texto).startswith("INTERNO"):
        raise ValueError("nome de pasta inválido: sem barras, dois-pontos ou reticências, e diferente de _interno")
    return texto


def clean_pasta(nome: str) -> str:
    """A name as one folder's name on every system: never a path, never a reserved name, at most 100 characters."""
    limpo = " ".join(_PROIBIDOS.sub(" ", unicodedata.normalize("NFC", nome)).split())[:100].strip(". ")
    return f"{limpo} -" if limpo.split(".")[0].upper() in _RESERVADOS else limpo or "sem nome"


def _check_perfil(texto: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", texto):
        raise ValueError("perfil inválido: use letras minúsculas e números, como canopus")
    return texto


Linha = Annotated[str, BeforeValidator(_tidy), AfterValidator(_check_linha)]
Nome = Annotated[Linha, Field(min_length=1, max_length=150)]
Codigo = Annotated[Linha, Field(min_length=1, max_length=20), AfterValidator(_check_codigo)]
UrlBase = Annotated[Linha, Field(max_length=255), AfterValidator(parse_url_base)]
Perfil = Annotated[Linha, Field(max_length=50), AfterValidator(_check_perfil)]
Pasta = Annotated[Linha, Field(min_length=1, max_length=100), AfterValidator(_check_pasta)]
Documento = Annotated[Linha, AfterValidator(parse_documento)]

# A password is taken as it is typed, blanks included.
Senha = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_check_linha)]
Texto = Annotated[str, BeforeValidator(_tidy), Field(max_length=4000)]
PontoVenda = Annotated[Linha, Field(min_length=1, max_length=20)]

T = TypeVar("T")
# A field of a PATCH: absent, it stays as it is; null is no value for it.
Mudado = Annotated[T | None, AfterValidator(_refuse_null)]

# Absent, null and blank all mean none.
Email = Annotated[
    Annotated[Linha, Field(max_length=150), AfterValidator(check_email)] | None, BeforeValidator(_blank_as_none)
]
Telefone = Annotated[
    Annotated[Linha, Field(max_length=20), AfterValidator(_check_telefone)] | None, BeforeValidator(_blank_as_none)
]
Cor = Annotated[Annotated[Linha, Field(max_length=20)] | None, BeforeValidator(_blank_as_none)]
LinkDrive = Annotated[
    Annotated[Linha, Field(max_length=500), AfterValidator(_check_link)] | None, BeforeValidator(_blank_as_none)
]
