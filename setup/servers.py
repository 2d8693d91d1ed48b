"""Gets the servers that the tests run against: RabbitMQ and PostgreSQL."""

from __future__ import annotations

from setup import debian


def _relocate_erlang() -> None:
    """Debian's start script has the place of an installed Erlang written into it."""
    erlang = debian.UNPACKED / "usr/lib/erlang"
    for script in erlang.glob("bin/erl"):
        texto = script.read_text()
        script.write_text(texto.replace("ROOTDIR=/usr/lib/erlang", f'ROOTDIR="{erlang}"'))


if __name__ == "__main__":
    debian.provide("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server", "rabbitmq-server")
    _relocate_erlang()
    debian.provide("usr/lib/postgresql/*/bin/postgres", "postgresql")
