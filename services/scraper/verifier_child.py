"""The child that verifies documents: on stdin what is wanted and a PDF, on stdout what it holds or why it is refused.

Argument `imagens`: their pages may be looked at as pictures too; without it, it says where that is needed.

A message is its parts' lengths, then the parts; what is wanted and the answer are JSON. Before the first it says that
it is ready: what ends it later was a document.
"""

from __future__ import annotations

import asyncio
import signal
import struct
import sys
from typing import BinaryIO

from pydantic import TypeAdapter

from services.scraper.document import SemTexto
from services.scraper.portal.errors import DocumentoRecusado, Falha
from services.scraper.verification import Conferido, LinhaAusente, Procurado, verify
from shared.children import limit_recursos

LIMITE_MEMORIA_BYTES, LIMITE_IMAGENS_BYTES = 4 << 30, 6 << 30
# A page takes five.
LIMITE_IMAGENS_CPU_S = 30
TAMANHOS, TAMANHO = struct.Struct(">II"), struct.Struct(">I")
# ILEGIVEL: refused, unless pictures tell more.
PRONTO, CONFERIDA, RECUSADA, ILEGIVEL = b"P", b"C", b"R", b"I"
PROCURADO, CONFERIDO = TypeAdapter(Procurado), TypeAdapter(Conferido)
# codigo, mensagem, whether the document itself is refused
RECUSA = TypeAdapter(tuple[str, str, bool])


def run_filho(entrada: BinaryIO, saida: BinaryIO, *, imagens: bool) -> None:
    """Until its parent leaves."""
    saida.write(PRONTO)
    saida.flush()
    with asyncio.Runner() as laco:
        while tamanhos := entrada.read(TAMANHOS.size):
            procurado, pdf = (entrada.read(tamanho) for tamanho in TAMANHOS.unpack(tamanhos))
            resposta = laco.run(_answer(pdf, PROCURADO.validate_json(procurado), imagens=imagens))
            saida.write(TAMANHO.pack(len(resposta)) + resposta)
            saida.flush()


async def _answer(pdf: bytes, procurado: Procurado, *, imagens: bool) -> bytes:
    try:
        return CONFERIDA + CONFERIDO.dump_json(await verify(pdf, procurado, imagens=imagens))
    except Falha as falha:
        como = ILEGIVEL if isinstance(falha, SemTexto | LinhaAusente) else RECUSADA
        return como + RECUSA.dump_json((falha.codigo, falha.mensagem, isinstance(falha, DocumentoRecusado)))


if __name__ == "__main__":
    com_imagens = "imagens" in sys.argv[1:]
    if com_imagens:
        limit_recursos(LIMITE_IMAGENS_BYTES, LIMITE_IMAGENS_CPU_S)
    else:
        limit_recursos(LIMITE_MEMORIA_BYTES)
    # Whoever stops the scraper may signal its whole group; documents in hand are still verified.
    for sinal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sinal, signal.SIG_IGN)
    run_filho(sys.stdin.buffer, sys.stdout.buffer, imagens=com_imagens)
