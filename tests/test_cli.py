"""The `canopus` command: what it prints, where, and the exit code it ends with."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from services.cli import main
from services.gateway.store.chaves import PREFIXO, hash_segredo
from shared.crypto import Chaveiro
from tests.gateway.cadastro import add_loja, open_base

RAIZ = Path(__file__).parent.parent


@pytest.fixture
def ambiente(database_url: str, tmp_path: Path) -> dict[str, str | None]:
    limpo: dict[str, str | None] = {nome: None for nome in os.environ if nome.startswith("CANOPUS_")}
    return limpo | {"CANOPUS_DATABASE_URL": database_url, "CANOPUS_DATA_DIR": str(tmp_path)}


def canopus(ambiente: dict[str, str | None], *argumentos: str) -> Result:
    """In this process: a process of its own is only slower."""
    return CliRunner().invoke(main, argumentos, env=ambiente, prog_name="canopus")


def test_a_key_is_printed_alone_and_once_and_can_be_listed_and_revoked(ambiente: dict[str, str | None]) -> None:
    criada = canopus(ambiente, "chaves", "criar", "--nome", "escritório", "--escopo", "operador")
    assert criada.exit_code == 0, criada.stderr
    chave = criada.stdout.strip()
    assert chave.startswith(PREFIXO)
    assert criada.stdout == chave + "\n"
    [listada] = json.loads(canopus(ambiente, "chaves", "listar", "--json").stdout)
    assert (listada["nome"], listada["escopo"], listada["ponto_venda"]) == ("escritório", "operador", None)
    assert chave not in canopus(ambiente, "chaves", "listar").stdout
    assert hash_segredo(chave) not in json.dumps(listada)
    assert canopus(ambiente, "chaves", "revogar", str(listada["id"])).exit_code == 0
    de_novo = canopus(ambiente, "chaves", "revogar", str(listada["id"]))
    assert de_novo.exit_code == 1
    assert de_novo.stderr.startswith("canopus: não há chave")


def test_wrong_usage_is_2_and_what_cannot_be_done_is_1_in_one_line(ambiente: dict[str, str | None]) -> None:
    criar = ("chaves", "criar", "--nome", "x", "--escopo")
    for errado, linha in (
        (("chaves", "criar", "--nome", "x"), "falta --escopo. Veja canopus chaves criar --help."),
        ((*criar, "rei"), "--escopo: use um destes: admin, operador, leitura. Veja canopus chaves criar --help."),
        ((*criar, "admin", "mais"), "há argumentos demais. Veja canopus chaves criar --help."),
        (criar, "--escopo: falta o valor. Veja canopus --help."),
        (("chaves", "criar", "--nome", " ", "--escopo", "admin"), "--nome: de 1 a 100 caracteres."),
        (
            ("pessoas", "criar", "--email", "ana", "--nome", "Ana", "--escopo", "admin"),
            "--email: e-mail inválido: use nome@servidor.com.br.",
        ),
        (("chaves", "revogar"), "falta ID. Veja canopus chaves revogar --help."),
        (("chaves", "revogar", "um"), "ID: use um número de 1 a 2147483647. Veja canopus chaves revogar --help."),
        (("migrate", "--json=1"), "--json não leva valor."),
        (("baixar", "--ponto-venda", "1", "--cpf", "123"), "--cpf: CPF ou CNPJ inválido: confira os dígitos. Veja"),
        (("portal", "simular", "--cenario", "/nada"), "--cenario: não há um arquivo que se possa ler"),
        (("nada",), "comando desconhecido: nada. Veja canopus --help."),
        (("up", "--nada"), "opção desconhecida: --nada. Veja canopus up --help."),
    ):
        feito = canopus(ambiente, *errado)
        assert feito.stderr.startswith(f"canopus: {linha}"), feito.stderr
        assert (feito.exit_code, feito.stdout, feito.stderr.count("\n")) == (2, "", 1), errado
    sem_pv = canopus(ambiente, "chaves", "criar", "--nome", "x", "--escopo", "leitura", "--ponto-venda", "17.308")
    assert (sem_pv.exit_code, sem_pv.stdout) == (1, "")
    assert "17.308" in sem_pv.stderr
    for nome, valor in (
        ("CANOPUS_DATABASE_URL", "mysql://x"),
        ("CANOPUS_DATABASE_URL", "postgresql://x:y@127.0.0.1:9/x"),
        ("CANOPUS_PORT", "muitas"),
    ):
        ruim = canopus(ambiente | {nome: valor}, "migrate")
        assert ruim.exit_code == 1
        assert ruim.stderr.startswith(f"canopus: {nome}"), ruim.stderr
        assert ruim.stderr.count("\n") == 1


def test_help_is_in_portuguese_throughout(ambiente: dict[str, str | None]) -> None:
    for comando in ((), ("chaves",), ("chaves", "criar"), ("baixar",), ("portal", "simular")):
        pagina = canopus(ambiente, *comando, "--help")
        assert pagina.exit_code == 0
        assert pagina.stdout.startswith("Uso: canopus")
        for ingles in ("Usage", "Options", "OPTIONS", "Commands", "COMMAND", "Show", "required", "default", "TEXT "):
            assert ingles not in pagina.stdout, pagina.stdout
    sem_comando = canopus(ambiente)
    assert (sem_comando.exit_code, sem_comando.stdout) == (2, "")
    assert sem_comando.stderr.startswith("Uso: canopus")


def test_a_simulator_that_cannot_start_says_why_in_one_line(ambiente: dict[str, str | None], tmp_path: Path) -> None:
    for texto in ("x = [", "desconhecido = 1"):
        (tmp_path / "cenario.toml").write_text(texto)
        feito = canopus(ambiente, "portal", "simular", "--porta", "0", "--cenario", str(tmp_path / "cenario.toml"))
        assert (feito.exit_code, feito.stderr.count("\n")) == (1, 1)
        assert "cenario.toml" in feito.stderr
    with socket.create_server(("127.0.0.1", 0)) as ocupada:
        feito = canopus(ambiente, "portal", "simular", "--porta", str(ocupada.getsockname()[1]))
    assert (feito.exit_code, feito.stderr.count("\n")) == (1, 1)
    assert "--porta" in feito.stderr


def test_migrate_tells_what_it_did(ambiente: dict[str, str | None]) -> None:
    primeira = json.loads(canopus(ambiente, "migrate", "--json").stdout)
    assert "0001_inicial" in primeira["aplicadas"]
    assert canopus(ambiente, "migrate").stdout == "O esquema já está em dia.\n"


def test_fernet_keys_are_rotated_without_losing_a_password(
    ambiente: dict[str, str | None], database_url: str, tmp_path: Path
) -> None:
    assert canopus(ambiente, "chaves-fernet", "nova").exit_code == 0
    arquivo = tmp_path / "chaves_fernet"
    assert arquivo.stat().st_mode & 0o777 == 0o600
    nova, velha = arquivo.read_text().split()
    asyncio.run(keep_senha(database_url, Chaveiro(velha).encrypt("segredo")))
    assert json.loads(canopus(ambiente, "chaves-fernet", "rodar", "--json").stdout) == {"quantidade": 1}
    cifrada = asyncio.run(read_senha(database_url))
    assert Chaveiro(nova).decrypt(cifrada) == "segredo"
    arquivo.write_text(velha + "\n")
    perdida = canopus(ambiente, "chaves-fernet", "rodar")
    assert perdida.exit_code == 1
    assert perdida.stderr.startswith("canopus: CANOPUS_FERNET_KEYS")
    assert asyncio.run(read_senha(database_url)) == cifrada


async def keep_senha(database_url: str, cifrada: str) -> None:
    async with open_base(database_url) as pool:
        await add_loja(pool)
        await pool.execute("UPDATE credenciais_canopus SET senha_encrypted = $1", cifrada)


async def read_senha(database_url: str) -> str:
    async with open_base(database_url) as pool:
        cifrada: str = await pool.fetchval("SELECT senha_encrypted FROM credenciais_canopus")
        return cifrada


def test_a_service_without_its_setting_stops_with_one_line(tmp_path: Path) -> None:
    """As a process of its own: what the shell sees."""
    limpo = {nome: valor for nome, valor in os.environ.items() if not nome.startswith("CANOPUS_")}
    feito = subprocess.run(
        [sys.executable, "-m", "services", "gateway"], cwd=RAIZ, env=limpo | {"CANOPUS_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert feito.returncode == 1
    assert feito.stderr.startswith("canopus: CANOPUS_AMQP_URL")
    assert feito.stderr.count("\n") == 1


def test_a_copy_is_made_checked_and_brought_back_from_the_shell(
    ambiente: dict[str, str | None], database_url: str, tmp_path: Path
) -> None:
    arquivo = str(tmp_path / "copia.zip")
    vazio = canopus(ambiente, "copia", "criar", arquivo)
    assert (vazio.exit_code, vazio.stderr.count("\n")) == (1, 1)
    assert canopus(ambiente, "chaves-fernet", "nova").exit_code == 0
    chaveiro = Chaveiro((tmp_path / "chaves_fernet").read_text())
    asyncio.run(keep_senha(database_url, chaveiro.encrypt("segredo")))
    feita = canopus(ambiente, "copia", "criar", arquivo, "--json")
    assert feita.exit_code == 0, feita.stderr
    assert json.loads(feita.stdout)["faltando"] == []
    assert "chaves_fernet" in feita.stderr and "não estão na cópia" in feita.stderr
    assert canopus(ambiente, "copia", "conferir", arquivo).stdout.startswith("Cópia inteira: ")
    cheio = canopus(ambiente, "copia", "restaurar", arquivo)
    assert (cheio.exit_code, cheio.stderr.count("\n")) == (1, 1)
    assert "--substituir" in cheio.stderr
    volta = canopus(ambiente, "copia", "restaurar", arquivo, "--substituir")
    assert volta.exit_code == 0, volta.stderr
    assert volta.stdout.startswith("Cópia restaurada: ") and volta.stderr == ""
    (tmp_path / "chaves_fernet").write_text(Fernet.generate_key().decode())
    assert "não abrem as senhas" in canopus(ambiente, "copia", "restaurar", arquivo, "--substituir").stderr
