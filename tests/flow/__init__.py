"""End to end: the services as separate processes over real RabbitMQ, PostgreSQL and Chromium, against the simulator."""
