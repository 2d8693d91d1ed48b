"""Health: each thing the system needs, told apart, within a bound."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from services.gateway.routes import health
from tests.eventually import eventually
from tests.gateway.balcao import open_balcao
from tests.gateway.figurantes import ScraperFigurante, run_namer

NOMES = {"database", "broker", "scrapers", "namers", "storage"}


async def test_health_is_good_once_every_service_has_been_heard(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path) as balcao:
        sozinho = await balcao.call("GET", "health", chave=None)
        assert sozinho.recusa == (503, "saude.degradada")
        assert set(sozinho.campos) == {"scrapers", "namers"}
        checks = sozinho.corpo["data"]["checks"]
        assert set(checks) == NOMES
        assert {nome for nome in NOMES if checks[nome]["ok"]} == {"database", "broker", "storage"}
        async with ScraperFigurante(balcao.bus).run(), run_namer(balcao.bus):

            async def is_good() -> bool:
                return (await balcao.call("GET", "health", chave=None)).status == 200

            await eventually(is_good)
            dados = (await balcao.call("GET", "health", chave=None)).data
            assert dados["status"] == "ok"
            assert dados["checks"]["scrapers"] == {"ok": True, "quantidade": 1}


async def test_a_check_that_hangs_or_fails_is_told_without_its_inside(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: Any) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def fail(_: Any) -> dict[str, Any]:
        raise OSError("postgresql://canopus:segredo@10.0.0.5/canopus")

    monkeypatch.setattr(health, "LIMITE_S", 0.2)
    monkeypatch.setitem(health.CHECKS, "storage", hang)
    monkeypatch.setitem(health.CHECKS, "database", fail)
    async with open_balcao(database_url, tmp_path) as balcao:
        inicio = time.monotonic()
        resposta = await balcao.call("GET", "health", chave=None)
        assert time.monotonic() - inicio < 2
        assert resposta.status == 503
        assert "sem resposta" in resposta.campos["storage"]
        assert "segredo" not in resposta.bruto.decode()


async def test_a_database_that_goes_away_is_told_as_such(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path) as balcao:
        await balcao.pool.execute("SELECT 1")
        await balcao.pool.close()
        assert (await balcao.call("GET", "execucoes")).recusa == (503, "banco.indisponivel")
        resposta = await balcao.call("GET", "health", chave=None)
        assert resposta.corpo["data"]["checks"]["database"]["ok"] is False
