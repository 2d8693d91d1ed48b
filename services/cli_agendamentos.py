"""Commands of `canopus` about schedules: downloads that begin by themselves."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from services.usage import Grupo, da_empresa, do

_json = click.option("--json", "em_json", is_flag=True, help="Saída para programas.")
_id = click.argument("id", type=click.IntRange(1, 2**31 - 1))


@click.group(cls=Grupo)
def agendamentos() -> None:
    """Downloads que começam sozinhos. Quem os dispara é o sistema no ar."""


@agendamentos.command("listar")
@da_empresa
@_json
def listar_agendamentos(empresa: str | None, em_json: bool) -> None:
    """Lista os agendamentos e o próximo disparo de cada um."""
    from services.gateway import admin_agendamentos as admin

    linhas = do(admin.read_agendamentos(empresa))
    if em_json:
        click.echo(json.dumps(linhas, ensure_ascii=False))
        return
    for linha in linhas:
        _show(linha)


@agendamentos.command("criar")
@click.option("--nome", required=True)
@click.option("--ponto-venda", required=True)
@click.option("--mes", required=True, type=click.Choice(["atual", "proximo"]), help="De qual mês são os boletos.")
@click.option("--dia", type=click.IntRange(1, 31), help="Dia do mês, de 1 a 31.")
@click.option("--dia-util", type=click.IntRange(1, 23), help="Número do dia útil do mês, de 1 a 23.")
@click.option("--dias", help="Dias da semana: segunda,quarta,sexta.")
@click.option("--cron", help="Cinco campos entre aspas, como '0 8 5 * *'; dispensa --hora.")
@click.option("--hora", help="Hora e minutos, como 08:00.")
@click.option("--fuso", help="Nome do fuso; sem isso, America/Sao_Paulo.")
@click.option("--consultor", help="Só os contratos deste consultor, por nome ou número.")
@click.option(
    "--perdidos",
    type=click.Choice(["recuperar", "pular"]),
    help="O que passou com o sistema parado; recuperar, se falta.",
)
@da_empresa
@_json
def criar_agendamento(empresa: str | None, em_json: bool, **opcoes: Any) -> None:
    """Cria um agendamento: uma regra entre --dia, --dia-util, --dias e --cron."""
    from services.gateway import admin_agendamentos as admin

    corpo = {nome: opcoes[nome] for nome in ("nome", "ponto_venda", "mes", "fuso", "consultor", "perdidos")}
    corpo = {nome: valor for nome, valor in corpo.items() if valor is not None} | {"regra": _read_regra(opcoes)}
    linha = do(admin.make_agendamento(corpo, empresa))
    if em_json:
        click.echo(json.dumps(linha, ensure_ascii=False))
    else:
        _show(linha)


@agendamentos.command("pausar")
@_id
@da_empresa
def pausar_agendamento(id: int, empresa: str | None) -> None:
    """Pausa o agendamento de número ID."""
    from services.gateway import admin_agendamentos as admin

    do(admin.pause_agendamento(id, empresa))
    click.echo(f"Agendamento {id} pausado.", err=True)


@agendamentos.command("retomar")
@_id
@da_empresa
def retomar_agendamento(id: int, empresa: str | None) -> None:
    """Retoma o agendamento de número ID; o que a pausa cobriu não é recuperado."""
    from services.gateway import admin_agendamentos as admin

    do(admin.resume_agendamento(id, empresa))
    click.echo(f"Agendamento {id} retomado.", err=True)


@agendamentos.command("executar")
@_id
@da_empresa
def executar_agendamento(id: int, empresa: str | None) -> None:
    """Executa agora o agendamento de número ID e mostra o número da execução."""
    from services.gateway import admin_agendamentos as admin

    click.echo(do(admin.run_agendamento(id, empresa)))


@agendamentos.command("apagar")
@_id
@da_empresa
def apagar_agendamento(id: int, empresa: str | None) -> None:
    """Apaga o agendamento de número ID e o histórico dele; o que ele baixou fica."""
    from services.gateway import admin_agendamentos as admin

    do(admin.remove_agendamento(id, empresa))
    click.echo(f"Agendamento {id} apagado.", err=True)


def _read_regra(opcoes: dict[str, Any]) -> dict[str, Any]:
    """The one rule that was asked for; what it holds is checked with the rest."""
    dadas = [nome for nome in ("dia", "dia_util", "dias", "cron") if opcoes[nome] is not None]
    if len(dadas) != 1:
        raise click.BadParameter("escolha uma entre --dia, --dia-util, --dias e --cron", param_hint="regra")
    if dadas == ["cron"]:
        return {"tipo": "cron", "expressao": opcoes["cron"]}
    if opcoes["hora"] is None:
        raise click.BadParameter("informe a hora, como 08:00", param_hint="--hora")
    match dadas[0]:
        case "dia":
            regra = {"tipo": "dia_do_mes", "dia": opcoes["dia"]}
        case "dia_util":
            regra = {"tipo": "dia_util", "numero": opcoes["dia_util"]}
        case _:
            regra = {"tipo": "semanal", "dias": [dia.strip() for dia in opcoes["dias"].split(",")]}
    return {**regra, "hora": opcoes["hora"]}


def _show(linha: dict[str, Any]) -> None:
    fuso = linha["fuso"]
    if not linha["ativo"]:
        proxima = "pausado"
    elif not linha["proximas"]:
        proxima = "nunca mais"
    else:
        proxima = datetime.fromisoformat(linha["proximas"][0]).astimezone(ZoneInfo(fuso)).strftime("%d/%m/%Y %H:%M")
    click.echo(
        f"{linha['id']:>4}  {proxima:<16}  {linha['ponto_venda']:<10} {linha['nome']}  ({linha['descricao']}, {fuso})"
    )
