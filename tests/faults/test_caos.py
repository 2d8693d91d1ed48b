"""What chaos rests on: a plan that its seed alone decides."""

from __future__ import annotations

from itertools import islice

from tests.faults.bancada import Arranjo
from tests.faults.plano import PORTAL, draw_arranjo, draw_faltas
from tests.simulator import Botoes


def test_the_same_seed_chooses_the_same_faults() -> None:
    for semente in (1, 2):
        arranjo = draw_arranjo(semente, "auto", 300)
        um, outro = (list(islice(draw_faltas(semente, arranjo), 200)) for _ in range(2))
        assert um == outro
        assert arranjo == draw_arranjo(semente, "auto", 300)
    assert list(islice(draw_faltas(1, Arranjo()), 20)) != list(islice(draw_faltas(2, Arranjo()), 20))


def test_every_process_has_its_turn_and_none_that_is_not_there() -> None:
    separados = {falta.alvo for falta in islice(draw_faltas(1, Arranjo(gateways=2, scrapers=3, namers=2)), 500)}
    processos = {"gateway", "gateway-2", "namer", "namer-2", "scraper-1", "scraper-2", "scraper-3"}
    assert separados == processos | {"rabbitmq", "postgres", "broker", "banco", "portal"}
    assert {falta.alvo for falta in islice(draw_faltas(1, Arranjo(up=True, driver="auto")), 500)} == {
        "up", "chromium", "postgres", "banco", "portal",
    }  # fmt: skip


def test_the_portals_faults_are_knobs_that_the_simulator_has() -> None:
    for botoes in PORTAL:
        Botoes.model_validate(botoes)
