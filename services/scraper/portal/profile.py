"""The portal profile: everything that one administrator's installation changes, read from TOML and checked at start."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.contrato import fold

PASTA_PERFIS = Path(__file__).parent / "profiles"


class PerfilInvalido(Exception):
    """One line in pt-BR that names the profile and the entry."""


def _check_regex(texto: str) -> str:
    try:
        re.compile(texto)
    except re.error as erro:
        raise ValueError(f"não é uma expressão regular: {erro}") from erro
    return texto


def _fold_all(textos: tuple[str, ...]) -> tuple[str, ...]:
    dobrados = tuple(fold(texto) for texto in textos)
    if not all(dobrados):
        raise ValueError("um texto sem letras nem números casaria com tudo")
    return dobrados


Regex = Annotated[str, AfterValidator(_check_regex)]
# Compared folded (case, accents and punctuation aside), from the start of a word on: `bloquead` finds `bloqueado`.
Textos = Annotated[tuple[str, ...], AfterValidator(_fold_all)]


class Parte(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Alvo(Parte):
    """A control: by its id, else by the id's end (installations change the prefix), else by what it says."""

    id: str = Field(min_length=2)
    textos: Textos = ()

    @property
    def sufixo(self) -> str:
        return self.id.removeprefix("ctl00_").removeprefix("Conteudo_")


class Controles(Parte):
    """Of the pages in the order a contract meets them (portal.md §1)."""

    usuario: Alvo
    senha: Alvo
    entrar: Alvo
    atendimento: Alvo
    busca_avancada: Alvo
    grupo: Alvo
    cota: Alvo
    versao: Alvo
    localizar: Alvo
    criterio: Alvo
    contexto: Alvo
    buscar: Alvo
    confirmar: Alvo
    cobranca: Alvo
    tipo_emissao: Alvo
    pendencias: Alvo
    emitir: Alvo
    relatorio_tipo: Alvo
    relatorio_salvar: Alvo
    sair: Alvo


class Rotulos(Parte):
    """Ids of what is read, not pressed; the end of an id is enough."""

    mensagens: tuple[str, ...]
    grade_busca: Alvo
    linha_cota: str
    linha_contrato: str
    linha_nome: str
    linha_situacao: str
    cliente_cota: Alvo
    cliente_contrato: Alvo
    grade_cobranca: Alvo
    cobranca_cota: Alvo
    marca: str
    marca_ligada: str


class Paginas(Parte):
    """Paths under the virtual root. login: tried in order, the next when one cannot be reached."""

    login: tuple[str, ...] = Field(min_length=1)
    inicio: str
    identificacao: str
    busca: str
    atendimento: str
    cobranca: str
    impressao: Regex


class Dizeres(Parte):
    """What the portal's pages say, by what it means."""

    titulo_login: Textos
    dentro: Textos
    captcha: Textos
    captcha_ids: tuple[str, ...] = ()
    bloqueado: Textos
    ameaca: Textos = ()
    trocar_senha: Textos
    trocar_senha_ids: tuple[str, ...] = ()
    termos: Textos
    token: Textos
    token_ids: tuple[str, ...] = ()
    outro_login_ids: tuple[str, ...] = ()
    unidade_id: Regex
    firewall: Textos
    erro_interno: Textos
    derrubada: Textos
    expirada: Textos
    sem_permissao: Textos
    sem_registro: Textos


class Situacoes(Parte):
    """inativas: a situation with a word that begins so has no boleto."""

    inativas: Textos


class Historicos(Parte):
    """parcela: what a real instalment's histórico contains. exceto: words that make it something else."""

    parcela: Textos
    exceto: Textos = ()


class Criterio(Parte):
    """valor: the option's value; textos: what the option says, where the value is not known."""

    valor: str | None = None
    textos: Textos


class Esperas(Parte):
    """Seconds. reacao: from a click to the request it makes. janela: from emission to the print page's request."""

    navegacao_s: float = Field(gt=0)
    reacao_s: float = Field(gt=0)
    janela_s: float = Field(gt=0)
    pdf_s: float = Field(gt=0)
    fechar_s: float = Field(gt=0)


class Perfil(Parte):
    nome: str
    raiz: str = Field(pattern=r"^/([\w.-]+/)*$")
    usuario_digitos: int = Field(ge=0, le=32)
    ritmo_ms: int = Field(ge=0)
    tipo_boleto: str
    busca_por_cota: bool = False
    pular_recursos: tuple[Literal["image", "stylesheet", "font", "media"], ...] = ()
    paginas: Paginas
    controles: Controles
    rotulos: Rotulos
    dizeres: Dizeres
    situacoes: Situacoes
    historicos: Historicos
    criterio_cpf: Criterio
    criterio_cnpj: Criterio
    esperas: Esperas

    def base(self, url_base: str) -> str:
        """`url_base` is an origin, optionally with the virtual root; the answer ends in a slash."""
        partes = urlsplit(url_base)
        raiz = partes.path.rstrip("/") + "/"
        return f"{partes.scheme}://{partes.netloc}{self.raiz if raiz == '/' else raiz}"

    def pad_usuario(self, usuario: str) -> str:
        """`17.308` → `0000017308`: the portal refuses an unpadded code without a word. Names stay as they are."""
        limpo = usuario.strip()
        digitos = re.sub(r"[.\s/-]", "", limpo)
        return digitos.zfill(self.usuario_digitos) if digitos.isdecimal() else limpo


def says(texto: str, textos: Textos) -> bool:
    """Whether a text says one of these; a match begins at a word, so that `captcha` is not found in `reCAPTCHA`."""
    dobrado = f" {fold(texto)}"
    return any(f" {procurado}" in dobrado for procurado in textos)


def load_perfil(nome: str) -> Perfil:
    """Read `profiles/<nome>.toml`. Raises PerfilInvalido."""
    caminho = PASTA_PERFIS / f"{nome}.toml"
    if not re.fullmatch(r"[\w-]+", nome) or not caminho.is_file():
        conhecidos = ", ".join(list_perfis())
        raise PerfilInvalido(f"Perfil de portal {nome!r} não existe. Use um destes: {conhecidos}.")
    return parse_perfil(caminho.read_text(encoding="utf-8"), nome)


def parse_perfil(texto: str, nome: str) -> Perfil:
    try:
        return Perfil.model_validate(tomllib.loads(texto))
    except tomllib.TOMLDecodeError as erro:
        raise PerfilInvalido(f"Perfil de portal {nome!r}: não é TOML válido ({erro}).") from erro
    except ValidationError as erro:
        primeiro = erro.errors(include_url=False)[0]
        onde = ".".join(str(parte) for parte in primeiro["loc"])
        raise PerfilInvalido(f"Perfil de portal {nome!r}: {onde}: {primeiro['msg']}.") from erro


def list_perfis() -> list[str]:
    return sorted(caminho.stem for caminho in PASTA_PERFIS.glob("*.toml"))
