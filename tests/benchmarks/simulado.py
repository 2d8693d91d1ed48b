"""The portal simulator as a process of its own, so that its work is not counted as ours. Speaks by lines: the address
first, then the request log as JSON whenever it is asked."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from tests.namer.planilhas import make_cpf
from tests.scraper.scenes import HOJE, PV, SENHA, USUARIO, cliente, cota
from tests.simulator.scenario import Cenario, parse_cenario
from tests.simulator.server import Simulador


def make_cenario(clientes: int, sessoes: int, botoes: dict[str, Any]) -> Cenario:
    """So many clients with a boleto each; no knob but those given."""
    credencial = {"ponto_venda": PV, "usuario": USUARIO, "senha": SENHA, "max_sessoes": sessoes}
    return parse_cenario(
        {
            "hoje": HOJE.isoformat(),
            "credenciais": [credencial],
            "clientes": [cliente(make_cpf(n), nome_de(n), cota(6650, n)) for n in range(1, clientes + 1)],
            "botoes": botoes,
        }
    )


def nome_de(n: int) -> str:
    return f"CLIENTE {'ABCDEFGHIJ'[n % 10]} NUMERO {n}"


async def main(clientes: int, sessoes: int, botoes: dict[str, Any]) -> None:
    linhas = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(linhas), sys.stdin)
    async with Simulador(make_cenario(clientes, sessoes, botoes)) as portal:
        _say(portal.url)
        while await linhas.readline():
            _say(json.dumps(portal.registro))


def _say(linha: str) -> None:
    sys.stdout.write(f"{linha}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])))
