"""Commands of `canopus` about the data as a whole: the copy and its return, mirrors, and one person in all of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from services.usage import Grupo, da_empresa, do
from shared.contrato import DocumentoInvalido, parse_documento

_json = click.option("--json", "em_json", is_flag=True, help="Saída para programas.")


@click.group(cls=Grupo)
def copia() -> None:
    """Cópia de segurança do banco e dos arquivos."""


@copia.command("criar")
@click.argument("arquivo", type=click.Path(path_type=Path))
@_json
def criar_copia(arquivo: Path, em_json: bool) -> None:
    """Copia banco e arquivos para ARQUIVO, um ZIP. O sistema pode estar trabalhando."""
    from services import dados

    manifesto = do(dados.make_copia(arquivo))
    _tell(manifesto.resumo, f"Cópia feita em {arquivo}", em_json)
    click.echo(
        "As chaves que abrem as senhas do portal não estão na cópia: guarde à parte CANOPUS_FERNET_KEYS, ou o arquivo "
        "chaves_fernet de CANOPUS_DATA_DIR.",
        err=True,
    )


@copia.command("conferir")
@click.argument("arquivo", type=click.Path(path_type=Path))
@_json
def conferir_copia(arquivo: Path, em_json: bool) -> None:
    """Lê ARQUIVO inteiro e diz se a cópia está inteira."""
    from services import dados

    _tell(do(dados.examine_copia(arquivo)).resumo, "Cópia inteira", em_json)


@copia.command("restaurar")
@click.argument("arquivo", type=click.Path(path_type=Path))
@click.option("--substituir", is_flag=True, help="Troca tudo o que há no banco e na pasta dos arquivos.")
@_json
def restaurar_copia(arquivo: Path, substituir: bool, em_json: bool) -> None:
    """Põe de volta o banco e os arquivos de ARQUIVO. O sistema deve estar parado."""
    from services import dados

    volta = do(dados.bring_back(arquivo, substituir=substituir))
    _tell({**volta.manifesto.resumo, "aplicadas": volta.aplicadas}, "Cópia restaurada", em_json)
    if volta.aplicadas and not em_json:
        click.echo(f"Esquema atualizado: {', '.join(volta.aplicadas)}.")
    if not volta.chaves_abrem:
        click.echo(
            "As chaves daqui não abrem as senhas do portal desta cópia: ponha as de antes em CANOPUS_FERNET_KEYS, ou "
            "cadastre as senhas de novo.",
            err=True,
        )


@click.group(cls=Grupo)
def espelho() -> None:
    """Espelhos: onde mais ficam os boletos. Quem copia é o sistema no ar."""


@espelho.command("listar")
@da_empresa
@_json
def listar_espelhos(empresa: str | None, em_json: bool) -> None:
    """Lista os espelhos e o que falta em cada um."""
    from services.gateway import admin_espelhos as admin

    linhas = do(admin.read_espelhos(empresa))
    if em_json:
        click.echo(json.dumps(linhas, ensure_ascii=False))
        return
    for linha in linhas:
        click.echo(
            f"{linha['id']}  {linha['nome']}  {linha['destino']}  {'ligado' if linha['ativo'] else 'desligado'}  "
            f"{linha['feitas']} feitas, {linha['pendentes']} a copiar, {linha['a_remover']} a remover"
            + (f"  {linha['erro']}" if linha["erro"] else "")
        )


@espelho.command("preencher")
@click.argument("nome")
@da_empresa
@_json
def preencher_espelho(nome: str, empresa: str | None, em_json: bool) -> None:
    """Confere no espelho NOME tudo o que está arquivado e copia de novo o que lá falta."""
    from services.gateway import admin_espelhos as admin

    quantas = do(admin.fill_espelho(nome, empresa))
    click.echo(json.dumps({"copias": quantas}) if em_json else f"Cópias a conferir e a fazer: {quantas}.")


@click.group(cls=Grupo)
def planilhas() -> None:
    """Planilhas por link do Google Drive. Quem as abre é o sistema no ar."""


@planilhas.command("atualizar")
@click.option("--consultor", help="Só a deste consultor: id ou nome.")
@da_empresa
@_json
def atualizar_planilhas(consultor: str | None, empresa: str | None, em_json: bool) -> None:
    """Pede que as planilhas por link sejam abertas agora."""
    from services.gateway import admin_links as admin

    quantas = do(admin.ask_links(consultor, empresa))
    click.echo(json.dumps({"pedidas": quantas}) if em_json else f"Planilhas a atualizar: {quantas}.")


def check_cpf(_: click.Context, __: click.Parameter, valor: str) -> str:
    try:
        return parse_documento(valor)
    except DocumentoInvalido as erro:
        raise click.BadParameter(str(erro)) from erro


_cpf = click.option("--cpf", required=True, callback=check_cpf, help="CPF ou CNPJ.")
_empresa = click.option("--empresa", help="Código do escritório, se há mais de um: cada um responde pelos seus dados.")


@click.group(cls=Grupo)
def titular() -> None:
    """Os dados de uma pessoa: apagar, ou entregar a ela (LGPD)."""


@titular.command("apagar")
@_cpf
@_empresa
@click.option("--simular", is_flag=True, help="Só mostra o que seria apagado.")
@_json
def apagar_titular(cpf: str, empresa: str | None, simular: bool, em_json: bool) -> None:
    """Apaga tudo o que nomeia a pessoa; as contagens ficam. Não tem volta."""
    from services import dados

    rastro = do(dados.find_titular(cpf, empresa) if simular else dados.erase_titular(cpf, empresa))
    _tell_rastro(
        rastro.contagens, "Seriam apagados" if simular else "Apagados", em_json, rastro.arquivos if simular else ()
    )
    if not simular:
        click.echo(
            "Cópias de segurança feitas antes ainda têm os dados, e uma planilha que traga esta pessoa a cadastra de "
            "novo: tire a linha dela. Reinicie o namer, que guarda planilhas lidas na memória.",
            err=True,
        )


@titular.command("exportar")
@_cpf
@_empresa
@click.argument("arquivo", type=click.Path(path_type=Path))
@_json
def exportar_titular(cpf: str, empresa: str | None, arquivo: Path, em_json: bool) -> None:
    """Guarda em ARQUIVO, um ZIP, o que se sabe da pessoa: os registros e os arquivos."""
    from services import dados

    _tell_rastro(do(dados.export_titular(cpf, empresa, arquivo)).contagens, f"Guardados em {arquivo}", em_json)


def _tell_rastro(contagens: dict[str, int], feito: str, em_json: bool, arquivos: Sequence[str] = ()) -> None:
    if em_json:
        click.echo(json.dumps({**contagens, "lista": list(arquivos)}, ensure_ascii=False))
        return
    click.echo(f"{feito}: {', '.join(f'{quantos} {nome}' for nome, quantos in contagens.items())}.")
    for caminho in arquivos:
        click.echo(f"  {caminho}")


def _tell(resumo: dict[str, Any], feito: str, em_json: bool) -> None:
    if em_json:
        click.echo(json.dumps(resumo, ensure_ascii=False))
        return
    click.echo(f"{feito}: {resumo['linhas']} linhas, {resumo['arquivos']} arquivos, esquema {resumo['esquema']}.")
    for campo, texto in (("faltando", "não estava na pasta"), ("alterados", "não era o que o banco diz")):
        for caminho in resumo[campo]:
            click.echo(f"  {caminho}: {texto}")
