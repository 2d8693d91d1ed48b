"""Draws the last figures: an SVG for each measure, from the JSON in `dados/bench/`, which README shows.

`python -m tests.benchmarks.graficos`. Two bars a line, ours above its floor or peer, to a scale of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from tests.benchmarks.medidas import Linha
from tests.benchmarks.relato import PASTA, format_alvo, format_razao, format_valores, load

DESTINO = Path(__file__).parent / "graficos"
LARGURA, MARGEM, BARRA, ALTURA = 860, 24, 14, 66
TEXTO, FRACO, NOSSO, PAR, BOM, MAU = "#1f2430", "#667085", "#2f6fde", "#b6bdc9", "#1a7f4b", "#b3261e"
FONTE = "font-family='system-ui, sans-serif'"


def draw(titulo: str, rodape: str, linhas: Sequence[Linha]) -> str:
    altura = 64 + ALTURA * len(linhas) + 24
    partes = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{LARGURA}' height='{altura}' "
        f"viewBox='0 0 {LARGURA} {altura}' role='img' aria-label='{escape(titulo, quote=True)}'>",
        f"<rect width='{LARGURA}' height='{altura}' rx='8' fill='#ffffff' stroke='#d7dce4'/>",
        _write(titulo, MARGEM, 34, 17, TEXTO, "600"),
    ]
    for numero, linha in enumerate(linhas):
        partes += _draw_linha(linha, 64 + ALTURA * numero)
    return "\n".join([*partes, _write(rodape, MARGEM, altura - 14, 11, FRACO), "</svg>", ""])


def _draw_linha(linha: Linha, topo: int) -> Iterator[str]:
    yield _write(linha.medida, MARGEM, topo + 8, 13, TEXTO, "600")
    if linha.alvo is not None:
        veredito = " ".join(filter(None, (format_razao(linha), f"(alvo {format_alvo(linha.alvo, linha.unidade)})")))
        marca, cor = ("✓", BOM) if linha.cumprido else ("✗", MAU)
        yield _write(f"{veredito} {marca}", LARGURA - MARGEM, topo + 8, 13, cor, "600", fim=True)
    maior = max(linha.mediana, linha.mediana_par or 0.0) or 1.0
    valores = [("nosso", NOSSO, linha.mediana, linha.nosso)]
    if linha.mediana_par is not None:
        valores.append((linha.referencia, PAR, linha.mediana_par, linha.par))
    for numero, (quem, cor, valor, rodadas) in enumerate(valores):
        y = topo + 16 + numero * (BARRA + 4)
        largura = max(2.0, 420 * valor / maior)
        yield f"<rect x='{MARGEM}' y='{y}' width='{largura:.0f}' height='{BARRA}' rx='2' fill='{cor}'/>"
        rotulo = f"{quem}: {format_valores(rodadas, valor, linha.unidade)}"
        yield _write(rotulo, round(MARGEM + largura + 8), y + 11, 12, FRACO)


def _write(texto: str, x: int, y: int, tamanho: int, cor: str, peso: str = "400", *, fim: bool = False) -> str:
    ancora = " text-anchor='end'" if fim else ""
    return (
        f"<text x='{x}' y='{y}' font-size='{tamanho}' font-weight='{peso}' fill='{cor}' {FONTE}{ancora}>"
        f"{escape(texto)}</text>"
    )


def main() -> int:
    DESTINO.mkdir(exist_ok=True)
    for arquivo in sorted(PASTA.glob("*.json")):
        dados, linhas = load(arquivo)
        maquina, rodadas = dados["maquina"], max(len(linha.nosso) for linha in linhas)
        quantas = "Uma rodada" if rodadas == 1 else f"Medianas de {rodadas} rodadas [menor–maior]"
        rodape = f"{quantas}, {maquina['nucleos']} núcleos, Python {maquina['python']}, {dados['em'][:10]}."
        destino = DESTINO / f"{arquivo.stem}.svg"
        destino.write_text(draw(dados["titulo"], rodape, linhas), encoding="utf-8")
        sys.stdout.write(f"{destino}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
