"""Settings: the documented defaults, and one line that names what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from services.gateway.settings import GatewaySettings
from services.namer.settings import NamerSettings
from services.scraper.settings import ScraperSettings
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


class Exemplo(Settings):
    port: int = Field(default=0, ge=0, le=65535)
    headless: bool = True
    pulso_s: float = Field(default=5.0, gt=0)
    driver: Literal["auto", "http"] = "auto"


@pytest.mark.parametrize(
    ("nome", "valor", "motivo"),
    [
        ("CANOPUS_PORT", "abc", "use um número inteiro"),
        ("CANOPUS_PORT", "70000", "use no máximo 65535"),
        ("CANOPUS_PORT", "-1", "use no mínimo 0"),
        ("CANOPUS_HEADLESS", "talvez", "use true ou false"),
        ("CANOPUS_DRIVER", "foo", "use um destes: auto, http"),
        ("CANOPUS_LOG_NIVEL", "ALTO", "use um destes: DEBUG, INFO, WARNING, ERROR"),
        ("CANOPUS_AMQP_URL", "http://a", "use amqp://usuario:senha@servidor:5672/"),
        ("CANOPUS_AMQP_URL", "amqp://", "use amqp://usuario:senha@servidor:5672/"),
        ("CANOPUS_AMQP_URL", "amqp://a:porta/", "use amqp://usuario:senha@servidor:5672/"),
        ("CANOPUS_AMQP_URL", "amqp://a:99999/", "use amqp://usuario:senha@servidor:5672/"),
        ("CANOPUS_PULSO_S", "logo", "use um número"),
        ("CANOPUS_PULSO_S", "0", "use mais que 0"),
    ],
)
def test_the_line_says_what_would_be_right(monkeypatch: pytest.MonkeyPatch, nome: str, valor: str, motivo: str) -> None:
    monkeypatch.setenv(nome, valor)
    with pytest.raises(ConfiguracaoInvalida) as erro:
        load_settings(Exemplo)
    assert str(erro.value) == f"{nome}: valor inválido: {motivo}."


@pytest.mark.parametrize(
    ("servico", "nome", "valor", "motivo"),
    [
        (ScraperSettings, "CANOPUS_PULSO_S", "60", "use no máximo 10"),
        (ScraperSettings, "CANOPUS_PARADA_S", "inf", "use no máximo 3600"),
        (ScraperSettings, "CANOPUS_RITMO_MS", "99999999999999999999", "use no máximo 3600000"),
        (NamerSettings, "CANOPUS_PLANILHA_TIMEOUT_S", "inf", "use no máximo 3600"),
        (GatewaySettings, "CANOPUS_PROXIES", "proxy.exemplo", "use endereços IP ou redes"),
        (GatewaySettings, "CANOPUS_ORIGENS", "crm.exemplo.com.br", "use origens separadas por vírgula"),
    ],
)
def test_values_beyond_reason_stop_the_start_too(
    monkeypatch: pytest.MonkeyPatch, servico: type[Settings], nome: str, valor: str, motivo: str
) -> None:
    monkeypatch.setenv(nome, valor)
    with pytest.raises(ConfiguracaoInvalida, match=f"{nome}: valor inválido: {motivo}"):
        load_settings(servico)


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
