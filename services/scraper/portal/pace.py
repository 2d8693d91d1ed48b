"""How close together the posts of one session may be: the portal answers 500 to what comes too fast."""

from __future__ import annotations

import asyncio
import time

# What a pace of nothing is doubled from; and the times of the pace (at least a second) below which a post is soon after
# another: the real portal answers 500 to posts less than about a second apart.
PISO_S = 0.4
PERTO = 1.25
POSTS_BONS = 50


class Ritmo:
    """Invariant: two posts never start closer than `intervalo_s`. It doubles when a post sent soon after another gets
    a 500, and is halved again after 50 good posts, never below what was set."""

    def __init__(self, ritmo_ms: int) -> None:
        self._normal_s = ritmo_ms / 1000
        self.intervalo_s = self._normal_s
        self._ultimo = float("-inf")
        self._distancia_s = float("inf")
        self._bons = 0

    async def wait(self) -> None:
        """Called before every post, with the post following at once."""
        if (falta := self._ultimo + self.intervalo_s - time.monotonic()) > 0:
            await asyncio.sleep(falta)
        agora = time.monotonic()
        self._distancia_s, self._ultimo = agora - self._ultimo, agora

    def note_ok(self) -> None:
        self._bons += 1
        if self._bons >= POSTS_BONS and self.intervalo_s > self._normal_s:
            self.intervalo_s = max(self._normal_s, self.intervalo_s / 2 if self.intervalo_s > PISO_S else 0.0)
            self._bons = 0

    def note_erro(self) -> bool:
        """A post got a 500: True where it came soon after another, and from now on they come slower.

        A 500 to a post that kept its distance is no matter of pace, so the pace is as it was set again.
        """
        self._bons = 0
        if self._distancia_s < max(self._normal_s, 1.0) * PERTO:
            self.intervalo_s = max(self.intervalo_s * 2, PISO_S)
            return True
        self.intervalo_s = self._normal_s
        return False
