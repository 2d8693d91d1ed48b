"""The namer's settings."""

from __future__ import annotations

from pydantic import Field

from shared.settings import Settings


class NamerSettings(Settings):
    """tags_nome: words in the sheet's name column that are no part of a client's name, comma-separated."""

    tags_nome: str = "IMOVEL,MEGAZAP,JÁ NEGOCIADO"
    planilha_timeout_s: float = Field(default=60.0, gt=0, le=3600)
    planilhas_paralelas: int = Field(default=2, ge=1, le=64)
    boletos_paralelos: int = Field(default=8, ge=1, le=256)
    pulso_s: float = Field(default=5.0, gt=0, le=10)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag.strip() for tag in self.tags_nome.split(",") if tag.strip())
