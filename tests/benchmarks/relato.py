"""The figures of a run: a table on the terminal, and JSON beside it in `dados/bench/`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.medidas import Alvo, Linha, Plano

RAIZ = Path(__file__).parents[2]
PASTA = RAIZ / "dados" / "bench"
COLUNAS = ("medida", "nosso", "referência", "dela", "razão", "alvo", "")


def format_numero(valor: float) -> str:
    """Three figures, as they are written in Brazil."""
    if abs(valor) >= 100:
        return f"{valor:,.0f}".replace(",", ".")
    return f"{valor:.2f}".replace(".", ",") if abs(valor) >= 1 else f"{valor:.3f}".replace(".", ",")


def format_valores(valores: Sequence[float], mediana: float, unidade: str) -> str:
    spread = f" [{format_numero(min(valores))}–{format_numero(max(valores))}]" if len(valores) > 1 else ""
    return f"{format_numero(mediana)} {unidade}{spread}"


def format_alvo(alvo: Alvo, unidade: str) -> str:
    sufixo = f" {unidade}" if alvo.grandeza == "nosso" else "×"
    return f"{alvo.sinal} {format_numero(alvo.limite)}{sufixo}"


def format_razao(linha: Linha) -> str:
    if linha.alvo is None or linha.alvo.grandeza == "nosso" or linha.obtido is None:
        return ""
    return f"{format_numero(linha.obtido)}×"


def _cells(linha: Linha) -> tuple[str, ...]:
    par = linha.mediana_par
    return (
        linha.medida,
        format_valores(linha.nosso, linha.mediana, linha.unidade),
        linha.referencia,
        "" if par is None else format_valores(linha.par, par, linha.unidade),
        format_razao(linha),
        "" if linha.alvo is None else format_alvo(linha.alvo, linha.unidade),
        {True: "✓", False: "✗", None: ""}[linha.cumprido],
    )


def format_tabela(titulo: str, linhas: Sequence[Linha]) -> str:
    celulas = [COLUNAS, *map(_cells, linhas)]
    larguras = [max(len(linha[coluna]) for linha in celulas) for coluna in range(len(COLUNAS))]
    texto = ["  ".join(c.ljust(largura) for c, largura in zip(linha, larguras, strict=True)) for linha in celulas]
    return "\n".join([titulo, *(linha.rstrip() for linha in texto), ""])


def save(nome: str, titulo: str, linhas: Sequence[Linha], plano: Plano) -> Path:
    PASTA.mkdir(parents=True, exist_ok=True)
    arquivo = PASTA / f"{nome}.json"
    dados = {
        "titulo": titulo,
        "em": datetime.now(UTC).isoformat(timespec="seconds"),
        "plano": asdict(plano),
        "maquina": {"nucleos": os.cpu_count(), "python": platform.python_version(), "sistema": platform.system()},
        "linhas": [asdict(linha) | {"obtido": linha.obtido, "cumprido": linha.cumprido} for linha in linhas],
    }
    arquivo.write_text(json.dumps(dados, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return arquivo


def load(arquivo: Path) -> tuple[dict[str, Any], list[Linha]]:
    """What `save` wrote: the whole, and its lines."""
    dados: dict[str, Any] = json.loads(arquivo.read_text(encoding="utf-8"))
    return dados, [_read_linha(linha) for linha in dados["linhas"]]


def _read_linha(dados: dict[str, Any]) -> Linha:
    alvo = Alvo(**dados["alvo"]) if dados["alvo"] else None
    return Linha(
        dados["medida"], dados["unidade"], tuple(dados["nosso"]), dados["referencia"], tuple(dados["par"]), alvo
    )
