"""`canopus agendamentos`: what it prints, what it keeps, and the exit code it ends with."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from tests.gateway.cadastro import add_loja, open_base

CRIAR = ("criar", "--nome", "Mensal", "--ponto-venda", "17308", "--mes", "proximo")


@pytest.fixture
def ambiente(database_url: str, tmp_path: Path) -> dict[str, str | None]:
    async def prepare() -> None:
        async with open_base(database_url) as pool:
            await add_loja(pool)

    asyncio.run(prepare())
    limpo: dict[str, str | None] = {nome: None for nome in os.environ if nome.startswith("CANOPUS_")}
    return limpo | {"CANOPUS_DATABASE_URL": database_url, "CANOPUS_DATA_DIR": str(tmp_path)}


def run(ambiente: dict[str, str | None], *argumentos: str) -> Result:
    return CliRunner().invoke(main, ("agendamentos", *argumentos), env=ambiente, prog_name="canopus")


def read(ambiente: dict[str, str | None]) -> list[dict[str, Any]]:
    linhas: list[dict[str, Any]] = json.loads(run(ambiente, "listar", "--json").stdout)
    return linhas


def test_a_schedule_is_made_listed_paused_resumed_run_and_deleted(ambiente: dict[str, str | None]) -> None:
    criado = run(ambiente, *CRIAR, "--dia-util", "3", "--hora", "07:30", "--fuso", "America/Campo_Grande")
    assert criado.exit_code == 0, criado.stderr
    assert "Mensal  (No 3º dia útil do mês, às 07:30, America/Campo_Grande)" in criado.stdout
    assert run(ambiente, "listar").stdout == criado.stdout
    [linha] = read(ambiente)
    assert (linha["ponto_venda"], linha["criado_por"], len(linha["proximas"])) == ("17.308", "linha de comando", 5)
    assert run(ambiente, "pausar", "1").exit_code == 0
    assert "pausado" in run(ambiente, "listar").stdout
    de_novo = run(ambiente, "pausar", "1")
    assert (de_novo.exit_code, de_novo.stderr) == (1, "canopus: Este agendamento já está pausado.\n")
    assert run(ambiente, "retomar", "1").exit_code == 0
    rodado = run(ambiente, "executar", "1")
    assert rodado.exit_code == 0, rodado.stderr
    assert str(UUID(rodado.stdout.strip())) == read(ambiente)[0]["ultimo"]["automacao_id"]
    recusado = run(ambiente, "executar", "1")
    assert recusado.exit_code == 1
    assert "execução em andamento" in recusado.stderr
    assert run(ambiente, "apagar", "1").exit_code == 0
    assert read(ambiente) == []
    assert run(ambiente, "apagar", "1").stderr == "canopus: não há agendamento 1: veja `canopus agendamentos listar`.\n"


def test_every_rule_has_its_option(ambiente: dict[str, str | None]) -> None:
    for opcoes, palavras in (
        (("--dia", "5", "--hora", "08:00"), "Todo dia 5, às 08:00"),
        (("--dias", "segunda, quarta", "--hora", "08:00"), "Toda segunda e quarta, às 08:00"),
        (("--cron", "0 8 * * 1-5"), "Cron 0 8 * * 1-5"),
    ):
        criado = run(ambiente, *CRIAR, *opcoes, "--json")
        assert criado.exit_code == 0, criado.stderr
        assert json.loads(criado.stdout)["descricao"] == palavras


def test_wrong_usage_is_2_and_a_wrong_value_1_in_one_line(ambiente: dict[str, str | None]) -> None:
    for argumentos, codigo, linha in (
        (CRIAR, 2, "escolha uma entre --dia, --dia-util, --dias e --cron"),
        ((*CRIAR, "--dia", "5", "--cron", "x"), 2, "escolha uma"),
        ((*CRIAR, "--dia", "5"), 2, "--hora: informe a hora, como 08:00"),
        ((*CRIAR, "--dia", "99", "--hora", "08:00"), 2, "--dia: use um número de 1 a 31"),
        ((*CRIAR, "--dia", "5", "--hora", "8h"), 1, "regra.hora: use hora e minutos"),
        ((*CRIAR, "--dias", "lua", "--hora", "08:00"), 1, "regra.dias[0]: deve ser um destes: segunda"),
        ((*CRIAR, "--cron", "x"), 1, "regra.expressao: use cinco campos"),
        ((*CRIAR, "--cron", "0 8 * * *", "--fuso", "Marte"), 1, "fuso: fuso desconhecido"),
        ((*CRIAR, "--cron", "0 8 * * *", "--consultor", "Ivo"), 1, "Consultor não encontrado"),
        (
            ("criar", "--nome", "x", "--ponto-venda", "9", "--mes", "atual", "--cron", "0 8 * * *"),
            1,
            "Ponto de venda não encontrado",
        ),
        (("executar", "7"), 1, "não há agendamento 7"),
    ):
        feito = run(ambiente, *argumentos)
        assert (feito.exit_code, feito.stdout, feito.stderr.count("\n")) == (codigo, "", 1), (argumentos, feito.stderr)
        assert linha in feito.stderr, feito.stderr


def test_the_help_is_in_portuguese(ambiente: dict[str, str | None]) -> None:
    for comando in ((), ("criar",), ("executar",)):
        pagina = run(ambiente, *comando, "--help").stdout
        assert pagina.startswith("Uso: canopus agendamentos")
        for ingles in ("Usage", "Options", "Commands", "INTEGER", "TEXT ", "required", "Show"):
            assert ingles not in pagina, pagina
