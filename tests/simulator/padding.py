"""Realistic weight: a real little JPEG, filled with comment segments to an exact size, so a boleto is ~171 KB."""

import io
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw

_SEGMENT = 60_000


@lru_cache(maxsize=1)
def _banner() -> bytes:
    image = Image.effect_noise((320, 64), 60).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 319, 20), fill=(20, 90, 60))
    draw.ellipse((10, 26, 44, 60), fill=(240, 180, 40))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60)
    return out.getvalue()


@lru_cache(maxsize=8)
def draw_banner(size_bytes: int) -> bytes:
    """A JPEG of `size_bytes` (or its natural size, if that is more), the same at every call."""
    image = _banner()
    missing = size_bytes - len(image)
    noise, filler = Random(size_bytes), b""
    while missing > 4:
        body = min(missing - 4, _SEGMENT)
        filler += b"\xff\xfe" + (body + 2).to_bytes(2, "big") + noise.randbytes(body)
        missing -= body + 4
    return image[:2] + filler + image[2:]
