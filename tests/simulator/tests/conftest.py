"""A real Chromium for the tests that click."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, async_playwright

from services.scraper.portal.browser.chromium import find_chromium


@pytest.fixture
async def contexto() -> AsyncIterator[BrowserContext]:
    """A fresh browser context, in the Chromium that the scraper would use."""
    found = await asyncio.to_thread(find_chromium, os.environ.get("CANOPUS_CHROMIUM"))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found.executable, args=list(found.args), chromium_sandbox=found.sandbox
        )
        context = await browser.new_context()
        yield context
        await browser.close()
