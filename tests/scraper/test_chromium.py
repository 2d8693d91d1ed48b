"""Finding the Chromium to start, and starting it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from services.scraper.portal.browser import chromium
from services.scraper.portal.browser.chromium import ChromiumAusente, find_chromium


def executable(caminho: Path) -> Path:
    caminho.parent.mkdir(parents=True, exist_ok=True)
    caminho.write_text("#!/bin/sh\n")
    caminho.chmod(0o755)
    return caminho


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no Chromium at all."""
    monkeypatch.setattr(chromium, "CHROMIUM_DO_PROJETO", tmp_path / "projeto/chromium")
    monkeypatch.setattr(chromium, "PASTAS_PLAYWRIGHT", (tmp_path / "playwright",))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


async def test_the_chromium_found_here_opens_a_page() -> None:
    found = find_chromium()
    async with async_playwright() as playwright:
        navegador = await playwright.chromium.launch(
            executable_path=found.executable, args=list(found.args), chromium_sandbox=found.sandbox
        )
        pagina = await navegador.new_page()
        await pagina.set_content("<h1>Olá</h1>")
        assert await pagina.inner_text("h1") == "Olá"
        await navegador.close()


def test_the_one_named_goes_before_all_others(empty_machine: Path) -> None:
    executable(empty_machine / "bin/chromium")
    escolhido = executable(empty_machine / "outro/chromium")
    assert find_chromium(str(escolhido)).executable == escolhido


def test_one_named_that_is_no_program_is_refused(empty_machine: Path) -> None:
    executable(empty_machine / "bin/chromium")
    with pytest.raises(ChromiumAusente, match=r"CANOPUS_CHROMIUM: /nao/ha"):
        find_chromium("/nao/ha")


def test_what_setup_left_goes_before_playwrights_own_and_that_before_the_systems(empty_machine: Path) -> None:
    do_sistema = executable(empty_machine / "bin/chromium-headless-shell")
    assert find_chromium().executable == do_sistema
    revisao = chromium._revision()
    pasta = empty_machine / f"playwright/chromium_headless_shell-{revisao}/chrome-headless-shell-linux64"
    do_playwright = executable(pasta / "chrome-headless-shell")
    assert find_chromium().executable == do_playwright
    do_projeto = executable(empty_machine / "projeto/chromium")
    assert find_chromium().executable == do_projeto


def test_a_build_of_another_playwright_is_not_taken(empty_machine: Path) -> None:
    executable(empty_machine / "playwright/chromium_headless_shell-1/x/headless_shell")
    with pytest.raises(ChromiumAusente, match="make setup"):
        find_chromium()


def test_the_shell_has_no_window_to_show(empty_machine: Path) -> None:
    executable(empty_machine / "bin/chromium-headless-shell")
    with pytest.raises(ChromiumAusente, match="pacote `chromium`"):
        find_chromium(headless=False)
    com_janela = executable(empty_machine / "bin/chromium")
    assert find_chromium(headless=False).executable == com_janela


def test_root_has_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    chromium.has_sandbox.cache_clear()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert not chromium.has_sandbox()
    chromium.has_sandbox.cache_clear()
