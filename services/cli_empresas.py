"""Commands of `canopus` about the offices of one installation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from services.usage import Grupo, do


@click.group(cls=Grupo)
def empresas() -> None:
    """Escritórios desta instalação, cada um com os seus dados."""


@empresas.command("criar")
@click.option("--codigo", required=True, help="Nome curto: letras minúsculas, números e hífen.")
@click.option("--nome", required=True)
@click.option("--admin-email", "email", required=True, help="De quem vai administrar o escritório.")
@click.option("--max-sessoes", type=click.IntRange(1, 1000), help="No portal, ao mesmo tempo; sem isso, sem limite.")
def criar_empresa(codigo: str, nome: str, email: str, max_sessoes: int | None) -> None:
    """Cria um escritório e o seu primeiro administrador, e mostra a senha provisória dele, só desta vez."""
    from services.gateway import admin_empresas
    from services.gateway.campos import check_email

    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,29}", codigo):
        raise click.BadParameter("até 30 letras minúsculas, números e hífen", param_hint="--codigo")
    if not 1 <= len(nome.strip()) <= 100:
        raise click.BadParameter("de 1 a 100 caracteres", param_hint="--nome")
    try:
        check_email(email)
    except ValueError as erro:
        raise click.BadParameter(str(erro), param_hint="--admin-email") from erro
    click.echo(do(admin_empresas.make_empresa(codigo, nome.strip(), email, max_sessoes)))


@empresas.command("listar")
@click.option("--json", "em_json", is_flag=True, help="Saída para programas.")
def listar_empresas(em_json: bool) -> None:
    """Lista os escritórios."""
    from services.gateway import admin_empresas

    linhas = do(admin_empresas.read_empresas())
    if em_json:
        click.echo(json.dumps(linhas, ensure_ascii=False))
        return
    for linha in linhas:
        limite = linha["max_sessoes"] or "sem limite"
        estado = "" if linha["ativa"] else "  (inativo)"
        click.echo(f"{linha['id']:>4}  {linha['codigo']:<30} {linha['nome']}  (sessões: {limite}){estado}")


@empresas.command("desativar")
@click.argument("codigo")
def desativar_empresa(codigo: str) -> None:
    """Desativa o escritório CODIGO: ninguém dele entra, e nada dele começa nem sai. O que está em andamento termina."""
    from services.gateway import admin_empresas

    do(admin_empresas.switch_empresa(codigo, ativa=False))
    click.echo(f"Escritório {codigo} desativado.", err=True)


@empresas.command("ativar")
@click.argument("codigo")
def ativar_empresa(codigo: str) -> None:
    """Ativa de novo o escritório CODIGO."""
    from services.gateway import admin_empresas

    do(admin_empresas.switch_empresa(codigo, ativa=True))
    click.echo(f"Escritório {codigo} ativado.", err=True)


@empresas.command("exportar")
@click.argument("codigo")
@click.argument("arquivo", type=click.Path(path_type=Path))
def exportar_empresa(codigo: str, arquivo: Path) -> None:
    """Guarda em ARQUIVO, um ZIP, tudo o que é do escritório CODIGO, menos senhas e chaves."""
    from services.gateway import admin_empresas

    feito = do(admin_empresas.export_empresa(codigo, arquivo))
    click.echo(f"Guardados em {arquivo}: {feito['linhas']} linhas, {feito['arquivos']} arquivos.")


@empresas.command("apagar")
@click.argument("codigo")
@click.option("--confirmar", required=True, help="O código outra vez: não tem volta.")
def apagar_empresa(codigo: str, confirmar: str) -> None:
    """Apaga o escritório CODIGO, com as suas pessoas, chaves, registros e arquivos. Não tem volta."""
    from services.gateway import admin_empresas

    if confirmar != codigo:
        raise click.BadParameter("repita o código do escritório", param_hint="--confirmar")
    feito = do(admin_empresas.erase_empresa(codigo))
    click.echo(f"Apagados: {feito['linhas']} linhas, {feito['arquivos']} arquivos.")
    click.echo("Cópias de segurança feitas antes ainda têm os dados. Reinicie o namer.", err=True)
