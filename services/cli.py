"""The `canopus` command. Each command imports what it needs when it is called: a service's environment is enough."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from services.cli_agendamentos import agendamentos
from services.cli_dados import check_cpf, copia, espelho, planilhas, titular
from services.cli_empresas import empresas
from services.usage import Falha, Grupo, da_empresa, do
from shared.contrato import MesInvalido, parse_mes
from shared.lifecycle import Main, run
from shared.outcomes import find_desfecho
from shared.settings import ConfiguracaoInvalida


@click.group(cls=Grupo, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Canopus: baixa, confere, nomeia e arquiva os boletos dos clientes de um consórcio."""


def serve(servico: Main) -> None:
    """Run a service until a signal ends it."""
    sys.exit(run(servico))


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


@main.command()
def previsor() -> None:
    """Sobe só o previsor, sobre o RabbitMQ."""
    from services.previsor.__main__ import main as servico

    serve(servico)


# --- the database -----------------------------------------------------------------------------------------------------

_json = click.option("--json", "em_json", is_flag=True, help="Saída para programas.")
_empresa_do_ponto = click.option("--empresa", help="Código do escritório, se mais de um tem este ponto de venda.")


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
@da_empresa
def criar(nome: str, escopo: str, ponto_venda: str | None, empresa: str | None) -> None:
    """Cria uma chave e a mostra, só desta vez."""
    from services.gateway import admin

    if not 1 <= len(nome.strip()) <= 100:
        raise click.BadParameter("de 1 a 100 caracteres", param_hint="--nome")
    click.echo(do(admin.make_chave(nome.strip(), escopo, ponto_venda, empresa)))


@chaves.command()
@da_empresa
@_json
def listar(empresa: str | None, em_json: bool) -> None:
    """Lista as chaves, sem mostrá-las."""
    from services.gateway import admin

    linhas = do(admin.read_chaves_api(empresa))
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


@main.group()
def pessoas() -> None:
    """Quem entra no painel."""


@pessoas.command("criar")
@click.option("--email", required=True)
@click.option("--nome", required=True)
@click.option("--escopo", required=True, type=click.Choice(["admin", "operador", "leitura"]))
@click.option("--ponto-venda", "pontos_venda", multiple=True, help="Só este; repita para vários. Sem isso, todos.")
@da_empresa
def criar_pessoa(email: str, nome: str, escopo: str, pontos_venda: tuple[str, ...], empresa: str | None) -> None:
    """Cadastra uma pessoa e mostra a senha provisória, só desta vez."""
    from services.gateway import admin
    from services.gateway.campos import check_email

    try:
        check_email(email)
    except ValueError as erro:
        raise click.BadParameter(str(erro), param_hint="--email") from erro
    if not 1 <= len(nome.strip()) <= 100:
        raise click.BadParameter("de 1 a 100 caracteres", param_hint="--nome")
    click.echo(do(admin.make_pessoa(email, nome.strip(), escopo, pontos_venda, empresa)))


@pessoas.command("listar")
@da_empresa
@_json
def listar_pessoas(empresa: str | None, em_json: bool) -> None:
    """Lista as pessoas."""
    from services.gateway import admin

    linhas = do(admin.read_pessoas(empresa))
    if em_json:
        click.echo(json.dumps(linhas, ensure_ascii=False))
        return
    for linha in linhas:
        onde = "todos" if linha["pontos_venda"] is None else ", ".join(linha["pontos_venda"])
        click.echo(f"{linha['id']:>4}  {linha['escopo']:<9} {onde:<12} {linha['email']}  {linha['nome']}")


@pessoas.command("senha")
@click.argument("email")
def dar_senha(email: str) -> None:
    """Dá a EMAIL uma senha provisória; as sessões dela terminam."""
    from services.gateway import admin

    click.echo(do(admin.reset_senha(email)))


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
    """Cifra de novo todas as senhas e segredos com a primeira chave. Os serviços já devem conhecê-la."""
    from services.gateway import admin

    quantas = do(admin.rotate_senhas())
    click.echo(
        json.dumps({"quantidade": quantas})
        if em_json
        else f"{quantas} senhas e segredos cifrados com a primeira chave."
    )


# --- the portal -------------------------------------------------------------------------------------------------------


