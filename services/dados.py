"""The copy of the whole system and its return, asked for at a terminal."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from services.gateway import copia
from services.gateway.__main__ import open_chaveiro, open_database_url
from services.gateway.copia import Manifesto
from services.gateway.settings import GatewaySettings
from shared.crypto import ChaveInvalida
from shared.files import open_files
from shared.settings import ConfiguracaoInvalida, load_settings


@dataclass(frozen=True)
class Volta:
    """What came back. chaves_abrem: the keys of this installation open the portal's passwords of the copy."""

    manifesto: Manifesto
    aplicadas: list[str]
    chaves_abrem: bool


async def make_copia(destino: Path) -> Manifesto:
    settings = load_settings(GatewaySettings)
    async with open_database_url(settings) as url:
        return await copia.create_copia(url, open_files(settings.files_url), destino, settings.files_url)


async def examine_copia(origem: Path) -> Manifesto:
    return await asyncio.to_thread(copia.check_copia, origem)


async def bring_back(origem: Path, *, substituir: bool) -> Volta:
    settings = load_settings(GatewaySettings)
    async with open_database_url(settings) as url:
        files = open_files(settings.files_url)
        manifesto, aplicadas = await copia.restore_copia(url, files, origem, substituir=substituir)
        return Volta(manifesto, aplicadas, await _opens_senhas(url, settings))


async def _opens_senhas(url: str, settings: GatewaySettings) -> bool:
    async with copia.connect(url) as conn:
        cifradas = [linha[0] for linha in await conn.fetch("SELECT senha_encrypted FROM credenciais_canopus")]
    try:
        chaveiro = open_chaveiro(settings, create=False) if cifradas else None
        for cifrada in cifradas:
            assert chaveiro
            chaveiro.decrypt(cifrada)
    except (ChaveInvalida, ConfiguracaoInvalida):
        return False
    return True
