"""One workbook through the namer's own reader, as an import does: prints the seconds and how many rows came out."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from services.namer.reader import Leitor
from services.namer.settings import NamerSettings


async def main(dados: bytes) -> None:
    leitor = Leitor(NamerSettings().tags, timeout_s=300)
    inicio = time.perf_counter()
    linhas = await leitor.encode(dados)
    segundos = time.perf_counter() - inicio
    sys.stdout.write(f"{segundos} {json.loads(linhas)['total']}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_bytes()))
