"""What writes to a folder that were broken off have left there."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# What a put to a folder writes to before it gives the file its name. The library neither lists nor opens such names.
_SOBRA = re.compile(r"(?:[0-9a-f]{64}|.+\.pdf)#\d+")


@dataclass(frozen=True)
class Sobra:
    """What a put is writing to, or left behind when it was broken off; as it lies at this moment."""

    caminho: str
    tamanho: int
    modificado_ns: int

    @property
    def destino(self) -> str:
        """Where the file was to lie."""
        return self.caminho.rpartition("#")[0]

    @property
    def is_interna(self) -> bool:
        return self.caminho.startswith("_interno/")


def find_sobras(raiz: Path) -> list[Sobra]:
    achadas = []
    for pasta, _, nomes in os.walk(raiz):
        for nome in filter(_SOBRA.fullmatch, nomes):
            with suppress(OSError):  # it has its name by now, or is none of ours
                achadas.append(read_sobra(raiz, Path(pasta, nome).relative_to(raiz).as_posix()))
    return achadas


def read_sobra(raiz: Path, caminho: str) -> Sobra:
    estado = (raiz / caminho).lstat()
    return Sobra(caminho, estado.st_size, estado.st_mtime_ns)
