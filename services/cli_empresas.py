"""Commands of `canopus` about the offices of one installation."""

from __future__ import annotations

import json
import re

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
