"""What befalls a run of chaos, drawn from its seed alone: the same seed, the same faults in the same order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.bancada import Arranjo

ARRANJOS = (
    Arranjo(scrapers=2), Arranjo(gateways=2, scrapers=3, namers=2), Arranjo(scrapers=2, namers=2), Arranjo(up=True),
)  # fmt: skip
PORTAL: tuple[dict[str, Any], ...] = (
    {"falhas": {"erros": 3, "status": 503}},
    {"falhas": {"erros": 2, "status": 500, "metodo": "POST"}},
    {"falhas": {"resets": 3}},
    {"falhas": {"cortes": 2}},
    {"sessao": {"expirar_na": "busca", "expirar_vezes": 1}},
    {"sessao": {"expirar_na": "cobranca", "expirar_vezes": 2}},
    {"latencia": {"busca": [800, 2000], "impressao": [800, 2000]}},
    {"emissao": {"recargas": 3}},
)
# What puts each group of knobs back.
SOSSEGO: dict[str, Any] = {
    "falhas": {"erros": 0, "resets": 0, "cortes": 0, "metodo": ""},
    "sessao": {"expirar_na": ""},
    "emissao": {"recargas": 1},
}
REDE = ("corta", "recusa", "cala", "atrasa")


@dataclass(frozen=True)
class Falta:
    """After `pausa_s`, `acao` befalls `alvo` for `dura_s`."""

    pausa_s: float
    acao: str
    alvo: str
    dura_s: float
    botoes: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.pausa_s:4.1f} s depois, {self.acao} {self.alvo} {self.botoes or ''} por {self.dura_s:.1f} s"


def draw_arranjo(semente: int, driver: str, contratos: int) -> Arranjo:
    molde = random.Random(f"arranjo {semente}").choice(ARRANJOS)
    return Arranjo(molde.gateways, molde.scrapers, molde.namers, molde.up, contratos, 3, driver)


def draw_faltas(semente: int, arranjo: Arranjo) -> Iterator[Falta]:
    """Without end."""
    acaso = random.Random(semente)
    processos = _list_processos(arranjo)
    servidores = ["postgres"] if arranjo.up else ["rabbitmq", "postgres"]
    lados = ["banco"] if arranjo.up else ["broker", "banco"]
    while True:
        pausa_s, dura_s = acaso.uniform(0.5, 5.0), acaso.uniform(0.2, 6.0)
        match acaso.choices(("mata", "encerra", "servidor", "rede", "portal"), (6, 2, 1, 3, 4))[0]:
            case "servidor":
                yield Falta(pausa_s, "mata", acaso.choice(servidores), dura_s)
            case "rede":
                yield Falta(pausa_s, acaso.choice(REDE), acaso.choice(lados), 2 * dura_s)
            case "portal":
                yield Falta(pausa_s, "portal", "portal", dura_s, acaso.choice(PORTAL))
            case acao:
                yield Falta(pausa_s, acao, acaso.choice(processos), dura_s)


def _list_processos(arranjo: Arranjo) -> list[str]:
    navegador = ["chromium"] if arranjo.driver != "http" else []
    if arranjo.up:
        return ["up", *navegador]
    return [
        *(["gateway"] + [f"gateway-{n}" for n in range(2, arranjo.gateways + 1)]),
        *(["namer"] + [f"namer-{n}" for n in range(2, arranjo.namers + 1)]),
        *(f"scraper-{n}" for n in range(1, arranjo.scrapers + 1)),
        *navegador,
    ]
