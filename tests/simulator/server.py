"""Runs the simulator: inside a test (`async with Simulador(cenario) as portal`) or as a program."""

import asyncio
import signal
import socket
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from tests.simulator.app import make_app
from tests.simulator.control import change_botoes
from tests.simulator.knobs import Botoes
from tests.simulator.record import Registro
from tests.simulator.scenario import Cenario, load_cenario
from tests.simulator.state import Portal


class Simulador:
    """A portal on a loopback port, for as long as the `async with` lasts."""

    def __init__(self, cenario: Cenario, porta: int = 0, arquivo: Path | None = None, host: str = "127.0.0.1") -> None:
        self.portal = Portal(cenario, cenario.botoes)
        self.log = Registro(arquivo)
        self._porta = porta
        self._host = host
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        # Cancelling a handler when its client leaves frees the ones that never answer.
        self._runner = web.AppRunner(
            make_app(self.portal, self.log), handler_cancellation=True, shutdown_timeout=0.5, access_log=None
        )
        await self._runner.setup()
        listener = socket.create_server((self._host, self._porta))
        self._porta = listener.getsockname()[1]
        await web.SockSite(self._runner, listener).start()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    @property
    def origem(self) -> str:
        return f"http://127.0.0.1:{self._porta}"

    @property
    def url(self) -> str:
        """The origin with the virtual root, without the last slash: a ponto de venda's `url_base`."""
        return (self.origem + self.portal.cenario.raiz).rstrip("/")

    @property
    def registro(self) -> list[dict[str, Any]]:
        return self.log.entradas

    @property
    def emitidos(self) -> list[dict[str, Any]]:
        return self.portal.emitidos

    @property
    def botoes(self) -> Botoes:
        return self.portal.botoes

    def turn(self, cpf: str | None = None, **groups: dict[str, Any]) -> None:
        """Turns knobs while it runs: `portal.turn(emissao={"documento": "truncado"})`."""
        change_botoes(self.portal, groups, cpf)

    def sessoes(self) -> dict[str, dict[str, Any]]:
        """Per user: logins, refusals, parallel sessions, seconds in the portal."""
        return self.log.summarize_credenciais()


def run_simulador(
    porta: int = 8900, cenario_path: Path | None = None, registro: Path | None = None, host: str = "127.0.0.1"
) -> None:
    """`canopus portal simular`: the scenario in `cenario_path`, else the demonstration's. Ends with Ctrl-C.

    `registro` is a file for the request log. Raises OSError (file, port), TOMLDecodeError or ValidationError.
    """
    if cenario_path is None:
        from tests.samples.demonstracao import demonstracao

        cenario = demonstracao().cenario
    else:
        cenario = load_cenario(cenario_path)
    asyncio.run(_announce(Simulador(cenario, porta, registro, host)))


async def _announce(aberto: Simulador) -> None:
    fim, loop = asyncio.Event(), asyncio.get_running_loop()
    # Also where a shell that started it in the background had the signal ignored.
    for sinal in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sinal, fim.set)
    async with aberto as simulador:
        print(f"Portal simulado em {simulador.url} (Ctrl-C encerra)", flush=True)  # noqa: T201
        for c in simulador.portal.cenario.credenciais:
            print(f"  ponto de venda {c.ponto_venda}: usuário {c.usuario}, senha {c.senha}", flush=True)  # noqa: T201
        await fim.wait()