@main.group()
def portal() -> None:
    """O portal da administradora: testar o real, simular um."""


@portal.command()
@click.option("--ponto-venda", required=True, help="De quem é a credencial.")
@_empresa_do_ponto
@click.option("--visivel", is_flag=True, help="Mostra a janela do navegador.")
@_json
def testar(ponto_venda: str, empresa: str | None, visivel: bool, em_json: bool) -> None:
    """Percorre o portal passo a passo, com a credencial guardada; não baixa nada."""
    passos = do(_walk(ponto_venda, empresa, visivel, em_json))
    if not all(passo["ok"] for passo in passos):
        sys.exit(1)


async def _walk(ponto_venda: str, empresa: str | None, visivel: bool, em_json: bool) -> list[dict[str, Any]]:
    from services.terminal import walk_ponto_venda

    passos = []
    async for passo, codigo in walk_ponto_venda(ponto_venda, empresa, visivel=visivel):
        passos.append(passo.model_dump())
        if not em_json:
            click.echo(f"{'✓' if passo.ok else '✗'} {passo.passo} ({passo.duracao_s:.1f} s): {passo.detalhe}")
        if codigo and not em_json:
            click.echo(f"  {find_desfecho(codigo).texto}")
    if em_json:
        click.echo(json.dumps(passos, ensure_ascii=False))
    return passos


@portal.command()
@click.option("--porta", type=click.IntRange(0, 65535), default=8900, show_default=True)
@click.option("--cenario", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Arquivo TOML.")
@click.option("--host", envvar="CANOPUS_HOST", default="127.0.0.1", show_default=True, help="Onde ouvir.")
def simular(porta: int, cenario: Path | None, host: str) -> None:
    """Sobe o portal simulado, com pessoas inventadas."""
    try:
        from tests.simulator import run_simulador
    except ImportError as erro:
        raise Falha(f"o simulador não está instalado aqui ({erro.name}): use `make setup`.") from erro

    try:
        run_simulador(porta, cenario, host=host)
    except ValueError as erro:
        motivo = " ".join(str(erro).split())
        raise Falha(f"{cenario}: o cenário não pode ser lido: {motivo}") from erro
    except OSError as erro:
        raise Falha(f"não se pode ouvir na porta {porta}: use outra em --porta.") from erro


# --- one client -------------------------------------------------------------------------------------------------------


def _check_mes(_: click.Context, __: click.Parameter, valor: str | None) -> int | None:
    try:
        return None if valor is None else parse_mes(valor)
    except MesInvalido as erro:
        raise click.BadParameter(str(erro)) from erro


@main.command()
@click.option("--ponto-venda", required=True)
@click.option("--cpf", required=True, callback=check_cpf, help="CPF ou CNPJ.")
@click.option("--mes", callback=_check_mes, help="1 a 12, ou o nome; sem isso, a próxima parcela.")
@click.option("--ano", type=click.IntRange(2000, 2100))
@_empresa_do_ponto
@_json
def baixar(ponto_venda: str, cpf: str, mes: int | None, ano: int | None, empresa: str | None, em_json: bool) -> None:
    """Baixa o boleto de um cliente, mostrando cada passo."""
    from services.terminal import UmCliente, download_boleto

    def show(evento: dict[str, Any]) -> None:
        if em_json:
            return
        oque = evento["etapa"] if evento["evento"] == "cliente.etapa" else evento["status"]
        hora = datetime.fromisoformat(evento["em"]).astimezone()
        click.echo(f"{hora:%H:%M:%S}  {evento['evento']:<18} {oque}  {evento['codigo'] or ''}".rstrip())

    linhas = do(download_boleto(UmCliente(ponto_venda, cpf, mes, ano, empresa), show))
    if em_json:
        click.echo(json.dumps(linhas, ensure_ascii=False, default=str))
    for linha in [] if em_json else linhas:
        click.echo(f"{linha['nome'] or linha['cpf']}: {linha['status']}  {linha['arquivo'] or linha['mensagem'] or ''}")
    if any(linha["status"] in ("erro", "cpf_nao_encontrado", "cancelado") for linha in linhas):
        sys.exit(1)


for grupo in (agendamentos, copia, empresas, espelho, planilhas, titular):
    main.add_command(grupo)

if __name__ == "__main__":
    main()
