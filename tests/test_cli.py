"""The `canopus` command: what it prints, where, and the exit code it ends with."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from yarl import URL

from services.cli import main
from services.gateway.store.chaves import PREFIXO, hash_segredo
from shared.bus import Delivery, Reject
from shared.bus.codec import encode
from shared.bus.rabbitmq import RabbitMQBus
from shared.bus.topology import NAMER_BOLETOS
from shared.crypto import Chaveiro
from shared.events import EVENTOS, Arquivo, BoletoNomear, Tarefa
from tests.eventually import eventually
from tests.gateway.cadastro import add_loja, cpf_de, open_base

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
        (
            ("empresas", "criar", "--codigo", "f", "--nome", "F", "--admin-email", f"{'a' * 140}@exemplo.com.br"),
            "--admin-email: e-mail longo demais: no máximo 150 caracteres.",
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
        ("CANOPUS_DATABASE_URL", "postgresql://x:y@127.0.0.1:99999/x"),
        ("CANOPUS_PORT", "muitas"),
        ("CANOPUS_HOST", "minha..maquina"),
        ("CANOPUS_ADMIN_EMAIL", f"{'a' * 140}@exemplo.com.br"),
        ("CANOPUS_GUARDA_EVENTOS_DIAS", "9999999999"),
        ("CANOPUS_GUARDA_EVIDENCIAS_DIAS", "36501"),
        ("CANOPUS_GUARDA_BOLETOS_DIAS", "1000000"),
    ):
        for comando in (("migrate",), ("chaves", "listar")):
            ruim = canopus(ambiente | {nome: valor}, *comando)
            assert ruim.exit_code == 1
            assert ruim.stderr.startswith(f"canopus: {nome}"), ruim.stderr
            assert ruim.stderr.count("\n") == 1


def test_help_is_in_portuguese_throughout(ambiente: dict[str, str | None]) -> None:
    for comando in (
        (),
        ("chaves",),
        ("chaves", "criar"),
        ("baixar",),
        ("portal", "simular"),
        ("copia", "criar"),
        ("titular", "apagar"),
    ):
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


def test_migrate_tells_what_it_did(ambiente: dict[str, str | None], vazio: str) -> None:
    ambiente |= {"CANOPUS_DATABASE_URL": vazio}
    primeira = json.loads(canopus(ambiente, "migrate", "--json").stdout)
    assert "0001_inicial" in primeira["aplicadas"]
    assert canopus(ambiente, "migrate").stdout == "O esquema já está em dia.\n"


def test_fernet_keys_are_rotated_without_losing_a_password_or_a_secret(
    ambiente: dict[str, str | None], database_url: str, tmp_path: Path
) -> None:
    assert canopus(ambiente, "chaves-fernet", "nova").exit_code == 0
    arquivo = tmp_path / "chaves_fernet"
    assert arquivo.stat().st_mode & 0o777 == 0o600
    nova, velha = arquivo.read_text().split()
    asyncio.run(keep_senha(database_url, Chaveiro(velha).encrypt("segredo")))
    assert json.loads(canopus(ambiente, "chaves-fernet", "rodar", "--json").stdout) == {"quantidade": 4}
    cifradas = asyncio.run(read_cifradas(database_url))
    assert [Chaveiro(nova).decrypt(cifrada) for cifrada in cifradas] == ["segredo"] * 4
    arquivo.write_text(velha + "\n")
    perdida = canopus(ambiente, "chaves-fernet", "rodar")
    assert perdida.exit_code == 1
    assert perdida.stderr.startswith("canopus: CANOPUS_FERNET_KEYS")
    assert asyncio.run(read_cifradas(database_url)) == cifradas


def test_a_data_folder_that_cannot_be_used_is_named(ambiente: dict[str, str | None], tmp_path: Path) -> None:
    (tmp_path / "fechada/chaves_fernet").mkdir(parents=True)
    (tmp_path / "arquivo").touch()
    embutido = ambiente | {"CANOPUS_DATABASE_URL": None}
    for base, pasta, comando in (
        (ambiente, "fechada", ("chaves-fernet", "nova")),
        (ambiente, "fechada", ("chaves-fernet", "rodar")),
        (ambiente, "arquivo", ("chaves-fernet", "nova")),
        (embutido, "arquivo", ("migrate",)),
        (ambiente, "arquivo", ("copia", "criar", str(tmp_path / "copia.zip"))),
    ):
        feito = canopus(base | {"CANOPUS_DATA_DIR": str(tmp_path / pasta)}, *comando)
        assert (feito.exit_code, feito.stderr.count("\n")) == (1, 1), (comando, feito.exception)
        assert feito.stderr.startswith("canopus: CANOPUS_DATA_DIR: "), feito.stderr


async def keep_senha(database_url: str, cifrada: str) -> None:
    async with open_base(database_url) as pool:
        await add_loja(pool)
        await pool.execute("UPDATE credenciais_canopus SET senha_encrypted = $1", cifrada)
        await pool.execute(
            "INSERT INTO webhooks (nome, url, segredo, segredo_anterior, anterior_ate)"
            " VALUES ('crm', 'https://crm.exemplo.com.br/', $1, $1, now())",
            cifrada,
        )
        await pool.execute(
            "INSERT INTO canais (nome, tipo, servico, pede_endereco, segredos) VALUES ('t', 'servico', 'x', false, $1)",
            cifrada,
        )


async def read_cifradas(database_url: str) -> list[str]:
    """A password, a webhook's secrets, and a channel's."""
    async with open_base(database_url) as pool:
        linha = await pool.fetchrow(
            "SELECT (SELECT senha_encrypted FROM credenciais_canopus), segredo, segredo_anterior, segredos"
            " FROM webhooks, canais"
        )
        assert linha is not None
        return list(linha)


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
    ambiente: dict[str, str | None], database_url: str, vazio: str, tmp_path: Path
) -> None:
    arquivo = str(tmp_path / "copia.zip")
    nada = canopus(ambiente | {"CANOPUS_DATABASE_URL": vazio}, "copia", "criar", arquivo)
    assert (nada.exit_code, nada.stderr.count("\n")) == (1, 1)
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


def test_a_person_is_looked_for_handed_out_and_erased_from_the_shell(
    ambiente: dict[str, str | None], database_url: str, tmp_path: Path
) -> None:
    asyncio.run(keep_senha(database_url, "cifrada"))
    ninguem = canopus(ambiente, "titular", "apagar", "--cpf", cpf_de(99))
    assert (ninguem.exit_code, ninguem.stderr.count("\n")) == (1, 1)
    errado = canopus(ambiente, "titular", "apagar", "--cpf", "111")
    assert (errado.exit_code, errado.stderr.count("\n")) == (2, 1)
    previsto = canopus(ambiente, "titular", "apagar", "--cpf", cpf_de(1), "--simular")
    assert previsto.stdout.startswith("Seriam apagados: 1 contratos"), previsto.stderr
    guardado = canopus(ambiente, "titular", "exportar", "--cpf", cpf_de(1), str(tmp_path / "ana.zip"))
    assert guardado.exit_code == 0, guardado.stderr
    feito = canopus(ambiente, "titular", "apagar", "--cpf", cpf_de(1), "--json")
    assert json.loads(feito.stdout) == {
        "contratos": 1, "boletos": 0, "linhas": 0, "planilhas": 0, "arquivos": 0, "lista": [],
    }  # fmt: skip
    assert "cópias de segurança" in feito.stderr.lower()
    assert canopus(ambiente, "titular", "apagar", "--cpf", cpf_de(1)).exit_code == 1


def test_a_broker_s_dead_letters_of_the_person_go_too(
    ambiente: dict[str, str | None], database_url: str, amqp_url: str
) -> None:
    asyncio.run(keep_senha(database_url, "cifrada"))
    asyncio.run(bury(amqp_url, cpf_de(1), cpf_de(2)))
    feito = canopus(ambiente | {"CANOPUS_AMQP_URL": amqp_url}, "titular", "apagar", "--cpf", cpf_de(1))
    assert feito.exit_code == 0, feito.stderr
    assert asyncio.run(read_mortas(amqp_url)) == [cpf_de(2)]


def test_nobody_is_erased_while_the_broker_does_not_open(
    ambiente: dict[str, str | None], database_url: str, amqp_url: str
) -> None:
    """Its dead letters would stay, and nothing would be left to know them by."""
    asyncio.run(keep_senha(database_url, "cifrada"))
    errada = str(URL(amqp_url).with_password("errada"))
    feito = canopus(ambiente | {"CANOPUS_AMQP_URL": errada}, "titular", "apagar", "--cpf", cpf_de(1))
    assert (feito.exit_code, feito.stderr.count("\n")) == (1, 1) and "CANOPUS_AMQP_URL" in feito.stderr
    assert canopus(ambiente, "titular", "apagar", "--cpf", cpf_de(1), "--simular").exit_code == 0


async def bury(amqp_url: str, *cpfs: str) -> None:
    """A dead letter about each."""

    async def refuse(_: object, __: Delivery) -> None:
        raise Reject("não se entende")

    tarefa = Tarefa(automacao_id=UUID(int=1), item_id=1, despacho=1, tentativa=1, cerca=1)
    captura = Arquivo(caminho="x", sha256="0" * 64, tamanho=1)
    pedidos = [
        BoletoNomear(
            tarefa=tarefa, ponto_venda="1", captura=captura, cpf=cpf, grupo=1, cota=1, mes=11, ano=2026
        )
        for cpf in cpfs
    ]  # fmt: skip
    async with (
        RabbitMQBus(amqp_url, EVENTOS, name="teste") as bus,
        bus.consume(NAMER_BOLETOS, refuse),
    ):
        assert await bus.publish_many([encode(pedido) for pedido in pedidos]) == [None] * len(pedidos)
        await eventually(lambda: count_mortas(bus, len(pedidos)), 20)


async def count_mortas(bus: RabbitMQBus, quantas: int) -> bool:
    return len(await bus.dead_letters()) == quantas


async def read_mortas(amqp_url: str) -> list[str]:
    async with RabbitMQBus(amqp_url, EVENTOS, name="teste") as bus:
        return [json.loads(morta.corpo)["cpf"] for morta in await bus.dead_letters()]


def test_an_office_is_made_with_its_admin_and_has_keys_of_its_own(ambiente: dict[str, str | None]) -> None:
    criar = ("empresas", "criar", "--nome", "Filial", "--admin-email", "ana@exemplo.com.br", "--codigo")
    assert "letras minúsculas" in canopus(ambiente, *criar, "Filial!").stderr
    criada = canopus(ambiente, *criar, "filial", "--max-sessoes", "3")
    assert criada.exit_code == 0
    assert len(criada.stdout.strip()) >= 12
    assert "Já há um escritório" in canopus(ambiente, *criar, "filial").stderr
    listadas = json.loads(canopus(ambiente, "empresas", "listar", "--json").stdout)
    assert [(e["codigo"], e["max_sessoes"]) for e in listadas] == [("padrao", None), ("filial", 3)]
    assert "filial" in canopus(ambiente, "empresas", "listar").stdout
    canopus(ambiente, "chaves", "criar", "--nome", "dela", "--escopo", "leitura", "--empresa", "filial")
    assert json.loads(canopus(ambiente, "chaves", "listar", "--json").stdout) == []
    [chave] = json.loads(canopus(ambiente, "chaves", "listar", "--json", "--empresa", "filial").stdout)
    assert chave["nome"] == "dela"
    [pessoa] = json.loads(canopus(ambiente, "pessoas", "listar", "--json", "--empresa", "filial").stdout)
    assert (pessoa["email"], pessoa["escopo"]) == ("ana@exemplo.com.br", "admin")
    assert "não encontrado" in canopus(ambiente, "chaves", "listar", "--empresa", "outra").stderr


def test_an_office_is_taken_along_and_erased_by_one_command_each(
    ambiente: dict[str, str | None], tmp_path: Path
) -> None:
    canopus(ambiente, "empresas", "criar", "--nome", "F", "--admin-email", "a@exemplo.com.br", "--codigo", "filial")
    destino = tmp_path / "filial.zip"
    assert "arquivos." in canopus(ambiente, "empresas", "exportar", "filial", str(destino)).stdout
    assert zipfile.is_zipfile(destino)
    assert canopus(ambiente, "empresas", "exportar", "outra", str(tmp_path / "o.zip")).exit_code == 1
    assert canopus(ambiente, "empresas", "desativar", "filial").exit_code == 0
    assert "(inativo)" in canopus(ambiente, "empresas", "listar").stdout
    assert canopus(ambiente, "empresas", "ativar", "filial").exit_code == 0
    assert "(inativo)" not in canopus(ambiente, "empresas", "listar").stdout
    assert "não se desativa" in canopus(ambiente, "empresas", "desativar", "padrao").stderr
    assert "não encontrado" in canopus(ambiente, "empresas", "ativar", "outra").stderr
    assert canopus(ambiente, "empresas", "apagar", "filial", "--confirmar", "outra").exit_code == 2
    assert canopus(ambiente, "empresas", "apagar", "filial", "--confirmar", "filial").exit_code == 0
    assert len(json.loads(canopus(ambiente, "empresas", "listar", "--json").stdout)) == 1


def test_what_is_done_to_an_offices_keys_and_people_is_audited_in_it(
    ambiente: dict[str, str | None], database_url: str
) -> None:
    canopus(ambiente, "empresas", "criar", "--nome", "F", "--admin-email", "a@exemplo.com.br", "--codigo", "filial")
    canopus(ambiente, "chaves", "criar", "--nome", "dela", "--escopo", "leitura", "--empresa", "filial")
    [chave] = json.loads(canopus(ambiente, "chaves", "listar", "--json", "--empresa", "filial").stdout)
    assert canopus(ambiente, "chaves", "revogar", str(chave["id"])).exit_code == 0
    assert canopus(ambiente, "pessoas", "senha", "a@exemplo.com.br").exit_code == 0
    assert asyncio.run(read_acoes(database_url, 1)) == ["empresa.criar"]
    assert asyncio.run(read_acoes(database_url, 2)) == ["chave.criar", "chave.revogar", "pessoa.dar_senha"]


async def read_acoes(url: str, empresa_id: int) -> list[str]:
    async with open_base(url) as pool:
        linhas = await pool.fetch("SELECT acao FROM auditoria WHERE empresa_id = $1 ORDER BY id", empresa_id)
        return [linha["acao"] for linha in linhas]


def test_nothing_of_an_office_that_is_switched_off_begins_at_a_terminal(
    ambiente: dict[str, str | None], database_url: str
) -> None:
    canopus(ambiente, "empresas", "criar", "--nome", "F", "--admin-email", "a@exemplo.com.br", "--codigo", "filial")
    asyncio.run(add_filial(database_url, ativo=True))
    criar = ("criar", "--nome", "M", "--ponto-venda", "17308", "--mes", "atual", "--dia", "5", "--hora", "08:00")
    feito = canopus(ambiente, "agendamentos", *criar, "--empresa", "filial", "--json")
    assert canopus(ambiente, "empresas", "desativar", "filial").exit_code == 0
    for argumentos in (
        ("agendamentos", "executar", str(json.loads(feito.stdout)["id"])),
        ("baixar", "--ponto-venda", "17308", "--cpf", cpf_de(1)),
    ):
        recusado = canopus(ambiente, *argumentos, "--empresa", "filial")
        assert (recusado.exit_code, recusado.stderr.count("\n")) == (1, 1), argumentos
        assert "o escritório está desativado" in recusado.stderr
    assert asyncio.run(count_execucoes(database_url)) == 0


async def count_execucoes(url: str) -> int:
    async with open_base(url) as pool:
        quantas: int = await pool.fetchval("SELECT count(*) FROM execucoes_automacao")
        return quantas


def test_where_there_are_several_offices_a_command_asks_which_is_meant(
    ambiente: dict[str, str | None], database_url: str, tmp_path: Path
) -> None:
    asyncio.run(keep_senha(database_url, "cifrada"))
    canopus(ambiente, "empresas", "criar", "--nome", "F", "--admin-email", "a@exemplo.com.br", "--codigo", "filial")
    asyncio.run(add_filial(database_url))
    (tmp_path / "chaves_fernet").write_text(Fernet.generate_key().decode())
    for argumentos in (
        ("titular", "apagar", "--cpf", cpf_de(1), "--simular"),
        ("titular", "exportar", "--cpf", cpf_de(1), str(tmp_path / "ana.zip")),
        ("portal", "testar", "--ponto-venda", "17308"),
        ("baixar", "--ponto-venda", "17308", "--cpf", cpf_de(1)),
    ):
        feito = canopus(ambiente, *argumentos)
        assert (feito.exit_code, feito.stderr.count("\n")) == (1, 1), argumentos
        assert "mais de um escritório" in feito.stderr and "--empresa" in feito.stderr
        assert "não encontrado" in canopus(ambiente, *argumentos, "--empresa", "outra").stderr
    dela = canopus(ambiente, "titular", "apagar", "--cpf", cpf_de(1), "--simular", "--empresa", "filial", "--json")
    assert json.loads(dela.stdout)["contratos"] == 1, dela.stderr
    assert (
        "não tem credencial ativa"
        in canopus(ambiente, "portal", "testar", "--ponto-venda", "17308", "--empresa", "filial").stderr
    )
    criar = (
        "agendamentos",
        "criar",
        "--nome",
        "M",
        "--ponto-venda",
        "17308",
        "--mes",
        "atual",
        "--dia",
        "5",
        "--hora",
        "08:00",
    )
    id = str(json.loads(canopus(ambiente, *criar, "--empresa", "filial", "--json").stdout)["id"])
    assert json.loads(canopus(ambiente, "agendamentos", "listar", "--json").stdout) == []
    assert "não há agendamento" in canopus(ambiente, "agendamentos", "apagar", id).stderr
    assert canopus(ambiente, "agendamentos", "apagar", id, "--empresa", "filial").exit_code == 0
    assert "não há espelho" in canopus(ambiente, "espelho", "preencher", "x", "--empresa", "filial").stderr


def test_no_portal_is_opened_for_a_ponto_de_venda_that_is_switched_off(
    ambiente: dict[str, str | None], database_url: str, tmp_path: Path
) -> None:
    asyncio.run(keep_senha(database_url, "cifrada"))
    asyncio.run(switch_off(database_url))
    (tmp_path / "chaves_fernet").write_text(Fernet.generate_key().decode())
    for argumentos in (("portal", "testar"), ("baixar", "--cpf", cpf_de(1))):
        feito = canopus(ambiente, *argumentos, "--ponto-venda", "17308")
        assert (feito.exit_code, feito.stdout, feito.stderr.count("\n")) == (1, "", 1), argumentos
        assert "ponto de venda está inativo" in feito.stderr
    assert asyncio.run(count_trabalho(database_url)) == 0


async def switch_off(url: str) -> None:
    async with open_base(url) as pool:
        await pool.execute("UPDATE pontos_venda SET ativo = false")


async def count_trabalho(url: str) -> int:
    async with open_base(url) as pool:
        quanto: int = await pool.fetchval(
            "SELECT (SELECT count(*) FROM execucoes_automacao) + (SELECT count(*) FROM concessoes)"
        )
        return quanto


async def add_filial(url: str, *, ativo: bool = False) -> None:
    """The same ponto de venda in a second office. ativo: its credential is in force."""
    async with open_base(url) as pool:
        loja = await add_loja(pool, "17.308", clientes=1, empresa_id=2)
        await pool.execute("UPDATE credenciais_canopus SET ativo = $2 WHERE id = $1", loja.credencial_id, ativo)
