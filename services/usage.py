"""What click says by itself, in pt-BR: wrong usage and failures in one line, and the frame of the help pages."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, TypeVar

import click

from shared.settings import ConfiguracaoInvalida

T = TypeVar("T")

da_empresa = click.option("--empresa", help="Código do escritório; sem isso, o primeiro.")

_AJUDA = {
    "Options": "Opções",
    "Commands": "Comandos",
    "[OPTIONS]": "[OPÇÕES]",
    "COMMAND [ARGS]...": "COMANDO [ARGUMENTOS]…",
    "INTEGER RANGE": "NÚMERO",
    "TEXT": "TEXTO",
    "FILE": "ARQUIVO",
    "[required]": "[obrigatório]",
    "[default: ": "[padrão: ",
    "Show this message and exit.": "Mostra esta ajuda.",
}


def _translate(texto: str) -> str:
    for ingles, portugues in _AJUDA.items():
        texto = texto.replace(ingles, portugues)
    return texto


class Ajuda(click.HelpFormatter):
    """Click's help pages, their own words in pt-BR."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _translate(args), "Uso: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(_translate(heading))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(_translate(nome), _translate(texto)) for nome, texto in rows], col_max, col_spacing)


class Contexto(click.Context):
    formatter_class = Ajuda


class Falha(click.ClickException):
    """One line on stderr; exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"canopus: {self.message}", err=True)


def do(trabalho: Coroutine[Any, Any, T]) -> T:
    """Run a piece of work to its end; a wrong setting or a refusal becomes one line."""
    from services.gateway.admin import Falhou

    try:
        return asyncio.run(trabalho)
    except (ConfiguracaoInvalida, Falhou) as erro:
        raise Falha(str(erro)) from erro


class UsoErrado(click.UsageError):
    """One line on stderr; exit code 2."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"canopus: {self.message}", err=True)


class Comando(click.Command):
    context_class = Contexto


class Grupo(click.Group):
    """A group of commands; what is wrong in it, or below it, is told in one line."""

    context_class = Contexto
    command_class = Comando
    group_class = type

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _one_line():
            return super().invoke(ctx)


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except (UsoErrado, click.exceptions.NoArgsIsHelpError):
        raise
    except click.UsageError as erro:
        onde = erro.ctx.command_path if erro.ctx else "canopus"
        raise UsoErrado(f"{_explain(erro)}. Veja {onde} --help.") from erro


def _explain(erro: click.UsageError) -> str:
    match erro:
        case click.NoSuchOption():
            return f"opção desconhecida: {erro.option_name}"
        case click.NoSuchCommand():
            return f"comando desconhecido: {erro.command_name}"
        case click.MissingParameter():
            return f"falta {_name(erro)}"
        case click.BadParameter():
            return f"{_name(erro)}: {_remedy(erro)}"
        case click.BadOptionUsage() if "requires" in erro.message:
            return f"{erro.option_name}: falta o valor"
        case click.BadOptionUsage():
            return f"{erro.option_name} não leva valor"
        case _:
            return "há argumentos demais"


def _name(erro: click.BadParameter) -> str:
    if isinstance(erro.param, click.Option):
        return erro.param.opts[0]
    return erro.param.human_readable_name if erro.param else str(erro.param_hint)


def _remedy(erro: click.BadParameter) -> str:
    """Our own checks tell it in pt-BR themselves; of click's own, the type does."""
    match erro.param.type if erro.param else None:
        case click.Choice() as escolha:
            return f"use um destes: {', '.join(map(str, escolha.choices))}"
        case click.IntRange() as faixa:
            return f"use um número de {faixa.min} a {faixa.max}"
        case click.Path():
            return "não há um arquivo que se possa ler neste caminho"
        case _:
            return erro.message.rstrip(".")
