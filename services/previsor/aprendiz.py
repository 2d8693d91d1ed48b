"""The child that learns: on stdin a history, on stdout what was learned and how it was judged.

It alone loads scikit-learn, for some seconds a day, and gives all of its memory back.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

from threadpoolctl import threadpool_limits

from services.previsor.licao import Licao
from services.previsor.treino import train
from shared.children import limit_recursos
from shared.events import Historia

LIMITE_MEMORIA_BYTES = 4 << 30
LIMITE_CPU_S = 900


def run_filho(entrada: BinaryIO, saida: BinaryIO) -> None:
    juizo, modelo = train(Historia.model_validate_json(entrada.read()))
    saida.write(Licao(juizo=juizo, modelo=modelo).model_dump_json().encode())


if __name__ == "__main__":
    limit_recursos(LIMITE_MEMORIA_BYTES, LIMITE_CPU_S)
    with threadpool_limits(1):  # the machine is the sessions'
        run_filho(sys.stdin.buffer, sys.stdout.buffer)
