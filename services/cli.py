"""The `canopus` command. Each command imports what it needs when it is called: a service's environment is enough."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from typing import IO, Any, TypeVar

import click

from shared.lifecycle import Main, run
from shared.settings import ConfiguracaoInvalida

T = TypeVar("T")


class Falha(click.ClickException):
    """One line on stderr; exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"canopus: {self.message}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Canopus: baixa, confere, nomeia e arquiva os boletos dos clientes de um consórcio."""


def serve(servico: Main) -> None:
    """Run a service until a signal ends it."""
    sys.exit(run(servico))


def do(trabalho: Coroutine[Any, Any, T]) -> T:
    """Run a piece of work to its end; a wrong setting or a refusal becomes one line."""
    from services.gateway.admin import Falhou

    try:
        return asyncio.run(trabalho)
    except (ConfiguracaoInvalida, Falhou) as erro:
        raise Falha(str(erro)) from erro


# --- services ---------------------------------------------------------------------------------------------------------


@main.command()
def up() -> None:
    """Sobe o sistema inteiro num processo."""
    from services.up import main as servico

    serve(servico)


@main.command()
def gateway() -> None:
    """Sobe só o gateway, sobre o RabbitMQ."""
    from services.gateway.__main__ import main as servico

    serve(servico)


@main.command()
def scraper() -> None:
    """Sobe só um scraper, sobre o RabbitMQ."""
    from services.scraper.__main__ import main as servico

    serve(servico)


@main.command()
def namer() -> None:
    """Sobe só um namer, sobre o RabbitMQ."""
    from services.namer.__main__ import main as servico

    serve(servico)


# --- the database -----------------------------------------------------------------------------------------------------

_json = click.option("--json", "em_json", is_flag=True, help="Saída para programas.")


@main.command()
@_json
def migrate(em_json: bool) -> None:
    """Atualiza o esquema do banco."""
    from services.gateway import admin

    aplicadas = do(admin.migrate())
    if em_json:
        click.echo(json.dumps({"aplicadas": aplicadas}))
    else:
        click.echo(f"Aplicadas: {', '.join(aplicadas)}." if aplicadas else "O esquema já está em dia.")


@main.group()
def chaves() -> None:
    """Chaves de acesso à API."""


@chaves.command()
@click.option("--nome", required=True, help="De quem é a chave.")
@click.option("--escopo", required=True, type=click.Choice(["admin", "operador", "leitura"]))
@click.option("--ponto-venda", help="Só este ponto de venda; sem isso, todos.")
def criar(nome: str, escopo: str, ponto_venda: str | None) -> None:
    """Cria uma chave e a mostra, só desta vez."""
    from services.gateway import admin

    if not 1 <= len(nome.strip()) <= 100:
        raise click.BadParameter("de 1 a 100 caracteres", param_hint="--nome")
    click.echo(do(admin.make_chave(nome.strip(), escopo, ponto_venda)))


@chaves.command()
@_json
def listar(em_json: bool) -> None:
    """Lista as chaves, sem mostrá-las."""
    from services.gateway import admin

    linhas = do(admin.read_chaves_api())
    if em_json:
        click.echo(json.dumps(linhas, ensure_ascii=False))
        return
    for linha in linhas:
        estado = "revogada" if linha["revogada_em"] else f"usada em {linha['usada_em'] or 'nunca'}"
        click.echo(
            f"{linha['id']:>4}  {linha['escopo']:<9} {linha['ponto_venda'] or 'todos':<10} {linha['nome']}  ({estado})"
        )


@chaves.command()
@click.argument("id", type=click.IntRange(1, 2**31 - 1))
def revogar(id: int) -> None:
    """Revoga a chave de número ID; sockets abertos com ela fecham em segundos."""
    from services.gateway import admin

    do(admin.end_chave(id))
    click.echo(f"Chave {id} revogada.", err=True)


@main.group("chaves-fernet")
def chaves_fernet() -> None:
    """Chaves que cifram as senhas do portal."""


@chaves_fernet.command()
def nova() -> None:
    """Põe uma chave nova na frente das outras."""
    from services.gateway import admin

    try:
        quantas = admin.add_chave_fernet()
    except (ConfiguracaoInvalida, admin.Falhou) as erro:
        raise Falha(str(erro)) from erro
    click.echo(f"{quantas} chaves. Reinicie os serviços e depois use `canopus chaves-fernet rodar`.", err=True)


@chaves_fernet.command()
@_json
def rodar(em_json: bool) -> None:
    """Cifra de novo todas as senhas com a primeira chave. Os serviços já devem conhecê-la."""
    from services.gateway import admin

    quantas = do(admin.rotate_senhas())
    click.echo(json.dumps({"quantidade": quantas}) if em_json else f"{quantas} senhas cifradas com a primeira chave.")


# --- the portal -------------------------------------------------------------------------------------------------------


@main.group()
def portal() -> None:
    """O portal da administradora: testar o real, simular um."""


if __name__ == "__main__":
    main()
