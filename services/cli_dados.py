"""Commands of `canopus` about the data as a whole: the copy and its return."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from services.usage import Grupo, do

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


def _tell(resumo: dict[str, Any], feito: str, em_json: bool) -> None:
    if em_json:
        click.echo(json.dumps(resumo, ensure_ascii=False))
        return
    click.echo(f"{feito}: {resumo['linhas']} linhas, {resumo['arquivos']} arquivos, esquema {resumo['esquema']}.")
    for campo, texto in (("faltando", "não estava na pasta"), ("alterados", "não era o que o banco diz")):
        for caminho in resumo[campo]:
            click.echo(f"  {caminho}: {texto}")
