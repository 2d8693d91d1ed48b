"""The pace of posts: kept, doubled by a 500 that came too soon, eased again."""

from __future__ import annotations

import time

from services.scraper.portal.pace import POSTS_BONS, Ritmo


async def test_posts_keep_their_distance() -> None:
    ritmo = Ritmo(40)
    await ritmo.wait()
    inicio = time.monotonic()
    await ritmo.wait()
    await ritmo.wait()
    assert time.monotonic() - inicio >= 0.08


async def test_a_500_soon_after_another_post_doubles_the_pace_until_fifty_good_ones() -> None:
    ritmo = Ritmo(1000)
    ritmo._distancia_s = 1.01
    assert ritmo.note_erro()
    assert ritmo.intervalo_s == 2.0
    for _ in range(POSTS_BONS):
        ritmo.note_ok()
    assert ritmo.intervalo_s == 1.0


async def test_a_single_500_is_no_matter_of_pace() -> None:
    ritmo = Ritmo(0)
    await ritmo.wait()
    assert not ritmo.note_erro()
    assert ritmo.intervalo_s == 0.0


async def test_a_500_at_a_slow_pace_sets_the_pace_back() -> None:
    ritmo = Ritmo(0)
    ritmo._distancia_s = 0.1
    assert ritmo.note_erro() and ritmo.intervalo_s == 0.4
    ritmo._distancia_s = 1.6
    assert not ritmo.note_erro()
    assert ritmo.intervalo_s == 0.0
