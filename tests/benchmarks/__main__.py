"""`python -m tests.benchmarks [measure …] [--rodadas N] [--rapido]`: runs measures, all of them unless named."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import pkgutil
import sys
from types import ModuleType

import tests.benchmarks as pacote
from tests.benchmarks.medidas import Plano
from tests.benchmarks.relato import format_tabela, save

RODADAS = 5


def list_nomes() -> list[str]:
    """The measures: modules that say so by their title."""
    nomes = [m.name for m in pkgutil.iter_modules(pacote.__path__) if not m.ispkg and m.name != "__main__"]
    return [nome for nome in nomes if hasattr(_load(nome), "medir")]


def _load(nome: str) -> ModuleType:
    return importlib.import_module(f"{pacote.__name__}.{nome}")


def main() -> int:
    opcoes = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    opcoes.add_argument("medidas", nargs="*", metavar="medida", help="todas, se nenhuma for dita")
    opcoes.add_argument("--rodadas", type=int, default=RODADAS)
    opcoes.add_argument("--rapido", action="store_true", help="pequeno e uma vez só: os números nada dizem")
    pedido = opcoes.parse_args()
    existentes = list_nomes()
    if desconhecidas := set(pedido.medidas) - set(existentes):
        opcoes.error(f"não há a medida {', '.join(sorted(desconhecidas))}; há {', '.join(existentes)}")
    plano = Plano(1 if pedido.rapido else pedido.rodadas, pedido.rapido)
    perdidas = 0
    for nome in pedido.medidas or existentes:
        modulo = _load(nome)
        linhas = asyncio.run(modulo.medir(plano))
        sys.stdout.write(f"\n{format_tabela(modulo.TITULO, linhas)}")
        sys.stdout.flush()
        if not plano.rapido:
            save(nome, modulo.TITULO, linhas, plano)
        perdidas += sum(linha.cumprido is False for linha in linhas)
    return 1 if perdidas and not plano.rapido else 0


if __name__ == "__main__":
    sys.exit(main())
