"""How the scraper starts, and what stops its start with one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.scraper import __main__ as programa
from services.scraper.portal import Acesso
from services.scraper.settings import ScraperSettings
from services.scraper.teste import walk_portal
from services.scraper.worker import Scraper
from shared.bus.memory import MemoryBus
from shared.crypto import Chaveiro, create_chaves
from shared.events import EVENTOS
from shared.files import FileStore
from shared.settings import ConfiguracaoInvalida, load_settings
from tests.scraper.scenes import SENHA, USUARIO, cenario
from tests.simulator.server import Simulador


def test_a_driver_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANOPUS_DRIVER", "selenium")
    with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_DRIVER"):
        load_settings(ScraperSettings)


async def test_the_driver_without_a_browser_needs_none(tmp_path: Path) -> None:
    settings = ScraperSettings(chromium="/nao/existe", driver="http")
    chaveiro = Chaveiro(Fernet.generate_key().decode())
    async with MemoryBus(EVENTOS) as bus, Scraper(bus, FileStore(tmp_path.as_uri()), chaveiro, settings):
        pass


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANOPUS_RITMO_MS", "-5")
    with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_RITMO_MS"):
        load_settings(ScraperSettings)


async def test_a_chromium_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    chaveiro = Chaveiro(Fernet.generate_key().decode())
    settings = ScraperSettings(chromium="/nao/existe")
    async with MemoryBus(EVENTOS) as bus:
        with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_CHROMIUM"):
            async with Scraper(bus, FileStore(tmp_path.as_uri()), chaveiro, settings):
                raise AssertionError("it started")


async def test_keys_come_from_the_setting_else_from_the_file_of_the_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chaves = create_chaves(tmp_path)
    do_arquivo = await programa.open_chaveiro(ScraperSettings(data_dir=tmp_path))
    assert do_arquivo.decrypt(Chaveiro(chaves).encrypt("x")) == "x"
    monkeypatch.setattr(programa, "ESPERA_CHAVES_S", 0.5)
    with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_FERNET_KEYS"):
        await programa.open_chaveiro(ScraperSettings(data_dir=tmp_path / "vazia"))
    with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_FERNET_KEYS"):
        await programa.open_chaveiro(ScraperSettings(fernet_keys="x", data_dir=tmp_path))
    (tmp_path / "fechada/chaves_fernet").mkdir(parents=True)
    with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_DATA_DIR"):
        await programa.open_chaveiro(ScraperSettings(data_dir=tmp_path / "fechada"))


async def test_the_walk_says_which_step_fails() -> None:
    cena = cenario(aparencia={"trocar_ids": {"cbxCriterioBusca": "cbxOutro"}})
    async with Simulador(cena) as portal:
        acesso = Acesso(portal.url, USUARIO, SENHA)
        vistos = [visto async for visto in walk_portal(acesso, "canopus", ritmo_ms=0)]
    assert [passo.ok for passo, _ in vistos] == [True, True, True, False]
    passo, falha = vistos[-1]
    assert passo.passo == "Abrir a Busca avançada" and "portal.mudou" in passo.detalhe
    assert falha is not None and falha.codigo.startswith("portal.mudou")
