"""The scraper's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.settings import Settings

NomeDriver = Literal["auto", "navegador", "http"]


class ScraperSettings(Settings):
    """ritmo_ms None: the profile's. parada_s: what a contract in hand may still take when the process must stop."""

    headless: bool = True
    driver: NomeDriver = "auto"
    ritmo_ms: int | None = Field(default=None, ge=0, le=3_600_000)
    chromium: str | None = None
    sessoes_por_scraper: int = Field(default=4, ge=1, le=64)
    parada_s: float = Field(default=20.0, gt=0, le=3600)
    # Well below what a lease lives: a scraper that is heard of too seldom loses all of its own.
    pulso_s: float = Field(default=5.0, gt=0, le=10)
