"""Real servers for the tests: a private RabbitMQ and a private PostgreSQL, of this run alone."""
