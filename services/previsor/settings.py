"""The previsor's settings."""

from __future__ import annotations

from pydantic import Field

from shared.settings import Settings


class PrevisorSettings(Settings):
    """treino_timeout_s: what one training may take."""

    treino_timeout_s: float = Field(default=600.0, gt=0, le=3600)
