"""A hostile, self-contained copy of the portal: WebForms pages, sessions, boletos and every way they can go wrong."""

from tests.simulator.knobs import Botoes
from tests.simulator.scenario import Cenario, load_cenario, parse_cenario
from tests.simulator.server import Simulador, run_simulador

__all__ = ["Botoes", "Cenario", "Simulador", "load_cenario", "parse_cenario", "run_simulador"]
