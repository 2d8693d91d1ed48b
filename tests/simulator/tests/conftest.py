"""A real Chromium for the tests that click."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, async_playwright


@pytest.fixture
async def contexto() -> AsyncIterator[BrowserContext]:
    """A fresh browser context; Chromium is CANOPUS_CHROMIUM, the system's, or Playwright's own."""
    found = os.environ.get("CANOPUS_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-background-networking"]
        )
        context = await browser.new_context()
        context.set_default_timeout(8000)
        yield context
        await browser.close()
