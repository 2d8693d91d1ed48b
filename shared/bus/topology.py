"""Exchanges, queues and bindings, as data. A new route is one word in one of the tuples below.

Legal on RabbitMQ 3.10 and on 4.3: every queue is durable or exclusive, shared work is in quorum queues, prefetch is
per consumer; no plugin, no priority, no delayed delivery.
"""

from __future__ import annotations

from dataclasses import dataclass

# Direct exchanges: a route is matched whole, the same in both adapters. The dead-letter exchange is a fanout.
EXCHANGE = "canopus"
EXCHANGE_NEWS = "canopus.novas"
EXCHANGE_DEAD = "canopus.mortas"

NEWS_PREFIX = "novas."


@dataclass(frozen=True)
class Queue:
    """A queue and the routes bound to it.

    exclusive: lives and dies with its consumer's connection; for news and replies. quorum: replicated, and counting
    redeliveries; otherwise a classic durable queue.
    delivery_limit: redeliveries before a message counts as poison; a classic queue counts no further than 1.
    dead_letters: what cannot be handled is kept as a dead letter; otherwise it is dropped, with a log line.
    broker_dead_letters: so does the broker with what expires or kills its consumers. Off where messages with a
    TTL of their own pass, since the broker knows no exception for them.
    message_ttl_s: of each message. expires_s: the queue vanishes when nobody consumed it for so long.
    holds_dead_letters: bound to the dead-letter exchange; its handler receives `DeadLetter`s.
    """

    name: str
    routes: tuple[str, ...] = ()
    exclusive: bool = False
    quorum: bool = True
    delivery_limit: int = 5
    dead_letters: bool = True
    broker_dead_letters: bool = True
    message_ttl_s: float | None = None
    expires_s: float | None = None
    holds_dead_letters: bool = False


GATEWAY_EVENTOS = Queue(
    "gateway.eventos",
    (
        "boleto.etapa",
        "boleto.capturado",
        "boleto.ja_baixado",
        "boleto.falhou",
        "boleto.arquivado",
        "boleto.devolvido",
        "sessao.aberta",
        "sessao.encerrada",
        "credencial.parada",
        "credencial.passo_dado",
        "credencial.testada",
        "previsao.treinada",
    ),
)
# Heartbeats: one that waited half a minute says nothing any more.
GATEWAY_SINAIS = Queue(
    "gateway.sinais",
    ("scraper.pulso", "namer.pulso"),
    dead_letters=False,
    broker_dead_letters=False,
    message_ttl_s=30.0,
)
NAMER_BOLETOS = Queue("namer.boletos", ("boleto.nomear",))
NAMER_PEDIDOS = Queue("namer.pedidos", ("planilha.ler", "relatorio.gerar"))
# A training that waited a day is one that the next takes the place of.
PREVISOR_TREINOS = Queue(
    "previsor.treinos", ("previsao.treinar",), dead_letters=False, broker_dead_letters=False, message_ttl_s=86_400.0
)

# Each dead letter twice: once for the gateway, which ends the contract as `erro interno`, and once kept for people.
GATEWAY_MORTAS = Queue(
    "gateway.mortas", delivery_limit=20, dead_letters=False, broker_dead_letters=False, holds_dead_letters=True
)
# Listing takes the messages and puts them back: a quorum queue would count that against them, a classic one does not.
MORTAS = Queue("canopus.mortas", quorum=False, dead_letters=False, broker_dead_letters=False, holds_dead_letters=True)

# What every service declares when it connects (and MORTAS), so that nothing is unroutable because another starts later.
TOPOLOGY = (GATEWAY_EVENTOS, GATEWAY_SINAIS, NAMER_BOLETOS, NAMER_PEDIDOS, PREVISOR_TREINOS, GATEWAY_MORTAS)


def scraper_queue(scraper_id: str) -> Queue:
    """A scraper's own queue: leases (with a TTL) and the tasks of its leases, in their order.

    It vanishes ten minutes after its scraper. The broker dead-letters nothing from it, since a lease carries a
    ciphertext; the scraper's own end of the bus still dead-letters a task that it cannot handle.

    Classic, as scrapers come at any time: a quorum queue whose broker is killed within half a second of its declaration
    may come back without a leader, and then blocks every connection that publishes to it.
    """
    return Queue(f"scraper.{scraper_id}", quorum=False, delivery_limit=1, broker_dead_letters=False, expires_s=600.0)


def news_queue(name: str, *routes: str) -> Queue:
    """A replica's own queue for news (routes under `novas.`)."""
    return Queue(name, routes, exclusive=True, delivery_limit=1, dead_letters=False, broker_dead_letters=False)


def reply_queue(replica_id: str) -> Queue:
    """A replica's own queue for the replies it waits for."""
    return news_queue(f"gateway.{replica_id}.respostas")


def exchange_of(rota: str) -> str:
    return EXCHANGE_NEWS if rota.startswith(NEWS_PREFIX) else EXCHANGE


def check_ttl(queue: str | None, topology: tuple[Queue, ...]) -> None:
    """A message with a TTL of its own, sent where the broker dead-letters, would be kept: a mistake of ours."""
    if queue is None or any(q.name == queue and q.broker_dead_letters for q in topology):
        raise ValueError(f"a message with a TTL must not go to {queue or 'a route'}: it could be dead-lettered there")
