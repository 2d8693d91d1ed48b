"""Gets the servers that the tests run against: RabbitMQ and PostgreSQL."""

from __future__ import annotations

from setup import debian

if __name__ == "__main__":
    debian.provide("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server", "rabbitmq-server")
    debian.provide("usr/lib/postgresql/*/bin/postgres", "postgresql")
