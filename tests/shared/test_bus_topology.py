"""The topology fits the contract of events: nothing is sent that no queue takes, or bound that nobody sends."""

from __future__ import annotations

import pytest

from shared.bus.topology import NEWS_PREFIX, TOPOLOGY, check_ttl, scraper_queue
from shared.events import EVENTOS

# Sent to a queue by its name: a scraper's own, or the reply queue of the replica that asked.
ADDRESSED = {
    "sessao.concedida",
    "sessao.renovada",
    "sessao.revogada",
    "boleto.solicitado",
    "planilha.lida",
    "relatorio.gerado",
}


def test_every_event_has_exactly_one_way() -> None:
    bound = [rota for queue in TOPOLOGY for rota in queue.routes]
    news = [rota for rota in EVENTOS if rota.startswith(NEWS_PREFIX)]
    assert sorted([*bound, *news, *ADDRESSED]) == sorted(EVENTOS)


def test_what_carries_a_ciphertext_cannot_be_sent_where_it_would_be_kept() -> None:
    check_ttl(scraper_queue("a").name, TOPOLOGY)
    for queue in TOPOLOGY:
        if queue.broker_dead_letters:
            with pytest.raises(ValueError, match="TTL"):
                check_ttl(queue.name, TOPOLOGY)
