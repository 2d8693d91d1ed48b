"""Whether the service of this container is well, for its HEALTHCHECK: exit code 0 or 1."""

from __future__ import annotations

import http.client
import sys
from pathlib import Path
from urllib.parse import urlsplit

from shared.settings import Settings, load_settings

TIMEOUT_S = 4
CAMINHO = "/api/automation/health"
ESTABLISHED = "01"


class _Settings(Settings):
    port: int = 5000


def main() -> int:
    settings = load_settings(_Settings)
    match sys.argv[1:]:
        case ["gateway"]:
            return 0 if answers(settings.port) else 1
        case ["broker"]:
            return 0 if is_connected(urlsplit(settings.amqp_url or "amqp://").port or 5672) else 1
        case _:
            return 2


def answers(port: int) -> bool:
    """503 is an answer too: it tells of what the gateway needs, which a restart of the gateway would not mend."""
    conexao = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        conexao.request("GET", CAMINHO)
        return conexao.getresponse().status in (200, 503)
    except OSError:
        return False
    finally:
        conexao.close()


def is_connected(port: int) -> bool:
    """Whether this container holds a connection to the broker; scraper and namer listen nowhere that could be asked."""
    for tabela in ("tcp", "tcp6"):
        caminho = Path("/proc/net") / tabela
        for linha in caminho.read_text().splitlines()[1:] if caminho.exists() else ():
            _, _, remoto, estado, *_ = linha.split()
            if estado == ESTABLISHED and int(remoto.rsplit(":", 1)[1], 16) == port:
                return True
    return False


if __name__ == "__main__":
    sys.exit(main())
