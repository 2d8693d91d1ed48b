"""Settings: the documented defaults, and one line that names what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.settings import ConfiguracaoInvalida, Settings, load_settings, stop_with


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for nome in ("DATA_DIR", "AMQP_URL", "STORAGE_URL", "FERNET_KEYS", "LOG_FORMATO", "LOG_NIVEL"):
        monkeypatch.delenv(f"CANOPUS_{nome}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_files_lie_under_the_data_folder_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings(Settings).files_url == (tmp_path / "dados/downloads").as_uri()
    monkeypatch.setenv("CANOPUS_DATA_DIR", str(tmp_path / "é lá"))
    assert load_settings(Settings).files_url == (tmp_path / "é lá/downloads").as_uri()
    monkeypatch.setenv("CANOPUS_STORAGE_URL", "s3://balde/prefixo")
    assert load_settings(Settings).files_url == "s3://balde/prefixo"


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANOPUS_AMQP_URL", "")
    assert load_settings(Settings).amqp_url is None


@pytest.mark.parametrize(
    ("nome", "valor"),
    [
        ("CANOPUS_AMQP_URL", "http://servidor"),
        ("CANOPUS_STORAGE_URL", "/caminho"),
        ("CANOPUS_LOG_NIVEL", "ALTO"),
        ("CANOPUS_LOG_FORMATO", "xml"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, nome: str, valor: str) -> None:
    monkeypatch.setenv(nome, valor)
    with pytest.raises(ConfiguracaoInvalida) as erro:
        load_settings(Settings)
    assert str(erro.value).startswith(f"{nome}: ")
    assert "\n" not in str(erro.value)


def test_keys_and_broker_password_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANOPUS_FERNET_KEYS", "chave-secreta")
    assert "chave-secreta" not in repr(load_settings(Settings))
    monkeypatch.setenv("CANOPUS_AMQP_URL", "amqp://u:senha-do-broker@h/")
    assert "senha-do-broker" not in repr(load_settings(Settings))


def test_a_start_that_cannot_go_on_says_so_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as fim:
        stop_with("CANOPUS_PORT: valor inválido.")
    assert fim.value.code == 1
    assert capsys.readouterr().err == "canopus: CANOPUS_PORT: valor inválido.\n"
