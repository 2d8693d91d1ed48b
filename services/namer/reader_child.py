"""The child that reads a workbook: on stdin one JSON line with the tags, then the bytes; on stdout rows or a refusal.

It parses files of strangers, so it is bounded in memory and time. It imports little: it is started for each workbook.
"""

from __future__ import annotations

import gc
import json
import sys
from typing import BinaryIO

from services.namer.intake import PlanilhaRecusada
from services.namer.workbook import encode_planilha
from shared.children import limit_recursos

LIMITE_MEMORIA_BYTES = 2 << 30
LIMITE_CPU_S = 120
RECUSADA = b"R"
LIDA = b"L"


def run_filho(entrada: BinaryIO, saida: BinaryIO, ponto_venda: str | None = None) -> None:
    tags = tuple(json.loads(entrada.readline()))
    try:
        linhas = encode_planilha(entrada.read(), tags, ponto_venda)
    except PlanilhaRecusada as recusa:
        saida.write(RECUSADA + str(recusa).encode())
    else:
        saida.write(LIDA)
        saida.writelines(linhas)


if __name__ == "__main__":
    # A sheet may claim 17 thousand million cells.
    limit_recursos(LIMITE_MEMORIA_BYTES, LIMITE_CPU_S)
    gc.disable()  # nothing here refers to itself, and the end of the process gives everything back
    run_filho(sys.stdin.buffer, sys.stdout.buffer, *sys.argv[1:])
